//! Why something is due when it is due, told so that anybody can count it again without this
//! program.

mod day_list;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::escalation::Delay;
use super::ids::ClockId;
use super::limit::{Limit, LimitUnit};
use super::london;
use super::stage_clock::{ClockKind, DueBasis, StageClock};
use super::stage_policy::StagePolicy;
use super::timescale::Timescale;
use super::urgency::Urgency;
use super::working_days::{Calendar, DayZero, Nation, NoCalendar};

pub use day_list::{DayReason, ListedDay};

/// An instant with what a London clock and calendar show at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalInstant {
    /// The instant.
    pub at: Timestamp,
    /// The date in London.
    pub local_date: Date,
    /// How far London was ahead of UTC.
    pub utc_offset: Offset,
}

impl LocalInstant {
    /// The instant as London sees it.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self { at, local_date: london::local_date(at), utc_offset: london::utc_offset(at) }
    }
}

/// Where the limit comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The partnership's ladder: the agencies' time.
    Stage {
        /// The clock.
        clock: ClockId,
        /// The clock that it took over from.
        took_over_from: Option<ClockId>,
        /// What it waits for.
        kind: ClockKind,
        /// The version of the policy that set the limit.
        policy_version: String,
        /// The stage's number.
        stage: u8,
        /// The stage's code.
        code: String,
        /// The stage in words.
        label: String,
        /// The urgency that chose the limit.
        urgency: Urgency,
    },
    /// A timescale of the child's process: the child's time.
    Process(Timescale),
}

/// One step from the start to the due instant. Each goes on from the due instant of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The limit, counted from an instant.
    Counted {
        /// The instant of day zero.
        from: LocalInstant,
        /// Every day from day zero to the last; none for limits in hours.
        days: Vec<ListedDay>,
        /// The day on which each month is complete; none for limits in other units.
        months: Option<Vec<Date>>,
        /// When the limit runs out.
        due: LocalInstant,
    },
    /// What the steps before arrive at had passed when the clock started: another one was late already when this one took
    /// over, or it started in the last moment of a day, after the instant to which the day's limits run.
    AtOnce {
        /// The start of the clock, which is also when it is due.
        due: LocalInstant,
    },
    /// Both sides agreed on another instant.
    Agreed {
        /// What was due before.
        previous: LocalInstant,
        /// How often the policy lets them in one stage.
        times_per_stage: u32,
        /// What they agreed on.
        due: LocalInstant,
    },
    /// Time was paused.
    Paused {
        /// What was due before.
        previous: LocalInstant,
        /// When the pause began.
        from: LocalInstant,
        /// When it ends, or ended.
        until: LocalInstant,
        /// Every day from the first of the pause, which is day zero, to its last; none for hours.
        days_paused: Vec<ListedDay>,
        /// How many days that gives back; none for hours, which give back the time itself.
        days_gained: Option<u32>,
        /// Every day from the one that was due before, which is day zero, to the last.
        days_after: Vec<ListedDay>,
        /// When it is due for the pause.
        due: LocalInstant,
    },
    /// The earlier of what was due before and what was counted.
    Earlier {
        /// What was due before.
        previous: LocalInstant,
        /// What was counted.
        counted: LocalInstant,
        /// The earlier one.
        due: LocalInstant,
    },
}

impl Step {
    /// What this step arrives at.
    #[must_use]
    pub const fn due(&self) -> LocalInstant {
        match self {
            Self::Counted { due, .. }
            | Self::AtOnce { due }
            | Self::Agreed { due, .. }
            | Self::Paused { due, .. }
            | Self::Earlier { due, .. } => *due,
        }
    }
}

/// Why something is due when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Where the limit comes from.
    pub rule: Rule,
    /// The limit as it stood when the clock started.
    pub limit: Limit,
    /// When the clock started.
    pub started: LocalInstant,
    /// The version of the calendar that counted the days.
    pub calendar_version: String,
    /// Whose bank holidays these are.
    pub nation: Nation,
    /// The steps, in order; at least one.
    pub steps: Vec<Step>,
    /// When it is due, as recorded.
    pub due: LocalInstant,
}

impl Explanation {
    /// Why the answer, or whatever else `clock` waits for, is due when it is due.
    ///
    /// `clocks` are all clocks of the escalation, `policy` and `calendar` the versions that `clock`
    /// names.
    ///
    /// # Errors
    /// [`NoCalendar`] when `calendar` is not the one that counted the days.
    pub fn of_clock(
        clock: &StageClock,
        clocks: &[StageClock],
        policy: &StagePolicy,
        calendar: &Calendar,
    ) -> Result<Self, NoCalendar> {
        let stage = policy.stage(clock.stage);
        let limit = &clock.limit;
        let mut steps = match clock.basis_among(clocks) {
            DueBasis::Counted { from } => vec![counted(limit, from, calendar)?],
            DueBasis::Agreed { previous_due_at } => vec![Step::Agreed {
                previous: LocalInstant::of(previous_due_at),
                times_per_stage: policy.extension.times_per_stage,
                due: LocalInstant::of(clock.due_at),
            }],
            DueBasis::Paused { previous_due_at, from, until } => {
                vec![paused(limit, previous_due_at, from, until, calendar)?]
            }
            DueBasis::Earlier { previous_due_at, from } => {
                let step = counted(limit, from, calendar)?;
                let (previous, counted) = (LocalInstant::of(previous_due_at), step.due());
                let due = if previous.at < counted.at { previous } else { counted };
                vec![step, Step::Earlier { previous, counted, due }]
            }
        };
        // Nothing is due before its clock starts.
        if steps.last().is_some_and(|step| step.due().at < clock.started_at) {
            steps.push(Step::AtOnce { due: LocalInstant::of(clock.started_at) });
        }
        Ok(Self {
            rule: Rule::Stage {
                clock: clock.id,
                took_over_from: clock.extends,
                kind: clock.kind,
                policy_version: clock.policy_version.clone(),
                stage: clock.stage,
                code: stage.map(|stage| stage.code.clone()).unwrap_or_default(),
                label: stage.map(|stage| stage.label.clone()).unwrap_or_default(),
                urgency: clock.urgency,
            },
            limit: clock.limit,
            started: LocalInstant::of(clock.started_at),
            calendar_version: calendar.version().to_owned(),
            nation: calendar.nation(),
            steps,
            due: LocalInstant::of(clock.due_at),
        })
    }

    /// Why a step of the child's process is due when it is due; nothing when no limit applies.
    ///
    /// `timescale` and `calendar` are the versions that `delay` names.
    ///
    /// # Errors
    /// [`NoCalendar`] when `calendar` is not the one that counted the days.
    pub fn of_delay(
        delay: &Delay,
        timescale: &Timescale,
        calendar: &Calendar,
    ) -> Result<Option<Self>, NoCalendar> {
        let (Some(limit), Some(due_at)) = (delay.limit, delay.due_at) else {
            return Ok(None);
        };
        Ok(Some(Self {
            rule: Rule::Process(timescale.clone()),
            limit,
            started: LocalInstant::of(delay.started_at),
            calendar_version: calendar.version().to_owned(),
            nation: calendar.nation(),
            steps: vec![counted(&limit, delay.started_at, calendar)?],
            due: LocalInstant::of(due_at),
        }))
    }

    /// Whether the steps arrive at what is recorded. Said rather than assumed: if a fault ever put
    /// the two apart, this is where it shows.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.steps.last().is_some_and(|step| step.due().at == self.due.at)
    }
}

fn counted(limit: &Limit, from: Timestamp, calendar: &Calendar) -> Result<Step, NoCalendar> {
    let due = LocalInstant::of(limit.due_at(from, calendar)?);
    let from = LocalInstant::of(from);
    let own_day = limit.day_zero == DayZero::IncludeStart && limit.amount > 0;
    let days = day_list::from_to(limit.unit, from.local_date, due.local_date, own_day, calendar)?;
    let months = (limit.unit == LimitUnit::Month)
        .then(|| day_list::months(limit, from.local_date, due.local_date));
    Ok(Step::Counted { from, days, months, due })
}

fn paused(
    limit: &Limit,
    previous_due_at: Timestamp,
    from: Timestamp,
    until: Timestamp,
    calendar: &Calendar,
) -> Result<Step, NoCalendar> {
    let due = LocalInstant::of(limit.shifted(previous_due_at, from, until, calendar)?);
    let previous = LocalInstant::of(previous_due_at);
    let (from, until) = (LocalInstant::of(from), LocalInstant::of(until));
    let days = |first: Date, last: Date| {
        day_list::from_to(limit.unit, first, last.max(first), false, calendar)
    };
    let days_paused = days(from.local_date, until.local_date)?;
    let days_gained = (limit.unit != LimitUnit::Hour)
        .then(|| days_paused.iter().filter_map(|it| it.number).max().unwrap_or(0));
    let days_after = days(previous.local_date, due.local_date)?;
    Ok(Step::Paused { previous, from, until, days_paused, days_gained, days_after, due })
}

#[cfg(test)]
mod tests;
