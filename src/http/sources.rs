//! Escalations under the names that their sending systems have for them: the way for systems, safe to repeat.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, put};

use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::conditions::expected;
use super::dry_runs::{EscalationOrDryRun, Would, tried, writing};
use super::escalations::{no_parameters, shown};
use super::field_errors::{FieldCode, FieldErrors};
use super::fields::Identifier;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::requests::RaiseEscalation;
use super::source_version::SourceVersion;
use super::state::AppState;
use super::views::EscalationView;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::sent::SendResult;
use crate::usecases::Writing;
use crate::usecases::raise::How;
use crate::usecases::read::Detail;
use crate::usecases::upsert::{self, Expected, Sent};

/// Send an escalation
///
/// Raises it when your system has not sent it before, and records what is new otherwise: send the whole record as often as
/// you like. `result` says what came of it. What your system says otherwise than last time of theme, urgency and delay is
/// recorded as a correction, whose history keeps the old value; what others corrected here meanwhile stays. Everything else
/// stays as it was first sent: sending it otherwise is refused with 422, and nothing is done. With `source_version`, what
/// is older than what you sent before is ignored. After an answer that was lost, send it again, or read it here.
#[utoipa::path(
    tag = "escalations",
    operation_id = "send_escalation",
    params(
        ("source" = String, Path, description = "Your system's name: 1 to 64 of `A-Z a-z 0-9 . _ : / # -`."),
        ("external_reference" = String, Path,
         description = "Its own reference, unique within `source`, of the same characters; escape `/` as `%2F` and `#` as `%23`."),
        ("If-Match" = Option<String>, Header,
         description = "The version that you read, as its `ETag`, or `*` for any; refused with 412 when it is not there."),
        ("dry_run" = Option<bool>, Query, description = "`true`: check everything as if it were stored, and store nothing."),
        ("If-None-Match" = Option<String>, Header,
         description = "`*`: only when it was not sent before; refused with 412 otherwise."),
    ),
    request_body(content = RaiseEscalation, example = json!({
        "raised_with_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "urgent",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "delay": {"timescale": "strategy_meeting", "started_at": "2026-11-16T15:10:00Z"},
        "desired_outcome": "Hold a quorate strategy meeting today.",
        "source_version": 3
    })),
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "It was sent before; `result` says what came of it. With `dry_run`, what would come of it.", body = EscalationOrDryRun,
         headers(("ETag" = String, description = "Its version."))),
        (status = 201, description = "It is stored.", body = EscalationView, headers(
            ("Location" = String, description = "Where it is."),
            ("ETag" = String, description = "Its version."),
        )),
        ReadProblems, BodyProblems, ActProblems,
    ),
)]
#[put("/v1/sources/{source}/escalations/{external_reference}")]
pub async fn send_escalation(
    by: Allowed<needs::Raise>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let writing = writing(&request)?;
    let (source, external_reference) = names(&path)?;
    let expected = expected(&request)?;
    let input: RaiseEscalation = body.read().await?;
    let mut sent = sent((source, external_reference), input, &state.deps.schemes)?;
    sent.expected = expected;
    sent.how.writing = writing;
    let (result, detail) = upsert::upsert(&state.deps, &by, sent).await?;
    if writing == Writing::Tried {
        return Ok(tried(Would::of(result), Some(result), detail));
    }
    Ok(answered(result, detail))
}

/// Read what your system sent
///
/// The escalation under your system's own reference: the way to learn what came of a sending whose answer was lost. Only
/// the agency that raised it finds it here.
#[utoipa::path(
    tag = "escalations",
    operation_id = "read_sent_escalation",
    params(
        ("source" = String, Path, description = "Your system's name."),
        ("external_reference" = String, Path, description = "Its own reference; escape `/` as `%2F` and `#` as `%23`."),
    ),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "The escalation.", body = EscalationView,
         headers(("ETag" = String, description = "Its version."))),
        ReadProblems,
    ),
)]
#[get("/v1/sources/{source}/escalations/{external_reference}")]
pub async fn read_sent_escalation(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let (source, reference) = names(&path)?;
    let found = upsert::find(&state.deps, &by, source.as_str(), reference.as_str()).await?;
    Ok(shown(HttpResponse::Ok(), found))
}

/// The names in the path. What cannot be a name names nothing.
fn names(
    (source, external_reference): &(String, String),
) -> Result<(Identifier, Identifier), Problem> {
    let name = |text: &str| {
        Identifier::parse(text).map_err(|_| {
            Problem::new(ProblemType::NotFound).detail(
                "In this address source and external_reference are 1 to 64 characters of A to Z, a to z, 0 to 9 and \
                 . _ : / # - each, with / escaped as %2F and # as %23.",
            )
        })
    };
    Ok((name(source)?, name(external_reference)?))
}

/// What is sent under these names. The body need not say them again, and must not say others.
fn sent(
    (source, external_reference): (Identifier, Identifier),
    mut input: RaiseEscalation,
    schemes: &SchemePolicy,
) -> Result<Sent, Problem> {
    let mut faults = FieldErrors::new();
    for (said, name, pointer) in [
        (&input.source, &source, "#/source"),
        (&input.external_reference, &external_reference, "#/external_reference"),
    ] {
        if said.as_ref().is_some_and(|said| said != name) {
            let advice = "Leave it out, or send what the address says.".to_owned();
            faults.push_with(pointer, FieldCode::Inconsistent, advice);
        }
    }
    faults.into_result()?;
    let source_version = input.source_version.map(SourceVersion::get);
    input.source = Some(source.clone());
    input.external_reference = Some(external_reference.clone());
    Ok(Sent {
        request: input.into_request(schemes)?,
        source: source.into_string(),
        external_reference: external_reference.into_string(),
        expected: Expected::Anything,
        how: How { source_version, ..How::default() },
    })
}

/// What is sent under the names that the record says itself.
pub(super) fn named(input: RaiseEscalation, schemes: &SchemePolicy) -> Result<Sent, Problem> {
    let mut faults = FieldErrors::new();
    for (name, pointer) in
        [(&input.source, "#/source"), (&input.external_reference, "#/external_reference")]
    {
        if name.is_none() {
            faults.push(pointer, FieldCode::Required);
        }
    }
    let (Some(source), Some(reference)) = (input.source.clone(), input.external_reference.clone())
    else {
        return Err(faults.into());
    };
    sent((source, reference), input, schemes)
}

fn answered(result: SendResult, detail: Detail) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if result == SendResult::Created {
        answer = HttpResponse::Created();
        let location = format!("/v1/escalations/{}", detail.escalation.id);
        answer.insert_header((header::LOCATION, location));
    }
    let tag = format!("\"{}\"", detail.escalation.version);
    let view = EscalationView { result: Some(result), ..EscalationView::from(detail) };
    answer.insert_header((header::ETAG, tag)).json(view)
}
