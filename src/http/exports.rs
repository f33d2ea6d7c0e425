//! Files of escalations that leave, and which have left.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::ReadProblems;
use super::csv_answer::{self, Written};
use super::escalations::no_parameters;
use super::filters::{COMMON, CommonParameters, escalation_filter};
use super::lines::{ESCALATION_COLUMNS, EscalationLine};
use super::lists::OF_ESCALATIONS;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use super::workbook::{self, Sheet};
use crate::domain::access::Role;
use crate::domain::export::{ExportFormat, ExportPurpose, MOST_EXPORTED};
use crate::domain::ids::ExportId;
use crate::usecases::exports::{self, Wanted};
use crate::usecases::reference;

/// The parameters that only an export has.
const OF_EXPORTS: &[&str] = &["purpose", "raw", "excel"];

/// Take escalations out in a file
///
/// All that the list would show, page after page, in one file: CSV when `Accept` does not say otherwise, lines of JSON
/// (`application/x-ndjson`), or a workbook. It takes a purpose, which is recorded with who took the file, when, and how
/// many escalations are in it, before the first row leaves. At most 100,000 rows. An agency takes its own. It is a POST
/// because it leaves that record.
#[utoipa::path(
    tag = "exports",
    operation_id = "export_escalations",
    params(
        ("purpose" = ExportPurpose, Query, description = "What it is for. Without one: `purpose-required`."),
        ("raw" = Option<bool>, Query, description = "CSV for programs: `true` leaves texts as they are. Else what could be a formula begins with an apostrophe."),
        ("excel" = Option<bool>, Query, description = "CSV for spreadsheets: `true` begins with a byte order mark, so that they read it as UTF-8."),
        CommonParameters,
        ("raised_from" = Option<Instant>, Query, description = "Raised at this instant or later."),
        ("raised_to" = Option<Instant>, Query, description = "Raised before this instant."),
        ("overdue" = Option<bool>, Query, description = "Whether the answer that is awaited now is late."),
        ("next_due_from" = Option<Instant>, Query, description = "Due next at this instant or later."),
        ("next_due_to" = Option<Instant>, Query, description = "Due next before this instant."),
        ("next_due_clock" = Option<crate::domain::stage_clock::ClockKind>, Query, description = "What the clock waits for that is due next."),
    ),
    security(("bearer" = ["list_escalations"])),
    responses(
        (status = 200, description = "The file.", content(
            (String = "text/csv"), (String = "application/x-ndjson"),
            (workbook::WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 422, description = "It would have more rows than a file may have.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/exports/escalations")]
pub async fn export_escalations(
    by: Allowed<needs::Export>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let now = state.deps.clock.now();
    let mut query =
        QueryReader::with(request.query_string(), &[COMMON, OF_ESCALATIONS, OF_EXPORTS]);
    let purpose = query.code("purpose");
    let said = query.raw("purpose").is_some();
    let (raw, excel) = (query.flag("raw"), query.flag("excel"));
    let filter = escalation_filter(&mut query, &agreed, true, now);
    query.finish()?;
    let purpose = match purpose {
        Some(purpose) => purpose,
        None if said => return Err(ProblemType::InvalidParameter.into()),
        None => {
            let detail = format!(
                "Say with purpose what the file is for: {}.",
                ExportPurpose::CODES.join(", ")
            );
            return Err(Problem::new(ProblemType::PurposeRequired).detail(detail));
        }
    };
    let as_at = filter.as_of.unwrap_or(now);
    let format = match by.format() {
        Format::Xlsx => ExportFormat::Xlsx,
        Format::Ndjson => ExportFormat::Ndjson,
        Format::Csv | Format::Json | Format::CloudEvents | Format::Text | Format::Zip => {
            ExportFormat::Csv
        }
    };
    let filters = request.query_string().to_owned();
    let wanted = Wanted { purpose, format, filters, filter, most: MOST_EXPORTED };
    let found = exports::escalations(&state.deps, &by, wanted).await?;
    let found = found.ok_or(ProblemType::ExportTooLarge)?;
    let lines: Vec<EscalationLine> =
        found.iter().map(|it| EscalationLine::new(it, &agreed, as_at)).collect();
    let rows = lines.iter().map(EscalationLine::cells);
    let name = format!("escalations_{}", as_at.strftime("%Y-%m-%dT%H%M%SZ"));
    match format {
        ExportFormat::Csv => {
            let written = Written { raw: raw == Some(true), bom: excel == Some(true) };
            csv_answer::answer_as(&name, ESCALATION_COLUMNS, rows, None, written)
        }
        ExportFormat::Ndjson => {
            let mut text = Vec::new();
            for line in &lines {
                serde_json::to_writer(&mut text, line).map_err(|_| ProblemType::Internal)?;
                text.push(b'\n');
            }
            Ok(HttpResponse::Ok()
                .insert_header(("content-type", Format::Ndjson.content_type()))
                .insert_header((
                    "content-disposition",
                    format!("attachment; filename=\"{name}.ndjson\""),
                ))
                .insert_header(("vary", "accept"))
                .body(text))
        }
        ExportFormat::Xlsx => {
            let sheets = [
                workbook::read_me(&[
                    ("what", format!("Escalations, {}", agreed.name)),
                    ("as_at", as_at.to_string()),
                    ("purpose", purpose.to_string()),
                    ("request", request.uri().to_string()),
                ]),
                Sheet::new("Escalations", ESCALATION_COLUMNS, rows.collect()),
                workbook::codes_of(&agreed),
            ];
            workbook::answer(&name, "Escalations", as_at, &sheets, None)
        }
    }
}

/// Files that have left.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportList {
    /// They, the latest first; at most 200.
    pub items: Vec<ExportView>,
}

/// A file that has left.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub struct ExportView {
    /// Its identifier.
    pub id: ExportId,
    /// What for.
    pub purpose: ExportPurpose,
    /// How it is written.
    pub format: ExportFormat,
    /// Which escalations, in the parameters of their list.
    pub filters: String,
    /// How many.
    pub rows: i32,
    /// When it left.
    pub at: Instant,
    /// In which role somebody took it.
    pub role: Role,
    /// The agency that took it; absent for the partnership's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
}

/// List the files that have left
///
/// The record of exports: who took what, when, and what for. An agency sees its own.
#[utoipa::path(
    tag = "exports",
    operation_id = "list_exports",
    security(("bearer" = ["list_escalations"])),
    responses((status = 200, description = "The files.", body = ExportList), ReadProblems),
)]
#[get("/v1/exports")]
pub async fn list_exports(
    by: Allowed<needs::Exports>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let records = exports::list(&state.deps, &by).await?;
    let items = records.into_iter().map(|it| ExportView {
        id: it.id,
        purpose: it.purpose,
        format: it.format,
        filters: it.filters,
        rows: it.rows,
        at: Instant(it.recorded.at),
        role: it.recorded.role,
        agency: it.agency.map(|agency| agency_code(&agreed, agency)),
    });
    Ok(HttpResponse::Ok().json(ExportList { items: items.collect() }))
}
