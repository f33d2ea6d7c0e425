//! The published reference series, to the ninth decimal and with exactly the same points marked.

use super::*;

mod counting;
mod ties;
mod wolf;

/// Far from any year's end, so that a test of rules is no test of weeks.
fn week(index: usize) -> IsoWeek {
    let ahead = i32::try_from(index).unwrap();
    "2024-W10".parse::<IsoWeek>().unwrap().plus_weeks(ahead)
}

fn series(values: &[f64]) -> Vec<WeekValue> {
    with_holes(&values.iter().copied().map(Some).collect::<Vec<_>>())
}

fn with_holes(values: &[Option<f64>]) -> Vec<WeekValue> {
    values
        .iter()
        .enumerate()
        .map(|(index, value)| WeekValue { week: week(index), value: *value })
        .collect()
}

fn settings(lock_after: Option<usize>, screen_outliers: bool) -> SpcSettings {
    SpcSettings { lock_after, screen_outliers, ..SpcSettings::default() }
}

fn plain(values: &[f64], lock_after: Option<usize>) -> Chart {
    xmr(&series(values), Scale::Any, &[], &settings(lock_after, false))
}

/// The places of the points that meet a rule.
fn meet(chart: &Chart, rule: Rule) -> Vec<usize> {
    let meets = |point: &Point| point.signals.iter().any(|signal| signal.rule == rule);
    chart.points.iter().enumerate().filter(|(_, point)| meets(point)).map(|(at, _)| at).collect()
}

/// The places of the points that are labelled with a rule.
fn labelled(chart: &Chart, rule: Rule) -> Vec<usize> {
    let is = |point: &Point| point.label().is_some_and(|signal| signal.rule == rule);
    chart.points.iter().enumerate().filter(|(_, point)| is(point)).map(|(at, _)| at).collect()
}

fn close(told: f64, wanted: f64) {
    assert!((told - wanted).abs() < 1e-9, "{told} is not {wanted}");
}

fn lines(chart: &Chart, at: usize) -> Lines {
    chart.points[at].lines.unwrap()
}

const SHIFTED: [f64; 20] = [
    4.0, 6.0, 5.0, 7.0, 3.0, 5.0, 6.0, 4.0, 5.0, 6.0, 4.0, 5.0, 7.0, 8.0, 9.0, 8.0, 9.0, 10.0, 8.0,
    15.0,
];
const WITH_OUTLIER: [f64; 18] =
    [1.0, 2.0, 1.0, 2.0, 10.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0];

#[test]
fn the_first_reference_series_with_a_baseline_of_twelve() {
    let chart = plain(&SHIFTED, Some(12));
    let segment = &chart.segments[0];
    let moving_range = 19.0 / 11.0;
    close(segment.mean_moving_range.unwrap(), moving_range);
    assert_eq!((segment.basis, segment.baseline_points), (Basis::Locked, 12));
    let told = lines(&chart, 0);
    close(told.centre, 5.0);
    close(told.upper, 5.0 + 2.66 * moving_range);
    close(told.lower, 5.0 - 2.66 * moving_range);
    close(told.near_upper, 5.0 + 2.66 * moving_range * 2.0 / 3.0);
    close(told.near_lower, 5.0 - 2.66 * moving_range * 2.0 / 3.0);
    assert!((told.upper - 9.5945).abs() < 1e-4 && (told.lower - 0.4055).abs() < 1e-4);
    assert!(chart.points.iter().all(|point| point.lines == Some(told)));

    assert_eq!(meet(&chart, Rule::Outside), [17, 19]);
    assert_eq!(meet(&chart, Rule::Shift), (12..=19).collect::<Vec<_>>());
    assert_eq!(meet(&chart, Rule::TwoInThree), [14, 16]);
    assert_eq!(meet(&chart, Rule::Trend), [0; 0]);
    assert_eq!(labelled(&chart, Rule::Outside), [17, 19]);
    assert_eq!(labelled(&chart, Rule::TwoInThree), [14, 16]);
    assert_eq!(labelled(&chart, Rule::Shift), [12, 13, 15, 18]);
    let both = [(Rule::Outside, SignalSide::High), (Rule::Shift, SignalSide::High)];
    assert_eq!(chart.points[17].signals, both.map(|(rule, side)| Signal { rule, side }));
}

#[test]
fn the_second_reference_series_with_and_without_screening() {
    let told = plain(&WITH_OUTLIER, None);
    close(told.segments[0].mean_moving_range.unwrap(), 32.0 / 17.0);
    close(lines(&told, 0).centre, 35.0 / 18.0);
    close(lines(&told, 0).upper, 35.0 / 18.0 + 2.66 * 32.0 / 17.0);
    close(lines(&told, 0).lower, 35.0 / 18.0 - 2.66 * 32.0 / 17.0);
    assert!((lines(&told, 0).upper - 6.9515).abs() < 1e-4);
    assert!((lines(&told, 0).lower + 3.0626).abs() < 1e-4);

    let screened = xmr(&series(&WITH_OUTLIER), Scale::NotNegative, &[], &settings(None, true));
    close(screened.segments[0].mean_moving_range.unwrap(), 1.0);
    close(lines(&screened, 0).centre, 35.0 / 18.0);
    close(lines(&screened, 0).upper, 35.0 / 18.0 + 2.66);
    close(lines(&screened, 0).lower, 35.0 / 18.0 - 2.66);

    for chart in [&told, &screened] {
        assert_eq!(meet(chart, Rule::Outside), [4]);
        for rule in [Rule::Trend, Rule::TwoInThree, Rule::Shift] {
            assert_eq!(meet(chart, rule), [0; 0], "{rule}");
        }
        assert_eq!(chart.segments[0].basis, Basis::AllPoints);
    }
    assert_eq!(lines(&screened, 0).lower_shown(screened.scale), None);
    assert!(lines(&told, 0).lower_shown(told.scale).is_some());
}

#[test]
fn screening_is_done_once() {
    // 3 is less than 3.267 times the first mean range, and more than that of the second one.
    let mut values = vec![0.0, 0.5];
    values.extend([0.0, 0.5].into_iter().cycle().take(20));
    values.extend([3.5, 0.5, 40.0, 0.5]);
    let chart = xmr(&series(&values), Scale::Any, &[], &settings(None, true));
    let ranges: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let all = mean(&ranges).unwrap();
    let once: Vec<f64> = ranges.iter().copied().filter(|range| *range < 3.267 * all).collect();
    let told = chart.segments[0].mean_moving_range.unwrap();
    close(told, mean(&once).unwrap());
    assert!(once.iter().any(|range| *range >= 3.267 * told), "a second pass would change it");
}

#[test]
fn limits_lock_after_so_many_points_and_are_on_trial_before() {
    for (points, basis, baseline) in [
        (1, Basis::NotEnoughData, 1),
        (11, Basis::NotEnoughData, 11),
        (12, Basis::TrialLimits, 12),
        (19, Basis::TrialLimits, 19),
        (20, Basis::Locked, 20),
    ] {
        let chart = plain(&SHIFTED[..points], Some(20));
        let segment = &chart.segments[0];
        assert_eq!((segment.basis, segment.baseline_points), (basis, baseline), "{points}");
        assert_eq!(chart.points[0].lines.is_some(), points > 1);
        let told = chart.variation(Goodness::Higher);
        assert_eq!(told == Variation::NotEnoughData, points < 12, "{points}");
    }
    let locked = plain(&[5.0, 7.0].into_iter().cycle().take(20).collect::<Vec<_>>(), Some(20));
    let mut longer: Vec<f64> = locked.points.iter().filter_map(|point| point.value).collect();
    longer.extend([60.0, 70.0, 80.0]);
    assert_eq!(lines(&plain(&longer, Some(20)), 22), lines(&locked, 0));
}

#[test]
fn too_few_points_are_not_judged_however_far_they_lie_apart() {
    let mut values = vec![5.0; 10];
    values.push(1_000.0);
    let chart = plain(&values, Some(20));
    assert!(chart.points.iter().all(|point| point.signals.is_empty()));
    assert_eq!(chart.variation(Goodness::Lower), Variation::NotEnoughData);
    assert_eq!(chart.assurance(2_000.0, Goodness::Lower), None);
    assert_eq!(plain(&[], Some(20)).variation(Goodness::Lower), Variation::NotEnoughData);
}

#[test]
fn a_rebase_begins_segments_with_limits_and_runs_of_their_own() {
    let rebase = |at| Rebase::new(week(at), "new front door", "Director").unwrap();
    // Six high points before the rebase and six after: no seven within a segment.
    let mut values: Vec<f64> = [4.0, 6.0].into_iter().cycle().take(13).collect();
    values.extend([7.0; 6]);
    values.extend([7.0, 7.1, 7.2, 7.3, 7.4, 7.5]);
    values.extend([3.0, 9.0].into_iter().cycle().take(10));
    let without = plain(&values, Some(13));
    assert!(!meet(&without, Rule::Shift).is_empty());
    let chart = xmr(&series(&values), Scale::Any, &[rebase(19)], &settings(Some(13), false));
    assert_eq!(meet(&chart, Rule::Shift), [0; 0]);
    let segments: Vec<_> =
        chart.segments.iter().map(|it| (it.first, it.length, it.rebase.is_some())).collect();
    assert_eq!(segments, [(0, 19, false), (19, 16, true)]);
    assert_eq!(chart.segments[1].rebase.as_ref().unwrap().reason(), "new front door");
    let second = plain(&values[19..], Some(13));
    assert_eq!(lines(&chart, 19), lines(&second, 0));
    assert_eq!(lines(&chart, 0), lines(&without, 0));
    assert_ne!(lines(&chart, 0), lines(&chart, 19));
    let told: Vec<_> = chart.points[19..].iter().map(|point| point.signals.clone()).collect();
    let wanted: Vec<_> = second.points.iter().map(|point| point.signals.clone()).collect();
    assert_eq!(told, wanted);

    // A young segment is not judged, and the whole chart stands for its latest one.
    let young = xmr(&series(&values), Scale::Any, &[rebase(29)], &settings(Some(13), false));
    assert_eq!(young.segments[1].basis, Basis::NotEnoughData);
    assert_eq!(young.variation(Goodness::Higher), Variation::NotEnoughData);
}

#[test]
fn rebases_before_after_and_between_the_points_do_no_harm() {
    let rebase = |at, reason| Rebase::new(week(at), reason, "Director").unwrap();
    let mut sparse = series(&SHIFTED);
    sparse.drain(8..12);
    let rebases = [
        rebase(11, "second"),
        rebase(99, "never"),
        rebase(0, "from the start"),
        rebase(9, "first"),
    ];
    let chart = xmr(&sparse, Scale::Any, &rebases, &SpcSettings::default());
    let told: Vec<_> = chart
        .segments
        .iter()
        .map(|it| (it.first, it.length, it.rebase.as_ref().map(Rebase::reason)))
        .collect();
    assert_eq!(told, [(0, 8, Some("from the start")), (8, 8, Some("second"))]);
}

#[test]
fn nobody_rebases_without_a_reason_and_a_name() {
    for (reason, by) in [("", "Director"), (" ", "Director"), ("new service", "\t")] {
        assert_eq!(Rebase::new(week(0), reason, by), Err(UnexplainedRebase));
    }
}

#[test]
fn a_target_is_judged_by_the_limits_and_never_by_the_latest_value() {
    let chart = plain(&SHIFTED, Some(12));
    let [below, within, above] = [0.4, 5.0, 9.6];
    for (target, better, wanted) in [
        (below, Goodness::Higher, Some(Assurance::ConsistentlyPasses)),
        (within, Goodness::Higher, Some(Assurance::HitAndMiss)),
        (above, Goodness::Higher, Some(Assurance::ConsistentlyFails)),
        (below, Goodness::Lower, Some(Assurance::ConsistentlyFails)),
        (within, Goodness::Lower, Some(Assurance::HitAndMiss)),
        (above, Goodness::Lower, Some(Assurance::ConsistentlyPasses)),
        (lines(&chart, 0).upper, Goodness::Lower, Some(Assurance::HitAndMiss)),
        (above, Goodness::Neutral, None),
    ] {
        assert_eq!(chart.assurance(target, better), wanted, "{target} {better}");
    }
}

#[test]
fn the_latest_point_stands_as_its_label_and_the_direction_say() {
    let high = plain(&SHIFTED, Some(12));
    let low = plain(&SHIFTED.map(|value| -value), Some(12));
    for (better, of_high, of_low) in [
        (Goodness::Higher, Variation::ImprovementHigh, Variation::ConcernLow),
        (Goodness::Lower, Variation::ConcernHigh, Variation::ImprovementLow),
        (Goodness::Neutral, Variation::NeutralHigh, Variation::NeutralLow),
    ] {
        assert_eq!(high.variation(better), of_high);
        assert_eq!(low.variation(better), of_low);
        assert_eq!(plain(&SHIFTED[..12], Some(12)).variation(better), Variation::CommonCause);
    }
    for variation in Variation::ALL {
        assert!(!variation.words().is_empty());
    }
    assert_eq!(Variation::NeutralHigh.words(), "Higher than usual");
}

#[test]
fn lines_that_no_value_can_pass_are_not_shown() {
    let lines = Lines { centre: 0.5, near_lower: 0.0, near_upper: 1.0, lower: -0.2, upper: 1.2 };
    assert_eq!(lines.lower_shown(Scale::Any), Some(-0.2));
    assert_eq!(
        (lines.lower_shown(Scale::NotNegative), lines.lower_shown(Scale::Share)),
        (None, None)
    );
    assert_eq!(lines.upper_shown(Scale::NotNegative), Some(1.2));
    assert_eq!(lines.upper_shown(Scale::Share), None);
    let on_it = Lines { lower: 0.0, upper: 1.0, ..lines };
    assert_eq!(
        (on_it.lower_shown(Scale::Share), on_it.upper_shown(Scale::Share)),
        (Some(0.0), Some(1.0))
    );
}
