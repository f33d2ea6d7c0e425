//! The published examples, and how often the rule cries wolf over a whole table.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};

use super::*;

fn cell(before: u32, now: u32) -> CellCounts {
    CellCounts { now, before }
}

/// The chance of `now` or more as the series of the rule's own definition, term by term.
fn by_definition(before: u32, now: u32) -> f64 {
    let (r, q) = (f64::from(before) + 0.5, 13.0 / 17.0_f64);
    let mut choose = 1.0;
    let mut below = 0.0;
    for k in 0..now {
        let k_real = f64::from(k);
        below += choose * q.powf(r) * (1.0 - q).powf(k_real);
        choose *= (r + k_real) / (k_real + 1.0);
    }
    1.0 - below
}

#[test]
fn six_after_three_is_unusual_and_six_after_six_is_not() {
    let rule = CellRule::default();
    let [few, many] = [cell(3, 6), cell(6, 6)];
    assert!((rule.chances(few).at_least - 0.004_829_498_046_354).abs() < 1e-12);
    assert!((rule.chances(many).at_least - 0.033_022_781_456_031).abs() < 1e-12);
    assert_eq!(rule.flag(few), CellFlag::Higher);
    assert_eq!(rule.flag(many), CellFlag::Usual);
}

#[test]
fn the_chances_are_those_of_the_definition() {
    let rule = CellRule::default();
    for before in 0..40 {
        for now in 0..25 {
            let told = rule.chances(cell(before, now)).at_least;
            let wanted = by_definition(before, now);
            assert!((told - wanted).abs() < 1e-12, "{before} {now}: {told} {wanted}");
        }
    }
}

#[test]
fn three_are_never_flagged_as_higher() {
    let rule = CellRule::default();
    let after_nothing = rule.chances(cell(0, 3)).at_least;
    assert!(after_nothing < 0.01, "it is the least count that holds it back: {after_nothing}");
    assert_eq!(rule.flag(cell(0, 3)), CellFlag::Usual);
    assert_eq!(rule.flag(cell(0, 4)), CellFlag::Higher);
}

#[test]
fn fewer_than_the_past_makes_likely_is_lower() {
    let rule = CellRule::default();
    // (13/17)^(N + 0.5) falls below one in twenty from eleven on.
    assert_eq!(rule.flag(cell(10, 0)), CellFlag::Usual);
    assert_eq!(rule.flag(cell(11, 0)), CellFlag::Lower);
    assert_eq!(rule.flag(cell(40, 5)), CellFlag::Lower);
    assert_eq!(rule.flag(cell(40, 12)), CellFlag::Usual);
    assert!((rule.expected(13) - 4.0).abs() < 1e-12);
}

#[test]
fn at_most_so_many_are_pointed_at_and_the_least_likely_first() {
    let rule = CellRule::default();
    let cells = [cell(3, 6), cell(6, 6), cell(0, 9), cell(3, 6), cell(3, 9), cell(0, 0)];
    assert_eq!(rule.most_unusual(&cells, 3), [2, 4, 0]);
    assert_eq!(rule.most_unusual(&cells, 9), [2, 4, 0, 3]);
    assert_eq!(rule.most_unusual(&cells, 0), [0; 0]);
}

/// The mean number of flags a week in a stable table of 81 cells with these means a week.
fn false_flags(means: &[f64], weeks: u32, is_flagged: impl Fn(CellCounts) -> bool) -> f64 {
    let mut rng = StdRng::seed_from_u64(81);
    let mut flags = 0_u32;
    for _ in 0..weeks {
        for mean in means {
            let mut draw = |weeks: f64| {
                let drawn: f64 = Poisson::new(mean * weeks).unwrap().sample(&mut rng);
                u32::try_from(format!("{drawn}").parse::<u64>().unwrap()).unwrap()
            };
            flags += u32::from(is_flagged(cell(draw(13.0), draw(4.0))));
        }
    }
    f64::from(flags) / f64::from(weeks)
}

/// 23 a week, over themes and agencies that differ as they do in the page's example.
fn as_in_a_real_table() -> Vec<f64> {
    let themes = [9.0, 5.0, 4.0, 3.0, 3.0, 2.0, 1.0, 1.0, 1.0];
    let agencies = [32.0, 15.0, 5.0, 11.0, 5.0, 5.0, 5.0, 1.0, 2.0];
    let all: f64 = themes.iter().sum::<f64>() * agencies.iter().sum::<f64>();
    themes
        .iter()
        .flat_map(|theme| agencies.iter().map(move |agency| 23.0 * theme * agency / all))
        .collect()
}

#[test]
fn over_a_table_it_cries_wolf_once_in_five_weeks_where_poisson_does_every_second_week() {
    let rule = CellRule::default();
    let means = as_in_a_real_table();
    assert_eq!(means.len(), 81);
    let rate = false_flags(&means, 3_000, |cell| rule.flag(cell) == CellFlag::Higher);
    assert!((0.16..0.24).contains(&rate), "{rate}");
    let plain = false_flags(&means, 1_000, |cell| {
        let expected = rule.expected(cell.before);
        cell.now >= 4 && tails::poisson(expected, cell.now).at_least < 0.01
    });
    assert!((0.42..0.65).contains(&plain), "{plain}");
}

#[test]
fn where_all_cells_are_equally_full_it_cries_wolf_in_two_weeks_of_five() {
    let rule = CellRule::default();
    let rate = false_flags(&[23.0 / 81.0; 81], 2_000, |cell| rule.flag(cell) == CellFlag::Higher);
    assert!((0.32..0.44).contains(&rate), "{rate}");
}

#[test]
fn the_price_is_that_a_trebling_of_a_small_cell_is_seen_once_in_four() {
    let rule = CellRule::default();
    let mut rng = StdRng::seed_from_u64(3);
    let past = Poisson::new(1.7 / 4.0 * 13.0).unwrap();
    let now = Poisson::new(3.0 * 1.7).unwrap();
    let mut draw = |from: Poisson<f64>| {
        let drawn: f64 = from.sample(&mut rng);
        u32::try_from(format!("{drawn}").parse::<u64>().unwrap()).unwrap()
    };
    let seen = (0..4_000).filter(|_| rule.flag(cell(draw(past), draw(now))) == CellFlag::Higher);
    let share = seen.count();
    assert!((840..1_080).contains(&share), "{share}");
}
