//! Charts of rare events: how long, or how many occasions, lie between one and the next.

use jiff::Timestamp;
use jiff::civil::Date;

use super::line_up::{Model, Observed, Recipe, chart};
use super::{
    Chart, ChartKind, IsoWeek, Lines, Rebase, Rule, Scale, SpcSettings, WeekValue, mean, real, xmr,
};

/// Times between events of a steady chance, raised to 1 ÷ 3.6, are nearly normal. Source: Nelson 1994.
const POWER: f64 = 3.6;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The days from each event to the next, each in the week in which it ended; one fewer than there
/// are events.
///
/// The events are told by the instant, in any order: what happened twice on a day is some hours
/// apart, and days of 23 and 25 hours do no harm.
#[must_use]
pub fn days_between(events: &[Timestamp]) -> Vec<WeekValue> {
    let mut events = events.to_vec();
    events.sort_unstable();
    events
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some(WeekValue {
                week: IsoWeek::containing(*after),
                value: Some(after.duration_since(*before).as_secs_f64() / SECONDS_PER_DAY),
            }),
            _ => None,
        })
        .collect()
}

/// The days from each event to the next where only the dates are known: several on one date are
/// spread evenly over it, because a time of nought between them says nothing.
#[must_use]
pub fn days_between_dates(dates: &[Date]) -> Vec<WeekValue> {
    let mut dates = dates.to_vec();
    dates.sort_unstable();
    let Some(first) = dates.first().copied() else { return Vec::new() };
    let spread: Vec<(Date, f64)> = dates
        .chunk_by(|before, after| before == after)
        .flat_map(|same| {
            same.iter().enumerate().map(move |(place, date)| {
                let day = date.duration_since(first).as_secs_f64() / SECONDS_PER_DAY;
                (*date, day + (real(place) + 0.5) / real(same.len()))
            })
        })
        .collect();
    spread
        .windows(2)
        .filter_map(|pair| match pair {
            [(_, before), (date, after)] => {
                Some(WeekValue { week: IsoWeek::of_date(*date), value: Some(after - before) })
            }
            _ => None,
        })
        .collect()
}

/// The T-chart of the times between events, in days: an XmR chart of `t^(1/3.6)`, with its lines
/// raised to 3.6 again.
///
/// Longer times plot higher. That may be good, or an agency that has fallen silent, so its
/// [`Chart::variation`] is always neutral. The centre is no mean of the days: half the times or so lie
/// below it. Times that are negative are left out. Source: Nelson 1994.
#[must_use]
pub fn t_chart(gaps: &[WeekValue], rebases: &[Rebase], settings: &SpcSettings) -> Chart {
    let observed: Vec<Observed> = gaps
        .iter()
        .map(|gap| Observed {
            week: gap.week,
            value: gap.value.filter(|days| *days >= 0.0).map(|days| days.powf(1.0 / POWER)),
            size: 1.0,
        })
        .collect();
    let screen = settings.screen_outliers;
    let recipe = Recipe {
        kind: ChartKind::T,
        scale: Scale::NotNegative,
        rules: &settings.rules,
        fit: &|baseline| xmr::model(baseline, screen),
    };
    let mut chart = chart(&recipe, &observed, rebases, settings);
    for (point, gap) in chart.points.iter_mut().zip(gaps) {
        // What came in goes out: raising twice would lose the last digits.
        point.value = point.value.and(gap.value);
        point.lines = point.lines.map(|lines| Lines {
            centre: back(lines.centre),
            near_lower: back(lines.near_lower),
            near_upper: back(lines.near_upper),
            lower: back(lines.lower),
            upper: back(lines.upper),
        });
    }
    chart
}

/// A line below nought stays below, and so is not shown.
fn back(line: f64) -> f64 {
    line.abs().powf(POWER).copysign(line)
}

/// The G-chart of the number of occasions between events, for example referrals between two that
/// were escalated: centre ḡ = mean, limits ḡ ± 3√(ḡ(ḡ + 1)) of the baseline.
///
/// Only what lies outside and trends are signals here: such numbers are so skewed that nearly two
/// thirds lie below their mean, where runs and pairs mean nothing. The upper limit is passed by
/// chance about once in forty points. As for [`t_chart`], higher is neither good nor bad.
/// Source: Benneyan 2001.
#[must_use]
pub fn g_chart(occasions: &[WeekValue], rebases: &[Rebase], settings: &SpcSettings) -> Chart {
    let observed: Vec<Observed> = occasions
        .iter()
        .map(|point| Observed { week: point.week, value: point.value, size: 1.0 })
        .collect();
    let rules: Vec<Rule> = [Rule::Outside, Rule::Trend]
        .into_iter()
        .filter(|rule| settings.rules.contains(rule))
        .collect();
    let recipe = Recipe {
        kind: ChartKind::G,
        scale: Scale::NotNegative,
        rules: &rules,
        fit: &geometric_model,
    };
    chart(&recipe, &observed, rebases, settings)
}

fn geometric_model(baseline: &[(f64, f64)]) -> Option<Model> {
    let values: Vec<f64> = baseline.iter().map(|(value, _)| *value).collect();
    let centre = mean(&values).filter(|_| values.len() >= 2)?;
    let reach = 3.0 * (centre * (centre + 1.0)).sqrt();
    Some(Model { centre, reach, mean_moving_range: None })
}
