//! Signed checkpoints of the record, for whoever witnesses it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::{LARGEST, QueryReader};
use super::state::AppState;
use super::times::Instant;
use crate::domain::checkpoint::KeptCheckpoint;
use crate::usecases::checkpoints;

/// The most on a page, and the usual number.
const MOST: u32 = 200;

/// Signed checkpoints.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checkpoints {
    /// What they are verified with, as C2SP's signed notes write a key. Write it down once, elsewhere: a key that comes with
    /// what it verifies proves nothing.
    #[schema(
        example = "escalation-tracker/01990000-0000-7000-8000-000000000001+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )]
    pub key: String,
    /// The checkpoints, in the order in which they were made.
    pub items: Vec<CheckpointView>,
}

/// How far both chains had come, signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkpoint)]
pub struct CheckpointView {
    /// Which it is, from 1 on without gaps.
    #[schema(minimum = 1)]
    pub number: i64,
    /// When it was made.
    pub at: Instant,
    /// The signed note; keep it as it is, byte for byte.
    pub note: String,
}

impl From<KeptCheckpoint> for CheckpointView {
    fn from(it: KeptCheckpoint) -> Self {
        Self { number: it.number, at: Instant(it.at), note: it.note }
    }
}

/// Take copies of the signed checkpoints
///
/// How far the chain of events and that of reads had come, every five minutes or every thousand entries in which something was
/// added, signed with a key that is not in the database. Whoever keeps copies can show later that the record was not written
/// anew: `escalation-tracker audit verify --checkpoints`. A checkpoint tells two numbers and two hashes, and nothing of any
/// escalation. Ask again with `after` set to the last number that you have.
#[utoipa::path(
    tag = "access log",
    operation_id = "list_checkpoints",
    params(
        ("after" = Option<u32>, Query, description = "Those after this number; from the first one when absent.", minimum = 0, example = 0),
        ("limit" = Option<u32>, Query, description = "How many at most; 200 when absent.", minimum = 1, maximum = 200),
    ),
    security(("bearer" = ["read_checkpoints"])),
    responses((status = 200, description = "Checkpoints.", body = Checkpoints), ReadProblems),
)]
#[get("/v1/checkpoints")]
pub async fn list_checkpoints(
    by: Allowed<needs::Checkpoints>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["after", "limit"]);
    let after = query.integer("after", 0, LARGEST).unwrap_or(0);
    let limit = query.integer("limit", 1, MOST).unwrap_or(MOST);
    query.finish()?;
    let (found, key) = checkpoints::list(&state.deps, &by, after.into(), limit.into()).await?;
    let items = found.into_iter().map(CheckpointView::from).collect();
    Ok(HttpResponse::Ok().json(Checkpoints { key: key.to_string(), items }))
}
