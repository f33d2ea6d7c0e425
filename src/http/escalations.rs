//! Operations on escalations: raise, read, correct, and search by child.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::conditions::is_tag;
use super::dry_runs::{EscalationOrDryRun, Would, tried, writing};
use super::field_errors::FieldErrors;
use super::fields::{Identifier, canonical_uuid};
use super::filters::{AS_OF, as_of};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::requests::{CorrectEscalation, RaiseEscalation, SearchByChild, child_fault, narrative};
use super::source_version::SourceVersion;
use super::state::AppState;
use super::times::Instant;
use super::views::EscalationView;
use crate::domain::access::Action;
use crate::domain::child_reference::ChildReference;
use crate::domain::ids::EscalationId;
use crate::usecases::Writing;
use crate::usecases::acts::{self, ActRequest, CorrectionRequest, On};
use crate::usecases::once::{self, Key};
use crate::usecases::raise::How;
use crate::usecases::read::Detail;
use crate::usecases::{raise, read};

/// Raise an escalation
///
/// Records that the caller's agency is not getting an adequate or timely response from another.
/// Send `source` and `external_reference` to make it safe to repeat: the second sending answers
/// 409 with the `Location` of what the first one stored. Or send an `Idempotency-Key`: the same request with the same key
/// answers 201 again, with the escalation as it stands and `Idempotent-Replay: true`, for 30 days. With neither,
/// `possible_duplicates` lists what may be the same matter.
#[utoipa::path(
    tag = "escalations",
    operation_id = "raise_escalation",
    request_body(content = RaiseEscalation, example = json!({
        "raised_with_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "urgent",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "delay": {"timescale": "strategy_meeting", "started_at": "2026-11-16T15:10:00Z"},
        "desired_outcome": "Hold a quorate strategy meeting today.",
        "source": "niche",
        "external_reference": "OCC-2026-118"
    })),
    params(
        ("dry_run" = Option<bool>, Query, description = "`true`: check everything as if it were stored, and store nothing."),
        ("Idempotency-Key" = Option<String>, Header,
         description = "1 to 255 visible ASCII characters of your own, new for each request that you mean. Refused requests use none up."),
    ),
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "With `dry_run`: it would be stored.", body = EscalationOrDryRun),
        (status = 201, description = "It is stored; with `Idempotent-Replay: true`, by an earlier request with the same key.", body = EscalationView, headers(
            ("Location" = String, description = "Where it is."),
            ("ETag" = String, description = "Its version."),
        )),
        (status = 409, description = "The external reference is taken; `Location` tells by what. Or a request with the same key is under way.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/escalations")]
pub async fn raise_escalation(
    by: Allowed<needs::Raise>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let writing = writing(&request)?;
    let key = idempotency_key(&request)?;
    let (input, meaning) = body.read_with_meaning::<RaiseEscalation>().await?;
    let source_version = input.source_version.map(SourceVersion::get);
    let wanted = input.into_request(&state.deps.schemes)?;
    let how = How { source_version, writing, once: None };
    let (replayed, raised) = match key {
        Some(key) => {
            let key = Key { key: &key, meaning: &meaning };
            once::raise_once(&state.deps, &by, wanted, key, how).await?
        }
        None => (false, raise::raise_so(&state.deps, &by, wanted, how).await?),
    };
    if writing == Writing::Tried {
        let would = if replayed { Would::Nothing } else { Would::Create };
        return Ok(tried(would, None, raised));
    }
    let location = format!("/v1/escalations/{}", raised.escalation.id);
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, location));
    if replayed {
        answer.insert_header(("idempotent-replay", "true"));
    }
    Ok(shown(answer, raised))
}

/// Read an escalation
///
/// With its clocks, and with the children's references for the two agencies that it concerns. With `as_of` it is
/// shown as it was known then; what is past permits no act. The `ETag` names what is recorded: what passes with time
/// alone, such as `overdue` and `times`, is not in it, so read without `If-None-Match` when `next_due_at` has come.
#[utoipa::path(
    tag = "escalations",
    operation_id = "read_escalation",
    params(
        ("id" = EscalationId, Path, description = "The escalation."),
        ("as_of" = Option<Instant>, Query, description = "As what had been recorded by this instant made it. Not in the future."),
    ),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "The escalation.", body = EscalationView,
         headers(("ETag" = String, description = "Its version."))),
        ReadProblems,
    ),
)]
#[get("/v1/escalations/{id}")]
pub async fn read_escalation(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_batch(&id)?;
    let mut query = QueryReader::new(request.query_string(), &[AS_OF]);
    let as_of = as_of(&mut query, state.deps.clock.now());
    query.finish()?;
    let detail = read::one(&state.deps, &by, escalation_id(&id)?, as_of).await?;
    Ok(shown(HttpResponse::Ok(), detail))
}

/// Correct an escalation
///
/// Gives the right theme, urgency or delay. The history keeps what it was, who corrected it and
/// why. Clocks that run keep their due instants.
#[utoipa::path(
    tag = "escalations",
    operation_id = "correct_escalation",
    params(
        ("id" = EscalationId, Path, description = "The escalation."),
        ("If-Match" = String, Header, description = "The version that you read, as its `ETag`."),
        ("dry_run" = Option<bool>, Query, description = "`true`: check everything as if it were corrected, and change nothing."),
    ),
    request_body(content = CorrectEscalation, content_type = "application/merge-patch+json",
        example = json!({"theme": "icpc_late", "reason": "The conference is what is late."})),
    security(("bearer" = ["correct"])),
    responses(
        (status = 200, description = "The corrected escalation; with `dry_run`, that it would be.", body = EscalationOrDryRun,
         headers(("ETag" = String, description = "Its new version."))),
        (status = 428, description = "`If-Match` is missing.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems, ActProblems,
    ),
)]
#[patch("/v1/escalations/{id}")]
pub async fn correct_escalation(
    by: Allowed<needs::Correct>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_batch(&id)?;
    let writing = writing(&request)?;
    let id = escalation_id(&id)?;
    let expected = expected_version(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    let input: CorrectEscalation = body.read_merge_patch().await?;
    let on = On { id, expected_version: Some(expected), occurred_at: None, writing };
    let right = CorrectionRequest {
        theme: input.theme.0.map(Identifier::into_string),
        urgency: input.urgency.0,
        delay: input.delay.0.map(Into::into),
    };
    let reason = narrative("#/reason", input.reason)?;
    let request = ActRequest::Correct { right: Box::new(right), reason };
    let corrected = acts::act(&state.deps, &by, Action::Correct, on, request).await?;
    if writing == Writing::Tried {
        return Ok(tried(Would::Update, None, corrected));
    }
    Ok(shown(HttpResponse::Ok(), corrected))
}

/// The escalations that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundEscalations {
    /// They, newest first; at most 200.
    pub items: Vec<FoundEscalation>,
}

/// One escalation that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundEscalation {
    /// Its identifier.
    pub id: EscalationId,
    /// Where it is.
    pub href: String,
}

/// Search by child
///
/// The escalations of one child that the caller's agency raised or must answer. The reference goes
/// in the body, because addresses are logged on their way.
#[utoipa::path(
    tag = "escalations",
    operation_id = "search_by_child",
    request_body(content = SearchByChild, example = json!({
        "child_reference": {"scheme": "la_child_id", "value": "SYN100234"}
    })),
    security(("bearer" = ["read_child_reference"])),
    responses(
        (status = 200, description = "What was found.", body = FoundEscalations),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/searches")]
pub async fn search_by_child(
    by: Allowed<needs::SearchByChild>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let SearchByChild { child_reference: input } = body.read().await?;
    let child = ChildReference::parse(input.scheme, input.value.as_str(), &state.deps.schemes)
        .map_err(|error| {
            let mut faults = FieldErrors::new();
            faults.push_with("#/child_reference/value", child_fault(error), error.to_string());
            Problem::from(faults)
        })?;
    let found = read::of_child(&state.deps, &by, &child).await?;
    let items = found
        .into_iter()
        .map(|id| FoundEscalation { id, href: format!("/v1/escalations/{id}") })
        .collect();
    Ok(HttpResponse::Ok().json(FoundEscalations { items }))
}

/// An escalation as the answer, with its version as the tag.
pub(super) fn shown(mut answer: actix_web::HttpResponseBuilder, detail: Detail) -> HttpResponse {
    let tag = format!("\"{}\"", detail.escalation.version);
    answer.insert_header((header::ETAG, tag)).json(EscalationView::from(detail))
}

/// The identifier in a path. What is no identifier names nothing.
pub(super) fn escalation_id(text: &str) -> Result<EscalationId, Problem> {
    canonical_uuid(text).map(EscalationId).ok_or_else(|| ProblemType::NotFound.into())
}

/// Where no further name follows, `batch` is the one word that is an address of its own, for POST. To be asked before
/// anything else of the request is looked at: no parameter makes another method right.
fn no_batch(text: &str) -> Result<(), Problem> {
    if text != "batch" {
        return Ok(());
    }
    let allow = HeaderValue::from_static("OPTIONS, POST");
    Err(Problem::new(ProblemType::MethodNotAllowed).header(header::ALLOW, allow))
}

/// The caller's key for a request that may be repeated.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut sent = request.headers().get_all("idempotency-key");
    let Some(value) = sent.next() else { return Ok(None) };
    let visible =
        (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if visible && sent.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(ProblemType::IdempotencyKeyInvalid.into()),
    }
}

/// Refuses parameters where an operation has none.
pub(super) fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    QueryReader::new(request.query_string(), &[]).finish()
}

/// The version in `If-Match`: one strong tag. Weak tags match nothing (RFC 9110 §13.1.1), and `*`
/// would undo what the header is for.
pub(super) fn expected_version(request: &HttpRequest) -> Result<Option<i32>, Problem> {
    let Some(tag) = expected_tag(request)? else { return Ok(None) };
    // A tag that is no version of ours is simply not the present one.
    let version = tag.parse().unwrap_or(-1);
    Ok(Some(version))
}

/// The tag in `If-Match`, by the same rules; empty when it is a weak one.
pub(super) fn expected_tag(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut sent = request.headers().get_all(header::IF_MATCH);
    let Some(value) = sent.next() else { return Ok(None) };
    let invalid = || {
        Problem::new(ProblemType::InvalidHeader)
            .detail("If-Match must hold exactly one entity tag, for example \"3\" with its quotes.")
    };
    if sent.next().is_some() {
        return Err(invalid());
    }
    let text = HeaderValue::to_str(value).map_err(|_| invalid())?.trim();
    if text == "*" {
        return Err(Problem::new(ProblemType::PreconditionRequired).detail(
            "If-Match: * matches any version; send the ETag of the version that you have read.",
        ));
    }
    let strong = text.strip_prefix("W/");
    let weak = strong.is_some();
    let tag = strong
        .unwrap_or(text)
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|tag| is_tag(tag))
        .ok_or_else(invalid)?;
    Ok(Some(if weak { String::new() } else { tag.to_owned() }))
}
