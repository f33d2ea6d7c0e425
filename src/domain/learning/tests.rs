//! That only a signal is called better, and that nothing is measured which cannot be.

use super::*;

fn week(number: i32) -> IsoWeek {
    "2026-W01".parse::<IsoWeek>().unwrap().plus_weeks(number)
}

fn expected(figure: ExpectedFigure, direction: ExpectedDirection) -> Expected {
    Expected { figure, direction, remeasure: week(40) }
}

fn baseline(weeks: i32, value: impl Fn(i32) -> f64) -> Baseline {
    let values = (30 - weeks..30).map(|number| (week(number), Some(value(number)))).collect();
    Baseline { values, definitions_version: DEFINITIONS_VERSION }
}

fn since(value: impl Fn(i32) -> f64) -> Vec<WeekValue> {
    (30..=40).map(|number| WeekValue { week: week(number), value: Some(value(number)) }).collect()
}

fn varied(number: i32) -> f64 {
    20.0 + f64::from(number % 3)
}

#[test]
fn better_is_a_signal_on_the_expected_side_and_nothing_less() {
    use ExpectedDirection::{Higher, Lower};
    let raised = ExpectedFigure::Raised;
    let usual = baseline(26, varied);
    let says = |direction, after: &dyn Fn(i32) -> f64| {
        judge(expected(raised, direction), &usual, &since(after))
    };
    assert_eq!(says(Lower, &varied), LearningResult::NoDetectableChange);
    // A last week a little lower than the mean is what chance explains.
    let a_little = |number: i32| if number == 40 { 20.0 } else { varied(number) };
    assert_eq!(says(Lower, &a_little), LearningResult::NoDetectableChange);
    assert_eq!(says(Lower, &|_| 5.0), LearningResult::Better);
    assert_eq!(says(Higher, &|_| 5.0), LearningResult::Worse);
    assert_eq!(says(Higher, &|_| 60.0), LearningResult::Better);
    let share = judge(
        expected(ExpectedFigure::AnsweredInTime, Higher),
        &baseline(26, |number| 0.5 + f64::from(number % 3) / 100.0),
        &since(|_| 0.9),
    );
    assert_eq!(share, LearningResult::Better);
}

#[test]
fn what_cannot_be_measured_is_not_called_unchanged() {
    let wanted = expected(ExpectedFigure::Raised, ExpectedDirection::Lower);
    let few = baseline(11, varied);
    assert_eq!(judge(wanted, &few, &since(|_| 1.0)), LearningResult::NotMeasurable);
    let other = Baseline { definitions_version: DEFINITIONS_VERSION - 1, ..baseline(26, varied) };
    assert_eq!(judge(wanted, &other, &since(|_| 1.0)), LearningResult::NotMeasurable);
    let mut without = since(|_| 5.0);
    without.last_mut().unwrap().value = None;
    assert_eq!(judge(wanted, &baseline(26, varied), &without), LearningResult::NotMeasurable);
    assert_eq!(judge(wanted, &baseline(26, varied), &[]), LearningResult::NotMeasurable);
    // Of so few that no chart of weeks is honest, none is drawn.
    let rare = baseline(26, |number| if number % 9 == 0 { 1.0 } else { 0.0 });
    assert_eq!(judge(wanted, &rare, &since(|_| 0.0)), LearningResult::NotMeasurable);
}
