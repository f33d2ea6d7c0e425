//! The XmR chart: single values, and limits from how far each lies from the one before.

use super::line_up::{Model, Observed, Recipe, chart};
use super::{Chart, ChartKind, Rebase, Scale, SpcSettings, WeekValue, mean};

/// From the mean moving range to three standard deviations: 3 / 1.128, as the NHS package rounds it.
const TO_LIMIT: f64 = 2.66;

/// From the mean moving range to the upper limit of moving ranges.
const OUTLIER: f64 = 3.267;

/// The XmR chart of weekly values in their own unit: centre = mean, limits = mean ± 2.66 × mean
/// moving range, both of the baseline.
///
/// Source: `NHSRplotthedots` 0.2.2, `ptd_spc_standard.R` and `ptd_calculate_point_type.R`. See
/// [`Rebase`] for segments. Weeks without a value are left out and break no run.
#[must_use]
pub fn xmr(
    series: &[WeekValue],
    scale: Scale,
    rebases: &[Rebase],
    settings: &SpcSettings,
) -> Chart {
    let observed: Vec<Observed> = series
        .iter()
        .map(|point| Observed { week: point.week, value: point.value, size: 1.0 })
        .collect();
    let screen = settings.screen_outliers;
    let recipe = Recipe {
        kind: ChartKind::Xmr,
        scale,
        rules: &settings.rules,
        fit: &|baseline| model(baseline, screen),
    };
    chart(&recipe, &observed, rebases, settings)
}

/// What a baseline says of single values.
pub(super) fn model(baseline: &[(f64, f64)], screen: bool) -> Option<Model> {
    let values: Vec<f64> = baseline.iter().map(|(value, _)| *value).collect();
    let centre = mean(&values)?;
    let mean_moving_range = mean_moving_range(&values, screen)?;
    let reach = TO_LIMIT * mean_moving_range;
    Some(Model { centre, reach, mean_moving_range: Some(mean_moving_range) })
}

/// Screening is done once: the mean that it leaves is not screened again.
fn mean_moving_range(values: &[f64], screen: bool) -> Option<f64> {
    let ranges: Vec<f64> = values
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some((after - before).abs()),
            _ => None,
        })
        .collect();
    let all = mean(&ranges)?;
    if !screen {
        return Some(all);
    }
    let kept: Vec<f64> = ranges.into_iter().filter(|range| *range < OUTLIER * all).collect();
    // Without any variation nothing is smaller than nought, and nothing is an outlier.
    Some(mean(&kept).unwrap_or(all))
}
