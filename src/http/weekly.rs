//! The weekly theme aggregation, as JSON and as CSV. Each figure links to exactly the rows that it counts.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::accept::Format;
use super::answers::ReadProblems;
use super::csv_answer::{self, Cell};
use super::field_codes::FieldCode;
use super::filters::{AS_OF, agency, as_of, theme};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use super::weekly_views::{Definition, Scope, WeekView, WeeklyLinks, WeeklyThemes, label};
use super::workbook::{self, Sheet};
use crate::domain::figures::{
    DEFINITIONS_VERSION, Figures, GroupBy, Measure, WeekFigures, WeeklyQuestion,
};
use crate::domain::partnership::Partnership;
use crate::domain::week::IsoWeek;
use crate::usecases::{reference, weekly};

/// A year has at most 53 weeks, so a whole one can be asked for.
const MOST_WEEKS: i64 = 53;
/// How many weeks are answered when the caller does not say.
const USUAL_WEEKS: i32 = 13;

const PARAMETERS: &[&str] =
    &["from_week", "to_week", "group_by", "theme", "raised_by_agency", "raised_with_agency", AS_OF];

/// Read the weekly theme aggregation
///
/// For each ISO week in Europe/London, and for each theme or other group in it: what was raised,
/// resolved, open and overdue at its end, the share of answers in time, and how long resolving
/// took. Raising is neutral: more is not worse, and silence is the warning. `beside` each week
/// stands what was settled or done well without an escalation; the table has it for whole weeks.
#[utoipa::path(
    tag = "review",
    operation_id = "read_weekly_themes",
    params(
        ("from_week" = Option<String>, Query, description = "The first ISO week; 12 weeks before the last when not said.", example = "2026-W40"),
        ("to_week" = Option<String>, Query, description = "The last ISO week; the present one when not said. At most 53 weeks.", example = "2026-W47"),
        ("group_by" = Option<GroupBy>, Query, description = "By what the weeks are divided; by theme when not said."),
        ("theme" = Option<String>, Query, description = "Only this theme."),
        ("raised_by_agency" = Option<String>, Query, description = "Only what this agency raised."),
        ("raised_with_agency" = Option<String>, Query, description = "Only what this agency must answer."),
        ("as_of" = Option<Instant>, Query, description = "What was known at this instant, exactly: only what had been recorded by then counts, and as it had been recorded. Not in the future."),
    ),
    security(("bearer" = ["read_weekly_themes"])),
    responses(
        (status = 200, description = "The figures.", content(
            (WeeklyThemes = "application/json"), (String = "text/csv"),
            (workbook::WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        ReadProblems,
    ),
)]
#[get("/v1/themes/weekly")]
pub async fn read_weekly_themes(
    by: Allowed<needs::WeeklyThemes>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
    let as_of = as_of(&mut query, state.deps.clock.now());
    let now = as_of.unwrap_or_else(|| state.deps.clock.now());
    let this_week = IsoWeek::containing(now);
    let to = week(&mut query, "to_week").unwrap_or(this_week);
    let from = week(&mut query, "from_week").unwrap_or_else(|| to.plus_weeks(1 - USUAL_WEEKS));
    let weeks = from.weeks_between(to) + 1;
    if weeks < 1 {
        query.refuse("to_week", FieldCode::Inconsistent);
    } else if weeks > MOST_WEEKS {
        let detail = format!("Ask for at most {MOST_WEEKS} weeks at a time.");
        query.refuse_with("from_week", FieldCode::OutOfRange, detail);
    }
    let question = WeeklyQuestion {
        from,
        to,
        group_by: query.code("group_by").unwrap_or(GroupBy::Theme),
        theme: theme(&mut query, &agreed),
        raised_by: agency(&mut query, &agreed, "raised_by_agency"),
        raised_with: agency(&mut query, &agreed, "raised_with_agency"),
        as_of,
    };
    query.finish()?;
    let (weeks, agreed) = weekly::figures(&state.deps, &by, &question).await?;
    match by.format() {
        Format::Json | Format::CloudEvents | Format::Ndjson | Format::Text | Format::Zip => {}
        Format::Csv => {
            let rows = rows(&weeks, &agreed, &question);
            return csv_answer::answer("weekly-themes", COLUMNS, rows, None);
        }
        Format::Xlsx => {
            let what = format!("Weekly theme aggregation, {} to {}, {}", from, to, agreed.name);
            let sheets = [
                workbook::read_me(&[
                    ("what", what),
                    ("as_at", now.to_string()),
                    ("definitions_version", DEFINITIONS_VERSION.to_string()),
                    ("request", request.uri().to_string()),
                ]),
                Sheet::new("Weekly themes", COLUMNS, rows(&weeks, &agreed, &question)),
                workbook::definitions(),
                workbook::codes_of(&agreed),
            ];
            return workbook::answer("weekly-themes", "Weekly themes", now, &sheets, None);
        }
    }
    let of = Scope::new(&question, &agreed);
    Ok(HttpResponse::Ok().insert_header(("vary", "accept")).json(WeeklyThemes {
        definitions_version: DEFINITIONS_VERSION,
        definitions: Measure::ALL
            .iter()
            .map(|measure| Definition {
                measure: *measure,
                definition: measure.definition().to_owned(),
            })
            .collect(),
        timezone: "Europe/London".to_owned(),
        as_at: Instant(now),
        group_by: question.group_by,
        weeks: weeks.iter().map(|week| WeekView::new(week, &of, this_week)).collect(),
        links: WeeklyLinks { this: request.uri().to_string() },
    }))
}

fn week(query: &mut QueryReader, name: &str) -> Option<IsoWeek> {
    let read = query.week(name)?;
    IsoWeek::new(read.year(), read.week()).ok()
}

const COLUMNS: &[&str] = &[
    "definitions_version",
    "week",
    "week_starts",
    "week_ends",
    "group_by",
    "key",
    "label",
    "raised",
    "received_late",
    "reopened",
    "resolved",
    "resolved_same_day",
    "ended",
    "open_at_end",
    "overdue_at_end",
    "answers_due",
    "answers_in_time",
    "share_in_time",
    "median_working_days",
    "p90_working_days",
    "informal_resolutions",
    "commendations",
    "median_child_days",
    "p90_child_days",
    "excluded",
];

fn rows(weeks: &[WeekFigures], agreed: &Partnership, question: &WeeklyQuestion) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for it in weeks {
        let mut all = row(it.week, question.group_by, "", "All", &it.total);
        let beside = it.beside.total;
        all.extend([Cell::Count(beside.informal_resolutions), Cell::Count(beside.commendations)]);
        all.extend(later_columns(&it.total));
        rows.push(all);
        for group in &it.groups {
            let words = label(question.group_by, &group.key, agreed);
            let mut one = row(it.week, question.group_by, &group.key, &words, &group.figures);
            // Groups without any escalation have no line here, so these would not add up.
            one.extend([Cell::Empty, Cell::Empty]);
            one.extend(later_columns(&group.figures));
            rows.push(one);
        }
    }
    rows
}

/// Columns that came later stand at the end, so that no column ever moves.
fn later_columns(it: &Figures) -> [Cell; 3] {
    [
        Cell::number(it.median_child_days()),
        Cell::number(it.p90_child_days()),
        Cell::Count(it.excluded),
    ]
}

fn row(week: IsoWeek, group_by: GroupBy, key: &str, words: &str, it: &Figures) -> Vec<Cell> {
    let text = |text: String| Cell::Text(text);
    vec![
        Cell::Count(i64::from(DEFINITIONS_VERSION)),
        text(week.to_string()),
        text(week.monday().to_string()),
        text(week.sunday().to_string()),
        text(group_by.to_string()),
        text(key.to_owned()),
        text(words.to_owned()),
        Cell::Count(it.raised),
        Cell::Count(it.received_late),
        Cell::Count(it.reopened),
        Cell::Count(it.resolved),
        Cell::Count(it.resolved_same_day),
        Cell::Count(it.ended),
        Cell::Count(it.open_at_end),
        Cell::Count(it.overdue_at_end),
        Cell::Count(it.answers_due),
        Cell::Count(it.answers_in_time),
        Cell::number(it.share_in_time()),
        Cell::number(it.median_working_days()),
        Cell::number(it.p90_working_days()),
    ]
}
