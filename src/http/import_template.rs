//! The file to begin with: every column that an import reads, and for spreadsheets the codes to choose from.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::answers::ReadProblems;
use super::csv_answer;
use super::escalations::no_parameters;
use super::import_columns::COLUMNS;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::workbook::{self, Sheet, codes_of, read_me};
use crate::domain::delay::{ChildImpact, DelayCause, InterimSafety};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::urgency::Urgency;
use crate::usecases::reference;

/// Read the template of an import
///
/// One row: the names of all columns, as CSV. Those that a file must have come first, but for `child_references`.
#[utoipa::path(
    tag = "imports",
    operation_id = "read_import_template",
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "The template.", body = String, content_type = "text/csv"),
        ReadProblems,
    ),
)]
#[get("/v1/imports/template.csv")]
pub async fn read_import_template(
    _by: Allowed<needs::ImportTemplate>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let names: Vec<&str> = COLUMNS.iter().map(|it| it.name).collect();
    csv_answer::answer("import-template", &names, [], None)
}

/// Read the template of an import for spreadsheets
///
/// The same columns on the first sheet, all of them text, with lists to choose from where there are codes: those of your
/// partnership as they are now. Save the first sheet as "CSV UTF-8" to send it.
#[utoipa::path(
    tag = "imports",
    operation_id = "read_import_workbook",
    security(("bearer" = ["raise_escalation"])),
    responses(
        (status = 200, description = "The template.", body = workbook::WorkbookFile,
         content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ReadProblems,
    ),
)]
#[get("/v1/imports/template.xlsx")]
pub async fn read_import_workbook(
    by: Allowed<needs::ImportWorkbook>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let now = state.deps.clock.now();
    let words = |codes: &[&str]| codes.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let answering = agreed.agencies.iter().filter(|it| Some(it.id) != by.agency);
    let timescales: BTreeSet<String> =
        agreed.timescales.iter().map(|it| it.timescale.code.clone()).collect();
    let lists = [
        ("raised_with_agency", answering.map(|it| it.code.clone()).collect()),
        ("theme", agreed.themes.iter().map(|it| it.code.clone()).collect()),
        ("urgency", words(Urgency::CODES)),
        ("delay.timescale", timescales.into_iter().collect()),
        ("delay.cause", words(DelayCause::CODES)),
        ("child_impact", words(ChildImpact::CODES)),
        ("interim_safety", words(InterimSafety::CODES)),
        ("raiser_visibility", words(RaiserVisibility::CODES)),
    ];
    let names: Vec<&str> = COLUMNS.iter().map(|it| it.name).collect();
    let told = read_me(&[
        ("what", "The columns of a file of escalations. Fill the sheet Escalations, one row for each.".to_owned()),
        ("children", "child_references: scheme:value, for example la_child_id:SYN100234; siblings with | between them.".to_owned()),
        ("sending", "Save the sheet Escalations as CSV UTF-8 and send it to /v1/imports.".to_owned()),
    ]);
    let sheets = [Sheet::new("Escalations", &names, Vec::new()), told, codes_of(&agreed)];
    let body = workbook::form("Escalations to import", now, &sheets, &lists)?;
    workbook::saved("import-template", body, None)
}
