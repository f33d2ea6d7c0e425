//! Signing in through a provider that can be told to say what none must say.

use jiff::SignedDuration;
use jsonwebtoken::Algorithm;
use reqwest::Url;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::browser::{Browser, between, csrf};
use super::support::oidc::{FalseProvider, GOOD_KEY, SECRET, doors, header, register};
use super::support::people::Answer;
use super::support::tokens::Token;

/// Goes to sign in, and stops at the provider's door: the parameters that were sent there.
async fn depart(
    app: &TestApp,
    provider: &FalseProvider,
    browser: &mut Browser,
    path: &str,
) -> std::collections::HashMap<String, String> {
    let answer = browser.get(&format!("{}{path}", app.url)).await.expect(302);
    let url: Url = answer.header("location").parse().unwrap();
    assert!(url.as_str().starts_with(&format!("{}/authorize?", provider.issuer)), "{url}");
    let sent: std::collections::HashMap<String, String> = url.query_pairs().into_owned().collect();
    let mut it = provider.behaviour.lock().unwrap();
    it.nonce = sent["nonce"].clone();
    it.challenge = sent["code_challenge"].clone();
    it.now = escalation_tracker::usecases::deps::Clock::now(&*app.clock).as_second();
    sent
}

/// Comes back from the provider.
async fn return_with(app: &TestApp, browser: &mut Browser, state: &str) -> Answer {
    browser.get(&format!("{}/auth/callback?code=c&state={state}", app.url)).await
}

/// A page that says that sign-in failed, from which nothing leads on by itself.
#[track_caller]
fn is_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}");
    assert_eq!(answer.header("location"), "", "{what}");
    assert!(!answer.text.contains("http-equiv"), "{what}: {}", answer.text);
    assert_eq!(answer.text.matches(">Try again</a>").count(), 1, "{what}: {}", answer.text);
    assert!(answer.text.contains(answer.header("x-request-id")), "{what}: {}", answer.text);
    assert!(answer.header("set-cookie").is_empty(), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_with_the_role_that_the_registry_gives() {
    let provider = FalseProvider::start();
    let app = provider.app().await;
    let mut browser = Browser::new();
    let sent =
        depart(&app, &provider, &mut browser, "/auth/login?return_to=/account%3Fweek=1").await;
    assert!(browser.set[0].starts_with("pre=") && browser.set[0].contains("SameSite=Lax"));
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["redirect_uri"], format!("{}/auth/callback", app.url));
    let answer = return_with(&app, &mut browser, &sent["state"]).await.expect(200);
    assert!(answer.text.contains("content=\"0;url=/account?week=1\""), "{}", answer.text);
    let names: Vec<_> = browser.cookies.keys().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["s"], "the attempt's cookie is gone");
    let account = browser.get(&format!("{}/account?week=1", app.url)).await.expect(200);
    assert!(account.text.contains(", Director"), "{}", account.text);
    assert!(!account.text.contains("<b>Okafor"), "a name is text, not HTML");
    assert!(!account.text.contains("Made-up data"));
    {
        use base64::Engine;
        let it = provider.behaviour.lock().unwrap();
        let verifier = between(&it.redeemed, "code_verifier=", "&");
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        assert_eq!(engine.encode(hash), it.challenge, "PKCE");
        let basic = it.authorization.strip_prefix("Basic ").unwrap();
        let basic = base64::engine::general_purpose::STANDARD.decode(basic).unwrap();
        let basic = String::from_utf8(basic).unwrap();
        assert_eq!(basic, "pages:secret+of+the+tests%2C+with+%3D+and+%3A+and+%2B", "{SECRET}");
    }
    // Signing out leads on to the provider, by a page and not by a redirect.
    let form = [("csrf", csrf(&account.text))];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let left = browser.post(&format!("{}/auth/logout", app.url), &form).await.expect(200);
    let onward = between(&left.text, "content=\"0;url=", "\"");
    assert!(onward.starts_with(&format!("{}/end?client_id=pages&", provider.issuer)), "{onward}");
    let last = browser.get(&format!("{}/auth/signed-out", app.url)).await.expect(200);
    assert!(!last.text.contains("http-equiv"), "{}", last.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_choose_the_registration_and_none_means_no_way_in() {
    let provider = FalseProvider::start();
    let app = provider.app().await;
    for (claims, comes_in) in [
        (json!({"roles": ["Escalations.Analyst"]}), Some(", analyst")),
        (json!({"roles": "agency", "agency": "Valeshire Police"}), Some(", agency")),
        (json!({"roles": ["agency"]}), None),
        (json!({"roles": ["agency"], "agency": "anyborough_cs"}), None),
        (json!({"roles": ["auditor"]}), None),
        (json!({"roles": ["superuser"]}), None),
        (json!({"roles": null}), None),
    ] {
        let mut browser = Browser::new();
        let sent = depart(&app, &provider, &mut browser, "/auth/login").await;
        provider.behaviour.lock().unwrap().claims = claims.clone();
        let answer = return_with(&app, &mut browser, &sent["state"]).await;
        match comes_in {
            Some(role) => {
                answer.expect(200);
                let account = browser.get(&format!("{}/account", app.url)).await.expect(200);
                assert!(account.text.contains(role), "{claims}: {}", account.text);
            }
            None => is_refused(&answer, 403, &claims.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_token_that_is_not_right_in_every_part_is_refused() {
    let provider = FalseProvider::start();
    let app = provider.app().await;
    let now = escalation_tracker::usecases::deps::Clock::now(&*app.clock).as_second();
    let wrong: &[(&str, Value)] = &[
        ("another nonce", json!({"nonce": "n".repeat(43)})),
        ("no nonce", json!({"nonce": null})),
        ("another issuer", json!({"iss": "https://evil.example"})),
        ("another audience", json!({"aud": "another"})),
        ("several audiences", json!({"aud": ["pages", "another"]})),
        ("another party", json!({"azp": "another"})),
        ("expired", json!({"exp": now - 31})),
        ("no expiry", json!({"exp": null})),
        ("made in the future", json!({"iat": now + 31})),
        ("proved in the future", json!({"auth_time": now + 31})),
        ("no subject", json!({"sub": null})),
        ("an empty subject", json!({"sub": ""})),
        ("a subject with a line", json!({"sub": "a\nb"})),
    ];
    let refused = async |what: &str| {
        let mut browser = Browser::new();
        let sent = depart(&app, &provider, &mut browser, "/auth/login").await;
        let answer = return_with(&app, &mut browser, &sent["state"]).await;
        is_refused(&answer, 400, what);
        let again = return_with(&app, &mut browser, &sent["state"]).await;
        is_refused(&again, 400, &format!("{what}, once more"));
    };
    for (what, claims) in wrong {
        provider.behaviour.lock().unwrap().claims = claims.clone();
        refused(what).await;
    }
    provider.behaviour.lock().unwrap().claims = json!({});
    provider.behaviour.lock().unwrap().header = Some(header(Algorithm::EdDSA, Some("unknown")));
    refused("an unknown key").await;
    provider.behaviour.lock().unwrap().header = Some(header(Algorithm::EdDSA, None));
    refused("no key").await;
    provider.behaviour.lock().unwrap().header = None;
    let mut broken = Token::of("any").signed();
    broken.replace_range(broken.len() - 4.., "AAAA");
    for token in [broken, "e30.e30.".to_owned(), "x".repeat(40_000)] {
        provider.behaviour.lock().unwrap().token = Some(token);
        refused("no good signature").await;
    }
    provider.behaviour.lock().unwrap().token = None;
    // And what is nearly wrong is right.
    provider.behaviour.lock().unwrap().header = Some(header(Algorithm::EdDSA, GOOD_KEY));
    let almost = json!({"aud": ["pages"], "azp": "pages", "exp": now - 29, "auth_time": null});
    provider.behaviour.lock().unwrap().claims = almost;
    let mut browser = Browser::new();
    let sent = depart(&app, &provider, &mut browser, "/auth/login").await;
    return_with(&app, &mut browser, &sent["state"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_no_attempt_of_this_browser_is_refused() {
    let provider = FalseProvider::start();
    let app = provider.app().await;
    let mut browser = Browser::new();
    let sent = depart(&app, &provider, &mut browser, "/auth/login").await;
    let without = return_with(&app, &mut Browser::new(), &sent["state"]).await;
    is_refused(&without, 400, "no cookie");
    let other = return_with(&app, &mut browser, &"x".repeat(43)).await;
    is_refused(&other, 400, "another state");
    let spent = return_with(&app, &mut browser, &sent["state"]).await;
    is_refused(&spent, 400, "an attempt is good for one answer");

    for query in
        ["", "?error=access_denied&state=STATE", "?code=c&state=STATE&iss=https://evil.example"]
    {
        let mut browser = Browser::new();
        let sent = depart(&app, &provider, &mut browser, "/auth/login").await;
        let query = query.replace("STATE", &sent["state"]);
        let answer = browser.get(&format!("{}/auth/callback{query}", app.url)).await;
        is_refused(&answer, 400, &query);
    }
    let mut late = Browser::new();
    let sent = depart(&app, &provider, &mut late, "/auth/login").await;
    app.clock.advance(SignedDuration::from_mins(10));
    is_refused(&return_with(&app, &mut late, &sent["state"]).await, 400, "too late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_sign_in_is_asked_for_and_insisted_on() {
    let provider = FalseProvider::start();
    let app = provider.app().await;
    let mut browser = Browser::new();
    let sent = depart(&app, &provider, &mut browser, "/auth/login?fresh=1").await;
    assert_eq!(sent["max_age"], "900");
    let now = escalation_tracker::usecases::deps::Clock::now(&*app.clock).as_second();
    for old in [json!(now - 900), Value::Null] {
        provider.behaviour.lock().unwrap().claims = json!({"auth_time": old});
        let sent = depart(&app, &provider, &mut browser, "/auth/login?fresh=1").await;
        let answer = return_with(&app, &mut browser, &sent["state"]).await;
        is_refused(&answer, 400, "proved too long ago");
    }
    provider.behaviour.lock().unwrap().claims = json!({"auth_time": now - 899});
    let sent = depart(&app, &provider, &mut browser, "/auth/login?fresh=1").await;
    return_with(&app, &mut browser, &sent["state"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_away_there_is_a_page_and_the_api_works() {
    let provider = FalseProvider::start();
    provider.behaviour.lock().unwrap().away = true;
    let app = provider.app().await;
    let answer = Browser::new().get(&format!("{}/auth/login", app.url)).await;
    is_refused(&answer, 503, "away");
    app.director().get("/v1/themes/weekly").await.expect(200);
    provider.behaviour.lock().unwrap().away = false;
    tokio::time::sleep(std::time::Duration::from_millis(3_100)).await;
    depart(&app, &provider, &mut Browser::new(), "/auth/login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_names_itself_otherwise_is_not_believed() {
    let provider = FalseProvider::start();
    // Its description is found, and is that of the issuer without the stroke.
    let configured = format!("{}/", provider.issuer);
    let app = TestApp::start_with_doors(
        async |deps| register(deps, &configured).await,
        |url| doors(&configured, url, Algorithm::EdDSA),
    )
    .await;
    let answer = Browser::new().get(&format!("{}/auth/login", app.url)).await;
    is_refused(&answer, 503, "another issuer");
    assert_eq!(answer.header("location"), "");
}
