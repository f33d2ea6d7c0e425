//! The reference at `/docs/`: what leads where, what its pages may load, and that every link of them arrives.

use std::collections::BTreeSet;

use super::support::TestApp;
use super::support::operations::Operation;

const CONTENT_SECURITY: &str = "content-security-policy";

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_the_reference_arrives() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let mut wanted: BTreeSet<String> = ["/docs/".to_owned()].into();
    let mut done = BTreeSet::new();
    while let Some(path) = wanted.pop_first() {
        if !done.insert(path.clone()) {
            continue;
        }
        let page = stranger.get(&path).await.expect(200);
        if !path.starts_with("/docs/") || path.starts_with("/docs/try/") {
            continue;
        }
        assert!(!page.text.contains("<script"), "{path}");
        if page.header("content-type").starts_with("text/html") {
            assert!(
                page.header(CONTENT_SECURITY).starts_with("default-src 'none'; style-src 'self'"),
                "{path}"
            );
        }
        let links = page.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for link in links.filter(|link| !link.starts_with('#')) {
            // What people sign in for is not read here.
            let of_people = ["/review", "/escalations", "/actions"].contains(&link);
            let outside = link.starts_with("http") && !link.starts_with(&app.url);
            assert!(!outside, "{path} leads to {link}");
            if !of_people {
                let link = link.strip_prefix(&app.url).unwrap_or(link);
                wanted.insert(link.split('#').next().unwrap().replace("&amp;", "&"));
            }
        }
    }
    for operation in Operation::all() {
        let page = format!("/docs/operations/{}", operation.id);
        assert!(done.contains(&page), "{page} is not reached");
    }
    for page in [
        "/docs/conventions",
        "/docs/changelog",
        "/docs/changelog.atom",
        "/docs/try/",
        "/openapi.json",
    ] {
        assert!(done.contains(page), "{page} is not reached");
    }
    assert!(done.iter().filter(|it| it.starts_with("/problems/")).count() > 20, "{done:?}");
    for gone in ["/docs/operations/no_such", "/docs/schemas/NoSuch", "/docs/schemas/Urgency"] {
        let page = stranger.get(gone).await.expect(404);
        assert!(page.header("content-type").starts_with("text/html"), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn swagger_ui_moved_and_has_a_policy_of_its_own() {
    let app = TestApp::start().await;
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (from, to) in
        [("/docs", "/docs/"), ("/docs/try", "/docs/try/"), ("/docs/index.html", "/docs/try/")]
    {
        let answer = http.get(format!("{}{from}", app.url)).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{from}");
        assert_eq!(answer.headers()["location"], to);
    }
    let stranger = app.stranger();
    let page = stranger.get("/docs/try/").await.expect(200);
    assert!(page.text.contains("swagger-ui-bundle.js"), "{}", page.text);
    let policy = page.header(CONTENT_SECURITY);
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-eval"), "{policy}");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"),
        "{policy}"
    );
    let script = stranger.get("/docs/try/swagger-initializer.js").await.expect(200);
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    stranger.get("/docs/try/no-such-file.js").await.expect(404);
}
