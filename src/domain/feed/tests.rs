//! Tests of what is hashed of events and notices, and of the names of types.

use serde_json::json;

use super::*;
use crate::domain::event::ActorRole;
use crate::domain::ids::{AgencyId, ClientId};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn actor() -> Actor {
    Actor {
        agency: Some(AgencyId(Uuid::from_u128(3))),
        role: ActorRole::Agency,
        client: Some(ClientId(Uuid::from_u128(4))),
        subject: "somebody".to_owned(),
    }
}

#[test]
fn the_leaf_is_what_anybody_can_compute_from_its_canonical_text() {
    let texts = BTreeMap::from([("note".to_owned(), "ab".repeat(32))]);
    let said = EventSaid {
        id: EventId(Uuid::from_u128(1)),
        escalation: EscalationId(Uuid::from_u128(2)),
        version: 7,
        kind: "noted",
        occurred_at: at("2026-11-18T10:00:00.000001Z"),
        recorded_at: at("2026-11-18T10:00:01Z"),
        actor: &actor(),
        change: &json!({"z": [1, null], "type": "noted", "a": {"ü\n": true}}),
        texts: &texts,
    };
    let text = format!(
        "escalation-tracker event v1\n{{\"actor_agency\":\"{}\",\"actor_client\":\"{}\",\
         \"actor_role\":\"agency\",\"actor_subject\":\"somebody\",\
         \"change\":{{\"a\":{{\"ü\\n\":true}},\"type\":\"noted\",\"z\":[1,null]}},\
         \"escalation\":\"{}\",\"id\":\"{}\",\"kind\":\"noted\",\"occurred_at\":1794996000000001,\
         \"recorded_at\":1794996001000000,\"texts\":{{\"note\":\"{}\"}},\"version\":7}}",
        Uuid::from_u128(3),
        Uuid::from_u128(4),
        Uuid::from_u128(2),
        Uuid::from_u128(1),
        "ab".repeat(32),
    );
    assert_eq!(sha256::digits(&said.said().leaf()), sha256::hexadecimal(text.as_bytes()));
}

/// Whoever changes one thing of an event changes its leaf.
#[test]
fn every_part_of_an_event_is_in_its_leaf() {
    let (someone, change) = (actor(), json!({"type": "noted"}));
    let texts = BTreeMap::from([("note".to_owned(), "ab".to_owned())]);
    let said = EventSaid {
        id: EventId(Uuid::from_u128(1)),
        escalation: EscalationId(Uuid::from_u128(2)),
        version: 7,
        kind: "noted",
        occurred_at: at("2026-11-18T10:00:00Z"),
        recorded_at: at("2026-11-18T10:00:01Z"),
        actor: &someone,
        change: &change,
        texts: &texts,
    };
    let others: Vec<Actor> = vec![
        Actor { agency: None, ..actor() },
        Actor { role: ActorRole::System, ..actor() },
        Actor { client: None, ..actor() },
        Actor { subject: String::new(), ..actor() },
    ];
    let (other_change, no_texts) = (json!({"type": "stated"}), BTreeMap::new());
    let mut leaves = vec![
        said.said().leaf(),
        EventSaid { id: EventId(Uuid::from_u128(9)), ..said }.said().leaf(),
        EventSaid { escalation: EscalationId(Uuid::from_u128(9)), ..said }.said().leaf(),
        EventSaid { version: 8, ..said }.said().leaf(),
        EventSaid { kind: "stated", ..said }.said().leaf(),
        EventSaid { occurred_at: at("2026-11-18T10:00:00.000001Z"), ..said }.said().leaf(),
        EventSaid { recorded_at: at("2026-11-18T10:00:00Z"), ..said }.said().leaf(),
        EventSaid { change: &other_change, ..said }.said().leaf(),
        EventSaid { texts: &no_texts, ..said }.said().leaf(),
    ];
    leaves.extend(others.iter().map(|actor| EventSaid { actor, ..said }.said().leaf()));
    let all = leaves.len();
    leaves.sort_unstable();
    leaves.dedup();
    assert_eq!(leaves.len(), all);

    let told = ["raiser".to_owned()];
    let notice = NoticeSaid {
        id: Uuid::from_u128(1),
        escalation: EscalationId(Uuid::from_u128(2)),
        clock: Uuid::from_u128(3),
        kind: "overdue",
        percent: None,
        fires_at: at("2026-11-18T10:00:00Z"),
        fired_at: at("2026-11-18T10:00:01Z"),
        notice: "overdue",
        told: &told,
        tell_at: at("2026-11-18T10:00:02Z"),
    };
    let later = at("2026-11-18T11:00:00Z");
    let mut leaves = vec![
        notice.said().leaf(),
        NoticeSaid { id: Uuid::nil(), ..notice }.said().leaf(),
        NoticeSaid { escalation: EscalationId(Uuid::nil()), ..notice }.said().leaf(),
        NoticeSaid { clock: Uuid::nil(), ..notice }.said().leaf(),
        NoticeSaid { kind: "choice", ..notice }.said().leaf(),
        NoticeSaid { percent: Some(50), ..notice }.said().leaf(),
        NoticeSaid { fires_at: later, ..notice }.said().leaf(),
        NoticeSaid { fired_at: later, ..notice }.said().leaf(),
        NoticeSaid { notice: "advanced", ..notice }.said().leaf(),
        NoticeSaid { told: &[], ..notice }.said().leaf(),
        NoticeSaid { tell_at: later, ..notice }.said().leaf(),
    ];
    let all = leaves.len();
    leaves.sort_unstable();
    leaves.dedup();
    assert_eq!(leaves.len(), all);
}

#[test]
fn every_type_has_a_name_that_leads_back_to_it() {
    let mut names: Vec<String> = FeedType::all().map(|kind| kind.to_string()).collect();
    assert!(names.contains(&"escalation-tracker.escalation.raised.v1".to_owned()));
    assert!(names.contains(&"escalation-tracker.clock.overdue.v1".to_owned()));
    for kind in FeedType::all() {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "acts and notices that are both called \"advanced\" differ");
    for text in [
        "",
        "raised",
        "escalation.raised",
        "escalation-tracker.escalation.raised",
        "escalation-tracker.escalation.raised.v2",
        "escalation-tracker.escalation.overdue.v1",
        "escalation-tracker.clock.raised.v1",
        "escalation-tracker.clock..v1",
        "Escalation-tracker.clock.overdue.v1",
        "escalation-tracker.clock.overdue.v1 ",
    ] {
        assert_eq!(text.parse::<FeedType>(), Err(UnknownFeedType), "{text}");
    }
}

#[test]
fn a_text_is_hidden_by_its_salt() {
    assert_ne!(text_hash(&[1; 16], "yes"), text_hash(&[2; 16], "yes"));
    assert_ne!(text_hash(&[1; 16], "yes"), text_hash(&[1; 16], "no"));
    assert_eq!(sha256::digits(&text_hash(b"salt", "x")), sha256::hexadecimal(b"saltx"));
}
