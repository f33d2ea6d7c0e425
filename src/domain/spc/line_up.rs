//! What all charts have in common: segments, baselines, holes, and the rules within each segment.

use super::{Basis, Chart, ChartKind, Lines, Point, Rebase, Rule, Scale, Segment, SpcSettings};
use crate::domain::spc::rules::signals;
use crate::domain::week::IsoWeek;

/// Near limits lie two of the three standard deviations from the centre.
const NEAR: f64 = 2.0 / 3.0;

/// A point before it is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    pub week: IsoWeek,
    pub value: Option<f64>,
    /// What the value is a rate of; 1 where it is none.
    pub size: f64,
}

/// What a baseline says of the points after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    pub centre: f64,
    /// From the centre to a limit, for a point of size 1: three standard deviations.
    pub reach: f64,
    pub mean_moving_range: Option<f64>,
}

impl Model {
    /// A rate of more varies less.
    fn lines(self, size: f64) -> Lines {
        let Self { centre, .. } = self;
        let reach = self.reach / size.sqrt();
        Lines {
            centre,
            near_lower: centre - NEAR * reach,
            near_upper: centre + NEAR * reach,
            lower: centre - reach,
            upper: centre + reach,
        }
    }
}

/// The model of the values of a baseline, each with its size; none when they are too few.
pub(super) type Fit<'a> = &'a dyn Fn(&[(f64, f64)]) -> Option<Model>;

/// How one kind of chart is made.
pub(super) struct Recipe<'a> {
    pub kind: ChartKind,
    pub scale: Scale,
    pub rules: &'a [Rule],
    pub fit: Fit<'a>,
}

/// The chart.
///
/// A week without a value is left out and breaks nothing: the values before and after it are
/// successive. Such a week says nothing for a change and nothing against it, and as long as nothing
/// changes, a run over a hole is exactly as likely as one without; so the false alarms stay as they
/// are documented. Were a hole to break runs, a lasting change would be overlooked just where
/// there is least to see. A step over a hole may be larger when the level drifts: it widens the
/// limits, which errs towards silence.
pub(super) fn chart(
    recipe: &Recipe<'_>,
    series: &[Observed],
    rebases: &[Rebase],
    settings: &SpcSettings,
) -> Chart {
    let mut chart =
        Chart { kind: recipe.kind, scale: recipe.scale, points: Vec::new(), segments: Vec::new() };
    for (rebase, observed) in parted(series, rebases) {
        add_segment(&mut chart, recipe, rebase, observed, settings);
    }
    chart
}

/// The series cut where a rebase begins. Of several rebases between two points the last one counts.
fn parted<'s, 'r>(
    series: &'s [Observed],
    rebases: &'r [Rebase],
) -> Vec<(Option<&'r Rebase>, &'s [Observed])> {
    let valid_in = |week: IsoWeek| {
        rebases.iter().filter(|rebase| rebase.from <= week).max_by_key(|rebase| rebase.from)
    };
    series
        .chunk_by(|before, after| {
            valid_in(before.week).map(Rebase::from) == valid_in(after.week).map(Rebase::from)
        })
        .map(|observed| {
            let rebase = observed.first().and_then(|first| valid_in(first.week));
            (rebase, observed)
        })
        .collect()
}

fn add_segment(
    chart: &mut Chart,
    recipe: &Recipe<'_>,
    rebase: Option<&Rebase>,
    observed: &[Observed],
    settings: &SpcSettings,
) {
    let value_of = |point: &Observed| {
        let usable = point.size.is_finite() && point.size > 0.0;
        point.value.filter(|value| value.is_finite() && usable)
    };
    let values: Vec<(f64, f64)> =
        observed.iter().filter_map(|point| Some((value_of(point)?, point.size))).collect();
    let lock_after = settings.lock_after.unwrap_or(values.len());
    let baseline = values.get(..lock_after).unwrap_or(&values);
    let model = (recipe.fit)(baseline);
    let basis = basis(values.len(), settings);

    let lines_of = |size: f64| model.map(|model| model.lines(size));
    let judged: Vec<(f64, Lines)> = values
        .iter()
        .filter(|_| basis != Basis::NotEnoughData)
        .filter_map(|(value, size)| Some((*value, lines_of(*size)?)))
        .collect();
    let mut marks = signals(&judged, recipe.rules, settings.run_length).into_iter();

    chart.segments.push(Segment {
        first: chart.points.len(),
        length: observed.len(),
        rebase: rebase.cloned(),
        basis,
        baseline_points: baseline.len(),
        mean_moving_range: model.and_then(|model| model.mean_moving_range),
    });
    chart.points.extend(observed.iter().map(|point| {
        let value = value_of(point);
        Point {
            week: point.week,
            value,
            lines: lines_of(point.size).filter(|lines| lines.upper.is_finite()),
            signals: value.and_then(|_| marks.next()).unwrap_or_default(),
        }
    }));
}

fn basis(values: usize, settings: &SpcSettings) -> Basis {
    match settings.lock_after {
        _ if values < settings.enough_points => Basis::NotEnoughData,
        None => Basis::AllPoints,
        Some(lock_after) if values < lock_after => Basis::TrialLimits,
        Some(_) => Basis::Locked,
    }
}
