//! What a review learnt, what change was expected of it, and whether the figures show one.
//!
//! What was usual before is frozen when the expectation is written down. When its week has come, the same chart that
//! judges every figure of the review judges this one: "better" is a signal on the expected side and nothing less.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access::Caller;
use super::action::{PlanReference, Recorded, RoleName};
use super::broken_rule::{BrokenRule, Faults, FieldRule};
use super::codes::codes;
use super::figures::{DEFINITIONS_VERSION, Figures};
use super::free_text::FreeText;
use super::ids::{AgencyId, EscalationId, LearningId};
use super::partnership::Partnership;
use super::spc::{
    ChartKind, Denominators, Scale, SignalSide, SpcSettings, WeekValue, c_chart, choose_for_counts,
    xmr,
};
use super::week::IsoWeek;

mod line;

pub use line::{ExpectedLine, LearningLine};

/// What was learnt, short enough to be read out.
pub type LearningText = FreeText<280>;

/// The most escalations that one item names.
pub const MOST_ESCALATIONS: usize = 20;

/// How many weeks before are usual, at most: a year.
pub const BASELINE_WEEKS: i32 = 52;

codes! {
    /// The figure that is expected to change.
    pub enum ExpectedFigure {
        /// Raised in a week.
        Raised => "raised",
        /// Late when a week ended.
        OverdueAtEnd => "overdue_at_end",
        /// The share of answers in time.
        AnsweredInTime => "answered_in_time",
        /// The median of working days to resolve.
        WorkingDaysToResolve => "working_days_to_resolve",
    }
}

impl ExpectedFigure {
    /// The figure in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Raised => "escalations raised in a week",
            Self::OverdueAtEnd => "overdue when a week ends",
            Self::AnsweredInTime => "answers in time",
            Self::WorkingDaysToResolve => "median working days to resolve",
        }
    }

    /// Its value in a week, by the definitions of the weekly figures.
    #[must_use]
    pub fn of(self, figures: &Figures) -> Option<f64> {
        let whole = |number: i64| i32::try_from(number).ok().map(f64::from);
        match self {
            Self::Raised => whole(figures.raised),
            Self::OverdueAtEnd => whole(figures.overdue_at_end),
            Self::AnsweredInTime => figures.share_in_time(),
            Self::WorkingDaysToResolve => figures.median_working_days(),
        }
    }

    const fn counts(self) -> bool {
        matches!(self, Self::Raised | Self::OverdueAtEnd)
    }
}

codes! {
    /// To which side a figure is expected to move.
    pub enum ExpectedDirection {
        /// More of it.
        Higher => "higher",
        /// Less of it.
        Lower => "lower",
    }
}

codes! {
    /// What the figures show.
    pub enum LearningResult {
        /// A signal on the expected side.
        Better => "better",
        /// A signal on the other side.
        Worse => "worse",
        /// No signal: what is seen is what chance explains.
        NoDetectableChange => "no_detectable_change",
        /// Too few weeks or cases, or the definitions of the figure changed since.
        NotMeasurable => "not_measurable",
    }
}

impl LearningResult {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Better => "Better",
            Self::Worse => "Worse",
            Self::NoDetectableChange => "No detectable change",
            Self::NotMeasurable => "Not measurable",
        }
    }
}

/// The change that somebody expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Of which figure.
    pub figure: ExpectedFigure,
    /// To which side.
    pub direction: ExpectedDirection,
    /// The week in which it is measured again.
    pub remeasure: IsoWeek,
}

/// What was usual before, as it was known when the expectation was written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The value of each week, the oldest first.
    pub values: Vec<(IsoWeek, Option<f64>)>,
    /// The version of the definitions by which they were counted.
    pub definitions_version: u32,
}

/// What somebody says who writes down what was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLearning {
    /// The week in whose review it was said.
    pub week: IsoWeek,
    /// What was learnt.
    pub text: LearningText,
    /// The group of themes that it is about; either this or the theme.
    pub group: Option<String>,
    /// The theme that it is about.
    pub theme: Option<String>,
    /// The escalations from which it was learnt.
    pub escalations: Vec<EscalationId>,
    /// The code or alias of the agency that said it.
    pub said_by_agency: String,
    /// The role that said it.
    pub said_by_role: RoleName,
    /// Its place in the plan.
    pub plan_reference: Option<PlanReference>,
    /// The change that is expected.
    pub expected: Option<Expected>,
}

/// What was learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Learning {
    /// Its identifier.
    pub id: LearningId,
    /// The week in whose review it was said.
    pub week: IsoWeek,
    /// What was learnt.
    pub text: LearningText,
    /// The group of themes that it is about, or none.
    pub group: Option<String>,
    /// The theme that it is about, or none.
    pub theme: Option<String>,
    /// The escalations from which it was learnt.
    pub escalations: Vec<EscalationId>,
    /// The agency that said it.
    pub said_by_agency: AgencyId,
    /// The role that said it.
    pub said_by_role: RoleName,
    /// Its place in the plan.
    pub plan_reference: Option<PlanReference>,
    /// The change that is expected, with what was usual before.
    pub expected: Option<(Expected, Baseline)>,
    /// Who wrote it down.
    pub recorded: Recorded,
    /// What the figures showed, where somebody measured.
    pub measured: Option<Measured>,
}

/// What the figures showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Better, worse, or neither.
    pub result: LearningResult,
    /// The figure in the week in which it was measured again.
    pub value: Option<f64>,
    /// The version of the definitions by which it was counted.
    pub definitions_version: u32,
    /// Who measured.
    pub recorded: Recorded,
}

/// Whether what is said can be written down.
///
/// # Errors
/// Every rule that it breaks.
pub fn check(said: &NewLearning, agreed: &Partnership) -> Result<AgencyId, BrokenRule> {
    let mut faults = Faults::default();
    let agency = agreed.agency(&said.said_by_agency);
    faults.add_if(agency.is_none(), "said_by_agency", FieldRule::UnknownReference);
    match (&said.group, &said.theme) {
        (None, None) => faults.add("theme", FieldRule::Required),
        (Some(_), Some(_)) => faults.add("group", FieldRule::Inconsistent),
        (Some(group), None) => {
            let known = agreed.themes.iter().any(|theme| theme.group_code == *group);
            faults.add_if(!known, "group", FieldRule::UnknownReference);
        }
        (None, Some(theme)) => {
            faults.add_if(agreed.theme(theme).is_none(), "theme", FieldRule::UnknownReference);
        }
    }
    let too_soon = said.expected.is_some_and(|it| it.remeasure <= said.week);
    faults.add_if(too_soon, "expected/remeasure_week", FieldRule::OutOfRange);
    faults.none()?;
    agency
        .map(|it| it.id)
        .ok_or_else(|| BrokenRule::field("said_by_agency", FieldRule::UnknownReference))
}

/// What the figures show: the weeks since, against what was usual before.
#[must_use]
pub fn judge(expected: Expected, baseline: &Baseline, since: &[WeekValue]) -> LearningResult {
    let mut all: Vec<WeekValue> =
        baseline.values.iter().map(|&(week, value)| WeekValue { week, value }).collect();
    let before = all.iter().filter(|it| it.value.is_some()).count();
    let settings = SpcSettings { lock_after: Some(before), ..SpcSettings::default() };
    let measured =
        since.last().is_some_and(|it| it.week == expected.remeasure && it.value.is_some());
    if baseline.definitions_version != DEFINITIONS_VERSION
        || before < settings.enough_points
        || !measured
    {
        return LearningResult::NotMeasurable;
    }
    all.extend_from_slice(since);
    let chart = if expected.figure.counts() {
        let counts: Vec<Option<u32>> = all.iter().map(|it| it.value.and_then(whole)).collect();
        match choose_for_counts(&counts, Denominators::None).kind {
            Some(ChartKind::Xmr) => xmr(&all, Scale::NotNegative, &[], &settings),
            Some(ChartKind::C) => c_chart(&all, &[], &settings),
            _ => return LearningResult::NotMeasurable,
        }
    } else if expected.figure == ExpectedFigure::AnsweredInTime {
        xmr(&all, Scale::Share, &[], &settings)
    } else {
        xmr(&all, Scale::NotNegative, &[], &settings)
    };
    let wanted = match expected.direction {
        ExpectedDirection::Higher => SignalSide::High,
        ExpectedDirection::Lower => SignalSide::Low,
    };
    match chart.points.last().and_then(super::spc::Point::label) {
        None => LearningResult::NoDetectableChange,
        Some(signal) if signal.side == wanted => LearningResult::Better,
        Some(_) => LearningResult::Worse,
    }
}

/// A count that was made real, whole again.
fn whole(value: f64) -> Option<u32> {
    format!("{value:.0}").parse().ok()
}

impl Learning {
    /// What `caller` says, written down with what was usual before.
    #[must_use]
    pub fn new(
        id: LearningId,
        said: NewLearning,
        said_by_agency: AgencyId,
        baseline: Option<Baseline>,
        caller: &Caller,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            week: said.week,
            text: said.text,
            group: said.group,
            theme: said.theme,
            escalations: said.escalations,
            said_by_agency,
            said_by_role: said.said_by_role,
            plan_reference: said.plan_reference,
            expected: said.expected.zip(baseline),
            recorded: Recorded::by(caller, now),
            measured: None,
        }
    }

    /// Whether a review of `week` shows it: said in the last four weeks, or its measuring is due.
    #[must_use]
    pub fn shown_in(&self, week: IsoWeek) -> bool {
        let recent = self.week > week.plus_weeks(-4) && self.week <= week;
        let due = self.expected.as_ref().is_some_and(|(it, _)| it.remeasure <= week);
        let measured_in = self.measured.as_ref().map(|it| IsoWeek::containing(it.recorded.at));
        recent || (due && measured_in.is_none_or(|of| of == week))
    }
}

#[cfg(test)]
mod tests;
