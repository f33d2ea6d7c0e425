//! The outermost layer: a request id, one log line, and the headers that every answer has.

use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use uuid::Uuid;

use super::conditions::is_known;
use super::deprecations::tell;
use super::limits::Left;
use super::permission::CallingClient;
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::problems_everywhere::RequestId;
use super::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
/// For answers that are no page: opened as one, they load and run nothing, and nobody can frame them.
const NOTHING_RUNS: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// For a year browsers come by TLS only, where `PUBLIC_URL` says that they do (ASVS 5.0, 3.4.1).
const ONLY_TLS: &str = "max-age=31536000; includeSubDomains";
/// Longer addresses are refused: nothing in this contract needs one.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// Longer heads are refused: a token has at most 8 KiB, and nothing else that is read is long.
const LARGEST_HEAD: usize = 32 * 1024;

/// Middleware for `actix_web::middleware::from_fn`.
///
/// # Errors
/// The error of an inner layer, with the headers added.
pub async fn request_layer<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    if method == Method::HEAD {
        // The server leaves the body out by itself, and no operation need know of HEAD.
        request.head_mut().method = Method::GET;
    }
    let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("-"));
    let metrics = request.app_data::<Data<AppState>>().map(|it| Arc::clone(&it.deps.metrics));
    let contract = request.app_data::<Data<AppState>>().map(|it| Arc::clone(&it.contract));
    let tls = request.app_data::<Data<AppState>>().is_some_and(|it| it.doors.secure());
    let count = |pattern: Option<&str>, status: u16| {
        if let Some(metrics) = metrics {
            metrics.answered(known(&method), pattern.unwrap_or("-"), status);
        }
    };
    let outcome = if let Some(mut problem) = unfit(&request) {
        problem.fill(request.path(), Some(&id));
        Err(problem.into())
    } else {
        next.call(request).await
    };
    let millis = started.elapsed().as_millis();
    match outcome {
        Ok(answer) => {
            let mut answer = unless_known(answer.map_into_boxed_body());
            let pattern = answer.request().match_pattern();
            let client = answer.request().extensions().get::<CallingClient>().copied();
            let left = answer.request().extensions().get::<Left>().copied();
            let status = answer.status().as_u16();
            count(pattern.as_deref(), status);
            log(&method, pattern.as_deref(), status, millis, client, &id);
            add_headers(answer.headers_mut(), value, tls);
            if let Some(left) = left {
                left.tell(answer.headers_mut());
            }
            if let Some(contract) = contract {
                let query = answer.request().query_string().to_owned();
                let (announced, headers) = (&contract.announced, answer.headers_mut());
                tell(announced, &method, pattern.as_deref(), &query, headers);
            }
            Ok(answer)
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            count(None, status);
            log(&method, None, status, millis, None, &id);
            let mut error = error;
            error.add_response_mapper(move |mut answer| {
                add_headers(answer.headers_mut(), value.clone(), tls);
                answer
            });
            Err(error)
        }
    }
}

/// Why a request is refused before anybody looks what it asks for.
fn unfit(request: &ServiceRequest) -> Option<Problem> {
    let headers = request.headers();
    let head: usize =
        headers.iter().map(|(name, value)| name.as_str().len().saturating_add(value.len())).sum();
    // A target with a host of its own is for proxies. Two hosts that differ are a request that somebody before us may
    // have taken for another one.
    let target = request.uri().authority();
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    if request.uri().to_string().len() > LONGEST_ADDRESS {
        Some(ProblemType::UriTooLong.into())
    } else if head > LARGEST_HEAD {
        Some(ProblemType::HeadersTooLarge.into())
    } else if target.is_some_and(|target| host != Some(target.as_str().as_bytes())) {
        let detail = "The target of the request and its Host header name different hosts; send a path as the target.";
        Some(Problem::new(ProblemType::BadRequest).detail(detail))
    } else {
        None
    }
}

/// 304 without a body where the caller of an operation has this very version already (RFC 9110, section 13.2.2).
fn unless_known(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let asked = answer.request();
    let reads = asked.method() == Method::GET && asked.path().starts_with("/v1/");
    let tag = answer.headers().get(header::ETAG);
    let known = tag.is_some_and(|tag| is_known(asked.headers(), tag));
    if !(reads && known && answer.status() == StatusCode::OK) {
        return answer;
    }
    let (request, response) = answer.into_parts();
    let mut response = response.set_body(BoxBody::new(()));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_DISPOSITION] {
        response.headers_mut().remove(name);
    }
    ServiceResponse::new(request, response)
}

/// Only the pattern of the path is logged: never an address, a body or a header as they were sent.
fn log(
    method: &Method,
    pattern: Option<&str>,
    status: u16,
    millis: u128,
    client: Option<CallingClient>,
    request_id: &str,
) {
    let client = client.map(|client| client.0.to_string());
    tracing::info!(
        method = %known(method),
        path = pattern.unwrap_or("-"),
        status,
        ms = u64::try_from(millis).unwrap_or(u64::MAX),
        client = client.as_deref().unwrap_or("-"),
        request_id,
        "request"
    );
}

/// A made-up method is the caller's text, and is not logged.
fn known(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}

/// The caller's request id if it is a plain one, or a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(plain)
        .map_or_else(|| new_id().to_string(), str::to_owned)
}

/// Request ids name log lines, not rows, so they need neither the clock nor the id source.
fn new_id() -> Uuid {
    let mut random = [0; 16];
    let filled = aws_lc_rs::rand::fill(&mut random);
    assert!(filled.is_ok(), "the operating system gives randomness");
    uuid::Builder::from_random_bytes(random).into_uuid()
}

/// What every answer says to a browser that was led to it; a page says its own of some.
fn add_headers(headers: &mut HeaderMap, request_id: HeaderValue, tls: bool) {
    headers.insert(REQUEST_ID, request_id);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // Files of Swagger UI come without: every text here is UTF-8.
    let bare = kind.filter(|kind| kind.starts_with("text/") && !kind.contains("charset"));
    if let Some(Ok(whole)) =
        bare.map(|kind| HeaderValue::try_from(format!("{kind}; charset=utf-8")))
    {
        headers.insert(header::CONTENT_TYPE, whole);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, NOTHING_RUNS),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
