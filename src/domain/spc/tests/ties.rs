//! Equal values, values on a line, and weeks without a value.

use super::*;

/// A baseline around 5 with the limits 5 ± 5.32, then what is to be judged.
fn after_a_baseline(judged: &[f64]) -> Chart {
    let mut values: Vec<f64> = [4.0, 6.0].into_iter().cycle().take(12).collect();
    values.extend_from_slice(judged);
    plain(&values, Some(12))
}

fn judged(chart: &Chart, rule: Rule) -> Vec<usize> {
    meet(chart, rule).into_iter().map(|at| at - 12).collect()
}

#[test]
fn a_series_without_any_variation_has_no_signal() {
    for value in [0.0, 0.1, 1.0 / 3.0, 7.0, 1e9] {
        for screen in [false, true] {
            let chart = xmr(&series(&[value; 30]), Scale::Any, &[], &settings(Some(20), screen));
            assert!(chart.points.iter().all(|point| point.signals.is_empty()), "{value}");
            assert_eq!(chart.variation(Goodness::Higher), Variation::CommonCause);
        }
    }
    let flat_then_more: Vec<f64> = [vec![0.1; 20], vec![0.1001]].concat();
    assert_eq!(meet(&plain(&flat_then_more, Some(20)), Rule::Outside), [20]);
}

#[test]
fn seven_on_one_side_are_a_shift_and_a_point_on_the_centre_breaks_it() {
    let six = [6.0, 5.5, 6.0, 5.5, 6.0, 5.5];
    assert_eq!(judged(&after_a_baseline(&[&[5.0], &six[..]].concat()), Rule::Shift), [0; 0]);
    let seven = [&[5.0], &six[..], &[6.0]].concat();
    assert_eq!(judged(&after_a_baseline(&seven), Rule::Shift), [1, 2, 3, 4, 5, 6, 7]);
    let broken = [&[5.0], &six[..], &[5.0], &six[..]].concat();
    assert_eq!(judged(&after_a_baseline(&broken), Rule::Shift), [0; 0]);
}

#[test]
fn seven_rising_are_a_trend_and_a_tie_breaks_it() {
    // The last baseline value is 6: the first of these begins anew.
    let rising = [4.0, 4.2, 4.4, 4.6, 4.8, 5.2, 5.4];
    assert_eq!(judged(&after_a_baseline(&rising), Rule::Trend), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(judged(&after_a_baseline(&rising[..6]), Rule::Trend), [0; 0]);
    let tie = [4.0, 4.2, 4.4, 4.6, 4.6, 4.8, 5.2, 5.4];
    assert_eq!(judged(&after_a_baseline(&tie), Rule::Trend), [0; 0]);
    let chart = after_a_baseline(&rising);
    // Rising is high, even below the centre.
    assert_eq!(
        chart.points[12].label(),
        Some(Signal { rule: Rule::Trend, side: SignalSide::High })
    );
}

#[test]
fn where_a_fall_turns_into_a_rise_the_rise_labels_the_point() {
    let valley = [6.0, 5.8, 5.6, 5.4, 5.2, 4.8, 4.6, 4.8, 5.2, 5.4, 5.6, 5.8, 6.0];
    let chart = after_a_baseline(&valley);
    let trend = |side| Signal { rule: Rule::Trend, side };
    assert_eq!(chart.points[18].signals, [trend(SignalSide::High), trend(SignalSide::Low)]);
    assert_eq!(chart.points[17].signals, [trend(SignalSide::Low)]);
    assert_eq!(chart.points[19].signals, [trend(SignalSide::High)]);
}

#[test]
fn two_of_three_need_one_side_and_a_point_outside_does_not_count() {
    // Near is between 8.55 and 10.32.
    assert_eq!(judged(&after_a_baseline(&[9.0, 6.0, 9.0]), Rule::TwoInThree), [0, 2]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 9.5, 6.0]), Rule::TwoInThree), [0, 1]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 4.0, 9.0]), Rule::TwoInThree), [0; 0]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 5.0, 9.0]), Rule::TwoInThree), [0; 0]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 11.0, 6.0]), Rule::TwoInThree), [0; 0]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 11.0, 9.0]), Rule::TwoInThree), [0, 2]);
    assert_eq!(judged(&after_a_baseline(&[9.0, 6.0, 6.0, 9.0]), Rule::TwoInThree), [0; 0]);
    assert_eq!(judged(&after_a_baseline(&[9.0]), Rule::TwoInThree), [0; 0]);
}

#[test]
fn a_point_on_a_limit_is_inside_and_near_and_one_on_the_near_limit_is_not_near() {
    let limits = lines(&after_a_baseline(&[]), 0);
    let on_limit = after_a_baseline(&[limits.upper, 6.0, limits.upper]);
    assert_eq!(judged(&on_limit, Rule::Outside), [0; 0]);
    assert_eq!(judged(&on_limit, Rule::TwoInThree), [0, 2]);
    let on_near = after_a_baseline(&[limits.near_upper, 6.0, limits.near_upper]);
    assert_eq!(judged(&on_near, Rule::TwoInThree), [0; 0]);
    assert_eq!(judged(&after_a_baseline(&[limits.upper + 1e-6]), Rule::Outside), [0]);
    assert_eq!(judged(&after_a_baseline(&[limits.lower - 1e-6]), Rule::Outside), [0]);
}

#[test]
fn a_hole_is_left_out_and_breaks_no_run() {
    let mut holed = Vec::new();
    for (at, value) in SHIFTED.iter().enumerate() {
        holed.push(Some(*value));
        match at % 3 {
            0 => holed.push(None),
            1 => holed.extend([Some(f64::NAN), Some(f64::INFINITY)]),
            _ => {}
        }
    }
    holed.push(None);
    let chart = xmr(&with_holes(&holed), Scale::Any, &[], &settings(Some(12), false));
    let whole = plain(&SHIFTED, Some(12));
    let of_values = |chart: &Chart| -> Vec<Point> {
        chart.points.iter().filter(|point| point.value.is_some()).cloned().collect()
    };
    assert_eq!(of_values(&chart).len(), 20);
    for (one, other) in of_values(&chart).iter().zip(&whole.points) {
        assert_eq!(
            (one.value, one.lines, &one.signals),
            (other.value, other.lines, &other.signals)
        );
    }
    for hole in chart.points.iter().filter(|point| point.value.is_none()) {
        assert!(hole.signals.is_empty() && hole.lines.is_some());
    }
    // The latest value is not that of the latest week, and can be told apart.
    assert_eq!(chart.latest().unwrap().value, Some(15.0));
    assert_ne!(chart.latest().unwrap().week, chart.points.last().unwrap().week);
    assert_eq!(chart.variation(Goodness::Higher), whole.variation(Goodness::Higher));
}

#[test]
fn rules_and_their_length_are_data() {
    let six = [5.5, 6.0, 5.5, 6.0, 5.5, 6.0];
    let mut values: Vec<f64> = [4.0, 6.0].into_iter().cycle().take(11).collect();
    values.extend(six);
    let with = |run_length, rules: &[Rule]| {
        let rules = rules.to_vec();
        let settings =
            SpcSettings { run_length, rules, lock_after: Some(11), ..SpcSettings::default() };
        xmr(&series(&values), Scale::Any, &[], &settings)
    };
    assert_eq!(meet(&with(7, Rule::ALL), Rule::Shift), [0; 0]);
    assert_eq!(meet(&with(6, Rule::ALL), Rule::Shift), [11, 12, 13, 14, 15, 16]);
    assert_eq!(meet(&with(6, &[Rule::Outside]), Rule::Shift), [0; 0]);
    // Nonsense does not stop the page.
    assert_eq!(with(0, Rule::ALL).points.len(), 17);
}
