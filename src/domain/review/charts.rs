//! The series of the page with their charts: chosen, read and told in words here, so that a tile, a chart and a file
//! say the same.

use super::assemble::{Facts, real};
use super::{ChartPoint, Reading, RebaseLine, WeekChart};
use crate::domain::figures::Figures;
use crate::domain::rebase::ChartName;
use crate::domain::spc::{
    Assurance, Basis, CHART_FROM_CASES, Chart, ChartChoice, ChartKind, Denominators, Goodness,
    Rebase, Scale, Variation, WeekValue, c_chart, choose_for_counts, choose_for_shares, xmr,
};

/// How many weeks a chart shows; its limits rest on all.
const SHOWN_WEEKS: usize = 52;

/// What a chart says for each way in which its latest week stands.
pub(super) struct Messages {
    usual: &'static str,
    high: &'static str,
    low: &'static str,
}

/// Raising is neutral: neither more nor fewer is called good.
pub(super) const RAISED: Messages = Messages {
    usual: "As many as usual were raised.",
    high: "More were raised than usual. That can be good: people speak up.",
    low: "Fewer were raised than usual. That can be a warning: people fall silent.",
};

/// Of the time to resolve.
pub(super) const MEDIAN_DAYS: Messages = Messages {
    usual: "Resolving took as long as usual.",
    high: "Resolving takes longer than it did.",
    low: "Resolving takes less time than it did.",
};

/// Weekly values and the chart that suits them.
pub(super) struct Series {
    values: Vec<WeekValue>,
    better: Goodness,
    choice: ChartChoice,
    chart: Option<Chart>,
}

impl Series {
    /// Counts of whole weeks.
    pub fn counts(
        facts: &Facts<'_>,
        name: ChartName,
        better: Goodness,
        of: impl Fn(&Figures) -> i64,
    ) -> Self {
        let counts: Vec<Option<u32>> =
            facts.weeks.iter().map(|week| u32::try_from(of(&week.total)).ok()).collect();
        let values = Self::values(facts, |figures| Some(real(of(figures))));
        let present = present(facts, name);
        let choice =
            choose_for_counts(counts.get(present..).unwrap_or_default(), Denominators::None);
        let (rebases, settings) = (facts.rules.rebases(name), &facts.rules.charts);
        let chart = match choice.kind {
            Some(ChartKind::Xmr) => Some(xmr(&values, Scale::NotNegative, rebases, settings)),
            Some(ChartKind::C) => Some(c_chart(&values, rebases, settings)),
            _ => None,
        };
        Self { values, better, choice, chart }
    }

    /// The share of answers in time, of weeks with enough of them.
    pub fn shares(facts: &Facts<'_>) -> Self {
        let due = |figures: &Figures| u32::try_from(figures.answers_due).unwrap_or(u32::MAX);
        let cases: Vec<u32> = facts.weeks.iter().map(|week| due(&week.total)).collect();
        let values = Self::values(facts, |figures| {
            figures.share_in_time().filter(|_| due(figures) >= CHART_FROM_CASES)
        });
        let present = present(facts, ChartName::InTime);
        let choice = choose_for_shares(cases.get(present..).unwrap_or_default());
        let rebases = facts.rules.rebases(ChartName::InTime);
        let chart = choice.kind.map(|_| xmr(&values, Scale::Share, rebases, &facts.rules.charts));
        Self { values, better: Goodness::Higher, choice, chart }
    }

    /// The median of working days to resolve, of weeks with enough cases. Times are skewed, so that a mean would say
    /// little.
    pub fn median_days(facts: &Facts<'_>) -> Self {
        let values = Self::values(facts, Figures::median_working_days);
        let present = values.get(present(facts, ChartName::MedianDays)..).unwrap_or_default();
        let enough = present.iter().filter(|it| it.value.is_some()).count() * 2 > present.len();
        let choice = ChartChoice {
            kind: enough.then_some(ChartKind::Xmr),
            reason: if enough {
                "The median of each week with five or more cases."
            } else {
                "Most weeks have fewer than five cases: say each."
            },
        };
        let rebases = facts.rules.rebases(ChartName::MedianDays);
        let chart =
            choice.kind.map(|_| xmr(&values, Scale::NotNegative, rebases, &facts.rules.charts));
        Self { values, better: Goodness::Lower, choice, chart }
    }

    fn values(facts: &Facts<'_>, of: impl Fn(&Figures) -> Option<f64>) -> Vec<WeekValue> {
        let value = |week: &crate::domain::figures::WeekFigures| WeekValue {
            week: week.week,
            // What is not over yet cannot be compared with whole weeks.
            value: of(&week.total).filter(|_| week.week.ends_at() <= facts.data_to),
        };
        facts.weeks.iter().map(value).collect()
    }

    /// How the latest week stands; a week without a value stands nowhere, whatever an earlier one did.
    pub fn reading(&self) -> Reading {
        let none =
            Reading { variation: Variation::NotEnoughData, lower: None, upper: None, basis: None };
        let Some(chart) = &self.chart else { return none };
        let basis = chart.segments.last().map(|segment| segment.basis);
        let Some(point) = chart.points.last().filter(|point| point.value.is_some()) else {
            return Reading { basis, ..none };
        };
        Reading {
            variation: chart.variation(self.better),
            lower: point.lines.and_then(|lines| lines.lower_shown(chart.scale)),
            upper: point.lines.and_then(|lines| lines.upper_shown(chart.scale)),
            basis,
        }
    }

    /// Whether a target can be relied on.
    pub fn assurance(&self, target: f64) -> Option<Assurance> {
        self.chart.as_ref().and_then(|chart| chart.assurance(target, self.better))
    }

    /// The chart as it is shown.
    pub fn chart(&self, target: Option<f64>, messages: Messages) -> WeekChart {
        let points: Vec<ChartPoint> = match &self.chart {
            Some(chart) => {
                (0..chart.points.len()).filter_map(|place| self.point(chart, place)).collect()
            }
            None => self.values.iter().map(plain).collect(),
        };
        let shown = points.len().saturating_sub(SHOWN_WEEKS);
        let points: Vec<ChartPoint> = points.into_iter().skip(shown).collect();
        let rebases = self.chart.iter().flat_map(|chart| &chart.segments).filter_map(|segment| {
            let rebase = segment.rebase.as_ref()?;
            Some(RebaseLine {
                week: rebase.from(),
                reason: rebase.reason().to_owned(),
                by: rebase.by().to_owned(),
                declared_at: rebase.declared_at(),
            })
        });
        // The change on which the present limits rest is told even where it lies before the weeks that are shown.
        let last = self.chart.as_ref().and_then(|chart| chart.segments.last()?.rebase.as_ref());
        let last = last.map(Rebase::from);
        let from = points.first().map(|point| point.week);
        WeekChart {
            message: self.message(&messages),
            method: self.method(),
            rebases: rebases
                .filter(|it| Some(it.week) == last || from.is_some_and(|from| it.week >= from))
                .collect(),
            points,
            target,
        }
    }

    /// One week as the page of that week would have read it, so that its mark does not change when others follow.
    fn point(&self, chart: &Chart, place: usize) -> Option<ChartPoint> {
        let point = chart.points.get(place)?;
        let basis = chart
            .segments
            .iter()
            .find(|segment| (segment.first..segment.first + segment.length).contains(&place))
            .map(|segment| segment.basis);
        let judged = basis.is_some_and(|basis| basis != Basis::NotEnoughData);
        Some(ChartPoint {
            week: point.week,
            value: point.value,
            centre: point.lines.filter(|_| judged).map(|lines| lines.centre),
            lower: point.lines.filter(|_| judged).and_then(|lines| lines.lower_shown(chart.scale)),
            upper: point.lines.filter(|_| judged).and_then(|lines| lines.upper_shown(chart.scale)),
            variation: match point.label() {
                Some(signal) if judged => Variation::of(signal.side, self.better),
                _ => Variation::CommonCause,
            },
        })
    }

    fn message(&self, messages: &Messages) -> String {
        let reading = self.reading();
        let words = match reading.variation {
            Variation::NotEnoughData => "Too little is known to say what is usual.",
            Variation::CommonCause => messages.usual,
            Variation::ImprovementHigh | Variation::ConcernHigh | Variation::NeutralHigh => {
                messages.high
            }
            Variation::ImprovementLow | Variation::ConcernLow | Variation::NeutralLow => {
                messages.low
            }
        };
        words.to_owned()
    }

    fn method(&self) -> String {
        let limits = match self.chart.as_ref().and_then(|chart| chart.segments.last()) {
            Some(segment) => match segment.basis {
                Basis::NotEnoughData => " Too few weeks for limits.".to_owned(),
                Basis::TrialLimits => {
                    format!(" Trial limits from {} weeks.", segment.baseline_points)
                }
                Basis::Locked => {
                    format!(" Limits from the first {} weeks.", segment.baseline_points)
                }
                Basis::AllPoints => format!(" Limits from all {} weeks.", segment.baseline_points),
            },
            None => String::new(),
        };
        let last = self.chart.as_ref().and_then(|chart| chart.segments.last()?.rebase.as_ref());
        let since = last.map_or_else(String::new, |rebase| {
            format!(" They are counted from {} on, where a change was declared.", rebase.from())
        });
        format!("{}{limits}{since}", self.choice.reason)
    }
}

/// The place of the first week from which on the work is as it is now: which chart is honest is a question of these weeks.
/// With too few of them since a declared change nothing is judged yet, and all weeks choose.
fn present(facts: &Facts<'_>, name: ChartName) -> usize {
    let declared = facts.rules.rebases(name).iter().map(Rebase::from);
    let Some(last) = declared.filter(|from| *from <= facts.week).max() else { return 0 };
    let place = facts.weeks.iter().position(|it| it.week >= last).unwrap_or(0);
    if facts.weeks.len() - place < facts.rules.charts.enough_points { 0 } else { place }
}

fn plain(it: &WeekValue) -> ChartPoint {
    ChartPoint {
        week: it.week,
        value: it.value,
        centre: None,
        lower: None,
        upper: None,
        variation: Variation::CommonCause,
    }
}
