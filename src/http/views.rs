//! An escalation as it is shown: the answer of every operation that reads or changes one.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::times::Instant;
use crate::domain::act::ActKind;
use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::delay::{ChildImpact, DelayCause, DelayState, InterimSafety, ProcessClock};
use crate::domain::escalation::{Delay, Scope, Status};
use crate::domain::event::Ending;
use crate::domain::figures::SECONDS_PER_WORKING_DAY;
use crate::domain::ids::{AgencyId, ClockId, EscalationId};
use crate::domain::limit::LimitUnit;
use crate::domain::partnership::Partnership;
use crate::domain::resolution::{ChildOutcome, DelayEffect, Outcome};
use crate::domain::stage_clock::{ClockKind, StageClock, StopReason};
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;
use crate::usecases::read::Detail;

/// What to do first when a child is in immediate danger. This service is no emergency route.
const EMERGENCY: &str = "A child in immediate danger: call 999 or the emergency duty team first, \
     and ask for an emergency protection order where it is needed. Nobody watches this record \
     minute by minute.";

/// An escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Escalation)]
pub struct EscalationView {
    /// Its identifier.
    pub id: EscalationId,
    /// A reference that is safe to say aloud; it tells nothing about the child.
    #[schema(example = "ESC-ANY-2026-00042")]
    pub reference: String,
    /// The number of recorded acts; also the `ETag`. Send it as `If-Match` to act on what you read.
    pub version: i32,
    /// Where it stands.
    pub status: Status,
    /// The stage that it reached.
    pub stage: StageView,
    /// Which run this is; reopening starts another.
    pub episode: u16,
    /// Between whom it runs.
    pub scope: Scope,
    /// How urgent it is for the child.
    pub urgency: Urgency,
    /// What to do first when the urgency is `immediate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_notice: Option<String>,
    /// What kind of thing went wrong.
    pub theme: ThemeCode,
    /// Further themes.
    pub secondary_themes: Vec<ThemeCode>,
    /// Code of the agency that raised it.
    pub raised_by_agency: String,
    /// Code of the agency that must answer.
    pub raised_with_agency: String,
    /// The role of the person who raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised_by_role: Option<String>,
    /// The sending system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// That system's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// How many children it concerns.
    pub child_count: u16,
    /// The children, for the two agencies of the escalation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_references: Option<Vec<ChildReferenceView>>,
    /// When the concern arose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concern_arose_at: Option<Instant>,
    /// When it was raised, as the raiser says.
    pub raised_at: Instant,
    /// When the service received it.
    pub received_at: Instant,
    /// What the delay meant for the child when it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_action_taken_at: Option<Instant>,
    /// What the raiser wants to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_outcome: Option<String>,
    /// What the raiser is worried about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concern: Option<String>,
    /// The delayed process: the child's time. Not to be mixed with the clocks below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayView>,
    /// The limits for acknowledging and answering, of every stage so far: the agencies' time.
    pub clocks: Vec<ClockView>,
    /// Whether the answer that is awaited now is late.
    pub overdue: bool,
    /// When the next running clock is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Instant>,
    /// How the latest episode ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ResolutionView>,
    /// What you can do now.
    pub possible_acts: Vec<ActKind>,
    /// Where to go on.
    pub links: EscalationLinks,
}

/// A stage of the ladder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StageView {
    /// 0 for the conversation before the formal stages, then 1, 2, ….
    pub number: u8,
    /// Its stable code.
    #[schema(example = "first_line")]
    pub code: String,
    /// Its name.
    pub label: String,
}

/// A child, as the raising agency's systems know it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChildReferenceShown)]
pub struct ChildReferenceView {
    /// Whose numbering it is.
    pub scheme: Scheme,
    /// The normalised reference.
    pub value: String,
}

/// The process whose delay made somebody escalate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DelayShown)]
pub struct DelayView {
    /// The timescale.
    #[schema(example = "strategy_meeting")]
    pub timescale: String,
    /// Its version.
    pub timescale_version: String,
    /// In what its limit is counted; none for `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<LimitUnit>,
    /// How many units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// When the time began to run.
    pub started_at: Instant,
    /// The last instant in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Instant>,
    /// When it happened; absent while it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Instant>,
    /// Where the process stands.
    pub state: DelayState,
    /// Whole units used so far, or until it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<i64>,
    /// Whole units beyond the limit; absent while it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrun: Option<i64>,
    /// Why it was late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<DelayCause>,
    /// The calendar that counted the days.
    pub calendar_version: String,
}

/// A time limit of a stage. What it is due by never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageClock)]
pub struct ClockView {
    /// Its identifier.
    pub id: ClockId,
    /// What it waits for.
    pub kind: ClockKind,
    /// The stage that started it.
    pub stage: u8,
    /// The episode that it belongs to.
    pub episode: u16,
    /// The limit.
    pub limit: u32,
    /// In what the limit is counted.
    pub unit: LimitUnit,
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
    /// Whether what it waits for is, or came, late.
    pub overdue: bool,
    /// The clock that this one took over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<ClockId>,
    /// The stage policy that set the limit.
    pub policy_version: String,
    /// The calendar that counted the days.
    pub calendar_version: String,
}

/// How an episode ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolutionShown)]
pub struct ResolutionView {
    /// When.
    pub ended_at: Instant,
    /// How.
    pub outcome: Outcome,
    /// What it meant for the child.
    pub child_outcome: ChildOutcome,
    /// What escalating did to the delay.
    pub delay_effect: DelayEffect,
    /// Working days from opening to end, with fractions.
    pub working_days: f64,
    /// Whether it ended on the local date on which it was opened.
    pub same_day: bool,
}

/// Where to go on from an escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationLinks {
    /// This escalation.
    #[serde(rename = "self")]
    pub this: String,
    /// Its history.
    pub events: String,
}

/// The code of an agency; every agency of an escalation is one of its partnership.
pub(super) fn agency_code(partnership: &Partnership, id: AgencyId) -> String {
    partnership.agency_by_id(id).map_or_else(|| id.to_string(), |agency| agency.code.clone())
}

/// Seconds on working days as working days, to four decimals.
pub(super) fn working_days(seconds: f64) -> f64 {
    (seconds / SECONDS_PER_WORKING_DAY * 10_000.0).round() / 10_000.0
}

impl From<Detail> for EscalationView {
    fn from(detail: Detail) -> Self {
        let Detail { escalation, partnership, now, .. } = detail;
        let facts = &escalation.facts;
        let policy = partnership.policy(&facts.policy_version);
        let stage = policy.and_then(|policy| policy.stage(escalation.stage));
        let this = format!("/v1/escalations/{}", escalation.id);
        Self {
            id: escalation.id,
            reference: facts.reference.clone(),
            version: escalation.version,
            status: escalation.status,
            stage: StageView {
                number: escalation.stage,
                code: stage.map(|stage| stage.code.clone()).unwrap_or_default(),
                label: stage.map(|stage| stage.label.clone()).unwrap_or_default(),
            },
            episode: escalation.episode.number,
            scope: facts.scope,
            urgency: facts.urgency,
            emergency_notice: (facts.urgency == Urgency::Immediate).then(|| EMERGENCY.to_owned()),
            theme: facts.theme.clone(),
            secondary_themes: facts.secondary_themes.clone(),
            raised_by_agency: agency_code(&partnership, facts.raised_by),
            raised_with_agency: agency_code(&partnership, facts.raised_with),
            raised_by_role: facts.raised_by_role.clone(),
            source: facts.source.clone(),
            external_reference: facts.external_reference.clone(),
            child_count: facts.child_count,
            child_references: detail
                .children
                .map(|children| children.iter().map(ChildReferenceView::from).collect()),
            concern_arose_at: facts.concern_arose_at.map(Instant),
            raised_at: Instant(facts.raised_at),
            received_at: Instant(facts.received_at),
            child_impact: facts.child_impact,
            interim_safety: facts.interim_safety,
            emergency_action_taken_at: facts.emergency_action_taken_at.map(Instant),
            desired_outcome: detail.desired_outcome.map(String::from),
            concern: detail.concern.map(String::from),
            delay: facts.delay.as_ref().map(|delay| DelayView::new(delay, &partnership, now)),
            clocks: escalation.clocks.iter().map(|clock| ClockView::new(clock, now)).collect(),
            overdue: escalation.is_overdue(now),
            next_due_at: escalation.next_due().map(|clock| Instant(clock.due_at)),
            resolution: escalation.episode.ending.as_ref().map(ResolutionView::from),
            possible_acts: detail.possible_acts,
            links: EscalationLinks { events: format!("{this}/events"), this },
        }
    }
}

impl From<&ChildReference> for ChildReferenceView {
    fn from(child: &ChildReference) -> Self {
        Self { scheme: child.scheme(), value: child.value().to_owned() }
    }
}

impl DelayView {
    fn new(delay: &Delay, partnership: &Partnership, now: Timestamp) -> Self {
        let until = delay.occurred_at.unwrap_or(now);
        let calendar = partnership
            .calendars
            .iter()
            .map(|version| &version.calendar)
            .find(|calendar| calendar.version() == delay.calendar_version);
        let counted = delay.limit.zip(calendar);
        let process = ProcessClock {
            due_at: delay.due_at,
            at_risk_from: counted
                .and_then(|(limit, calendar)| limit.at_risk_from(delay.started_at, calendar).ok()),
            occurred_at: delay.occurred_at,
        };
        Self {
            timescale: delay.timescale.clone(),
            timescale_version: delay.timescale_version.clone(),
            unit: delay.limit.map(|limit| limit.unit),
            limit: delay.limit.map(|limit| limit.amount),
            started_at: Instant(delay.started_at),
            due_at: delay.due_at.map(Instant),
            occurred_at: delay.occurred_at.map(Instant),
            state: process.state(now),
            elapsed: counted.and_then(|(limit, calendar)| {
                limit.elapsed(delay.started_at, until, calendar).ok()
            }),
            overrun: counted.zip(delay.due_at).and_then(|((limit, calendar), due_at)| {
                limit.overrun(due_at, until, calendar).ok().flatten()
            }),
            cause: delay.cause,
            calendar_version: delay.calendar_version.clone(),
        }
    }
}

impl ClockView {
    fn new(clock: &StageClock, now: Timestamp) -> Self {
        Self {
            id: clock.id,
            kind: clock.kind,
            stage: clock.stage,
            episode: clock.episode,
            limit: clock.limit.amount,
            unit: clock.limit.unit,
            started_at: Instant(clock.started_at),
            due_at: Instant(clock.due_at),
            stopped_at: clock.stopped.map(|stop| Instant(stop.at)),
            stop_reason: clock.stopped.map(|stop| stop.reason),
            overdue: clock.is_overdue(now),
            extends: clock.extends,
            policy_version: clock.policy_version.clone(),
            calendar_version: clock.calendar_version.clone(),
        }
    }
}

impl From<&Ending> for ResolutionView {
    fn from(ending: &Ending) -> Self {
        // 68 years of seconds fit; no episode lasts longer.
        let seconds = i32::try_from(ending.working_seconds).map_or(f64::MAX, f64::from);
        Self {
            ended_at: Instant(ending.at),
            outcome: ending.outcome,
            child_outcome: ending.child_outcome,
            delay_effect: ending.delay_effect,
            working_days: working_days(seconds),
            same_day: ending.same_day,
        }
    }
}
