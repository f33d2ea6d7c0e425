//! Many of a system's records in one request: each stands for itself, and one that is not valid stops no other.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::dry_runs::{Would, writing};
use super::field_errors::FieldErrors;
use super::fields::List;
use super::permission::{Allowed, needs};
use super::problem::{Problem, ProblemDocument};
use super::requests::RaiseEscalation;
use super::sources::named;
use super::state::AppState;
use super::text_warnings::{self, TextWarningView};
use crate::domain::access::Caller;
use crate::domain::ids::EscalationId;
use crate::domain::sent::SendResult;
use crate::usecases::read::Detail;
use crate::usecases::{Writing, upsert};

/// The most records of a batch.
const MOST: usize = 100;

/// Records to send.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SendBatch {
    /// The records, up to 100. Each names its `source` and `external_reference`.
    #[schema(value_type = Vec<RaiseEscalation>, max_items = 100)]
    pub items: List<Unread, MOST>,
}

/// One record, not read yet, so that what is wrong with it is no fault of the others.
pub struct Unread(serde_json::Value);

impl std::fmt::Debug for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unread(…)")
    }
}

impl Deserr<FieldErrors> for Unread {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Map(_) => Ok(Self(value.into())),
            other => Err(FieldErrors::wrong_type(&other, ValueKind::Map, location)),
        }
    }
}

/// What came of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// One for each record, in the order in which they were sent.
    pub items: Vec<BatchResult>,
}

/// What came of one record.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The system that it names, if it is a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The reference that it names, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// The status that it would have been answered with alone.
    #[schema(example = 201)]
    pub status: u16,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<SendResult>,
    /// With `dry_run`: what would have been done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<Would>,
    /// The escalation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EscalationId>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// What its texts appear to hold and should not, with pointers into the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TextWarningView>,
    /// Why it was refused, with pointers into the whole batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDocument>,
}

/// Send many escalations
///
/// Up to 100 records, each as if it were sent alone to its own address, one after the other; one that is refused stops no
/// other. Each result has the status that the record would have been answered with alone. A repetition is safe.
#[utoipa::path(
    tag = "escalations",
    operation_id = "send_batch",
    params(
        ("dry_run" = Option<bool>, Query, description = "`true`: check everything as if it were stored, and store nothing."),
    ),
    request_body(content = SendBatch, example = json!({"items": [{
        "source": "niche",
        "external_reference": "OCC-2026-121",
        "raised_with_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "urgent",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "desired_outcome": "Hold a quorate strategy meeting today.",
        "source_version": 3
    }]})),
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "What came of each record.", body = BatchAnswer),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/escalations/batch")]
pub async fn send_batch(
    by: Allowed<needs::Raise>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let writing = writing(&request)?;
    let batch: SendBatch = body.read().await?;
    let mut items = Vec::new();
    for (index, unread) in batch.items.into_vec().into_iter().enumerate() {
        let mut result = BatchResult::unknown(index, &unread.0);
        match send(&state, &by, unread, writing).await {
            Ok((sent, detail)) => result.fill(sent, &detail, writing),
            Err(problem) => {
                let problem = problem.within(&format!("/items/{index}"));
                result.status = problem.kind().status().as_u16();
                result.problem = Some(problem.document().clone());
            }
        }
        items.push(result);
    }
    Ok(HttpResponse::Ok().json(BatchAnswer { items }))
}

async fn send(
    state: &AppState,
    by: &Caller,
    unread: Unread,
    writing: Writing,
) -> Result<(SendResult, Detail), Problem> {
    let input = deserr::deserialize::<RaiseEscalation, _, FieldErrors>(unread.0)?;
    let mut sent = named(input, &state.deps.schemes)?;
    sent.how.writing = writing;
    Ok(upsert::upsert(&state.deps, by, sent).await?)
}

impl BatchResult {
    fn unknown(index: usize, item: &serde_json::Value) -> Self {
        let name = |member: &str| {
            let name = item.get(member).and_then(serde_json::Value::as_str)?;
            super::fields::Identifier::parse(name).ok().map(super::fields::Identifier::into_string)
        };
        Self {
            index,
            source: name("source"),
            external_reference: name("external_reference"),
            status: 200,
            result: None,
            would: None,
            id: None,
            version: None,
            href: None,
            warnings: Vec::new(),
            problem: None,
        }
    }

    fn fill(&mut self, result: SendResult, detail: &Detail, writing: Writing) {
        self.result = Some(result);
        self.warnings = text_warnings::shown(&detail.warnings);
        if writing == Writing::Tried {
            self.would = Some(Would::of(result));
            return;
        }
        if result == SendResult::Created {
            self.status = 201;
        }
        self.id = Some(detail.escalation.id);
        self.version = Some(detail.escalation.version);
        self.href = Some(format!("/v1/escalations/{}", detail.escalation.id));
    }
}
