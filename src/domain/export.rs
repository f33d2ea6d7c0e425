//! A file of escalations that left: what for, and how much.

use super::codes::codes;
use super::ids::{AgencyId, ExportId};
use super::recorded::Recorded;

/// The most escalations of one file.
pub const MOST_EXPORTED: usize = 100_000;

codes! {
    /// What a file of escalations is wanted for.
    pub enum ExportPurpose {
        /// To prepare a meeting or a review.
        ReviewPreparation => "review_preparation",
        /// For an agency's or the partnership's own figures.
        PerformanceReporting => "performance_reporting",
        /// For an inspectorate.
        Inspection => "inspection",
        /// To check the quality of the work.
        QualityAudit => "quality_audit",
        /// To check the quality of the records.
        DataQuality => "data_quality",
        /// To bring the records into another system of the agency's.
        SystemTransfer => "system_transfer",
    }
}

codes! {
    /// How a file that left is written.
    pub enum ExportFormat {
        /// Comma-separated values.
        Csv => "csv",
        /// One JSON object in each line.
        Ndjson => "ndjson",
        /// A workbook.
        Xlsx => "xlsx",
    }
}

/// A file that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    /// Its identifier.
    pub id: ExportId,
    /// The agency that took it; none for the partnership's own roles.
    pub agency: Option<AgencyId>,
    /// What for.
    pub purpose: ExportPurpose,
    /// How it is written.
    pub format: ExportFormat,
    /// Which escalations, in the parameters of their list.
    pub filters: String,
    /// How many.
    pub rows: i32,
    /// Who took it, and when.
    pub recorded: Recorded,
}
