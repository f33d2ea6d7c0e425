//! Who is told, and when: at instants in London, winter and summer.

use jiff::SignedDuration;

use super::super::working_days::Nation;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn calendar() -> Calendar {
    let friday = ("2026-12-25".parse().expect("a date"), "Christmas Day".to_owned());
    let monday = ("2026-12-28".parse().expect("a date"), "Boxing Day".to_owned());
    Calendar::new("test", Nation::EnglandAndWales, 2026..=2026, [friday, monday].into())
        .expect("all inside")
}

fn hours(from: &str, to: &str) -> QuietHours {
    QuietHours { from: from.parse().expect(from), to: to.parse().expect(to) }
}

fn told_at(happened: &str, quiet: QuietHours) -> String {
    tell_at(at(happened), Urgency::Standard, quiet, &calendar()).expect("covered").to_string()
}

#[test]
fn nobody_is_told_at_night_or_on_a_free_day_unless_it_is_urgent() {
    let usual = QuietHours::default();
    for (happened, told) in [
        ("2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z"),
        ("2026-11-18T18:59:59.999999Z", "2026-11-18T18:59:59.999999Z"),
        ("2026-11-18T19:00:00Z", "2026-11-19T07:30:00Z"),
        ("2026-11-18T23:59:59.999001Z", "2026-11-19T07:30:00Z"),
        ("2026-11-19T00:00:00Z", "2026-11-19T07:30:00Z"),
        ("2026-11-19T07:29:59Z", "2026-11-19T07:30:00Z"),
        ("2026-11-19T07:30:00Z", "2026-11-19T07:30:00Z"),
        // Friday evening, Saturday noon, and Christmas from Thursday evening to Tuesday.
        ("2026-11-20T19:30:00Z", "2026-11-23T07:30:00Z"),
        ("2026-11-21T12:00:00Z", "2026-11-23T07:30:00Z"),
        ("2026-12-24T19:00:00Z", "2026-12-29T07:30:00Z"),
        // In summer London is an hour ahead; over the night of the change it falls back.
        ("2026-07-01T06:29:00Z", "2026-07-01T06:30:00Z"),
        ("2026-07-01T18:00:00Z", "2026-07-02T06:30:00Z"),
        ("2026-10-23T18:00:00Z", "2026-10-26T07:30:00Z"),
    ] {
        assert_eq!(told_at(happened, usual), told, "{happened}");
        for urgency in [Urgency::Urgent, Urgency::Immediate] {
            let at_once = tell_at(at(happened), urgency, usual, &calendar());
            assert_eq!(at_once, Ok(at(happened)), "{urgency}");
        }
    }
}

#[test]
fn quiet_hours_may_lie_within_a_day_or_not_exist() {
    let noon = hours("12:00:00", "13:00:00");
    assert_eq!(told_at("2026-11-18T12:30:00Z", noon), "2026-11-18T13:00:00Z");
    assert_eq!(told_at("2026-11-18T23:30:00Z", noon), "2026-11-18T23:30:00Z");
    assert_eq!(told_at("2026-11-21T12:30:00Z", noon), "2026-11-23T00:00:00Z");
    let never = hours("08:00:00", "08:00:00");
    assert_eq!(told_at("2026-11-18T08:00:00Z", never), "2026-11-18T08:00:00Z");
    assert_eq!(told_at("2026-11-21T08:00:00Z", never), "2026-11-23T00:00:00Z");
}

#[test]
fn a_year_without_bank_holidays_is_not_guessed() {
    let evening = at("2026-12-31T20:00:00Z");
    let told = tell_at(evening, Urgency::Standard, QuietHours::default(), &calendar());
    assert_eq!(told, Err(NoCalendar { year: 2027 }));
    let urgent = tell_at(evening, Urgency::Urgent, QuietHours::default(), &calendar());
    assert_eq!(urgent, Ok(evening));
}

#[test]
fn a_notice_is_late_after_five_minutes() {
    let mut notice = Notice {
        id: uuid::Uuid::nil(),
        kind: NoticeKind::Overdue,
        percent: None,
        escalation: EscalationId(uuid::Uuid::nil()),
        reference: "ESC-ANY-2026-00001".to_owned(),
        policy_version: "test".to_owned(),
        clock: ClockId(uuid::Uuid::nil()),
        clock_kind: ClockKind::Answer,
        stage: 1,
        due_at: at("2026-11-18T12:00:00Z"),
        fires_at: at("2026-11-18T12:00:00Z"),
        fired_at: at("2026-11-18T12:05:00Z"),
        tell_at: at("2026-11-18T12:05:00Z"),
        told: Vec::new(),
    };
    assert!(!notice.is_late());
    notice.fired_at += SignedDuration::from_micros(1);
    assert!(notice.is_late());
}
