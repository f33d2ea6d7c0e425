//! Clocks as they are shown: the child's process and the stages' limits, each in its own unit.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::times::Instant;
use crate::domain::codes::codes;
use crate::domain::delay::{DelayCause, DelayState, ProcessClock};
use crate::domain::escalation::{Delay, Escalation};
use crate::domain::ids::ClockId;
use crate::domain::limit::LimitUnit;
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::{ClockKind, StageClock, StopReason};

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
    /// Why it is due when it is: each day counted or skipped. Absent where no limit applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

codes! {
    /// How a clock stands.
    pub enum ClockState {
        /// It runs, and there is time.
        Running => "running",
        /// It runs, and is late.
        Overdue => "overdue",
        /// What it waited for came in time.
        Met => "met",
        /// What it waited for came late, or not at all.
        Missed => "missed",
        /// It stopped before it was due, for another reason: another clock took over, or the matter moved on.
        Replaced => "replaced",
    }
}

/// A time limit of a stage, or of what follows the end. What it is due by never changes.
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
    /// How it stands.
    pub state: ClockState,
    /// Whether what it waits for is, or came, late.
    pub overdue: bool,
    /// Whether it was late already when the service first heard of it.
    pub late_recorded: bool,
    /// Whether it was stopped in time, as the agency says, and the service heard of that only after it was due.
    pub stop_recorded_late: bool,
    /// Seconds, day and night, until it stopped, or so far.
    pub elapsed_seconds: i64,
    /// The same on working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_working_seconds: Option<i64>,
    /// Seconds, day and night, that are left; negative when it is late. Absent once it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<i64>,
    /// The pause that it allows for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_from: Option<Instant>,
    /// When that pause ends, or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Instant>,
    /// The clock that this one took over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<ClockId>,
    /// The stage policy that set the limit.
    pub policy_version: String,
    /// The calendar that counted the days.
    pub calendar_version: String,
    /// Why it is due when it is: each day counted or skipped.
    pub explanation: String,
}

impl DelayView {
    /// The delayed process as it stands at `now`.
    pub fn new(delay: &Delay, escalation: &str, partnership: &Partnership, now: Timestamp) -> Self {
        let until = delay.occurred_at.unwrap_or(now);
        let calendar = partnership.calendar(&delay.calendar_version);
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
            explanation: delay
                .due_at
                .map(|_| format!("{escalation}/clocks/child-process/explanation")),
        }
    }
}

impl ClockView {
    /// One clock of an escalation as it stands at `now`.
    pub fn new(
        clock: &StageClock,
        escalation: &Escalation,
        agreed: &Partnership,
        now: Timestamp,
    ) -> Self {
        let until = clock.stopped.map_or(now, |stop| stop.at).max(clock.started_at);
        let calendar = agreed.calendar(&clock.calendar_version);
        let pause = clock.pause();
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
            state: ClockState::of(clock, now),
            overdue: clock.is_overdue(now),
            late_recorded: clock.is_late_recorded(),
            stop_recorded_late: clock.is_stop_recorded_late(),
            elapsed_seconds: until.as_second() - clock.started_at.as_second(),
            elapsed_working_seconds: calendar
                .and_then(|calendar| calendar.working_seconds(clock.started_at, until).ok()),
            remaining_seconds: clock
                .is_running()
                .then(|| clock.due_at.as_second() - now.as_second()),
            paused_from: pause.map(|(from, _)| Instant(from)),
            paused_until: pause.map(|(_, until)| Instant(until)),
            extends: clock.extends,
            policy_version: clock.policy_version.clone(),
            calendar_version: clock.calendar_version.clone(),
            explanation: format!(
                "/v1/escalations/{}/clocks/{}/explanation",
                escalation.id, clock.id
            ),
        }
    }
}

impl ClockState {
    fn of(clock: &StageClock, now: Timestamp) -> Self {
        let late = clock.is_overdue(now);
        match clock.stopped {
            None if late => Self::Overdue,
            None => Self::Running,
            Some(_) if late => Self::Missed,
            Some(stop) => match stop.reason {
                StopReason::Answered | StopReason::Acknowledged | StopReason::Done => Self::Met,
                _ => Self::Replaced,
            },
        }
    }
}
