//! The published contract: it is the program's, it holds together, and what it promises happens.

use std::path::Path;

use escalation_tracker::http::contract;
use escalation_tracker::http::problem_types::ProblemType;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::operations::{Operation, body_of, ready};
use super::support::people::{Answer, raise_body};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn the_contract_in_the_repository_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let kept = std::fs::read_to_string(path).unwrap();
    let made = contract::text();
    let line = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "openapi/openapi.json differs from the program, first in line {}; \
         run `cargo run -- openapi > openapi/openapi.json`",
        line.map_or(0, |line| line + 1)
    );
    assert!(kept.contains("\"openapi\": \"3.1"), "OpenAPI 3.1");
}

#[test]
fn every_reference_in_the_contract_leads_somewhere() {
    fn walk(at: &Value, root: &Value, seen: &mut usize) {
        match at {
            Value::Object(members) => {
                for (name, value) in members {
                    if let ("$ref", Some(target)) = (name.as_str(), value.as_str()) {
                        let pointer = target.strip_prefix('#');
                        let found = pointer.and_then(|pointer| root.pointer(pointer));
                        assert!(found.is_some(), "{target} is not in the contract");
                        *seen += 1;
                    }
                    walk(value, root, seen);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, root, seen)),
            _ => {}
        }
    }
    let root: Value = serde_json::from_str(&contract::text()).unwrap();
    let mut seen = 0;
    walk(&root, &root, &mut seen);
    assert!(seen > 100, "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_served_and_every_type_of_problem_has_its_page() {
    let app = TestApp::start().await;
    let served = app.stranger().get("/openapi.json").await.expect(200);
    assert_eq!(served.text, contract::text());
    for kind in ProblemType::ALL {
        let path = format!("/problems/{}", kind.slug());
        let page = app.stranger().get(&path).await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text.contains(kind.title()), "{path}");
    }
    app.stranger().get("/problems/no-such-type").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_contract_works() {
    let app = TestApp::start().await;
    for operation in Operation::all() {
        let ready = ready(&app, &operation).await;
        if operation.id == "readyz" {
            // The clock of a test stands still; readiness compares it with the database's.
            let database = app.database.superuser().await;
            let sql = "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
            let now: String = database.query_one(sql, &[]).await.unwrap().get(0);
            let was = escalation_tracker::usecases::deps::Clock::now(&*app.clock).to_string();
            app.clock.set(&now);
            operation.send_example(&ready.by, &ready.path, 0).await.expect(200);
            app.clock.set(&was);
            continue;
        }
        let mut path = ready.path.clone();
        let parameters = operation.document["parameters"].as_array().cloned().unwrap_or_default();
        for it in parameters.iter().filter(|it| it["in"] == "query") {
            if let Some(example) = it["example"].as_str() {
                let joint = if path.contains('?') { '&' } else { '?' };
                path = format!("{path}{joint}{}={example}", it["name"].as_str().unwrap());
            }
        }
        let body = ready.example.as_ref().map(body_of).unwrap_or_default();
        let answer = operation.send(&ready.by, &path, ready.version, body).await;
        assert!((200..300).contains(&answer.status), "{}: {}", operation.id, answer.text);
        let documented = &operation.document["responses"][answer.status.to_string()];
        assert!(documented.is_object(), "{} answered {}", operation.id, answer.status);
        if answer.status == 204 {
            assert!(answer.text.is_empty() && documented.get("content").is_none());
            continue;
        }
        let kind = answer.header("content-type").split(';').next().unwrap().to_owned();
        assert!(documented["content"].get(&kind).is_some(), "{} answered {kind}", operation.id);
        for (name, _) in documented["headers"].as_object().into_iter().flatten() {
            assert_ne!(answer.header(name), "", "{} promises {name}", operation.id);
        }
    }
}

/// Whether an error answer has the one shape that the contract promises.
#[track_caller]
pub fn is_a_problem(answer: &Answer, path: &str) {
    let what = format!("{path} {} {}", answer.status, answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.json["status"], answer.status, "{what}");
    assert_eq!(answer.json["instance"], path.split('?').next().unwrap(), "{what}");
    assert_ne!(answer.header("x-request-id"), "", "{what}");
    assert_eq!(answer.json["request_id"], answer.header("x-request-id"), "{what}");
    let slug = answer.json["code"].as_str().unwrap();
    let kind = ProblemType::from_slug(slug).unwrap_or_else(|| panic!("{slug} is in no table"));
    assert_eq!(answer.json["type"], format!("/problems/{slug}"), "{what}");
    assert_eq!(answer.json["title"], kind.title(), "{what}");
    assert_eq!(answer.status, kind.status().as_u16(), "{what}");
    assert_ne!(answer.json["detail"].as_str().unwrap_or_default(), "", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_error_has_one_shape() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let one = format!("/v1/escalations/{id}");
    let answers = format!("{one}/answers");
    let long = format!("/v1/escalations?source={}", "x".repeat(9_000));
    let large = format!("{{\"theme\": \"{}\"}}", "x".repeat(256 * 1024));
    let all = "/v1/escalations";
    let good = raise_body(json!({})).to_string();
    type Case<'a> = (Method, &'a str, Vec<(&'a str, &'a str)>, &'a str, u16, &'a str);
    let cases: Vec<Case<'_>> = vec![
        (Method::GET, "/nowhere", vec![], "", 404, "not-found"),
        (Method::GET, "/", vec![], "", 404, "not-found"),
        (Method::GET, "/v1/escalations/", vec![], "", 404, "not-found"), // B64
        (Method::GET, "//v1/escalations", vec![], "", 404, "not-found"),
        (Method::DELETE, &one, vec![], "", 405, "method-not-allowed"),
        (Method::PUT, all, vec![], "", 405, "method-not-allowed"),
        (Method::TRACE, all, vec![], "", 405, "method-not-allowed"), // B48
        (Method::from_bytes(b"FOO").unwrap(), all, vec![], "", 405, "method-not-allowed"),
        (Method::POST, "/livez", vec![], "", 405, "method-not-allowed"),
        (Method::GET, all, vec![("accept", "image/png")], "", 406, "not-acceptable"), // B38
        (Method::GET, &one, vec![("accept", "text/csv")], "", 406, "not-acceptable"),
        (Method::GET, all, vec![("accept", "application/json;q=0")], "", 406, "not-acceptable"),
        (Method::POST, all, vec![JSON], &large, 413, "payload-too-large"), // B29
        (Method::POST, all, vec![], &good, 415, "unsupported-media-type"), // B35
        (
            Method::POST,
            all,
            vec![("content-type", "text/plain")],
            &good,
            415,
            "unsupported-media-type",
        ),
        (
            Method::POST,
            all,
            vec![("content-type", "text/csv")],
            &good,
            415,
            "unsupported-media-type",
        ),
        (
            Method::POST,
            all,
            vec![("content-type", "application/merge-patch+json")],
            &good,
            415,
            "unsupported-media-type",
        ), // B37
        (
            Method::PATCH,
            &one,
            vec![("content-type", "application/json-patch+json"), ("if-match", "\"1\"")],
            "[]",
            415,
            "unsupported-media-type",
        ),
        (
            Method::POST,
            all,
            vec![JSON, ("content-encoding", "gzip")],
            &good,
            415,
            "unsupported-encoding",
        ), // B32
        (
            Method::POST,
            all,
            vec![JSON, ("content-encoding", "br")],
            &good,
            415,
            "unsupported-encoding",
        ), // B34
        (
            Method::POST,
            all,
            vec![JSON, ("content-encoding", "gzip, gzip")],
            &good,
            415,
            "unsupported-encoding",
        ),
        (Method::GET, &long, vec![], "", 414, "uri-too-long"),
        (Method::POST, all, vec![JSON], "", 400, "malformed-json"),
        (Method::POST, all, vec![JSON], "{", 400, "malformed-json"),
        (Method::POST, all, vec![JSON], "[]", 422, "validation-failed"),
        (Method::GET, "/v1/escalations?limit=0", vec![], "", 400, "invalid-parameter"), // B58
        (Method::GET, "/v1/escalations?cursor=x", vec![], "", 400, "invalid-cursor"),   // B59
        (
            Method::POST,
            &answers,
            vec![JSON, ("if-match", "nonsense")],
            "{\"position\": \"agreed\", \"answer\": \"Yes.\"}",
            400,
            "invalid-header",
        ), // B95
        (Method::GET, &one, vec![("x-http-method-override", "DELETE")], "", 200, ""),   // B49
        (Method::GET, &one, vec![("range", "bytes=0-9")], "", 200, ""),                 // B51
        (Method::GET, &one, vec![("traceparent", "nonsense")], "", 200, ""),            // B95
    ];
    for (method, path, headers, body, status, code) in cases {
        let what = format!("{method} {path} {headers:?}");
        let answer = app.police().send(method, path, &headers, body.to_owned()).await;
        assert_eq!(answer.status, status, "{what} {}", answer.text);
        if status == 200 {
            continue;
        }
        assert_eq!(answer.problem().0, code, "{what}");
        is_a_problem(&answer, path);
        match code {
            "method-not-allowed" => assert!(answer.header("allow").contains("GET"), "{what}"),
            "unsupported-encoding" => {
                assert_eq!(answer.header("accept-encoding"), "identity", "{what}");
            }
            _ => {}
        }
        if path == one && status == 415 {
            assert_eq!(answer.header("accept-patch"), "application/merge-patch+json");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_tells_its_methods_and_answers_head_as_it_answers_get() {
    let app = TestApp::start().await;
    let paths: std::collections::BTreeSet<String> =
        Operation::all().into_iter().map(|it| it.path).collect();
    for path in paths {
        let here: Vec<_> = Operation::all().into_iter().filter(|it| it.path == path).collect();
        let ready = ready(&app, &here[0]).await;
        let options = ready.by.send(Method::OPTIONS, &ready.path, &[], "").await.expect(204);
        let mut allowed: Vec<&str> = options.header("allow").split(", ").collect();
        allowed.sort_unstable();
        let mut expected = vec!["OPTIONS"];
        expected.extend(here.iter().map(|it| it.method.as_str()));
        if expected.contains(&"GET") {
            expected.push("HEAD");
        }
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{path}");

        if expected.contains(&"GET") {
            let get = ready.by.get(&ready.path).await;
            let head = ready.by.send(Method::HEAD, &ready.path, &[], "").await;
            assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
            // Reading the log of reads makes it longer.
            let grows = path == "/v1/access-events";
            let length = (!grows).then_some("content-length");
            for name in ["content-type", "etag", "cache-control"].into_iter().chain(length) {
                assert_eq!(head.header(name), get.header(name), "{name} {path}");
            }
        } else {
            ready.by.send(Method::HEAD, &ready.path, &[], "").await.expect(405);
        }
    }
}

/// No one writes this by chance, and it is a good member of each place where it is planted.
const MARKER: &str = "zq7marker7qz";

#[tokio::test(flavor = "multi_thread")]
async fn no_error_says_again_what_was_sent() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let marked = |mut answer: Answer| {
        // The path is told on purpose, to whoever sent it; and a pointer has to name a member to point to it.
        if let Some(problem) = answer.json.as_object_mut() {
            problem.remove("instance");
            for error in
                problem.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten()
            {
                error["pointer"].take();
            }
            answer.text = answer.json.to_string();
        }
        let everything = format!("{:?} {}", answer.headers, answer.text).to_lowercase();
        // A file is taken first; what is wrong with its rows its report says.
        assert!(answer.status >= 400 || answer.status == 202, "{}", answer.text);
        assert!(!everything.contains(MARKER), "{everything}");
    };
    for operation in Operation::all() {
        let path = operation.at(&id);
        let method = operation.method.clone();
        let police = app.police();
        marked(app.stranger().send(method.clone(), &format!("{path}/{MARKER}"), &[], "").await);
        marked(app.bearer(MARKER.to_owned()).get(&format!("/v1/{MARKER}")).await);
        if operation.action().is_none() {
            continue;
        }
        marked(app.bearer(MARKER.to_owned()).send(method.clone(), &path, &[], "").await);
        let planted = format!("{path}?{MARKER}=1");
        let kind = operation.content_type().unwrap_or("application/json");
        let usual = [("content-type", kind), ("if-match", "\"1\"")];
        marked(police.send(method.clone(), &planted, &usual, "{}").await);
        let Some(example) = operation.example() else {
            marked(police.send(method.clone(), &format!("{path}?limit={MARKER}"), &[], "").await);
            continue;
        };
        for body in [
            format!("{{\"{MARKER}\": 1}}"),
            format!("\"{MARKER}\""),
            MARKER.to_owned(),
            format!("{{\"a\": \"{MARKER}\", \"a\": 1}}"),
        ] {
            marked(police.send(method.clone(), &path, &usual, body).await);
        }
        // A file has no members.
        for name in example.as_object().into_iter().flat_map(serde_json::Map::keys) {
            for value in [json!({MARKER: 1}), json!([MARKER]), json!(format!("{MARKER}\u{0}"))] {
                let mut body = example.clone();
                body[name] = value;
                marked(police.send(method.clone(), &path, &usual, body.to_string()).await);
            }
        }
        for (name, value) in
            [("content-type", MARKER), ("accept", MARKER), ("content-encoding", MARKER)]
        {
            let mut headers = usual.to_vec();
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
            marked(police.send(method.clone(), &path, &headers, body_of(&example)).await);
        }
        if operation.names_an_escalation() {
            let headers = [("content-type", kind), ("if-match", MARKER)];
            marked(police.send(method.clone(), &path, &headers, example.to_string()).await);
        }
    }
}
