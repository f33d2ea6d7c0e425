//! What leaves the partnership: the board copy of a review for committees, and the quarterly pack for the public.
//!
//! Both carry the counts of one whole quarter and never those of a week. A paper of each week would let anybody subtract
//! one from the next and be left with single escalations, so what is counted is one of four fixed quarters of the ISO
//! year, as it was known on the Monday after it, and every paper about it shows the same table. Of the week itself a
//! board copy says in words how each headline figure stands; words have nothing to subtract.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::disclosure::{PackPeriod, Profile};
use super::figures::DEFINITIONS_VERSION;
use super::review::Pack;
use super::week::IsoWeek;

mod counts;
pub mod release;

pub use counts::{Counted, counts};

/// The version of the form of papers. Raised when a member changes its meaning or goes.
pub const PAPER_VERSION: u32 = 1;

/// A quarter of an ISO year: 13 weeks, the last one of a long year 14. Written `2026-Q3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quarter {
    year: i16,
    number: u8,
}

/// A text that names no quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a quarter, written like 2026-Q3")]
pub struct NotAQuarter;

impl Quarter {
    /// The last quarter whose weeks are all over when `week` is.
    #[must_use]
    pub fn over_with(week: IsoWeek) -> Option<Self> {
        let year = week.year();
        (year.checked_sub(1)?..=year)
            .flat_map(|year| (1..=4).map(move |number| Self { year, number }))
            .filter(|quarter| quarter.period().is_some_and(|period| period.to <= week))
            .max()
    }

    /// Its weeks; none at the end of time.
    #[must_use]
    pub fn period(self) -> Option<PackPeriod> {
        PackPeriod::quarter(self.year, usize::from(self.number))
    }
}

impl FromStr for Quarter {
    type Err = NotAQuarter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, number) = text.split_once("-Q").ok_or(NotAQuarter)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || number.len() != 1 || !digits(year) || !digits(number) {
            return Err(NotAQuarter);
        }
        let quarter = Self {
            year: year.parse().map_err(|_| NotAQuarter)?,
            number: number.parse().map_err(|_| NotAQuarter)?,
        };
        quarter.period().map(|_| quarter).ok_or(NotAQuarter)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.number)
    }
}

impl TryFrom<String> for Quarter {
    type Error = NotAQuarter;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Quarter> for String {
    fn from(quarter: Quarter) -> Self {
        quarter.to_string()
    }
}

/// A figure as it leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaperFigure)]
pub struct PaperFigure {
    /// The number; none where it is hidden or withheld, or there is none.
    pub value: Option<f64>,
    /// As it is printed: the number, or the mark of its profile.
    pub text: String,
}

/// The counts of a quarter, prepared for readers outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaperCounts)]
pub struct Counts {
    /// The quarter.
    #[schema(value_type = String, example = "2026-Q3")]
    pub quarter: Quarter,
    /// Its first week.
    #[schema(value_type = String, example = "2026-W27")]
    pub from: IsoWeek,
    /// Its last week.
    #[schema(value_type = String, example = "2026-W39")]
    pub to: IsoWeek,
    /// What had been recorded by this instant is counted. The same in every paper about the quarter.
    #[schema(value_type = String, format = DateTime)]
    pub data_to: Timestamp,
    /// The rules by which small numbers are hidden.
    pub profile: Profile,
    /// The headline figures.
    pub headlines: Headlines,
    /// Themes by the agency that was asked.
    pub themes: PaperTable,
}

/// The headline figures of a quarter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaperHeadlines)]
pub struct Headlines {
    /// Raised in the quarter: the total of the table.
    pub raised: PaperFigure,
    /// Ended with an outcome that settles the matter.
    pub resolved: PaperFigure,
    /// Open when the quarter ended.
    pub open_at_end: PaperFigure,
    /// Of these, late.
    pub overdue_at_end: PaperFigure,
    /// Answers that fell due.
    pub answers_due: PaperFigure,
    /// Of these, given in time, in whole percent.
    pub percent_in_time: PaperFigure,
    /// Median working days to resolve, to the nearest half.
    pub median_working_days: PaperFigure,
    /// Median days of 24 hours for which the children had waited, to the nearest half.
    pub median_child_days: PaperFigure,
}

/// Themes by agency, schools, practices and voluntary bodies each rolled into one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaperTable {
    /// The agencies and sectors.
    pub columns: Vec<PaperColumn>,
    /// The groups of themes.
    pub rows: Vec<PaperRow>,
    /// The total of each column.
    pub totals: Vec<PaperFigure>,
    /// The total of all.
    pub total: PaperFigure,
}

/// An agency, or the agencies of one sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaperColumn {
    /// Its code.
    pub code: String,
    /// Its name.
    pub label: String,
}

/// A group of themes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaperRow {
    /// Its code.
    pub group: String,
    /// Its name.
    pub label: String,
    /// A figure for each column.
    pub cells: Vec<PaperFigure>,
    /// Their total.
    pub total: PaperFigure,
    /// Median working days to resolve, to the nearest half; hidden when built on fewer than 8.
    pub median_working_days: PaperFigure,
    /// Median days of 24 hours for which the children had waited, likewise.
    pub median_child_days: PaperFigure,
}

/// How a headline figure of the week stands, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// The tile of the review.
    pub figure: String,
    /// Its name.
    pub label: String,
    /// How it stands.
    pub words: String,
}

/// The review that a copy was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeFrom {
    /// What had been recorded by this instant was in it.
    #[schema(value_type = String, format = DateTime)]
    pub data_to: Timestamp,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
    /// Which signed version it is; none where nobody had signed it.
    pub version: Option<i32>,
}

/// The copy of a week's review for committees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardCopy {
    /// The version of this form.
    pub paper_version: u32,
    /// The version of the definitions of its figures.
    pub definitions_version: u32,
    /// The partnership's name.
    pub partnership: String,
    /// The week whose review it is a copy of.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// That review.
    pub made_from: MadeFrom,
    /// How the week stands.
    pub standing: Vec<Standing>,
    /// How many agencies of all there are to be asked, because nothing is heard of them.
    pub agencies_to_ask: i64,
    /// How many agencies there are.
    pub agencies: i64,
    /// The counts: of the last quarter that was over with the week.
    pub counts: Counts,
    /// How it was made, in sentences.
    pub method: Vec<String>,
}

/// The pack of a quarter for the public.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublicPack {
    /// The version of this form.
    pub paper_version: u32,
    /// The version of the definitions of its figures.
    pub definitions_version: u32,
    /// The partnership's name.
    pub partnership: String,
    /// The counts.
    pub counts: Counts,
    /// How it was made, in sentences.
    pub method: Vec<String>,
}

/// The board copy of a review.
#[must_use]
pub fn board_copy(pack: &Pack, made_from: MadeFrom, counts: Counts) -> BoardCopy {
    let tiles = &pack.tiles;
    let standing = [
        ("new", "New escalations", tiles.new.reading),
        ("open", "Open escalations", tiles.open.reading),
        ("overdue", "Late answers", tiles.overdue.reading),
        ("in_time", "Answers in time", tiles.in_time.reading),
        ("median_days", "Time to resolve", tiles.median_days.reading),
    ];
    BoardCopy {
        paper_version: PAPER_VERSION,
        definitions_version: DEFINITIONS_VERSION,
        partnership: pack.partnership.clone(),
        week: pack.week,
        made_from,
        standing: standing
            .into_iter()
            .map(|(figure, label, reading)| Standing {
                figure: figure.to_owned(),
                label: label.to_owned(),
                words: reading.variation.words().to_owned(),
            })
            .collect(),
        agencies_to_ask: tiles.ask.value,
        agencies: tiles.ask.of,
        method: method(counts.profile),
        counts,
    }
}

/// The pack of a quarter for the public.
#[must_use]
pub fn public_pack(partnership: &str, counts: Counts) -> PublicPack {
    PublicPack {
        paper_version: PAPER_VERSION,
        definitions_version: DEFINITIONS_VERSION,
        partnership: partnership.to_owned(),
        method: method(counts.profile),
        counts,
    }
}

/// What readers must know of how the numbers were prepared.
fn method(profile: Profile) -> Vec<String> {
    let (hidden, withheld) = (profile.hidden_mark(), profile.withheld_mark());
    let own = match profile {
        Profile::DfeCin => format!(
            "Counts of 1 to 5 are shown as {hidden}, and further counts with them, so that none can be worked out from \
             totals. The method of the children in need statistics of the Department for Education."
        ),
        Profile::NhsSubNational => format!(
            "Counts of 1 to 7 are shown as {hidden}, other counts are rounded to the nearest 5, and totals are rounded \
             apart, so that they need not add up. The method of NHS England's sub-national hospital statistics."
        ),
    };
    vec![
        own,
        format!("A total shown as {withheld} is not published. 0 is shown."),
        "A percentage is hidden where it would tell a hidden count; a median is hidden when it is built on fewer than 8 \
         cases, and rounded to half a day."
            .to_owned(),
        "Counts are of whole quarters, as known on the Monday after, and never of single weeks: of papers about \
         overlapping weeks the difference would be single escalations."
            .to_owned(),
        "Counts are escalations between agencies, not children. Schools, general practices and voluntary bodies are \
         counted as sectors."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests;
