//! Charts of counts that are taken as Poisson: c for weeks of one size, u for rates.

use super::line_up::{Model, Observed, Recipe, chart};
use super::{Chart, ChartKind, IsoWeek, Rebase, Scale, SpcSettings, WeekValue};
use crate::domain::tails;

/// Limits lie three standard deviations from the centre.
const DEVIATIONS: f64 = 3.0;

/// The count of a week, and what it is a rate of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateWeek {
    /// The week.
    pub week: IsoWeek,
    /// How many there were; none when not known.
    pub count: Option<u32>,
    /// Of how many, for example child protection plans; nought or less leaves the week out.
    pub of: f64,
}

/// The c-chart of weekly counts: centre c̄ = mean, limits c̄ ± 3√c̄ of the baseline.
///
/// For means below 5. Its lower limit lies below nought for every c̄ below 9, so falling counts can
/// then never lie outside: only a shift or a trend tells of them. What is exactly improbable is
/// told by [`poisson_threshold`]. Source: the standard Shewhart chart of counts.
#[must_use]
pub fn c_chart(series: &[WeekValue], rebases: &[Rebase], settings: &SpcSettings) -> Chart {
    let observed: Vec<Observed> = series
        .iter()
        .map(|point| Observed { week: point.week, value: point.value, size: 1.0 })
        .collect();
    poisson_chart(ChartKind::C, &observed, rebases, settings)
}

/// The u-chart of weekly rates, count ÷ denominator: centre ū = all counts ÷ all denominators of the
/// baseline, limits ū ± 3√(ū ÷ denominator of the week), so that they narrow as it grows.
///
/// Weeks without a count or a denominator are left out and break no run. Source: the standard
/// Shewhart chart of rates.
#[must_use]
pub fn u_chart(series: &[RateWeek], rebases: &[Rebase], settings: &SpcSettings) -> Chart {
    let observed: Vec<Observed> = series
        .iter()
        .map(|point| Observed {
            week: point.week,
            value: point.count.map(|count| f64::from(count) / point.of),
            size: point.of,
        })
        .collect();
    poisson_chart(ChartKind::U, &observed, rebases, settings)
}

fn poisson_chart(
    kind: ChartKind,
    observed: &[Observed],
    rebases: &[Rebase],
    settings: &SpcSettings,
) -> Chart {
    let recipe =
        Recipe { kind, scale: Scale::NotNegative, rules: &settings.rules, fit: &poisson_model };
    chart(&recipe, observed, rebases, settings)
}

fn poisson_model(baseline: &[(f64, f64)]) -> Option<Model> {
    if baseline.len() < 2 {
        return None;
    }
    let events: f64 = baseline.iter().map(|(value, size)| value * size).sum();
    let centre = events / baseline.iter().map(|(_, size)| size).sum::<f64>();
    Some(Model { centre, reach: DEVIATIONS * centre.sqrt(), mean_moving_range: None })
}

/// The smallest count that a Poisson process of this mean reaches with a chance below `chance`:
/// the exact one-sided signal for small counts.
///
/// With `chance` = 0.00135, that of one side of three standard deviations, it is 6 at a mean of 1,
/// 8 at 2, 10 at 3, 14 at 5 and 19 at 8. None when the mean is negative or not finite, or when
/// `chance` is not above nought.
#[must_use]
pub fn poisson_threshold(mean: f64, chance: f64) -> Option<u32> {
    if !mean.is_finite() || mean < 0.0 || chance.is_nan() || chance <= 0.0 {
        return None;
    }
    let is_below = |count: u32| tails::poisson(mean, count).at_least < chance;
    let mut reached = 1_u32;
    while !is_below(reached) {
        reached = reached.checked_mul(2)?;
    }
    let mut missed = 0;
    while missed < reached {
        let middle = missed.midpoint(reached);
        if is_below(middle) {
            reached = middle;
        } else {
            missed = middle.saturating_add(1);
        }
    }
    Some(reached)
}
