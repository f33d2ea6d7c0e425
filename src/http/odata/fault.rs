//! What is wrong with a request, in the form that OData has for it. Nothing that was sent is repeated.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde_json::json;

use super::super::problems_everywhere::OwnBody;
use crate::usecases::Failure;

/// How long a caller should wait before trying again, in seconds.
const RETRY_AFTER: &str = "5";

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The status.
    pub status: StatusCode,
    code: &'static str,
    message: String,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The request cannot be understood.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// It is OData, and not among what is served here.
    pub fn not_served(what: &str) -> Self {
        let message =
            format!("{what} is not served here. Do it in your own tool, on the rows of the set.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", message)
    }

    /// There is no such thing.
    pub fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// Nobody is signed in.
    pub fn signed_out() -> Self {
        let message = "Sign in by the method Basic: the name of a report token as user, its secret as password. \
                       An operator makes one with: escalation-tracker report-token create";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
    }

    /// The token was used too often within a minute.
    pub fn too_much() -> Self {
        let message = "This was asked too often within a minute. Wait for Retry-After seconds.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    /// Only reading is served.
    pub fn read_only() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Nothing can be written here; use GET.",
        )
    }

    /// The answer.
    pub fn answer(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header(("odata-version", "4.0"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                let challenge = "Basic realm=\"escalation-tracker reports\", charset=\"UTF-8\"";
                answer
                    .insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                answer.insert_header((header::ALLOW, HeaderValue::from_static("GET, HEAD")));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER)));
            }
            _ => {}
        }
        let error = json!({"error": {"code": self.code, "message": self.message, "details": []}});
        let mut answer = answer.json(error);
        answer.extensions_mut().insert(OwnBody);
        answer
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "This role may not read reports.")
            }
            Failure::NotFound => Self::bad(
                "The row after which the page begins is there no longer. Begin again without $skiptoken.",
            ),
            failure => {
                tracing::error!(%failure, "a report failed");
                let message = "The report cannot be read now. Try again later.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
        }
    }
}
