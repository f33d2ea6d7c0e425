//! The lists' filters once more, as predicates on raw rows.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, SimpleQueryMessage};

type Columns = BTreeMap<String, Option<String>>;

/// A row of a list: its own columns, and those of its escalation.
#[derive(Debug, Clone)]
pub struct Row {
    /// The name that the comparison uses.
    pub name: String,
    own: Columns,
    of: Columns,
}

/// All rows of the partnership "ANY".
pub struct Rows {
    escalations: Vec<Row>,
    episodes: Vec<Row>,
    clocks: Vec<Row>,
    now: Timestamp,
}

async fn read(client: &Client, sql: &str) -> Vec<Columns> {
    let mut rows = Vec::new();
    for message in client.simple_query(sql).await.unwrap() {
        if let SimpleQueryMessage::Row(row) = message {
            let cell = |(at, column): (usize, &tokio_postgres::SimpleColumn)| {
                (column.name().to_owned(), row.get(at).map(str::to_owned))
            };
            rows.push(row.columns().iter().enumerate().map(cell).collect());
        }
    }
    rows
}

impl Rows {
    /// Reads them. What is overdue depends on `now`.
    pub async fn read(client: &Client, now: String) -> Self {
        client.batch_execute("set time zone 'UTC'").await.unwrap();
        let any = "(select id from partnership where code = 'ANY')";
        let agencies: BTreeMap<String, String> = read(client, "select id, code from agency")
            .await
            .into_iter()
            .map(|it| (it["id"].clone().unwrap(), it["code"].clone().unwrap()))
            .collect();
        let groups: BTreeMap<String, String> = read(
            client,
            &format!("select code, group_code from theme where partnership_id = {any}"),
        )
        .await
        .into_iter()
        .map(|it| (it["code"].clone().unwrap(), it["group_code"].clone().unwrap()))
        .collect();
        let mut escalations = BTreeMap::new();
        for mut it in
            read(client, &format!("select * from escalation where partnership_id = {any}")).await
        {
            for (name, id) in
                [("raised_by", "raised_by_agency_id"), ("raised_with", "raised_with_agency_id")]
            {
                it.insert(name.to_owned(), Some(agencies[it[id].as_ref().unwrap()].clone()));
            }
            // PostgreSQL writes `{id,id}`.
            let past = it["past_responder_ids"].clone().unwrap();
            let past: Vec<&str> = past
                .trim_matches(['{', '}'])
                .split(',')
                .filter(|id| !id.is_empty())
                .map(|id| agencies[id].as_str())
                .collect();
            it.insert("past_responders".to_owned(), Some(past.join(" ")));
            it.insert("group".to_owned(), Some(groups[it["theme_code"].as_ref().unwrap()].clone()));
            escalations.insert(it["id"].clone().unwrap(), it);
        }
        let mut episodes = Vec::new();
        for own in
            read(client, &format!("select * from episode where partnership_id = {any}")).await
        {
            let id = own["escalation_id"].clone().unwrap();
            let name = format!("{id}/{}", own["number"].as_ref().unwrap());
            episodes.push(Row { name, own, of: escalations[&id].clone() });
        }
        let mut clocks = Vec::new();
        for own in
            read(client, &format!("select * from stage_clock where partnership_id = {any}")).await
        {
            let of = escalations[own["escalation_id"].as_ref().unwrap()].clone();
            clocks.push(Row { name: own["id"].clone().unwrap(), own, of });
        }
        let escalations =
            escalations.into_iter().map(|(name, of)| Row { name, own: of.clone(), of }).collect();
        Self { escalations, episodes, clocks, now: now.parse().unwrap() }
    }

    /// The escalations.
    pub fn escalations(&self) -> &[Row] {
        &self.escalations
    }

    /// The episodes.
    pub fn episodes(&self) -> &[Row] {
        &self.episodes
    }

    /// The stage clocks.
    pub fn clocks(&self) -> &[Row] {
        &self.clocks
    }
}

fn time(columns: &Columns, name: &str) -> Option<Timestamp> {
    columns[name]
        .as_ref()
        .map(|it| format!("{}Z", it.strip_suffix("+00").unwrap()).parse().unwrap())
}

impl Row {
    /// Whether an agency raised it, or must answer it or once had to.
    pub fn involves(&self, agency: &str) -> bool {
        ["raised_by", "raised_with", "past_responders"].iter().any(|part| {
            self.of[*part].as_deref().is_some_and(|it| it.split(' ').any(|it| it == agency))
        })
    }

    fn text(&self, name: &str) -> &str {
        self.own[name].as_deref().unwrap_or_default()
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        time(&self.own, name)
    }
}

type Predicate = Box<dyn Fn(&Row, &Rows) -> bool + Send + Sync>;

/// A parameter with its value, and what it means.
pub struct Filter {
    query: String,
    means: Predicate,
}

impl Filter {
    fn new(query: &str, means: impl Fn(&Row, &Rows) -> bool + Send + Sync + 'static) -> Self {
        Self { query: query.to_owned(), means: Box::new(means) }
    }

    /// `name=value`.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The parameter.
    pub fn name(&self) -> &str {
        self.query.split_once('=').unwrap().0
    }

    /// Whether it leaves a row.
    pub fn fits(&self, row: &Row, rows: &Rows) -> bool {
        (self.means)(row, rows)
    }
}

/// A column of the escalation has this value.
fn of(parameter: &'static str, column: &'static str, values: &[&'static str]) -> Vec<Filter> {
    let one = |value: &&'static str| {
        let value = *value;
        Filter::new(&format!("{parameter}={value}"), move |row, _| {
            row.of[column].as_deref() == Some(value)
        })
    };
    values.iter().map(one).collect()
}

/// A column lies in a half-open span with this bound.
fn bound(parameter: &'static str, column: &'static str, at: &[&str]) -> Vec<Filter> {
    let one = |text: &&str| {
        let at: Timestamp = text.parse().unwrap();
        let from = parameter.ends_with("_from");
        Filter::new(&format!("{parameter}={text}"), move |row, _| {
            row.time(column).is_some_and(|it| if from { it >= at } else { it < at })
        })
    };
    at.iter().map(one).collect()
}

fn flag(parameter: &'static str, means: fn(&Row, &Rows) -> Option<bool>) -> Vec<Filter> {
    [true, false]
        .into_iter()
        .map(|wanted| {
            Filter::new(&format!("{parameter}={wanted}"), move |row, rows| {
                means(row, rows) == Some(wanted)
            })
        })
        .collect()
}

/// The parameters that all lists have but `stage`, which means the clock's own in a list of clocks.
fn common() -> Vec<Filter> {
    let mut all = Vec::new();
    let states =
        ["raised", "acknowledged", "answered", "accepted", "rejected", "resolved", "withdrawn"];
    all.extend(of("status", "status", &states));
    all.extend(of("theme", "theme_code", &["icpc_late", "strategy_meeting_late", "other"]));
    all.extend(of("group", "group", &["strategy", "conference_plan", "seeing_children"]));
    all.extend(of("urgency", "urgency", &["standard", "urgent", "immediate"]));
    let agencies = ["valeshire_police", "anyborough_cs", "health_community"];
    all.extend(of("raised_by_agency", "raised_by", &agencies));
    all.extend(of("raised_with_agency", "raised_with", &agencies));
    all.push(Filter::new("raised_with_agency=csc", |row, _| {
        row.of["raised_with"].as_deref() == Some("anyborough_cs")
    }));
    all.extend(of("source", "source", &["niche", "mosaic"]));
    all.extend(of("external_reference", "external_reference", &["A-1", "A-2"]));
    all.extend(flag("received_late", |row, _| {
        let lag = time(&row.of, "received_at")?.duration_since(time(&row.of, "raised_at")?);
        Some(lag > SignedDuration::from_hours(120))
    }));
    all
}

/// The filters of `/v1/escalations`.
pub fn escalation_filters() -> Vec<Filter> {
    let mut all = common();
    all.extend(of("stage", "stage", &["1", "2", "3", "4"]));
    let at = ["2026-03-20T10:00:00Z", "2026-03-29T00:30:00+00:00", "2026-04-10T12:00:00+01:00"];
    all.extend(bound("raised_from", "raised_at", &at));
    all.extend(bound("raised_to", "raised_at", &at));
    all.extend(flag("overdue", |row, rows| {
        let late = |clock: &Row| {
            clock.text("escalation_id") == row.name
                && clock.text("kind") == "answer"
                && clock.time("stopped_at").is_none()
                && clock.time("due_at").is_some_and(|due| due < rows.now)
        };
        Some(rows.clocks.iter().any(late))
    }));
    all
}

/// The filters of `/v1/episodes`.
pub fn episode_filters() -> Vec<Filter> {
    let mut all = common();
    all.extend(of("stage", "stage", &["1", "2", "3", "4"]));
    let at = ["2026-03-20T10:00:00Z", "2026-04-03T12:00:00+01:00"];
    for (parameter, column) in [
        ("opened_from", "opened_at"),
        ("opened_to", "opened_at"),
        ("ended_from", "ended_at"),
        ("ended_to", "ended_at"),
    ] {
        all.extend(bound(parameter, column, &at));
    }
    all.extend(flag("reopened", |row, _| Some(row.text("number") != "1")));
    all.extend(flag("resolved", |row, _| {
        let outcome = row.own["outcome"].as_deref()?;
        Some(
            ![
                "overtaken_by_event",
                "withdrawn_by_raiser",
                "duplicate",
                "not_escalation_rerouted",
                "transferred_out_of_area",
                "unresolved_closed",
            ]
            .contains(&outcome),
        )
    }));
    all.extend(flag("same_day", |row, _| {
        let london = TimeZone::get("Europe/London").unwrap();
        let day = |at: Timestamp| at.to_zoned(london.clone()).date();
        Some(day(row.time("opened_at")?) == day(row.time("ended_at")?))
    }));
    for text in at {
        let at: Timestamp = text.parse().unwrap();
        all.push(Filter::new(&format!("open_at={text}"), move |row, _| {
            row.time("opened_at").unwrap() < at && row.time("ended_at").is_none_or(|end| end >= at)
        }));
    }
    all
}

/// The filters of `/v1/clocks`.
pub fn clock_filters() -> Vec<Filter> {
    let mut all = common();
    for stage in ["1", "2", "3", "4"] {
        all.push(Filter::new(&format!("stage={stage}"), move |row, _| row.text("stage") == stage));
    }
    for kind in ["answer", "acknowledgement"] {
        all.push(Filter::new(&format!("kind={kind}"), move |row, _| row.text("kind") == kind));
    }
    let at = ["2026-03-20T23:59:59.999Z", "2026-04-03T12:00:00+01:00"];
    all.extend(bound("due_from", "due_at", &at));
    all.extend(bound("due_to", "due_at", &at));
    all.extend(flag("in_time", |row, _| {
        let came = ["answered", "acknowledged"].contains(&row.text("stop_reason"));
        Some(came && row.time("stopped_at") <= row.time("due_at"))
    }));
    all.extend(flag("counted", |row, _| {
        let came = ["answered", "acknowledged"].contains(&row.text("stop_reason"));
        Some(came || row.time("stopped_at").is_none_or(|at| at > row.time("due_at").unwrap()))
    }));
    for text in at {
        let at: Timestamp = text.parse().unwrap();
        all.push(Filter::new(&format!("overdue_at={text}"), move |row, _| {
            let (started, due) = (row.time("started_at").unwrap(), row.time("due_at").unwrap());
            started < at && due < at && row.time("stopped_at").is_none_or(|stop| stop >= at)
        }));
    }
    all
}
