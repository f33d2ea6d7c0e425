//! The lines of lists, as JSON and as CSV. Columns are only ever added at the end.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv_answer::Cell;
use super::times::Instant;
use super::views::{agency_code, working_days};
use crate::domain::escalation::{Scope, Status};
use crate::domain::ids::{ClockId, EscalationId};
use crate::domain::listing::{ClockSummary, EpisodeSummary, EscalationSummary};
use crate::domain::partnership::Partnership;
use crate::domain::rag::Rag;
use crate::domain::resolution::Outcome;
use crate::domain::stage_clock::{ClockKind, StopReason};
use crate::domain::standing::Standing;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;

/// An escalation in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationInList)]
pub struct EscalationLine {
    /// Its identifier.
    pub id: EscalationId,
    /// The reference that is safe to say aloud.
    pub reference: String,
    /// The number of recorded acts.
    pub version: i32,
    /// Where it stands.
    pub status: Status,
    /// The stage that it reached.
    pub stage: u8,
    /// Its latest episode.
    pub episode: u16,
    /// Between whom it runs.
    pub scope: Scope,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Its primary theme.
    pub theme: ThemeCode,
    /// Code of the agency that raised it; absent where it is protected from you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised_by_agency: Option<String>,
    /// Code of the agency that must answer.
    pub raised_with_agency: String,
    /// When it was raised.
    pub raised_at: Instant,
    /// When the service received it.
    pub received_at: Instant,
    /// How many children it concerns.
    pub child_count: i32,
    /// When its state last changed.
    pub changed_at: Instant,
    /// When the next running clock is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Instant>,
    /// Whether that is over.
    pub past_due: bool,
    /// What that clock waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_clock: Option<ClockKind>,
    /// Seconds, day and night, for which the child has waited so far, or until it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_seconds: Option<i64>,
    /// Whether the child still waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_waits: Option<bool>,
    /// Seconds on working days for which agencies held it, pauses left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_working_seconds: Option<i64>,
    /// Its colour by the time that its running limit has used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// True where what identified its children, and its texts, were erased: then only this line is left of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub erased: bool,
    /// Where it is.
    pub href: String,
}

/// The columns of escalations.
pub const ESCALATION_COLUMNS: &[&str] = &[
    "id",
    "reference",
    "version",
    "status",
    "stage",
    "episode",
    "scope",
    "urgency",
    "theme",
    "raised_by_agency",
    "raised_with_agency",
    "raised_at",
    "received_at",
    "child_count",
    "changed_at",
    "next_due_at",
    "past_due",
    "next_due_clock",
    "child_seconds",
    "child_waits",
    "agency_working_seconds",
    "rag",
];

impl EscalationLine {
    /// The line for one escalation at `now`.
    pub fn new(it: &EscalationSummary, partnership: &Partnership, now: Timestamp) -> Self {
        Self {
            id: it.id,
            reference: it.reference.clone(),
            version: it.version,
            status: it.status,
            stage: it.stage,
            episode: it.episode,
            scope: it.scope,
            urgency: it.urgency,
            theme: it.theme.clone(),
            // Without an answer to what may be seen, nothing is.
            raised_by_agency: it
                .sight
                .is_some_and(|sight| sight.raiser)
                .then(|| agency_code(partnership, it.raised_by)),
            raised_with_agency: agency_code(partnership, it.raised_with),
            raised_at: Instant(it.raised_at),
            received_at: Instant(it.received_at),
            child_count: it.child_count,
            changed_at: Instant(it.changed_at),
            next_due_at: it.next_due_at.map(Instant),
            past_due: it.next_due_at.is_some_and(|due_at| now > due_at),
            next_due_clock: it.next_due_clock,
            child_seconds: it.standing.as_ref().map(|standing| standing.child.seconds()),
            child_waits: it.standing.as_ref().map(|standing| standing.child.ended.is_none()),
            agency_working_seconds: it.standing.as_ref().and_then(Standing::agency_working_seconds),
            erased: it.erased,
            href: format!("/v1/escalations/{}", it.id),
            rag: it.standing.as_ref().and_then(|standing| standing.rag),
        }
    }

    /// Its cells, in the order of [`ESCALATION_COLUMNS`].
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            text(self.id),
            text(&self.reference),
            Cell::Count(i64::from(self.version)),
            text(self.status),
            Cell::Count(i64::from(self.stage)),
            Cell::Count(i64::from(self.episode)),
            text(self.scope),
            text(self.urgency),
            text(&self.theme),
            Cell::optional(self.raised_by_agency.clone()),
            text(&self.raised_with_agency),
            text(self.raised_at.0),
            text(self.received_at.0),
            Cell::Count(i64::from(self.child_count)),
            text(self.changed_at.0),
            Cell::optional(self.next_due_at.map(|at| at.0)),
            text(self.past_due),
            Cell::optional(self.next_due_clock),
            count(self.child_seconds),
            Cell::optional(self.child_waits),
            count(self.agency_working_seconds),
            Cell::optional(self.rag),
        ]
    }
}

/// An episode in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EpisodeInList)]
pub struct EpisodeLine {
    /// Which run of the escalation, counted from 1.
    pub episode: i16,
    /// When it opened.
    pub opened_at: Instant,
    /// When it ended; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Working days from opening to end, with fractions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_days: Option<f64>,
    /// Days of 24 hours, with fractions, for which the child had waited by the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_days: Option<f64>,
    /// The escalation.
    pub escalation: EscalationLine,
}

/// The columns of episodes.
pub const EPISODE_COLUMNS: &[&str] = &[
    "escalation_id",
    "reference",
    "episode",
    "opened_at",
    "ended_at",
    "outcome",
    "working_days",
    "stage",
    "urgency",
    "theme",
    "raised_by_agency",
    "raised_with_agency",
    "child_seconds",
    "agency_working_seconds",
    "child_days",
];

impl EpisodeLine {
    /// The line for one episode at `now`.
    pub fn new(it: &EpisodeSummary, partnership: &Partnership, now: Timestamp) -> Self {
        Self {
            episode: it.number,
            opened_at: Instant(it.opened_at),
            ended_at: it.ended_at.map(Instant),
            outcome: it.outcome,
            working_days: it
                .working_seconds
                .and_then(|seconds| i32::try_from(seconds).ok())
                .map(|seconds| working_days(f64::from(seconds))),
            child_days: it
                .child_seconds
                .and_then(|seconds| i32::try_from(seconds).ok())
                .map(|seconds| working_days(f64::from(seconds))),
            escalation: EscalationLine::new(&it.escalation, partnership, now),
        }
    }

    /// Its cells, in the order of [`EPISODE_COLUMNS`].
    pub fn cells(&self) -> Vec<Cell> {
        let of = &self.escalation;
        vec![
            text(of.id),
            text(&of.reference),
            Cell::Count(i64::from(self.episode)),
            text(self.opened_at.0),
            Cell::optional(self.ended_at.map(|at| at.0)),
            Cell::optional(self.outcome),
            Cell::number(self.working_days),
            Cell::Count(i64::from(of.stage)),
            text(of.urgency),
            text(&of.theme),
            Cell::optional(of.raised_by_agency.clone()),
            text(&of.raised_with_agency),
            count(of.child_seconds),
            count(of.agency_working_seconds),
            Cell::number(self.child_days),
        ]
    }
}

/// A stage clock in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockInList)]
pub struct ClockLine {
    /// Its identifier.
    pub id: ClockId,
    /// What it waits for.
    pub kind: ClockKind,
    /// The stage that set the limit.
    pub stage: i16,
    /// When it started.
    pub started_at: Instant,
    /// The last instant in time.
    pub due_at: Instant,
    /// When it stopped; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Instant>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// The escalation.
    pub escalation: EscalationLine,
}

/// The columns of clocks.
pub const CLOCK_COLUMNS: &[&str] = &[
    "id",
    "escalation_id",
    "reference",
    "kind",
    "stage",
    "started_at",
    "due_at",
    "stopped_at",
    "stop_reason",
    "urgency",
    "theme",
    "raised_by_agency",
    "raised_with_agency",
    "child_seconds",
    "agency_working_seconds",
];

impl ClockLine {
    /// The line for one clock at `now`.
    pub fn new(it: &ClockSummary, partnership: &Partnership, now: Timestamp) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            stage: it.stage,
            started_at: Instant(it.started_at),
            due_at: Instant(it.due_at),
            stopped_at: it.stopped_at.map(Instant),
            stop_reason: it.stop_reason,
            escalation: EscalationLine::new(&it.escalation, partnership, now),
        }
    }

    /// Its cells, in the order of [`CLOCK_COLUMNS`].
    pub fn cells(&self) -> Vec<Cell> {
        let of = &self.escalation;
        vec![
            text(self.id),
            text(of.id),
            text(&of.reference),
            text(self.kind),
            Cell::Count(i64::from(self.stage)),
            text(self.started_at.0),
            text(self.due_at.0),
            Cell::optional(self.stopped_at.map(|at| at.0)),
            Cell::optional(self.stop_reason),
            text(of.urgency),
            text(&of.theme),
            Cell::optional(of.raised_by_agency.clone()),
            text(&of.raised_with_agency),
            count(of.child_seconds),
            count(of.agency_working_seconds),
        ]
    }
}

pub(super) fn text(value: impl ToString) -> Cell {
    Cell::Text(value.to_string())
}

fn count(value: Option<i64>) -> Cell {
    value.map_or_else(|| Cell::optional(None::<String>), Cell::Count)
}
