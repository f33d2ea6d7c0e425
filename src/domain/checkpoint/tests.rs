//! Tests of the text of a checkpoint, and of when one is due.

use super::*;

fn made() -> Checkpoint {
    Checkpoint {
        partnership: PartnershipId(Uuid::from_u128(1)),
        at: "2026-11-18T10:00:00.000001Z".parse().unwrap(),
        events: Head { position: 12, link: [1; 32] },
        reads: Head { position: 3, link: [2; 32] },
    }
}

#[test]
fn its_text_leads_back_to_it_and_nothing_else_does() {
    let text = made().text();
    assert_eq!(
        text,
        "escalation-tracker/00000000-0000-0000-0000-000000000001\n12\n\
         AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
         reads 3 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\nat 2026-11-18T10:00:00.000001Z\n"
    );
    assert_eq!(text.parse(), Ok(made()));
    for other in [
        String::new(),
        text.replace("12\n", "+12\n"),
        text.replace("12\n", "012\n"),
        text.replace("reads 3", "reads  3"),
        text.replace("tracker/", "tracker"),
        text.replace("AQEBAQE=", "AQEBAQF="),
        text.replace("AgI=", "AgI"),
        text.replace("at 2026-11-18T10:00:00.000001Z", "at 2026-11-18 10:00:00.000001Z"),
        format!("{text}more\n"),
        text.trim_end().to_owned(),
    ] {
        assert_eq!(other.parse::<Checkpoint>(), Err(NoCheckpoint), "{other}");
    }
}

#[test]
fn it_is_due_after_five_minutes_or_a_thousand_entries_and_never_for_nothing() {
    let last = made();
    let on = |chain: Head, by: i64| Head { position: chain.position + by, ..chain };
    let due = |events: i64, reads: i64, minutes: i64| {
        let now = last.at + SignedDuration::from_mins(minutes);
        Checkpoint::is_due(Some(&last), on(last.events, events), on(last.reads, reads), now)
    };
    assert!(!due(0, 0, 600));
    assert!(!due(1, 0, 4));
    assert!(due(1, 0, 5));
    assert!(due(0, 1, 5));
    assert!(!due(500, 499, 0));
    assert!(due(500, 500, 0));
    assert!(!Checkpoint::is_due(None, Head::START, Head::START, last.at));
    assert!(Checkpoint::is_due(None, on(Head::START, 1), Head::START, last.at));
}
