//! Sessions: how long they last, what ends them, what they open and what they do not.

use escalation_tracker::domain::access::Role;
use escalation_tracker::http::auth::doors::{Doors, Way};
use escalation_tracker::usecases::setup;
use jiff::SignedDuration;
use reqwest::Method;

use super::support::browser::{Browser, between, csrf};
use super::support::people::{anyborough, elsewhere};
use super::support::tokens::ISSUER;
use super::support::{TestApp, TestClock};

/// A service where everybody is whom they choose among the tests' clients.
pub async fn start() -> TestApp {
    let fill = async |deps: &_| {
        let partnership = setup::apply(deps, &anyborough()).await.unwrap();
        setup::apply(deps, &elsewhere()).await.unwrap();
        partnership
    };
    TestApp::start_with_doors(fill, |_| choice(None)).await
}

fn choice(public_url: Option<&str>) -> Doors {
    let way = Way::Choice { issuer: ISSUER.to_owned() };
    Doors::new(way, public_url.map(str::to_owned), "ANY".to_owned())
}

/// Signs in as a client, and gives the browser.
pub async fn signed_in(app: &TestApp, client_id: &str) -> Browser {
    let mut browser = Browser::new();
    let form = [("client_id", client_id), ("return_to", "/account")];
    let answer = browser.post(&format!("{}/auth/choice", app.url), &form).await.expect(200);
    assert!(answer.text.contains("content=\"0;url=/account\""), "{}", answer.text);
    browser
}

fn later(clock: &TestClock, minutes: i64) {
    clock.advance(SignedDuration::from_mins(minutes));
}

async fn is_in(app: &TestApp, browser: &mut Browser) -> bool {
    let answer = browser.get(&format!("{}/account", app.url)).await;
    match answer.status {
        200 => true,
        303 => {
            assert_eq!(answer.header("location"), "/auth/login?return_to=%2Faccount");
            false
        }
        other => panic!("{other} {}", answer.text),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_whom_they_choose_where_all_is_made_up_and_each_page_says_so() {
    let app = start().await;
    let mut browser = Browser::new();
    let page = format!("{}/account?x=1", app.url);
    let answer = browser.get(&page).await.expect(303);
    let (login, _) = browser.follow(answer, page).await;
    let login = login.expect(200);
    assert!(login.text.contains("Made-up data"), "{}", login.text);
    for name in ["test-director", "test-service_lead", "test-analyst", "test-police"] {
        assert!(login.text.contains(&format!("Continue as {name}<")), "{name}");
    }
    assert!(!login.text.contains("else-director"), "another partnership's client");
    assert!(login.text.contains("name=\"return_to\" value=\"/account?x=1\""), "{}", login.text);

    let mut browser = signed_in(&app, "test-director").await;
    let account = browser.get(&format!("{}/account", app.url)).await.expect(200);
    assert!(account.text.contains("signed in as test-director, Director"), "{}", account.text);
    assert!(account.text.contains("Made-up data"), "{}", account.text);
    let chosen = [("client_id", "else-director")];
    Browser::new().post(&format!("{}/auth/choice", app.url), &chosen).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_its_headers_and_none_can_be_kept_or_framed() {
    let app = start().await;
    let mut browser = signed_in(&app, "test-director").await;
    for (path, status) in [("/account", 200), ("/auth/login", 200), ("/auth/signed-out", 200)] {
        let answer = browser.get(&format!("{}{path}", app.url)).await.expect(status);
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("script-src"), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert!(answer.text.contains("<html lang=\"en-GB\">"), "{path}");
        assert!(answer.text.contains("href=\"#main\""), "{path}");
    }
    let login = browser.get(&format!("{}/auth/login", app.url)).await;
    let style = between(&login.text, "rel=\"stylesheet\" href=\"", "\"");
    let kept = browser.get(&format!("{}{style}", app.url)).await.expect(200);
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(kept.header("content-type"), "text/css; charset=utf-8");
    let other = browser.get(&format!("{}/assets/style.css?v=old", app.url)).await.expect(200);
    assert_eq!(other.header("cache-control"), "public, no-cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_half_an_hour_unused_and_after_ten_hours_in_any_case() {
    let app = start().await;
    let mut idle = signed_in(&app, "test-director").await;
    later(&app.clock, 29);
    assert!(is_in(&app, &mut idle).await);
    later(&app.clock, 29);
    assert!(is_in(&app, &mut idle).await, "use keeps it");
    later(&app.clock, 30);
    assert!(!is_in(&app, &mut idle).await);

    let mut busy = signed_in(&app, "test-director").await;
    for _ in 0..29 {
        later(&app.clock, 20);
        assert!(is_in(&app, &mut busy).await);
    }
    later(&app.clock, 20);
    assert!(!is_in(&app, &mut busy).await, "ten hours");
    signed_in(&app, "test-director").await;
    let sql = "select count(*) from web_session";
    let left: i64 = app.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(left, 1, "what is over is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sign_in_has_a_new_cookie_and_ends_the_session_before_it() {
    let app = start().await;
    let mut browser = signed_in(&app, "test-director").await;
    let mut before = Browser::new();
    before.cookies = browser.cookies.clone();
    assert!(is_in(&app, &mut before).await);
    let form = [("client_id", "test-director"), ("return_to", "/account")];
    browser.post(&format!("{}/auth/choice", app.url), &form).await.expect(200);
    assert_ne!(browser.cookies, before.cookies);
    assert!(is_in(&app, &mut browser).await);
    assert!(!is_in(&app, &mut before).await, "the session before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_signs_nobody_out_and_the_database_holds_no_cookie() {
    let app = start().await;
    let browser = signed_in(&app, "test-director").await;
    let cookie = browser.cookies.values().next().unwrap().clone();
    // Another process with the same database: it shares nothing else.
    let deps = escalation_tracker::usecases::Deps::new(
        app.database.pool(),
        app.deps.vault.clone(),
        (*app.deps.schemes).clone(),
    )
    .with(app.clock.clone(), app.deps.ids.clone());
    let found =
        escalation_tracker::usecases::sign_in::resume(&deps, app.partnership, &cookie).await;
    let (session, caller) = found.unwrap().expect("the session");
    assert_eq!((session.display_name.as_str(), caller.role), ("test-director", Role::Director));
    let database = app.database.superuser().await;
    let sql = "select encode(id, 'base64') || ' ' || web_session::text from web_session";
    let row: String = database.query_one(sql, &[]).await.unwrap().get(0);
    assert!(!row.contains(&cookie), "{row}");
    deps.pool.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_this_session_and_everywhere_ends_all_of_the_person() {
    let app = start().await;
    let mut here = signed_in(&app, "test-director").await;
    let mut there = signed_in(&app, "test-director").await;
    let mut other = signed_in(&app, "test-analyst").await;
    let page = here.get(&format!("{}/account", app.url)).await.text;
    let left = here.post(&format!("{}/auth/logout", app.url), &[("csrf", &csrf(&page))]).await;
    let left = left.expect(200);
    assert!(left.text.contains("Signed out") && !left.text.contains("http-equiv"), "{}", left.text);
    assert!(here.cookies.is_empty(), "{:?}", here.cookies);
    assert!(!is_in(&app, &mut here).await);
    assert!(is_in(&app, &mut there).await);

    let mut again = signed_in(&app, "test-director").await;
    let page = again.get(&format!("{}/account", app.url)).await.text;
    let form = [("csrf", csrf(&page))];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    again.post(&format!("{}/auth/logout-everywhere", app.url), &form).await.expect(200);
    assert!(!is_in(&app, &mut there).await);
    assert!(is_in(&app, &mut other).await, "another person stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_switched_off_or_changed_lets_nobody_in_any_more() {
    let app = start().await;
    let mut director = signed_in(&app, "test-director").await;
    let mut police = signed_in(&app, "test-police").await;
    let mut analyst = signed_in(&app, "test-analyst").await;
    let mut plan = anyborough();
    for it in &mut plan.clients {
        match it.client_id.as_str() {
            "test-director" => it.disabled = true,
            "test-analyst" => it.role = Role::Auditor,
            _ => {}
        }
    }
    plan.agencies[0].valid_to = Some("2026-11-17".parse().unwrap());
    setup::apply(&app.deps, &plan).await.unwrap();
    for browser in [&mut director, &mut police, &mut analyst] {
        assert!(!is_in(&app, browser).await);
    }
    let form = [("client_id", "test-police")];
    let answer = Browser::new().post(&format!("{}/auth/choice", app.url), &form).await;
    answer.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_needs_the_sessions_token_and_our_own_origin() {
    let app = start().await;
    let mut browser = signed_in(&app, "test-director").await;
    let token = csrf(&browser.get(&format!("{}/account", app.url)).await.text);
    let mut stranger = signed_in(&app, "test-director").await;
    let others = csrf(&stranger.get(&format!("{}/account", app.url)).await.text);
    assert_ne!(token, others);
    let url = format!("{}/auth/logout", app.url);
    let good = [("csrf", token.as_str())];
    let own = [("origin", app.url.as_str())];
    for (what, headers, form) in [
        ("no token", &own[..], &[][..]),
        ("another session's", &own, &[("csrf", others.as_str())]),
        ("twice", &own, &[("csrf", token.as_str()), ("csrf", token.as_str())]),
        ("another origin", &[("origin", "https://evil.example")], &good),
        ("no origin to speak of", &[("origin", "null")], &good),
        ("another site", &[("sec-fetch-site", "cross-site")], &good),
        ("a neighbour", &[("sec-fetch-site", "same-site")], &good),
    ] {
        let answer = browser.send(Method::POST, &url, headers, form).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        assert!(answer.text.contains("This form is not accepted"), "{what}");
        assert!(is_in(&app, &mut browser).await, "{what}");
    }
    // Nor can another site sign anybody in as somebody.
    let evil = [("origin", "https://evil.example")];
    let form = [("client_id", "test-director")];
    let choose = format!("{}/auth/choice", app.url);
    Browser::new().send(Method::POST, &choose, &evil, &form).await.expect(403);
    // A browser that says neither still has the token.
    browser.send(Method::POST, &url, &[], &good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_opens_pages_and_a_bearer_token_operations_and_neither_the_other() {
    let app = start().await;
    let mut browser = signed_in(&app, "test-director").await;
    let operation = browser.get(&format!("{}/v1/themes/weekly", app.url)).await;
    assert_eq!(operation.status, 401, "{}", operation.text);
    assert_eq!(operation.header("content-type"), "application/problem+json");
    app.director().get("/v1/themes/weekly").await.expect(200);

    let token = super::support::tokens::Token::of("test-director");
    let bearer = format!("Bearer {}", token.at("2026-11-18T10:00:00Z".parse().unwrap()).signed());
    let headers = [("authorization", bearer.as_str())];
    let url = format!("{}/account", app.url);
    let page = Browser::new().send(Method::GET, &url, &headers, &[]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(page.header("location"), "/auth/login?return_to=%2Faccount");
    let logout = format!("{}/auth/logout", app.url);
    let sent = Browser::new().send(Method::POST, &logout, &headers, &[]).await.expect(401);
    assert!(sent.text.contains("You are not signed in"), "{}", sent.text);
    assert_eq!(sent.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_another_site() {
    let app = start().await;
    for bad in ["//evil.example", "https://evil.example", "\\\\evil.example", "/\\evil.example"] {
        let form = [("client_id", "test-director"), ("return_to", bad)];
        let url = format!("{}/auth/choice", app.url);
        let answer = Browser::new().post(&url, &form).await.expect(200);
        assert!(!answer.text.contains("evil"), "{bad}: {}", answer.text);
        assert!(answer.text.contains("url=/review"), "{bad}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_cookies_belong_to_this_host_and_no_script_sees_them() {
    let fill = async |deps: &_| setup::apply(deps, &anyborough()).await.unwrap();
    let public = Some("https://escalations.example");
    let app = TestApp::start_with_doors(fill, |_| choice(public)).await;
    let mut browser = Browser::new();
    let headers = [("origin", "https://escalations.example")];
    let form = [("client_id", "test-director")];
    let url = format!("{}/auth/choice", app.url);
    browser.send(Method::POST, &url, &headers, &form).await.expect(200);
    let set = browser.set.iter().find(|it| it.starts_with("__Host-s=")).expect("the cookie");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    assert!(!set.contains("Domain") && !set.contains("Max-Age"), "{set}");
    assert!(is_in(&app, &mut browser).await);
    let plain: Vec<_> = signed_in(&start().await, "test-director").await.set;
    assert!(plain[0].starts_with("s=") && plain[0].ends_with("; Path=/; HttpOnly; SameSite=Lax"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_doors_there_is_no_way_in_and_the_contract_knows_no_page() {
    let app =
        TestApp::start_with(async |deps| setup::apply(deps, &anyborough()).await.unwrap()).await;
    let answer = Browser::new().get(&format!("{}/auth/login", app.url)).await.expect(404);
    assert!(answer.text.contains("There is no sign-in here"), "{}", answer.text);
    assert!(!answer.text.contains("Made-up data"), "{}", answer.text);
    let form = [("client_id", "test-director")];
    Browser::new().post(&format!("{}/auth/choice", app.url), &form).await.expect(404);
    Browser::new().get(&format!("{}/auth/callback?code=x&state=y", app.url)).await.expect(404);
    let contract = escalation_tracker::http::contract::text();
    for page in ["/auth/", "/account", "/assets/"] {
        assert!(!contract.contains(page), "{page}");
    }
}
