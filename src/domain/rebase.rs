//! Declared changes: a named person's statement that the work changed on purpose, so that what is usual begins anew.
//!
//! Limits never begin anew by themselves, and no point is ever dropped: the lines break, and the page says who said so,
//! when and why. A statement never changes; that it no longer holds is another one.

use super::access::{Caller, Role};
use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::codes::codes;
use super::free_text::holds_identifier;
use super::ids::RebaseId;
use super::recorded::Recorded;
use super::spc::Rebase;
use super::week::IsoWeek;
use jiff::Timestamp;

codes! {
    /// The weekly figures of the review for which it is said what is usual.
    pub enum ChartName {
        /// Escalations raised.
        Raised => "raised",
        /// Escalations open at the end.
        Open => "open",
        /// Escalations whose answer was late at the end.
        Overdue => "overdue",
        /// The share of answers in time.
        InTime => "in_time",
        /// Median working days to resolve.
        MedianDays => "median_days",
    }
}

/// What a person says who declares a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebaseStatement {
    /// The figures that it changed.
    pub charts: Vec<ChartName>,
    /// The first week of what is usual now.
    pub first_week: IsoWeek,
    /// Why.
    pub reason: String,
}

/// A declared change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRebase {
    /// Its identifier.
    pub id: RebaseId,
    /// What was said.
    pub said: RebaseStatement,
    /// Who said so, and when.
    pub recorded: Recorded,
    /// That it no longer holds.
    pub withdrawn: Option<RebaseWithdrawal>,
}

/// That a declared change no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebaseWithdrawal {
    /// Why.
    pub reason: String,
    /// Who said so, and when.
    pub recorded: Recorded,
}

impl DeclaredRebase {
    /// What `caller` declares at `now`, beside what is declared already.
    ///
    /// # Errors
    /// Every rule that it breaks: no figure, or one twice; a week that has not begun; a change of one of these figures
    /// that is declared for that week already; personal data in the reason.
    pub fn new(
        id: RebaseId,
        said: RebaseStatement,
        known: &[Self],
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, BrokenRule> {
        let mut faults = Faults::default();
        faults.add_if(said.charts.is_empty(), "charts", FieldRule::Required);
        let twice = ChartName::ALL
            .iter()
            .any(|chart| said.charts.iter().filter(|it| *it == chart).count() > 1);
        faults.add_if(twice, "charts", FieldRule::NotUnique);
        faults.add_if(said.first_week.starts_at() > now, "first_week", FieldRule::InFuture);
        let already = known.iter().any(|it| {
            it.withdrawn.is_none()
                && it.said.first_week == said.first_week
                && it.said.charts.iter().any(|chart| said.charts.contains(chart))
        });
        faults.hint_if(already, "first_week", FieldRule::NotUnique, Hint::DeclaredAlready);
        faults.add_if(holds_identifier(&said.reason), "reason", FieldRule::PersonalData);
        faults.none()?;
        Ok(Self { id, said, recorded: Recorded::by(caller, now), withdrawn: None })
    }

    /// The same as the charts take it: whose it is, is said with the role.
    fn rebase(&self) -> Option<Rebase> {
        let by = match self.recorded.role {
            Role::Director => "Director",
            Role::ServiceLead => "Service lead",
            other => other.code(),
        };
        let rebase = Rebase::new(self.said.first_week, self.said.reason.clone(), by).ok()?;
        Some(rebase.declared(self.recorded.at))
    }
}

impl RebaseWithdrawal {
    /// What `caller` says at `now`.
    ///
    /// # Errors
    /// Personal data in the reason.
    pub fn new(reason: String, caller: &Caller, now: Timestamp) -> Result<Self, BrokenRule> {
        let mut faults = Faults::default();
        faults.add_if(holds_identifier(&reason), "reason", FieldRule::PersonalData);
        faults.none()?;
        Ok(Self { reason, recorded: Recorded::by(caller, now) })
    }
}

/// The changes of one figure that hold.
#[must_use]
pub fn rebases_of(declared: &[DeclaredRebase], chart: ChartName) -> Vec<Rebase> {
    declared
        .iter()
        .filter(|it| it.withdrawn.is_none() && it.said.charts.contains(&chart))
        .filter_map(DeclaredRebase::rebase)
        .collect()
}

#[cfg(test)]
mod tests;
