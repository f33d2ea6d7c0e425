//! The weekly theme aggregation as it is shown: each figure with the address of exactly its rows.

use serde::Serialize;
use utoipa::ToSchema;

use super::filters::AS_OF;
use super::times::Instant;
use super::views::agency_code;
use super::weekly_records::Records;
use crate::domain::figures::{
    Beside, Figures, GroupBy, Measure, Reconciliation, WeekFigures, WeeklyQuestion,
};
use crate::domain::partnership::Partnership;
use crate::domain::week::IsoWeek;

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
    /// What was settled or done well without an escalation. None of it is in any other figure.
    pub beside: BesideView,
}

/// What was settled or done well without an escalation, as far as agencies recorded it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Beside)]
pub struct BesideView {
    /// Settled by talking, before anything was escalated.
    pub informal_resolutions: Count,
    /// Good challenges and responses of another agency.
    pub commendations: Count,
    /// Each group that has any, the agency that recorded as `raised_by_agency` and the one it is about as
    /// `raised_with_agency`. Absent when the weeks are divided by stage or urgency, which these records do not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupBesideView>>,
}

/// What stands beside one group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupBeside)]
pub struct GroupBesideView {
    /// The code of the group.
    pub key: String,
    /// The group, in words.
    pub label: String,
    /// Settled by talking, before anything was escalated.
    pub informal_resolutions: Count,
    /// Good challenges and responses of another agency.
    pub commendations: Count,
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
    /// Raised in the week and left out of every other figure, as two people decided.
    pub excluded: Count,
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
    /// How long the resolved took, in working days.
    pub working_days_to_resolve: Duration,
    /// How long the children of the resolved had waited, in days of 24 hours.
    pub child_days_to_resolve: Duration,
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

/// Days, with fractions.
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

/// What the figures are about besides the week.
pub struct Scope<'a> {
    question: &'a WeeklyQuestion,
    agreed: &'a Partnership,
    /// The filters of the question, as the lists read them.
    filters: Vec<(&'static str, String)>,
}

impl<'a> Scope<'a> {
    /// The scope of a question.
    pub fn new(question: &'a WeeklyQuestion, agreed: &'a Partnership) -> Self {
        let mut filters = Vec::new();
        if let Some(theme) = &question.theme {
            filters.push(("theme", theme.clone()));
        }
        for (name, id) in
            [("raised_by_agency", question.raised_by), ("raised_with_agency", question.raised_with)]
        {
            filters.extend(id.map(|id| (name, agency_code(agreed, id))));
        }
        filters.extend(question.as_of.map(|at| (AS_OF, at.to_string())));
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
pub fn label(group_by: GroupBy, key: &str, agreed: &Partnership) -> String {
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
    /// The week as it is shown; `this_week` is not over yet.
    pub fn new(it: &WeekFigures, of: &Scope<'_>, this_week: IsoWeek) -> Self {
        let total = &it.total;
        Self {
            week: it.week,
            starts_at: Instant(it.week.starts_at()),
            ends_at: Instant(it.week.ends_at()),
            part: it.week >= this_week,
            reconciliation: it.reconciliation(),
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
            beside: BesideView::new(it, of),
        }
    }
}

impl BesideView {
    fn new(it: &WeekFigures, of: &Scope<'_>) -> Self {
        let [informal_resolutions, commendations] =
            beside_counts(&it.beside.total, &Records::new(it.week, &of.filters));
        let group = |(key, counts): &(String, Beside)| {
            let [informal_resolutions, commendations] =
                beside_counts(counts, &Records::new(it.week, &of.group(key)));
            GroupBesideView {
                key: key.clone(),
                label: label(of.question.group_by, key, of.agreed),
                informal_resolutions,
                commendations,
            }
        };
        let groups = it.beside.groups.as_ref().map(|groups| groups.iter().map(group).collect());
        Self { informal_resolutions, commendations, groups }
    }
}

fn beside_counts(it: &Beside, records: &Records) -> [Count; 2] {
    [
        (it.informal_resolutions, Measure::InformalResolutions),
        (it.commendations, Measure::Commendations),
    ]
    .map(|(value, measure)| Count { value, records_url: records.url(measure) })
}

impl FiguresView {
    fn new(it: &Figures, records: &Records) -> Self {
        let count = |value, measure| Count { value, records_url: records.url(measure) };
        Self {
            raised: count(it.raised, Measure::Raised),
            received_late: count(it.received_late, Measure::ReceivedLate),
            excluded: count(it.excluded, Measure::Excluded),
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
            child_days_to_resolve: Duration {
                median: it.median_child_days(),
                p90: it.p90_child_days(),
                n: it.resolved,
                records_url: records.url(Measure::ChildDaysToResolve),
            },
        }
    }
}
