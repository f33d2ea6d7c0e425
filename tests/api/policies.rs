//! Rules as data: what a file changes and for whom, and that nothing that runs is moved by it.

use std::path::{Path, PathBuf};
use std::process::Command;

use escalation_tracker::domain::limit::{Limit, LimitUnit};
use escalation_tracker::reference::{self, AgreedFile};
use escalation_tracker::usecases::policies::{self, Plan, Proposal, Refusal, Step};
use escalation_tracker::usecases::{setup, shipped};
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::support::TestApp;
use super::support::people::{anyborough, raise_body};
use super::support::program::{DataDir, command};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn example(name: &str) -> PathBuf {
    Path::new(ROOT).join("examples/policies").join(name)
}

fn proposal(text: &str) -> Proposal {
    shipped::proposal(AgreedFile::parse(text).unwrap()).unwrap()
}

fn read(path: &Path) -> Proposal {
    proposal(&std::fs::read_to_string(path).unwrap())
}

/// A shipped file with some members of the document changed.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let text = reference::FILES.iter().find(|(file, _)| *file == name).expect(name).1;
    let mut document: Value = serde_json::from_str(text).unwrap();
    change(&mut document);
    document.to_string()
}

/// The shipped ladder with another name and first day, and one working day more at stage 1.
fn ladder(version: &str, effective_from: &str) -> String {
    changed("stage_policy.json", |it| {
        it["version"] = json!(version);
        it["effective_from"] = json!(effective_from);
        it["stages"][1]["standard"]["amount"] = json!(3);
    })
}

/// The shipped calendar with one day more: the Friday after the tests' Wednesday.
fn calendar(version: &str) -> String {
    changed("calendar_england_and_wales.json", |it| {
        it["version"] = json!(version);
        let days = it["holidays"].as_array_mut().unwrap();
        days.push(json!({"date": "2026-11-20", "name": "A day of thanks"}));
    })
}

async fn apply(app: &TestApp, text: &str) -> Result<Plan, Refusal> {
    policies::apply(&app.deps, app.partnership, vec![proposal(text)]).await
}

#[track_caller]
fn refused(answer: Result<Plan, Refusal>) -> String {
    answer.expect_err("refused").to_string()
}

/// Every row of what runs, as text.
async fn running(client: &Client) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["escalation", "episode", "stage_clock", "delay", "holding", "event"] {
        let sql = format!("select '{table} ' || row_to_json(t)::text from {table} t order by 1");
        rows.extend(
            client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)),
        );
    }
    rows
}

/// Every row of the rules, as text.
async fn rules(client: &Client) -> Vec<String> {
    let mut rows = Vec::new();
    for table in ["stage_policy", "timescale", "calendar", "calendar_day"] {
        let sql = format!("select '{table} ' || row_to_json(t)::text from {table} t order by 1");
        rows.extend(
            client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)),
        );
    }
    rows
}

fn answer_clock(shown: &Value) -> &Value {
    let clocks = shown["clocks"].as_array().unwrap();
    clocks.iter().rfind(|clock| clock["kind"] == "answer").expect("one")
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rules_move_no_clock_that_runs() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let waits = json!({"timescale": "icpc", "started_at": "2026-11-10T09:00:00Z"});
    let plain = app.police().raises(json!({"delay": waits})).await;
    let acknowledged = app.police().raises(json!({"urgency": "urgent"})).await;
    app.childrens_services().acknowledges(&acknowledged).await;
    let extended = app.police().raises(json!({})).await;
    let more = json!({"due_at": "2026-11-23T10:00:00Z", "reason": "Agreed by both."});
    app.childrens_services().acts(&extended, "extension-proposal", more).await;
    let agreed = json!({"due_at": "2026-11-23T10:00:00Z"});
    app.police().acts(&extended, "extension", agreed).await;
    let high = app.police().raises(json!({})).await;
    app.police().acts(&high, "advance", json!({"reason": "It cannot wait."})).await;
    let before = running(&look).await;
    for (table, rows) in [("stage_clock ", 9), ("delay ", 1), ("event ", 7)] {
        let found = before.iter().filter(|row| row.starts_with(table)).count();
        assert!(found >= rows, "{table} {found}");
    }

    let limits = changed("timescales.json", |it| {
        it["effective_from"] = json!("2026-11-18");
        for row in it["timescales"].as_array_mut().unwrap() {
            if row["code"] == "icpc" {
                row["source_version"] = json!("local-1");
                row["limit"]["amount"] = json!(10);
            }
        }
    });
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    let all = [ladder("any-2", "2026-11-18"), limits, calendar("any-days-2")];
    let all = all.iter().map(|text| proposal(text)).collect();
    policies::apply(&app.deps, app.partnership, all).await.unwrap();
    assert_eq!(running(&look).await, before, "byte for byte");

    // What starts from now on runs under the new rules: three working days, and the Friday is none of them.
    let shown = app.police().get(&format!("/v1/escalations/{plain}")).await.expect(200).json;
    assert_eq!(answer_clock(&shown)["due_at"], "2026-11-20T23:59:59.999Z");
    let body = raise_body(json!({"delay": waits}));
    let new = app.police().post("/v1/escalations", &body).await.expect(201).json;
    assert_eq!(answer_clock(&new)["due_at"], "2026-11-24T23:59:59.999Z");
    assert_eq!(shown["delay"]["due_at"], "2026-12-01T23:59:59.999Z");
    assert_eq!(shown["delay"]["timescale_version"], "WT2023");
    // Its process began before the new limit: the old limit, with the day that is a holiday now.
    assert_eq!(new["delay"]["due_at"], "2026-12-02T23:59:59.999Z");
    assert_eq!(new["delay"]["timescale_version"], "WT2023");
    assert_eq!(new["delay"]["calendar_version"], "any-days-2");
    let begins = json!({"delay": {"timescale": "icpc", "started_at": "2026-11-18T09:00:00Z"}});
    let new = app.police().post("/v1/escalations", &raise_body(begins)).await.expect(201).json;
    assert_eq!(new["delay"]["due_at"], "2026-12-03T23:59:59.999Z");
    assert_eq!(new["delay"]["timescale_version"], "local-1");
    // And what ran before goes on under its own: the next stage of `high` has the limit of the old ladder.
    let shown = app.police().acts(&high, "advance", json!({"reason": "Still not."})).await.json;
    assert_eq!(answer_clock(&shown)["policy_version"], "default-2026-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_changes_nothing_and_says_for_whom_nothing_changes() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    let other = json!({"raised_with_agency": "health_community"});
    app.police().raises(json!({})).await;
    app.police()
        .raises(json!({"delay": {"timescale": "icpc", "started_at": "2026-11-10T09:00:00Z"}}))
        .await;
    app.police().raises(other).await;
    let ended = app.police().raises(json!({})).await;
    app.police()
        .acts(&ended, "withdrawal", json!({"why": "other", "reason": "It is settled."}))
        .await;
    let before = (running(&look).await, rules(&look).await);

    let proposals =
        vec![proposal(&ladder("any-2", "2027-01-04")), proposal(&calendar("any-days-2"))];
    let plan = policies::plan(&app.deps, app.partnership, proposals).await.unwrap();
    assert_eq!((running(&look).await, rules(&look).await), before);

    let open: Vec<(&str, &str, i64)> =
        plan.open.iter().map(|it| (&*it.agency, &*it.policy_version, it.open)).collect();
    let mut expected =
        [("anyborough_cs", "default-2026-2", 2), ("health_community", "default-2026-2", 1)];
    let mut open = open;
    open.sort_unstable();
    expected.sort_unstable();
    assert_eq!(open, expected);
    let [Step::Policy(policy), Step::Calendar(days)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    assert!(!policy.already_there && policy.until.is_none());
    assert_eq!(policy.in_force.as_ref().unwrap().0, "default-2026-2");
    assert_eq!(policy.changes, ["stage 1, standard: 2 working days → 3 working days"]);
    assert_eq!(days.changes, ["2026-11-20 A day of thanks: added"]);
    assert_eq!(days.in_use.as_ref().unwrap().0, "england_and_wales-2026-1");
    // Three times acknowledgement and answer, and the delay.
    assert_eq!(days.running.iter().map(|it| it.running).collect::<Vec<_>>(), [7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn applying_again_does_nothing_and_a_version_never_changes() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    app.police().raises(json!({})).await;
    let all = || {
        let limits = changed("timescales.json", |it| it["effective_from"] = json!("2027-01-04"));
        vec![
            proposal(&ladder("any-2", "2027-01-04")),
            proposal(&limits),
            proposal(&calendar("any-days-2")),
        ]
    };
    policies::apply(&app.deps, app.partnership, all()).await.unwrap();
    let once = rules(&look).await;
    app.clock.advance(jiff::SignedDuration::from_hours(400 * 24));
    let again = policies::apply(&app.deps, app.partnership, all()).await.unwrap();
    assert_eq!(rules(&look).await, once, "also when the first day has passed");
    let [Step::Policy(policy), Step::Timescales(limits), Step::Calendar(days)] =
        again.steps.as_slice()
    else {
        panic!("{again:?}")
    };
    assert!(policy.already_there && days.already_there);
    assert_eq!((limits.unchanged, limits.new.len()), (47, 0));

    let other =
        ladder("any-2", "2027-01-04").replace("\"duplicate_days\":28", "\"duplicate_days\":14");
    assert!(refused(apply(&app, &other).await).contains("duplicate days: 28 → 14"));
    let later = refused(apply(&app, &ladder("any-2", "2028-01-04")).await);
    assert!(later.contains("effective from: 2027-01-04 → 2028-01-04"), "{later}");
    let days = calendar("any-days-2").replace("2026-11-20", "2026-11-19");
    let told = refused(apply(&app, &days).await);
    assert!(told.contains("2026-11-19 A day of thanks: added"), "{told}");
    assert!(told.contains("2026-11-20 A day of thanks: removed"), "{told}");
    let renamed = calendar("any-days-2").replace("A day of thanks", "Another name");
    assert!(refused(apply(&app, &renamed).await).contains("the names of its days"));
    let limit = changed("timescales.json", |it| {
        it["effective_from"] = json!("2028-01-04");
        it["timescales"][0]["limit"]["amount"] = json!(2);
    });
    let told = refused(apply(&app, &limit).await);
    assert!(
        told.contains("ref_decision WT2023") && told.contains("1 working day → 2 working days")
    );
    assert_eq!(rules(&look).await, once);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_is_applied_or_nothing() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    app.police().raises(json!({})).await;
    let before = rules(&look).await;
    let both =
        vec![proposal(&ladder("any-2", "2027-01-04")), proposal(&ladder("any-3", "2026-11-17"))];
    let told = refused(policies::apply(&app.deps, app.partnership, both).await);
    assert!(told.contains("any-3") && told.contains("2026-11-17"), "{told}");
    let twice = vec![proposal(&calendar("one")), proposal(&calendar("two"))];
    let told = refused(policies::apply(&app.deps, app.partnership, twice).await);
    assert!(told.contains("only one calendar"), "{told}");
    let gap = changed("stage_policy.json", |it| {
        it["version"] = json!("any-4");
        it["effective_from"] = json!("2027-01-04");
        it["stages"].as_array_mut().unwrap().remove(2);
        it["pause"]["longest"]["amount"] = json!(11);
    });
    let told = refused(apply(&app, &gap).await);
    assert!(told.contains("stage 3: must follow stage 1 without a gap"), "{told}");
    assert!(told.contains("pause, longest: must not be longer than longest approved"), "{told}");
    let unfilled = changed("calendar_england_and_wales.json", |it| {
        it["version"] = json!("any-days-3");
        it["last_year"] = json!(2029);
    });
    let told = refused(apply(&app, &unfilled).await);
    assert!(told.contains("2029: has 0 bank holidays"), "{told}");
    assert_eq!(rules(&look).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_not_rewritten_and_of_two_with_one_first_day_the_later_one_counts() {
    let app = TestApp::start().await;
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    // Before anything is raised there is no past.
    apply(&app, &ladder("any-2", "2026-10-01")).await.unwrap();
    let raised = async || {
        let body = raise_body(json!({}));
        app.police().post("/v1/escalations", &body).await.expect(201).json
    };
    let first = raised().await;
    assert_eq!(answer_clock(&first)["policy_version"], "any-2");
    let told = refused(apply(&app, &ladder("any-3", "2026-11-17")).await);
    assert!(
        told.contains("would be in force from 2026-11-17 on, and today is 2026-11-18"),
        "{told}"
    );
    let limits = changed("timescales.json", |it| {
        it["effective_from"] = json!("2026-11-17");
        it["timescales"][0]["source_version"] = json!("local-1");
    });
    let told = refused(apply(&app, &limits).await);
    assert!(
        told.contains("the timescale ref_decision local-1 would be in force from 2026-11-17"),
        "{told}"
    );

    let plan = apply(&app, &ladder("any-3", "2026-11-18")).await.unwrap();
    let Step::Policy(step) = &plan.steps[0] else { panic!("{plan:?}") };
    // The shipped policy is in force from the day on that its file names.
    let shipped: (jiff::civil::Date, String) =
        ("2026-11-22".parse().unwrap(), "default-2026-2".to_owned());
    assert_eq!(step.until, Some(shipped));
    assert_eq!(answer_clock(&raised().await)["policy_version"], "any-3");
    apply(&app, &ladder("any-4", "2026-11-22")).await.unwrap();
    app.clock.set("2026-11-23T10:00:00Z");
    assert_eq!(answer_clock(&raised().await)["policy_version"], "any-4");
    let shown = app.director().get("/v1/reference/stage-policies").await.expect(200).json;
    let versions: Vec<&str> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["any-2", "any-3", "default-2026-2", "any-4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_up_again_brings_no_rules_that_nobody_applied() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    apply(&app, &ladder("any-2", "2026-11-18")).await.unwrap();
    let before = rules(&look).await;
    // As after an upgrade of the program: what is shipped has other names.
    let mut newer = anyborough();
    newer.policies[0].policy.version = "default-2027-1".to_owned();
    newer.calendar.0 = match proposal(&calendar("england_and_wales-2027-1")) {
        Proposal::Calendar { calendar, .. } => calendar,
        other => panic!("{other:?}"),
    };
    for it in &mut newer.timescales {
        it.timescale.version = "WT2026".to_owned();
    }
    let mut own = newer.timescales[0].clone();
    own.timescale.code = "shipped_later".to_owned();
    newer.timescales.push(own);
    setup::apply(&app.deps, &newer).await.unwrap();
    let after = rules(&look).await;
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    assert_eq!(after.len(), before.len() + 1, "{new:?}");
    assert!(new[0].contains("\"code\":\"shipped_later\""), "{new:?}");

    let mut unsound = anyborough();
    unsound.code = "OTHER".to_owned();
    for client in &mut unsound.clients {
        client.issuer = "urn:other".to_owned();
    }
    unsound.policies[0].policy.stages[1].standard = Some(Limit::after(0, LimitUnit::WorkingDay));
    let told = setup::apply(&app.deps, &unsound).await.expect_err("refused").to_string();
    assert!(told.contains("stage 1, standard: must be more than 0"), "{told}");
    assert_eq!(rules(&look).await, after);
}

/// Applies an example to a new partnership, and takes an escalation from its first rung to its last.
async fn climb(name: &str, rungs: &[(&str, &str)]) {
    let app = TestApp::start_with(async |deps| {
        let id = setup::apply(deps, &anyborough()).await.unwrap();
        policies::apply(deps, id, vec![read(&example(name))]).await.unwrap();
        id
    })
    .await;
    // The Monday on which the examples come into force, and the week after it without a bank holiday.
    app.clock.set("2027-01-04T10:00:00Z");
    let mut shown =
        app.police().post("/v1/escalations", &raise_body(json!({}))).await.expect(201).json;
    let id = shown["id"].as_str().unwrap().to_owned();
    for (at, (code, due_at)) in rungs.iter().enumerate() {
        assert_eq!(shown["stage"]["number"], at + 1, "{name}");
        assert_eq!(shown["stage"]["code"], *code, "{name}");
        assert_eq!(answer_clock(&shown)["due_at"], *due_at, "{name} {code}");
        let advance = json!({"reason": "The disagreement remains."});
        let path = format!("/v1/escalations/{id}/advance");
        let last = at + 1 == rungs.len();
        let answer = app.police().post(&path, &advance).await.expect(if last { 409 } else { 200 });
        shown = answer.json;
    }
    let kept = app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json;
    assert_eq!(kept["stage"]["number"], rungs.len(), "{name}");
    let versions: Vec<&Value> =
        kept["clocks"].as_array().unwrap().iter().map(|clock| &clock["policy_version"]).collect();
    assert!(
        versions.iter().all(|it| *it == versions[0] && *it != "default-2026-2"),
        "{versions:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_four_stage_example_is_climbed_to_its_top() {
    climb(
        "four_stage.json",
        &[
            ("preventing_disputes", "2027-01-05T23:59:59.999Z"),
            ("informal_dispute", "2027-01-07T23:59:59.999Z"),
            ("formal_dispute", "2027-01-11T23:59:59.999Z"),
            ("disagreements_remain", "2027-01-11T23:59:59.999Z"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_stage_example_is_climbed_to_its_top() {
    climb(
        "five_stage.json",
        &[
            ("informal_conversation", "2027-01-05T23:59:59.999Z"),
            ("informal_managers", "2027-01-06T23:59:59.999Z"),
            ("formal_senior_managers", "2027-01-07T23:59:59.999Z"),
            ("formal_directors", "2027-01-11T23:59:59.999Z"),
            ("formal_partners", "2027-01-11T23:59:59.999Z"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_a_policy_is_shown() {
    let app = TestApp::start().await;
    let shown = app.police().get("/v1/reference/stage-policies").await.expect(200).json;
    let text = changed("stage_policy.json", |_| {});
    let mut file: Value = serde_json::from_str(&text).unwrap();
    file.as_object_mut().unwrap().remove("source");
    assert_same(&shown["items"][0], &file, "");
}

/// What is shown is what the file says: null is left out, and a limit says what it means when nothing is said.
fn assert_same(shown: &Value, file: &Value, place: &str) {
    match file {
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                assert_same(&shown[name], value, &format!("{place}/{name}"));
            }
            let known = |name: &String| members.get(name).is_some_and(|value| !value.is_null());
            let of_a_limit = |name: &String| name == "day_zero" || name == "direction";
            for (name, value) in shown.as_object().expect(place) {
                assert!(known(name) || of_a_limit(name), "{place}/{name}: {value}");
            }
        }
        Value::Array(items) => {
            assert_eq!(shown.as_array().map(Vec::len), Some(items.len()), "{place}");
            for (at, item) in items.iter().enumerate() {
                assert_same(&shown[at], item, &format!("{place}/{at}"));
            }
        }
        plain => assert_eq!(shown, plain, "{place}"),
    }
}

/// Runs the command against the database of the test.
fn policy(app: &TestApp, dir: &DataDir, arguments: &[&str]) -> (bool, String) {
    let all: Vec<&str> = std::iter::once("policy").chain(arguments.iter().copied()).collect();
    let output = command(&all, &dir.0)
        .env("DATABASE_URL", app.database.url("escalation_app"))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_plans_applies_and_says_what_is_there_already() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    app.police().raises(json!({})).await;
    let before = rules(&look).await;
    let dir = DataDir::new("policy");
    // The program has the machine's clock.
    let ladder = dir.0.join("ladder.json");
    std::fs::write(&ladder, self::ladder("any-2", "2090-01-02")).unwrap();
    let ladder = ladder.to_str().unwrap();
    let scotland = format!("{ROOT}/src/reference/calendar_scotland.json");
    let files = [ladder, &scotland, "--partnership", "ANY"];
    let with = |word| -> Vec<&str> { std::iter::once(word).chain(files).collect() };

    let (good, said) = policy(&app, &dir, &with("plan"));
    assert!(good, "{said}");
    for line in [
        "Stage policy any-2: new, for escalations raised from 2090-01-02 on",
        "    stage 1, standard: 2 working days → 3 working days",
        "Calendar scotland-2026-1: new, for every date that is counted once it is applied",
        "    nation: england_and_wales → scotland",
        "    years: 2019 to 2028 → 2024 to 2028",
        "    2026-01-02 2nd January: added",
        "    2026-04-06 Easter Monday: removed",
        "  Running clocks keep theirs: 2 under england_and_wales-2026-1",
        "  anyborough_cs: 1 under default-2026-2",
        "Nothing was changed; `policy apply` does it.",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}\n{said}");
    }
    assert_eq!(rules(&look).await, before);

    let (good, said) = policy(&app, &dir, &with("apply"));
    assert!(good && said.ends_with("applied\n"), "{said}");
    assert!(
        said.contains("Stage policy any-2: new") && !said.contains("Nothing was changed"),
        "{said}"
    );
    assert!(rules(&look).await.len() > before.len());
    let (good, said) = policy(&app, &dir, &with("apply"));
    assert!(good, "{said}");
    assert!(said.contains("Stage policy any-2: already there, with 2090-01-02"), "{said}");
    assert!(said.contains("Calendar scotland-2026-1: already there, and in use"), "{said}");

    let (good, said) = policy(&app, &dir, &["plan", ladder, "--partnership", "NOBODY"]);
    assert!(!good && said.contains("no partnership has the code \"NOBODY\""), "{said}");
    std::fs::write(ladder, "{\"stages\": []}").unwrap();
    let (good, said) = policy(&app, &dir, &["apply", ladder, "--partnership", "ANY"]);
    assert!(!good && said.contains("ladder.json is no stage policy: missing field"), "{said}");
}

#[test]
fn the_command_prints_the_shipped_files_to_start_from() {
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_escalation-tracker");
        let output = Command::new(program).args(["policy", "shipped"]).args(arguments).output();
        let output = output.unwrap();
        (
            output.status.success(),
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        )
    };
    let (good, names) = run(&[]);
    assert!(
        good && names.lines().count() == 5 && names.contains("calendar_scotland.json\n"),
        "{names}"
    );
    for name in names.lines() {
        let (good, text) = run(&[name]);
        assert!(good && AgreedFile::parse(&text).is_ok(), "{name}: {text}");
    }
    let (good, said) = run(&["themes.json"]);
    assert!(!good && said.contains("there are timescales.json"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_file_adds_rules_through_the_same_checks() {
    let app = TestApp::start().await;
    let look = app.database.superuser().await;
    app.police().raises(json!({})).await;
    let dir = DataDir::new("setup-rules");
    let path = dir.0.join("partnership.json");
    let run = |calendar: &str, policy: &str| {
        let plain = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let file = json!({
            "code": "ANY", "name": "Anyborough", "agencies": [], "clients": [],
            "calendars": [plain(calendar)], "stage_policies": [plain(policy)],
        });
        std::fs::write(&path, file.to_string()).unwrap();
        let output = command(&["setup", path.to_str().unwrap()], &dir.0)
            .env("DATABASE_URL", app.database.url("escalation_app"))
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        )
    };
    let before = rules(&look).await;
    let unsound = ladder("any-2", "2090-01-02").replace("\"red_percent\":90", "\"red_percent\":60");
    let (good, said) = run(&calendar("any-days-2"), &unsound);
    assert!(!good && said.contains("warning: amber (60) must be"), "{said}");
    assert_eq!(rules(&look).await, before, "not half of it");
    let (good, said) = run(&calendar("any-days-2"), &ladder("any-2", "2026-01-02"));
    assert!(!good && said.contains("would be in force from 2026-01-02 on"), "{said}");
    let (good, said) = run(&calendar("any-days-2"), &ladder("any-2", "2090-01-02"));
    assert!(good, "{said}");
    let after = rules(&look).await;
    for row in ["stage_policy ", "calendar "] {
        assert_eq!(
            after.iter().filter(|it| it.starts_with(row)).count(),
            before.iter().filter(|it| it.starts_with(row)).count() + 1
        );
    }
    let (good, said) = run(&calendar("any-days-2"), &ladder("any-2", "2090-01-02"));
    assert!(good, "{said}");
    assert_eq!(rules(&look).await, after);
}
