//! The feed through HTTP: what it tells to whom, in which form, and that it is enough to keep a copy.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::support::people::Person;
use super::sweeper;

const FEED: &str = "/v1/events";

/// Everything from the beginning, page by page; each page but the last is full.
pub async fn all(by: &Person<'_>, limit: usize) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    let mut path = format!("{FEED}?after=0&limit={limit}");
    loop {
        let page = by.get(&path).await.expect(200).json;
        let items = page["items"].as_array().unwrap();
        told.extend(items.iter().cloned());
        path = page["links"]["next"].as_str().unwrap().to_owned();
        if items.len() < limit {
            return told;
        }
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} of {of}"))
}

fn positions(told: &[Value]) -> Vec<i64> {
    told.iter().map(|it| text(it, "sequence").parse().unwrap()).collect()
}

/// A service with a month of chance: acts of every kind, notices, other people's matters; all of it sequenced.
async fn month(seed: u64) -> TestApp {
    let app = TestApp::start().await;
    let mut histories = Histories::new(&app, seed).await;
    for _ in 0..14 {
        histories.raise(Raising::default()).await;
        for _ in 0..14 {
            app.clock.advance(SignedDuration::from_mins(97));
            histories.act_on_any().await;
        }
    }
    assert!(histories.done.len() > 15, "{:?}", histories.done);
    sweeper::sweep(&app).await;
    // The others are not to be seen here.
    app.person("else-police").raises(json!({"raised_with_agency": "elsewhere_cs"})).await;
    app.sequence().await;
    app
}

/// What a copy keeps of one escalation. It knows nothing but the feed.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    reference: String,
    version: i64,
    status: &'static str,
    stage: i64,
    episode: i64,
    theme: String,
    urgency: String,
    raised_with: String,
    outcome: Option<String>,
    clocks: usize,
}

impl Copy {
    fn take(&mut self, event: &Value) {
        let data = &event["data"];
        assert_eq!(data["version"].as_i64().unwrap(), self.version + 1, "{event}");
        self.version += 1;
        self.reference = text(data, "reference").to_owned();
        let change = &data["change"];
        self.clocks += change["clocks"].as_array().map_or(0, Vec::len)
            + usize::from(change["clock"].is_object());
        match text(data, "kind") {
            "raised" => {
                let facts = &change["facts"];
                self.theme = text(facts, "theme").to_owned();
                self.urgency = text(facts, "urgency").to_owned();
                self.raised_with = text(facts, "raised_with").to_owned();
                self.stage = change["stage"].as_i64().unwrap();
                (self.status, self.episode) = ("raised", 1);
            }
            "acknowledged" => self.status = "acknowledged",
            "answered" => self.status = "answered",
            "accepted" => self.status = "accepted",
            "rejected" => self.status = "rejected",
            "declined" => self.status = "declined",
            "advanced" => {
                self.stage = change["to"].as_i64().unwrap();
                self.status = "raised";
            }
            "redirected" => {
                self.raised_with = text(change, "to").to_owned();
                self.status = "raised";
            }
            "resolved" | "rerouted" | "marked_duplicate" => self.end("resolved", change),
            "withdrawn" => self.end("withdrawn", change),
            "reopened" => {
                self.episode = change["episode"].as_i64().unwrap();
                (self.status, self.outcome) = ("raised", None);
            }
            "urgency_changed" => self.urgency = text(change, "to").to_owned(),
            "corrected" => {
                for it in change["corrections"].as_array().unwrap() {
                    match text(it, "field") {
                        "theme" => self.theme = text(it, "to").to_owned(),
                        "urgency" => self.urgency = text(it, "to").to_owned(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, status: &'static str, change: &Value) {
        self.status = status;
        self.outcome = Some(text(&change["ending"], "outcome").to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_knows_the_feed_alone_is_the_same_as_what_is_read() {
    let app = month(11).await;
    let director = app.director();
    let told = all(&director, 37).await;
    let database = app.database.superuser().await;
    let agencies = database.query("select id::text, code from agency", &[]).await.unwrap();
    let agencies: BTreeMap<String, String> =
        agencies.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut copies: BTreeMap<String, Copy> = BTreeMap::new();
    let (mut events, mut notices) = (0, 0);
    for it in &told {
        if text(it, "type").starts_with("escalation-tracker.escalation.") {
            copies.entry(text(it, "subject").to_owned()).or_default().take(it);
            events += 1;
        } else {
            notices += 1;
        }
    }
    assert!(events > 60 && notices > 10, "{events} {notices}");
    let count: i64 = database
        .query_one(
            "select (select count(*) from event e join partnership p on p.id = e.partnership_id where code = 'ANY')
                  + (select count(*) from timer t join partnership p on p.id = t.partnership_id
                     where code = 'ANY' and result = 'fired')",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(positions(&told), (1..=count).collect::<Vec<_>>());
    assert_eq!(copies.len(), 14);
    for (id, copy) in copies {
        let shown = director.get(&format!("/v1/escalations/{id}")).await.expect(200).json;
        let read = Copy {
            reference: text(&shown, "reference").to_owned(),
            version: shown["version"].as_i64().unwrap(),
            status: copy.status,
            stage: shown["stage"]["number"].as_i64().unwrap(),
            episode: shown["episode"].as_i64().unwrap(),
            theme: text(&shown, "theme").to_owned(),
            urgency: text(&shown, "urgency").to_owned(),
            raised_with: text(&shown, "raised_with_agency").to_owned(),
            outcome: shown["resolution"]["outcome"].as_str().map(str::to_owned),
            clocks: shown["clocks"].as_array().unwrap().len(),
        };
        assert_eq!(text(&shown, "status"), copy.status, "{id}");
        let raised_with = agencies[&copy.raised_with].clone();
        assert_eq!(Copy { raised_with, ..copy }, read, "{id}");
    }
}

/// What each caller is told of an escalation is what its history tells, event for event.
#[tokio::test(flavor = "multi_thread")]
async fn an_item_says_what_the_history_says_to_the_same_caller() {
    let app = month(12).await;
    let mut told_to = BTreeMap::new();
    for client in ["test-director", "test-service_lead", "test-auditor", "test-police", "test-cs"] {
        let by = app.person(client);
        let told = all(&by, 1_000).await;
        let mut of: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for it in told.iter().filter(|it| it["data"]["change"].is_object()) {
            of.entry(text(it, "subject")).or_default().push(it);
        }
        for (id, items) in of {
            let path = format!("/v1/escalations/{id}");
            let history = by.get(&format!("{path}/events")).await.expect(200).json;
            let events = history["items"].as_array().unwrap();
            assert_eq!(items.len(), events.len(), "{client} {id}");
            for (item, event) in items.into_iter().zip(events) {
                let data = &item["data"];
                assert_eq!(item["id"], event["id"]);
                assert_eq!(data["kind"], event["type"]);
                for name in ["version", "change", "role", "agency", "occurred_at", "recorded_at"] {
                    assert_eq!(data[name], event[name], "{client} {name} {item}");
                }
                assert_eq!(text(data, "href"), path);
                let members: Vec<&String> = data.as_object().unwrap().keys().collect();
                assert!(!members.iter().any(|it| it.contains("text")), "{members:?}");
            }
        }
        told_to.insert(client, told.len());
    }
    let whole = told_to["test-director"];
    assert_eq!((told_to["test-service_lead"], told_to["test-auditor"]), (whole, whole));
    assert!((1..whole).contains(&told_to["test-police"]), "{told_to:?}");
    // A list of notices says of each what the feed says.
    let by = app.person("test-cs");
    let notices = by.get("/v1/notices?limit=200&sort=oldest_first").await.expect(200).json;
    let told = all(&by, 1_000).await;
    for notice in notices["items"].as_array().unwrap() {
        let item = told.iter().find(|it| it["id"] == notice["id"]).unwrap();
        assert_eq!(item["data"], *notice);
        let kind = text(notice, "kind");
        assert_eq!(text(item, "type"), format!("escalation-tracker.clock.{kind}.v1"));
    }
    // Only those that oversee, and agencies, read it.
    for client in ["test-analyst", "test-operator"] {
        app.person(client).get(FEED).await.expect(403);
    }
    assert_eq!(all(&app.person("else-police"), 100).await.len(), 1);
    assert!(all(&app.person("else-cs"), 100).await.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_raiser_no_text_and_no_child_is_in_the_feed() {
    let app = TestApp::start().await;
    let marks = ["zq1concern", "zq2outcome", "zq3answer", "SYN777123"];
    for visibility in ["named", "protected"] {
        let body = json!({
            "raiser_visibility": visibility, "raised_by_role": "zq4role", "source": "zq5system",
            "external_reference": format!("zq6-{visibility}"), "concern": marks[0], "desired_outcome": marks[1],
            "child_references": [{"scheme": "la_child_id", "value": marks[3]}],
        });
        let id = app.police().raises(body).await;
        let answer = json!({"position": "agreed", "answer": marks[2]});
        app.childrens_services().acts(&id, "answers", answer).await;
        app.police().accepts(&id).await;
        let why = json!({"why": "raised_in_error", "reason": "zq7why"});
        app.police().acts(&id, "withdrawal", why).await;
    }
    app.sequence().await;
    let whole = async |client: &str| Value::from(all(&app.person(client), 100).await).to_string();
    for client in ["test-director", "test-police", "test-cs"] {
        let told = whole(client).await;
        for mark in marks {
            assert!(!told.contains(mark), "{client}: {mark}");
        }
        assert!(!told.contains("zq7why"));
        let raiser = client != "test-cs";
        assert_eq!(told.contains("zq6-protected"), raiser, "{client}");
        assert_eq!(told.contains("raised_in_error"), raiser, "{client}");
        assert!(told.contains("zq6-named") && told.contains("zq4role"), "{client}");
        let by_police = told.matches("\"valeshire_police\"").count();
        assert_eq!(by_police, if raiser { 6 } else { 3 }, "{client}: {told}");
    }
    // Who is not part of it hears nothing, and its next address still works.
    let page = app.health().get(FEED).await.expect(200).json;
    assert_eq!(page["items"], json!([]));
    assert_eq!(page["links"]["next"], "/v1/events?after=00000000000000000008");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_that_comes_later_is_told_from_there_on() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    app.sequence().await;
    let health = app.health();
    let next = health.get(FEED).await.expect(200).json["links"]["next"].clone();
    let declined = json!({"suggested_agency": "HV", "reason": "They hold the plan."});
    app.childrens_services().acts(&id, "declination", declined).await;
    let to = json!({"agency": "HV", "reason": "They hold the plan."});
    app.police().acts(&id, "redirection", to).await;
    app.police().acts(&id, "notes", json!({"note": "Thank you."})).await;
    app.sequence().await;
    let page = health.get(next.as_str().unwrap()).await.expect(200).json;
    let kinds: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|it| text(&it["data"], "kind")).collect();
    // Whoever was up to date before gets what came after; the history tells all of it.
    assert_eq!(kinds, ["declined", "redirected", "noted"]);
    let history = health.get(&format!("/v1/escalations/{id}/events")).await.expect(200).json;
    assert_eq!(history["items"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_read_strictly_and_next_always_works() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        app.police().raises(json!({"urgency": "urgent"})).await;
    }
    app.clock.advance(SignedDuration::from_hours(24 * 20));
    sweeper::sweep(&app).await;
    let n = app.sequence().await;
    let director = app.director();
    let whole = all(&director, 1_000).await;
    assert_eq!(whole.len(), n);
    for limit in [1, 2, 7] {
        assert_eq!(all(&director, limit).await, whole, "{limit}");
    }
    let third = text(&whole[2], "sequence");
    assert_eq!(third, "00000000000000000003");
    for after in [third, "3", "0003"] {
        let page = director.get(&format!("{FEED}?after={after}&limit=1000")).await.expect(200).json;
        assert_eq!(page["items"].as_array().unwrap()[..], whole[3..], "{after}");
    }
    // Types: of acts, of notices, of both; the rest of the question stays in the next address.
    let raised = "escalation-tracker.escalation.raised.v1";
    let overdue = "escalation-tracker.clock.overdue.v1";
    let both = format!("{raised},{overdue}");
    for types in [raised, overdue, both.as_str()] {
        let page = director.get(&format!("{FEED}?types={types}&limit=1000")).await.expect(200).json;
        let expected: Vec<&Value> =
            whole.iter().filter(|it| types.split(',').any(|kind| it["type"] == kind)).collect();
        assert!(expected.len() >= 5, "{types}");
        assert_eq!(page["items"].as_array().unwrap().iter().collect::<Vec<_>>(), expected);
        let next = text(&page["links"], "next").to_owned();
        assert_eq!(next, format!("{FEED}?after={n:020}&types={types}&limit=1000"));
        let page = director.get(&next).await.expect(200).json;
        assert_eq!((&page["items"], text(&page["links"], "next")), (&json!([]), next.as_str()));
    }
    for (query, pointer, code) in [
        ("after=x", "?after", "wrong_type"),
        ("after=-1", "?after", "wrong_type"),
        ("after=", "?after", "wrong_type"),
        ("after=000000000000000000001", "?after", "wrong_type"),
        ("after=99999999999999999999", "?after", "out_of_range"),
        ("after=1000", "?after", "out_of_range"),
        ("after=1000&wait=25", "?after", "out_of_range"),
        ("limit=0", "?limit", "out_of_range"),
        ("limit=1001", "?limit", "out_of_range"),
        ("wait=26", "?wait", "out_of_range"),
        ("types=", "?types", "unknown_code"),
        ("types=raised", "?types", "unknown_code"),
        ("types=escalation-tracker.escalation.raised.v1,", "?types", "unknown_code"),
        ("types=escalation-tracker.escalation.raised.v2", "?types", "unknown_code"),
        ("cursor=1", "?cursor", "unknown_parameter"),
    ] {
        let problem = director.get(&format!("{FEED}?{query}")).await.expect(400).problem();
        let expected = vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(problem, ("invalid-parameter".to_owned(), expected), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_cloudevents_is_the_same_items_with_the_next_address_in_the_head() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    app.sequence().await;
    let director = app.director();
    let kind = "application/cloudevents-batch+json";
    let path = format!("{FEED}?after=0&limit=1");
    let batch = director.send(reqwest::Method::GET, &path, &[("accept", kind)], "").await;
    let batch = batch.expect(200);
    assert!(batch.header("content-type").starts_with(kind), "{}", batch.header("content-type"));
    let plain = director.get(&path).await.expect(200);
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(batch.json, plain.json["items"]);
    for answer in [&batch, &plain] {
        let links: Vec<_> =
            answer.headers.get_all("link").iter().map(|it| it.to_str().unwrap()).collect();
        let next = format!("<{}>; rel=\"next\"", text(&plain.json["links"], "next"));
        assert_eq!(links, [format!("<{path}>; rel=\"self\""), next]);
        assert_eq!(answer.header("vary"), "accept");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let other = [("accept", "application/cloudevents+json")];
    director.send(reqwest::Method::GET, &path, &other, "").await.expect(406);
}

/// Checks a value by the few words that the schema of CloudEvents uses; another word is a fault of this check.
fn faults(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    for (word, says) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "description" | "examples" | "$schema" | "$comment" | "definitions" => true,
            "$ref" => {
                let target = root.pointer(&says.as_str().unwrap()[1..]).unwrap();
                faults(value, target, root, at, found);
                true
            }
            "type" => {
                let is = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                says.as_array().map_or_else(|| says == is, |all| all.iter().any(|it| it == is))
            }
            "required" => {
                says.as_array().unwrap().iter().all(|it| value.get(it.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, schema) in says.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        faults(value, schema, root, &format!("{at}/{name}"), found);
                    }
                }
                true
            }
            "minLength" => {
                let least = usize::try_from(says.as_u64().unwrap()).unwrap();
                value.as_str().is_none_or(|text| text.chars().count() >= least)
            }
            "format" => value.as_str().is_none_or(|text| match says.as_str().unwrap() {
                "uri" => reqwest::Url::parse(text).is_ok(),
                "uri-reference" => {
                    reqwest::Url::parse("https://example.org/").unwrap().join(text).is_ok()
                        && text.is_ascii()
                        && !text.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'])
                }
                "date-time" => text.parse::<jiff::Timestamp>().is_ok() && text.ends_with('Z'),
                other => panic!("the check does not know the format {other}"),
            }),
            "contentEncoding" => false,
            other => panic!("the check does not know the word {other}"),
        };
        if !holds {
            found.push(format!("{at}: {word}"));
        }
    }
}

/// T-CE1.
#[tokio::test(flavor = "multi_thread")]
async fn every_item_is_a_cloudevent_by_the_official_schema() {
    let schema: Value = serde_json::from_str(include_str!("feed/cloudevents.json")).unwrap();
    let check = |item: &Value| {
        let mut found = Vec::new();
        faults(item, &schema, &schema, "", &mut found);
        found
    };
    let app = month(13).await;
    let told = all(&app.director(), 1_000).await;
    let mut kinds: Vec<&str> = told.iter().map(|it| text(it, "type")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() > 12, "{kinds:?}");
    let mut ids = std::collections::BTreeSet::new();
    for item in &told {
        assert_eq!(check(item), Vec::<String>::new(), "{item}");
        assert!(ids.insert(text(item, "id")), "source and id are unique together");
        assert_eq!(text(item, "specversion"), "1.0");
        assert_eq!(text(item, "source"), "/partnerships/ANY");
        assert_eq!(item["subject"], item["partitionkey"]);
        assert_eq!(item["subject"], item["data"]["escalation_id"]);
        for name in item.as_object().unwrap().keys() {
            // Names of attributes are small letters and digits (CloudEvents 1.0, section 3.1).
            assert!(
                name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit()),
                "{name}"
            );
        }
    }
    assert!(told.is_sorted_by_key(|it| text(it, "sequence").to_owned()));
    // The check sees what is wrong.
    for (name, value) in [
        ("id", json!("")),
        ("source", json!("a b")),
        ("type", Value::Null),
        ("time", json!("yesterday")),
        ("dataschema", json!("/relative")),
        ("subject", json!(7)),
        ("data_base64", json!("x")),
    ] {
        let mut wrong = told[0].clone();
        wrong[name] = value;
        assert_ne!(check(&wrong), Vec::<String>::new(), "{name}");
    }
    let mut without = told[0].clone();
    without.as_object_mut().unwrap().remove("specversion");
    assert_eq!(check(&without), [": required"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_told_when_something_happens_and_holds_no_connection() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    app.sequence().await;
    let director = app.director();
    // Nothing happens: it waits as long as it was asked to, and not longer.
    let began = Instant::now();
    let page = director.get(&format!("{FEED}?after=1&wait=1")).await.expect(200).json;
    assert_eq!(page["items"], json!([]));
    assert!((900..4_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    // What is there is told at once.
    let began = Instant::now();
    director.get(&format!("{FEED}?wait=25")).await.expect(200);
    assert!(began.elapsed() < Duration::from_secs(5));

    // Far more wait than there are connections, for the Director, an agency, and somebody who is told nothing.
    let path = format!("{FEED}?after=1&wait=20");
    let (police, health) = (app.police(), app.health());
    let waiting = (0..40).map(|at| match at % 3 {
        0 => director.get(&path),
        _ => police.get(&path),
    });
    let waiting = futures_util::future::join_all(waiting);
    let quiet = format!("{FEED}?after=1&wait=3");
    let others = health.get(&quiet);
    let begins = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        for _ in 0..8 {
            // The pool serves others meanwhile.
            director.get("/v1/escalations").await.expect(200);
        }
        app.police().raises(json!({})).await;
        let began = Instant::now();
        app.sequence().await;
        began
    };
    let (answers, nothing, began) = tokio::join!(waiting, others, begins);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for answer in answers {
        let page = answer.expect(200).json;
        assert_eq!(positions(page["items"].as_array().unwrap()), [2]);
    }
    let page = nothing.expect(200).json;
    assert_eq!(page["items"], json!([]));
    assert_eq!(text(&page["links"], "next"), "/v1/events?after=00000000000000000002&wait=3");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_instance_sequenced_is_heard_of_and_a_stop_ends_all_waiting() {
    let app = TestApp::start().await;
    let director = app.director();
    let path = format!("{FEED}?wait=20");
    let elsewhere = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.police().raises(json!({})).await;
        // Another process has its own hints.
        let mut other = app.deps.clone();
        other.signals = std::sync::Arc::default();
        escalation_tracker::usecases::chain::sequence_all(&other).await.unwrap();
        Instant::now()
    };
    let (answer, began) = tokio::join!(director.get(&path), elsewhere);
    assert_eq!(answer.expect(200).json["items"].as_array().unwrap().len(), 1);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let path = format!("{FEED}?after=1&wait=25");
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.deps.signals.stop();
        Instant::now()
    };
    let (answer, began) = tokio::join!(director.get(&path), stop);
    let page = answer.expect(200).json;
    assert_eq!(text(&page["links"], "next"), "/v1/events?after=00000000000000000001&wait=25");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // Whoever asks while it stops is not kept either.
    let began = Instant::now();
    director.get(&path).await.expect(200);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
