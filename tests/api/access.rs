//! Who may call what: every operation of the contract, tried by everybody.

use std::collections::BTreeSet;

use escalation_tracker::domain::access::{Role, permits};
use escalation_tracker::usecases::deps::Clock;
use serde_json::json;

use super::support::TestApp;
use super::support::operations::Operation;
use super::support::people::Answer;
use super::support::tokens::Token;

/// What anybody may call. This list may only become shorter.
const WITHOUT_A_TOKEN: &[&str] =
    &["livez", "read_contract", "read_problem_type", "readyz", "version"];

const NOBODYS: &str = "01900000-0000-7000-8000-000000000000";
const MALFORMED: &str = "{\"this\": is no JSON";

/// The client that stands for a role.
fn client_of(role: Role) -> String {
    if role == Role::Agency { "test-police".to_owned() } else { format!("test-{role}") }
}

fn walk() -> impl Iterator<Item = Operation> {
    Operation::all().into_iter().filter(|it| it.action().is_some())
}

/// The answer, if the contract says that the operation may give it.
#[track_caller]
fn documented(operation: &Operation, answer: Answer) -> Answer {
    assert!(
        operation.documents(answer.status),
        "{} answered {}, which its contract does not tell: {}",
        operation.id,
        answer.status,
        answer.text
    );
    answer
}

#[test]
fn every_operation_says_what_it_is_and_how_it_refuses() {
    let mut ids = BTreeSet::new();
    let contract = serde_json::to_value(escalation_tracker::http::contract::document()).unwrap();
    let tags: Vec<_> =
        contract["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    for operation in Operation::all() {
        let name = format!("{} {}", operation.method, operation.path);
        let it = &operation.document;
        assert!(!operation.id.is_empty(), "{name} has no operation_id");
        assert!(ids.insert(operation.id.clone()), "{name} shares its operation_id");
        for member in ["summary", "description"] {
            let text = it[member].as_str().unwrap_or_default();
            assert!(text.len() > 3, "{name} has no {member}");
        }
        let own = it["tags"].as_array().filter(|own| own.len() == 1);
        let own = own.unwrap_or_else(|| panic!("{name} has not exactly one tag"));
        assert!(tags.contains(&own[0]), "{name} has a tag that the contract does not explain");

        let problems: &[&str] = match operation.action() {
            None => &["default"],
            Some(_) if operation.names_an_escalation() || operation.names_a_record() => {
                &["401", "403", "404", "500", "503"]
            }
            Some(_) => &["401", "403", "500", "503"],
        };
        for status in problems {
            let schema =
                &it["responses"][status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(*schema, "#/components/schemas/Problem", "{name} does not tell {status}");
        }
        if operation.content_type().is_some() {
            let example = operation.example();
            assert!(
                example.is_some_and(|it| it.is_object() || it.is_string()),
                "{name} has no example"
            );
        }
    }
}

#[test]
fn few_operations_can_be_called_without_a_token_and_no_more_become_so() {
    let open: BTreeSet<String> =
        Operation::all().into_iter().filter(|it| it.action().is_none()).map(|it| it.id).collect();
    let known: BTreeSet<String> = WITHOUT_A_TOKEN.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(open, known, "what anybody may call, against the list of this test");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_a_good_token_whatever_the_body() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    for operation in walk() {
        let path = operation.at(&id);
        let send = async |token: String, body: &'static str| {
            // No content type, and a body that no operation reads: who asks is settled first.
            let by = app.bearer(token);
            documented(&operation, by.send(operation.method.clone(), &path, &[], body).await)
        };
        for body in ["", MALFORMED] {
            let answer = send(String::new(), body).await;
            assert_eq!(answer.status, 401, "{} {}", operation.id, answer.text);
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{}", operation.id);
            assert_eq!(answer.problem().0, "unauthenticated", "{}", operation.id);

            let answer = send("not.a.token".to_owned(), body).await;
            assert_eq!(answer.status, 401, "{} {}", operation.id, answer.text);
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Bearer error=\"invalid_token\"", "{}", operation.id);
            assert_eq!(answer.problem().0, "invalid-token", "{}", operation.id);

            let unknown = Token::of("nobody-registered").at(app.clock.now()).signed();
            let answer = send(unknown, body).await;
            assert_eq!(answer.status, 403, "{} {}", operation.id, answer.text);
            assert_eq!(answer.problem().0, "client-not-registered", "{}", operation.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_comes_as_far_as_the_access_table_says_at_every_operation() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    for operation in walk() {
        let action = operation.action().unwrap();
        let path = operation.at(&id);
        for role in Role::ALL {
            let by = app.person(&client_of(*role));
            let malformed = by.send(operation.method.clone(), &path, &[], MALFORMED).await;
            let well_formed = operation.send_example(&by, &path, 1).await;
            for answer in [malformed, well_formed] {
                let answer = documented(&operation, answer);
                let what = format!("{} by {role}: {}", operation.id, answer.text);
                if permits(*role, action).is_none() {
                    assert_eq!(answer.status, 403, "{what}");
                    assert_eq!(answer.problem().0, "forbidden", "{what}");
                } else {
                    assert!(answer.status != 401 && answer.status != 403, "{what}");
                    assert!(answer.status < 500, "{what}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_client_is_told_so() {
    let app = TestApp::start().await;
    let sql = "update client set disabled_at = now() where client_id = 'test-analyst'";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
    let answer = app.person("test-analyst").get("/v1/escalations").await.expect(403);
    assert_eq!(answer.problem().0, "client-disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_yours_looks_like_what_does_not_exist() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let body = json!({"about_agency": "anyborough_cs", "theme": "icpc_late"});
    let record = app.police().post("/v1/commendations", &body).await.expect(201).id();
    // The others do exist, and would get in: each reads one of its own.
    for (client, with) in [("test-health", "anyborough_cs"), ("else-police", "elsewhere_cs")] {
        let own = app.person(client).raises(json!({"raised_with_agency": with})).await;
        app.person(client).get(&format!("/v1/escalations/{own}")).await.expect(200);
    }
    app.director().get(&format!("/v1/escalations/{id}")).await.expect(200);

    for operation in walk().filter(|it| it.names_an_escalation() || it.names_a_record()) {
        let action = operation.action().unwrap();
        let id = if operation.names_a_record() { &record } else { &id };
        for (client, role) in [
            ("test-health", Role::Agency),
            ("else-police", Role::Agency),
            ("else-director", Role::Director),
        ] {
            if permits(role, action).is_none() {
                continue;
            }
            let by = app.person(client);
            for body in
                [operation.example().map(|it| it.to_string()).unwrap_or_default(), "{}".to_owned()]
            {
                let kind = operation.content_type().unwrap_or("application/json");
                let headers = [
                    ("content-type", kind),
                    ("x-request-id", "req_00000001"),
                    ("if-match", "\"1\""),
                ];
                let ask = async |id: &str| {
                    let answer = by
                        .send(operation.method.clone(), &operation.at(id), &headers, body.clone())
                        .await;
                    let mut headers: Vec<String> = answer
                        .headers
                        .iter()
                        // Whether the connection is kept depends on how far a body has come by then.
                        .filter(|(name, _)| {
                            !["date", "connection", "content-length"].contains(&name.as_str())
                        })
                        .map(|(name, value)| format!("{name}: {value:?}"))
                        .collect();
                    headers.sort();
                    (answer.status, headers, answer.text.replace(id, "{id}"))
                };
                let foreign = ask(id).await;
                let what = format!("{} by {client}: {}", operation.id, foreign.2);
                assert_eq!(foreign, ask(NOBODYS).await, "{what}");
                if body != "{}" {
                    assert_eq!(foreign.0, 404, "{what}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_one_spelling_of_an_identifier_names_anything() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    assert_ne!(id, id.to_uppercase());
    let misspelt = [
        "not-an-id".to_owned(),
        "7".to_owned(),
        id.to_uppercase(),
        id.replace('-', ""),
        format!("%7B{id}%7D"),
        format!("urn:uuid:{id}"),
        format!("{id}%20"),
        format!("{id};jsessionid=1"),
        format!("{id}%00"),
        format!("{NOBODYS}0"),
        format!("..%2F{id}"),
    ];
    for operation in walk().filter(|it| it.names_an_escalation() || it.names_a_record()) {
        let agency = permits(Role::Agency, operation.action().unwrap()).is_some();
        let by = if agency { app.police() } else { app.director() };
        for id in &misspelt {
            let answer = operation.send_example(&by, &operation.at(id), 1).await;
            assert_eq!(answer.status, 404, "{} {id}: {}", operation.id, answer.text);
            assert_eq!(answer.problem().0, "not-found", "{} {id}", operation.id);
        }
    }
}
