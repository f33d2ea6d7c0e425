//! Tests of leaves, links and the step that numbers.

use proptest::prelude::*;
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
    assert_eq!(sha256::digits(&said.leaf()), sha256::hexadecimal(text.as_bytes()));
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
        said.leaf(),
        EventSaid { id: EventId(Uuid::from_u128(9)), ..said }.leaf(),
        EventSaid { escalation: EscalationId(Uuid::from_u128(9)), ..said }.leaf(),
        EventSaid { version: 8, ..said }.leaf(),
        EventSaid { kind: "stated", ..said }.leaf(),
        EventSaid { occurred_at: at("2026-11-18T10:00:00.000001Z"), ..said }.leaf(),
        EventSaid { recorded_at: at("2026-11-18T10:00:00Z"), ..said }.leaf(),
        EventSaid { change: &other_change, ..said }.leaf(),
        EventSaid { texts: &no_texts, ..said }.leaf(),
    ];
    leaves.extend(others.iter().map(|actor| EventSaid { actor, ..said }.leaf()));
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
        notice.leaf(),
        NoticeSaid { id: Uuid::nil(), ..notice }.leaf(),
        NoticeSaid { escalation: EscalationId(Uuid::nil()), ..notice }.leaf(),
        NoticeSaid { clock: Uuid::nil(), ..notice }.leaf(),
        NoticeSaid { kind: "choice", ..notice }.leaf(),
        NoticeSaid { percent: Some(50), ..notice }.leaf(),
        NoticeSaid { fires_at: later, ..notice }.leaf(),
        NoticeSaid { fired_at: later, ..notice }.leaf(),
        NoticeSaid { notice: "advanced", ..notice }.leaf(),
        NoticeSaid { told: &[], ..notice }.leaf(),
        NoticeSaid { tell_at: later, ..notice }.leaf(),
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

fn waiting(leaves: &[Hash]) -> Vec<Waiting> {
    let escalation = EscalationId(Uuid::from_u128(5));
    let made = leaves.iter().zip(1_u128..).map(|(leaf, n)| Waiting {
        number: i64::try_from(n * 3).unwrap(),
        escalation,
        what: What::Notice(Uuid::from_u128(n)),
        leaf: *leaf,
    });
    made.collect()
}

proptest! {
    /// However what waits is cut into rounds, positions and links come out the same, without gap or repeat.
    #[test]
    fn rounds_of_any_size_make_one_feed(
        leaves: Vec<Hash>, cut in 0..50_usize, base in 0..i64::MAX / 2, link: Hash,
    ) {
        let head = Head { position: base, link };
        let all = waiting(&leaves);
        let cut = cut.min(all.len());
        let (whole, end) = head.sequence(all.clone());
        let (first, middle) = head.sequence(all[..cut].to_vec());
        let (second, other_end) = middle.sequence(all[cut..].to_vec());
        prop_assert_eq!(&whole, &[first, second].concat());
        prop_assert_eq!(end, other_end);
        prop_assert_eq!(usize::try_from(end.position - base).unwrap(), leaves.len());
        let mut checked = head;
        for (entry, was) in whole.iter().zip(&all) {
            prop_assert_eq!(entry.what, was.what);
            checked = checked.check(entry, Some(was.leaf)).unwrap();
        }
        prop_assert_eq!(checked, end);
    }

    /// One changed bit anywhere is found, at the entry or at the next.
    #[test]
    fn no_change_goes_unseen(
        leaves in proptest::collection::vec(any::<Hash>(), 1..20), place: prop::sample::Index,
        byte in 0..32_usize, bit in 0..8_u32, part in 0..3_u8,
    ) {
        let (mut feed, _) = Head::START.sequence(waiting(&leaves));
        let place = place.index(feed.len());
        let mut content = leaves.clone();
        match part {
            0 => content[place][byte] ^= 1 << bit,
            1 => feed[place].leaf[byte] ^= 1 << bit,
            _ => feed[place].link[byte] ^= 1 << bit,
        }
        let mut head = Ok(Head::START);
        for (at, (entry, content)) in feed.iter().zip(&content).enumerate() {
            head = head.and_then(|head| head.check(entry, Some(*content)));
            prop_assert_eq!(head.is_err(), at >= place, "{}", at);
        }
        let fault = if part == 2 { FeedFault::Link } else { FeedFault::Content };
        prop_assert_eq!(head, Err(fault));
    }

    #[test]
    fn what_is_missing_twice_or_swapped_is_a_gap(leaves in proptest::collection::vec(any::<Hash>(), 3..9)) {
        let (feed, _) = Head::START.sequence(waiting(&leaves));
        let head = Head::START.check(&feed[0], Some(leaves[0])).unwrap();
        prop_assert_eq!(head.check(&feed[2], Some(leaves[2])), Err(FeedFault::Gap));
        prop_assert_eq!(head.check(&feed[0], Some(leaves[0])), Err(FeedFault::Gap));
        prop_assert_eq!(head.check(&feed[1], None), Err(FeedFault::Content));
    }
}
