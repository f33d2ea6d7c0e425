//! That the pack says what its facts say, and points at what wants an answer.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::figures::Figures;
use crate::domain::review::ReviewNoticeKind;
use crate::domain::spc::Basis;

fn partnership() -> Partnership {
    Partnership {
        id: crate::domain::ids::PartnershipId(uuid::Uuid::nil()),
        code: "ANY".to_owned(),
        name: "Anyborough".to_owned(),
        agencies: Vec::new(),
        themes: Vec::new(),
        timescales: Vec::new(),
        policies: Vec::new(),
        calendars: Vec::new(),
    }
}

fn week(number: i32) -> IsoWeek {
    "2026-W01".parse::<IsoWeek>().expect("a week").plus_weeks(number)
}

fn figures(raised: impl Fn(i32) -> i64, weeks: i32) -> Vec<WeekFigures> {
    (0..weeks)
        .map(|number| WeekFigures {
            week: week(number),
            open_at_start: 0,
            total: Figures { raised: raised(number), ended: raised(number), ..Figures::default() },
            groups: Vec::new(),
            beside: crate::domain::figures::WeekBeside::default(),
        })
        .collect()
}

/// The pack of these weeks, taken at the end of the last, or so many hours before it.
fn pack(weeks: &[WeekFigures], hours_before_end: i64) -> Pack {
    let last = weeks.last().expect("a week");
    assemble(&Facts {
        agreed: &partnership(),
        rules: &ReviewRules::default(),
        week: last.week,
        data_to: last.week.ends_at() - jiff::SignedDuration::from_hours(hours_before_end),
        weeks,
        window: last,
        raised: &[],
        open: &[],
        owners: &BTreeMap::new(),
        contacts: &BTreeMap::new(),
        feeds: &BTreeMap::new(),
        nil_returns: &BTreeSet::new(),
        arrived_since: 0,
        record: &Record::default(),
    })
}

fn signals(pack: &Pack) -> Vec<&str> {
    let signals = pack.notices.iter().filter(|it| it.kind == ReviewNoticeKind::Signal);
    signals.map(|it| it.key.as_str()).collect()
}

#[test]
fn a_week_as_usual_is_no_notice_and_one_outside_its_limits_is() {
    let usual = pack(&figures(|number| 20 + i64::from(number % 3), 30), 0);
    assert_eq!(usual.tiles.new.reading.variation, Variation::CommonCause);
    assert_eq!(usual.tiles.new.reading.basis, Some(Basis::Locked));
    assert!(signals(&usual).is_empty(), "{:?}", usual.notices);
    let (lower, upper) =
        (usual.tiles.new.reading.lower.unwrap(), usual.tiles.new.reading.upper.unwrap());
    assert!(lower < 20.0 && upper > 22.0 && upper < 26.0, "{lower} {upper}");
    let many = |number| if number == 29 { 60 } else { 20 + i64::from(number % 3) };
    let high = pack(&figures(many, 30), 0);
    // Neither more nor fewer is good or bad.
    assert_eq!(high.tiles.new.reading.variation, Variation::NeutralHigh);
    assert_eq!(signals(&high), ["signal:raised"]);
    assert_eq!(
        high.raised.message,
        "More were raised than usual. That can be good: people speak up."
    );
    assert_eq!((high.tiles.new.value, high.tiles.new.last_week), (60, 21));
    let last = high.raised.points.last().unwrap();
    assert_eq!((last.value, last.variation), (Some(60.0), Variation::NeutralHigh));
}

#[test]
fn a_week_that_is_not_over_is_never_compared_with_whole_ones() {
    let few = |number| if number == 29 { 0 } else { 20 + i64::from(number % 3) };
    let over = pack(&figures(few, 30), 0);
    assert_eq!(over.tiles.new.reading.variation, Variation::NeutralLow);
    let part = pack(&figures(few, 30), 1);
    assert!(part.part && !over.part);
    assert_eq!(part.tiles.new.reading.variation, Variation::NotEnoughData);
    assert_eq!(part.raised.points.last().unwrap().value, None);
    assert!(signals(&part).is_empty());
}

#[test]
fn limits_are_trial_limits_until_they_lock_and_a_short_history_has_none() {
    for (weeks, basis, words) in [
        (11, Basis::NotEnoughData, "Too few weeks for limits."),
        (15, Basis::TrialLimits, "Trial limits from 15 weeks."),
        (40, Basis::Locked, "Limits from the first 20 weeks."),
    ] {
        let pack = pack(&figures(|number| 20 + i64::from(number % 3), weeks), 0);
        assert_eq!(pack.tiles.new.reading.basis, Some(basis), "{weeks}");
        assert!(pack.raised.method.ends_with(words), "{}", pack.raised.method);
        assert_eq!(pack.raised.points.len(), usize::try_from(weeks).unwrap().min(52));
    }
}

/// The pack at the end of these weeks, with a change of the number raised from the `from`th on.
fn pack_with_change(weeks: &[WeekFigures], from: i32) -> Pack {
    let rebase = Rebase::new(week(from), "Policy relaunched", "Director of Quality Assurance");
    let rebases = BTreeMap::from([(ChartName::Raised, vec![rebase.unwrap()])]);
    let rules = ReviewRules { rebases, ..ReviewRules::default() };
    let last = weeks.last().unwrap();
    assemble(&Facts {
        agreed: &partnership(),
        rules: &rules,
        week: last.week,
        data_to: last.week.ends_at(),
        weeks,
        window: last,
        raised: &[],
        open: &[],
        owners: &BTreeMap::new(),
        contacts: &BTreeMap::new(),
        feeds: &BTreeMap::new(),
        nil_returns: &BTreeSet::new(),
        arrived_since: 0,
        record: &Record::default(),
    })
}

#[test]
fn a_declared_change_shows_with_its_reason_and_moves_the_limits() {
    let weeks = figures(
        |number| if number < 25 { 6 + i64::from(number % 3) } else { 20 + i64::from(number % 3) },
        60,
    );
    let with = pack_with_change(&weeks, 25);
    assert_eq!(with.tiles.new.reading.variation, Variation::CommonCause);
    assert_eq!(with.raised.rebases.len(), 1);
    assert_eq!(with.raised.rebases[0].reason, "Policy relaunched");
    assert_eq!(with.raised.points.len(), 52, "no point is dropped");
    let without = pack(&weeks, 0);
    assert_eq!(without.tiles.new.reading.variation, Variation::NeutralHigh);
    assert!(without.raised.rebases.is_empty());
}

#[test]
fn the_chart_is_that_of_the_work_as_it_is_now_and_says_on_which_change_its_limits_rest() {
    let weeks = figures(
        |number| if number < 25 { 20 + i64::from(number % 3) } else { 2 + i64::from(number % 3) },
        100,
    );
    let small = |pack: &Pack| pack.raised.method.contains("limits of a small count");
    assert!(!small(&pack(&weeks, 0)), "over all weeks it is no small count");
    let now = pack_with_change(&weeks, 25);
    assert!(small(&now), "{}", now.raised.method);
    let said = "Limits from the first 20 weeks. They are counted from 2026-W26 on";
    assert!(now.raised.method.contains(said), "{}", now.raised.method);
    // The change lies before the weeks that are shown, and is told all the same.
    assert!(now.raised.points[0].week > now.raised.rebases[0].week);
    assert_eq!(now.tiles.new.reading.variation, Variation::CommonCause);
    // With too few weeks since, nothing is judged, and all of them choose.
    let short = pack_with_change(&weeks[..30], 25);
    assert!(!small(&short) && short.raised.method.contains("Too few weeks for limits."));
    assert_eq!(short.tiles.new.reading.variation, Variation::NotEnoughData);
}

#[test]
fn of_unusual_cells_the_three_least_likely_are_noticed() {
    let column = |code: &str| crate::domain::review::Column {
        code: code.to_owned(),
        label: code.to_owned(),
        short: code.to_owned(),
        agencies: Vec::new(),
    };
    // The largest count is nothing unusual; six after one is less likely than nine after six.
    let counts = [(40, 130), (6, 1), (9, 6), (3, 0), (12, 6), (10, 6)];
    let rule = CellRule::default();
    let cells = counts.map(|(value, before)| {
        let usual = rule.expected(u32::try_from(before).unwrap());
        crate::domain::review::Cell {
            value,
            before,
            usual,
            flag: crate::domain::unusual_cell::CellFlag::Usual,
        }
    });
    let table = ThemeTable {
        from: week(0),
        columns: ["a", "b", "c", "d", "e", "f"].map(column).into(),
        totals: Vec::new(),
        total: 0,
        rows: vec![crate::domain::review::ThemeRow {
            group: "g".to_owned(),
            label: "G".to_owned(),
            cells: cells.into(),
            total: 0,
            weeks: Vec::new(),
            median_days: None,
            themes: Vec::new(),
        }],
    };
    let codes: Vec<&str> =
        table.flagged(&rule).iter().map(|(_, column, _)| column.code.as_str()).collect();
    let chance = |(now, before)| rule.chances(CellCounts { now, before }).at_least;
    assert!(chance((12, 6)) < chance((6, 1)) && chance((6, 1)) < chance((10, 6)));
    assert_eq!(codes, ["e", "b", "f"]);
}

#[test]
fn a_pack_survives_being_written_and_read() {
    let made = pack(&figures(|number| i64::from(number % 5), 30), 0);
    let text = serde_json::to_string(&made).unwrap();
    assert_eq!(serde_json::from_str::<Pack>(&text).unwrap(), made);
}

#[test]
fn what_was_signed_under_the_first_form_is_still_read() {
    let text = include_str!("tests/signed_pack_version_1.json");
    let read: Pack = serde_json::from_str(text).unwrap();
    assert_eq!((read.pack_version, read.tiles.new.value), (1, 3));
    assert_eq!(read.record, Record::default(), "it knew of no meeting");
    assert!(PACK_VERSION > 1 && !text.contains("\"record\""));
    // Of what it has the checks before signing can be told.
    let unmet = |pack: &Pack| {
        let all = crate::domain::meeting::checks(pack).into_iter().filter(|it| !it.met);
        all.map(|it| (it.check.code(), it.against)).collect::<Vec<_>>()
    };
    assert_eq!(unmet(&read), [("overdue_owned", 1)]);
    let mut other = read.clone();
    other.asked.rows[0].themes[0].code = "other".to_owned();
    other.received_late = 2;
    let expected = [("overdue_owned", 1), ("themes_set", 3), ("late_records_seen", 2)];
    assert_eq!(unmet(&other), expected);
}

#[test]
fn a_breach_is_a_notice_also_where_somebody_holds_it() {
    let mut made = pack(&figures(|_| 20, 30), 0);
    let told = |made: &Pack| {
        let found = notices(&made.tiles, (&made.asked, &CellRule::default()), &made.agencies);
        found.into_iter().map(|it| it.key).collect::<Vec<_>>()
    };
    (made.tiles.overdue.value, made.tiles.overdue.without_owner) = (3, 1);
    assert_eq!(told(&made), ["overdue_without_owner:all", "overdue:all"]);
    made.tiles.overdue.without_owner = 3;
    assert_eq!(told(&made), ["overdue_without_owner:all"]);
    (made.tiles.overdue.value, made.tiles.overdue.without_owner) = (2, 0);
    assert_eq!(told(&made), ["overdue:all"]);
}
