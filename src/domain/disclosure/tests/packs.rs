//! Two packs of different weeks: what one less the other tells, and which are refused.

use super::*;
use crate::domain::week::IsoWeek;

fn week(text: &str) -> IsoWeek {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> PackPeriod {
    PackPeriod { from: week(from), to: week(to) }
}

fn quarter(year: i16, number: usize) -> PackPeriod {
    PackPeriod::quarter(year, number).unwrap()
}

#[test]
fn quarters_are_thirteen_weeks_and_the_last_of_a_long_year_fourteen() {
    assert_eq!(quarter(2025, 1), period("2025-W01", "2025-W13"));
    assert_eq!(quarter(2025, 3), period("2025-W27", "2025-W39"));
    assert_eq!(quarter(2025, 4), period("2025-W40", "2025-W52"));
    assert_eq!(quarter(2026, 4), period("2026-W40", "2026-W53"));
    for number in [0, 5, usize::MAX] {
        assert_eq!(PackPeriod::quarter(2026, number), None);
    }
    assert_eq!(PackPeriod::quarter(i16::MAX, 4), None);
}

#[test]
fn only_quarters_are_published_and_each_once() {
    let published = [quarter(2026, 1), quarter(2026, 2)];
    assert_eq!(may_publish(&published, quarter(2026, 3)), Ok(()));
    assert_eq!(may_publish(&published, quarter(2025, 2)), Ok(()));
    assert_eq!(
        may_publish(&published, quarter(2026, 2)),
        Err(NotPublishable::Overlaps(quarter(2026, 2)))
    );
    for wrong in [
        period("2026-W02", "2026-W14"),
        period("2026-W27", "2026-W38"),
        period("2026-W40", "2026-W52"),
        period("2026-W01", "2026-W53"),
        period("2026-W30", "2026-W30"),
        period("2026-W39", "2026-W27"),
    ] {
        assert_eq!(may_publish(&published, wrong), Err(NotPublishable::NotAQuarter), "{wrong:?}");
    }
    // What was published before these rules is heeded too.
    let earlier = period("2026-W35", "2026-W41");
    assert_eq!(may_publish(&[earlier], quarter(2026, 3)), Err(NotPublishable::Overlaps(earlier)));
}

/// Weekly counts of a row of agencies.
fn window(weeks: &[[u32; 3]], from: usize, length: usize) -> [u32; 3] {
    let sum = |at: usize| weeks[from..from + length].iter().map(|week| week[at]).sum();
    [sum(0), sum(1), sum(2)]
}

#[test]
fn one_rolling_window_less_the_other_gives_single_weeks_and_so_is_refused() {
    let mut weeks = vec![[2, 3, 4]; 14];
    weeks[13] = [3, 3, 4];
    let one = window(&weeks, 0, 13);
    let next = window(&weeks, 1, 13);
    let told = [one, next].map(|counts| protect(&table(&[&counts]), Profile::DfeCin));
    // Nothing is small in either, and yet the difference is one escalation of one agency.
    let numbers = told.map(|it| it.cells[0].iter().map(|cell| cell.number()).collect::<Vec<_>>());
    assert_eq!(numbers, [vec![Some(26), Some(39), Some(52)], vec![Some(27), Some(39), Some(52)]]);
    let first = period("2026-W01", "2026-W13");
    let second = period("2026-W02", "2026-W14");
    assert_eq!(may_publish(&[], first), Ok(()));
    assert_eq!(may_publish(&[first], second), Err(NotPublishable::NotAQuarter));
}

#[test]
fn a_year_less_three_quarters_gives_the_fourth_and_so_is_refused() {
    let quarters = [[12_u32, 30], [10, 20], [11, 25], [3, 28]];
    let year: Vec<u32> = (0..2).map(|at| quarters.iter().map(|it| it[at]).sum()).collect();
    let shown = |counts: &[u32]| protect(&table(&[counts]), Profile::DfeCin).cells[0][0].number();
    assert_eq!(shown(&quarters[3]), None);
    let three: u32 = quarters[..3].iter().filter_map(|counts| shown(counts)).sum();
    assert_eq!(shown(&year).unwrap() - three, 3, "the hidden number, found");
    let whole = period("2026-W01", "2026-W53");
    let published: Vec<_> = (1..=4).map(|number| quarter(2026, number)).collect();
    assert_eq!(may_publish(&published, whole), Err(NotPublishable::NotAQuarter));
}

proptest! {
    #[test]
    fn what_may_be_published_together_shares_no_week(
        periods in prop::collection::vec((0..40_i32, 0..20_i32, any::<bool>()), 1..30),
    ) {
        let mut published: Vec<PackPeriod> = Vec::new();
        for (from, length, aligned) in periods {
            let first = week("2025-W40").plus_weeks(from);
            let asked = if aligned {
                let number = usize::try_from((from % 4) + 1).unwrap();
                quarter(2025 + i16::try_from(length % 3).unwrap(), number)
            } else {
                PackPeriod { from: first, to: first.plus_weeks(length) }
            };
            if may_publish(&published, asked).is_ok() {
                published.push(asked);
            }
        }
        let all: Vec<IsoWeek> =
            published.iter().flat_map(|it| IsoWeek::range(it.from, it.to)).collect();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), all.len());
    }
}
