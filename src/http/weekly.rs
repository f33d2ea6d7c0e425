//! The weekly theme aggregation, as JSON and as CSV. Each figure links to exactly the rows that it counts.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::ReadProblems;
use super::csv_answer::{self, Cell};
use super::field_codes::FieldCode;
use super::filters::{agency, theme};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use super::weekly_records::Records;
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
    &["from_week", "to_week", "group_by", "theme", "raised_by_agency", "raised_with_agency"];

/// The aggregation.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyThemes {
    /// The version of the definitions. Figures of different versions are not to be compared.
    pub definitions_version: u32,
    /// What each measure counts.
    pub definitions: Vec<Definition>,
    /// Where weeks begin and end.
    #[schema(example = "Europe/London")]
    pub timezone: String,
    /// The instant for which the figures hold.
    pub as_at: Instant,
    /// By what the weeks are divided.
    pub group_by: GroupBy,
    /// The weeks, in order, those without any escalation included.
    pub weeks: Vec<WeekView>,
    /// Where to go on.
    pub links: WeeklyLinks,
}

/// What a measure counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Definition {
    /// The measure.
    pub measure: Measure,
    /// In words.
    pub definition: String,
}

/// Where to go on from the aggregation.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeeklyLinks {
    /// This aggregation; ask for it with `Accept: text/csv` to have it as a table.
    #[serde(rename = "self")]
    pub this: String,
}

/// One week.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeekView {
    /// The ISO week.
    #[schema(value_type = String, example = "2026-W47")]
    pub week: IsoWeek,
    /// Its first instant.
    pub starts_at: Instant,
    /// The first instant after it.
    pub ends_at: Instant,
    /// Whether it is not over yet.
    pub part: bool,
    /// How the number of open escalations came about.
    pub reconciliation: Reconciliation,
    /// All of the week.
    pub total: FiguresView,
    /// Each group that has a figure other than nought.
    pub groups: Vec<GroupView>,
}

/// Open at the start, and raised, and reopened, less ended, is open at the end.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciliation {
    /// Open when the week began.
    pub open_at_start: i64,
    /// Raised in it.
    pub raised: i64,
    /// Opened again in it.
    pub reopened: i64,
    /// Ended in it, with any outcome.
    pub ended: i64,
    /// Open when it ended.
    pub open_at_end: i64,
    /// Whether the line adds up. If it ever does not, do not use the figures, and report it.
    pub balances: bool,
}

/// The figures of one group.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupView {
    /// The code of the group.
    pub key: String,
    /// The group, in words.
    pub label: String,
    /// Its figures.
    pub figures: FiguresView,
}

/// Every measure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figures)]
pub struct FiguresView {
    /// Raised in the week.
    pub raised: Count,
    /// Of these, received late.
    pub received_late: Count,
    /// Opened again in the week.
    pub reopened: Count,
    /// Settled in the week.
    pub resolved: Count,
    /// Of these, on the day on which they were opened.
    pub resolved_same_day: Count,
    /// Ended in the week, with any outcome.
    pub ended: Count,
    /// Open when the week ended.
    pub open_at_end: Count,
    /// Of these, with an answer that is late.
    pub overdue_at_end: Count,
    /// Answers that fell due in the week, and how many of them came in time.
    pub answered_in_time: Share,
    /// How long the resolved took.
    pub working_days_to_resolve: Duration,
}

/// A number, and where its rows are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// How many.
    pub value: i64,
    /// Exactly these rows.
    pub records_url: String,
}

/// A share, with what it is a share of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    /// From 0 to 1; absent when nothing fell due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// How many were in time.
    pub in_time: i64,
    /// How many fell due.
    pub due: i64,
    /// Those in time.
    pub in_time_records_url: String,
    /// All that fell due.
    pub records_url: String,
}

/// Working days, with fractions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Duration {
    /// The median; absent below 5 cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// The 90th percentile; absent below 10 cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// Of how many cases.
    pub n: i64,
    /// Exactly these rows.
    pub records_url: String,
}

/// Read the weekly theme aggregation
///
/// For each ISO week in Europe/London, and for each theme or other group in it: what was raised,
/// resolved, open and overdue at its end, the share of answers in time, and how long resolving
/// took. Raising is neutral: more is not worse, and silence is the warning.
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
    ),
    security(("bearer" = ["read_weekly_themes"])),
    responses(
        (status = 200, description = "The figures.", content(
            (WeeklyThemes = "application/json"), (String = "text/csv"))),
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
    let now = state.deps.clock.now();
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
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
    };
    query.finish()?;
    let (weeks, agreed) = weekly::figures(&state.deps, &by, &question).await?;
    if by.format() == Format::Csv {
        return csv_answer::answer(
            "weekly-themes",
            COLUMNS,
            rows(&weeks, &agreed, &question),
            None,
        );
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

/// What the figures are about besides the week.
struct Scope<'a> {
    question: &'a WeeklyQuestion,
    agreed: &'a Partnership,
    /// The filters of the question, as the lists read them.
    filters: Vec<(&'static str, String)>,
}

impl<'a> Scope<'a> {
    fn new(question: &'a WeeklyQuestion, agreed: &'a Partnership) -> Self {
        let mut filters = Vec::new();
        if let Some(theme) = &question.theme {
            filters.push(("theme", theme.clone()));
        }
        for (name, id) in
            [("raised_by_agency", question.raised_by), ("raised_with_agency", question.raised_with)]
        {
            filters.extend(id.map(|id| (name, agency_code(agreed, id))));
        }
        Self { question, agreed, filters }
    }

    /// The filters that leave exactly one group. The question's own stay, unless they are the same.
    fn group(&self, key: &str) -> Vec<(&'static str, String)> {
        let name = self.question.group_by.code();
        let mut filters = self.filters.clone();
        filters.retain(|(known, _)| *known != name);
        filters.push((name, key.to_owned()));
        filters
    }
}

/// A group in words.
fn label(group_by: GroupBy, key: &str, agreed: &Partnership) -> String {
    let words = match group_by {
        GroupBy::Theme => agreed.theme(key).map(|theme| theme.label.clone()),
        GroupBy::Group => agreed
            .themes
            .iter()
            .find(|theme| theme.group_code == key)
            .map(|theme| theme.group_label.clone()),
        GroupBy::RaisedByAgency | GroupBy::RaisedWithAgency => {
            agreed.agency(key).map(|agency| agency.name.clone())
        }
        GroupBy::Stage => Some(format!("Stage {key}")),
        GroupBy::Urgency => None,
    };
    words.unwrap_or_else(|| key.to_owned())
}

impl WeekView {
    fn new(it: &WeekFigures, of: &Scope<'_>, this_week: IsoWeek) -> Self {
        let total = &it.total;
        Self {
            week: it.week,
            starts_at: Instant(it.week.starts_at()),
            ends_at: Instant(it.week.ends_at()),
            part: it.week >= this_week,
            reconciliation: Reconciliation {
                open_at_start: it.open_at_start,
                raised: total.raised,
                reopened: total.reopened,
                ended: total.ended,
                open_at_end: total.open_at_end,
                balances: it.reconciles(),
            },
            total: FiguresView::new(total, &Records::new(it.week, &of.filters)),
            groups: it
                .groups
                .iter()
                .map(|group| GroupView {
                    key: group.key.clone(),
                    label: label(of.question.group_by, &group.key, of.agreed),
                    figures: FiguresView::new(
                        &group.figures,
                        &Records::new(it.week, &of.group(&group.key)),
                    ),
                })
                .collect(),
        }
    }
}

impl FiguresView {
    fn new(it: &Figures, records: &Records) -> Self {
        let count = |value, measure| Count { value, records_url: records.url(measure) };
        Self {
            raised: count(it.raised, Measure::Raised),
            received_late: count(it.received_late, Measure::ReceivedLate),
            reopened: count(it.reopened, Measure::Reopened),
            resolved: count(it.resolved, Measure::Resolved),
            resolved_same_day: count(it.resolved_same_day, Measure::ResolvedSameDay),
            ended: count(it.ended, Measure::Ended),
            open_at_end: count(it.open_at_end, Measure::OpenAtEnd),
            overdue_at_end: count(it.overdue_at_end, Measure::OverdueAtEnd),
            answered_in_time: Share {
                value: it.share_in_time(),
                in_time: it.answers_in_time,
                due: it.answers_due,
                in_time_records_url: records.url(Measure::AnsweredInTime),
                records_url: records.due(),
            },
            working_days_to_resolve: Duration {
                median: it.median_working_days(),
                p90: it.p90_working_days(),
                n: it.resolved,
                records_url: records.url(Measure::WorkingDaysToResolve),
            },
        }
    }
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
];

fn rows(weeks: &[WeekFigures], agreed: &Partnership, question: &WeeklyQuestion) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for it in weeks {
        rows.push(row(it.week, question.group_by, "", "All", &it.total));
        for group in &it.groups {
            let words = label(question.group_by, &group.key, agreed);
            rows.push(row(it.week, question.group_by, &group.key, &words, &group.figures));
        }
    }
    rows
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
