//! A reader with patience: from what is shown alone, every value that each hidden number can have.
//!
//! Knows nothing of how tables are protected, and works in another way than the check in the
//! product: bounds are narrowed line by line, and what is left is searched for a whole table.

use super::*;

/// A number of which the attacker knows bounds only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    least: i64,
    most: i64,
}

/// More than any number in the tests.
const MANY: i64 = 1_000;

#[derive(Debug, Clone)]
pub struct Attacker {
    /// Row by row, totals last.
    ranges: Vec<Range>,
    hidden: Vec<usize>,
    /// For each row and column the places of its cells, and that of its total.
    lines: Vec<(Vec<usize>, usize)>,
}

impl Attacker {
    /// What can be read from the table and from the published rules of its profile.
    pub fn new(told: &ProtectedTable) -> Self {
        let (rows, columns) = (told.cells.len(), told.cells[0].len());
        let width = columns + 1;
        let mut shown: Vec<Shown> = Vec::new();
        for (cells, total) in told.cells.iter().zip(&told.row_totals) {
            shown.extend(cells);
            shown.push(*total);
        }
        shown.extend(&told.column_totals);
        shown.push(told.grand_total);
        let ranges = shown.iter().map(|it| Self::range(*it, told.profile)).collect();
        let hidden = (0..shown.len()).filter(|at| shown[*at] == Shown::Hidden).collect();
        let mut lines = Vec::new();
        for row in 0..=rows {
            lines.push(((0..columns).map(|at| row * width + at).collect(), row * width + columns));
        }
        for column in 0..=columns {
            lines.push(((0..rows).map(|at| at * width + column).collect(), rows * width + column));
        }
        Self { ranges, hidden, lines }
    }

    fn range(shown: Shown, profile: Profile) -> Range {
        let (least, most) = match (shown, profile) {
            (Shown::Exact(count), _) => (i64::from(count), i64::from(count)),
            (Shown::Rounded(count), _) => ((i64::from(count) - 2).max(8), i64::from(count) + 2),
            (Shown::Hidden, Profile::NhsSubNational) => (1, 7),
            (Shown::Hidden, Profile::DfeCin) => (1, MANY),
            (Shown::Withheld, _) => (0, MANY),
        };
        Range { least, most }
    }

    /// A reader who has both papers about the same table.
    pub fn and(&self, other: &Self) -> Self {
        let ranges = self.ranges.iter().zip(&other.ranges).map(|(one, other)| Range {
            least: one.least.max(other.least),
            most: one.most.min(other.most),
        });
        Self { ranges: ranges.collect(), ..self.clone() }
    }

    /// The places of the numbers from 1 to `threshold`, totals included.
    pub fn small(&self, rows: &[Vec<u32>], threshold: i64) -> Vec<usize> {
        let values = Self::with_totals(rows);
        (0..values.len()).filter(|at| (1..=threshold).contains(&values[*at])).collect()
    }

    /// The places of the hidden numbers that have fewer than two possible values.
    pub fn solved(&self) -> Vec<usize> {
        let narrowed = self.narrowed().expect("the truth is possible");
        let one = narrowed.some_table().expect("the truth is possible");
        let has_another = |at: &usize| {
            // The possible values of a number have no hole: another one is next to a known one.
            [one[*at] - 1, one[*at] + 1].into_iter().any(|value| {
                narrowed.with(*at, value).is_some_and(|guess| guess.some_table().is_some())
            })
        };
        self.hidden.iter().copied().filter(|at| !has_another(at)).collect()
    }

    /// Whether these counts are a table that the attacker must think possible.
    pub fn allows(&self, rows: &[Vec<u32>]) -> bool {
        let values = Self::with_totals(rows);
        values.iter().zip(&self.ranges).all(|(it, range)| (range.least..=range.most).contains(it))
    }

    fn with_totals(rows: &[Vec<u32>]) -> Vec<i64> {
        let mut all: Vec<Vec<i64>> = rows
            .iter()
            .map(|row| {
                let cells: Vec<i64> = row.iter().copied().map(i64::from).collect();
                cells.iter().copied().chain([cells.iter().sum()]).collect()
            })
            .collect();
        all.push((0..all[0].len()).map(|at| all.iter().map(|row| row[at]).sum()).collect());
        all.concat()
    }

    fn with(&self, at: usize, value: i64) -> Option<Self> {
        let range = self.ranges[at];
        if !(range.least..=range.most).contains(&value) {
            return None;
        }
        let mut guess = self.clone();
        guess.ranges[at] = Range { least: value, most: value };
        guess.narrowed()
    }

    /// With bounds that follow from those of the other numbers of each line; none when nothing fits.
    fn narrowed(&self) -> Option<Self> {
        let mut known = self.clone();
        loop {
            let before = known.ranges.clone();
            for (cells, total) in &self.lines {
                let least: i64 = cells.iter().map(|at| known.ranges[*at].least).sum();
                let most: i64 = cells.iter().map(|at| known.ranges[*at].most).sum();
                known.tighten(*total, least, most)?;
                let total = known.ranges[*total];
                for at in cells {
                    let own = known.ranges[*at];
                    let (others_least, others_most) = (least - own.least, most - own.most);
                    known.tighten(*at, total.least - others_most, total.most - others_least)?;
                }
            }
            if known.ranges == before {
                return Some(known);
            }
        }
    }

    fn tighten(&mut self, at: usize, least: i64, most: i64) -> Option<()> {
        let range = &mut self.ranges[at];
        range.least = range.least.max(least);
        range.most = range.most.min(most);
        (range.least <= range.most).then_some(())
    }

    /// Some whole table that fits, by trying the number with the fewest values first.
    fn some_table(&self) -> Option<Vec<i64>> {
        let open = (0..self.ranges.len())
            .filter(|at| self.ranges[*at].least < self.ranges[*at].most)
            .min_by_key(|at| self.ranges[*at].most - self.ranges[*at].least);
        let Some(at) = open else {
            return Some(self.ranges.iter().map(|range| range.least).collect());
        };
        (self.ranges[at].least..=self.ranges[at].most)
            .find_map(|value| self.with(at, value)?.some_table())
    }
}
