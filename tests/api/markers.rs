//! A thousand markers in everything that takes text, and then a look everywhere: a child's reference is nowhere in clear, neither
//! in tables, in files of the database, in a dump nor in what leaves; other texts are where the map of data says, and in no log,
//! event, message, metric, error or address. What takes text is read from the contract, so that a new member is tried by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use escalation_tracker::http::contract;
use escalation_tracker::usecases::metrics;
use reqwest::Method;
use serde_json::{Value, json};

use super::imports::{self, work};
use super::layers::root;
use super::support::TestApp;
use super::support::cluster::programs;
use super::support::kept_log;
use super::support::operations::{Operation, body_of, ready};
use super::support::people::{Answer, raise_body};
use super::support::receiver::{Receiver, outside};
use super::webhooks::{deliver, endpoint};

/// Stands in what may be nowhere.
const SEALED: &str = "zqseal";
/// Stands in texts that are kept in clear, by decision, and shown to those who may read them.
const KEPT: &str = "zqkept";

/// Letters for a number, so that a marker looks like nobody's number and no name.
fn letters(number: usize) -> String {
    [1_000, 100, 10, 1].map(|place| char::from(b"bcdfghjklm"[number / place % 10])).iter().collect()
}

/// Markers, each another.
#[derive(Default)]
struct Markers {
    kept: usize,
    sealed: usize,
}

impl Markers {
    fn kept(&mut self) -> String {
        self.kept += 1;
        format!("{KEPT}{}", letters(self.kept))
    }

    fn sealed(&mut self) -> String {
        self.sealed += 1;
        format!("{SEALED}{}{:04}", letters(self.sealed), self.sealed).to_uppercase()
    }
}

/// The places of a body that take free text or an identifier, as pointers, with the name of their schema.
fn text_places(contract: &Value, schema: &Value, at: &str, all: &mut Vec<(String, String)>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        let free = name.strip_prefix("Text").is_some_and(|it| it.parse::<u32>().is_ok());
        if free || name == "Identifier" {
            all.push((at.to_owned(), name.to_owned()));
        } else if at.matches('/').count() < 8 {
            text_places(contract, &contract["components"]["schemas"][name], at, all);
        }
        return;
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        for part in schema[several].as_array().into_iter().flatten() {
            text_places(contract, part, at, all);
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        text_places(contract, member, &format!("{at}/{name}"), all);
    }
    if schema["items"].is_object() {
        text_places(contract, &schema["items"], &format!("{at}/0"), all);
    }
}

/// Puts a value at a pointer, if what it stands in is there.
fn put(body: &mut Value, pointer: &str, value: Value) -> bool {
    let Some((holder, name)) = pointer.rsplit_once('/') else { return false };
    match body.pointer_mut(holder) {
        Some(Value::Object(members)) => {
            members.insert(name.to_owned(), value);
            true
        }
        Some(Value::Array(items)) => {
            let place = name.parse().ok().and_then(|at: usize| items.get_mut(at));
            place.map(|it| *it = value).is_some()
        }
        _ => false,
    }
}

fn taken_back(body: &mut Value, pointer: &str, example: &Value) {
    match example.pointer(pointer) {
        Some(value) => drop(put(body, pointer, value.clone())),
        None => {
            let (holder, name) = pointer.rsplit_once('/').unwrap();
            if let Some(Value::Object(members)) = body.pointer_mut(holder) {
                members.remove(name);
            }
        }
    }
}

/// Nothing that is sent comes back in a refusal or in an address.
#[track_caller]
fn tells_nothing(answer: &Answer, what: &str) {
    let heads = format!("{:?}", answer.headers).to_lowercase();
    assert!(!heads.contains(KEPT) && !heads.contains(SEALED), "{what}: {heads}");
    let text = answer.text.to_lowercase();
    if answer.status >= 400 {
        assert!(!text.contains(KEPT) && !text.contains(SEALED), "{what}: {text}");
    }
}

/// Every table and column of the service in which a marker stands, as text or as bytes.
async fn found(app: &TestApp, marker: &str) -> BTreeSet<(String, String)> {
    let look = app.database.superuser().await;
    let tables = "select quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relname::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition
          and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')";
    let mut parts = Vec::new();
    for row in look.query(tables, &[]).await.unwrap() {
        let (table, name): (String, String) = (row.get(0), row.get(1));
        parts.push(format!(
            "select '{name}', it.key from {table} t, jsonb_each_text(to_jsonb(t)) it
             where it.value ilike '%{marker}%' or it.value ilike '%' || encode('{marker}', 'hex') || '%'
                or it.value ilike '%' || encode(upper('{marker}')::bytea, 'hex') || '%'"
        ));
    }
    assert!(parts.len() > 40, "the scan has lost its tables");
    let rows = look.query(&parts.join(" union "), &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The columns that hold what agencies wrote, by the map of data.
fn written_by_people() -> BTreeSet<(String, String)> {
    let mut reader = csv::Reader::from_path(root().join("docs/dpia/data-map.csv")).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    let theirs = rows.filter(|row| ["agency", "partnership"].contains(&&row[6]));
    theirs.map(|row| (row[0].to_owned(), row[1].to_owned())).collect()
}

async fn is_where_it_may_be(app: &TestApp, what: &str) -> BTreeSet<(String, String)> {
    assert_eq!(
        found(app, SEALED).await,
        BTreeSet::new(),
        "{what}: a child's reference is stored in clear"
    );
    let kept = found(app, KEPT).await;
    let elsewhere: Vec<_> = kept.difference(&written_by_people()).cloned().collect();
    assert!(
        elsewhere.is_empty(),
        "{what}: texts are where docs/dpia/data-map.csv has none: {elsewhere:?}"
    );
    kept
}

/// Takes out the posts of those who act: they are facts of the feed, as far as its reader may know them.
fn without_roles(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !name.ends_with("_role"));
            members.values_mut().for_each(without_roles);
        }
        Value::Array(items) => items.iter_mut().for_each(without_roles),
        _ => {}
    }
}

/// Files under a folder in which a marker stands.
fn files_with(folder: &Path, marker: &str) -> Vec<String> {
    // A file that goes away meanwhile is none that holds anything.
    let found = Command::new("grep").args(["-rlias", marker]).arg(folder).output().unwrap();
    String::from_utf8_lossy(&found.stdout).lines().map(str::to_owned).collect()
}

/// Sends the operation's example with markers in everything that takes text, and takes back what is refused.
async fn planted(
    app: &TestApp,
    operation: &Operation,
    markers: &mut Markers,
) -> (usize, BTreeSet<(String, String)>) {
    let contract = serde_json::to_value(contract::document()).unwrap();
    let ready = ready(app, operation).await;
    let example = ready.example.clone().unwrap();
    let content = operation.document["requestBody"]["content"].as_object().unwrap();
    let mut places = Vec::new();
    text_places(&contract, &content.values().next().unwrap()["schema"], "", &mut places);
    let mut body = example.clone();
    let mut in_place = BTreeMap::new();
    for (at, _) in places {
        let marker = if at.contains("child_reference") { markers.sealed() } else { markers.kept() };
        if put(&mut body, &at, marker.clone().into()) {
            in_place.insert(at, marker);
        }
    }
    for attempt in 0..8 {
        let answer = operation.send(&ready.by, &ready.path, ready.version, body_of(&body)).await;
        tells_nothing(&answer, &operation.id);
        if answer.status < 300 {
            let kept = is_where_it_may_be(app, &operation.id).await;
            return (in_place.len(), kept);
        }
        let wrong: Vec<_> = answer
            .problem()
            .1
            .into_iter()
            .map(|(at, _)| at.trim_start_matches('#').to_owned())
            .collect();
        let before = in_place.len();
        let (all, optional) = (attempt == 6, attempt == 4);
        in_place.retain(|at, _| {
            let back = all
                || (optional && example.pointer(at).is_none())
                || wrong.iter().any(|it| at.starts_with(it.as_str()));
            if back {
                taken_back(&mut body, at, &example);
            }
            !back
        });
        if in_place.len() == before && !all && attempt > 4 {
            panic!("{} {}", operation.id, answer.text);
        }
    }
    panic!("{}: not even the example is taken", operation.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_markers_are_nowhere_but_where_texts_are_kept() {
    kept_log::listen();
    let mut markers = Markers::default();
    let (mut walked, mut stored) = (0, BTreeSet::new());
    let app = TestApp::start().await;
    for operation in Operation::all() {
        if operation.content_type().is_none_or(|it| !it.ends_with("json")) {
            continue;
        }
        let (places, kept) = planted(&app, &operation, &mut markers).await;
        walked += places;
        stored.extend(kept);
    }
    assert!(walked > 60, "the walk has lost the members that take text: {walked}");
    assert!(stored.len() > 15, "texts are stored in few places: {stored:?}");

    let receiver = Receiver::good().await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    endpoint(&app.police(), &receiver.url()).await;
    let shared = json!({"url": receiver.url().replace("hook", "shared"), "signing": "hmac_sha256"});
    let shared =
        app.childrens_services().post(super::webhooks::ENDPOINTS, &shared).await.expect(201);
    let secret = shared.json["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let mut answers = Vec::new();

    // A file, as agencies send their backlog.
    let rows: Vec<String> = (0..150)
        .map(|number| {
            let row = imports::row(&format!("ROW-{number}"));
            row.replace("SYN100234", &markers.sealed()).replace("Hold the", &markers.kept())
        })
        .collect();
    let csv = [("content-type", "text/csv"), ("idempotency-key", "zqseal-key-of-a-file")];
    let path = "/v1/imports?source=niche&dry_run=false";
    let sent = app.police().send(Method::POST, path, &csv, imports::file(&rows)).await.expect(202);
    assert_eq!(is_where_it_may_be(&app, "a file that waits").await, BTreeSet::new());
    work(&app).await;
    let report = app.police().get(sent.header("location")).await.expect(200);
    assert_eq!(report.json["state"], "succeeded", "{}", report.text);
    answers.extend([sent, report]);

    // Batches and single records, some of them refused.
    for batch in 0..2 {
        let mut record = |number: usize| {
            raise_body(json!({
                "source": "niche", "external_reference": format!("B-{batch}-{number}"),
                "desired_outcome": markers.kept(), "concern": markers.kept(), "raised_by_role": markers.kept(),
                "child_references": [{"scheme": "la_child_id", "value": markers.sealed()}],
            }))
        };
        let items: Vec<_> = (0..75).map(&mut record).collect();
        answers.push(
            app.police().post("/v1/escalations/batch", &json!({"items": items})).await.expect(200),
        );
    }
    for number in 0..40 {
        let key = format!("zqseal-key-{number}");
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let unknown = if number % 4 == 0 { "zqkept_nobody" } else { "anyborough_cs" };
        let body = raise_body(json!({
            "desired_outcome": markers.kept(), "raised_with_agency": unknown,
            "child_references": [{"scheme": "la_child_id", "value": markers.sealed()}],
        }));
        let answer =
            app.police().send(Method::POST, "/v1/escalations", &headers, body.to_string()).await;
        let search = json!({"child_reference": body["child_references"][0]});
        answers.push(app.police().post("/v1/searches", &search).await.expect(200));
        let search = app.person("test-auditor").post("/v1/searches/access-events", &search).await;
        answers.push(search.expect(200));
        if let Some(id) = answer.json["id"].as_str() {
            let path = format!("/v1/escalations/{id}/notes");
            answers
                .push(app.police().post(&path, &json!({"note": markers.kept()})).await.expect(200));
        }
        answers.push(answer);
    }
    answers.iter().for_each(|answer| tells_nothing(answer, "an answer"));
    assert!(markers.kept + markers.sealed >= 1_000, "{} and {}", markers.kept, markers.sealed);
    assert!(!is_where_it_may_be(&app, "after all of it").await.is_empty());

    // What leaves.
    while deliver(&app).await > 0 {}
    let got = receiver.got();
    assert!(got.len() > 100, "{}", got.len());
    let bodies: String =
        got.iter().map(|it| format!("{it:?}{}", String::from_utf8_lossy(&it.body))).collect();
    let mut feed = app.police().get("/v1/events?limit=1000").await.expect(200).json;
    without_roles(&mut feed);
    let feed = feed.to_string();
    assert!(feed.contains("escalation.raised.v1"));
    let notices = app.childrens_services().get("/v1/notices").await.expect(200).text;
    let numbers = metrics::text(&app.deps).await.unwrap();
    assert!(numbers.contains("escalation"), "{numbers}");
    for (place, text) in
        [("messages", bodies), ("feed", feed), ("notices", notices), ("metrics", numbers)]
    {
        let text = text.to_lowercase();
        let at = text.find(SEALED).or_else(|| text.find(KEPT));
        let told = at.map(|at| &text[at.saturating_sub(300)..(at + 60).min(text.len())]);
        assert_eq!(told, None, "{place}");
    }

    // The files of the database, with those of its log and of what it writes ahead.
    let look = app.database.superuser().await;
    look.batch_execute("checkpoint").await.unwrap();
    let folder: String = look.query_one("show data_directory", &[]).await.unwrap().get(0);
    let folder = Path::new(&folder).parent().unwrap();
    assert!(
        !files_with(folder, KEPT).is_empty(),
        "the files are not those of the database: {folder:?}"
    );
    assert_eq!(files_with(folder, SEALED), Vec::<String>::new());
    assert_eq!(files_with(folder, secret.trim_start_matches("whsec_")), Vec::<String>::new());
    let dump = Command::new(programs().join("pg_dump"))
        .arg(app.database.url("postgres"))
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let dump = String::from_utf8_lossy(&dump.stdout).to_lowercase();
    assert!(dump.contains(KEPT) && !dump.contains(SEALED));

    tracing::info!(heard = "zqkept-heard", "a line that must be heard");
    assert_eq!(kept_log::with_others_but_for("zqkept-heard"), Vec::<String>::new(), "logged");
}
