//! Every operation by everybody, on what is theirs, what is not and what does not exist; and parts that are asked for in the
//! wrong place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use escalation_tracker::domain::access::{Reach, Role, permits};
use escalation_tracker::usecases::deps::Clock;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::layers::root;
use super::support::operations::{Operation, Ready, body_of, ready};
use super::support::people::{Answer, Person};
use super::support::tokens::Token;
use super::support::{TestApp, thorough};

const NOBODYS: &str = "01900000-0000-7000-8000-000000000000";
const FILE: &str = "tests/api/access_matrix.csv";

/// Who asks. The police raised what is asked for, children's services answer it, health has nothing to do with it, and
/// the last two are of another partnership.
const ACTORS: &[(&str, &str, Option<Role>)] = &[
    ("none", "", None),
    ("expired", "test-police", None),
    ("wrong_audience", "test-police", None),
    ("police", "test-police", Some(Role::Agency)),
    ("cs", "test-cs", Some(Role::Agency)),
    ("health", "test-health", Some(Role::Agency)),
    ("service_lead", "test-service_lead", Some(Role::ServiceLead)),
    ("director", "test-director", Some(Role::Director)),
    ("analyst", "test-analyst", Some(Role::Analyst)),
    ("auditor", "test-auditor", Some(Role::Auditor)),
    ("privacy_officer", "test-privacy_officer", Some(Role::PrivacyOfficer)),
    ("operator", "test-operator", Some(Role::Operator)),
    ("else_police", "else-police", Some(Role::Agency)),
    ("else_director", "else-director", Some(Role::Director)),
];

fn actor<'a>(app: &'a TestApp, name: &str, client: &str) -> Person<'a> {
    let now = app.clock.now();
    match name {
        "none" => app.stranger(),
        "expired" => {
            let then = now.checked_sub(SignedDuration::from_hours(2)).unwrap();
            app.bearer(Token::of(client).at(then).signed())
        }
        "wrong_audience" => {
            app.bearer(Token::of(client).at(now).with("aud", json!("another")).signed())
        }
        _ => app.person(client),
    }
}

/// The same address with something in it that does not exist, where the operation names anything.
fn missing(operation: &Operation, path: &str) -> Option<String> {
    const NAMES: &[&str] = &[
        "{id}",
        "{record_id}",
        "{import_id}",
        "{action_id}",
        "{learning_id}",
        "{rebase_id}",
        "{hold_id}",
        "{erasure_id}",
        "{endpoint_id}",
    ];
    if operation.path.contains("{agency}") {
        Some(path.replace("/valeshire_police/", "/no_such_agency/"))
    } else if operation.id == "read_sent_escalation" {
        Some(path.replace("OCC-2026-120", "OCC-2026-000"))
    } else if operation.path.contains("{version}") {
        Some(path.replace("/sign-offs/1", "/sign-offs/9"))
    } else if NAMES.iter().any(|name| operation.path.contains(name)) {
        Some(operation.at(NOBODYS))
    } else {
        None
    }
}

/// Asks as the contract says, under a request id that is always the same.
async fn ask(operation: &Operation, by: &Person<'_>, ready: &Ready<'_>, path: &str) -> Answer {
    let tag = format!("\"{}\"", ready.version);
    let mut headers = vec![("x-request-id", "req_00000001")];
    headers.extend(operation.content_type().map(|kind| ("content-type", kind)));
    if operation.needs_a_version() {
        headers.push(("if-match", &tag));
    }
    let body = ready.example.as_ref().map(body_of).unwrap_or_default();
    by.send(operation.method.clone(), path, &headers, body).await
}

/// What a caller can tell one refusal from another by.
fn told(answer: &Answer, path: &str) -> (u16, Vec<String>, String) {
    // Whether the connection is kept depends on how far a body has come by then.
    let passing = ["date", "connection", "content-length"];
    let headers = answer.headers.iter().filter(|(name, _)| !passing.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    let path = path.split('?').next().unwrap();
    (answer.status, headers, answer.text.replace(path, "{path}"))
}

/// `in` where the caller gets as far as the operation itself, whatever that says then; else the status.
fn cell(answer: &Answer) -> String {
    match answer.status {
        200..300 | 409 | 412 | 422 => "in".to_owned(),
        refused => refused.to_string(),
    }
}

/// What follows from the access table and from who takes part; nothing where only the operation knows.
fn rule(operation: &Operation, role: Option<Role>, who: &str, exists: bool) -> Option<String> {
    let Some(role) = role else { return Some("401".to_owned()) };
    let Some(reach) = permits(role, operation.action().unwrap()) else {
        return Some("403".to_owned());
    };
    if !exists {
        return Some("404".to_owned());
    }
    missing(operation, "")?;
    let of_both = operation.names_an_escalation() || operation.names_a_record();
    let elsewhere = who.starts_with("else_");
    if elsewhere || (of_both && reach == Reach::OwnAgency && who == "health") {
        return Some("404".to_owned());
    }
    // An agency's own name for a case is not the other side's.
    let own = operation.path.contains("{external_id}");
    (of_both && !own).then(|| "in".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_by_everybody_on_own_foreign_and_missing_is_as_the_table_says() {
    let app = TestApp::start().await;
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut wrong = Vec::new();
    let (mut cells, mut compared) = (0, 0);
    for operation in Operation::all().into_iter().filter(|it| it.action().is_some()) {
        let ready = ready(&app, &operation).await;
        let absent = missing(&operation, &ready.path);
        let mut there = BTreeMap::new();
        let mut absents = BTreeMap::new();
        // Who may do it comes last, so that it is there for everybody before.
        let mut order: Vec<_> = ACTORS.iter().collect();
        order.sort_by_key(|(_, client, role)| role.is_some() && *client == ready.client);
        for (name, client, role) in order {
            let by = actor(&app, name, client);
            let answer = ask(&operation, &by, &ready, &ready.path).await;
            let found = cell(&answer);
            let place = format!("{} by {name}", operation.id);
            if rule(&operation, *role, name, true).is_some_and(|it| it != found) {
                wrong.push(format!("{place}: {found} {}", answer.text));
            }
            cells += 1;
            if let Some(absent) = &absent {
                let other = ask(&operation, &by, &ready, absent).await;
                let expected = rule(&operation, *role, name, false);
                if expected.is_some_and(|it| it != cell(&other)) {
                    wrong.push(format!("{place}, missing: {} {}", other.status, other.text));
                }
                if found == "404" {
                    compared += 1;
                    let (foreign, other) = (told(&answer, &ready.path), told(&other, absent));
                    if foreign != other {
                        wrong.push(format!("{place}: {foreign:?} is not {other:?}"));
                    }
                }
                cells += 1;
                absents.insert(*name, cell(&other));
            }
            there.insert(*name, found);
        }
        for (target, found) in [("existing", there), ("missing", absents)] {
            if !found.is_empty() {
                let mut line = vec![operation.id.clone(), target.to_owned()];
                line.extend(ACTORS.iter().map(|(name, ..)| found[name].clone()));
                table.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{} deviations:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{cells} cells, of which {compared} foreign ones were compared with missing ones");
    assert!(cells > 2_000 && compared > 150, "{cells} {compared}");
    let mut text = Vec::new();
    let mut head = vec!["operation".to_owned(), "target".to_owned()];
    head.extend(ACTORS.iter().map(|(name, ..)| (*name).to_owned()));
    for line in std::iter::once(head).chain(table) {
        text.push(line.join(","));
    }
    let text = text.join("\n") + "\n";
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(root().join(FILE), &text).unwrap();
    }
    let known = std::fs::read_to_string(root().join(FILE)).unwrap();
    let (known, found): (BTreeSet<&str>, BTreeSet<&str>) =
        (known.lines().collect(), text.lines().collect());
    let gone: Vec<_> = known.difference(&found).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "{FILE} says\n{gone:#?}\nand it is\n{new:#?}\nUPDATE_MATRIX=1 writes the table anew; read what changed"
    );
}

/// An operation without a row fails here at once, before anything is asked.
#[test]
fn every_operation_has_its_rows() {
    let known = std::fs::read_to_string(root().join(FILE)).unwrap();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for line in known.lines().skip(1) {
        let mut cells = line.split(',');
        rows.push((cells.next().unwrap(), cells.next().unwrap()));
        assert_eq!(cells.count(), ACTORS.len(), "{line}");
    }
    let mut expected = Vec::new();
    let all = Operation::all();
    for operation in all.iter().filter(|it| it.action().is_some()) {
        expected.push((operation.id.as_str(), "existing"));
        if missing(operation, "").is_some() {
            expected.push((operation.id.as_str(), "missing"));
        }
    }
    assert_eq!(rows, expected);
}

/// B57: everything here may be seen by who asks, but not where it is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_one_is_not_found_under_another() {
    let app = TestApp::start().await;
    let police = app.police();
    let (one, other) = (police.raises(json!({})).await, police.raises(json!({})).await);
    let name = json!({"system": "mosaic", "type": "referral", "value": "R-1"});
    let path = format!("/v1/escalations/{one}/external-ids");
    let named = police.post(&path, &name).await.expect(201).id();
    let shown = police.get(&format!("/v1/escalations/{one}")).await.expect(200).json;
    let clock = shown["clocks"][0]["id"].as_str().unwrap().to_owned();
    let (read, change) = (Method::GET, Method::POST);
    for (method, at, part) in [
        (&change, "/v1/escalations/{id}/external-ids/{part}/removal", named.as_str()),
        (&read, "/v1/escalations/{id}/clocks/{part}/explanation", clock.as_str()),
    ] {
        let ask = async |id: &str, part: &str| {
            let path = at.replace("{id}", id).replace("{part}", part);
            let same = [("x-request-id", "req_00000001")];
            let answer = police.send(method.clone(), &path, &same, "").await;
            (answer.status, told(&answer, &path))
        };
        let misplaced = ask(&other, part).await;
        assert_eq!(misplaced.0, 404, "{at}: {:?}", misplaced.1);
        assert_eq!(misplaced, ask(&other, NOBODYS).await, "{at}");
        assert!(ask(&one, part).await.0 < 300, "{at}");
    }
    // A signature of one week under another, and another agency's message under one's own endpoint.
    let endpoint = json!({"url": "https://hooks.example.org/"});
    let own = police.post("/v1/webhook-endpoints", &endpoint).await.expect(201).id();
    app.health().raises(json!({})).await;
    app.sequence().await;
    for sequence in 1..=4 {
        let path = format!("/v1/webhook-endpoints/{own}/deliveries/{sequence}/replay");
        let answer = police.send(Method::POST, &path, &[], "").await;
        // The first two are its own; whether it was told of them already or not, the others are nobody's to it.
        assert!(sequence <= 2 || answer.status == 404, "{sequence}: {}", answer.text);
    }
    let signed = Operation::all().into_iter().find(|it| it.id == "read_sign_off").unwrap();
    let week = ready(&app, &signed).await;
    week.send(&signed).await.expect(200);
    let another = week.path.replace("2026-W45", "2026-W46");
    assert_ne!(another, week.path);
    week.by.get(&another).await.expect(404);
}

/// A place in a list is no way into somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_caller_opens_no_list_to_another() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.police().raises(json!({"urgency": "urgent"})).await;
        let body = json!({"about_agency": "anyborough_cs", "theme": "icpc_late"});
        app.police().post("/v1/commendations", &body).await.expect(201);
    }
    app.director().get("/v1/escalations").await.expect(200);
    let officer = app.person("test-privacy_officer");
    for child in ["SYN100001", "SYN100002"] {
        let child = json!({"scheme": "la_child_id", "value": child});
        let id = app.police().raises(json!({"child_references": [child]})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        app.childrens_services().resolves(&id).await;
        let erased = json!({"child_reference": child, "ground": "ordered", "authority": "Order 7"});
        officer.post("/v1/privacy/erasures", &erased).await.expect(201);
        let held = json!({"scope": "child",
            "child_reference": child, "reason": "public_inquiry", "authority": "Notice 14"});
        officer.post("/v1/privacy/legal-holds", &held).await.expect(201);
    }
    let mut tried = Vec::new();
    for operation in Operation::all().into_iter().filter(|it| it.method == Method::GET) {
        let parameters = operation.document["parameters"].as_array().cloned().unwrap_or_default();
        if operation.action().is_none() || !parameters.iter().any(|it| it["name"] == "cursor") {
            continue;
        }
        let (by, others, expected) = match operation.id.as_str() {
            "list_access_events" => ("test-auditor", ["test-police", "else-director"], 403),
            "list_erasures" | "list_legal_holds" => {
                ("test-director", ["test-police", "else-police"], 403)
            }
            _ => ("test-police", ["test-cs", "else-police"], 400),
        };
        let first =
            app.person(by).get(&format!("{}?limit=1", operation.path)).await.expect(200).json;
        let Some(next) = first["links"]["next"].as_str() else { continue };
        app.person(by).get(next).await.expect(200);
        for other in others {
            let answer = app.person(other).get(next).await;
            assert_eq!(answer.status, expected, "{} by {other}: {}", operation.id, answer.text);
        }
        tried.push(operation.id);
    }
    let all = [
        "list_access_events",
        "list_clocks",
        "list_episodes",
        "list_escalations",
        "list_practice_records",
        "list_erasures",
        "list_legal_holds",
    ];
    assert_eq!(tried, all, "lists with a second page");
}

/// How long it takes tells nothing, either. The calls alternate, so that what the machine does besides meets both.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_record_takes_as_long_as_a_missing_one() {
    let app = TestApp::start().await;
    let foreign = format!("/v1/escalations/{}", app.police().raises(json!({})).await);
    let missing = format!("/v1/escalations/{NOBODYS}");
    let health = app.health();
    let mut medians = Vec::new();
    for _ in 0..3 {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..thorough(100, 500) {
            for (path, took) in [&foreign, &missing].into_iter().zip(&mut took) {
                let begun = Instant::now();
                health.get(path).await.expect(404);
                took.push(begun.elapsed());
            }
        }
        let [foreign, missing] = took.map(|mut took| {
            took.sort_unstable();
            took[took.len() / 2]
        });
        medians.push(foreign.abs_diff(missing));
        if foreign.abs_diff(missing) < Duration::from_millis(2) {
            return;
        }
    }
    panic!("the medians differ by {medians:?}");
}

/// The table is of something: values in it that all are alike would prove nothing.
#[test]
fn the_table_has_every_kind_of_answer() {
    let known = std::fs::read_to_string(root().join(FILE)).unwrap();
    let mut seen = BTreeMap::<&str, usize>::new();
    for cell in known.lines().skip(1).flat_map(|line| line.split(',').skip(2)) {
        *seen.entry(cell).or_default() += 1;
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), ["401", "403", "404", "in"], "{seen:?}");
    assert!(seen.values().all(|count| *count > 100), "{seen:?}");
}
