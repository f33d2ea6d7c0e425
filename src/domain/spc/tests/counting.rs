//! Small counts, rates and rare events, and which chart suits what.

use jiff::Timestamp;
use jiff::civil::Date;

use super::*;

#[test]
fn exact_poisson_signals_are_those_of_the_published_table() {
    for (mean, threshold) in [(1.0, 6), (2.0, 8), (3.0, 10), (5.0, 14), (8.0, 19)] {
        assert_eq!(poisson_threshold(mean, 0.001_35), Some(threshold), "{mean}");
    }
    assert_eq!(poisson_threshold(0.0, 0.001_35), Some(1));
    assert_eq!(poisson_threshold(3.0, 2.0), Some(0));
    for (mean, chance) in
        [(-1.0, 0.1), (f64::NAN, 0.1), (f64::INFINITY, 0.1), (3.0, 0.0), (3.0, f64::NAN)]
    {
        assert_eq!(poisson_threshold(mean, chance), None, "{mean} {chance}");
    }
}

/// A series with exactly this mean, in turns one more and one less.
fn counts(mean: f64) -> Vec<WeekValue> {
    series(&[mean - 1.0, mean + 1.0].into_iter().cycle().take(20).collect::<Vec<_>>())
}

#[test]
fn the_c_chart_has_the_published_limits() {
    for (mean, lower, upper) in [(5.0, None, 11.7), (8.0, None, 16.5), (12.0, Some(1.6), 22.4)] {
        let chart = c_chart(&counts(mean), &[], &SpcSettings::default());
        let told = lines(&chart, 0);
        close(told.centre, mean);
        close(told.upper, mean + 3.0 * mean.sqrt());
        close(told.lower, mean - 3.0 * mean.sqrt());
        close(told.near_upper, mean + 2.0 * mean.sqrt());
        assert!((told.upper - upper).abs() < 0.05, "{told:?}");
        assert_eq!(told.lower_shown(chart.scale).map(|it| (it * 10.0).round() / 10.0), lower);
        assert_eq!(chart.segments[0].mean_moving_range, None);
    }
    let at_nine = c_chart(&counts(9.0), &[], &SpcSettings::default());
    assert_eq!(lines(&at_nine, 0).lower_shown(Scale::NotNegative), Some(0.0));
}

#[test]
fn nought_is_never_below_the_limit_of_a_small_count() {
    let mut values = counts(8.0);
    values.extend(
        series(&[0.0; 6]).into_iter().map(|it| WeekValue { week: it.week.plus_weeks(20), ..it }),
    );
    let chart = c_chart(&values, &[], &SpcSettings::default());
    assert_eq!(meet(&chart, Rule::Outside), [0; 0]);
}

fn rate(at: usize, count: u32, of: f64) -> RateWeek {
    RateWeek { week: week(at), count: Some(count), of }
}

#[test]
fn the_limits_of_a_u_chart_follow_the_denominator() {
    let mut weeks: Vec<RateWeek> =
        (0..20).map(|at| rate(at, 4, if at % 2 == 0 { 100.0 } else { 60.0 })).collect();
    weeks.push(rate(20, 8, 400.0));
    weeks.push(rate(21, 8, 25.0));
    let chart = u_chart(&weeks, &[], &SpcSettings::default());
    // 80 in 1,600.
    for (at, of) in [(0, 100.0), (1, 60.0), (20, 400.0), (21, 25.0_f64)] {
        let told = lines(&chart, at);
        close(told.centre, 0.05);
        close(told.upper, 0.05 + 3.0 * (0.05 / of).sqrt());
        close(told.lower, 0.05 - 3.0 * (0.05 / of).sqrt());
        close(told.near_lower, 0.05 - 2.0 * (0.05 / of).sqrt());
    }
    close(chart.points[20].value.unwrap(), 0.02);
    // 0.02 of 400 lies above 0.0165, 0.32 of 25 above 0.184.
    assert_eq!(meet(&chart, Rule::Outside), [21]);
    let same = c_chart(&counts(4.0), &[], &SpcSettings::default());
    let ones: Vec<RateWeek> =
        (0..20).map(|at| rate(at, if at % 2 == 0 { 3 } else { 5 }, 1.0)).collect();
    let of_one = u_chart(&ones, &[], &SpcSettings::default());
    assert_eq!(lines(&of_one, 3), lines(&same, 3));
}

#[test]
fn a_week_without_a_denominator_is_left_out() {
    let mut weeks: Vec<RateWeek> = (0..20).map(|at| rate(at, 4, 100.0)).collect();
    weeks.extend([rate(20, 4, 0.0), rate(21, 4, -1.0), rate(22, 0, f64::NAN), rate(23, 4, 1e-320)]);
    weeks.push(RateWeek { count: None, ..rate(24, 0, 100.0) });
    let chart = u_chart(&weeks, &[], &SpcSettings::default());
    assert!(chart.points[20..].iter().all(|point| point.value.is_none()));
    assert!(
        chart.points[20..23].iter().all(|point| point.lines.is_none()),
        "{:?}",
        &chart.points[20..]
    );
    assert_eq!(chart.segments[0].baseline_points, 20);
}

const GAPS: [f64; 12] = [3.0, 12.0, 5.0, 20.0, 8.0, 1.0, 15.0, 30.0, 7.0, 10.0, 4.0, 18.0];

#[test]
fn the_t_chart_has_the_published_centre_and_limit() {
    let chart = t_chart(&series(&GAPS), &[], &settings(None, false));
    let told = lines(&chart, 0);
    assert!((told.centre - 8.87).abs() < 0.005, "{told:?}");
    assert!((told.upper - 91.0).abs() < 0.05, "{told:?}");
    let roots: Vec<f64> = GAPS.iter().map(|days| days.powf(1.0 / 3.6)).collect();
    let centre = roots.iter().sum::<f64>() / 12.0;
    let moving: f64 = roots.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>() / 11.0;
    close(told.centre, centre.powf(3.6));
    close(told.upper, (centre + 2.66 * moving).powf(3.6));
    close(told.lower, (centre - 2.66 * moving).powf(3.6));
    let shown: Vec<f64> = chart.points.iter().filter_map(|point| point.value).collect();
    assert_eq!(shown, GAPS);
}

#[test]
fn a_long_time_without_an_event_is_neither_good_nor_bad() {
    let mut gaps = GAPS.to_vec();
    gaps.push(200.0);
    let chart = t_chart(&series(&gaps), &[], &settings(Some(12), false));
    assert_eq!(meet(&chart, Rule::Outside), [12]);
    for better in Goodness::ALL {
        assert_eq!(chart.variation(*better), Variation::NeutralHigh);
    }
    // Wide limits reach below nought, where no time is; the line stays there and is not shown.
    let wide = t_chart(
        &series(&[0.01, 90.0].into_iter().cycle().take(12).collect::<Vec<_>>()),
        &[],
        &settings(None, false),
    );
    assert!(lines(&wide, 0).lower < 0.0);
    assert_eq!(lines(&wide, 0).lower_shown(wide.scale), None);
    let odd = t_chart(&series(&[-3.0; 12]), &[], &settings(None, false));
    assert!(odd.points.iter().all(|point| point.value.is_none()));
}

#[test]
fn times_between_events_are_hours_where_known_and_spread_over_the_day_where_not() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let events = [at("2026-03-27T12:00Z"), at("2026-03-25T12:00Z"), at("2026-03-27T18:00Z")];
    let days: Vec<f64> = days_between(&events).iter().filter_map(|gap| gap.value).collect();
    assert_eq!(days, [2.0, 0.25]);
    assert!(days_between(&events[..1]).is_empty() && days_between(&[]).is_empty());

    let date = |text: &str| text.parse::<Date>().unwrap();
    // Over the change of the clocks a day stays a day.
    let dates = [date("2026-03-30"), date("2026-03-28"), date("2026-03-28"), date("2026-03-30")];
    let gaps = days_between_dates(&dates);
    let days: Vec<f64> = gaps.iter().filter_map(|gap| gap.value).collect();
    assert_eq!(days, [0.5, 1.5, 0.5]);
    assert_eq!(gaps[1].week.to_string(), "2026-W14");
    assert!(days.iter().all(|days| *days > 0.0) && days_between_dates(&[]).is_empty());
}

#[test]
fn the_g_chart_has_the_limits_of_a_geometric_count_and_only_rules_that_suit_it() {
    let values: Vec<f64> = [1.0, 5.0].into_iter().cycle().take(20).chain([1.0; 9]).collect();
    let chart = g_chart(&series(&values), &[], &SpcSettings::default());
    close(lines(&chart, 0).centre, 3.0);
    close(lines(&chart, 0).upper, 3.0 + 3.0 * 12.0_f64.sqrt());
    assert_eq!(lines(&chart, 0).lower_shown(chart.scale), None);
    assert_eq!(meet(&chart, Rule::Shift), [0; 0]);
    let far: Vec<f64> = values.into_iter().chain([14.0]).collect();
    let chart = g_chart(&series(&far), &[], &SpcSettings::default());
    assert_eq!(chart.variation(Goodness::Higher), Variation::NeutralHigh);
}

#[test]
fn the_chart_suits_the_series() {
    let of = |counts: &[u32], weeks: usize| -> Vec<Option<u32>> {
        counts.iter().copied().cycle().take(weeks).map(Some).collect()
    };
    for (counts, denominators, kind) in [
        (of(&[5, 6, 4, 7], 20), Denominators::None, Some(ChartKind::Xmr)),
        (of(&[5, 6, 4, 7], 20), Denominators::Changing, Some(ChartKind::U)),
        (of(&[4, 5, 5, 5], 20), Denominators::None, Some(ChartKind::C)),
        (of(&[0, 9, 9, 9, 9], 20), Denominators::None, Some(ChartKind::C)),
        (of(&[1, 1, 2], 21), Denominators::Changing, Some(ChartKind::U)),
        (of(&[0, 1], 20), Denominators::None, Some(ChartKind::T)),
        (of(&[0, 20], 20), Denominators::None, Some(ChartKind::T)),
        (of(&[0, 1, 0], 20), Denominators::Changing, Some(ChartKind::T)),
        (of(&[0], 20), Denominators::None, None),
        (vec![None; 20], Denominators::None, None),
    ] {
        let choice = choose_for_counts(&counts, denominators);
        assert_eq!(choice.kind, kind, "{counts:?}");
        assert!(!choice.reason.is_empty());
    }
    assert_eq!(choose_for_shares(&[10, 9, 12]).kind, Some(ChartKind::Xmr));
    assert_eq!(choose_for_shares(&[10, 9, 9]).kind, None);
    assert_eq!(choose_for_shares(&[10, 9]).kind, None);
    assert_eq!(choose_for_shares(&[]).kind, None);
}
