//! When silence is told and when not, and that no words call it well.

use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-11-23T06:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

fn weeks(raised: &[u32]) -> Vec<AgencyWeek> {
    raised.iter().map(|raised| AgencyWeek { raised: *raised, nil_return: false }).collect()
}

/// So many weeks of 0.6 a week, the last of them not empty, and then so many empty ones.
fn steady_then_empty(steady: usize, empty: usize) -> Vec<AgencyWeek> {
    let pattern = [1, 0, 1, 0, 1];
    let mut raised: Vec<u32> = pattern.into_iter().cycle().take(steady).collect();
    raised.extend(vec![0; empty]);
    weeks(&raised)
}

fn record(weeks: &[AgencyWeek]) -> AgencyRecord<'_> {
    AgencyRecord {
        weeks,
        weeks_since_joined: weeks.len(),
        connection: None,
        statutory_partner: false,
        open_cp_children: None,
    }
}

fn told(record: &AgencyRecord<'_>) -> AgencyHearing {
    hearing(record, &HearingRule::default(), now())
}

#[test]
fn at_0_6_a_week_the_fifth_empty_week_is_told_and_the_fourth_is_not() {
    let four = told(&record(&steady_then_empty(50, 4)));
    assert_eq!((four.hearing, four.ask), (Hearing::TooFewToTell, false));
    let five = told(&record(&steady_then_empty(50, 5)));
    assert_eq!((five.hearing, five.ask, five.empty_weeks), (Hearing::Quiet, true, 5));
    assert_eq!(five.rate, Some(0.6));
    assert!((five.chance.unwrap() - (-3.0_f64).exp()).abs() < 1e-12);
    assert_eq!(five.chance_in_words().unwrap(), "By chance 1 in 20");
}

#[test]
fn the_weeks_to_silence_are_those_of_the_published_table() {
    for (each, raised, told_after) in [(4, 1, 12), (2, 1, 6), (1, 1, 3), (1, 2, 2)] {
        let mut active = vec![0; each - 1];
        active.push(raised);
        let history: Vec<u32> = active.into_iter().cycle().take(52).collect();
        for empty in 0..=told_after {
            let mut all = history.clone();
            all.extend(vec![0; empty]);
            let is_quiet = told(&record(&weeks(&all))).hearing == Hearing::Quiet;
            assert_eq!(is_quiet, empty == told_after, "{raised} each {each} weeks, {empty} empty");
        }
    }
}

#[test]
fn a_long_silence_does_not_come_to_look_usual() {
    // 31 in the 52 weeks before the silence: a little under 0.6.
    for empty in 6..300 {
        let hearing = told(&record(&steady_then_empty(60, empty)));
        assert_eq!((hearing.hearing, hearing.rate), (Hearing::Quiet, Some(31.0 / 52.0)), "{empty}");
    }
}

#[test]
fn a_broken_connection_is_never_called_silence() {
    let empty = steady_then_empty(52, 20);
    let heard = |last_contact, hours| {
        let connection = Connection {
            agreed_interval: SignedDuration::from_hours(hours),
            agreed_since: ago(72 * 168),
            last_contact,
        };
        told(&AgencyRecord { connection: Some(connection), ..record(&empty) })
    };
    // Three days at least, then twice the agreed interval.
    assert_eq!(heard(Some(ago(72)), 1).hearing, Hearing::Quiet);
    assert_eq!(heard(Some(ago(73)), 1).hearing, Hearing::NotConnected);
    assert_eq!(heard(Some(ago(2 * 168)), 168).hearing, Hearing::Quiet);
    let cut_off = heard(Some(ago(2 * 168 + 1)), 168);
    assert_eq!((cut_off.hearing, cut_off.ask), (Hearing::NotConnected, true));
    assert_eq!((cut_off.chance, cut_off.one_in()), (None, None));
    assert!(cut_off.words().starts_with("Its systems have not been heard"), "{}", cut_off.words());
    assert_eq!(heard(None, 24).hearing, Hearing::NotConnected);
    // An agreement is as patient with its first contact as with every other, whatever was heard before it.
    let new = |hours: i64, last_contact| {
        let connection = Connection {
            agreed_interval: SignedDuration::from_hours(24),
            agreed_since: ago(hours),
            last_contact,
        };
        told(&AgencyRecord { connection: Some(connection), ..record(&empty) }).hearing
    };
    assert_eq!((new(72, None), new(73, None)), (Hearing::Quiet, Hearing::NotConnected));
    assert_eq!(new(72, Some(ago(999))), Hearing::Quiet);
    // Without an agreed feed nobody is cut off, however silent.
    assert_eq!(told(&record(&empty)).hearing, Hearing::Quiet);
}

#[test]
fn a_nil_return_turns_silence_into_a_word_on_record_and_a_run_of_them_is_asked_about() {
    let mut empty = steady_then_empty(52, 6);
    for said in 1..=6 {
        let last = empty.len();
        empty[last - said].nil_return = true;
        let hearing = told(&record(&empty));
        assert_eq!(hearing.hearing, Hearing::NilReturn);
        assert_eq!((hearing.nil_returns_in_a_row, hearing.ask), (said, said >= 4));
        assert_eq!(hearing.words().contains("check confidence to raise"), said >= 4);
    }
    // Last week's word says nothing for this week.
    empty.last_mut().unwrap().nil_return = false;
    assert_eq!(told(&record(&empty)).hearing, Hearing::Quiet);
    // Who raised something said something else.
    let mut active = steady_then_empty(50, 0);
    active.last_mut().unwrap().nil_return = true;
    assert_eq!(told(&record(&active)).nil_returns_in_a_row, 0);
}

#[test]
fn without_a_rate_only_those_who_must_be_expected_to_raise_are_asked_after_13_weeks() {
    for (statutory, children, empty, asked) in [
        (true, None, 12, false),
        (true, None, 13, true),
        (false, None, 13, false),
        (false, Some(0), 13, false),
        (false, Some(1), 12, false),
        (false, Some(1), 13, true),
    ] {
        let never = vec![AgencyWeek::default(); empty];
        let facts = AgencyRecord {
            statutory_partner: statutory,
            open_cp_children: children,
            ..record(&never)
        };
        let hearing = told(&facts);
        assert_eq!((hearing.hearing, hearing.ask), (Hearing::NeverReported, asked), "{facts:?}");
        assert_eq!((hearing.rate, hearing.chance), (None, None));
        // With a short history it has reported, but there is no rate.
        let short: Vec<_> = weeks(&[2; 20]).into_iter().chain(never.iter().copied()).collect();
        let short =
            AgencyRecord { weeks: &short, weeks_since_joined: short.len(), ..facts.clone() };
        let state = told(&short).hearing;
        assert_eq!(state == Hearing::Quiet, asked, "{state} {short:?}");
    }
}

#[test]
fn weeks_before_it_joined_are_not_weeks_of_silence_and_unknown_ones_deny_nothing() {
    let empty = vec![AgencyWeek::default(); 52];
    let joined_late =
        AgencyRecord { weeks_since_joined: 3, statutory_partner: true, ..record(&empty) };
    let hearing = told(&joined_late);
    assert_eq!(
        (hearing.hearing, hearing.ask, hearing.empty_weeks),
        (Hearing::NeverReported, false, 3)
    );
    let joined_early = AgencyRecord { weeks_since_joined: 90, ..record(&empty) };
    assert_eq!(told(&joined_early).hearing, Hearing::TooFewToTell);
    let statutory = AgencyRecord { statutory_partner: true, ..joined_early };
    assert_eq!(told(&statutory).hearing, Hearing::Quiet);
}

#[test]
fn those_who_raise_are_lower_too_few_or_usual() {
    let with = |before: u32, last: &[u32]| {
        let mut all = vec![before; 48];
        all.extend_from_slice(last);
        told(&record(&weeks(&all)))
    };
    let usual = with(2, &[1, 3, 0, 2]);
    assert_eq!((usual.hearing, usual.recent, usual.expected), (Hearing::Usual, 6, Some(8.0)));
    assert!(usual.one_in().is_some());
    let lower = with(2, &[1, 0, 1, 0]);
    assert_eq!((lower.hearing, lower.ask), (Hearing::LowerThanUsual, false));
    assert!(lower.chance.unwrap() < 0.05 && lower.words().contains("check confidence to raise"));
    let rare: Vec<u32> = [0, 0, 0, 0, 1].into_iter().cycle().take(50).collect();
    assert_eq!(told(&record(&weeks(&rare))).hearing, Hearing::TooFewToTell);
    let new = told(&record(&weeks(&[3; 16])));
    assert_eq!((new.hearing, new.expected), (Hearing::TooFewToTell, None));
    assert_eq!(told(&record(&weeks(&[3; 17]))).hearing, Hearing::Usual);
}

#[test]
fn chances_are_told_in_plain_words_and_never_rarer_than_they_are() {
    let mut hearing = told(&record(&steady_then_empty(50, 5)));
    for (chance, words) in [
        (0.6, "By chance more often than 1 in 2"),
        (0.5, "By chance 1 in 2"),
        (0.0498, "By chance 1 in 20"),
        (0.001_001, "By chance 1 in 999"),
        (0.000_1, "By chance less often than 1 in 1,000"),
        (0.0, "By chance less often than 1 in 1,000"),
    ] {
        hearing.chance = Some(chance);
        assert_eq!(hearing.chance_in_words().unwrap(), words, "{chance}");
    }
}

#[test]
fn no_words_call_silence_well() {
    for hearing in Hearing::ALL {
        for words in [hearing.tag(), hearing.meaning()] {
            let words = words.to_lowercase();
            for wrong in ["good", "no issue", "no concern", "fine", "healthy", "well", "silent"] {
                assert!(!words.contains(wrong), "{hearing}: {words}");
            }
        }
    }
    for asked in [Hearing::Quiet, Hearing::NeverReported, Hearing::LowerThanUsual] {
        assert!(asked.meaning().contains("confidence to raise"), "{asked}");
    }
}

proptest! {
    #[test]
    fn another_empty_week_never_ends_a_silence(
        raised in prop::collection::vec(0..4_u32, 0..120), empty in 0..40_usize,
        statutory in any::<bool>(), more in 1..60_usize,
    ) {
        let mut all = weeks(&raised);
        all.extend(vec![AgencyWeek::default(); empty]);
        let asked = |weeks: &[AgencyWeek]| {
            told(&AgencyRecord { statutory_partner: statutory, ..record(weeks) }).ask
        };
        let before = asked(&all);
        all.extend(vec![AgencyWeek::default(); more]);
        prop_assert!(asked(&all) || !before);
    }

    #[test]
    fn no_record_is_a_panic_and_every_chance_is_one(
        raised in prop::collection::vec(0..=u32::MAX, 0..80), joined in 0..100_usize,
        children in prop::option::of(0..3_u32),
    ) {
        let all = weeks(&raised.iter().map(|it| it % 2_000).collect::<Vec<_>>());
        let facts = AgencyRecord {
            weeks_since_joined: joined, open_cp_children: children, ..record(&all)
        };
        let hearing = told(&facts);
        prop_assert!(hearing.chance.is_none_or(|it| (0.0..=1.0).contains(&it)));
        prop_assert!(!hearing.words().is_empty());
    }
}
