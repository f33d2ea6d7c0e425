//! The problems that operations can answer with, as the contract lists them.

use utoipa::IntoResponses;

use super::problem::Problem;

/// What any operation can answer instead of what was asked for.
#[derive(IntoResponses)]
pub enum ReadProblems {
    /// A parameter or header is not valid, or the request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// No token, or one that is not accepted.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The caller is not registered, or its role may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It does not exist, or is not for this caller to know of.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// It was erased; what identified a child in it is gone, and only figures tell of it.
    #[response(status = 410, content_type = "application/problem+json")]
    Erased(Problem),
    /// The path has no such method; `Allow` lists those that it has.
    #[response(status = 405, content_type = "application/problem+json")]
    MethodNotAllowed(Problem),
    /// The operation answers in none of the formats that the caller accepts.
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(Problem),
    /// The address is longer than 8 KiB.
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(Problem),
    /// The headers are longer than 32 KiB together.
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(Problem),
    /// The client, or its agency, asked more than its quota; `RateLimit-Policy` and `RateLimit` tell it in every answer.
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(Problem),
    /// A fault of the service.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Not now; try again after the time in `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What an operation with a body can answer besides.
#[derive(IntoResponses)]
pub enum BodyProblems {
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    RequestTimeout(Problem),
    /// The body is larger than 256 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    PayloadTooLarge(Problem),
    /// The body is not JSON, or is compressed.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMediaType(Problem),
    /// The body can be read and is not valid; `errors` lists every fault.
    #[response(status = 422, content_type = "application/problem+json")]
    ValidationFailed(Problem),
}

/// What an act can answer besides.
#[derive(IntoResponses)]
pub enum ActProblems {
    /// The act is not possible now, or not for this caller; `possible_acts` lists what is.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The escalation has changed since the version in `If-Match`.
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(Problem),
}

/// The problem of a list whose cursor is too old.
#[derive(IntoResponses)]
pub enum ListProblems {
    /// The cursor is older than 24 hours.
    #[response(status = 410, content_type = "application/problem+json")]
    CursorExpired(Problem),
}
