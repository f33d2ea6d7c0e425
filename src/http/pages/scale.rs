//! Where on a chart a value and a week lie.

use std::fmt;

/// The height of a chart in CSS pixels. Its width is that of its place on the page.
pub(super) const HEIGHT: f64 = 196.0;
/// Above it stand the flags of declared changes.
const TOP: f64 = 22.0;
/// Below it stand the months.
const BOTTOM: f64 = 172.0;
/// More lines than these make a chart grey.
const MOST_STEPS: f64 = 6.0;

/// A vertical scale from nought to a round number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    step: f64,
    top: f64,
}

impl Scale {
    /// A scale on which these values have their place. What is not finite is not counted.
    pub(super) fn holding(values: impl Iterator<Item = f64>) -> Self {
        let highest = values.filter(|value| value.is_finite()).fold(1.0, f64::max);
        let mut step = 0.5;
        // 0.5, 1, 2, 5, 10, 20, 50 and so on: what a hand would draw.
        for factor in [2.0, 2.0, 2.5].iter().cycle() {
            if highest / step <= MOST_STEPS {
                break;
            }
            step *= factor;
        }
        Self { step, top: (highest / step).ceil() * step }
    }

    /// How far from the top of the chart a value lies. Beyond the scale is at its edge.
    pub(super) fn y(self, value: f64) -> Px {
        let share = (value / self.top).clamp(0.0, 1.0);
        Px(BOTTOM - share * (BOTTOM - TOP))
    }

    /// The values at which a line is drawn.
    pub(super) fn steps(self) -> Vec<f64> {
        let mut steps = vec![0.0];
        let mut at = self.step;
        while at <= self.top + self.step / 2.0 {
            steps.push(at);
            at += self.step;
        }
        steps
    }
}

/// A length in CSS pixels, written with one decimal at most.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Px(pub(super) f64);

impl Px {
    /// Moved down by so much.
    pub(super) fn down(self, by: f64) -> Self {
        Self(self.0 + by)
    }

    /// The upper edge of the area of values.
    pub(super) const fn top() -> Self {
        Self(TOP)
    }

    /// Its lower edge.
    pub(super) const fn bottom() -> Self {
        Self(BOTTOM)
    }
}

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// The weeks of a chart, each with an equal part of its width.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weeks {
    pub(super) count: usize,
}

impl Weeks {
    /// Where the part of a week begins, in hundredths of the width.
    pub(super) fn start(self, place: usize) -> Px {
        Px(real(place) / real(self.count.max(1)) * 100.0)
    }

    /// Its middle, where its point stands.
    pub(super) fn middle(self, place: usize) -> Px {
        Px((real(place) + 0.5) / real(self.count.max(1)) * 100.0)
    }
}

fn real(place: usize) -> f64 {
    u32::try_from(place).map_or(f64::from(u32::MAX), f64::from)
}

/// Labels at these heights, moved down as little as keeps each readable; the order stays.
pub(super) fn apart(
    mut labels: Vec<(Px, String, &'static str)>,
) -> Vec<(Px, String, &'static str)> {
    const LINE: f64 = 14.0;
    labels.sort_by(|one, other| one.0.0.total_cmp(&other.0.0));
    let mut least = f64::MIN;
    for label in &mut labels {
        label.0 = Px(label.0.0.max(least));
        least = label.0.0 + LINE;
    }
    // What was pushed out at the bottom goes up again.
    let mut most = BOTTOM + 8.0;
    for label in labels.iter_mut().rev() {
        label.0 = Px(label.0.0.min(most));
        most = label.0.0 - LINE;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(highest: f64) -> Scale {
        Scale::holding([0.0, highest].into_iter())
    }

    #[test]
    fn a_scale_ends_at_a_round_number_and_has_few_lines() {
        for (highest, steps) in [
            (0.0, "0 0.5 1"),
            (2.4, "0 0.5 1 1.5 2 2.5"),
            (5.0, "0 1 2 3 4 5"),
            (9.6, "0 2 4 6 8 10"),
            (25.9, "0 5 10 15 20 25 30"),
            (61.0, "0 20 40 60 80"),
            (1_000.0, "0 200 400 600 800 1000"),
        ] {
            let seen: Vec<_> = scale(highest).steps().iter().map(f64::to_string).collect();
            assert_eq!(seen.join(" "), steps, "{highest}");
        }
        assert_eq!(Scale::holding([f64::NAN, f64::INFINITY].into_iter()).steps().len(), 3);
        assert!(scale(1e300).steps().len() < 9);
    }

    #[test]
    fn a_value_lies_between_the_edges() {
        let scale = scale(30.0);
        assert_eq!(scale.y(0.0), Px::bottom());
        assert_eq!(scale.y(30.0), Px::top());
        assert_eq!(scale.y(15.0), Px((TOP + BOTTOM) / 2.0));
        assert_eq!(scale.y(-5.0), Px::bottom());
        assert_eq!(scale.y(99.0), Px::top());
    }

    #[test]
    fn each_week_has_an_equal_part() {
        let weeks = Weeks { count: 4 };
        assert_eq!((weeks.start(0), weeks.middle(0)), (Px(0.0), Px(12.5)));
        assert_eq!((weeks.start(3), weeks.middle(3)), (Px(75.0), Px(87.5)));
        assert_eq!(Weeks { count: 0 }.start(1).to_string(), "100");
        assert_eq!(Px(12.34).to_string(), "12.3");
    }

    #[test]
    fn labels_never_cover_each_other() {
        let at = |y: f64| (Px(y), String::new(), "");
        let ys = |labels: Vec<(Px, String, &'static str)>| -> Vec<f64> {
            apart(labels).iter().map(|label| label.0.0).collect()
        };
        assert_eq!(ys(vec![at(50.0), at(20.0)]), [20.0, 50.0]);
        assert_eq!(ys(vec![at(50.0), at(51.0), at(52.0)]), [50.0, 64.0, 78.0]);
        let low = ys(vec![at(BOTTOM), at(BOTTOM), at(BOTTOM)]);
        assert_eq!(low, [BOTTOM - 20.0, BOTTOM - 6.0, BOTTOM + 8.0]);
    }
}
