//! Pages for people: HTML made on the server, without a script, from values that are computed elsewhere.
//!
//! A page decides nothing. What it says is in the value that it is made from; here numbers become
//! words, and words become HTML that is checked when the program is compiled.

pub mod assets;
mod cards;
mod charts;
mod links;
mod lists;
mod review_page;
mod scale;
mod themes;
mod tiles;
mod words;

pub use review_page::render;

use crate::domain::week::IsoWeek;

#[cfg(test)]
mod tests;

/// What surrounds every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chrome {
    /// The partnership's name.
    pub partnership: String,
    /// Who is signed in, as the role that is shown; none on pages before sign-in.
    pub person: Option<String>,
    /// Whether the data are made up.
    pub demo: bool,
    /// The token that signing out must carry; without one there is no way to sign out.
    pub csrf: Option<String>,
    /// Which entry of the navigation the page belongs to.
    pub place: Place,
}

impl Chrome {
    /// Where the style sheet is; its address changes with its content.
    #[must_use]
    pub fn stylesheet(&self) -> &'static str {
        assets::stylesheet_address()
    }

    /// Whether the page is the weekly review.
    #[must_use]
    pub fn in_review(&self) -> bool {
        self.place == Place::Review
    }

    /// Whether the page is about escalations.
    #[must_use]
    pub fn in_escalations(&self) -> bool {
        self.place == Place::Escalations
    }
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The weekly review.
    Review,
    /// Lists of escalations, and single ones.
    Escalations,
    /// None of them.
    Elsewhere,
}

/// How a review is looked at. None of it changes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// How many weeks the charts show.
    pub weeks: Weeks,
    /// Whose side the table of themes shows.
    pub side: Side,
    /// The review before, where there is one.
    pub previous: Option<IsoWeek>,
    /// The review after, where its week has begun.
    pub next: Option<IsoWeek>,
}

/// How many weeks a chart shows. The limits are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weeks {
    /// A quarter.
    Thirteen,
    /// A year.
    #[default]
    FiftyTwo,
}

impl Weeks {
    /// The value of `weeks` in an address.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Thirteen => "13",
            Self::FiftyTwo => "52",
        }
    }

    /// The value that this text names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Thirteen, Self::FiftyTwo].into_iter().find(|it| it.code() == code)
    }

    const fn count(self) -> usize {
        match self {
            Self::Thirteen => 13,
            Self::FiftyTwo => 52,
        }
    }
}

/// Whose side a table of agencies shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The agencies that were asked, and must act.
    #[default]
    Asked,
    /// The agencies that raised.
    RaisedBy,
}

impl Side {
    /// The value of `view` in an address.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::RaisedBy => "raised",
        }
    }

    /// The value that this text names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Asked, Self::RaisedBy].into_iter().find(|it| it.code() == code)
    }
}
