//! One table of problem types, so that code, documentation pages and tests cannot disagree.

use actix_web::http::StatusCode;

/// Declares the types with slug, HTTP status, title and description in one place.
macro_rules! problem_types {
    ($($variant:ident => $slug:literal, $status:ident, $title:literal, $description:literal;)+) => {
        /// A kind of problem: what `type`, `status`, `title` and `code` of an answer say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $(#[doc = $description] $variant,)+
        }

        impl ProblemType {
            /// Every type. Where several share a status, the most general one stands first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name, used as `code` and as the last part of `type`. Never renamed.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)+ }
            }

            /// The HTTP status that always goes with this type.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// A short summary that does not vary between occurrences.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// One sentence: what it means and what the caller should do.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)+ }
            }
        }
    };
}

problem_types! {
    BadRequest => "bad-request", BAD_REQUEST, "The request could not be understood",
        "The request as a whole is not valid HTTP for this service; check how your client builds it.";
    MalformedJson => "malformed-json", BAD_REQUEST, "The body is not JSON",
        "The body is not one well-formed JSON document; correct it at the place named and send it again.";
    DuplicateMember => "duplicate-member", BAD_REQUEST, "A member is given twice",
        "The same member name appears twice in one JSON object, so its meaning is not certain; send each name once.";
    TooDeep => "too-deep", BAD_REQUEST, "The JSON is nested too deeply",
        "The body nests objects or arrays more deeply than this service reads; send the documented shape.";
    InvalidEncoding => "invalid-encoding", BAD_REQUEST, "The body is not UTF-8",
        "The body must be UTF-8 without a byte order mark; encode it again and resend.";
    InvalidParameter => "invalid-parameter", BAD_REQUEST, "A query parameter is not valid",
        "One or more query parameters are unknown, repeated or not valid; correct those listed in errors.";
    PurposeRequired => "purpose-required", BAD_REQUEST, "A purpose is required",
        "An export is recorded with what it is for; say it with the parameter purpose.";
    InvalidCursor => "invalid-cursor", BAD_REQUEST, "The cursor is not valid",
        "The cursor was altered or belongs to another caller or filter; start again from the first page.";
    InvalidHeader => "invalid-header", BAD_REQUEST, "A request header is not valid",
        "A header that this operation reads is not well formed; correct the header named in detail.";
    IdempotencyKeyInvalid => "idempotency-key-invalid", BAD_REQUEST, "The Idempotency-Key is not valid",
        "The header Idempotency-Key must be sent once, with 1 to 255 visible ASCII characters; make a new one for each request that you mean.";
    Unauthenticated => "unauthenticated", UNAUTHORIZED, "No credentials were sent",
        "The operation needs an access token; send one in the Authorization header.";
    InvalidToken => "invalid-token", UNAUTHORIZED, "The access token is not accepted",
        "The access token is expired, altered or not meant for this service; get a new one and try again.";
    Forbidden => "forbidden", FORBIDDEN, "Your role may not do this",
        "You are known, but your role does not allow this; ask your administrator if you need it.";
    ClientNotRegistered => "client-not-registered", FORBIDDEN, "The client is not registered",
        "The token is valid, but its client is not registered here; ask the service's administrator to register it.";
    ClientDisabled => "client-disabled", FORBIDDEN, "The client is disabled",
        "The client is registered but disabled; ask the service's administrator why.";
    AgreementLapsed => "agreement-lapsed", FORBIDDEN, "No sharing agreement is in force",
        "Your agency adds no new record until the partnership's business manager has registered its agreement or the renewal; what is there can be read and acted on. A child in danger does not wait for this: telephone.";
    NotFound => "not-found", NOT_FOUND, "Nothing is here",
        "There is nothing at this address that you may see; check the address and the identifier.";
    MethodNotAllowed => "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here",
        "This address exists but not with this method; use one of those in the Allow header.";
    NotAcceptable => "not-acceptable", NOT_ACCEPTABLE, "No acceptable format",
        "This service cannot answer in any format that the Accept header allows; accept application/json.";
    RequestTimeout => "request-timeout", REQUEST_TIMEOUT, "The request took too long to arrive",
        "The body did not arrive in time and nothing was done; send it again over a better connection.";
    Conflict => "conflict", CONFLICT, "The item changed meanwhile",
        "Somebody else changed the item at the same time and nothing was done; read it again and repeat.";
    DuplicateExternalReference => "duplicate-external-reference", CONFLICT, "The external reference is already in use",
        "This source already has an item with this external reference; use the one in the Location header.";
    IdempotencyInProgress => "idempotency-in-progress", CONFLICT, "The same request is still under way",
        "A request with this Idempotency-Key is being worked on; send it again after the seconds in Retry-After to learn what came of it.";
    InvalidTransition => "invalid-transition", CONFLICT, "This act is not possible now",
        "The item's present state does not allow this act; choose one of possible_acts.";
    LegalHold => "legal-hold", CONFLICT, "A legal hold is in force",
        "A legal hold is about this, so nothing of it may be destroyed and nothing was; acts on an escalation go on. Ask your privacy officer about the hold.";
    SecondPersonRequired => "second-person-required", CONFLICT, "Somebody else has to do this",
        "You proposed or answered what this act approves or judges; a second person of the right side has to do it.";
    Erased => "erased", GONE, "The item was erased",
        "What identified a child in it and its texts were erased for good; its reference, times, theme, agencies and clocks stay for the figures. Remove your link to it.";
    CursorExpired => "cursor-expired", GONE, "The cursor has expired",
        "Cursors live for 24 hours; start again from the first page.";
    PreconditionFailed => "precondition-failed", PRECONDITION_FAILED, "The item is no longer at that version",
        "The If-Match header names an old version; read the item again, check your change and repeat it.";
    PayloadTooLarge => "payload-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "The body is larger than this operation accepts; send less, or send it in parts.";
    UriTooLong => "uri-too-long", URI_TOO_LONG, "The address is too long",
        "The request target is longer than this service accepts; shorten the query.";
    HeadersTooLarge => "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large",
        "The request's headers are longer together than this service accepts; send fewer or shorter ones.";
    UnsupportedMediaType => "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The media type is not supported",
        "The Content-Type is missing or is not one that this operation reads; send application/json in UTF-8.";
    UnsupportedEncoding => "unsupported-encoding", UNSUPPORTED_MEDIA_TYPE, "The content coding is not supported",
        "The body must not be compressed; send it without Content-Encoding.";
    ValidationFailed => "validation-failed", UNPROCESSABLE_ENTITY, "The body is not valid",
        "The body is readable but parts of it are not valid; correct every entry listed in errors and send it again.";
    IdempotencyKeyReused => "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key stands for another request",
        "This key was used for a request that said something else; send that request as it was, or this one with a key of its own.";
    ExportTooLarge => "export-too-large", UNPROCESSABLE_ENTITY, "The file would be too large",
        "A file may have at most 100,000 rows; narrow it down, for example with raised_from and raised_to, and take several.";
    NoCalendar => "no-calendar", UNPROCESSABLE_ENTITY, "No calendar covers these dates",
        "A due date needs a working-day calendar that is not published yet; ask the administrator to load that year.";
    PreconditionRequired => "precondition-required", PRECONDITION_REQUIRED, "An If-Match header is required",
        "A change must say which version it is based on; read the item and send its ETag in If-Match.";
    RateLimited => "rate-limited", TOO_MANY_REQUESTS, "Too many requests",
        "You sent more requests than your quota allows; wait for the seconds in Retry-After.";
    Internal => "internal", INTERNAL_SERVER_ERROR, "Something went wrong here",
        "The service failed in a way that is not your fault; report the request_id if it happens again.";
    IntegrityFailure => "integrity-failure", INTERNAL_SERVER_ERROR, "What is stored does not open",
        "A stored reference of a child was changed or stands in another's place, so that it is not shown; report the request_id, the administrator is told.";
    Overloaded => "overloaded", SERVICE_UNAVAILABLE, "The service is busy",
        "The service has no capacity at the moment and nothing was done; repeat after the seconds in Retry-After.";
    OutcomeUnknown => "outcome-unknown", SERVICE_UNAVAILABLE, "The outcome is not known",
        "The connection to the store was lost while saving; read the item before you repeat the request.";
    KeysUnavailable => "keys-unavailable", SERVICE_UNAVAILABLE, "The keys are not to be had",
        "References of children can be neither opened nor stored at the moment and nothing was done; repeat after the seconds in Retry-After, the administrator is told.";
    StorageFull => "storage-full", SERVICE_UNAVAILABLE, "The store is full",
        "The store cannot take more data and nothing was saved; try later, the administrator is told.";
    Deadline => "deadline", SERVICE_UNAVAILABLE, "The deadline passed",
        "The work was not finished within the allowed time and was undone; repeat it, or ask for less.";
    Contention => "contention", SERVICE_UNAVAILABLE, "Too many changes at once",
        "Others were changing the same items and nothing was done; repeat after the seconds in Retry-After.";
    AccessNotRecorded => "access-not-recorded", SERVICE_UNAVAILABLE, "Who reads could not be recorded",
        "Nobody is shown a child's matter unless it is recorded who was, and that failed; nothing was done, so repeat it after the seconds in Retry-After.";
    ReadOnly => "read-only", SERVICE_UNAVAILABLE, "The service is read-only for now",
        "Reading works but nothing can be saved at the moment; repeat after the seconds in Retry-After.";
}

impl ProblemType {
    /// The type that answers for a bare status from a lower layer. A status without a type of its
    /// own falls back to the general one of its class.
    #[must_use]
    pub fn for_status(status: StatusCode) -> Self {
        let general = if status.is_server_error() { Self::Internal } else { Self::BadRequest };
        Self::ALL.iter().copied().find(|known| known.status() == status).unwrap_or(general)
    }

    /// The type with this slug, for the page `/problems/{slug}`.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.slug() == slug)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn slugs_are_unique_kebab_case_and_can_be_looked_up() {
        let slugs: BTreeSet<_> = ProblemType::ALL.iter().map(|known| known.slug()).collect();
        assert_eq!(slugs.len(), ProblemType::ALL.len());
        for known in ProblemType::ALL {
            assert!(known.slug().chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            assert_eq!(ProblemType::from_slug(known.slug()), Some(*known));
            assert!(known.description().ends_with('.'), "{known:?}");
            assert!(known.status().is_client_error() || known.status().is_server_error());
        }
        assert_eq!(ProblemType::from_slug("Not-Found"), None);
    }

    #[test]
    fn a_bare_status_gets_the_general_type_of_that_status() {
        for (status, slug) in [
            (400, "bad-request"),
            (401, "unauthenticated"),
            (403, "forbidden"),
            (404, "not-found"),
            (405, "method-not-allowed"),
            (408, "request-timeout"),
            (409, "conflict"),
            (413, "payload-too-large"),
            (415, "unsupported-media-type"),
            (422, "validation-failed"),
            (418, "bad-request"),
            (500, "internal"),
            (502, "internal"),
            (503, "overloaded"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ProblemType::for_status(status).slug(), slug);
        }
    }
}
