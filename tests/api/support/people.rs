//! Who takes part in the tests, and what they say to the service.

use escalation_tracker::domain::access::Role;
use escalation_tracker::domain::agency::AgencyType;
use escalation_tracker::domain::free_text_policy::FreeTextPolicy;
use escalation_tracker::usecases::setup::{PlannedAgency, PlannedClient, SetupPlan};
use escalation_tracker::usecases::shipped;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::TestApp;
use super::tokens::ISSUER;

fn agency(code: &str, name: &str, agency_type: AgencyType, alias: &str) -> PlannedAgency {
    PlannedAgency {
        code: code.to_owned(),
        name: name.to_owned(),
        agency_type,
        aliases: vec![alias.to_owned()],
        free_text: FreeTextPolicy::Refuse,
        agreements: Vec::new(),
        valid_from: "2015-01-01".parse().unwrap(),
        valid_to: None,
        successor: None,
    }
}

/// A registered client.
pub fn client(client_id: &str, role: Role, agency: Option<&str>) -> PlannedClient {
    PlannedClient {
        issuer: ISSUER.to_owned(),
        client_id: client_id.to_owned(),
        agency: agency.map(str::to_owned),
        role,
        name: client_id.to_owned(),
        disabled: false,
    }
}

/// The partnership of most tests.
pub fn anyborough() -> SetupPlan {
    shipped::plan(
        "ANY".to_owned(),
        "Anyborough Safeguarding Children Partnership".to_owned(),
        vec![
            agency("valeshire_police", "Valeshire Police", AgencyType::Police, "Police"),
            agency(
                "anyborough_cs",
                "Anyborough Children's Services",
                AgencyType::LaChildrensServices,
                "CSC",
            ),
            agency(
                "health_community",
                "Valeshire Community Health",
                AgencyType::HealthProvider,
                "HV",
            ),
            agency(
                "business_unit",
                "Partnership Business Unit",
                AgencyType::PartnershipUnit,
                "Unit",
            ),
        ],
        vec![
            client("test-police", Role::Agency, Some("valeshire_police")),
            client("test-cs", Role::Agency, Some("anyborough_cs")),
            client("test-health", Role::Agency, Some("health_community")),
            client("test-service_lead", Role::ServiceLead, None),
            client("test-director", Role::Director, None),
            client("test-analyst", Role::Analyst, None),
            client("test-auditor", Role::Auditor, None),
            client("test-privacy_officer", Role::PrivacyOfficer, None),
            client("test-operator", Role::Operator, None),
        ],
    )
    .unwrap()
}

/// Another partnership in the same database.
pub fn elsewhere() -> SetupPlan {
    shipped::plan(
        "ELSE".to_owned(),
        "Elsewhere Partnership".to_owned(),
        vec![
            agency("elsewhere_police", "Elsewhere Police", AgencyType::Police, "Police"),
            agency(
                "elsewhere_cs",
                "Elsewhere Children's Services",
                AgencyType::LaChildrensServices,
                "CSC",
            ),
        ],
        vec![
            client("else-police", Role::Agency, Some("elsewhere_police")),
            client("else-cs", Role::Agency, Some("elsewhere_cs")),
            client("else-director", Role::Director, None),
        ],
    )
    .unwrap()
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

impl Answer {
    /// The answer, if the status is what was expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The identifier in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().expect("an id").to_owned()
    }

    /// A header as text, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `code` of a problem, with the pointers and codes of its errors.
    pub fn problem(&self) -> (String, Vec<(String, String)>) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let errors =
            errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
        (text(&self.json["code"]), errors)
    }
}

/// Somebody who calls the service.
pub struct Person<'a> {
    app: &'a TestApp,
    token: String,
}

impl<'a> Person<'a> {
    pub(super) const fn new(app: &'a TestApp, token: String) -> Self {
        Self { app, token }
    }

    /// Sends anything.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.app.http.request(method, format!("{}{path}", self.app.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, json }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Reads a file.
    pub async fn get_file(&self, path: &str, kind: &str) -> (u16, HeaderMap, Vec<u8>) {
        let request = self.app.http.get(format!("{}{path}", self.app.url)).bearer_auth(&self.token);
        let answer = request.header("accept", kind).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    /// Posts JSON and gets a file.
    pub async fn post_for_file(&self, path: &str, body: &Value) -> (u16, HeaderMap, Vec<u8>) {
        let request =
            self.app.http.post(format!("{}{path}", self.app.url)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    /// Reads a table.
    pub async fn get_csv(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", "text/csv")], "").await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(Method::POST, path, &json, body.to_string()).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send(Method::PUT, path, &json, body.to_string()).await
    }

    /// Corrects the version that was read.
    pub async fn patch(&self, path: &str, version: i64, body: &Value) -> Answer {
        let tag = format!("\"{version}\"");
        let headers =
            [("content-type", "application/merge-patch+json"), ("if-match", tag.as_str())];
        self.send(Method::PATCH, path, &headers, body.to_string()).await
    }

    /// Raises an escalation with children's services and some members changed, and gives its id.
    pub async fn raises(&self, changed: Value) -> String {
        self.post("/v1/escalations", &raise_body(changed)).await.expect(201).id()
    }

    /// Does an act that must succeed.
    pub async fn acts(&self, id: &str, act: &str, body: Value) -> Answer {
        self.post(&format!("/v1/escalations/{id}/{act}"), &body).await.expect(200)
    }

    /// Acknowledges.
    pub async fn acknowledges(&self, id: &str) -> Answer {
        self.acts(id, "acknowledgement", json!({})).await
    }

    /// Answers that it will be done.
    pub async fn agrees(&self, id: &str) -> Answer {
        self.acts(id, "answers", json!({"position": "agreed", "answer": "It will be done today."}))
            .await
    }

    /// Accepts the answer.
    pub async fn accepts(&self, id: &str) -> Answer {
        self.acts(id, "acceptance", json!({})).await
    }

    /// Takes it back.
    pub async fn withdraws(&self, id: &str) -> Answer {
        self.acts(id, "withdrawal", json!({"why": "concern_no_longer_held"})).await
    }

    /// Records that it ended as requested.
    pub async fn resolves(&self, id: &str) -> Answer {
        self.acts(id, "resolution", resolve_body()).await
    }
}

/// A body that raises an escalation; members in `changed` replace those that are here, and null removes.
pub fn raise_body(changed: Value) -> Value {
    let mut body = json!({
        "raised_with_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "standard",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "desired_outcome": "Hold a quorate strategy meeting.",
    });
    for (name, value) in changed.as_object().cloned().unwrap_or_default() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(&name);
        } else {
            body[name] = value;
        }
    }
    body
}

/// A body that records an ending.
pub fn resolve_body() -> Value {
    json!({
        "outcome": "resolved_as_requested",
        "child_outcome": "safer",
        "delay_effect": "reduced",
        "agreed_action": "The meeting was held with all agencies.",
        "owner_role": "service manager",
        "action_due_on": "2030-12-01",
        "interim_safety": "in_place",
        "why_lower_stage_failed": "Both managers held to their reading of the threshold.",
    })
}
