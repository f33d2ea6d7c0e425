//! What makes a record of good practice good, and everything for which it is refused.

use super::*;
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::partnership::Theme;

const NOW: &str = "2026-11-18T10:00:00Z";

fn agency(number: u128, code: &str, agency_type: AgencyType) -> Agency {
    Agency {
        id: AgencyId(uuid::Uuid::from_u128(number)),
        code: code.to_owned(),
        name: code.to_owned(),
        agency_type,
        aliases: vec![format!("{code} alias")],
        may_raise: agency_type.may_raise(),
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        sharing: crate::domain::sharing_agreement::Sharing::default(),
        may_respond: agency_type.may_respond(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: (code == "closed").then(|| "2026-06-30".parse().unwrap()),
        successor: None,
    }
}

fn theme(code: &str) -> Theme {
    Theme {
        code: code.to_owned(),
        group_code: "meetings".to_owned(),
        group_label: "Meetings".to_owned(),
        label: code.to_owned(),
        description: code.to_owned(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: (code == "retired").then(|| "2026-06-30".parse().unwrap()),
    }
}

fn agreed() -> Partnership {
    Partnership {
        id: PartnershipId(uuid::Uuid::from_u128(1)),
        code: "ANY".to_owned(),
        name: "Anyborough".to_owned(),
        agencies: vec![
            agency(2, "police", AgencyType::Police),
            agency(3, "services", AgencyType::LaChildrensServices),
            agency(4, "unit", AgencyType::PartnershipUnit),
            agency(5, "closed", AgencyType::Housing),
        ],
        themes: vec![theme("icpc_late"), theme("retired")],
        timescales: vec![],
        policies: vec![],
        calendars: vec![],
    }
}

fn said(kind: PracticeKind) -> Practice {
    Practice {
        kind,
        about_agency: "services".to_owned(),
        theme: "icpc_late".to_owned(),
        urgency: None,
        note: None,
        occurred_at: None,
        external: None,
    }
}

fn told(by: &str, said: Practice) -> Result<PracticeRecord, BrokenRule> {
    let agreed = agreed();
    let by = agreed.agency(by).unwrap();
    let caller = Caller {
        partnership: agreed.id,
        agency: Some(by.id),
        predecessors: Vec::new(),
        role: Role::Agency,
        client: ClientId(uuid::Uuid::from_u128(9)),
        subject: "somebody".to_owned(),
        call: None,
    };
    let id = PracticeRecordId(uuid::Uuid::from_u128(10));
    PracticeRecord::new(id, said, &caller, by, &agreed, NOW.parse().unwrap())
}

/// The faults as `field code`.
fn faults(by: &str, said: Practice) -> Vec<String> {
    match told(by, said) {
        Ok(_) => vec![],
        Err(BrokenRule::Fields(faults)) => {
            faults.iter().map(|fault| format!("{} {}", fault.field, fault.rule)).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_is_said_becomes_a_record_of_the_callers_agency() {
    let record = told(
        "police",
        Practice {
            about_agency: "SERVICES alias".to_owned(),
            urgency: Some(Urgency::Urgent),
            note: PracticeNote::parse("One call settled it.").ok(),
            ..said(PracticeKind::InformalResolution)
        },
    )
    .unwrap();
    assert_eq!(record.summary.by, AgencyId(uuid::Uuid::from_u128(2)));
    assert_eq!(record.summary.about, AgencyId(uuid::Uuid::from_u128(3)));
    assert_eq!(record.summary.urgency, Some(Urgency::Urgent));
    let now: Timestamp = NOW.parse().unwrap();
    assert_eq!((record.summary.occurred_at, record.summary.recorded_at), (now, now));
    assert_eq!(record.subject, "somebody");
}

#[test]
fn an_agency_settles_things_inside_itself_and_does_not_commend_itself() {
    let inside =
        |kind| faults("police", Practice { about_agency: "police".to_owned(), ..said(kind) });
    assert!(inside(PracticeKind::InformalResolution).is_empty());
    assert_eq!(inside(PracticeKind::Commendation), ["about_agency self_reference"]);
}

#[test]
fn it_happened_by_now_and_within_a_childhood() {
    for (at, expected) in [
        ("2026-11-18T10:05:00Z", vec![]),
        ("2026-11-18T10:05:00.000001Z", vec!["occurred_at in_future"]),
        ("2020-01-01T00:00:00Z", vec![]),
        ("2008-11-18T10:00:00Z", vec!["occurred_at inconsistent", "about_agency retired_code"]),
        (
            "2008-11-18T09:59:59.999999Z",
            vec!["occurred_at too_old", "occurred_at inconsistent", "about_agency retired_code"],
        ),
    ] {
        let it = Practice {
            occurred_at: Some(at.parse().unwrap()),
            ..said(PracticeKind::InformalResolution)
        };
        assert_eq!(faults("police", it), expected, "{at}");
    }
}

#[test]
fn both_agencies_take_part_on_that_day() {
    let about = |code: &str, at: &str| {
        let it = Practice {
            about_agency: code.to_owned(),
            occurred_at: Some(at.parse().unwrap()),
            ..said(PracticeKind::Commendation)
        };
        faults("police", it)
    };
    assert!(about("closed", "2026-06-30T22:59:59Z").is_empty());
    // The day after in London, in summer.
    assert_eq!(about("closed", "2026-06-30T23:00:00Z"), ["about_agency retired_code"]);
    assert_eq!(about("unit", NOW), ["about_agency retired_code"]);
    assert_eq!(about("nobody", NOW), ["about_agency unknown_reference"]);
    for by in ["closed", "unit"] {
        assert_eq!(faults(by, said(PracticeKind::Commendation)), ["occurred_at inconsistent"]);
    }
}

#[test]
fn a_theme_in_use_a_clean_note_and_every_fault_at_once() {
    let note = "Ring 01632 960123 and ask for the mother.";
    let it = Practice {
        about_agency: "nobody".to_owned(),
        theme: "no_such".to_owned(),
        urgency: Some(Urgency::Urgent),
        note: PracticeNote::parse(note).ok(),
        ..said(PracticeKind::Commendation)
    };
    assert_eq!(
        faults("police", it),
        [
            "about_agency unknown_reference",
            "theme unknown_reference",
            "urgency inconsistent",
            "note personal_data"
        ]
    );
    let retired = |at: &str| {
        let it = Practice {
            theme: "retired".to_owned(),
            occurred_at: Some(at.parse().unwrap()),
            ..said(PracticeKind::InformalResolution)
        };
        faults("police", it)
    };
    assert!(retired("2026-06-30T12:00:00Z").is_empty());
    assert_eq!(retired("2026-07-01T12:00:00Z"), ["theme retired_code"]);
}
