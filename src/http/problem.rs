//! The one shape in which every failure leaves the service (RFC 9457, with our extensions).

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::field_errors::{FieldError, FieldErrors};
use super::problem_types::ProblemType;

/// The media type of every error body.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A failure, ready to be sent. Handlers return it as `Result<_, Problem>`.
///
/// It is one pointer wide, so that results stay small.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ProblemType,
    document: ProblemDocument,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of an error answer. Clients should branch on `code`, and tolerate members not listed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Path of the page that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation-failed")]
    pub kind: String,
    /// Short summary of the kind of problem.
    pub title: String,
    /// The HTTP status, repeated.
    #[schema(example = 422)]
    pub status: u16,
    /// The stable code of the kind of problem. Others may be added.
    #[schema(example = "validation-failed")]
    pub code: String,
    /// What happened and what to do about it. Never contains what was sent.
    pub detail: String,
    /// Path of the request, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Quote this when you report the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The faults found, sorted by pointer; at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub errors: Vec<FieldError>,
    /// True when there were more faults than `errors` lists.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// The acts that the item's present state allows, when an act was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_acts: Option<Vec<String>>,
}

impl Problem {
    /// A problem of this type, whose detail is the type's own description.
    #[must_use]
    pub fn new(kind: ProblemType) -> Self {
        Self(Box::new(Inner {
            kind,
            document: ProblemDocument {
                kind: format!("/problems/{}", kind.slug()),
                title: kind.title().to_owned(),
                status: kind.status().as_u16(),
                code: kind.slug().to_owned(),
                detail: kind.description().to_owned(),
                instance: None,
                request_id: None,
                errors: Vec::new(),
                truncated: false,
                possible_acts: None,
            },
            headers: Vec::new(),
        }))
    }

    /// Says more precisely what happened. The text must not contain anything that was sent.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.document.detail = detail.into();
        self
    }

    /// Lists the acts that are possible instead.
    #[must_use]
    pub fn possible_acts<A: Into<String>>(mut self, acts: impl IntoIterator<Item = A>) -> Self {
        self.0.document.possible_acts = Some(acts.into_iter().map(Into::into).collect());
        self
    }

    /// Lists faults: sorted by pointer, cut to the first 100.
    #[must_use]
    pub fn errors(mut self, faults: FieldErrors) -> Self {
        let (errors, truncated) = faults.into_sorted();
        self.0.document.errors = errors;
        self.0.document.truncated = truncated;
        self
    }

    /// Lets pointers into a part of a body point into the whole, in which it stands at `place`.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        for error in &mut self.0.document.errors {
            if let Some(rest) = error.pointer.strip_prefix('#') {
                error.pointer = format!("#{place}{rest}");
            }
        }
        self
    }

    /// Adds a header, for example `Allow`, `Accept-Patch` or `WWW-Authenticate`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Says after how many seconds a repetition makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Says where the item is that stands in the way. A path that is no header value is left out.
    #[must_use]
    pub fn location(self, path: &str) -> Self {
        match HeaderValue::from_str(path) {
            Ok(value) => self.header(header::LOCATION, value),
            Err(_) => self,
        }
    }

    /// The type of this problem.
    #[must_use]
    pub fn kind(&self) -> ProblemType {
        self.0.kind
    }

    /// What will be sent.
    #[must_use]
    pub fn document(&self) -> &ProblemDocument {
        &self.0.document
    }

    /// Adds what only the outermost layer knows: the path and the id of the request.
    pub fn fill(&mut self, instance: &str, request_id: Option<&str>) {
        self.0.document.instance = Some(instance.to_owned());
        self.0.document.request_id = request_id.map(str::to_owned);
    }

    /// The body as bytes.
    pub(super) fn body(&self) -> Vec<u8> {
        // A struct of texts and numbers always serialises; an empty body is better than a panic.
        serde_json::to_vec(&self.0.document).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.slug())
    }
}

impl std::error::Error for Problem {}

impl From<ProblemType> for Problem {
    fn from(kind: ProblemType) -> Self {
        Self::new(kind)
    }
}

impl From<FieldErrors> for Problem {
    fn from(faults: FieldErrors) -> Self {
        Self::new(ProblemType::ValidationFailed).errors(faults)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type(PROBLEM_JSON);
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.0.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        // The rest of such a body may still be on its way and would be read as the next request.
        if matches!(self.0.kind, ProblemType::RequestTimeout | ProblemType::PayloadTooLarge) {
            answer.force_close();
        }
        answer.body(self.body())
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::from_error(self)
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        ProblemDocument::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> std::borrow::Cow<'static, str> {
        ProblemDocument::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProblemDocument::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::field_errors::FieldCode;

    #[actix_web::test]
    async fn a_problem_is_sent_as_rfc_9457_says() {
        let mut problem = Problem::new(ProblemType::InvalidTransition)
            .possible_acts(["withdraw", "add_note"])
            .retry_after(7)
            .location("/v1/escalations/1");
        problem.fill("/v1/escalations/1/acceptance", Some("req_12345678"));
        let answer = problem.error_response();

        assert_eq!(answer.status(), 409);
        let header = |name| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), PROBLEM_JSON);
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("retry-after"), "7");
        assert_eq!(header("location"), "/v1/escalations/1");
        let body = to_bytes(answer.into_body()).await.unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({
                "type": "/problems/invalid-transition",
                "title": ProblemType::InvalidTransition.title(),
                "status": 409,
                "code": "invalid-transition",
                "detail": ProblemType::InvalidTransition.description(),
                "instance": "/v1/escalations/1/acceptance",
                "request_id": "req_12345678",
                "possible_acts": ["withdraw", "add_note"],
            })
        );
    }

    #[test]
    fn faults_are_sorted_and_a_result_stays_small() {
        let mut faults = FieldErrors::single("#/b", FieldCode::Required);
        faults.push("#/a", FieldCode::WrongType);
        let problem = Problem::from(faults);
        let pointers: Vec<_> =
            problem.document().errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/a", "#/b"]);
        assert_eq!(size_of::<Problem>(), size_of::<usize>());
    }

    #[test]
    fn the_published_schema_is_the_documents() {
        assert_eq!(Problem::name(), "Problem");
        let schema = serde_json::to_value(Problem::schema()).unwrap();
        assert_eq!(schema["properties"]["type"]["type"], "string");
        assert!(schema["required"].as_array().unwrap().contains(&json!("status")));
    }
}
