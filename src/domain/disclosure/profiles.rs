//! The profiles as numbers, and what else they say than of tables.

use super::{Profile, Shown};

impl Profile {
    /// The largest count that is hidden; nought is shown.
    #[must_use]
    pub const fn threshold(self) -> u32 {
        match self {
            Self::DfeCin => 5,
            Self::NhsSubNational => 7,
        }
    }

    /// What shown counts are rounded to; none when they are not.
    #[must_use]
    pub const fn rounds_to(self) -> Option<u32> {
        match self {
            Self::DfeCin => None,
            Self::NhsSubNational => Some(5),
        }
    }

    /// What stands for a hidden number.
    #[must_use]
    pub const fn hidden_mark(self) -> &'static str {
        match self {
            Self::DfeCin => "c",
            Self::NhsSubNational => "*",
        }
    }

    /// What stands for a total that is not published.
    #[must_use]
    pub const fn withheld_mark(self) -> &'static str {
        ":"
    }

    pub(super) const fn rounds(self) -> bool {
        self.rounds_to().is_some()
    }

    pub(super) const fn is_small(self, count: u32) -> bool {
        count >= 1 && count <= self.threshold()
    }

    /// A count that may be shown, as it is shown.
    pub(super) const fn shown(self, count: u32) -> Shown {
        match self.rounds_to() {
            None => Shown::Exact(count),
            // Nought is told as it is: a rounded count is never nought, as smaller ones are hidden.
            Some(_) if count == 0 => Shown::Exact(0),
            Some(to) => Shown::Rounded(count.saturating_add(to / 2) / to * to),
        }
    }
}

impl Shown {
    /// As it is written in a table.
    #[must_use]
    pub fn text(self, profile: Profile) -> String {
        match self {
            Self::Exact(count) | Self::Rounded(count) => count.to_string(),
            Self::Hidden => profile.hidden_mark().to_owned(),
            Self::Withheld => profile.withheld_mark().to_owned(),
        }
    }

    /// The number that is shown.
    #[must_use]
    pub const fn number(self) -> Option<u32> {
        match self {
            Self::Exact(count) | Self::Rounded(count) => Some(count),
            Self::Hidden | Self::Withheld => None,
        }
    }
}
