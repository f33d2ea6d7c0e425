//! The forms beside the review: a change is declared and taken back, an agency says that it had nothing to raise.

use serde_json::json;

use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::browser::{Browser, csrf};

async fn reads(app: &TestApp, browser: &mut Browser, path: &str, status: u16) -> String {
    let url = format!("{}{path}", app.url);
    let answer = browser.get(&url).await;
    let (answer, _) = browser.follow(answer, url).await;
    answer.expect(status).text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_declared_with_a_form_that_keeps_what_was_typed_and_taken_back_with_another() {
    let app = start().await;
    let mut director = signed_in(&app, "test-director").await;
    let path = "/review/changes";
    let page = reads(&app, &mut director, path, 200).await;
    assert!(page.contains("No change has been declared.") && page.contains("Declare a change"));
    let (token, url) = (csrf(&page), format!("{}{path}", app.url));
    let token = token.as_str();
    let typed = "Relaunched; ring NHS number 999 000 0018";
    for (fields, wanted) in [
        (vec![("first_week", "2026-W40"), ("reason", typed)], "#charts"),
        (
            vec![
                ("charts", "raised"),
                ("charts", "open"),
                ("first_week", "week 40"),
                ("reason", typed),
            ],
            "#first_week",
        ),
        (vec![("charts", "open"), ("first_week", "2026-W40"), ("reason", typed)], "#reason"),
        (vec![("charts", "open"), ("first_week", "2026-W50"), ("reason", typed)], "#first_week"),
    ] {
        let mut sent = vec![("csrf", token)];
        sent.extend(fields.clone());
        let again = director.post(&url, &sent).await.expect(422).text;
        assert!(again.contains("Nothing was saved yet"), "{again}");
        assert!(again.contains(&format!("<a href=\"{wanted}\">")), "{wanted} {again}");
        for (name, value) in &fields {
            let kept = match *name {
                "charts" => format!("value=\"{value}\" checked"),
                "reason" => format!(">{value}</textarea>"),
                _ => format!("value=\"{value}\""),
            };
            assert!(again.contains(&kept), "{kept} {again}");
        }
    }
    let fine = [
        ("csrf", token),
        ("charts", "raised"),
        ("charts", "median_days"),
        ("first_week", "2026-W40"),
        ("reason", "One form for all agencies <b>."),
    ];
    director.post(&url, &fine[1..]).await.expect(403);
    assert_eq!(director.post(&url, &fine).await.expect(303).header("location"), path);
    let page = reads(&app, &mut director, path, 200).await;
    assert!(page.contains("28 September 2026 (2026-W40)"), "{page}");
    assert!(page.contains("New escalations, Median time to resolve"), "{page}");
    assert!(page.contains("by the Director on 18 November 2026"), "{page}");
    assert!(page.contains("One form for all agencies &#60;b&#62;."), "{page}");
    let all = app.director().get("/v1/rebases").await.expect(200).json;
    let id = all["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(all["items"][0]["charts"], json!(["raised", "median_days"]));
    // The same again is refused beside the week.
    let twice = director.post(&url, &fine).await.expect(422).text;
    assert!(twice.contains("Withdraw that one first"), "{twice}");

    // Whoever may not declare reads what there is, and has no form.
    let mut analyst = signed_in(&app, "test-analyst").await;
    let page = reads(&app, &mut analyst, path, 200).await;
    assert!(page.contains("2026-W40") && !page.contains("Declare a change"), "{page}");
    let own = csrf(&page);
    analyst.post(&url, &[("csrf", own.as_str()), ("charts", "open")]).await.expect(403);
    let mut police = signed_in(&app, "test-police").await;
    reads(&app, &mut police, path, 403).await;

    let back = format!("{url}/{id}/withdrawal");
    let empty = director.post(&back, &[("csrf", token), ("reason", " ")]).await.expect(422).text;
    assert!(empty.contains(&format!("href=\"#reason-{id}\"")), "{empty}");
    let named = [("csrf", token), ("reason", "NHS number 999 000 0018")];
    let named = director.post(&back, &named).await.expect(422).text;
    assert!(named.contains(">NHS number 999 000 0018</textarea>"), "{named}");
    director.post(&back, &[("csrf", token), ("reason", "It was put off.")]).await.expect(303);
    let page = reads(&app, &mut director, path, 200).await;
    assert!(
        page.contains("Taken back by the Director on 18 November 2026: It was put off."),
        "{page}"
    );
    assert!(!page.contains("Take it back"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_says_with_a_form_that_it_had_nothing_to_raise() {
    let app = start().await;
    let mut police = signed_in(&app, "test-police").await;
    let account = reads(&app, &mut police, "/account", 200).await;
    assert!(account.contains("href=\"/nil-return\""), "{account}");
    let path = "/nil-return";
    let page = reads(&app, &mut police, path, 200).await;
    // Wednesday of week 47: the week before is the latest that can be chosen.
    assert!(page.contains("<option value=\"2026-W46\">") && !page.contains("2026-W47"), "{page}");
    assert!(page.contains("Say for Valeshire Police"), "{page}");
    let (token, url) = (csrf(&page), format!("{}{path}", app.url));
    let token = token.as_str();
    for (week, role, wanted) in [
        ("2026-W46", " ", "#signed_as"),
        ("2026-W46", "Sergeant, NHS number 999 000 0018", "#signed_as"),
        ("2026-W47", "Sergeant", "#week"),
        ("", "Sergeant", "#week"),
    ] {
        let sent = [("csrf", token), ("week", week), ("signed_as", role)];
        let again = police.post(&url, &sent).await.expect(422).text;
        assert!(again.contains(&format!("<a href=\"{wanted}\">")), "{wanted} {again}");
        assert!(again.contains(&format!("value=\"{role}\"")), "{role} {again}");
    }
    let sent = [("csrf", token), ("week", "2026-W46"), ("signed_as", "Detective sergeant")];
    police.post(&url, &sent[1..]).await.expect(403);
    let given = police.post(&url, &sent).await.expect(303);
    assert_eq!(given.header("location"), "/nil-return?given=2026-W46");
    let page = reads(&app, &mut police, "/nil-return?given=2026-W46", 200).await;
    assert!(
        page.contains("On record: nothing to raise, Monday 9 to Sunday 15 November 2026."),
        "{page}"
    );
    assert!(page.contains("<td>Detective sergeant</td><td>18 November 2026</td>"), "{page}");
    let known =
        app.police().get("/v1/agencies/valeshire_police/nil-returns").await.expect(200).json;
    assert_eq!(known["items"][0]["week"], "2026-W46");
    // For a week in which it raised something it is refused, and what was typed stays.
    app.police().raises(json!({"raised_at": "2026-11-05T10:00:00Z"})).await;
    let sent = [("csrf", token), ("week", "2026-W45"), ("signed_as", "Detective sergeant")];
    let again = police.post(&url, &sent).await.expect(422).text;
    assert!(again.contains("raised something in this week"), "{again}");
    assert!(again.contains("<option value=\"2026-W45\" selected>"), "{again}");
    // Who is no agency has nothing to say here.
    let mut director = signed_in(&app, "test-director").await;
    reads(&app, &mut director, path, 403).await;
    assert!(!reads(&app, &mut director, "/account", 200).await.contains("/nil-return"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_explains_explains_every_figure_and_every_tile_leads_there() {
    let app = start().await;
    app.clock.set("2026-11-23T09:00:00Z");
    let mut director = signed_in(&app, "test-director").await;
    let explained = reads(&app, &mut director, "/how-it-works", 200).await;
    let dictionary = app.director().get("/v1/metrics").await.expect(200).json;
    for it in dictionary["items"].as_array().unwrap() {
        let code = it["code"].as_str().unwrap();
        assert!(explained.contains(&format!("<h3 id=\"{code}\">")), "{code}");
        let definition = it["definition"].as_str().unwrap().replace('\'', "&#39;");
        assert!(explained.contains(&definition), "{code}");
    }
    let page = reads(&app, &mut director, "/review/2026-W47", 200).await;
    let tiles: Vec<&str> = page.split("<h3><a href=\"/how-it-works#").skip(1).collect();
    assert_eq!(tiles.len(), 6);
    for tile in tiles {
        let code = tile.split('"').next().unwrap();
        assert!(explained.contains(&format!("<h3 id=\"{code}\">")), "{code}");
    }
}
