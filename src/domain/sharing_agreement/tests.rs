//! When an agreement is in force, when it is warned about, and what may be recorded.

use super::*;
use crate::domain::access::Role;
use crate::domain::ids::{ClientId, PartnershipId};
use crate::domain::london::local_date;

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

fn agreement(reference: &str, from: &str, until: &str) -> SharingAgreement {
    SharingAgreement {
        reference: reference.to_owned(),
        lawful_basis: LawfulBasis::PublicTask,
        from: day(from),
        until: day(until),
        replaces: None,
        recorded_at: Timestamp::UNIX_EPOCH,
    }
}

fn required(agreements: &[SharingAgreement]) -> Sharing {
    let mut made = Sharing { rule: AgreementRule::Required, agreements: Vec::new() };
    for it in agreements {
        assert_eq!(made.record(it.clone()), Ok(true), "{it:?}");
    }
    made
}

/// State, last day, and when it goes on again.
fn stands(sharing: &Sharing, on: &str) -> (AgreementState, Option<String>, Option<String>) {
    let it = sharing.standing(day(on));
    let text = |date: Option<Date>| date.map(|it| it.to_string());
    (it.state, text(it.until), text(it.again_from))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn both_of_its_ends_are_days_on_which_it_is_in_force() {
    let it = required(&[agreement("A", "2026-04-01", "2026-06-30")]);
    for (on, fine) in
        [("2026-03-31", false), ("2026-04-01", true), ("2026-06-30", true), ("2026-07-01", false)]
    {
        assert_eq!(it.check_new_data(day(on)).is_ok(), fine, "{on}");
    }
    let before = BrokenRule::NoAgreement { ended: None, again_from: Some(day("2026-04-01")) };
    assert_eq!(it.check_new_data(day("2026-03-31")), Err(before));
    let after = BrokenRule::NoAgreement { ended: Some(day("2026-06-30")), again_from: None };
    assert_eq!(it.check_new_data(day("2026-07-01")), Err(after));
}

#[test]
fn the_day_is_londons() {
    let it = required(&[agreement("A", "2026-04-01", "2026-06-30")]);
    let at = |text: &str| local_date(text.parse().expect(text));
    // British Summer Time: the last day ends at 23:00 UTC.
    assert!(it.check_new_data(at("2026-06-30T22:59:59Z")).is_ok());
    assert!(it.check_new_data(at("2026-06-30T23:30:00Z")).is_err());
    assert!(it.check_new_data(at("2026-03-31T22:59:59Z")).is_err());
    assert!(it.check_new_data(at("2026-03-31T23:30:00Z")).is_ok());
}

#[test]
fn it_is_warned_sixty_days_before_the_last_one_ends() {
    let it = required(&[agreement("A", "2025-04-01", "2026-06-30")]);
    let until = || some("2026-06-30");
    assert_eq!(stands(&it, "2025-03-31"), (AgreementState::None, None, some("2025-04-01")));
    assert_eq!(stands(&it, "2026-04-30"), (AgreementState::InForce, until(), None));
    assert_eq!(stands(&it, "2026-05-01"), (AgreementState::EndsSoon, until(), None));
    assert_eq!(stands(&it, "2026-06-30"), (AgreementState::EndsSoon, until(), None));
    assert_eq!(stands(&it, "2026-07-01"), (AgreementState::Lapsed, until(), None));
    assert_eq!(it.standing(day("2026-05-01")).days_left(day("2026-05-01")), 60);
    assert_eq!(it.standing(day("2026-06-30")).days_left(day("2026-06-30")), 0);
    assert_eq!(it.standing(day("2026-08-01")).days_left(day("2026-08-01")), 0);
}

#[test]
fn a_renewal_goes_on_where_the_one_before_ends_and_a_gap_does_not() {
    let next = agreement("B", "2026-07-01", "2027-06-30");
    let it = required(&[agreement("A", "2025-07-01", "2026-06-30"), next.clone()]);
    assert_eq!(stands(&it, "2026-06-30"), (AgreementState::InForce, some("2027-06-30"), None));
    assert_eq!(it.standing(day("2026-06-30")).under.map(|it| it.0), some("A"));
    assert_eq!(it.standing(day("2026-07-01")).under.map(|it| it.0), some("B"));

    let it = required(&[agreement("A", "2025-07-01", "2026-06-15"), next]);
    let (until, again) = (|| some("2026-06-15"), || some("2026-07-01"));
    assert_eq!(stands(&it, "2026-06-15"), (AgreementState::EndsSoon, until(), again()));
    assert_eq!(stands(&it, "2026-06-20"), (AgreementState::Lapsed, until(), again()));
    assert_eq!(stands(&it, "2026-07-01"), (AgreementState::InForce, some("2027-06-30"), None));
    let gap = BrokenRule::NoAgreement {
        ended: Some(day("2026-06-15")),
        again_from: Some(day("2026-07-01")),
    };
    assert_eq!(it.check_new_data(day("2026-06-30")), Err(gap));
}

#[test]
fn two_at_once_end_with_the_later_one() {
    let it = required(&[
        agreement("long", "2026-01-01", "2026-12-31"),
        agreement("short", "2026-03-01", "2026-04-30"),
    ]);
    assert_eq!(stands(&it, "2026-04-15"), (AgreementState::InForce, some("2026-12-31"), None));
}

#[test]
fn one_that_is_wrong_or_ends_early_is_replaced() {
    let mut it = required(&[agreement("A", "2026-01-01", "2062-12-31")]);
    let right = SharingAgreement {
        replaces: some("A"),
        ..agreement("A, corrected", "2026-01-01", "2026-12-31")
    };
    assert_eq!(it.record(right.clone()), Ok(true));
    assert_eq!(stands(&it, "2027-01-01"), (AgreementState::Lapsed, some("2026-12-31"), None));
    assert_eq!(it.record(right), Ok(false), "said again");
    let second =
        SharingAgreement { replaces: some("A"), ..agreement("C", "2026-01-01", "2026-12-31") };
    let refused =
        BadAgreement::ReplacedBefore { replaced: "A".to_owned(), by: "A, corrected".to_owned() };
    assert_eq!(it.record(second), Err(refused));
    for nothing in ["D", "C"] {
        let it_self = SharingAgreement {
            replaces: some(nothing),
            ..agreement("C", "2026-01-01", "2026-12-31")
        };
        assert_eq!(it.record(it_self), Err(BadAgreement::ReplacesNothing(nothing.to_owned())));
    }
}

#[test]
fn what_is_recorded_never_changes() {
    let mut it = required(&[agreement("A", "2026-01-01", "2026-12-31")]);
    let known = it.agreements[0].clone();
    let later =
        SharingAgreement { recorded_at: "2026-05-01T10:00:00Z".parse().unwrap(), ..known.clone() };
    assert_eq!(it.record(later), Ok(false), "the same said again");
    let others = [
        SharingAgreement { until: day("2027-12-31"), ..known.clone() },
        SharingAgreement { from: day("2026-01-02"), ..known.clone() },
        SharingAgreement { lawful_basis: LawfulBasis::LegalObligation, ..known.clone() },
        SharingAgreement { replaces: some("B"), ..known.clone() },
    ];
    for other in others {
        let refused = BadAgreement::RecordedOtherwise(Box::new(known.clone()));
        assert_eq!(it.record(other), Err(refused.clone()));
        let words = refused.to_string();
        assert!(
            words.contains("from 2026-01-01 to 2026-12-31 on the basis public_task"),
            "{words}"
        );
    }
    assert_eq!(it.agreements, [known]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let mut it = required(&[]);
    for reference in ["", " A", "A ", "A\u{200B}", "A\n", &"A".repeat(81)] {
        let bad = agreement(reference, "2026-01-01", "2026-12-31");
        assert_eq!(it.record(bad), Err(BadAgreement::Reference), "{reference:?}");
    }
    assert_eq!(it.record(agreement(&"A".repeat(80), "2026-01-01", "2026-01-01")), Ok(true));
    let (from, until) = (day("2026-01-02"), day("2026-01-01"));
    let bad = agreement("B", "2026-01-02", "2026-01-01");
    assert_eq!(it.record(bad), Err(BadAgreement::EndsBeforeItBegins { from, until }));
}

#[test]
fn where_agreements_are_only_recorded_nothing_is_refused() {
    let none = Sharing::default();
    assert_eq!(none.check_new_data(day("2026-01-01")), Ok(()));
    assert!(!none.standing(day("2026-01-01")).asks_for_action(none.rule));
    assert!(none.standing(day("2026-01-01")).asks_for_action(AgreementRule::Required));
    let lapsed = Sharing {
        rule: AgreementRule::Recorded,
        ..required(&[agreement("A", "2025-01-01", "2025-12-31")])
    };
    assert_eq!(lapsed.check_new_data(day("2026-01-01")), Ok(()));
    assert!(lapsed.standing(day("2026-01-01")).asks_for_action(lapsed.rule));
}

#[test]
fn another_agencys_agreement_is_for_those_who_review_and_for_data_protection() {
    let (own, other) = (AgencyId(uuid::Uuid::from_u128(1)), AgencyId(uuid::Uuid::from_u128(2)));
    for role in Role::ALL {
        let caller = Caller {
            partnership: PartnershipId(uuid::Uuid::from_u128(3)),
            agency: (*role == Role::Agency).then_some(own),
            predecessors: Vec::new(),
            role: *role,
            client: ClientId(uuid::Uuid::from_u128(4)),
            subject: "somebody".to_owned(),
            call: None,
        };
        let all = !matches!(role, Role::Agency | Role::Operator);
        assert_eq!(shown_to(&caller, other), all, "{role}");
        assert_eq!(shown_to(&caller, own), *role != Role::Operator, "{role}");
    }
}
