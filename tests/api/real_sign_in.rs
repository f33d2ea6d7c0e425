//! Signing in and out at a real OpenID provider, through its own pages, as a browser would.

use escalation_tracker::usecases::deps::{Clock, SystemClock};
use jsonwebtoken::Algorithm;
use reqwest::Url;

use super::support::TestApp;
use super::support::browser::{Browser, between, csrf};
use super::support::oidc::{doors, register};
use super::support::people::Answer;
use super::support::real_provider::RealProvider;

/// Where the form of a page of the provider's sends to.
fn action(page: &Answer, url: &str) -> String {
    let action = between(&page.text, "action=\"", "\"");
    url.parse::<Url>().unwrap().join(&action).unwrap().into()
}

/// Follows the way through the provider's pages as `login`, to the first page of the service.
async fn through(browser: &mut Browser, app: &TestApp, path: &str, login: &str) -> (Answer, usize) {
    let mut url = format!("{}{path}", app.url);
    let mut answer = browser.get(&url).await;
    let mut forms = 0;
    loop {
        (answer, url) = browser.follow(answer, url).await;
        if url.starts_with(&app.url) {
            return (answer, forms);
        }
        assert_eq!(answer.status, 200, "{url}: {}", answer.text);
        forms += 1;
        assert!(forms < 4, "{url}: {}", answer.text);
        let to = action(&answer, &url);
        let form: &[(&str, &str)] = if answer.text.contains("value=\"login\"") {
            &[("prompt", "login"), ("login", login), ("password", "any")]
        } else {
            &[("prompt", "consent")]
        };
        answer = browser.post(&to, form).await;
        url = to;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_and_out_at_a_real_provider() {
    let mut provider = tokio::task::spawn_blocking(RealProvider::start).await.unwrap();
    let issuer = provider.issuer.clone();
    let app = TestApp::start_with_doors(
        async |deps| register(deps, &issuer).await,
        |url| {
            provider.serve(url);
            doors(&issuer, url, Algorithm::RS256)
        },
    )
    .await;
    // A real provider works with the machine's time.
    app.clock.set(&SystemClock.now().to_string());

    let mut ada = Browser::new();
    let (entered, forms) = through(&mut ada, &app, "/account?week=1", "ada").await;
    assert_eq!(forms, 2, "a password and a consent");
    assert!(entered.text.contains("content=\"0;url=/account?week=1\""), "{}", entered.text);
    let account = ada.get(&format!("{}/account", app.url)).await.expect(200);
    assert!(account.text.contains("signed in as ada of the tests, Director"), "{}", account.text);

    // Signed in there already, so that nothing is asked again.
    ada.cookies.retain(|(origin, _), _| *origin != app.url);
    let (again, forms) = through(&mut ada, &app, "/auth/login?fresh=1", "ada").await;
    assert_eq!((again.status, forms), (200, 0), "{}", again.text);
    assert!(again.text.contains("http-equiv"), "{}", again.text);

    // Out here, and by the page's link out there.
    let account = ada.get(&format!("{}/account", app.url)).await.expect(200);
    let form = [("csrf", csrf(&account.text))];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let left = ada.post(&format!("{}/auth/logout", app.url), &form).await.expect(200);
    let out = between(&left.text, "content=\"0;url=", "\"");
    assert!(out.starts_with(&issuer), "{out}");
    let asked = ada.get(&out).await.expect(200);
    let token = between(&asked.text, "name=\"xsrf\" value=\"", "\"");
    let confirmed = ada.post(&action(&asked, &out), &[("xsrf", &token), ("logout", "yes")]).await;
    let (last, url) = ada.follow(confirmed, out).await;
    assert_eq!(url.split('?').next().unwrap(), format!("{}/auth/signed-out", app.url));
    assert!(last.expect(200).text.contains("Signed out"));
    let (_, forms) = through(&mut ada, &app, "/auth/login", "ada").await;
    assert!(forms > 0, "the provider asks again");

    let (analyst, _) = through(&mut Browser::new(), &app, "/account", "bo").await;
    assert_eq!(analyst.status, 200, "{}", analyst.text);
    let (stranger, _) = through(&mut Browser::new(), &app, "/account", "cy").await;
    assert_eq!(stranger.status, 403, "{}", stranger.text);
    let mut faker = Browser::new();
    let (refused, _) = through(&mut faker, &app, "/auth/callback?code=made-up&state=x", "x").await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}
