//! What is worth a question, and what is a day's work.

use uuid::Uuid;

use super::*;

/// A Wednesday in winter, so that local time is UTC.
const NOON: &str = "2026-11-18T12:00:00Z";

fn reader(role: Role) -> Reader {
    Reader {
        client: ClientId(Uuid::from_u128(1)),
        subject: "somebody".to_owned(),
        agency: (role == Role::Agency).then_some(AgencyId(Uuid::from_u128(2))),
        role,
    }
}

/// Opens the matter of this child, so many seconds after noon.
fn opened(role: Role, child: u128, seconds: i64) -> Opened {
    let noon: Timestamp = NOON.parse().unwrap();
    Opened {
        at: noon + SignedDuration::from_secs(seconds),
        reader: reader(role),
        escalation: EscalationId(Uuid::from_u128(child)),
        children: vec![child.to_be_bytes().to_vec()],
        acted: true,
        said_what_for: false,
    }
}

fn signs(opened: Vec<Opened>) -> Vec<BrowsingSign> {
    findings(opened).iter().map(|it| it.sign).collect()
}

#[test]
fn a_days_work_is_no_question() {
    assert_eq!(findings(Vec::new()), []);
    let work = (0..50).map(|child| opened(Role::Agency, child, 60)).collect();
    assert_eq!(signs(work), []);
}

#[test]
fn more_than_fifty_children_within_any_hour_are_many_and_one_child_often_is_not() {
    let within = |seconds: i64| -> Vec<Opened> {
        (0..51_i64)
            .map(|child| opened(Role::Agency, child.unsigned_abs().into(), child * seconds))
            .collect()
    };
    // The fifty-first comes 50 × 71 s = 3,550 s after the first, and 50 × 72 s = an hour after it.
    let found = findings(within(71));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sign, BrowsingSign::ManyChildren);
    assert_eq!((found[0].children, found[0].reads, found[0].escalations), (51, 51, 51));
    assert_eq!(signs(within(72)), []);
    let often = (0..500).map(|second| opened(Role::Agency, 7, second)).collect();
    assert_eq!(signs(often), []);
    // Two people with thirty each are not one with sixty.
    let mut two: Vec<Opened> = (0..60).map(|child| opened(Role::Agency, child, 1)).collect();
    for it in two.iter_mut().take(30) {
        it.reader.subject = "another".to_owned();
    }
    assert_eq!(signs(two), []);
}

#[test]
fn who_reads_for_the_whole_partnership_has_acted_on_it_or_says_what_for() {
    let stranger = Opened { acted: false, ..opened(Role::Director, 1, 0) };
    assert_eq!(signs(vec![stranger.clone()]), [BrowsingSign::WithoutRelation]);
    assert_eq!(signs(vec![Opened { said_what_for: true, ..stranger.clone() }]), []);
    assert_eq!(signs(vec![Opened { acted: true, ..stranger }]), []);
    // Row security lets an agency open its own matters only.
    assert_eq!(signs(vec![Opened { acted: false, ..opened(Role::Agency, 1, 0) }]), []);
}

#[test]
fn nights_and_week_ends_are_told_by_the_clock_on_a_london_wall() {
    for (at, expected) in [
        ("2026-11-18T06:59:59Z", true),
        ("2026-11-18T07:00:00Z", false),
        ("2026-11-18T19:59:59Z", false),
        ("2026-11-18T20:00:00Z", true),
        ("2026-11-21T12:00:00Z", true),
        // In summer the clock is an hour ahead.
        ("2026-07-15T06:00:00Z", false),
        ("2026-07-15T19:00:00Z", true),
    ] {
        let it = Opened { at: at.parse().unwrap(), ..opened(Role::Agency, 1, 0) };
        assert_eq!(signs(vec![it]) == [BrowsingSign::OutOfHours], expected, "{at}");
    }
}
