//! Which periods may be published beside each other, because one table less another gives the weeks
//! that lie in one of them only.

use serde::Serialize;

use crate::domain::week::IsoWeek;

/// The quarters of a year: the first week of each but the first.
const QUARTERS_BEGIN: [i8; 4] = [1, 14, 27, 40];

/// The weeks that a pack is about, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PackPeriod {
    /// The first week.
    pub from: IsoWeek,
    /// The last week.
    pub to: IsoWeek,
}

/// Why a pack may not be published for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPublishable {
    /// Not the weeks of one quarter of an ISO year.
    #[error(
        "packs for the public are about weeks 1 to 13, 14 to 26, 27 to 39 or 40 to the last one of a year"
    )]
    NotAQuarter,
    /// Weeks of it were published before.
    #[error("weeks of it were published before, {} to {}: the difference would tell what is hidden", .0.from, .0.to)]
    Overlaps(PackPeriod),
}

impl PackPeriod {
    /// The quarter, 1 to 4, of an ISO year: 13 weeks, the last one 14 in a year of 53 weeks. None
    /// when there is no such quarter.
    #[must_use]
    pub fn quarter(year: i16, number: usize) -> Option<Self> {
        let first = QUARTERS_BEGIN.get(number.checked_sub(1)?)?;
        let from = IsoWeek::new(year, *first).ok()?;
        let next = match QUARTERS_BEGIN.get(number) {
            Some(next) => IsoWeek::new(year, *next).ok()?,
            None => IsoWeek::new(year.checked_add(1)?, 1).ok()?,
        };
        Some(Self { from, to: next.previous() })
    }

    /// Whether it is the weeks of a quarter.
    #[must_use]
    pub fn is_quarter(&self) -> bool {
        (1..=QUARTERS_BEGIN.len())
            .any(|number| Self::quarter(self.from.year(), number) == Some(*self))
    }

    /// Whether both have a week in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

/// Whether a pack for `next` may be published after those for `published`.
///
/// Only quarters, and each once. A rolling window less that of the week before gives single weeks; a
/// year less three quarters gives the fourth with nothing hidden; and the same quarter again, after
/// a record came late, gives that record.
///
/// # Errors
/// [`NotPublishable`].
pub fn may_publish(published: &[PackPeriod], next: PackPeriod) -> Result<(), NotPublishable> {
    if !next.is_quarter() {
        return Err(NotPublishable::NotAQuarter);
    }
    match published.iter().find(|before| before.overlaps(&next)) {
        Some(before) => Err(NotPublishable::Overlaps(*before)),
        None => Ok(()),
    }
}
