//! Whether the service lives, whether it is ready, and which version it is. Nothing secret.

use std::sync::atomic::Ordering;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::problems_everywhere::OwnBody;
use super::state::AppState;
use crate::usecases::readiness::{self, Readiness};

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `not_ready`.
    pub status: String,
    /// What is checked, and how it stands.
    pub checks: Vec<Check>,
}

/// One thing that is checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// What.
    pub name: String,
    /// `ok`, `warning` or `failed`.
    pub status: String,
    /// What it means, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Say that the process lives
///
/// Depends on nothing else. Restart the process when it does not answer.
#[utoipa::path(tag = "health", operation_id = "livez", security(()),
    responses((status = 200, description = "It lives.", body = Health),
              (status = "default", description = "Any problem.", body = Problem, content_type = "application/problem+json")))]
#[get("/livez")]
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok".to_owned(), checks: Vec::new() })
}

/// Say whether the service is ready
///
/// Checks the database, its schema, the clock and when clocks were last swept. Send no requests while it answers 503.
#[utoipa::path(tag = "health", operation_id = "readyz", security(()),
    responses((status = 200, description = "It is ready.", body = Health),
              (status = 503, description = "It is not ready.", body = Health),
              (status = "default", description = "Any problem.", body = Problem, content_type = "application/problem+json")))]
#[get("/readyz")]
pub async fn readyz(state: Data<AppState>) -> HttpResponse {
    let mut checks = Vec::new();
    if state.draining.load(Ordering::Relaxed) {
        checks.push(Check {
            name: "accepting".to_owned(),
            status: "failed".to_owned(),
            detail: Some("The service is being stopped.".to_owned()),
        });
    }
    for (name, readiness) in readiness::check(&state.deps).await {
        let (status, detail) = match readiness {
            Readiness::Ok => ("ok", None),
            Readiness::Fine(words) => ("ok", Some(words)),
            Readiness::Warning(words) => ("warning", Some(words)),
            Readiness::Failed(words) => ("failed", Some(words)),
        };
        checks.push(Check { name: name.to_owned(), status: status.to_owned(), detail });
    }
    let ready = checks.iter().all(|check| check.status != "failed");
    let status = if ready { "ok" } else { "not_ready" }.to_owned();
    let mut answer = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    // Who looks after the service reads here what is wrong with it.
    answer.extensions_mut().insert(OwnBody);
    answer.json(Health { status, checks })
}

/// The version of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// The version of the program.
    pub version: String,
    /// Whether this is a demonstration with made-up data.
    pub demonstration: bool,
}

/// Say which version this is
#[utoipa::path(tag = "health", operation_id = "version", security(()),
    description = "The program's version, and whether its data are made up.",
    responses((status = 200, description = "The version.", body = Version),
              (status = "default", description = "Any problem.", body = Problem, content_type = "application/problem+json")))]
#[get("/version")]
pub async fn version(state: Data<AppState>) -> HttpResponse {
    HttpResponse::Ok().json(Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        demonstration: state.demonstration,
    })
}
