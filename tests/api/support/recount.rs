//! Counts the weekly figures again from raw rows, in plain Rust: no aggregation in SQL and none of the service's code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::recount_beside::Beside;
use super::recount_figures::Figures;

/// The endings that settle a matter, as the definition of "resolved" lists them.
const SETTLED: [&str; 5] = [
    "resolved_as_requested",
    "resolved_alternative",
    "partially_resolved",
    "explained_and_accepted",
    "decided_by_partners",
];

/// One week as counted again.
#[derive(Debug, Clone)]
pub struct Week {
    /// Its name.
    pub week: String,
    /// Monday 00:00 in London.
    pub starts_at: Timestamp,
    /// The next Monday 00:00 in London.
    pub ends_at: Timestamp,
    /// Episodes open when it began.
    pub open_at_start: usize,
    /// All of it.
    pub total: Figures,
    /// The groups with any figure other than nought.
    pub groups: BTreeMap<String, Figures>,
    /// What stands beside all of it.
    pub beside: Figures,
    /// What stands beside the groups that have any; none where good practice cannot be divided so.
    pub beside_groups: Option<BTreeMap<String, Figures>>,
}

struct Escalation {
    raised_by: String,
    raised_with: String,
    urgency: String,
    theme: String,
    status: String,
    stage: String,
    raised_at: Timestamp,
    received_at: Timestamp,
}

struct Episode {
    escalation: String,
    number: i32,
    opened_at: Timestamp,
    ended: Option<(Timestamp, String, String)>,
    child_seconds: i64,
}

struct Clock {
    id: String,
    escalation: String,
    stage: String,
    kind: String,
    started_at: Timestamp,
    due_at: Timestamp,
    stopped: Option<(Timestamp, String)>,
}

/// Every row of a partnership that the figures can depend on.
pub struct Raw {
    escalations: BTreeMap<String, Escalation>,
    episodes: Vec<Episode>,
    clocks: Vec<Clock>,
    left_out: BTreeSet<String>,
    beside: Beside,
    agencies: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
    holidays: BTreeSet<(String, Date)>,
}

/// The rows of a query as text.
async fn rows(client: &Client, sql: &str) -> Vec<SimpleQueryRow> {
    let messages = client.simple_query(sql).await.unwrap();
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

pub(super) fn text(row: &SimpleQueryRow, column: &str) -> String {
    row.get(column).unwrap_or_else(|| panic!("{column} is null")).to_owned()
}

pub(super) fn instant(row: &SimpleQueryRow, column: &str) -> Option<Timestamp> {
    // PostgreSQL writes `2026-11-18 10:00:00.5+00` in a session in UTC.
    row.get(column).map(|it| format!("{}Z", it.strip_suffix("+00").unwrap()).parse().unwrap())
}

/// Counts the figures of the weeks `from` to `to`. `client` must see every row, as the superuser does; `partnership`
/// is a code. The filters are `theme`, `raised_by_agency` and `raised_with_agency` with a code each.
pub async fn recount(
    client: &Client,
    partnership: &str,
    from: &str,
    to: &str,
    group_by: &str,
    filters: &[(&str, &str)],
) -> Vec<Week> {
    Raw::read(client, partnership).await.weeks(from, to, group_by, filters)
}

impl Raw {
    /// Reads every row once, for several counts.
    pub async fn read(client: &Client, partnership: &str) -> Self {
        assert!(partnership.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        client.batch_execute("set time zone 'UTC'").await.unwrap();
        let id =
            rows(client, &format!("select id from partnership where code = '{partnership}'")).await;
        let id = text(&id[0], "id");
        let all = |table: &str| format!("select * from {table} where partnership_id = '{id}'");
        let pair =
            |row: &SimpleQueryRow, one: &str, other: &str| (text(row, one), text(row, other));
        Self {
            escalations: rows(client, &all("escalation"))
                .await
                .iter()
                .map(|row| {
                    let escalation = Escalation {
                        raised_by: text(row, "raised_by_agency_id"),
                        raised_with: text(row, "raised_with_agency_id"),
                        urgency: text(row, "urgency"),
                        theme: text(row, "theme_code"),
                        status: text(row, "status"),
                        stage: text(row, "stage"),
                        raised_at: instant(row, "raised_at").unwrap(),
                        received_at: instant(row, "received_at").unwrap(),
                    };
                    (text(row, "id"), escalation)
                })
                .collect(),
            episodes: rows(client, &all("episode"))
                .await
                .iter()
                .map(|row| Episode {
                    escalation: text(row, "escalation_id"),
                    number: text(row, "number").parse().unwrap(),
                    opened_at: instant(row, "opened_at").unwrap(),
                    child_seconds: row.get("child_seconds").map_or(0, |it| it.parse().unwrap()),
                    ended: instant(row, "ended_at")
                        .map(|at| (at, text(row, "outcome"), text(row, "calendar_version"))),
                })
                .collect(),
            clocks: rows(client, &all("stage_clock"))
                .await
                .iter()
                .map(|row| Clock {
                    id: text(row, "id"),
                    escalation: text(row, "escalation_id"),
                    stage: text(row, "stage"),
                    kind: text(row, "kind"),
                    started_at: instant(row, "started_at").unwrap(),
                    due_at: instant(row, "due_at").unwrap(),
                    stopped: instant(row, "stopped_at").map(|at| (at, text(row, "stop_reason"))),
                })
                .collect(),
            left_out: left_out(&rows(client, &all("figure_exclusion")).await),
            beside: Beside::read(&rows(client, &all("practice_record")).await),
            agencies: rows(client, &all("agency"))
                .await
                .iter()
                .map(|row| pair(row, "id", "code"))
                .collect(),
            groups: rows(client, &all("theme"))
                .await
                .iter()
                .map(|row| pair(row, "code", "group_code"))
                .collect(),
            holidays: rows(client, &all("calendar_day"))
                .await
                .iter()
                .map(|row| (text(row, "version"), text(row, "day").parse().unwrap()))
                .collect(),
        }
    }

    /// Every theme that has an escalation.
    pub fn themes(&self) -> BTreeSet<&str> {
        self.escalations.values().map(|it| it.theme.as_str()).collect()
    }

    /// Every agency that raised, and every one that must answer.
    pub fn agencies(&self) -> [BTreeSet<&str>; 2] {
        let code = |id: &String| self.agencies[id].as_str();
        [
            self.escalations.values().map(|it| code(&it.raised_by)).collect(),
            self.escalations.values().map(|it| code(&it.raised_with)).collect(),
        ]
    }

    /// How many escalations were read.
    pub fn size(&self) -> usize {
        self.escalations.len()
    }

    /// Counts the figures of the weeks `from` to `to`.
    pub fn weeks(
        &self,
        from: &str,
        to: &str,
        group_by: &str,
        filters: &[(&str, &str)],
    ) -> Vec<Week> {
        let (mut day, last) = (monday(from), monday(to));
        let mut weeks = Vec::new();
        while day <= last {
            let next = day.checked_add(7.days()).unwrap();
            let iso = day.iso_week_date();
            let mut week = Week {
                week: format!("{:04}-W{:02}", iso.year(), iso.week()),
                starts_at: midnight(day),
                ends_at: midnight(next),
                open_at_start: 0,
                total: Figures::default(),
                groups: BTreeMap::new(),
                beside: Figures::default(),
                beside_groups: None,
            };
            self.count(&mut week, group_by, filters);
            self.beside.count(&mut week, group_by, filters, &self.agencies, &self.groups);
            weeks.push(week);
            day = next;
        }
        weeks
    }

    fn count(&self, week: &mut Week, group_by: &str, filters: &[(&str, &str)]) {
        let (starts_at, ends_at) = (week.starts_at, week.ends_at);
        let within = |at: Timestamp| at >= starts_at && at < ends_at;
        let mut counted: Vec<(String, &'static str, String)> = Vec::new();
        let mut took: Vec<(String, i64, i64)> = Vec::new();
        for (id, it) in self.escalations.iter().filter(|(_, it)| self.passes(it, filters)) {
            let key = self.key(it, group_by, &it.stage);
            if self.is_left_out(id) {
                if within(it.raised_at) {
                    counted.push((key, "excluded", id.clone()));
                }
                continue;
            }
            if within(it.raised_at) {
                counted.push((key.clone(), "raised", id.clone()));
                if it.received_at.duration_since(it.raised_at) > SignedDuration::from_hours(5 * 24)
                {
                    counted.push((key, "received_late", id.clone()));
                }
            }
        }
        for it in &self.episodes {
            let of = &self.escalations[&it.escalation];
            if !self.passes(of, filters) || self.is_left_out(&it.escalation) {
                continue;
            }
            let (key, row) =
                (self.key(of, group_by, &of.stage), format!("{}/{}", it.escalation, it.number));
            let open_at = |at: Timestamp| {
                it.opened_at < at && it.ended.as_ref().is_none_or(|(end, ..)| *end >= at)
            };
            week.open_at_start += usize::from(open_at(starts_at));
            if open_at(ends_at) {
                counted.push((key.clone(), "open_at_end", row.clone()));
            }
            if it.number > 1 && within(it.opened_at) {
                counted.push((key.clone(), "reopened", row.clone()));
            }
            let Some((end, outcome, calendar)) = it.ended.as_ref().filter(|(end, ..)| within(*end))
            else {
                continue;
            };
            counted.push((key.clone(), "ended", row.clone()));
            if SETTLED.contains(&outcome.as_str()) {
                counted.push((key.clone(), "resolved", row.clone()));
                let worked = self.working_seconds(it.opened_at, *end, calendar);
                took.push((key.clone(), worked, it.child_seconds));
                if local_date(it.opened_at) == local_date(*end) {
                    counted.push((key, "resolved_same_day", row));
                }
            }
        }
        for it in self.clocks.iter().filter(|it| it.kind == "answer") {
            let of = &self.escalations[&it.escalation];
            if !self.passes(of, filters) || self.is_left_out(&it.escalation) {
                continue;
            }
            let key = self.key(of, group_by, &it.stage);
            let stopped_at = it.stopped.as_ref().map(|(at, _)| *at);
            if it.started_at < ends_at
                && it.due_at < ends_at
                && stopped_at.is_none_or(|at| at >= ends_at)
            {
                counted.push((key.clone(), "overdue_at_end", it.id.clone()));
            }
            let answered = it.stopped.as_ref().is_some_and(|(_, why)| why == "answered");
            // Replaced, or ended with the matter, by the due instant: nothing was due any more.
            let moot = !answered && stopped_at.is_some_and(|at| at <= it.due_at);
            if within(it.due_at) && !moot {
                counted.push((key.clone(), "due", it.id.clone()));
                if answered && stopped_at.is_some_and(|at| at <= it.due_at) {
                    counted.push((key, "in_time", it.id.clone()));
                }
            }
        }
        for (key, figure, row) in counted {
            week.total.add(figure, row.clone());
            week.groups.entry(key).or_default().add(figure, row);
        }
        for (key, worked, waited) in took {
            week.total.took(worked, waited);
            week.groups.entry(key).or_default().took(worked, waited);
        }
    }

    /// Approved and not taken back since; what is open counts all the same.
    fn is_left_out(&self, id: &str) -> bool {
        let ended = ["resolved", "withdrawn"].contains(&self.escalations[id].status.as_str());
        ended && self.left_out.contains(id)
    }

    fn passes(&self, it: &Escalation, filters: &[(&str, &str)]) -> bool {
        filters.iter().all(|(name, code)| match *name {
            "theme" => it.theme == *code,
            "raised_by_agency" => self.agencies[&it.raised_by] == *code,
            "raised_with_agency" => self.agencies[&it.raised_with] == *code,
            other => panic!("no filter is called {other}"),
        })
    }

    fn key(&self, it: &Escalation, group_by: &str, stage: &str) -> String {
        match group_by {
            "theme" => it.theme.clone(),
            "group" => self.groups[&it.theme].clone(),
            "raised_by_agency" => self.agencies[&it.raised_by].clone(),
            "raised_with_agency" => self.agencies[&it.raised_with].clone(),
            "stage" => stage.to_owned(),
            "urgency" => it.urgency.clone(),
            other => panic!("no grouping is called {other}"),
        }
    }

    /// The whole seconds between two instants on days that are neither week-end nor bank holiday, day by day.
    fn working_seconds(&self, from: Timestamp, to: Timestamp, calendar: &str) -> i64 {
        let (from_second, to_second) = (from.as_second(), to.as_second());
        let mut day = local_date(from);
        let mut seconds = 0;
        while midnight(day).as_second() < to_second {
            let tomorrow = day.tomorrow().unwrap();
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            if !weekend && !self.holidays.contains(&(calendar.to_owned(), day)) {
                let ends = midnight(tomorrow).as_second().min(to_second);
                seconds += ends - midnight(day).as_second().max(from_second);
            }
            day = tomorrow;
        }
        seconds
    }
}

/// The escalations whose last decision was to leave them out.
fn left_out(rows: &[SimpleQueryRow]) -> BTreeSet<String> {
    let mut last: BTreeMap<String, (i32, bool)> = BTreeMap::new();
    for row in rows.iter().filter(|row| text(row, "step") != "proposed") {
        let (number, out) = (text(row, "number").parse().unwrap(), text(row, "step") == "approved");
        let known = last.entry(text(row, "escalation_id")).or_insert((number, out));
        *known = (*known).max((number, out));
    }
    last.into_iter().filter(|(_, (_, out))| *out).map(|(id, _)| id).collect()
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

fn local_date(at: Timestamp) -> Date {
    at.to_zoned(london()).date()
}

/// 00:00 in London.
pub fn midnight(day: Date) -> Timestamp {
    day.to_zoned(london()).unwrap().timestamp()
}

/// The first day of a week written `2026-W47`.
pub fn monday(week: &str) -> Date {
    let (year, number) = week.split_once("-W").unwrap();
    let iso =
        ISOWeekDate::new(year.parse().unwrap(), number.parse().unwrap(), Weekday::Monday).unwrap();
    iso.date()
}
