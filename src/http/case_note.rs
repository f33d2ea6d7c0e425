//! An escalation as a note for the child's file in a case system: what the reader may see of it, ready to be pasted.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::ReadProblems;
use super::escalations::{escalation_id, no_parameters};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::times::{Day, Instant};
use crate::domain::ids::EscalationId;
use crate::domain::london::{local_date, local_time};
use crate::usecases::read::{self, Detail};

/// A note for a case system.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseNote {
    /// Its title, in one line.
    pub title: String,
    /// The day of which it tells, in Europe/London.
    pub date: Day,
    /// Its text, in lines. No child's reference and no name is in it.
    pub text: String,
    /// The page of the escalation, for people; it asks them to sign in.
    #[schema(example = "/e/ESC-ANY-2026-00042")]
    pub link: String,
    /// The reference that is safe to say aloud.
    pub reference: String,
    /// The escalation as a program reads it.
    pub href: String,
    /// The number of recorded acts of which it tells: the same number, the same note but for what passes with time alone.
    pub version: i32,
    /// When it was made.
    pub made_at: Instant,
}

/// Read an escalation as a case note
///
/// Title, date, text and link, to be kept in the child's file in your own case system: Mosaic, Liquidlogic, SystmOne or
/// another. As JSON, or with `Accept: text/plain` as one text. It says what you may see and nothing else; the child is not
/// named, because the file that the note goes into is the child's.
#[utoipa::path(
    tag = "escalations",
    operation_id = "read_case_note",
    params(("id" = EscalationId, Path, description = "The escalation.")),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "The note.", content((CaseNote = "application/json"), (String = "text/plain"))),
        ReadProblems,
    ),
)]
#[get("/v1/escalations/{id}/case-note")]
pub async fn read_case_note(
    by: Allowed<needs::CaseNote>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let detail = read::one(&state.deps, &by, escalation_id(&id)?, None).await?;
    let note = note(&detail, &state.doors.origin(&request));
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("vary", "accept"));
    if by.format() == Format::Text {
        let text = format!("{}\n{}\n\n{}\n", note.title, note.date.0, note.text);
        return Ok(answer.insert_header(("content-type", Format::Text.content_type())).body(text));
    }
    Ok(answer.json(note))
}

fn note(detail: &Detail, base: &str) -> CaseNote {
    let (it, agreed) = (&detail.escalation, &detail.partnership);
    let at = |at| {
        format!("{}, {}", local_date(at).strftime("%-d %B %Y"), local_time(at).strftime("%H:%M"))
    };
    let plain = |code: &str| code.replace('_', " ");
    let agency = |id| agreed.agency_by_id(id).map_or_else(String::new, |it| it.name.clone());
    let theme = agreed.theme(&it.facts.theme.0);
    let theme = theme.map_or_else(|| it.facts.theme.to_string(), |theme| theme.label.clone());
    let reference = it.facts.reference.clone();
    let link = format!("{base}/e/{reference}");
    let mut lines = vec![format!("Multi-agency escalation {reference}: {theme}.")];
    let raised = at(it.facts.raised_at);
    let with = agency(it.facts.raised_with);
    lines.push(if detail.sight.raiser {
        format!("Raised by {} with {with} on {raised}.", agency(it.facts.raised_by))
    } else {
        format!("Raised with {with} on {raised}.")
    });
    lines.push(format!(
        "Urgency: {}. Stage {}. Status: {}.",
        plain(it.facts.urgency.code()),
        it.stage,
        plain(it.status.code())
    ));
    if let Some(wanted) = &detail.desired_outcome {
        lines.push(format!("Asked for: {}", wanted.as_str()));
    }
    if let Some(clock) = it.next_due() {
        let late = if detail.now > clock.due_at { " This is over." } else { "" };
        lines.push(format!(
            "Due next: {}, by {}.{late}",
            plain(clock.kind.code()),
            at(clock.due_at)
        ));
    }
    if let Some(ending) = &it.episode.ending {
        lines.push(format!("Ended: {}, on {}.", plain(ending.outcome.code()), at(ending.at)));
    }
    lines.push(format!("As recorded on {} (Europe/London). The record: {link}", at(detail.now)));
    CaseNote {
        title: format!("Escalation {reference}: {theme}"),
        date: Day(local_date(detail.now)),
        text: lines.join("\n"),
        link,
        reference,
        href: format!("/v1/escalations/{}", it.id),
        version: it.version,
        made_at: Instant(detail.now),
    }
}
