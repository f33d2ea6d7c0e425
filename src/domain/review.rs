//! The Director's weekly review: everything that its page shows, as one value that can be frozen.
//!
//! A pack is assembled once, by [`assemble()`](assemble::assemble), from figures and rows as they were known at one
//! instant. The page, the JSON answer, the files and the signed copy are all made from it, so that they cannot differ.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::codes;
use super::figures::Reconciliation;
use super::ids::EscalationId;
use super::spc::{Assurance, Basis, Variation};
use super::week::IsoWeek;

pub mod assemble;
pub mod changes;
mod charts;
mod open_lines;
pub mod record;
mod rows;
mod silences;
mod table;

pub use record::Record;
pub use rows::{AgencyLine, Ages, Cell, Column, OpenLine, ThemeCount, ThemeRow, ThemeTable};
pub(in crate::domain) use table::rolled;

/// The version of the form of a pack. Raised when a member comes, changes its meaning or goes. What was signed under an
/// older one is still read.
///
/// - 1: the figures, tables and lists of the week.
/// - 2: `record`, what is known of the meetings before, and a notice for late answers that somebody holds.
pub const PACK_VERSION: u32 = 2;

/// How many weeks the table of themes sums: one week is too thin for so many cells.
pub const TABLE_WEEKS: i32 = 4;

/// How many weeks a small line beside a theme shows.
pub const SPARK_WEEKS: usize = 13;

/// Everything that the review of one week shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Review)]
pub struct Pack {
    /// The version of this form.
    pub pack_version: u32,
    /// The version of the definitions of its figures.
    pub definitions_version: u32,
    /// The partnership's name.
    pub partnership: String,
    /// The week.
    #[schema(value_type = String, example = "2026-W47")]
    pub week: IsoWeek,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// The first instant after it.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
    /// What had been recorded by this instant is in it, and nothing else.
    #[schema(value_type = String, format = DateTime)]
    pub data_to: Timestamp,
    /// Whether the week was not over then.
    pub part: bool,
    /// How the number of open escalations came about.
    pub reconciliation: Reconciliation,
    /// Raised in the week and received more than 5 times 24 hours later.
    pub received_late: i64,
    /// Raised in the week and left out of every figure, as two people decided.
    #[serde(default)]
    pub excluded: i64,
    /// Recorded after [`Pack::data_to`] for this week, as far as known when the pack was made.
    pub arrived_since: i64,
    /// The six headline figures.
    pub tiles: Tiles,
    /// Everything to notice, the most important first; the page shows the first four.
    pub notices: Vec<Notice>,
    /// New escalations each week.
    pub raised: WeekChart,
    /// Median working days to resolve each week.
    pub median_days: WeekChart,
    /// Themes by the agency that was asked.
    pub asked: ThemeTable,
    /// Themes by the agency that raised.
    pub raised_by: ThemeTable,
    /// Who we are not hearing from: every agency, those to ask first.
    pub agencies: Vec<AgencyLine>,
    /// Every open escalation that is immediate or urgent, the longest wait first.
    pub urgent: Vec<OpenLine>,
    /// Every open escalation whose answer is late, the longest first.
    pub overdue: Vec<OpenLine>,
    /// The five that have been open longest.
    pub oldest: Vec<OpenLine>,
    /// How old what is open is.
    pub ages: Ages,
    /// Moved to stage 3 or higher in the week, or raised there.
    pub high_stages: Vec<OpenLine>,
    /// What was learnt, what is to be done, and what was decided last; empty in packs of version 1.
    #[serde(default)]
    pub record: Record,
}

impl Pack {
    /// Every escalation that it lists.
    #[must_use]
    pub fn escalations(&self) -> Vec<EscalationId> {
        let lists = [&self.urgent, &self.overdue, &self.oldest, &self.high_stages];
        let lines = lists.into_iter().flatten().map(|line| line.id);
        let learnt = self.record.learning.iter().flat_map(|it| it.escalations.iter().copied());
        lines.chain(learnt).collect()
    }
}

/// How a figure stands against what is usual for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewReading)]
pub struct Reading {
    /// How it varies.
    pub variation: Variation,
    /// The lower end of what is usual, where one is shown.
    pub lower: Option<f64>,
    /// The upper end of what is usual, where one is shown.
    pub upper: Option<f64>,
    /// What the limits rest on; none where there is no chart.
    pub basis: Option<Basis>,
}

/// A number of escalations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountTile {
    /// This week.
    pub value: i64,
    /// The week before.
    pub last_week: i64,
    /// Against what is usual.
    pub reading: Reading,
}

/// What is late.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueTile {
    /// How many.
    pub value: i64,
    /// Of these, how many nobody holds.
    pub without_owner: i64,
    /// Of these, how many have reached stage 3 or higher.
    pub high_stage: i64,
    /// Working days by which the latest is late.
    pub longest_working_days: Option<i64>,
    /// The most days of 24 hours for which a child of these has waited.
    pub longest_child_days: Option<f64>,
    /// Against what is usual.
    pub reading: Reading,
}

/// A share of what fell due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShareTile {
    /// How many came in time.
    pub in_time: i64,
    /// Of how many that fell due.
    pub due: i64,
    /// The share from 0 to 1; none below 5, of which only the numbers are said.
    pub value: Option<f64>,
    /// The target.
    pub target: f64,
    /// Whether the target can be relied on.
    pub assurance: Option<Assurance>,
    /// Against what is usual.
    pub reading: Reading,
}

/// A time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DaysTile {
    /// The median in working days; none below 5 cases.
    pub median: Option<f64>,
    /// The 90th percentile in working days; none below 10 cases.
    pub p90: Option<f64>,
    /// The median of days for which the children had waited; none below 5 cases.
    pub child_median: Option<f64>,
    /// Of how many cases.
    pub n: i64,
    /// The target in working days.
    pub target: f64,
    /// Whether the target can be relied on.
    pub assurance: Option<Assurance>,
    /// Against what is usual.
    pub reading: Reading,
}

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskTile {
    /// How many agencies are quiet or not connected.
    pub value: i64,
    /// Of how many agencies.
    pub of: i64,
}

/// The six headline figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewTiles)]
pub struct Tiles {
    /// Raised in the week. Neither more nor fewer is good in itself.
    pub new: CountTile,
    /// Open when the week ended.
    pub open: CountTile,
    /// Late when the data were taken.
    pub overdue: OverdueTile,
    /// Answered in time, of what fell due in the week.
    pub in_time: ShareTile,
    /// Median working days to resolve.
    pub median_days: DaysTile,
    /// Agencies to ask.
    pub ask: AskTile,
}

codes! {
    /// What a notice is about.
    pub enum ReviewNoticeKind {
        /// Escalations that are late, and nobody holds them.
        OverdueWithoutOwner => "overdue_without_owner",
        /// Escalations that are late, and somebody holds them.
        Overdue => "overdue",
        /// A theme with one agency, more often than its own past makes likely.
        UnusualCell => "unusual_cell",
        /// A headline figure with a signal.
        Signal => "signal",
        /// An agency that has gone quiet.
        QuietAgency => "quiet_agency",
        /// An agency that cannot be heard.
        NotConnected => "not_connected",
    }
}

/// One thing to notice. It wants an answer before the week is signed off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewNotice)]
pub struct Notice {
    /// What it is about.
    pub kind: ReviewNoticeKind,
    /// Names it in this week, so that it can be answered.
    pub key: String,
    /// In words.
    pub words: String,
    /// Which way it varies, for signals and cells.
    pub variation: Option<Variation>,
    /// The theme group, where it is about one.
    pub group: Option<String>,
    /// The agency, where it is about one.
    pub agency: Option<String>,
}

/// A value each week, with what is usual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekChart {
    /// What the chart says, in one sentence.
    pub message: String,
    /// Which chart it is and why, in words; none where no chart is honest.
    pub method: String,
    /// The weeks, the oldest first and the review week last.
    pub points: Vec<ChartPoint>,
    /// The declared changes, at which what is usual begins anew.
    pub rebases: Vec<RebaseLine>,
    /// The target, where there is one.
    pub target: Option<f64>,
}

/// One week of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChartPoint {
    /// The week.
    #[schema(value_type = String, example = "2026-W47")]
    pub week: IsoWeek,
    /// Its value; none where it has none.
    pub value: Option<f64>,
    /// The average.
    pub centre: Option<f64>,
    /// The lower limit, where one is shown.
    pub lower: Option<f64>,
    /// The upper limit, where one is shown.
    pub upper: Option<f64>,
    /// How the week stands: a signal or usual variation.
    pub variation: Variation,
}

/// A declared change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RebaseLine {
    /// The first week after it.
    #[schema(value_type = String, example = "2026-W47")]
    pub week: IsoWeek,
    /// Why.
    pub reason: String,
    /// Who decided it.
    pub by: String,
    /// When it was declared, where that is known.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub declared_at: Option<Timestamp>,
}
