//! Who read what: nothing names an escalation to anybody without an entry that says so.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use escalation_tracker::domain::access::{Role, permits};
use escalation_tracker::domain::chain::{ChainFault, ChainName};
use escalation_tracker::usecases::access_months;
use escalation_tracker::usecases::audit::check;
use escalation_tracker::usecases::chain::link_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::operations::{Operation, ready};
use super::support::people::Answer;

/// An escalation that there is not.
const NOBODYS: &str = "01900000-0000-7000-8000-000000000001";

async fn count(look: &Client) -> i64 {
    look.query_one("select count(*) from access_event", &[]).await.unwrap().get(0)
}

async fn column(look: &Client, sql: &str) -> Vec<String> {
    look.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The entries that an answer's request left, each as its columns.
async fn entries_of(look: &Client, answer: &Answer) -> Vec<Value> {
    let sql =
        "select to_jsonb(it)::text from access_event it where request_id = $1 order by at, id";
    let id = answer.header("x-request-id");
    assert!(!id.is_empty());
    let rows = look.query(sql, &[&id]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0).parse().unwrap()).collect()
}

fn seen(entries: &[Value]) -> BTreeSet<String> {
    let ids = entries.iter().flat_map(|it| it["escalation_ids"].as_array().unwrap());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_names_an_escalation_without_an_entry_that_says_to_whom() {
    let mut left = BTreeSet::new();
    for operation in Operation::all() {
        if operation.action().is_none() {
            continue;
        }
        let app = TestApp::start().await;
        let look = app.database.superuser().await;
        // So that lists list something, the feed tells something and searches find something.
        app.police().raises(json!({})).await;
        app.sequence().await;
        let ready = ready(&app, &operation).await;
        let answer = ready.send(&operation).await;
        assert!(answer.status < 300, "{} {}", operation.id, answer.text);
        let said = format!("{} {:?}", answer.text, answer.headers);
        let named: BTreeSet<String> = column(&look, "select id::text from escalation")
            .await
            .into_iter()
            .filter(|id| said.contains(id.as_str()))
            .collect();
        let entries = entries_of(&look, &answer).await;
        let missing: Vec<_> = named.difference(&seen(&entries)).cloned().collect();
        assert!(
            missing.is_empty(),
            "{} names {missing:?}, of which no entry says so: {entries:?}",
            operation.id
        );
        for it in &entries {
            assert_eq!(it["operation"], operation.id.as_str());
            let client = "select id::text from client where client_id = $1";
            let client: String = look.query_one(client, &[&ready.client]).await.unwrap().get(0);
            assert_eq!(it["actor_client_id"], client.as_str(), "{}", operation.id);
        }
        if !named.is_empty() {
            left.insert(operation.id.clone());
        }
    }
    // What single escalations are shown by; without this the walk could prove nothing.
    for id in [
        "read_escalation",
        "read_history",
        "read_case_note",
        "list_escalations",
        "list_episodes",
        "list_clocks",
        "read_feed",
        "search_by_child",
        "remove_external_id",
        "export_escalations",
        "read_sent_escalation",
        "raise_escalation",
        "answer",
        "send_batch",
        "list_access_events",
        "search_access_events",
    ] {
        assert!(left.contains(id), "{id} showed nothing: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_no_entry() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    let before = count(&look).await;
    let mut asked = 0;
    for operation in Operation::all() {
        if !operation.names_an_escalation() {
            continue;
        }
        let body = operation.example().map(|it| it.to_string()).unwrap_or_default();
        let kind = operation.content_type().unwrap_or("application/json");
        let headers = [("content-type", kind), ("if-match", "\"1\"")];
        for (by, id) in
            [(app.health(), id.as_str()), (app.police(), NOBODYS), (app.stranger(), &id)]
        {
            let path = operation.at(id);
            let answer = by.send(operation.method.clone(), &path, &headers, body.clone()).await;
            assert!((400..500).contains(&answer.status), "{} {}", operation.id, answer.text);
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
    assert_eq!(count(&look).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_says_who_read_what_what_for_and_how_much_of_it() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    let path = format!("/v1/escalations/{id}");
    let headers = [("x-access-purpose", "supervision"), ("x-request-id", "request-0001")];
    let read = app.childrens_services().send(Method::GET, &path, &headers, "").await.expect(200);
    let entries = entries_of(&look, &read).await;
    assert_eq!(entries.len(), 1);
    let it = &entries[0];
    let agency = "select id::text from agency where code = 'anyborough_cs'";
    assert_eq!(it["actor_agency_id"], column(&look, agency).await[0].as_str());
    assert_eq!(it["actor_role"], "agency");
    assert!(it["actor_subject"].as_str().is_some_and(|it| !it.is_empty()));
    assert_eq!(it["operation"], "read_escalation");
    assert_eq!(it["purpose"], "supervision");
    assert_eq!(it["fields"], "with_child_references");
    assert_eq!(it["escalation_ids"], json!([id]));
    assert_eq!((&it["row_count"], &it["request_id"]), (&json!(1), &json!("request-0001")));

    // Who oversees is not shown the children's references, and the entry says so.
    let read = app.director().get(&path).await.expect(200);
    assert_eq!(entries_of(&look, &read).await[0]["fields"], "texts");
    let list = app.director().get("/v1/escalations").await.expect(200);
    assert_eq!(entries_of(&look, &list).await[0]["fields"], "lines");
    let file = "/v1/exports/escalations?purpose=inspection";
    let file = app.director().send(Method::POST, file, &[], "").await.expect(200);
    assert_eq!(entries_of(&look, &file).await[0]["purpose"], "inspection");
    // What was known then is shown to somebody now.
    app.clock.advance(jiff::SignedDuration::from_hours(1));
    let then = format!("{path}?as_of=2026-11-18T10:30:00Z");
    let read = app.director().get(&then).await.expect(200);
    assert_eq!(seen(&entries_of(&look, &read).await), BTreeSet::from([id.clone()]));
    // What is only tried shows what it shows all the same.
    let tried = format!("{path}/acknowledgement?dry_run=true");
    let tried = app.childrens_services().post(&tried, &json!({})).await;
    if tried.status == 200 {
        assert_eq!(entries_of(&look, &tried).await.len(), 1);
    }
    // A search for a child is recorded also where it finds nothing; a list that shows nothing is not.
    let child = json!({"child_reference": {"scheme": "la_child_id", "value": "SYN999999"}});
    let search = app.police().post("/v1/searches", &child).await.expect(200);
    let entries = entries_of(&look, &search).await;
    assert_eq!((entries.len(), &entries[0]["row_count"]), (1, &json!(0)));
    let none = app.director().get("/v1/escalations?status=resolved").await.expect(200);
    assert_eq!(entries_of(&look, &none).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purpose_that_is_none_is_refused_with_the_list_of_those_that_are() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let path = format!("/v1/escalations/{id}");
    for headers in [
        &[("x-access-purpose", "curiosity")][..],
        &[("x-access-purpose", "")],
        &[("x-access-purpose", "direct_work"), ("x-access-purpose", "direct_work")],
    ] {
        let refused = app.police().send(Method::GET, &path, headers, "").await;
        assert_eq!(refused.status, 400, "{headers:?}");
        assert_eq!(refused.problem().0, "invalid-header");
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(detail.contains("direct_work") && !detail.contains("curiosity"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_shown_and_not_done() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    let path = format!("/v1/escalations/{id}");
    look.batch_execute("revoke insert on access_event from escalation_app").await.unwrap();
    let refused = |answer: Answer| {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.problem().0, "access-not-recorded");
        assert_ne!(answer.header("retry-after"), "");
        assert!(!answer.text.contains("desired_outcome") && !answer.text.contains("SYN100234"));
    };
    for path in [path.clone(), format!("{path}/events"), "/v1/escalations".to_owned()] {
        refused(app.police().get(&path).await);
    }
    refused(app.director().get(&format!("{path}?as_of=2026-11-18T10:00:00Z")).await);
    refused(app.childrens_services().post(&format!("{path}/acknowledgement"), &json!({})).await);
    // Figures tell of nobody, and go on.
    app.director().get("/v1/themes/weekly?from_week=2026-W46&to_week=2026-W47").await.expect(200);
    look.batch_execute("grant insert on access_event to escalation_app").await.unwrap();
    let shown = app.police().get(&path).await.expect(200);
    assert_eq!(shown.json["version"], 1, "the acknowledgement was not done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_nobody_made_a_partition_for_refuses_nobody() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    app.clock.set("2041-05-06T10:00:00Z");
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let sql = "select count(*)::text from access_log.access_event_else where at > '2041-01-01'";
    assert_eq!(column(&look, sql).await, ["1"]);
    // Nor does making it move what is written.
    assert_eq!(access_months::make_partitions(&app.deps).await.unwrap(), 4);
    assert_eq!(access_months::make_partitions(&app.deps).await.unwrap(), 0);
    app.clock.set("2041-06-06T10:00:00Z");
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    let sql = "select count(*)::text from access_log.access_event_2041_06";
    assert_eq!(column(&look, sql).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_show_single_escalations_leave_entries_too() {
    let app = start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    app.clock.set("2026-11-23T09:00:00Z");
    let mut browser = signed_in(&app, "test-director").await;
    for (path, page) in [
        (format!("/escalations/{id}"), "page /escalations/{id}"),
        ("/escalations".to_owned(), "page /escalations"),
        ("/review/2026-W47".to_owned(), "page /review/{week}"),
    ] {
        let shown = browser.get(&format!("{}{path}", app.url)).await.expect(200);
        let entries = entries_of(&look, &shown).await;
        assert_eq!(seen(&entries), BTreeSet::from([id.clone()]), "{path}");
        assert!(entries.iter().all(|it| it["operation"] == page), "{entries:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_auditor_learns_everybody_who_saw_a_child_and_everything_that_somebody_saw() {
    let app = TestApp::start().await;
    let auditor = app.person("test-auditor");
    let child = |value: &str| json!([{"scheme": "la_child_id", "value": value}]);
    let one = app.police().raises(json!({"child_references": child("SYN100001")})).await;
    let two = app.health().raises(json!({"child_references": child("SYN100001")})).await;
    let other = app.police().raises(json!({"child_references": child("SYN100002")})).await;
    let tick = || app.clock.advance(jiff::SignedDuration::from_secs(1));
    for id in [&one, &two, &other] {
        tick();
        app.childrens_services().get(&format!("/v1/escalations/{id}")).await.expect(200);
    }
    tick();
    app.director().get(&format!("/v1/escalations/{two}")).await.expect(200);
    tick();

    let of = async |query: &str| {
        let answer = auditor.get(&format!("/v1/access-events?{query}")).await.expect(200);
        answer.json["items"].as_array().unwrap().clone()
    };
    let said = |items: &[Value]| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        items.iter().map(|it| (text(&it["operation"]), text(&it["agency"]))).collect()
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(
        said(&of(&format!("escalation_id={one}")).await),
        [pair("read_escalation", "anyborough_cs"), pair("raise_escalation", "valeshire_police")]
    );
    // Asking is recorded, and shows from then on.
    tick();
    let again = of(&format!("escalation_id={one}")).await;
    assert_eq!(said(&again)[0], pair("list_access_events", "-"));
    assert_eq!(again[0]["fields"], "access_log");

    let found = auditor
        .post("/v1/searches/access-events", &json!({"child_reference": child("SYN100001")[0]}))
        .await
        .expect(200);
    let found = found.json["items"].as_array().unwrap().clone();
    let who: Vec<_> =
        said(&found).into_iter().filter(|(what, _)| what == "read_escalation").collect();
    let cs = pair("read_escalation", "anyborough_cs");
    assert_eq!(who, [pair("read_escalation", "-"), cs.clone(), cs]);
    assert!(!found.iter().any(|it| it["escalation_ids"].to_string().contains(&other)));

    // Everything that one person saw, page by page.
    let subject = found.iter().find(|it| it["agency"] == "anyborough_cs").unwrap();
    let subject = subject["subject"].as_str().unwrap();
    let mut path = format!("/v1/access-events?subject={subject}&limit=2&from=2026-11-01T00:00:00Z");
    let mut ids = Vec::new();
    loop {
        let page = auditor.get(&path).await.expect(200);
        for it in page.json["items"].as_array().unwrap() {
            assert_eq!(it["subject"], subject);
            ids.push(it["escalation_ids"][0].as_str().unwrap().to_owned());
        }
        match page.json["links"]["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    assert_eq!(ids, [other, two, one]);
    assert_eq!(of("subject=nobody").await, Vec::<Value>::new());
    assert_eq!(of("purpose=complaint").await, Vec::<Value>::new());
    let before = of("to=2026-11-18T10:00:00Z&sort=oldest_first").await;
    assert_eq!(before, Vec::<Value>::new(), "nothing was read before the test began");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_auditor_and_the_privacy_officer_read_the_log_and_only_of_their_own_partnership() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    for role in Role::ALL {
        let client =
            if *role == Role::Agency { "test-police".to_owned() } else { format!("test-{role}") };
        let may = permits(*role, "read_access_log".parse().unwrap()).is_some();
        assert_eq!(may, matches!(role, Role::Auditor | Role::PrivacyOfficer), "{role}");
        let answer = app.person(&client).get("/v1/access-events").await;
        assert_eq!(answer.status, if may { 200 } else { 403 }, "{role}");
        let body = json!({"child_reference": {"scheme": "la_child_id", "value": "SYN100234"}});
        let answer = app.person(&client).post("/v1/searches/access-events", &body).await;
        assert_eq!(answer.status, if may { 200 } else { 403 }, "{role}");
    }
    let with = json!({"raised_with_agency": "elsewhere_cs"});
    let there = app.person("else-police").raises(with).await;
    let auditor = app.person("test-auditor");
    for (id, expected) in [(&id, true), (&there, false)] {
        let answer = auditor.get(&format!("/v1/access-events?escalation_id={id}&limit=1")).await;
        let items = answer.expect(200).json["items"].as_array().unwrap().clone();
        assert_eq!(!items.is_empty(), expected, "{items:?}");
    }
    let all = auditor.get("/v1/access-events?limit=200").await.expect(200);
    let named = all.json["items"].as_array().unwrap().iter();
    assert!(!named.clone().any(
        |it| it["operation"] == "raise_escalation" && it["escalation_ids"][0] == there.as_str()
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_linked_and_nobody_changes_one_or_takes_one_out_unseen() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    for _ in 0..5 {
        app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);
    }
    assert_eq!(link_all(&app.deps).await.unwrap(), 6);
    assert_eq!(link_all(&app.deps).await.unwrap(), 0);
    app.director().get("/v1/escalations").await.expect(200);
    assert_eq!(link_all(&app.deps).await.unwrap(), 1);
    let check = async || {
        check(&app.deps, app.partnership, ChainName::Reads, NonZeroUsize::MIN).await.unwrap()
    };
    let whole = check().await;
    assert_eq!((whole.fault, whole.head.position), (None, 7));

    // As a superuser who switches the triggers off.
    let third = "(select access_id from access_entry where position = 3)";
    for (tampering, fault) in [
        (
            format!("update access_event set actor_subject = 'x' where id = {third}"),
            ChainFault::Content,
        ),
        (
            format!("update access_event set purpose = 'complaint' where id = {third}"),
            ChainFault::Content,
        ),
        (
            format!("update access_event set escalation_ids = '{{}}' where id = {third}"),
            ChainFault::Content,
        ),
        (format!("delete from access_event where id = {third}"), ChainFault::Gone),
        (
            format!(
                "update access_event set at = at + interval '1 microsecond' where id = {third}"
            ),
            ChainFault::Content,
        ),
        (
            "update access_entry set at = at - interval '1 microsecond' where position = 3"
                .to_owned(),
            ChainFault::Content,
        ),
        ("delete from access_entry where position = 3".to_owned(), ChainFault::Gap),
        ("update access_entry set link = leaf where position = 3".to_owned(), ChainFault::Link),
    ] {
        look.batch_execute("create table kept_event as table access_event; create table kept_entry as table access_entry")
            .await
            .unwrap();
        look.batch_execute("set session_replication_role = replica").await.unwrap();
        look.batch_execute(&tampering).await.unwrap();
        let found = check().await;
        assert_eq!((found.fault, found.head.position), (Some(fault), 2), "{tampering}");
        look.batch_execute(
            "delete from access_event; delete from access_entry;
             insert into access_event select * from kept_event; insert into access_entry select * from kept_entry;
             drop table kept_event, kept_entry; set session_replication_role = origin",
        )
        .await
        .unwrap();
        assert_eq!(check().await.fault, None);
    }
    look.batch_execute(
        "set session_replication_role = replica; delete from access_entry where position = 7",
    )
    .await
    .unwrap();
    assert_eq!(check().await.fault, Some(ChainFault::Tail));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsing_is_told_to_the_auditor_and_a_days_work_is_not() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let found = async || {
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        let answer = app.person("test-auditor").get("/v1/access-findings").await.expect(200);
        let items = answer.json["items"].as_array().unwrap().clone();
        let sign = |it: &Value| (it["sign"].as_str().unwrap().to_owned(), it["role"].to_string());
        (items.iter().map(sign).collect::<Vec<_>>(), items)
    };
    let mut ids = Vec::new();
    for number in 0..51 {
        let child = json!([{"scheme": "la_child_id", "value": format!("SYN2{number:05}")}]);
        // Raised elsewhere in time, so that raising them is not what is found.
        app.clock.advance(jiff::SignedDuration::from_mins(2));
        ids.push(app.police().raises(json!({"child_references": child})).await);
    }
    assert_eq!(found().await.0, Vec::new());
    for id in &ids {
        app.childrens_services().get(&format!("/v1/escalations/{id}")).await.expect(200);
    }
    let (signs, items) = found().await;
    assert_eq!(signs, [("many_children".to_owned(), "\"agency\"".to_owned())]);
    assert_eq!((&items[0]["children"], &items[0]["reads"]), (&json!(51), &json!(51)));
    assert_eq!(items[0]["agency"], "anyborough_cs");
    // Lists are for finding one's work, and the reviewer who says what for, or has acted, has a reason.
    app.director().get("/v1/escalations?limit=200").await.expect(200);
    let path = format!("/v1/escalations/{}", ids[0]);
    let why = [("x-access-purpose", "review_preparation")];
    app.director().send(Method::GET, &path, &why, "").await.expect(200);
    assert_eq!(found().await.0.len(), 1);
    app.director().get(&path).await.expect(200);
    let (signs, _) = found().await;
    assert!(
        signs.contains(&("without_relation".to_owned(), "\"director\"".to_owned())),
        "{signs:?}"
    );
    app.clock.set("2026-11-19T22:00:00Z");
    app.police().get(&path).await.expect(200);
    let (signs, _) = found().await;
    assert!(signs.contains(&("out_of_hours".to_owned(), "\"agency\"".to_owned())), "{signs:?}");
    // Asking is recorded; nobody else may ask; what is older or longer is asked for, or refused.
    let asked = "select count(*)::text from access_event where operation = 'list_access_findings'";
    assert_eq!(column(&look, asked).await, ["5"]);
    assert_eq!(app.director().get("/v1/access-findings").await.status, 403);
    let long = "/v1/access-findings?from=2026-10-01T00:00:00Z&to=2026-11-18T00:00:00Z";
    assert_eq!(
        app.person("test-auditor").get(long).await.problem().1,
        [("?from".to_owned(), "out_of_range".to_owned())]
    );
}
