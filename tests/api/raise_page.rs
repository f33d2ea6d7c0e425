//! The form to raise an escalation: the rules of the API, every field kept, and nothing raised twice.

use std::collections::BTreeSet;

use serde_json::json;

use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::browser::{Browser, between, csrf};
use super::support::people::Answer;

/// A filled form, as the police fill it.
const FILLED: &[(&str, &str)] = &[
    ("with", "anyborough_cs"),
    ("scheme", "opaque"),
    ("reference", "SYN100234"),
    ("theme", "icpc_late"),
    ("urgency", "urgent"),
    ("outcome", "Hold the conference this week."),
    ("delay", "icpc"),
    ("since", "2026-10-26T09:30"),
    ("role", "school lead"),
];

/// What holds for every page: nothing that its content policy forbids, each id once, and no reference to none.
pub fn assert_sound(page: &str) {
    for forbidden in ["<script", "<style", " style=", "http:", "https:", "<img"] {
        assert!(!page.contains(forbidden), "{forbidden} in {page}");
    }
    let mut ids = BTreeSet::new();
    for id in page.split(" id=\"").skip(1).map(|it| it.split('"').next().unwrap()) {
        assert!(ids.insert(id), "{id} twice");
    }
    for named in [" for=\"", "aria-describedby=\"", "aria-labelledby=\"", "href=\"#"] {
        let values = page.split(named).skip(1).map(|it| it.split('"').next().unwrap());
        for id in values.flat_map(str::split_whitespace) {
            assert!(ids.contains(id), "{named}{id} in {page}");
        }
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    assert!(
        !page.contains("<th>") && page.matches("<th ").count() == page.matches(" scope=\"").count()
    );
}

struct Form {
    app: TestApp,
    browser: Browser,
    page: String,
}

impl Form {
    async fn opened() -> Self {
        let app = start().await;
        let mut browser = signed_in(&app, "test-police").await;
        let page = browser.get(&format!("{}/raise", app.url)).await.expect(200).text;
        Self { app, browser, page }
    }

    /// Sends the filled form with these fields changed.
    async fn sends(&mut self, changed: &[(&str, &str)]) -> Answer {
        let (csrf, key) = (csrf(&self.page), between(&self.page, "name=\"key\" value=\"", "\""));
        let mut fields: Vec<(&str, &str)> = vec![("csrf", &csrf), ("key", &key)];
        for (name, value) in FILLED {
            let other = changed.iter().find(|(known, _)| known == name);
            fields.push((name, other.map_or(value, |(_, value)| value)));
        }
        self.browser.post(&format!("{}/raise", self.app.url), &fields).await
    }

    async fn raised(&self) -> Vec<serde_json::Value> {
        let list = self.app.police().get("/v1/escalations").await.expect(200).json;
        list["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_form_raises_what_the_api_would_and_sending_it_again_raises_nothing() {
    let mut form = Form::opened().await;
    for told in ["Ring 999 first", "<optgroup label=", "Anyborough Children", "Unique pupil number"]
    {
        assert!(form.page.contains(told), "{told} in {}", form.page);
    }
    assert!(!form.page.contains("NHS number"), "not accepted here");
    let sent = form.sends(&[]).await.expect(303);
    let after = sent.header("location").to_owned();
    let raised = form.raised().await;
    assert_eq!(raised.len(), 1);
    let id = raised[0]["id"].as_str().unwrap();
    assert_eq!(after, format!("/raise/{id}"));
    let it = form.app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json;
    for (member, wanted) in [
        ("raised_with_agency", json!("anyborough_cs")),
        ("theme", json!("icpc_late")),
        ("urgency", json!("urgent")),
        ("desired_outcome", json!("Hold the conference this week.")),
        ("raised_by_role", json!("school lead")),
    ] {
        assert_eq!(it[member], wanted, "{member} in {it}");
    }
    assert_eq!(it["child_references"][0]["value"], "SYN100234");
    // 09:30 in London, the day after summer time ended.
    assert_eq!(it["delay"]["started_at"], "2026-10-26T09:30:00Z");
    let page = form.browser.get(&format!("{}{after}", form.app.url)).await.expect(200).text;
    let reference = it["reference"].as_str().unwrap();
    assert_sound(&form.page);
    assert_sound(&page);
    assert!(page.contains(reference) && page.contains("E S C, A N Y, 2 0 2 6"), "{page}");
    assert!(page.contains("Answer: by ") && page.contains(&format!("/escalations/{id}")), "{page}");
    assert!(!page.contains("SYN100234"), "a child's number is on no page that needs none");
    // A second tap, and going back to change something: one escalation, and the page says so.
    for changed in [&[][..], &[("outcome", "Something else.")][..]] {
        let again = form.sends(changed).await.expect(303);
        assert_eq!(again.header("location"), format!("/raise/{id}?again=yes"));
    }
    let page =
        form.browser.get(&format!("{}/raise/{id}?again=yes", form.app.url)).await.expect(200);
    assert!(page.text.contains("was raised once"), "{}", page.text);
    assert_eq!(form.raised().await.len(), 1);
    // Another form is another escalation, also with the same words.
    form.page = form.browser.get(&format!("{}/raise", form.app.url)).await.expect(200).text;
    form.sends(&[]).await.expect(303);
    assert_eq!(form.raised().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_beside_its_field_and_everything_typed_stays() {
    let mut form = Form::opened().await;
    for (changed, field, words) in [
        (&[("with", "")][..], "with", "Choose the agency that must answer."),
        (&[("with", "nobody")], "with", "Choose one from the list."),
        (&[("scheme", "")], "scheme", "Choose whose number it is."),
        (&[("reference", " ")], "reference", "Write the child&#39;s number, never a name."),
        (&[("scheme", "upn"), ("reference", "B123456789012")], "reference", "check digit"),
        (
            &[("scheme", "la_child_id"), ("reference", "Some <b>Name</b>")],
            "reference",
            "A name is not accepted.",
        ),
        (&[("theme", "")], "theme", "Choose what kind of thing went wrong."),
        (&[("urgency", "")], "urgency", "Choose how urgent it is for the child."),
        (&[("outcome", "")], "outcome", "Write what should happen."),
        (&[("outcome", "Ring 07700 900123 today.")], "outcome", "This looks like a name"),
        (&[("role", "07700 900123")], "role", "This looks like a name"),
        (&[("since", "")], "since", "Say since when"),
        (&[("since", "2027-01-01T00:00")], "since", "must not be later than now"),
        (&[("delay", "")], "delay", "Choose what is late, or leave the time empty."),
        (&[("delay", "nothing")], "delay", "Choose one from the list."),
    ] {
        let again = form.sends(changed).await;
        assert_eq!(again.status, 422, "{changed:?}");
        let again = again.text;
        assert_sound(&again);
        assert!(again.contains("<title>Error: Raise an escalation"), "{again}");
        assert!(again.contains(&format!("<a href=\"#{field}\">")), "{field} {again}");
        let beside = between(&again, &format!("id=\"{field}-error\">"), "</p>");
        assert!(beside.contains(words), "{field}: {beside}");
        assert!(
            again.contains(&format!("aria-describedby=\"{field}-error")) || field == "reference",
            "{again}"
        );
        // Every field, as it was typed.
        for (name, value) in FILLED {
            let typed = changed.iter().find(|(known, _)| known == name).map_or(*value, |it| it.1);
            let typed = typed.replace('<', "&#60;").replace('>', "&#62;");
            let kept = match *name {
                "outcome" => again.contains(&format!(">{typed}</textarea>")),
                "reference" | "since" | "role" => again.contains(&format!("name=\"{name}\"")) && again.contains(&format!("value=\"{typed}\"")),
                "urgency" => typed.is_empty() || again.contains(&format!("id=\"urgency-{typed}\" name=\"urgency\" value=\"{typed}\" aria-describedby=\"urgency-{typed}-hint\" checked")),
                _ => ["", "nobody", "nothing"].contains(&typed.as_str()) || again.contains(&format!("value=\"{typed}\" selected")),
            };
            assert!(kept, "{name} {typed} in {again}");
        }
        assert_eq!(
            between(&again, "name=\"key\" value=\"", "\""),
            between(&form.page, "name=\"key\" value=\"", "\"")
        );
    }
    // Everything at once.
    let empty: Vec<(&str, &str)> = FILLED.iter().map(|(name, _)| (*name, "")).collect();
    let again = form.sends(&empty).await.expect(422).text;
    for field in ["with", "scheme", "reference", "theme", "urgency", "outcome"] {
        assert_eq!(again.matches(&format!("<a href=\"#{field}\">")).count(), 1, "{field}");
    }
    assert!(form.raised().await.is_empty());
    // The same form, mended, goes through.
    form.sends(&[]).await.expect(303);
    assert_eq!(form.raised().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_agencies_raise_and_only_the_raiser_has_the_page_after_it() {
    let mut form = Form::opened().await;
    let sent = form.sends(&[("urgency", "immediate")]).await.expect(303);
    let after = format!("{}{}", form.app.url, sent.header("location"));
    let page = form.browser.get(&after).await.expect(200).text;
    assert!(page.contains("Immediate does not replace 999"), "{page}");
    for client in ["test-cs", "test-health"] {
        let mut other = signed_in(&form.app, client).await;
        other.get(&after).await.expect(404);
    }
    for client in ["test-director", "test-analyst", "test-operator"] {
        let mut other = signed_in(&form.app, client).await;
        let url = format!("{}/raise", form.app.url);
        other.get(&url).await.expect(403);
        other.get(&after).await.expect(403);
    }
    // A form of nobody's page raises nothing, and without a session there is none.
    let url = format!("{}/raise", form.app.url);
    form.browser.post(&url, FILLED).await.expect(403);
    assert_eq!(Browser::new().get(&url).await.status, 303);
    assert_eq!(form.raised().await.len(), 1);
    // Their own list.
    let list = form.browser.get(&format!("{}/escalations", form.app.url)).await.expect(200).text;
    assert!(list.contains("1 escalation") && list.contains("href=\"/raise\""), "{list}");
}
