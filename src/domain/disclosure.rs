//! Disclosure control on a table of counts, because a small number in a paper that leaves the
//! partnership can tell a neighbour which child it is about.
//!
//! A table has rows, columns and totals, and whoever reads it can add and subtract. So hiding the
//! small numbers is only the beginning: [`protect`] hides more, or withholds totals, until no hidden
//! number can be worked out from what is shown; the check of that is exact.
//!
//! Three things are outside its sight. Tables that share a total are to be published as one. One
//! table stands for each period, and periods must not overlap: see [`may_publish`]. And schools, GPs
//! and voluntary bodies are to be rolled up to sectors before.

use serde::Serialize;

use super::codes::codes;
use grid::Grid;

mod audit;
mod figures;
mod grid;
mod periods;
mod profiles;

pub use periods::{NotPublishable, PackPeriod, may_publish};

codes! {
    /// The rules by which something is prepared for readers outside.
    pub enum Profile {
        /// Counts of 1 to 5 are hidden, and others with them. Source: the children in need statistics
        /// of the Department for Education, 2020 and 2021.
        DfeCin => "dfe_cin",
        /// Counts of 1 to 7 are hidden, all others rounded to the nearest 5, totals apart from what
        /// they are totals of. Source: the sub-national rules of NHS Digital's hospital statistics.
        /// The default for the public.
        NhsSubNational => "nhs_sub_national",
    }
}

/// A table of counts: `rows` of equally many columns. Totals are worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountTable {
    rows: Vec<Vec<u32>>,
}

/// Rows of different lengths, no row, no column, or a total that is too large to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a table needs rows of equally many columns, and a total below 2^32")]
pub struct NotATable;

impl CountTable {
    /// The table of these rows.
    ///
    /// # Errors
    /// [`NotATable`].
    pub fn new(rows: Vec<Vec<u32>>) -> Result<Self, NotATable> {
        let columns = rows.first().map_or(0, Vec::len);
        let total = rows.iter().flatten().try_fold(0_u32, |sum, count| sum.checked_add(*count));
        if columns == 0 || rows.iter().any(|row| row.len() != columns) || total.is_none() {
            return Err(NotATable);
        }
        Ok(Self { rows })
    }
}

/// A number as it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// As it is counted.
    Exact(u32),
    /// Rounded to the nearest multiple of [`Profile::rounds_to`].
    Rounded(u32),
    /// Hidden: small, or hidden so that a small one cannot be worked out. Which of the two is not
    /// told.
    Hidden,
    /// A total that is not published in this table, whatever it is.
    Withheld,
}

/// A table as it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedTable {
    /// The rules that it was prepared by.
    pub profile: Profile,
    /// The cells, row by row.
    pub cells: Vec<Vec<Shown>>,
    /// The total of each row.
    pub row_totals: Vec<Shown>,
    /// The total of each column.
    pub column_totals: Vec<Shown>,
    /// The total of all.
    pub grand_total: Shown,
}

/// The table as it may leave under this profile.
///
/// Steps: counts from 1 to the profile's threshold are hidden, totals too. Where counts are not
/// rounded, a row or column with exactly one hidden number gets a second one, the smallest that is
/// not nought, until there is none. Then every hidden number is examined exactly, all rows and columns
/// together, and as long as one has a single possible value, a further number is hidden. Where that
/// is not allowed or not enough, totals are withheld: those of rows, then those of columns, then that
/// of all. Noughts are shown.
#[must_use]
pub fn protect(table: &CountTable, profile: Profile) -> ProtectedTable {
    settle(Grid::new(&table.rows, profile)).into_table(profile)
}

/// The table as it may leave under `profile` to readers who also have it as [`protect`] makes it for `other`.
///
/// A member of a committee reads the pack for the public too. So no number that `profile` calls small can be worked out
/// from both together either; where it could be, more is hidden, or withheld. What `profile` shows, it shows: a count of
/// 6 that one profile hides stands in the table of the other.
#[must_use]
pub fn protect_beside(table: &CountTable, profile: Profile, other: Profile) -> ProtectedTable {
    let beside = settle(Grid::new(&table.rows, other));
    settle(Grid::new(&table.rows, profile).read_beside(&beside)).into_table(profile)
}

/// Hides and withholds until nothing hidden can be worked out.
fn settle(mut grid: Grid) -> Grid {
    let profile = grid.profile();
    if !profile.rounds() {
        grid.hide_companions();
    }
    while let Some(solved) = grid.first_solved() {
        // Each turn hides or withholds something that was shown, so this ends.
        let hidden = !profile.rounds() && grid.hide_beside(solved);
        if !hidden && !grid.withhold_totals() {
            break;
        }
        if !profile.rounds() {
            grid.hide_companions();
        }
    }
    grid
}

#[cfg(test)]
pub(in crate::domain) mod tests;
