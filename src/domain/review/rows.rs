//! The tables and lists of the review.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::EscalationId;
use crate::domain::silence::Hearing;
use crate::domain::unusual_cell::{CellCounts, CellFlag};
use crate::domain::urgency::Urgency;
use crate::domain::week::IsoWeek;

/// Themes and agencies over the last four weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThemeTable {
    /// The first week that is summed.
    #[schema(value_type = String, example = "2026-W47")]
    pub from: IsoWeek,
    /// The agencies, schools, practices and voluntary bodies each rolled into one.
    pub columns: Vec<Column>,
    /// The groups of themes, the most frequent first.
    pub rows: Vec<ThemeRow>,
    /// The sums of the columns.
    pub totals: Vec<i64>,
    /// The sum of all.
    pub total: i64,
}

/// An agency, or agencies of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewColumn)]
pub struct Column {
    /// The code of the agency, or of the kind.
    pub code: String,
    /// Its name.
    pub label: String,
    /// Its name where there is little room.
    pub short: String,
    /// The codes of the agencies in it.
    pub agencies: Vec<String>,
}

/// A group of themes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThemeRow {
    /// Its code.
    pub group: String,
    /// Its name.
    pub label: String,
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// The sum of the cells.
    pub total: i64,
    /// The last 13 weeks, the oldest first.
    pub weeks: Vec<i64>,
    /// Median working days of what was resolved in the summed weeks; none below 5 cases.
    pub median_days: Option<f64>,
    /// The themes of the group that occurred, with their numbers.
    pub themes: Vec<ThemeCount>,
}

/// One theme of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThemeCount {
    /// Its code.
    pub code: String,
    /// Its name.
    pub label: String,
    /// How many in the summed weeks.
    pub total: i64,
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewCell)]
pub struct Cell {
    /// How many in the summed weeks.
    pub value: i64,
    /// How many in the 13 weeks before them; not told in the first form of packs.
    #[serde(default)]
    pub before: i64,
    /// How many are usual in as many weeks, by those before.
    pub usual: f64,
    /// Whether that is unusual.
    pub flag: CellFlag,
}

impl Cell {
    /// What is counted in it, as the rule for unusual cells reads it.
    #[must_use]
    pub(super) fn counts(&self) -> CellCounts {
        let count = |number: i64| u32::try_from(number).unwrap_or(0);
        CellCounts { now: count(self.value), before: count(self.before) }
    }
}

/// What we hear of one agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgencyLine {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Raised in the last four weeks.
    pub raised: i64,
    /// Usual in four weeks; none where too little is known.
    pub usual: Option<f64>,
    /// What its silence, or its number, means.
    pub hearing: Hearing,
    /// The same in words.
    pub tag: String,
    /// What to read into it.
    pub meaning: String,
    /// Whether it is to be asked.
    pub ask: bool,
    /// When it last recorded anything, or said that its system is alive; a nil return is no sign of a system.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_contact: Option<Timestamp>,
    /// Hours within which its system agreed to be heard; none without an agreed feed, and then it is never cut off.
    #[serde(default)]
    pub agreed_hours: Option<i64>,
    /// For how many of the last weeks in a row it said, on record, that there was nothing to raise.
    #[serde(default)]
    pub nil_returns_in_a_row: i64,
}

/// An open escalation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OpenLine {
    /// The escalation.
    pub id: EscalationId,
    /// Its spoken reference.
    pub reference: String,
    /// Its theme.
    pub theme: String,
    /// The name of the theme.
    pub theme_label: String,
    /// The agency that raised it.
    pub raised_by: String,
    /// Its name.
    pub raised_by_name: String,
    /// The agency that must answer.
    pub raised_with: String,
    /// Its name.
    pub raised_with_name: String,
    /// The stage that it reached.
    pub stage: u8,
    /// Its urgency.
    pub urgency: Urgency,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// When the answer that is awaited was, or is, due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// The local date of that.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// Working days by which it is late; 0 when late on the day itself.
    pub working_days_late: Option<i64>,
    /// Days of 24 hours for which the child has waited, and whether that wait is over.
    pub child_days: f64,
    /// Whether the child still waits.
    pub child_waits: bool,
    /// The role that holds it; none when nobody said so.
    pub owner: Option<String>,
    /// Whose turn it is and for what; none in reviews of before this was told.
    pub next_step: Option<String>,
}

/// How old what is open is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewAges)]
pub struct Ages {
    /// Open escalations.
    pub open: i64,
    /// Median working days since they were opened; none below 5.
    pub median_working_days: Option<f64>,
    /// The most working days since one was opened.
    pub longest_working_days: Option<f64>,
    /// Median days of 24 hours for which the children have waited; none below 5.
    pub median_child_days: Option<f64>,
    /// The most days of 24 hours for which a child has waited.
    pub longest_child_days: Option<f64>,
    /// Open for more than ten working days.
    pub over_ten_working_days: i64,
}
