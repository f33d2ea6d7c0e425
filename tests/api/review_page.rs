//! The review as people use it: signed in, read on the page, followed to the rows, signed off with a form.

use serde_json::{Value, json};

use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::browser::{Browser, between, csrf};

const WEEK: &str = "/review/2026-W47";

async fn reads(app: &TestApp, browser: &mut Browser, path: &str, status: u16) -> String {
    let url = format!("{}{path}", app.url);
    let answer = browser.get(&url).await;
    let (answer, _) = browser.follow(answer, url).await;
    answer.expect(status).text
}

/// A week with one late answer that nobody holds, read on the Monday after it.
async fn monday() -> (TestApp, String) {
    let app = start().await;
    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    app.clock.set("2026-11-23T09:00:00Z");
    (app, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_the_data_say_and_every_link_of_it_leads_somewhere() {
    let (app, id) = monday().await;
    let mut director = signed_in(&app, "test-director").await;
    let page = reads(&app, &mut director, "/review", 200).await;
    assert!(page.contains("Weekly escalation review"), "{page}");
    let review = app.director().get("/v1/reviews/2026-W47").await.expect(200);
    let reference = review.json["overdue"][0]["reference"].as_str().unwrap();
    assert!(page.contains(reference) && page.contains("No owner"), "{page}");
    // The file is the same text, and the table has the same numbers.
    assert_eq!(reads(&app, &mut director, &format!("{WEEK}.json"), 200).await, review.text);
    let table = reads(&app, &mut director, &format!("{WEEK}.csv"), 200).await;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let value = |lines: &[csv::StringRecord], section: &str, row: &str, column: &str| -> String {
        let line = lines.iter().find(|it| (&it[4], &it[5], &it[6]) == (section, row, column));
        line.unwrap_or_else(|| panic!("{section} {row} {column}"))[7].to_owned()
    };
    let lines: Vec<csv::StringRecord> = reader.records().map(|it| it.unwrap()).collect();
    for (tile, member) in
        [("new", "value"), ("open", "value"), ("overdue", "without_owner"), ("ask", "of")]
    {
        let told = review.json["tiles"][tile][member].to_string();
        assert_eq!(value(&lines, "tiles", tile, member), told, "{tile} {member}");
    }
    assert_eq!(value(&lines, "asked", "all", "all"), review.json["asked"]["total"].to_string());
    let mut links = 0;
    for part in page.split("href=\"/").skip(1) {
        let path = format!(
            "/{}",
            part.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
        );
        reads(&app, &mut director, &path, 200).await;
        links += 1;
    }
    assert!(links > 15, "{links}");
    // One escalation with what happened; and in the list only what was asked for.
    let one = reads(&app, &mut director, &format!("/escalations/{id}"), 200).await;
    assert!(one.contains(reference) && one.contains("raised") && one.contains("Late"), "{one}");
    let none = reads(&app, &mut director, "/escalations?theme=icpc_late", 200).await;
    assert!(none.contains("There is none."), "{none}");
    reads(&app, &mut director, "/escalations?colour=red", 400).await;
    reads(&app, &mut director, "/review/2026-W49", 404).await;
    reads(&app, &mut director, "/review/2026-W47.pdf", 404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_review_does_not_and_a_protected_raiser_stays_hidden_on_pages() {
    let (app, _) = monday().await;
    let hidden = json!({"raiser_visibility": "protected"});
    let id = app.health().raises(hidden).await;
    let mut cs = signed_in(&app, "test-cs").await;
    let form = reads(&app, &mut cs, "/review", 200).await;
    assert!(form.contains("<h1>Raise an escalation</h1>"), "{form}");
    reads(&app, &mut cs, WEEK, 403).await;
    for path in ["/escalations".to_owned(), format!("/escalations/{id}")] {
        let page = reads(&app, &mut cs, &path, 200).await;
        assert!(page.contains("Not shown") && !page.contains("Community Health"), "{page}");
    }
    let mut police = signed_in(&app, "test-police").await;
    reads(&app, &mut police, &format!("/escalations/{id}"), 404).await;
    let mut analyst = signed_in(&app, "test-analyst").await;
    assert!(!reads(&app, &mut analyst, WEEK, 200).await.contains("Review and sign off"));
    reads(&app, &mut analyst, &format!("{WEEK}/sign-off"), 403).await;
    reads(&app, &mut analyst, &format!("/escalations/{id}"), 403).await;
    // Without a session a page leads to sign-in; a bearer token opens no page.
    let director = app.director();
    let answer = director.get(WEEK).await.expect(200);
    assert!(answer.text.contains("Choose who you are") || answer.status == 303, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_signed_off_with_a_form_and_its_page_says_so_ever_after() {
    let (app, _) = monday().await;
    let mut director = signed_in(&app, "test-director").await;
    assert!(reads(&app, &mut director, WEEK, 200).await.contains("Review and sign off"));
    let path = format!("{WEEK}/sign-off");
    let form = reads(&app, &mut director, &path, 200).await;
    let hidden = |name: &str| between(&form, &format!("name=\"{name}\" value=\""), "\"");
    let (token, data_to, tag) = (csrf(&form), hidden("data_to"), hidden("tag"));
    let url = format!("{}{path}", app.url);
    let notices: Vec<String> = form
        .split("name=\"key\" value=\"")
        .skip(1)
        .map(|it| it.split('"').next().unwrap().to_owned())
        .collect();
    assert!(!notices.is_empty());
    let filled = |reason: &'static str| {
        let mut fields: Vec<(&str, &str)> = vec![
            ("csrf", &token),
            ("data_to", &data_to),
            ("tag", &tag),
            ("decisions", "Health joins.\n\nAgain."),
        ];
        for key in &notices {
            fields.extend([("key", key.as_str()), ("disposition", "act"), ("reason", reason)]);
        }
        fields
    };
    let wrong = director.post(&url, &filled(" ")).await.expect(422);
    assert!(wrong.text.contains("Nothing was saved yet"), "{}", wrong.text);
    director.post(&url, &filled("Asked.")[1..]).await.expect(403);
    let mut future = filled("Asked.");
    future[1] = ("data_to", "2027-01-01T00:00:00Z");
    director.post(&url, &future).await.expect(412);
    let signed = director.post(&url, &filled("Asked the duty manager.")).await.expect(303);
    assert_eq!(signed.header("location"), WEEK);
    let page = reads(&app, &mut director, WEEK, 200).await;
    let versions: Value =
        app.director().get("/v1/reviews/2026-W47/sign-offs").await.expect(200).json;
    let first = &versions["items"][0];
    assert_eq!(
        (&first["signed_by_role"], &first["decisions"]),
        (&json!("director"), &json!(["Health joins.", "Again."]))
    );
    assert_eq!(first["answers"][0]["reason"], "Asked the duty manager.");
    assert!(
        page.contains("Signed off on") && page.contains(&first["sha256"].as_str().unwrap()[..16]),
        "{page}"
    );
    // The same form again signs nothing: a signed week needs a reason.
    director.post(&url, &filled("Asked.")).await.expect(422);
    // A sign-in that is not fresh does not sign.
    app.clock.advance(jiff::SignedDuration::from_mins(20));
    let answer = director.get(&url).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

/// What a form holds in one field: of a text area, an input, or the option that is chosen.
fn typed(page: &str, id: &str) -> String {
    let from = page.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("{id}"));
    let tag = from.split('>').next().unwrap();
    let inside = from.split_once('>').unwrap().1;
    let value = if let Some((_, value)) = tag.split_once("value=\"") {
        value.split('"').next().unwrap().to_owned()
    } else if inside.trim_start().starts_with("<option") {
        let options = inside.split("</select>").next().unwrap();
        let chosen = options.split("<option ").find(|it| it.contains(" selected"));
        chosen.map_or(String::new(), |it| between(it, "value=\"", "\""))
    } else {
        inside.split("</textarea>").next().unwrap().to_owned()
    };
    value.replace("&#10;", "\n").replace("&#39;", "'")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_typed_into_the_signing_form_is_lost_or_cut() {
    let (app, _) = monday().await;
    let mut director = signed_in(&app, "test-director").await;
    let path = format!("{WEEK}/sign-off");
    let url = format!("{}{path}", app.url);
    let form = reads(&app, &mut director, &path, 200).await;
    let token = csrf(&form);
    let hidden = |form: &str, name: &str| between(form, &format!("name=\"{name}\" value=\""), "\"");
    let keys = |form: &str| -> Vec<String> {
        let parts = form.split("name=\"key\" value=\"").skip(1);
        parts.map(|it| it.split('"').next().unwrap().to_owned()).collect()
    };
    let filled = |form: &str, reason: &str, decisions: &str| -> Vec<(String, String)> {
        let mut fields = vec![
            ("csrf".to_owned(), token.clone()),
            ("data_to".to_owned(), hidden(form, "data_to")),
            ("tag".to_owned(), hidden(form, "tag")),
            ("decisions".to_owned(), decisions.to_owned()),
        ];
        for key in keys(form) {
            for (name, value) in
                [("key", key.as_str()), ("disposition", "watch"), ("reason", reason)]
            {
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        fields
    };
    let long = "x".repeat(501);
    let mut send = async |fields: &[(String, String)]| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        director.post(&url, &fields).await
    };
    for (reason, decisions, mends) in [
        ("Asked.", long.as_str(), "Decision 1 is longer than 500 characters"),
        (long.as_str(), "Health joins.", "The reason for notice 1 is longer than 500 characters"),
        ("Ring 07700 900123.", "Health joins.", "looks as if it held a person"),
        ("Asked.", "Health joins.\nWrite to someone@example.org.", "Decision 2 looks as if"),
        ("", "Health joins.", "The reason for notice 1 is missing"),
    ] {
        let answer = send(&filled(&form, reason, decisions)).await.expect(422);
        assert!(answer.text.contains(mends), "{mends}: {}", answer.text);
        assert_eq!(typed(&answer.text, "reason-1"), reason, "{mends}");
        assert_eq!(typed(&answer.text, "decisions"), decisions, "{mends}");
        assert_eq!(typed(&answer.text, "disposition-1"), "watch", "{mends}");
    }
    // Something arrives while the form is filled in: it comes again, fresh, with everything typed.
    app.police().raises(json!({"raised_at": "2026-11-20T10:00:00Z"})).await;
    let stale = send(&filled(&form, "Asked the duty manager.", "Health joins.")).await.expect(412);
    assert!(stale.text.contains("has changed since you read it"), "{}", stale.text);
    assert_eq!(typed(&stale.text, "reason-1"), "Asked the duty manager.");
    assert_eq!(typed(&stale.text, "decisions"), "Health joins.");
    assert_ne!(hidden(&stale.text, "tag"), hidden(&form, "tag"));
    let items = app.director().get("/v1/reviews/2026-W47/sign-offs").await.expect(200).json;
    assert_eq!(items["items"], json!([]), "nothing was signed by any of these");
    // A check that the data do not meet wants a reason, or a word where no data can tell.
    let unmet =
        send(&filled(&stale.text, "Asked the duty manager.", "Health joins.")).await.expect(422);
    assert!(
        unmet.text.contains("The reason why not: records that came late were seen"),
        "{}",
        unmet.text
    );
    assert_eq!(typed(&unmet.text, "decisions"), "Health joins.");
    let mut seen = filled(&stale.text, "Asked the duty manager.", "Health joins.");
    for (name, value) in [
        ("said-late_records_seen", "yes"),
        ("agency", "valeshire_police"),
        ("role", "Superintendent"),
        ("presence", ""),
        ("next_meeting", "30 November"),
    ] {
        seen.push((name.to_owned(), value.to_owned()));
    }
    let wrong = send(&seen).await.expect(422);
    for part in ["Choose how the agency took part", "is no day; write it as 2026-11-30"] {
        assert!(wrong.text.contains(part), "{part}: {}", wrong.text);
    }
    assert_eq!(typed(&wrong.text, "role-valeshire_police"), "Superintendent");
    assert_eq!(typed(&wrong.text, "next_meeting"), "30 November");
    assert!(
        wrong.text.contains("name=\"said-late_records_seen\" value=\"yes\" checked"),
        "{}",
        wrong.text
    );
    let last = seen.len();
    seen[last - 2].1 = "deputy".to_owned();
    seen[last - 1].1 = "2026-11-30".to_owned();
    send(&seen).await.expect(303);
    let mut reader = signed_in(&app, "test-director").await;
    let page = reads(&app, &mut reader, WEEK, 200).await;
    for part in [
        "Asked the duty manager.",
        "Superintendent: deputy",
        "Next meeting: 30 November 2026",
        "Watched, and looked at again",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Again, with a reason; without one everything typed comes back.
    app.clock.advance(jiff::SignedDuration::from_mins(5));
    let mut browser = signed_in(&app, "test-director").await;
    let form = reads(&app, &mut browser, &path, 200).await;
    assert!(form.contains("Restatement"), "{form}");
    let token = csrf(&form);
    let mut fields = filled(&form, "Asked.", "As before.");
    fields[0].1 = token;
    fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
        fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
    }
    let without = browser.post(&url, &pairs(&fields)).await.expect(422);
    assert!(without.text.contains("The reason for signing again is missing"), "{}", without.text);
    assert_eq!(typed(&without.text, "decisions"), "As before.");
    fields.push(("again".to_owned(), "One record came late.".to_owned()));
    fields.push(("said-late_records_seen".to_owned(), "yes".to_owned()));
    browser.post(&url, &pairs(&fields)).await.expect(303);
    let items = app.director().get("/v1/reviews/2026-W47/sign-offs").await.expect(200).json;
    assert_eq!(items["items"][1]["reason"], "One record came late.");
    // An old sign-in signs nothing, and what was typed is still there to be copied.
    app.clock.advance(jiff::SignedDuration::from_mins(20));
    let old = browser.post(&url, &pairs(&fields)).await.expect(403);
    assert_eq!(typed(&old.text, "decisions"), "As before.");
    assert_eq!(typed(&old.text, "again"), "One record came late.");
}
