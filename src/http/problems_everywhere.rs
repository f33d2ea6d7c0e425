//! Makes sure that every failure, also one of the framework or a panic, leaves as a problem.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::PathError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::problem::{PROBLEM_JSON, Problem};
use super::problem_types::ProblemType;

/// The id of a request. An outer layer puts it into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of this request, for a line of the log; `-` where no layer gave it one.
    #[must_use]
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map_or_else(|| "-".to_owned(), |id| id.0.clone())
    }
}

/// Put into an answer's extensions by an operation whose contract tells another body than a problem.
#[derive(Debug, Clone, Copy)]
pub struct OwnBody;

/// Middleware for `actix_web::middleware::from_fn`: answers every 4xx and 5xx with a problem that
/// names its path and request id, and turns a panic into `internal`.
///
/// # Errors
/// A [`Problem`] when an inner layer failed or panicked without leaving an answer behind. The
/// framework sends it as it stands; layers further out see an `Err`.
pub async fn problems_everywhere<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The request itself must not be kept: routing needs the only handle to it.
    let path = request.path().to_owned();
    let id = request.extensions().get::<RequestId>().cloned();

    let outcome = AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await;
    match outcome {
        Ok(Ok(answer)) => {
            let id = id.or_else(|| answer.request().extensions().get::<RequestId>().cloned());
            Ok(answered(answer.map_into_boxed_body(), &path, id.as_ref()))
        }
        Ok(Err(error)) => {
            let inner = error.error_response();
            let problem = problem_of(Some(&error), &inner);
            Err(match problem {
                Some(problem) => filled(problem, &path, id.as_ref()).into(),
                None => error,
            })
        }
        Err(_) => {
            // What the panic said may contain data, so only the fact is logged.
            let id = id.as_ref();
            tracing::error!(request_id = id.map(|id| id.0.as_str()), "a handler panicked");
            Err(filled(Problem::new(ProblemType::Internal), &path, id).into())
        }
    }
}

fn answered(
    answer: ServiceResponse<BoxBody>,
    path: &str,
    id: Option<&RequestId>,
) -> ServiceResponse<BoxBody> {
    let Some(problem) = problem_of(answer.response().error(), answer.response()) else {
        return answer;
    };
    let problem = filled(problem, path, id);
    let (request, response) = answer.into_parts();
    // Other layers may have added headers, such as `Allow`; they stay.
    let mut response = response.set_body(BoxBody::new(problem.body()));
    *response.status_mut() = problem.kind().status();
    set_headers(response.headers_mut());
    ServiceResponse::new(request, response)
}

fn set_headers(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn filled(mut problem: Problem, path: &str, id: Option<&RequestId>) -> Problem {
    problem.fill(path, id.map(|id| id.0.as_str()));
    problem
}

/// The problem that an answer stands for; none when it is a success or already a foreign problem.
fn problem_of<B>(error: Option<&Error>, answer: &HttpResponse<B>) -> Option<Problem> {
    if let Some(problem) = error.and_then(Error::as_error::<Problem>) {
        return Some(problem.clone());
    }
    let status = answer.status();
    let is_failure = status.is_client_error() || status.is_server_error();
    let is_problem = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM_JSON.as_bytes()));
    if !is_failure || is_problem || answer.extensions().contains::<OwnBody>() {
        return None;
    }
    // A path segment of the wrong form names nothing.
    if error.is_some_and(|error| error.as_error::<PathError>().is_some()) {
        return Some(Problem::new(ProblemType::NotFound));
    }
    Some(Problem::new(ProblemType::for_status(status)))
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpServer, Responder, rt, web};
    use serde_json::Value;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn panics() -> &'static str {
        panic!("with a secret");
    }

    async fn refused() -> Result<&'static str, Problem> {
        Err(Problem::new(ProblemType::RateLimited).retry_after(3))
    }

    async fn refusal_as_value() -> impl Responder {
        Problem::new(ProblemType::NoCalendar)
    }

    async fn plain_text_error() -> Result<&'static str, Error> {
        Err(actix_web::error::ErrorPayloadTooLarge("with a secret"))
    }

    async fn number(path: web::Path<u32>) -> String {
        path.to_string()
    }

    async fn failing_layer(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        if request.headers().contains_key("x-fail") {
            return Err(Problem::new(ProblemType::Unauthenticated).into());
        }
        next.call(request).await
    }

    async fn id_layer(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        request.extensions_mut().insert(RequestId("req_00000001".to_owned()));
        next.call(request).await
    }

    /// Sends one raw request to a real server and gives back its answer.
    async fn send(head: &str) -> (u16, String, Value) {
        let server = HttpServer::new(|| {
            App::new()
                .wrap(from_fn(failing_layer))
                .wrap(from_fn(problems_everywhere))
                .wrap(from_fn(id_layer))
                .service(web::resource("/panics").route(web::get().to(panics)))
                .service(web::resource("/refused").route(web::get().to(refused)))
                .service(web::resource("/value").route(web::get().to(refusal_as_value)))
                .service(web::resource("/plain").route(web::get().to(plain_text_error)))
                .service(web::resource("/number/{n}").route(web::get().to(number)))
                .service(web::resource("/only-get").route(web::get().to(refused)))
                .service(web::resource("/fine").route(web::get().to(async || "fine")))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = *server.addrs().first().unwrap();
        let running = server.run();
        let handle = running.handle();
        rt::spawn(running);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{head}\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        handle.stop(false).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    #[actix_web::test]
    async fn every_failure_is_a_problem_with_path_and_request_id() {
        for (head, status, slug) in [
            ("GET /nowhere?x=secret HTTP/1.1", 404, "not-found"),
            ("GET /panics HTTP/1.1", 500, "internal"),
            ("GET /refused HTTP/1.1", 429, "rate-limited"),
            ("GET /value HTTP/1.1", 422, "no-calendar"),
            ("GET /plain HTTP/1.1", 413, "payload-too-large"),
            ("GET /number/secret HTTP/1.1", 404, "not-found"),
            ("POST /only-get HTTP/1.1", 405, "method-not-allowed"),
            ("GET /fine HTTP/1.1\r\nx-fail: 1", 401, "unauthenticated"),
        ] {
            let (got, headers, body) = send(head).await;
            assert_eq!(got, status, "{head}");
            assert!(headers.contains("content-type: application/problem+json"), "{headers}");
            assert!(headers.contains("cache-control: no-store"), "{headers}");
            assert_eq!(body["code"], slug, "{head}");
            assert_eq!(body["status"], status, "{head}");
            assert_eq!(body["request_id"], "req_00000001", "{head}");
            let path = head.split([' ', '?']).nth(1).unwrap();
            assert_eq!(body["instance"], path, "{head}");
            assert!(!body["detail"].as_str().unwrap().contains("secret"), "{head}");
        }
    }

    #[actix_web::test]
    async fn headers_of_the_answer_stay_and_successes_are_left_alone() {
        let (_, headers, _) = send("POST /only-get HTTP/1.1").await;
        assert!(headers.contains("allow: get"), "{headers}");
        let (_, headers, _) = send("GET /refused HTTP/1.1").await;
        assert_eq!(headers.matches("retry-after: 3").count(), 1, "{headers}");
        let (status, headers, _) = send("GET /fine HTTP/1.1").await;
        assert_eq!(status, 200);
        assert!(headers.contains("text/plain"), "{headers}");
    }
}
