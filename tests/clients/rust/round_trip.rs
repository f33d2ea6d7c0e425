//! Raises, reads, acknowledges and lists an escalation, and reads a refusal, with the generated client.

use tracker_client::apis::configuration::Configuration;
use tracker_client::apis::{acts_api, escalations_api, Error};
use tracker_client::models::{
    AccessPurpose, AcknowledgeEscalation, ChildReferenceInput, Escalation, EscalationOrDryRun, Problem, RaiseEscalation, Scheme,
    SendResult, Status, Urgency,
};

fn client(token: &str) -> Configuration {
    Configuration {
        base_path: std::env::var("URL").unwrap(),
        bearer_access_token: Some(std::env::var(token).unwrap()),
        ..Configuration::new()
    }
}

fn stored(answer: EscalationOrDryRun) -> Escalation {
    match answer {
        EscalationOrDryRun::Escalation(it) => *it,
        other => panic!("{other:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (police, services) = (client("POLICE"), client("SERVICES"));
    let mut record = RaiseEscalation::new(
        "Hold a quorate strategy meeting today.".into(),
        "anyborough_cs".into(),
        "strategy_meeting_late".into(),
        Urgency::Urgent,
    );
    let child = ChildReferenceInput::new(Scheme::LaChildId, "SYN100234".into());
    record.child_references = Some(Some(vec![child]));

    let send = |name: &'static str, record: RaiseEscalation| {
        let police = &police;
        async move { escalations_api::send_escalation(police, "niche", name, record, None, None, None, None).await }
    };
    let sent = stored(send("RS-2026-1", record.clone()).await.unwrap());
    let again = stored(send("RS-2026-1", record.clone()).await.unwrap());
    assert_eq!(again.result, Some(Some(SendResult::Unchanged)));
    let id = sent.id.to_string();
    let read = escalations_api::read_escalation(&services, &id, None, None, Some(AccessPurpose::DirectWork)).await.unwrap();
    assert_eq!(read.external_reference, Some(Some("RS-2026-1".to_owned())));
    let held_by = AcknowledgeEscalation { held_by_role: Some(Some("duty team manager".into())), ..Default::default() };
    let held = acts_api::acknowledge(&services, &id, held_by, None, None).await.unwrap();
    assert_eq!(held.status, Status::Acknowledged);
    let raised = stored(escalations_api::raise_escalation(&police, record.clone(), None, None, None).await.unwrap());
    assert_ne!(raised.id, sent.id);

    record.theme = "no_such_theme".into();
    let refused = send("RS-2026-2", record).await.unwrap_err();
    let Error::ResponseError(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.status, 422);
    let problem: Problem = serde_json::from_str(&refused.content).unwrap();
    assert_eq!(problem.code, "validation-failed");
    let pointers: Vec<_> = problem.errors.unwrap().into_iter().map(|it| it.pointer).collect();
    assert_eq!(pointers, ["#/theme"]);
    println!("Rust: raised, sent again, read, acknowledged, raised by POST, refused");
}
