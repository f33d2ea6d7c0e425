//! Which chart suits a series, because limits of the wrong kind flag what is usual and miss what is
//! not.

use serde::Serialize;

use super::{ChartKind, mean, real};
use crate::domain::codes::codes;

/// A share of fewer cases is told as "n of N" and not charted.
pub const CHART_FROM_CASES: u32 = 10;

/// From this mean on a count varies nearly like a normal one. Source: chart practice, "5 or more".
const XMR_FROM_MEAN: f64 = 5.0;

/// A Poisson count of mean 5 is nought once in 150 weeks; more than one in ten is another process.
const FEW_ZEROS: f64 = 0.1;

/// Below one event a week most weeks say nothing, and the time between events says more.
const RARE_BELOW_MEAN: f64 = 1.0;

/// The share of noughts of a Poisson count of mean 1, which is 0.37, rounded up.
const MANY_ZEROS: f64 = 0.4;

codes! {
    /// What the counts of a series are counts of.
    pub enum Denominators {
        /// Whole weeks.
        None => "none",
        /// Something of which there is more in one week than in another, as plans or referrals.
        Changing => "changing",
    }
}

/// The chart that suits a series, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChartChoice {
    /// The chart; none when none is honest.
    pub kind: Option<ChartKind>,
    /// Why, in words for whoever reads the chart.
    pub reason: &'static str,
}

/// The chart for weekly counts; weeks without a value are left out.
#[must_use]
pub fn choose_for_counts(counts: &[Option<u32>], denominators: Denominators) -> ChartChoice {
    let values: Vec<f64> = counts.iter().flatten().copied().map(f64::from).collect();
    let Some(mean) = mean(&values).filter(|mean| *mean > 0.0) else {
        return ChartChoice { kind: None, reason: "Nothing has been counted yet." };
    };
    let zeros = real(values.iter().filter(|value| **value == 0.0).count()) / real(values.len());
    if mean < RARE_BELOW_MEAN || zeros > MANY_ZEROS {
        ChartChoice {
            kind: Some(ChartKind::T),
            reason: "Fewer than one a week, or nought in more than 4 of 10 weeks: the time between \
                     events tells more than a count that is mostly nought.",
        }
    } else if denominators == Denominators::Changing {
        ChartChoice {
            kind: Some(ChartKind::U),
            reason: "What the count is a part of changes from week to week: the rate is charted, \
                     with limits that follow its size.",
        }
    } else if mean >= XMR_FROM_MEAN && zeros <= FEW_ZEROS {
        ChartChoice {
            kind: Some(ChartKind::Xmr),
            reason: "Five or more a week and hardly ever nought: single values with limits from \
                     their moving range.",
        }
    } else {
        ChartChoice {
            kind: Some(ChartKind::C),
            reason: "Fewer than five a week, or nought now and then: limits of a small count. A fall \
                     can show as a run only, because the lower limit is nought.",
        }
    }
}

/// The chart for weekly shares, from the number of cases behind each of them.
#[must_use]
pub fn choose_for_shares(cases: &[u32]) -> ChartChoice {
    let enough = cases.iter().filter(|cases| **cases >= CHART_FROM_CASES).count();
    if enough > 0 && enough.saturating_mul(2) > cases.len() {
        ChartChoice {
            kind: Some(ChartKind::Xmr),
            reason: "Most weeks have 10 or more cases; weeks with fewer are left out.",
        }
    } else {
        ChartChoice {
            kind: None,
            reason: "Most weeks have fewer than 10 cases: say how many of how many.",
        }
    }
}
