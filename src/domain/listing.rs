//! What can be asked of a list, and what a line of it says: never free text, never a child.

use jiff::Timestamp;

use super::escalation::{Scope, Status};
use super::ids::{AgencyId, ClockId, EscalationId};
use super::resolution::Outcome;
use super::sight::Sight;
use super::stage_clock::{ClockKind, StopReason};
use super::standing::Standing;
use super::theme::ThemeCode;
use super::urgency::Urgency;

/// A half-open span of time: its first instant belongs to it, its last does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The first instant, if bounded.
    pub from: Option<Timestamp>,
    /// The first instant after it, if bounded.
    pub to: Option<Timestamp>,
}

/// Which escalations a list is about; everything named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EscalationFilter {
    /// Where it stands.
    pub status: Option<Status>,
    /// Its primary theme is one of these.
    pub themes: Option<Vec<String>>,
    /// The stage that it reached.
    pub stage: Option<u8>,
    /// Its urgency.
    pub urgency: Option<Urgency>,
    /// The agency that raised it.
    pub raised_by: Option<AgencyId>,
    /// The agency that must answer.
    pub raised_with: Option<AgencyId>,
    /// When it was raised.
    pub raised: Span,
    /// Whether the answer that is awaited now is late.
    pub overdue: Option<bool>,
    /// Whether the service received it more than five times 24 hours after it was raised.
    pub received_late: Option<bool>,
    /// Whether it is left out of the figures.
    pub excluded: Option<bool>,
    /// The sending system.
    pub source: Option<String>,
    /// That system's reference.
    pub external_reference: Option<String>,
    /// When it is due next, with what has an instant at all.
    pub next_due: Span,
    /// What its next clock waits for.
    pub next_due_clock: Option<ClockKind>,
    /// Agencies from which a protected raiser is hidden: what asks who raised it finds such escalations only if they
    /// raised it themselves. None where nothing is hidden.
    pub protected_from: Option<Vec<AgencyId>>,
    /// What had been recorded by this instant, as it stood then; none for what is known now.
    pub as_of: Option<Timestamp>,
}

/// Which episodes a list is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EpisodeFilter {
    /// When it opened.
    pub opened: Span,
    /// When it ended.
    pub ended: Span,
    /// Whether it began with a reopening.
    pub reopened: Option<bool>,
    /// Whether its outcome settles the matter.
    pub resolved: Option<bool>,
    /// Whether it ended on the local date on which it opened.
    pub same_day: Option<bool>,
    /// Open at this instant.
    pub open_at: Option<Timestamp>,
}

/// Which stage clocks a list is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockFilter {
    /// What it waits for.
    pub kind: Option<ClockKind>,
    /// When it was, or is, due.
    pub due: Span,
    /// Whether it counts: it was not replaced, and did not end with the matter, before it was due.
    pub counted: Option<bool>,
    /// Whether what it waited for came in time.
    pub in_time: Option<bool>,
    /// Running and late at this instant.
    pub overdue_at: Option<Timestamp>,
}

/// From where a page goes on: the sort instant and identifier of the last line of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// The sort instant.
    pub at: Timestamp,
    /// The identifier that breaks ties.
    pub id: uuid::Uuid,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many lines.
    pub limit: i64,
    /// Go on after this line.
    pub after: Option<After>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
    /// By when it is due next instead of when it was raised; what has no clock running is not listed.
    pub by_next_due: bool,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The lines.
    pub items: Vec<T>,
    /// From where the next page goes on; none when this was the last.
    pub next: Option<After>,
}

/// A line of a list of escalations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationSummary {
    /// Its identifier.
    pub id: EscalationId,
    /// The reference that is safe to say aloud.
    pub reference: String,
    /// The number of events so far.
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
    /// The agency that raised it.
    pub raised_by: AgencyId,
    /// The agency that must answer.
    pub raised_with: AgencyId,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When the service received it.
    pub received_at: Timestamp,
    /// How many children it concerns.
    pub child_count: i32,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When the next running clock is due.
    pub next_due_at: Option<Timestamp>,
    /// What that clock waits for.
    pub next_due_clock: Option<ClockKind>,
    /// Whether what identified its children, and its texts, were erased.
    pub erased: bool,
    /// How it stands; computed from the whole escalation after the line was found.
    pub standing: Option<Standing>,
    /// What the caller may see of it.
    pub sight: Option<Sight>,
}

/// A line of a list of episodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpisodeSummary {
    /// The escalation.
    pub escalation: EscalationSummary,
    /// Which run of it, counted from 1.
    pub number: i16,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Seconds on working days from opening to end.
    pub working_seconds: Option<i64>,
    /// Seconds, day and night, for which the child had waited by the end.
    pub child_seconds: Option<i64>,
}

/// A line of a list of stage clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSummary {
    /// The clock.
    pub id: ClockId,
    /// The escalation.
    pub escalation: EscalationSummary,
    /// What it waits for.
    pub kind: ClockKind,
    /// The stage that set the limit.
    pub stage: i16,
    /// When it started.
    pub started_at: Timestamp,
    /// The last instant in time.
    pub due_at: Timestamp,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped.
    pub stop_reason: Option<StopReason>,
}
