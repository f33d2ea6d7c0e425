//! Statistical process control: what is usual, and what is a signal, because two weeks compared
//! with each other, or a number coloured red, make people chase chance.
//!
//! The arithmetic is that of NHS England's *Making Data Count*, as its R package
//! `NHSRplotthedots` 0.2.2 computes it. Two settings differ from the package by decision: limits
//! lock after 20 points and not after 12, and moving ranges are not screened, as the official
//! Excel tool does not.
//!
//! What is charted is one point for each week or each event, never a rolling mean: overlapping
//! windows make trends where there are none. Times are skewed, so the median of a week is charted
//! and never the mean.
//!
//! How often the rules cry wolf, measured by the tests: 1,000 stable made-up series for each kind,
//! limits locked after 20 points, the 32 points after them judged. In hundredths: of the points that
//! a rule marks, and of the weeks in which the *latest* point, which makes the icon, is marked. A shift
//! marks seven points and more at once, so the last column is the one to go by: a stable measure shows
//! a signal in about four weeks of a hundred, two a year. The worst of it is the baseline: 20 points
//! leave the centre uncertain, and all runs are counted from the centre.
//!
//! | Series | Chart | Outside | Trend | Two in three | Shift | Any | Latest |
//! |---|---|---|---|---|---|---|---|
//! | normal | XmR | 0.97 | 0.11 | 0.71 | 7.60 | 9.13 | 3.60 |
//! | Poisson, 8 a week | XmR | 1.21 | 0.04 | 0.85 | 9.55 | 11.24 | 4.70 |
//! | Poisson, 3 a week | c | 0.73 | 0 | 0.45 | 10.17 | 11.16 | 4.47 |
//! | Poisson, 4 in 100 that grow | u | 0.66 | 0.93 | 0.41 | 9.39 | 11.04 | 4.20 |
//! | events, 1 in 3 weeks | T | 0.86 | 0.13 | 0.67 | 8.17 | 9.58 | 3.40 |
//! | events, 1 in 22 occasions | G | 2.68 | 0.15 | 0 | 0 | 2.83 | 2.55 |
//!
//! Locked after 12 points, a stable count of 17 a week falls outside 1.86 times in a hundred, after 20
//! points 1.08 times. A shift by one and a half standard deviations is seen after 5 weeks in half of
//! all cases, after 10 in nine of ten.

use jiff::Timestamp;
use serde::Serialize;

use super::codes::codes;
use super::week::IsoWeek;

mod choice;
mod counts;
mod line_up;
mod rare;
mod reading;
mod rules;
mod xmr;

pub use choice::{
    CHART_FROM_CASES, ChartChoice, Denominators, choose_for_counts, choose_for_shares,
};
pub use counts::{RateWeek, c_chart, poisson_threshold, u_chart};
pub use rare::{days_between, days_between_dates, g_chart, t_chart};
pub use reading::{Assurance, Goodness, Variation};
pub use xmr::xmr;

codes! {
    /// The kinds of chart.
    pub enum ChartKind {
        /// Single values and their moving range: counts of 5 or more a week, medians, shares.
        Xmr => "xmr",
        /// Small counts, taken as Poisson.
        C => "c",
        /// Rates whose denominator changes, taken as Poisson.
        U => "u",
        /// Time between rare events.
        T => "t",
        /// Occasions, such as days or referrals, between rare events.
        G => "g",
    }
}

codes! {
    /// The rules by which a point is a signal, in the order in which one of them labels a point that
    /// meets several.
    pub enum Rule {
        /// Strictly above the upper limit or strictly below the lower one.
        Outside => "outside",
        /// One of seven successive points, each higher, or each lower, than the one before.
        Trend => "trend",
        /// Between the near limit and the limit, among three successive points on one side of the
        /// centre of which at least two lie there.
        TwoInThree => "two_in_three",
        /// One of seven or more successive points strictly on one side of the centre.
        Shift => "shift",
    }
}

codes! {
    /// To which side a signal points.
    pub enum SignalSide {
        /// Above the centre, or rising.
        High => "high",
        /// Below the centre, or falling.
        Low => "low",
    }
}

codes! {
    /// What the limits of a segment rest on.
    pub enum Basis {
        /// Too few points: no point is judged, and nothing is coloured.
        NotEnoughData => "not_enough_data",
        /// All points up to now; the next one moves the limits.
        TrialLimits => "trial_limits",
        /// The first points only, for good.
        Locked => "locked",
        /// All points, because these limits never lock.
        AllPoints => "all_points",
    }
}

codes! {
    /// What values a measure can take, so that no line is drawn where none can lie.
    pub enum Scale {
        /// Counts, times and rates: nought or more.
        NotNegative => "not_negative",
        /// Shares: from 0 to 1.
        Share => "share",
        /// Any number.
        Any => "any",
    }
}

/// What a partnership has agreed on how charts are computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpcSettings {
    /// The number of points after which the limits of a segment lock; they never lock when none is
    /// set. This product's default is 20: with 12, as the NHS package suggests, a stable series
    /// falls outside about twice as often.
    pub lock_after: Option<usize>,
    /// A segment with fewer points is not judged. Source: the NHS package warns below 12.
    pub enough_points: usize,
    /// How many points make a shift or a trend; the NHS material has 6 to 8, its package 7.
    /// Fewer than 3 count as 3.
    pub run_length: usize,
    /// Whether moving ranges of at least 3.267 times their mean are left out, once. The NHS package
    /// does so (after Nelson 1982), its Excel tool does not. The centre is never screened.
    pub screen_outliers: bool,
    /// The rules that are applied; further ones would raise more false alarms.
    pub rules: Vec<Rule>,
}

impl Default for SpcSettings {
    fn default() -> Self {
        Self {
            lock_after: Some(20),
            enough_points: 12,
            run_length: 7,
            screen_outliers: false,
            rules: Rule::ALL.to_vec(),
        }
    }
}

/// The value of one week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeekValue {
    /// The week.
    pub week: IsoWeek,
    /// Its value in the unit of the measure; none when it has none, as the median of no case. A
    /// week in which nothing happened has the count 0, which is a value. What is not a finite
    /// number counts as none.
    pub value: Option<f64>,
}

/// A person's statement that the work changed on purpose, so that what is usual begins anew. Limits
/// never do so by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebase {
    from: IsoWeek,
    reason: String,
    by: String,
    declared_at: Option<Timestamp>,
}

/// A rebase without a reason or without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rebase needs a reason and the name or role of whoever decided it")]
pub struct UnexplainedRebase;

impl Rebase {
    /// The rebase from this week on, for this reason, decided by this person or role.
    ///
    /// # Errors
    /// [`UnexplainedRebase`] when either text is blank.
    pub fn new(
        from: IsoWeek,
        reason: impl Into<String>,
        by: impl Into<String>,
    ) -> Result<Self, UnexplainedRebase> {
        let (reason, by) = (reason.into(), by.into());
        if reason.trim().is_empty() || by.trim().is_empty() {
            return Err(UnexplainedRebase);
        }
        Ok(Self { from, reason, by, declared_at: None })
    }

    /// The same, declared at `at`.
    #[must_use]
    pub fn declared(self, at: Timestamp) -> Self {
        Self { declared_at: Some(at), ..self }
    }

    /// When it was declared, if that is known.
    #[must_use]
    pub const fn declared_at(&self) -> Option<Timestamp> {
        self.declared_at
    }

    /// The first week of what is usual now.
    #[must_use]
    pub const fn from(&self) -> IsoWeek {
        self.from
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who decided it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }
}

/// The lines that hold for a point, in the unit of its value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lines {
    /// What is usual: the mean of the baseline.
    pub centre: f64,
    /// Two thirds of the way from the centre to the lower limit.
    pub near_lower: f64,
    /// Two thirds of the way from the centre to the upper limit.
    pub near_upper: f64,
    /// The lower process limit as computed; it may lie where no value can.
    pub lower: f64,
    /// The upper process limit as computed; it may lie where no value can.
    pub upper: f64,
}

impl Lines {
    /// The lower limit to be shown; none when no value can lie below it.
    #[must_use]
    pub fn lower_shown(&self, scale: Scale) -> Option<f64> {
        Some(self.lower).filter(|lower| scale == Scale::Any || *lower >= 0.0)
    }

    /// The upper limit to be shown; none when no value can lie above it.
    #[must_use]
    pub fn upper_shown(&self, scale: Scale) -> Option<f64> {
        Some(self.upper).filter(|upper| scale != Scale::Share || *upper <= 1.0)
    }
}

/// One rule that a point meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Signal {
    /// The rule.
    pub rule: Rule,
    /// For a trend whether it rises or falls, otherwise the side of the centre.
    pub side: SignalSide,
}

/// One point of a chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The week; for time between events that in which the time ended.
    pub week: IsoWeek,
    /// The value; none leaves a hole in the line.
    pub value: Option<f64>,
    /// The lines here; none as long as the segment has fewer than two values.
    pub lines: Option<Lines>,
    /// Every rule that the point meets, the one that labels it first.
    pub signals: Vec<Signal>,
}

impl Point {
    /// The signal by which the point is marked.
    #[must_use]
    pub fn label(&self) -> Option<Signal> {
        self.signals.first().copied()
    }
}

/// A stretch of a chart with limits of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// The place of its first point, counted from 0.
    pub first: usize,
    /// How many points it has, holes included.
    pub length: usize,
    /// The rebase with which it begins; none for the first one.
    pub rebase: Option<Rebase>,
    /// What its limits rest on.
    pub basis: Basis,
    /// How many values they rest on.
    pub baseline_points: usize,
    /// The mean moving range of the baseline, after screening; only [`ChartKind::Xmr`] and
    /// [`ChartKind::T`] have one, the latter of the transformed times.
    pub mean_moving_range: Option<f64>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// Its kind.
    pub kind: ChartKind,
    /// What values it can show.
    pub scale: Scale,
    /// Its points in order.
    pub points: Vec<Point>,
    /// Its segments in order; together they hold every point once.
    pub segments: Vec<Segment>,
}

/// A number of things as a number that can be divided.
fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The arithmetic mean; none of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / real(values.len()))
}

#[cfg(test)]
mod tests;
