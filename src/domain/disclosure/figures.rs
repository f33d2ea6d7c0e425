//! Single figures that are no table of counts: percentages and medians.

use super::{CountTable, Profile, Shown, protect};

/// A group of fewer is small: that all of it, or none, is so and so tells it of each.
const SMALL_GROUP: u32 = 10;

/// A median of fewer values is hidden, in every profile.
const MEDIAN_FROM: u32 = 8;

impl Profile {
    /// The percentage that `part` is of `whole`, from 0 to 100, or none where it is hidden.
    ///
    /// Hidden where part, rest or whole would be hidden, because a percentage beside its whole tells
    /// both; and where nought or all of fewer than 10 would be told of each of them. Worked out
    /// from rounded numbers where these are what is shown. Also none when there is nothing, or less
    /// than the part.
    #[must_use]
    pub fn percentage(self, part: u32, whole: u32) -> Option<f64> {
        let rest = whole.checked_sub(part)?;
        let table = protect(&CountTable::new(vec![vec![part, rest]]).ok()?, self);
        let small_and_alike = whole < SMALL_GROUP && (part == 0 || rest == 0);
        if small_and_alike || table.cells.iter().flatten().any(|cell| *cell == Shown::Hidden) {
            return None;
        }
        let [shown_part, shown_whole] = [self.shown(part).number()?, self.shown(whole).number()?];
        // Rounded apart, a part can come out larger than its whole.
        (shown_whole > 0)
            .then(|| (100.0 * f64::from(shown_part) / f64::from(shown_whole)).min(100.0))
    }

    /// The median of `cases` values, where it may be shown: from 8 on.
    #[must_use]
    pub fn median(self, median: f64, cases: u32) -> Option<f64> {
        Some(median).filter(|_| cases >= MEDIAN_FROM.max(self.threshold().saturating_add(1)))
    }
}
