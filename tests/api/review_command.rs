//! The review at a terminal: the numbers of its JSON, in 80 columns, for a registered reader only.

use serde_json::{Value, json};

use super::support::TestApp;
use super::support::program::{DataDir, command};
use super::support::tokens::ISSUER;

/// Runs the command as a client; whether it went well, and what it printed.
fn run(app: &TestApp, client: &str, arguments: &[&str]) -> (bool, String, String) {
    let dir = DataDir::new(&format!("review-{client}-{}", arguments.join("-")));
    let mut all = vec!["review", "--client", client, "--issuer", ISSUER];
    all.extend(arguments);
    let output = command(&all, &dir.0)
        .env("DATABASE_URL", app.database.url("escalation_app"))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The words of a line, from its beginning.
fn line<'a>(text: &'a str, begins: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(begins));
    found.unwrap_or_else(|| panic!("no line {begins:?} in\n{text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_says_the_numbers_of_the_json_and_keeps_to_the_width_of_a_terminal() {
    let app = TestApp::start().await;
    // A week that is over by the clock of the machine too: the command looks at that one.
    app.clock.set("2026-01-07T10:00:00Z");
    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    app.police().raises(json!({"urgency": "urgent"})).await;
    let held = json!({"held_by_role": "duty team manager"});
    app.childrens_services().acts(&id, "acknowledgement", held).await;
    app.health().raises(json!({"theme": "icpc_late"})).await;
    app.clock.set("2026-01-13T10:00:00Z");
    let review = app.director().get("/v1/reviews/2026-W02").await.expect(200);
    let told = &review.json;
    let (good, text, said) = run(&app, "test-director", &["2026-W02"]);
    assert!(good, "{said}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let tiles = &told["tiles"];
    for (label, value) in [
        ("New this week", &tiles["new"]["value"]),
        ("Open", &tiles["open"]["value"]),
        ("Overdue", &tiles["overdue"]["value"]),
    ] {
        let line = line(&text, &format!("{label:<22}"));
        assert_eq!(
            line.split_whitespace().nth(label.split(' ').count()).unwrap(),
            value.to_string()
        );
    }
    let of = |part: &Value, whole: &Value| format!("{part} of {whole}");
    assert!(
        line(&text, "Answered in time")
            .contains(&of(&tiles["in_time"]["in_time"], &tiles["in_time"]["due"]))
    );
    assert!(
        line(&text, "Agencies to ask").contains(&of(&tiles["ask"]["value"], &tiles["ask"]["of"]))
    );
    assert_eq!(tiles["overdue"]["value"], 3);
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for notice in told["notices"].as_array().unwrap() {
        assert!(joined.contains(notice["words"].as_str().unwrap()), "{notice} in {text}");
    }
    for agency in told["agencies"].as_array().unwrap().iter().filter(|it| it["ask"] == true) {
        assert!(joined.contains(&format!(
            "- {}: {}",
            agency["name"].as_str().unwrap(),
            agency["tag"].as_str().unwrap()
        )));
    }
    for late in told["overdue"].as_array().unwrap() {
        let line = line(&text, late["reference"].as_str().unwrap());
        assert!(line.contains(late["theme_label"].as_str().unwrap().split(' ').next().unwrap()));
    }
    assert!(joined.contains("owner: duty team manager") && joined.contains("NO OWNER"), "{text}");
    for row in told["asked"]["rows"].as_array().unwrap() {
        let name: String = row["label"].as_str().unwrap().chars().take(20).collect();
        let numbers: Vec<&str> = line(&text, &name)[26..].split_whitespace().collect();
        let cells = row["cells"].as_array().unwrap().iter().map(|it| it["value"].to_string());
        assert_eq!(numbers, cells.chain([row["total"].to_string()]).collect::<Vec<_>>(), "{text}");
    }
    let hash = review.header("etag").trim_matches('"');
    assert!(joined.contains(&format!("SHA-256 {hash}")) && joined.contains("Not signed off."));
    // The other forms are those of the service.
    let (good, text, _) = run(&app, "test-director", &["2026-W02", "--json"]);
    assert!(good && text.trim_end() == review.text, "{text}");
    let (good, text, _) = run(&app, "test-analyst", &["2026-W02", "--csv"]);
    let table = app.director().get_csv("/v1/reviews/2026-W02").await.expect(200).text;
    assert!(good && text == table, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_to_the_database_is_no_right_to_read_a_review() {
    let app = TestApp::start().await;
    for (client, said) in [
        ("test-police", "test-police: this role may not do this"),
        ("test-operator", "test-operator: this role may not do this"),
        ("nobody", "no client \"nobody\" of the issuer"),
    ] {
        let (good, text, told) = run(&app, client, &["2026-W02"]);
        assert!(!good && text.is_empty() && told.contains(said), "{told}");
    }
    let (good, _, told) = run(&app, "test-director", &["9000-W01"]);
    assert!(!good && told.contains("has not begun"), "{told}");
    let (good, _, told) = run(&app, "test-director", &["2026-W54"]);
    assert!(!good && told.contains("2026-W47"), "{told}");
}
