//! Entries of the log of reads: what is recorded, and that its leaf covers all of it.

use uuid::Uuid;

use super::*;
use crate::domain::ids::PartnershipId;

fn caller(call: Option<Call>) -> Caller {
    Caller {
        partnership: PartnershipId(Uuid::from_u128(1)),
        agency: Some(AgencyId(Uuid::from_u128(2))),
        predecessors: Vec::new(),
        role: Role::Agency,
        client: ClientId(Uuid::from_u128(3)),
        subject: "somebody".to_owned(),
        call,
    }
}

fn call() -> Option<Call> {
    Some(Call {
        operation: "read_escalation".to_owned(),
        purpose: Some(AccessPurpose::DirectWork),
        request_id: "0123456789".to_owned(),
    })
}

fn entry(call: Option<Call>, seen: Seen) -> Option<AccessEvent> {
    let at = "2026-11-18T10:00:00Z".parse().unwrap();
    AccessEvent::new(AccessEventId(Uuid::from_u128(9)), at, &caller(call), seen)
}

fn ids(numbers: &[u128]) -> Vec<EscalationId> {
    numbers.iter().map(|it| EscalationId(Uuid::from_u128(*it))).collect()
}

#[test]
fn an_entry_names_each_escalation_once_and_keeps_how_many_rows_there_were() {
    let it = entry(call(), Seen::of(ids(&[7, 5, 7]), FieldsShown::Lines)).unwrap();
    assert_eq!(it.escalations, ids(&[5, 7]));
    assert_eq!(it.rows, 3);
}

#[test]
fn what_answers_nobody_or_shows_nothing_leaves_no_entry_but_a_search_always_does() {
    assert_eq!(entry(None, Seen::of(ids(&[5]), FieldsShown::Texts)), None);
    assert_eq!(entry(call(), Seen::of(Vec::new(), FieldsShown::Lines)), None);
    let nothing = Seen::of(Vec::new(), FieldsShown::Lines).searched();
    assert_eq!(entry(call(), nothing).unwrap().rows, 0);
}

#[test]
fn the_leaf_covers_everything_that_an_entry_says() {
    let it = entry(call(), Seen::of(ids(&[5, 7]), FieldsShown::Texts)).unwrap();
    // Computed from the published form by another program (Python's json and hashlib), so that nobody changes it unseen.
    let expected = "c3dc67d76c7b58981360aa8183e1d857b47745e77dbc0e8fd49a3082cfaee4f1";
    let at = Timestamp::from_microsecond(1_795_082_400_000_000).unwrap();
    let it = AccessEvent { at, ..it };
    let leaf: String = it.said().leaf().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(leaf, expected);

    let change = |change: fn(&mut AccessEvent)| {
        let mut other = it.clone();
        change(&mut other);
        other
    };
    let others = [
        change(|it| it.id = AccessEventId(Uuid::from_u128(10))),
        change(|it| it.at += jiff::SignedDuration::from_micros(1)),
        change(|it| it.agency = None),
        change(|it| it.role = Role::Director),
        change(|it| it.client = ClientId(Uuid::from_u128(4))),
        change(|it| it.subject.push('x')),
        change(|it| it.operation.push('x')),
        change(|it| it.purpose = None),
        change(|it| it.fields = FieldsShown::Lines),
        change(|it| it.escalations.truncate(1)),
        change(|it| it.rows += 1),
        change(|it| it.request_id.push('x')),
    ];
    for other in others {
        assert_ne!(other.said().leaf(), it.said().leaf(), "{other:?}");
    }
}

#[test]
fn what_a_file_is_exported_for_is_a_purpose_of_the_same_name() {
    for purpose in ExportPurpose::ALL {
        assert_eq!(AccessPurpose::from(*purpose).code(), purpose.code());
    }
}

#[test]
fn who_asks_of_a_child_is_told_of_that_child_only() {
    let many: Vec<u128> = (1..=300).collect();
    let it = entry(call(), Seen::of(ids(&many), FieldsShown::Lines)).unwrap();
    let line = AccessLine::new(it.clone(), Some(&ids(&[7, 999])));
    assert_eq!((line.event.escalations, line.escalations), (ids(&[7]), 300));
    let line = AccessLine::new(it, None);
    assert_eq!((line.event.escalations.len(), line.escalations), (MOST_NAMED, 300));
}
