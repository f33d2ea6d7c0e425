//! What came of a file: as JSON page by page, and as CSV that can be corrected and sent again.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv_answer::{self, Cell};
use super::import_columns::{COLUMNS, OF_REPORTS, cell};
use super::problem::Problem;
use super::text_warnings::{self, TextWarningView};
use super::times::Instant;
use crate::domain::ids::{EscalationId, ImportId};
use crate::domain::import::{
    ColumnNote, Import, ImportFailure, ImportFormat, ImportMode, ImportState, RowFault, RowResult,
    RowStatus,
};
use crate::usecases::imports::Report;

/// A file that was sent, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportView {
    /// Its identifier.
    pub id: ImportId,
    /// How far it is.
    pub state: ImportState,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ImportFailure>,
    /// Whether it was only checked: then `status` says what would come of each row.
    pub dry_run: bool,
    /// Whether a refused row stops the others.
    pub mode: ImportMode,
    /// How the file is written.
    pub format: ImportFormat,
    /// When it was sent.
    pub sent_at: Instant,
    /// When work on it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// How many rows the file has, and what came of them.
    pub counts: ImportCounts,
    /// How the columns of the file were understood, where there is something to say.
    pub columns: Vec<ColumnView>,
    /// The rows, in the order of the file.
    pub rows: Vec<RowView>,
    /// Where to go on.
    pub links: ImportLinks,
}

/// How many rows a file has, and what came of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ImportCounts {
    /// All rows.
    pub rows: i64,
    /// Rows that wait.
    pub waiting: i64,
    /// Rows whose record was not there before.
    pub created: i64,
    /// Rows whose record was corrected.
    pub updated: i64,
    /// Rows that said nothing new.
    pub unchanged: i64,
    /// Rows of which something newer was known.
    pub stale_ignored: i64,
    /// Rows that are not valid.
    pub rejected: i64,
    /// Rows whose record stands in the file before them.
    pub duplicate: i64,
    /// Valid rows that were not stored because others were refused.
    pub held_back: i64,
}

/// How a column was understood.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
pub struct ColumnView {
    /// Its place, from 1.
    pub position: u32,
    /// The member that it is; absent when it is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What there is to say of it.
    pub note: String,
}

/// What came of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct RowView {
    /// Its number among the rows, from 1.
    pub row: i32,
    /// The line of the file in which it begins; the header is line 1.
    pub line: i32,
    /// What came of it; absent while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RowStatus>,
    /// Everything that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RowErrorView>,
    /// What the texts of an accepted row appear to hold and should not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TextWarningView>,
    /// The escalation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<RowEscalation>,
}

/// One thing that is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRowError)]
pub struct RowErrorView {
    /// Where, as a JSON Pointer into the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// In which column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The stable code of the fault, as for a record that is sent alone. Others may be added.
    pub code: String,
    /// What is wrong. Never contains what was sent.
    pub message: String,
    /// How to put it right.
    pub fix: String,
}

/// The escalation that a row is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRowEscalation)]
pub struct RowEscalation {
    /// Its identifier.
    pub id: EscalationId,
    /// The reference that is safe to say aloud.
    pub reference: String,
    /// Where it is.
    pub href: String,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportLinks {
    /// The report.
    #[serde(rename = "self")]
    pub this: String,
    /// The next rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl ImportView {
    fn new(import: &Import, counts: ImportCounts) -> Self {
        Self {
            id: import.id,
            state: import.state,
            failure: import.failure,
            dry_run: import.dry_run,
            mode: import.mode,
            format: import.format,
            sent_at: Instant(import.recorded.at),
            started_at: import.started_at.map(Instant),
            finished_at: import.finished_at.map(Instant),
            counts,
            columns: import.columns.iter().filter_map(ColumnView::of).collect(),
            rows: Vec::new(),
            links: ImportLinks { this: format!("/v1/imports/{}", import.id), next: None },
        }
    }

    /// A file that was accepted. What came of its rows is not known yet, or is told by its report.
    pub fn accepted(import: &Import) -> Self {
        let rows = i64::from(import.rows);
        Self::new(import, ImportCounts { rows, waiting: rows, ..ImportCounts::default() })
    }

    /// A page of a report; one row more than `limit` says that there is a next one.
    pub fn page(report: &Report, limit: u32, status: Option<RowStatus>) -> Self {
        let of = |status| report.count(Some(status));
        let counts = ImportCounts {
            rows: i64::from(report.import.rows),
            waiting: report.count(None),
            created: of(RowStatus::Created),
            updated: of(RowStatus::Updated),
            unchanged: of(RowStatus::Unchanged),
            stale_ignored: of(RowStatus::StaleIgnored),
            rejected: of(RowStatus::Rejected),
            duplicate: of(RowStatus::Duplicate),
            held_back: of(RowStatus::HeldBack),
        };
        let shown = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut view = Self::new(&report.import, counts);
        view.rows = report.rows.iter().take(shown).map(|(row, _)| RowView::from(row)).collect();
        if report.rows.len() > shown {
            let after = view.rows.last().map_or(0, |row| row.row);
            let only = status.map(|it| format!("status={it}&")).unwrap_or_default();
            let next = format!("{}?{only}after_row={after}&limit={limit}", view.links.this);
            view.links.next = Some(next);
        }
        view
    }
}

impl ColumnView {
    fn of(note: &ColumnNote) -> Option<Self> {
        let ColumnNote { position, column, note } = note.clone();
        note.map(|note| Self { position, column, note })
    }
}

impl From<&RowResult> for RowView {
    fn from(row: &RowResult) -> Self {
        let escalation = row.escalation.clone().map(|(id, reference)| RowEscalation {
            id,
            reference,
            href: format!("/v1/escalations/{id}"),
        });
        let errors = row.faults.iter().cloned().map(RowErrorView::from).collect();
        Self {
            row: row.number,
            line: row.line,
            status: row.status,
            errors,
            warnings: text_warnings::shown(&row.warnings),
            escalation,
        }
    }
}

impl From<RowFault> for RowErrorView {
    fn from(RowFault { pointer, column, code, message, fix }: RowFault) -> Self {
        Self { pointer, column, code, message, fix }
    }
}

/// A report as CSV: the rows as they were sent, as long as they are kept, and behind each what came of it.
///
/// # Errors
/// The table cannot be written.
pub fn report_file(report: &Report) -> Result<HttpResponse, Problem> {
    let records: Vec<Option<serde_json::Value>> = report
        .rows
        .iter()
        .map(|(_, text)| serde_json::from_slice(text.as_deref().unwrap_or_default()).ok())
        .collect();
    let used: Vec<_> = COLUMNS
        .iter()
        .filter(|column| {
            column.required || records.iter().flatten().any(|it| cell(it, column).is_some())
        })
        .collect();
    let heads: Vec<&str> =
        used.iter().map(|it| it.name).chain(OF_REPORTS.iter().copied()).collect();
    let rows = report.rows.iter().zip(&records).map(|((row, _), record)| {
        let joined = |part: fn(&RowFault) -> String| {
            let parts: Vec<String> = row.faults.iter().map(part).collect();
            Cell::optional(Some(parts.join("; ")).filter(|it| !it.is_empty()))
        };
        let sent = used
            .iter()
            .map(|column| Cell::optional(record.as_ref().and_then(|record| cell(record, column))));
        let told = [
            Cell::Count(i64::from(row.line)),
            Cell::optional(row.status),
            joined(|fault| fault.code.clone()),
            joined(|fault| in_column(fault, &fault.message)),
            joined(|fault| in_column(fault, &fault.fix)),
            Cell::optional(row.escalation.as_ref().map(|it| &it.1)),
        ];
        sent.chain(told).collect()
    });
    csv_answer::answer("import-report", &heads, rows, None)
}

fn in_column(fault: &RowFault, text: &str) -> String {
    fault.column.as_ref().map_or_else(|| text.to_owned(), |column| format!("{column}: {text}"))
}
