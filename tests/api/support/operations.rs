//! The operations of the published contract, as the walks over it see them.

use escalation_tracker::domain::access::Action;
use escalation_tracker::domain::partnership::PolicyVersion;
use escalation_tracker::domain::stage_policy::StagePolicy;
use escalation_tracker::http::contract;
use escalation_tracker::reference;
use escalation_tracker::usecases::{setup, shipped};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::TestApp;
use super::people::{Answer, Person, raise_body};

/// One operation of the contract.
pub struct Operation {
    /// Its `operationId`; empty when it has none.
    pub id: String,
    /// Its method.
    pub method: Method,
    /// Its path, with names in braces.
    pub path: String,
    /// What the contract says about it.
    pub document: Value,
}

impl Operation {
    /// Every operation of the contract.
    pub fn all() -> Vec<Self> {
        let contract = serde_json::to_value(contract::document()).unwrap();
        let mut all = Vec::new();
        for (path, item) in contract["paths"].as_object().unwrap() {
            for (method, document) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
                if ["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&method.as_str()) {
                    all.push(Self {
                        id: document["operationId"].as_str().unwrap_or_default().to_owned(),
                        method,
                        path: path.clone(),
                        document: document.clone(),
                    });
                }
            }
        }
        assert!(all.len() > 20, "the walk has lost its operations");
        all
    }

    /// What the caller of the operation must be allowed; nothing when anybody may call it.
    pub fn action(&self) -> Option<Action> {
        let requirements = self.document["security"].as_array()?;
        let scopes = requirements.iter().find_map(|it| it.get("bearer"))?.as_array()?;
        assert_eq!(scopes.len(), 1, "{} names one action", self.id);
        Some(scopes[0].as_str().unwrap().parse().unwrap())
    }

    /// Whether it changes something.
    pub fn changes_something(&self) -> bool {
        // A search is a POST so that the child's reference stays out of addresses; so is the export of one child.
        self.method != Method::GET
            && !self.path.starts_with("/v1/searches")
            && self.id != "create_subject_export"
    }

    /// Whether what it leaves is a record of good practice, and not an act on an escalation.
    pub fn records_practice(&self) -> bool {
        self.changes_something() && self.document["tags"][0] == "practice"
    }

    /// The table with the one record that it leaves, where that is neither an act on an escalation nor of good practice;
    /// with what its columns of who made it begin with, and the column of when.
    pub fn leaves(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let recorded = |table| Some((table, "recorded_by", "recorded_at"));
        match self.id.as_str() {
            "start_import" => recorded("import_job"),
            "add_external_id" => recorded("external_id"),
            "remove_external_id" => Some(("external_id", "removed_by", "removed_at")),
            "export_escalations" => recorded("export_record"),
            "sign_review" => Some(("review_sign_off", "signed_by", "signed_at")),
            "release_public_pack" => Some(("public_release", "released_by", "released_at")),
            "propose_exclusion" | "approve_exclusion" | "end_exclusion" => {
                Some(("figure_exclusion", "by", "recorded_at"))
            }
            "send_heartbeat" => recorded("heartbeat"),
            "give_nil_return" => recorded("nil_return"),
            "agree_feed" => recorded("feed_agreement"),
            "declare_rebase" => recorded("rebase"),
            "withdraw_rebase" => recorded("rebase_withdrawal"),
            "set_review" => recorded("review_setting"),
            "agree_action" | "record_progress" => recorded("review_action_state"),
            "create_webhook_endpoint"
            | "change_webhook_endpoint"
            | "remove_webhook_endpoint"
            | "rotate_webhook_secret"
            | "enable_webhook_endpoint"
            | "test_webhook_endpoint"
            | "replay_webhook_delivery"
            | "replay_webhooks" => recorded("webhook_act"),
            "place_legal_hold" => recorded("legal_hold"),
            "lift_legal_hold" => recorded("legal_hold_lift"),
            "propose_erasure" => recorded("erasure"),
            "approve_erasure" | "decline_erasure" => recorded("erasure_decision"),
            "note_learning" => recorded("review_learning"),
            "measure_learning" => recorded("review_learning_result"),
            _ => None,
        }
    }

    /// Whether its path names an escalation.
    pub fn names_an_escalation(&self) -> bool {
        self.path.contains("{id}")
    }

    /// Whether its path names a record of good practice.
    pub fn names_a_record(&self) -> bool {
        self.path.contains("{record_id}")
    }

    /// Whether it reads what is there only when somebody signed. It is another week than the one that is signed.
    fn needs_a_signed_week(&self) -> bool {
        ["read_sign_off", "list_review_changes"].contains(&self.id.as_str())
    }

    /// Its path with this escalation or record of good practice, and with some value for other names.
    pub fn at(&self, id: &str) -> String {
        let path = self
            .path
            .replace("{id}", id)
            .replace("{record_id}", id)
            .replace("{import_id}", id)
            .replace("{external_id}", id)
            .replace("{clock_id}", "child-process")
            .replace("{week}", if self.needs_a_signed_week() { SIGNED_WEEK } else { "2026-W46" })
            .replace("{version}", "1")
            .replace("{action_id}", id)
            .replace("{learning_id}", id)
            .replace("{quarter}", "2026-Q3")
            .replace("{rebase_id}", id)
            .replace("{hold_id}", id)
            .replace("{erasure_id}", id)
            .replace("{endpoint_id}", id)
            .replace("{sequence}", "1")
            .replace("{agency}", "valeshire_police")
            .replace("{source}", "niche")
            .replace(
                "{external_reference}",
                if self.method == Method::GET { SENT_AS } else { "OCC-2026-119" },
            )
            .replace("{slug}", "not-found");
        // An export is for something.
        let path = if self.id == "export_escalations" {
            format!("{path}?purpose=performance_reporting")
        } else {
            path
        };
        assert!(!path.contains('{'), "{path}: say here what stands for this name");
        path
    }

    /// The media type of its body.
    pub fn content_type(&self) -> Option<&str> {
        self.content().map(|(kind, _)| kind.as_str())
    }

    /// The example of its body.
    pub fn example(&self) -> Option<Value> {
        self.content().map(|(_, content)| content["example"].clone())
    }

    fn content(&self) -> Option<(&String, &Value)> {
        self.document["requestBody"]["content"].as_object()?.iter().next()
    }

    /// Whether the contract has a word for answers with this status.
    pub fn documents(&self, status: u16) -> bool {
        let answers = &self.document["responses"];
        answers.get(status.to_string()).is_some()
            || (self.action().is_none() && status >= 400 && answers.get("default").is_some())
    }

    /// Whether it cannot be called without a version.
    pub fn needs_a_version(&self) -> bool {
        let parameters = self.document["parameters"].as_array();
        parameters.is_some_and(|all| {
            all.iter().any(|it| it["name"] == "If-Match" && it["required"] == true)
        })
    }

    /// Calls it as the contract says, with this body.
    pub async fn send(&self, by: &Person<'_>, path: &str, version: i64, body: String) -> Answer {
        let tag = match path.strip_suffix("/sign-offs").filter(|_| self.needs_a_version()) {
            // What is signed is the review that was read.
            Some(review) => {
                let review = by.get(&format!("{review}?as_of={SIGNED_DATA_TO}")).await;
                Some(review.header("etag").to_owned()).filter(|tag| !tag.is_empty())
            }
            None => match path.strip_suffix("/release").filter(|_| self.needs_a_version()) {
                // What is released is the pack that was read.
                Some(pack) => {
                    let pack = by.get(pack).await;
                    Some(pack.header("etag").to_owned()).filter(|tag| !tag.is_empty())
                }
                None => None,
            },
        };
        let tag = tag.unwrap_or_else(|| format!("\"{version}\""));
        let mut headers = Vec::new();
        if let Some(kind) = self.content_type() {
            headers.push(("content-type", kind));
        }
        if self.needs_a_version() {
            headers.push(("if-match", tag.as_str()));
        }
        by.send(self.method.clone(), path, &headers, body).await
    }

    /// Calls it with its own example.
    pub async fn send_example(&self, by: &Person<'_>, path: &str, version: i64) -> Answer {
        let body = self.example().as_ref().map(body_of).unwrap_or_default();
        self.send(by, path, version, body).await
    }
}

/// An example as it is sent: a file as its text, everything else as JSON.
pub fn body_of(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}

/// To which the data of the review reach that the example of its signing names.
const SIGNED_DATA_TO: &str = "2026-11-16T06:00:00Z";

/// Under which reference the police's system has sent what is read under it.
const SENT_AS: &str = "OCC-2026-120";

/// A week that is signed where an operation is about one that was.
const SIGNED_WEEK: &str = "2026-W45";

/// Stands in examples for an escalation that there is.
const SOME_ESCALATION: &str = "0198c000-0000-7000-8000-000000000001";

/// Somebody before whom everything stands ready for one operation.
pub struct Ready<'a> {
    /// The registered client.
    pub client: &'static str,
    /// Who calls.
    pub by: Person<'a>,
    /// What they call.
    pub path: String,
    /// The version of the escalation on which they act.
    pub version: i64,
    /// The operation's own example, with an escalation that there is where it names one.
    pub example: Option<Value>,
}

impl Ready<'_> {
    /// Calls the operation with its example.
    pub async fn send(&self, operation: &Operation) -> Answer {
        let body = self.example.as_ref().map(body_of).unwrap_or_default();
        operation.send(&self.by, &self.path, self.version, body).await
    }
}

/// Brings things to where the operation's own example must succeed.
pub async fn ready<'a>(app: &'a TestApp, operation: &Operation) -> Ready<'a> {
    let (police, cs, director) = ("test-police", "test-cs", "test-director");
    let resolved = &["raise", "answer", "accept", "resolve"];
    let (client, steps): (&str, &[&str]) = match operation.id.as_str() {
        "livez" | "readyz" | "version" | "read_contract" | "read_problem_type" => ("", &[]),
        "raise_escalation"
        | "send_escalation"
        | "send_batch"
        | "search_by_child"
        | "list_escalations"
        | "list_episodes"
        | "list_clocks"
        | "list_notices"
        | "read_feed"
        | "list_agencies"
        | "list_themes"
        | "list_timescales"
        | "list_stage_policies"
        | "list_calendars"
        | "list_outcomes"
        | "record_informal_resolution"
        | "record_commendation"
        | "send_heartbeat"
        | "give_nil_return"
        | "list_nil_returns"
        | "list_feed_agreements"
        | "list_metrics"
        | "start_import"
        | "export_escalations"
        | "list_exports"
        | "read_import_template"
        | "read_import_workbook"
        | "list_practice_records" => (police, &[]),
        "list_access_events" | "search_access_events" | "list_access_findings" => {
            ("test-auditor", &["raise"])
        }
        "create_subject_export" => ("test-privacy_officer", &["raise"]),
        "read_import" => (police, &["import"]),
        "remove_external_id" => (police, &["raise", "name"]),
        "search_by_external_id" => (police, &[]),
        "create_webhook_endpoint" | "list_webhook_endpoints" | "list_checkpoints" => (police, &[]),
        "read_webhook_endpoint"
        | "change_webhook_endpoint"
        | "remove_webhook_endpoint"
        | "rotate_webhook_secret"
        | "enable_webhook_endpoint"
        | "test_webhook_endpoint"
        | "list_webhook_deliveries" => (police, &["make an endpoint"]),
        "replay_webhook_delivery" | "replay_webhooks" => {
            (police, &["raise", "sequence", "make an endpoint"])
        }
        "read_practice_record" => (police, &["commend"]),
        "read_sent_escalation" => (police, &["send"]),
        "read_weekly_themes"
        | "read_review"
        | "list_sign_offs"
        | "sign_review"
        | "read_board_copy"
        | "list_public_packs"
        | "read_public_pack"
        | "release_public_pack"
        | "declare_rebase"
        | "list_rebases"
        | "set_review"
        | "list_review_settings"
        | "agree_feed"
        | "list_reviews"
        | "list_actions"
        | "list_review_actions"
        | "agree_action"
        | "list_review_learning"
        | "note_learning" => (director, &[]),
        "read_sign_off" | "list_review_changes" => (director, &["sign"]),
        "read_action" | "record_progress" => (director, &["agree on an action"]),
        "measure_learning" => (director, &["learn"]),
        "withdraw_rebase" => (director, &["declare"]),
        "propose_exclusion" => ("test-service_lead", &["raise", "withdraw"]),
        "approve_exclusion" => (director, &["raise", "withdraw", "propose exclusion"]),
        "end_exclusion" => (director, &["raise", "withdraw", "propose exclusion", "leave out"]),
        "list_exclusions" => (director, &["raise", "withdraw", "propose exclusion"]),
        "read_escalation" | "read_history" | "read_case_note" | "add_external_id"
        | "list_external_ids" | "correct_escalation" | "withdraw" | "add_note"
        | "change_urgency" | "reroute" | "propose_extension" => (police, &["raise"]),
        "place_legal_hold" => ("test-privacy_officer", &["raise another"]),
        "lift_legal_hold" => ("test-privacy_officer", &["raise", "hold"]),
        "list_legal_holds" => ("test-privacy_officer", &["raise", "hold"]),
        "propose_erasure" => ("test-privacy_officer", &["raise", "withdraw", "so the other"]),
        "approve_erasure" | "decline_erasure" | "list_erasures" | "read_erasure" => {
            (director, &["raise", "withdraw", "propose erasure"])
        }
        "mark_duplicate" | "link" => (police, &["raise another", "raise"]),
        "acknowledge" | "answer" | "decline" | "redirect" | "state_account" => (cs, &["raise"]),
        "explain_due_date" => (police, &["raise delayed"]),
        "extend" => (police, &["raise", "propose more time"]),
        "call_meeting" => (cs, &["raise at stage 2"]),
        "pause" => (cs, &["raise today", "acknowledge"]),
        "approve_pause" => (police, &["raise today", "acknowledge", "propose a pause"]),
        "resume" => (cs, &["raise today", "acknowledge", "pause"]),
        "accept" | "reject" => (police, &["raise", "answer"]),
        "advance" => (police, &["raise", "answer", "reject"]),
        "resolve" => (cs, &["raise", "answer", "accept"]),
        "reopen" => (police, resolved),
        "check_impact" => (police, &["raise", "answer", "accept", "resolve", "next day"]),
        "give_feedback" | "record_learning" => (cs, resolved),
        "propose_policy_migration" => ("test-service_lead", &["another policy", "raise"]),
        "migrate_policy" => (director, &["another policy", "raise", "propose a policy"]),
        other => panic!(
            "the operation {other:?} has no case in tests/api/support/operations.rs: \
             say who calls it, and what has to happen before"
        ),
    };
    let mut id = String::new();
    let mut other = String::new();
    for step in steps {
        // Raised the day before, so that an extension can end on the day that its example names.
        let yesterday = json!({"urgency": "urgent", "raised_at": "2026-11-17T10:00:00Z"});
        match *step {
            "raise" => id = app.police().raises(yesterday).await,
            "send" => {
                let path = format!("/v1/sources/niche/escalations/{SENT_AS}");
                app.police().put(&path, &raise_body(json!({}))).await.expect(201);
            }
            "name" => {
                let body = json!({"system": "mosaic", "type": "referral", "value": "R-1"});
                let path = format!("/v1/escalations/{id}/external-ids");
                other = app.police().post(&path, &body).await.expect(201).id();
            }
            "import" => {
                let head =
                    "external_reference,source,raised_with_agency,theme,urgency,desired_outcome";
                let csv = [("content-type", "text/csv")];
                let sent = app.police().send(Method::POST, "/v1/imports", &csv, head).await;
                id = sent.expect(202).id();
            }
            "raise another" => other = app.police().raises(yesterday).await,
            "raise today" => id = app.police().raises(json!({})).await,
            "raise at stage 2" => {
                let tried = json!({"stage": 2, "skip_reason": "Tried by phone."});
                id = app.police().raises(tried).await;
            }
            "commend" => {
                let body = json!({"about_agency": "anyborough_cs", "theme": "icpc_late"});
                id = app.police().post("/v1/commendations", &body).await.expect(201).id();
            }
            "declare" => {
                let body =
                    json!({"charts": ["overdue"], "first_week": "2026-W30", "reason": "Moved."});
                id = app.director().post("/v1/rebases", &body).await.expect(201).id();
            }
            "raise delayed" => {
                let delay = json!({"timescale": "icpc", "started_at": "2026-11-17T10:00:00Z"});
                id = app.police().raises(json!({"delay": delay})).await;
            }
            "acknowledge" => drop(app.childrens_services().acknowledges(&id).await),
            "answer" => drop(app.childrens_services().agrees(&id).await),
            "accept" => drop(app.police().accepts(&id).await),
            "reject" => {
                let reason = json!({"reason": "The meeting is not quorate."});
                app.police().acts(&id, "rejection", reason).await;
            }
            "resolve" => drop(app.childrens_services().resolves(&id).await),
            "withdraw" => {
                let body = json!({"why": "raised_in_error", "reason": "A test."});
                app.police().acts(&id, "withdrawal", body).await;
            }
            "propose exclusion" => {
                let path = format!("/v1/escalations/{id}/exclusion-proposal");
                let body = json!({"reason": "test_record"});
                app.person("test-service_lead").post(&path, &body).await.expect(200);
            }
            "leave out" => {
                let path = format!("/v1/escalations/{id}/exclusion");
                let lead = app.person("test-director");
                lead.send(Method::POST, &path, &[], String::new()).await.expect(200);
            }
            "so the other" => other.clone_from(&id),
            "hold" => {
                let body = json!({"scope": "escalation", "escalation_id": id,
                                  "reason": "litigation", "authority": "Claim 7"});
                let officer = app.person("test-privacy_officer");
                id = officer.post("/v1/privacy/legal-holds", &body).await.expect(201).id();
            }
            "propose erasure" => {
                let body =
                    json!({"escalation_id": id, "ground": "ordered", "authority": "Order 7"});
                let officer = app.person("test-privacy_officer");
                id = officer.post("/v1/privacy/erasures", &body).await.expect(201).id();
            }
            "sequence" => drop(app.sequence().await),
            "make an endpoint" => {
                // Nobody listens there.
                let body = json!({"url": "http://127.0.0.1:9/"});
                id = app.police().post("/v1/webhook-endpoints", &body).await.expect(201).id();
            }
            "next day" => app.clock.advance(SignedDuration::from_hours(24)),
            "propose more time" => {
                let body = json!({"due_at": "2026-11-19T23:59:59Z", "reason": "The consultant."});
                app.childrens_services().acts(&id, "extension-proposal", body).await;
            }
            "pause" | "propose a pause" => {
                let long = *step == "propose a pause";
                let until = if long { "2026-11-27T12:00:00Z" } else { "2026-11-19T12:00:00Z" };
                let body = json!({"why": "legal_process", "until": until, "reason": "The court."});
                app.childrens_services().acts(&id, "pause", body).await;
            }
            "sign" => sign(app).await,
            "agree on an action" => {
                let body = json!({"title": "Name a lead.", "owner_agency": "anyborough_cs",
                                  "owner_role": "Head of front door", "due_on": "2026-11-30"});
                let agreed = app.director().post("/v1/reviews/2026-W46/actions", &body).await;
                id = agreed.expect(201).id();
            }
            "learn" => {
                // Its week to be measured has come already.
                let body = json!({"text": "Meetings need a lead.", "theme": "strategy_meeting_late",
                                  "said_by_agency": "anyborough_cs", "said_by_role": "Head of front door",
                                  "expected": {"figure": "raised", "direction": "lower", "remeasure_week": "2026-W41"}});
                let learnt = app.director().post("/v1/reviews/2026-W40/learning", &body).await;
                id = learnt.expect(201).id();
            }
            "another policy" => another_policy(app).await,
            "propose a policy" => {
                let body = json!({"policy_version": "any-next", "reason": "Agreed by all."});
                app.person("test-service_lead").acts(&id, "policy-migration-proposal", body).await;
            }
            unknown => panic!("{unknown}"),
        }
        app.clock.advance(SignedDuration::from_secs(1));
    }
    let by = if client.is_empty() { app.stranger() } else { app.person(client) };
    let version = match id.as_str() {
        "" => 0,
        // As it was agreed.
        _ if operation.path.contains("{action_id}") => 1,
        _ if operation.path.contains("{endpoint_id}") => 1,
        id => {
            let shown = app.police().get(&format!("/v1/escalations/{id}")).await;
            shown.json["version"].as_i64().unwrap_or(0)
        }
    };
    let example = operation
        .example()
        .map(|it| it.to_string().replace(SOME_ESCALATION, &other).parse().unwrap());
    let path = match operation.id.as_str() {
        "remove_external_id" => format!("/v1/escalations/{id}/external-ids/{other}/removal"),
        _ => operation.at(&id),
    };
    Ready { client, by, path, version, example }
}

/// Signs the week of [`SIGNED_WEEK`], if nobody has.
async fn sign(app: &TestApp) {
    let review = format!("/v1/reviews/{SIGNED_WEEK}");
    let draft = app.director().get(&review).await.expect(200);
    let body = json!({"data_to": draft.json["data_to"], "answers": []}).to_string();
    let headers = [("content-type", "application/json"), ("if-match", draft.header("etag"))];
    let path = format!("{review}/sign-offs");
    let answer = app.director().send(Method::POST, &path, &headers, body).await;
    assert!([201, 422].contains(&answer.status), "{}", answer.text);
}

/// Gives the partnership a second policy, which the examples name.
pub async fn another_policy(app: &TestApp) {
    let shipped = shipped::policy_version(reference::stage_policy().unwrap());
    let other = PolicyVersion {
        effective_from: "2100-01-01".parse().unwrap(),
        policy: StagePolicy { version: "any-next".to_owned(), ..shipped.policy },
    };
    setup::add_policy(&app.deps, app.partnership, &other).await.unwrap();
}
