//! A file of escalations that an agency's system sends: how far it is, and what came of each of its rows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::free_text_policy::TextWarning;
use super::ids::{AgencyId, EscalationId, ImportId};
use super::recorded::Recorded;
use super::sent::SendResult;

/// The most rows of a file.
pub const MOST_ROWS: usize = 50_000;

/// The most rows that are stored together or not at all: they are one transaction, in which others wait for nothing but
/// which is lost as a whole when it is broken off.
pub const MOST_AT_ONCE: usize = 5_000;

codes! {
    /// How far a file is.
    pub enum ImportState {
        /// It was accepted, and waits.
        Queued => "queued",
        /// Its rows are being worked on.
        Running => "running",
        /// Every row has its result. Rows may have been refused.
        Succeeded => "succeeded",
        /// It was given up; `failure` says why.
        Failed => "failed",
    }
}

codes! {
    /// Why a file was given up.
    pub enum ImportFailure {
        /// Its rows were to be stored together, and some were refused: none is stored.
        RowsRefused => "rows_refused",
        /// Who sent it may not do so any more.
        NotAllowed => "not_allowed",
    }
}

codes! {
    /// Whether a row that is refused stops the others.
    pub enum ImportMode {
        /// Each row stands for itself.
        PerRow => "per_row",
        /// All rows are stored, or none.
        AllOrNothing => "all_or_nothing",
    }
}

codes! {
    /// How a file is written.
    pub enum ImportFormat {
        /// Comma-separated values (RFC 4180).
        Csv => "csv",
        /// One JSON object in each line.
        Ndjson => "ndjson",
    }
}

codes! {
    /// What came of a row; in a dry run, what would come of it.
    pub enum RowStatus {
        /// It was not there and is now.
        Created => "created",
        /// What it says now was recorded as a correction.
        Updated => "updated",
        /// It said nothing new.
        Unchanged => "unchanged",
        /// Something newer was known, so nothing was done.
        StaleIgnored => "stale_ignored",
        /// It is not valid; `errors` says why.
        Rejected => "rejected",
        /// The same record stands in the file before it.
        Duplicate => "duplicate",
        /// It is valid, and was not stored because another row was refused.
        HeldBack => "held_back",
    }
}

impl RowStatus {
    /// Whether the row has to be corrected.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Rejected | Self::Duplicate)
    }
}

impl From<SendResult> for RowStatus {
    fn from(result: SendResult) -> Self {
        match result {
            SendResult::Created => Self::Created,
            SendResult::Updated => Self::Updated,
            SendResult::Unchanged => Self::Unchanged,
            SendResult::StaleIgnored => Self::StaleIgnored,
        }
    }
}

/// One thing that is wrong with a row. Nothing of what the row says is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// Where, as a JSON Pointer into the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// In which column of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Its stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// How to put it right.
    pub fix: String,
}

/// How one column of a file was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnNote {
    /// Its place, from 1.
    pub position: u32,
    /// The column as we name it; nothing when it is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What there is to say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A file that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its identifier.
    pub id: ImportId,
    /// The agency that sent it.
    pub agency: AgencyId,
    /// How far it is.
    pub state: ImportState,
    /// Why it was given up.
    pub failure: Option<ImportFailure>,
    /// Whether it is only tried.
    pub dry_run: bool,
    /// Whether a refused row stops the others.
    pub mode: ImportMode,
    /// How it is written.
    pub format: ImportFormat,
    /// How many rows it has.
    pub rows: i32,
    /// How its columns were understood.
    pub columns: Vec<ColumnNote>,
    /// Who sent it, and when.
    pub recorded: Recorded,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When the rows as they were sent were removed.
    pub emptied_at: Option<Timestamp>,
}

/// What came of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowResult {
    /// Its place among the rows, from 1.
    pub number: i32,
    /// The line of the file in which it begins, from 1.
    pub line: i32,
    /// What came of it; nothing while it waits.
    pub status: Option<RowStatus>,
    /// What is wrong with it.
    pub faults: Vec<RowFault>,
    /// What the texts of an accepted row appear to hold.
    pub warnings: Vec<TextWarning>,
    /// The escalation, with the reference that is safe to say aloud.
    pub escalation: Option<(EscalationId, String)>,
}
