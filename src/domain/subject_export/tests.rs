//! That a row is shown without other children, a protected raiser and pseudonyms, however deep they stand in it.

use super::*;

const POLICE: &str = "01900000-0000-7000-8000-00000000000a";
const COUNCIL: &str = "01900000-0000-7000-8000-00000000000b";
const OWN: &str = "01900000-0000-7000-8000-000000000001";
const OTHER: &str = "01900000-0000-7000-8000-000000000002";

fn around(visibility: RaiserVisibility) -> Around {
    Around {
        visibility: Some(visibility),
        raiser: [POLICE.to_owned()].into(),
        siblings: vec!["9990000123".to_owned(), "SYN1".to_owned()],
        own: [OWN.to_owned()].into(),
        agencies: [POLICE.to_owned(), COUNCIL.to_owned()].into(),
        withdrawn: [3].into(),
    }
}

#[test]
fn a_siblings_reference_is_taken_out_of_a_text_however_it_is_written() {
    for (text, expected) in [
        ("See 999 000 0123 too.", "See X too."),
        ("See 999-000-0123.", "See X."),
        ("syn1", "X"),
        ("SYN 1, SYN100234 and MYSYN1", "X, SYN100234 and MYSYN1"),
        ("19990000123", "19990000123"),
        ("999 000 0", "999 000 0"),
        ("", ""),
    ] {
        let siblings = ["9990000123", "SYN1"];
        let shown = siblings.iter().fold(text.to_owned(), |text, it| without(&text, it, "X"));
        assert_eq!(shown, expected);
    }
}

#[test]
fn a_named_raiser_is_shown_and_staff_are_shown_by_role() {
    let row = json!({
        "raised_by_agency_id": POLICE, "source": "niche", "raised_by_role": "sergeant",
        "recorded_by_role": "agency", "recorded_by_client_id": OWN, "recorded_by_subject": "u-1",
        "rule_state": {"answered_by": "u-1"}, "theme_code": "icpc_late", "ended_at": null,
    });
    let shown = around(RaiserVisibility::Named).shown("escalation", row);
    assert_eq!(
        shown,
        json!({
            "raised_by_agency_id": POLICE, "source": "niche", "raised_by_role": "sergeant",
            "recorded_by_role": "agency",
            "recorded_by_client_id": {"withheld": "staff_pseudonym"},
            "recorded_by_subject": {"withheld": "staff_pseudonym"},
            "rule_state": {"withheld": "staff_pseudonym"},
            "theme_code": "icpc_late", "ended_at": null,
        })
    );
}

#[test]
fn a_protected_raiser_is_nowhere_in_a_row_also_not_deep_in_what_changed() {
    let row = json!({
        "actor_agency_id": POLICE,
        "data": {"type": "raised", "facts": {"raised_by": POLICE, "source": "niche", "raised_by_role": "sergeant",
                 "raised_with": COUNCIL}, "clocks": [{"for": [POLICE, COUNCIL]}]},
    });
    let shown = around(RaiserVisibility::Protected).shown("event", row.clone()).to_string();
    for word in [POLICE, "niche", "sergeant"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    assert!(shown.contains(COUNCIL) && shown.contains("protected_raiser"), "{shown}");
    let role = around(RaiserVisibility::RoleOnly).shown("event", row).to_string();
    assert!(role.contains("sergeant") && !role.contains(POLICE), "{role}");
}

#[test]
fn the_raisers_case_numbers_go_with_it_and_those_of_others_stay() {
    let row = |agency: &str| json!({"agency_id": agency, "system": "niche", "value": "OCC-1"});
    let it = around(RaiserVisibility::RoleOnly);
    assert!(!it.shown("external_id", row(POLICE)).to_string().contains("OCC-1"));
    assert!(it.shown("external_id", row(COUNCIL)).to_string().contains("OCC-1"));
}

#[test]
fn why_a_matter_was_taken_back_is_withheld_with_its_words() {
    let withdrawal = |why: &str| {
        [json!({"version": 3, "data": {"type": "withdrawn", "ending": {"withdrawal_reason": why}}})]
    };
    let named = RaiserVisibility::Named;
    assert!(withdrawn(named, &withdrawal("raised_in_error")).is_empty());
    assert_eq!(withdrawn(named, &withdrawal("pressured")), [3].into());
    assert_eq!(withdrawn(RaiserVisibility::RoleOnly, &withdrawal("raised_in_error")), [3].into());
    let it = around(named);
    let text = |version: i64| json!({"version": version, "body": "They asked me to."});
    let hidden = it.shown("event_text", text(3));
    assert_eq!(hidden["body"], json!({"withheld": "protected_raiser"}));
    assert_eq!(it.shown("event_text", text(2))["body"], "They asked me to.");
    let ending = json!({"data": {"ending": {"withdrawal_reason": "pressured"}}});
    assert!(!it.shown("event", ending).to_string().contains("pressured"));
}

#[test]
fn other_matters_and_other_children_are_marks_and_agencies_are_not_taken_for_them() {
    let it = around(RaiserVisibility::Named);
    let linked = it.shown("event", json!({"data": {"type": "linked", "to": OTHER}}));
    assert_eq!(linked["data"]["to"], json!({"withheld": "other_child"}));
    let own = it.shown("escalation_link", json!({"to_escalation_id": OWN}));
    assert_eq!(own["to_escalation_id"], OWN);
    let passed =
        it.shown("event", json!({"data": {"type": "redirected", "from": POLICE, "to": COUNCIL}}));
    assert_eq!(passed["data"]["to"], COUNCIL);
    let sibling = it.shown("escalation_child", json!({"this_child": false, "scheme": null}));
    assert_eq!(sibling, json!({"withheld": "other_child"}));
}

#[test]
fn every_table_has_one_decision() {
    let mut names: Vec<&str> = TABLES.iter().map(|it| it.table).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
