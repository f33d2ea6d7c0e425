//! Every measure of the weekly theme aggregation, defined once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::codes;
use super::ids::AgencyId;
use super::week::IsoWeek;

/// The version of the definitions below. Raised whenever one of them changes what it counts.
pub const DEFINITIONS_VERSION: u32 = 4;

/// A median is shown from this many cases on; fewer say more about the cases than about the work.
pub const MEDIAN_FROM: i64 = 5;

/// A 90th percentile is shown from this many cases on.
pub const P90_FROM: i64 = 10;

/// Seconds of one day: of 24 hours, and of a working day as time to resolve counts it.
pub const SECONDS_PER_DAY: f64 = 86_400.0;

codes! {
    /// By what the figures of a week are divided.
    pub enum GroupBy {
        /// The primary theme.
        Theme => "theme",
        /// The group of the primary theme.
        Group => "group",
        /// The agency that raised.
        RaisedByAgency => "raised_by_agency",
        /// The agency that must answer.
        RaisedWithAgency => "raised_with_agency",
        /// The stage: for answers due and overdue the stage that set the limit, otherwise the stage
        /// reached.
        Stage => "stage",
        /// The urgency.
        Urgency => "urgency",
    }
}

codes! {
    /// The measures.
    pub enum Measure {
        /// Raised in the week.
        Raised => "raised",
        /// Opened again in the week.
        Reopened => "reopened",
        /// Ended in the week with an outcome that settles the matter.
        Resolved => "resolved",
        /// Ended in the week with any outcome.
        Ended => "ended",
        /// Open when the week ended.
        OpenAtEnd => "open_at_end",
        /// Open when the week ended, with an answer that was late.
        OverdueAtEnd => "overdue_at_end",
        /// Share of the answers due in the week that came in time.
        AnsweredInTime => "answered_in_time",
        /// Working days from opening to end.
        WorkingDaysToResolve => "working_days_to_resolve",
        /// Days for which the children of the resolved had waited.
        ChildDaysToResolve => "child_days_to_resolve",
        /// Resolved on the day on which they were opened.
        ResolvedSameDay => "resolved_same_day",
        /// Received long after they were raised.
        ReceivedLate => "received_late",
        /// Raised in the week and left out of the figures.
        Excluded => "excluded",
        /// Settled by talking, before anything was escalated.
        InformalResolutions => "informal_resolutions",
        /// Another agency's good challenge or response.
        Commendations => "commendations",
    }
}

impl Measure {
    /// What the measure counts, for a week from Monday 00:00 to the next Monday 00:00 in
    /// Europe/London, the first included and the second not.
    #[must_use]
    pub const fn definition(self) -> &'static str {
        match self {
            Self::Raised => {
                "Escalations whose raised_at lies in the week, whenever they were received. \
                 Neither a rise nor a fall is good in itself."
            }
            Self::Reopened => {
                "Escalations that were opened again in the week, each as a new episode."
            }
            Self::Resolved => {
                "Episodes that ended in the week with an outcome that settles the matter: \
                 resolved_as_requested, resolved_alternative, partially_resolved, \
                 explained_and_accepted or decided_by_partners. A reopened escalation that is \
                 resolved again counts again."
            }
            Self::Ended => "Episodes that ended in the week with any outcome.",
            Self::OpenAtEnd => {
                "Episodes opened before the end of the week and not ended by then. Equals the \
                 number open at its start, plus raised, plus reopened, minus ended."
            }
            Self::OverdueAtEnd => {
                "Open escalations whose answer was due before the end of the week and had not \
                 been given by then."
            }
            Self::AnsweredInTime => {
                "Of the answers that fell due in the week, the share given by the due instant. \
                 Answers still awaited count as not in time; limits that were replaced, or that \
                 ended with the matter before they fell due, are left out. A stage is counted \
                 in the week its answer was due, not in the week it was given. Times are those \
                 that the agencies state; each act's history also says when it was recorded."
            }
            Self::WorkingDaysToResolve => {
                "Working days, with fractions, from opening to end of the episodes counted as \
                 resolved; a working day counts whole, week-ends and bank holidays of England \
                 and Wales not at all. Median from 5 cases, 90th percentile from 10, both \
                 interpolated. Says nothing about what is still open: read it with open_at_end."
            }
            Self::ChildDaysToResolve => {
                "Days of 24 hours, with fractions, from when the child's wait began to the end of \
                 the episodes counted as resolved: the wait of the child beside the time of the \
                 agencies. Week-ends, holidays and pauses count whole. Median from 5 cases, 90th \
                 percentile from 10, both interpolated. Whether the child's wait was over by \
                 then, each episode says."
            }
            Self::ResolvedSameDay => {
                "Of the resolved, those that ended on the local date on which they were opened."
            }
            Self::ReceivedLate => {
                "Of the raised, those that the service received more than 5 times 24 hours after \
                 they were raised."
            }
            Self::Excluded => {
                "Escalations raised in the week that are left out of every other figure, because \
                 two people decided so with a reason. Only what has ended can be left out; what \
                 is opened again counts again, also once it has ended again, until two people decide \
                 anew."
            }
            Self::InformalResolutions => {
                "Disagreements settled by talking in the week, before anything was escalated, as \
                 far as agencies recorded them. No escalations: counted in no other measure. \
                 Raised falling while these rise means something else than both falling."
            }
            Self::Commendations => {
                "Good challenges and responses of another agency that happened in the week, as \
                 far as agencies recorded them. No escalations: counted in no other measure."
            }
        }
    }
}

/// What is asked of the aggregation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyQuestion {
    /// The first week.
    pub from: IsoWeek,
    /// The last week.
    pub to: IsoWeek,
    /// How the weeks are divided.
    pub group_by: GroupBy,
    /// Only escalations of this theme.
    pub theme: Option<String>,
    /// Only escalations raised by this agency.
    pub raised_by: Option<AgencyId>,
    /// Only escalations that this agency must answer.
    pub raised_with: Option<AgencyId>,
    /// What had been recorded by this instant; none for what is known now.
    pub as_of: Option<Timestamp>,
}

/// The figures of one week, whole or for one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// [`Measure::Raised`].
    pub raised: i64,
    /// [`Measure::Reopened`].
    pub reopened: i64,
    /// [`Measure::Resolved`].
    pub resolved: i64,
    /// [`Measure::Ended`].
    pub ended: i64,
    /// [`Measure::OpenAtEnd`].
    pub open_at_end: i64,
    /// [`Measure::OverdueAtEnd`].
    pub overdue_at_end: i64,
    /// Answers that fell due in the week: the denominator of [`Measure::AnsweredInTime`].
    pub answers_due: i64,
    /// Of these, given in time.
    pub answers_in_time: i64,
    /// [`Measure::ResolvedSameDay`].
    pub resolved_same_day: i64,
    /// [`Measure::ReceivedLate`].
    pub received_late: i64,
    /// [`Measure::Excluded`].
    pub excluded: i64,
    /// Median seconds on working days from opening to end of the resolved.
    pub median_working_seconds: Option<f64>,
    /// 90th percentile of the same.
    pub p90_working_seconds: Option<f64>,
    /// Median seconds, day and night, for which the children of the resolved had waited.
    pub median_child_seconds: Option<f64>,
    /// 90th percentile of the same.
    pub p90_child_seconds: Option<f64>,
}

impl Figures {
    /// The share of answers given in time, from 0 to 1; none when none fell due.
    #[must_use]
    pub fn share_in_time(&self) -> Option<f64> {
        let due = i32::try_from(self.answers_due).ok().filter(|due| *due > 0)?;
        let met = i32::try_from(self.answers_in_time).ok()?;
        Some(f64::from(met) / f64::from(due))
    }

    /// Median working days to resolve, when there are enough cases.
    #[must_use]
    pub fn median_working_days(&self) -> Option<f64> {
        self.of_enough(self.median_working_seconds, MEDIAN_FROM)
    }

    /// 90th percentile of working days to resolve, when there are enough cases.
    #[must_use]
    pub fn p90_working_days(&self) -> Option<f64> {
        self.of_enough(self.p90_working_seconds, P90_FROM)
    }

    /// Median days for which the children had waited, when there are enough cases.
    #[must_use]
    pub fn median_child_days(&self) -> Option<f64> {
        self.of_enough(self.median_child_seconds, MEDIAN_FROM)
    }

    /// 90th percentile of days for which the children had waited, when there are enough cases.
    #[must_use]
    pub fn p90_child_days(&self) -> Option<f64> {
        self.of_enough(self.p90_child_seconds, P90_FROM)
    }

    fn of_enough(&self, seconds: Option<f64>, enough: i64) -> Option<f64> {
        seconds.filter(|_| self.resolved >= enough).map(|seconds| seconds / SECONDS_PER_DAY)
    }
}

/// The figures of one group of a week.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupFigures {
    /// The code of the group: a theme, a theme group, an agency, a stage or an urgency.
    pub key: String,
    /// Its figures.
    pub figures: Figures,
}

/// What stands beside the escalations: counted from records of good practice, never from escalations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// [`Measure::InformalResolutions`].
    pub informal_resolutions: i64,
    /// [`Measure::Commendations`].
    pub commendations: i64,
}

/// What stands beside the escalations of one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeekBeside {
    /// All of it.
    pub total: Beside,
    /// By the code of each group that has any; none where these records cannot be divided so: they have no stage, and
    /// commendations have no urgency.
    pub groups: Option<Vec<(String, Beside)>>,
}

/// One week of the aggregation.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekFigures {
    /// The week.
    pub week: IsoWeek,
    /// Open at the instant the week began.
    pub open_at_start: i64,
    /// All of it.
    pub total: Figures,
    /// Each group that has a figure other than nought.
    pub groups: Vec<GroupFigures>,
    /// What stands beside it.
    pub beside: WeekBeside,
}

/// Open at the start, and raised, and reopened, less ended, is open at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reconciliation {
    /// Open when the week began.
    pub open_at_start: i64,
    /// Raised in it.
    pub raised: i64,
    /// Opened again in it.
    pub reopened: i64,
    /// Ended in it, with any outcome.
    pub ended: i64,
    /// Open when it ended.
    pub open_at_end: i64,
    /// Whether the line adds up. If it ever does not, do not use the figures, and report it.
    pub balances: bool,
}

impl WeekFigures {
    /// A week in which nothing was, before or during it.
    #[must_use]
    pub fn nothing(week: IsoWeek) -> Self {
        Self {
            week,
            open_at_start: 0,
            total: Figures::default(),
            groups: Vec::new(),
            beside: WeekBeside::default(),
        }
    }

    /// How the number of open escalations came about.
    #[must_use]
    pub const fn reconciliation(&self) -> Reconciliation {
        let Figures { raised, reopened, ended, open_at_end, .. } = self.total;
        Reconciliation {
            open_at_start: self.open_at_start,
            raised,
            reopened,
            ended,
            open_at_end,
            balances: self.open_at_start + raised + reopened - ended == open_at_end,
        }
    }
}
