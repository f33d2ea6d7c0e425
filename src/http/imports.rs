//! Files of escalations: sending one, and reading what came of its rows.

use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::accept::Format;
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::idempotency_key;
use super::fields::{Identifier, canonical_uuid};
use super::import_file;
use super::import_report::{ImportView, report_file};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::state::AppState;
use crate::domain::ids::ImportId;
use crate::domain::import::{
    ImportFormat, ImportMode, ImportState, MOST_AT_ONCE, MOST_ROWS, RowStatus,
};
use crate::usecases::imports::{self, Asked, NewImport, Only};
use crate::usecases::once::Key;

/// The media types of files, in the order of [`FORMATS`].
const KINDS: [&str; 2] = ["text/csv", "application/x-ndjson"];
const FORMATS: [ImportFormat; 2] = [ImportFormat::Csv, ImportFormat::Ndjson];

/// How many rows a page of a report has when nobody says, and at most.
const PAGE: u32 = 1_000;

/// How long a caller should wait before asking again, in seconds.
const ASK_AGAIN: u32 = 1;

/// Send a file of escalations
///
/// CSV whose first row names the members of a record, or one JSON record in each line. The file is only checked unless you
/// say `dry_run=false`: check it, correct what its report names, then send it for good. Each row goes the way of
/// `send_escalation`, so every rule is the same and a row can be sent again as often as you like. The answer comes before
/// the rows are worked on: read the report at `Location` until its `state` is `succeeded` or `failed`. A file that was
/// broken off goes on after a restart, and no row is done twice. The same file under the same `Idempotency-Key` is
/// answered with the same import. At most 50,000 rows and 50 MiB unpacked; `Content-Encoding: gzip` is allowed.
#[utoipa::path(
    tag = "imports",
    operation_id = "start_import",
    params(
        ("dry_run" = Option<bool>, Query, description = "`true`, also when not said: check every row, and store nothing. `false`: do it."),
        ("mode" = Option<ImportMode>, Query, description = "`per_row` when not said. `all_or_nothing`: at most 5,000 rows."),
        ("source" = Option<Identifier>, Query, description = "The sending system, for rows that do not name one."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters of your own, new for each file that you mean."),
    ),
    request_body(content(
        (String = "text/csv", example = json!("external_reference,source,raised_with_agency,theme,urgency,child_references,desired_outcome\r\nOCC-2026-122,niche,anyborough_cs,strategy_meeting_late,urgent,la_child_id:SYN100234,Hold a quorate strategy meeting today.\r\n")),
        (String = "application/x-ndjson", example = json!("{\"source\": \"niche\", \"external_reference\": \"OCC-2026-123\", \"raised_with_agency\": \"anyborough_cs\", \"theme\": \"strategy_meeting_late\", \"urgency\": \"urgent\", \"child_references\": [{\"scheme\": \"la_child_id\", \"value\": \"SYN100234\"}], \"desired_outcome\": \"Hold a quorate strategy meeting today.\"}\n")),
    )),
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 202, description = "It is accepted, and its rows are worked on.", body = ImportView,
         headers(("Location" = String, description = "Where its report is."))),
        (status = 409, description = "The same file is being accepted under this key.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/imports")]
pub async fn start_import(
    by: Allowed<needs::Raise>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["dry_run", "mode", "source"]);
    let dry_run = query.flag("dry_run").unwrap_or(true);
    let mode = query.code("mode").unwrap_or(ImportMode::PerRow);
    let source = query.identifier("source").map(Identifier::into_string);
    query.finish()?;
    let key = idempotency_key(&request)?;
    let (kind, bytes) = body.file(&KINDS).await?;
    let format = FORMATS.get(kind).copied().unwrap_or(ImportFormat::Csv);
    let meaning = key.is_some().then(|| {
        let how = format!("{dry_run} {mode} {format} {}\n", source.as_deref().unwrap_or_default());
        [how.as_bytes(), &bytes].concat()
    });
    let taken = web::block(move || match format {
        ImportFormat::Csv => import_file::cells(&bytes, source.as_deref()),
        ImportFormat::Ndjson => import_file::ndjson(&bytes, source.as_deref()),
    })
    .await
    .map_err(|_| ProblemType::Overloaded)??;
    if mode == ImportMode::AllOrNothing && taken.rows.len() > MOST_AT_ONCE {
        return Err(Problem::new(ProblemType::PayloadTooLarge).detail(format!(
            "With mode=all_or_nothing a file may have at most {MOST_AT_ONCE} rows, because they are stored in one \
             transaction; with mode=per_row, {MOST_ROWS}."
        )));
    }
    let new = NewImport { dry_run, mode, format, columns: taken.columns, rows: taken.rows };
    let key = key.as_deref().zip(meaning.as_deref()).map(|(key, meaning)| Key { key, meaning });
    let (replayed, import) = imports::accept(&state.deps, &by, new, key).await?;
    let path = format!("/v1/imports/{}", import.id);
    let mut answer = HttpResponse::Accepted();
    answer.insert_header((header::LOCATION, path));
    if replayed {
        answer.insert_header(("idempotent-replay", "true"));
    }
    Ok(answer.json(ImportView::accepted(&import)))
}

/// Read what came of a file
///
/// How far it is, and what came of each row: its line in the file, the same codes as for a record that is sent alone, and
/// how to put it right. As CSV all rows come at once, for a day with what was sent in them, so that they can be corrected
/// in a spreadsheet and sent again as they are: the columns that the report adds are not read. Only the agency that
/// sent the file finds it here. Rows as they were sent are removed a day after the file has ended.
#[utoipa::path(
    tag = "imports",
    operation_id = "read_import",
    params(
        ("import_id" = ImportId, Path, description = "The import."),
        ("status" = Option<RowStatus>, Query, description = "Only rows of which this came."),
        ("after_row" = Option<u32>, Query, description = "Only rows after the one with this number; `links.next` has it."),
        ("limit" = Option<u32>, Query, description = "How many rows at most: 1 to 1000, which is usual. Not for CSV."),
    ),
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "The report.", content((ImportView = "application/json"), (String = "text/csv"))),
        ReadProblems,
    ),
)]
#[get("/v1/imports/{import_id}")]
pub async fn read_import(
    by: Allowed<needs::ImportReport>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["status", "after_row", "limit"]);
    let status: Option<RowStatus> = query.code("status");
    let most = u32::try_from(MOST_ROWS).unwrap_or(u32::MAX);
    let after = query.integer("after_row", 0, most).unwrap_or(0);
    let limit = query.integer("limit", 1, PAGE).unwrap_or(PAGE);
    query.finish()?;
    let id = canonical_uuid(&id).map(ImportId).ok_or(ProblemType::NotFound)?;
    let is_file = by.format() == Format::Csv;
    let asked = Asked {
        after: i32::try_from(after).unwrap_or(i32::MAX),
        only: status.map_or(Only::All, Only::Having),
        // One more tells whether there is a next page.
        limit: if is_file { i64::from(most) } else { i64::from(limit) + 1 },
        with_text: is_file,
    };
    let report = imports::report(&state.deps, &by, id, asked).await?;
    if is_file {
        return report_file(&report);
    }
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("vary", "accept"));
    if matches!(report.import.state, ImportState::Queued | ImportState::Running) {
        answer.insert_header((header::RETRY_AFTER, ASK_AGAIN));
    }
    Ok(answer.json(ImportView::page(&report, limit, status)))
}
