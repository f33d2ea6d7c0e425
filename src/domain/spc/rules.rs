//! The four rules on the points of one segment.

use super::{Lines, Rule, Signal, SignalSide};

/// Sums of binary fractions are a little off: ten times 0.1 has a mean that is not 0.1. What
/// differs by less than this share of the largest value is the same.
const SAME: f64 = 1e-12;

/// For each point every rule that it meets, the one that labels it first.
///
/// Holes have been left out before: the points are successive values.
pub(super) fn signals(
    points: &[(f64, Lines)],
    rules: &[Rule],
    run_length: usize,
) -> Vec<Vec<Signal>> {
    let run_length = run_length.max(3);
    let largest = points.iter().fold(0.0, |most: f64, (value, _)| most.max(value.abs()));
    let same = largest * SAME;
    let values: Vec<f64> = points.iter().map(|(value, _)| *value).collect();
    let places: Vec<Place> =
        points.iter().map(|(value, lines)| Place::of(*value, lines, same)).collect();
    let mut found: Vec<Vec<Signal>> = points.iter().map(|_| Vec::new()).collect();
    for rule in Rule::ALL.iter().filter(|rule| rules.contains(rule)) {
        match rule {
            Rule::Outside => outside(&places, &mut found),
            Rule::Trend => trend(&values, run_length, same, &mut found),
            Rule::TwoInThree => two_in_three(&places, &mut found),
            Rule::Shift => shift(&places, run_length, &mut found),
        }
    }
    found
}

/// Where a point lies among its lines.
#[derive(Clone, Copy)]
struct Place {
    side: Option<SignalSide>,
    near: bool,
    outside: bool,
}

impl Place {
    fn of(value: f64, lines: &Lines, same: f64) -> Self {
        let outside = value > lines.upper + same || value < lines.lower - same;
        let beyond_near = value > lines.near_upper + same || value < lines.near_lower - same;
        Self { side: side(value - lines.centre, same), near: beyond_near && !outside, outside }
    }
}

fn side(difference: f64, same: f64) -> Option<SignalSide> {
    if difference > same {
        Some(SignalSide::High)
    } else if difference < -same {
        Some(SignalSide::Low)
    } else {
        None
    }
}

/// The side on which all of them are; none when they differ or one is on neither.
fn common(sides: impl IntoIterator<Item = Option<SignalSide>>) -> Option<SignalSide> {
    let mut sides = sides.into_iter();
    let first = sides.next()??;
    sides.all(|side| side == Some(first)).then_some(first)
}

fn mark(of: &mut Vec<Signal>, rule: Rule, side: SignalSide) {
    let signal = Signal { rule, side };
    if !of.contains(&signal) {
        of.push(signal);
    }
}

fn outside(places: &[Place], found: &mut [Vec<Signal>]) {
    for (place, of) in places.iter().zip(found) {
        if let Some(side) = place.side.filter(|_| place.outside) {
            mark(of, Rule::Outside, side);
        }
    }
}

fn shift(places: &[Place], run_length: usize, found: &mut [Vec<Signal>]) {
    for (first, run) in places.windows(run_length).enumerate() {
        if let Some(side) = common(run.iter().map(|place| place.side)) {
            for of in found.iter_mut().skip(first).take(run_length) {
                mark(of, Rule::Shift, side);
            }
        }
    }
}

/// The later trend comes first: a point at which a fall turns into a rise is labelled with the rise,
/// as the NHS package does.
fn trend(values: &[f64], run_length: usize, same: f64, found: &mut [Vec<Signal>]) {
    let steps: Vec<Option<SignalSide>> = values
        .windows(2)
        .map(|pair| match pair {
            [before, after] => side(after - before, same),
            _ => None,
        })
        .collect();
    for (first, run) in steps.windows(run_length - 1).enumerate().rev() {
        if let Some(side) = common(run.iter().copied()) {
            for of in found.iter_mut().skip(first).take(run_length) {
                mark(of, Rule::Trend, side);
            }
        }
    }
}

fn two_in_three(places: &[Place], found: &mut [Vec<Signal>]) {
    for (first, three) in places.windows(3).enumerate() {
        let Some(side) = common(three.iter().map(|place| place.side)) else { continue };
        if three.iter().filter(|place| place.near).count() < 2 {
            continue;
        }
        for (place, of) in three.iter().zip(found.iter_mut().skip(first)) {
            if place.near {
                mark(of, Rule::TwoInThree, side);
            }
        }
    }
}
