//! An explanation of a due date as it is shown: with all that is needed to count it again.

use serde::Serialize;
use utoipa::ToSchema;

use super::reference_views::LimitView;
use super::times::{Day, Instant};
use super::views::StageView;
use crate::domain::explanation::DayReason;
use crate::domain::stage_clock::ClockKind;
use crate::domain::urgency::Urgency;
use crate::domain::working_days::Nation;

/// Why something is due when it is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationView {
    /// The identifier of the clock, or `child-process`.
    pub clock: String,
    /// Where the limit comes from.
    pub rule: RuleView,
    /// The limit as it stood when the clock started.
    pub limit: LimitView,
    /// How such a limit is counted, in words.
    pub counting: CountingView,
    /// The calendar whose bank holidays were skipped.
    pub calendar: CalendarName,
    /// When the clock started.
    pub started: LocalInstantView,
    /// The steps to the due instant, in order. Each goes on from what the one before arrived at.
    pub steps: Vec<StepView>,
    /// When it is due, as recorded.
    pub due: LocalInstantView,
    /// Whether the steps arrive at what is recorded. If not, the record holds; please report it.
    pub agrees: bool,
    /// Where to go on.
    pub links: ExplanationLinks,
}

/// An instant with what a London calendar shows at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LocalInstant)]
pub struct LocalInstantView {
    /// The instant.
    pub at: Instant,
    /// The date in London.
    pub local_date: Day,
    /// How far London is ahead of UTC then.
    #[schema(example = "+01:00")]
    pub utc_offset: String,
}

/// Where a limit comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedRule)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum RuleView {
    /// The partnership's ladder: the agencies' time.
    StagePolicy(StageRule),
    /// A timescale of the child's process: the child's time.
    Timescale(TimescaleRule),
}

/// The rule of a stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageRule {
    /// What the clock waits for.
    pub kind: ClockKind,
    /// The version of the policy that set the limit.
    pub policy_version: String,
    /// The stage.
    pub stage: StageView,
    /// The urgency that chose the limit.
    pub urgency: Urgency,
}

/// The rule of a step of the child's process.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimescaleRule {
    /// The timescale.
    pub code: String,
    /// Its version.
    pub version: String,
    /// The step, in words.
    pub label: String,
    /// The event from which the time runs.
    pub starts: String,
    /// The event that must happen in time.
    pub stops: String,
    /// What kind of authority set it.
    pub basis: String,
    /// Where it is written.
    pub source: String,
    /// Whether a person has checked it against Working Together 2026.
    pub verified_against_wt2026: bool,
}

/// How a limit is counted, in words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Counting)]
pub struct CountingView {
    /// What is counted.
    pub unit: String,
    /// What becomes of the day of the event.
    pub day_zero: String,
    /// When the last day ends.
    pub end: String,
    /// Where days begin and end.
    #[schema(example = "Europe/London")]
    pub time_zone: String,
}

/// Which calendar it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarName {
    /// Its version.
    pub version: String,
    /// The nation whose bank holidays it has.
    pub nation: Nation,
}

/// A step to a due instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedStep)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepView {
    /// The limit, counted from an instant.
    Counted(CountedStep),
    /// What the steps before arrive at had passed when the clock started: it is due at once.
    AtOnce(AtOnceStep),
    /// Both sides agreed on another instant.
    Agreed(AgreedStep),
    /// Time was paused.
    Paused(PausedStep),
    /// The earlier of what was due before and what was counted.
    Earlier(EarlierStep),
}

/// The limit, counted from an instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedStep {
    /// The instant of day zero.
    pub from: LocalInstantView,
    /// Every day from day zero to the last; backwards when the limit lies before its event. Empty for
    /// limits in hours, and for more than three years of a limit that counts every day.
    pub days: Vec<ListedDayView>,
    /// The day on which each month is complete; absent for limits in other units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<Vec<Day>>,
    /// When the limit runs out.
    pub due: LocalInstantView,
}

/// Nothing is due before its clock starts. One that takes over from a clock that is late already is due when it starts,
/// and so is what starts after 23:59:59.999.
#[derive(Debug, Serialize, ToSchema)]
pub struct AtOnceStep {
    /// The start, which is also when it is due.
    pub due: LocalInstantView,
}

/// An instant that both sides agreed on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreedStep {
    /// What was due before.
    pub previous: LocalInstantView,
    /// What they agreed on.
    pub due: LocalInstantView,
    /// Who may agree on what, in words.
    pub condition: String,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
pub struct PausedStep {
    /// What was due before.
    pub previous: LocalInstantView,
    /// When the pause began.
    pub from: LocalInstantView,
    /// When it ends by itself, or was ended.
    pub until: LocalInstantView,
    /// Every day of the pause; its first day is day zero. Empty for limits in hours.
    pub days_paused: Vec<ListedDayView>,
    /// How many days the pause gives back: those counted in it. Absent for limits in hours, which
    /// get back the time from `from` to `until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_gained: Option<u32>,
    /// Every day from the one that was due before, which is day zero, to the new one.
    pub days_after: Vec<ListedDayView>,
    /// When it is due for the pause: on the new day at the time of day of `previous`. A time that the clocks skip is
    /// counted as if they had not been put forward yet.
    pub due: LocalInstantView,
}

/// The earlier of two.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarlierStep {
    /// What was due before.
    pub previous: LocalInstantView,
    /// What was counted.
    pub counted: LocalInstantView,
    /// The earlier one.
    pub due: LocalInstantView,
}

/// A day that was counted or skipped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedDay)]
pub struct ListedDayView {
    /// The day.
    pub date: Day,
    /// Its day of the week.
    #[schema(example = "monday")]
    pub weekday: String,
    /// Whether it was counted.
    pub counted: bool,
    /// Why.
    pub why: DayReason,
    /// The bank holiday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
    /// Which of the counted days it is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// Where to go on from an explanation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplanationLinks {
    /// This explanation.
    #[serde(rename = "self")]
    pub this: String,
    /// The escalation.
    pub escalation: String,
    /// The explanation of the clock that this one took over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_over_from: Option<String>,
}
