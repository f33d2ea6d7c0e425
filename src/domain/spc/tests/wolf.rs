//! How often stable series raise a false alarm, and how soon a real change is seen.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp, Geometric, Normal, Poisson};

use super::*;

const SERIES: usize = 1_000;
const BASELINE: usize = 20;
const WEEKS: usize = 52;

/// In hundredths of the points after the baseline: outside, trend, two in three, shift, any of them;
/// and any of them on the latest point, in hundredths of the weeks.
type Rates = [f64; 6];

/// How many points there are when the latest one is looked at.
const LOOKED_AT: [usize; 4] = [28, 36, 44, 52];

fn rates<V>(draw: impl Fn(&mut StdRng) -> Vec<V>, chart_of: impl Fn(&[V]) -> Chart) -> Rates {
    let mut rng = StdRng::seed_from_u64(54);
    let (mut found, mut latest) = ([0_u32; 5], 0_u32);
    for _ in 0..SERIES {
        let values = draw(&mut rng);
        let chart = chart_of(&values);
        assert_eq!(chart.points.len(), WEEKS);
        for point in &chart.points[BASELINE..] {
            for (rule, count) in Rule::ALL.iter().zip(&mut found) {
                *count += u32::from(point.signals.iter().any(|signal| signal.rule == *rule));
            }
            found[4] += u32::from(point.label().is_some());
        }
        for points in LOOKED_AT {
            let told = chart_of(&values[..points]).variation(Goodness::Neutral);
            latest += u32::from(told != Variation::CommonCause);
        }
    }
    let [outside, trend, two_in_three, shift, any] =
        found.map(|count| 100.0 * f64::from(count) / real(SERIES * (WEEKS - BASELINE)));
    let latest = 100.0 * f64::from(latest) / real(SERIES * LOOKED_AT.len());
    [outside, trend, two_in_three, shift, any, latest]
}

fn within(name: &str, told: Rates, documented: Rates) {
    for (told, documented) in told.into_iter().zip(documented) {
        let band = 0.15 + documented * 0.15;
        assert!((told - documented).abs() <= band, "{name}: {told} is not {documented} ± {band}");
    }
}

fn draw(from: impl Distribution<f64>, rng: &mut StdRng) -> Vec<f64> {
    (0..WEEKS).map(|_| from.sample(rng)).collect()
}

fn locked() -> SpcSettings {
    SpcSettings::default()
}

#[test]
fn single_values_stay_within_the_documented_rate() {
    let normal = rates(
        |rng| draw(Normal::new(20.0, 4.0).unwrap(), rng),
        |values| xmr(&series(values), Scale::Any, &[], &locked()),
    );
    within("normal", normal, [0.97, 0.11, 0.71, 7.60, 9.13, 3.60]);
    let poisson = rates(
        |rng| draw(Poisson::new(8.0).unwrap(), rng),
        |values| xmr(&series(values), Scale::NotNegative, &[], &locked()),
    );
    within("poisson 8", poisson, [1.21, 0.04, 0.85, 9.55, 11.24, 4.70]);
}

#[test]
fn small_counts_and_rates_stay_within_the_documented_rate() {
    let small = rates(
        |rng| draw(Poisson::new(3.0).unwrap(), rng),
        |values| c_chart(&series(values), &[], &locked()),
    );
    within("poisson 3", small, [0.73, 0.00, 0.45, 10.17, 11.16, 4.47]);
    let changing = rates(
        |rng| {
            let of = |at| 80.0 + 40.0 * real(at) / real(WEEKS);
            let count =
                |at, rng: &mut StdRng| -> f64 { Poisson::new(0.04 * of(at)).unwrap().sample(rng) };
            (0..WEEKS)
                .map(|at| RateWeek {
                    week: week(at),
                    count: count(at, rng).to_string().parse().ok(),
                    of: of(at),
                })
                .collect()
        },
        |weeks| u_chart(weeks, &[], &locked()),
    );
    within("rate", changing, [0.66, 0.93, 0.41, 9.39, 11.04, 4.20]);
}

#[test]
fn rare_events_stay_within_the_documented_rate() {
    let times = rates(
        |rng| draw(Exp::new(1.0 / 21.0).unwrap(), rng),
        |values| t_chart(&series(values), &[], &locked()),
    );
    within("days between", times, [0.86, 0.13, 0.67, 8.17, 9.58, 3.40]);
    let occasions = rates(
        |rng| {
            let from = Geometric::new(1.0 / 22.0).unwrap();
            (0..WEEKS).map(|_| from.sample(rng).to_string().parse().unwrap()).collect()
        },
        |values: &[f64]| g_chart(&series(values), &[], &locked()),
    );
    within("occasions between", occasions, [2.68, 0.15, 0.00, 0.00, 2.83, 2.55]);
}

#[test]
fn a_lock_after_twelve_points_cries_wolf_more_often_than_one_after_twenty() {
    let outside = |lock_after| {
        let settings = settings(Some(lock_after), false);
        rates(
            |rng| draw(Poisson::new(17.0).unwrap(), rng),
            |values| xmr(&series(values), Scale::NotNegative, &[], &settings),
        )[0]
    };
    let (twelve, twenty) = (outside(12), outside(20));
    assert!((1.5..2.2).contains(&twelve) && (0.8..1.3).contains(&twenty), "{twelve} {twenty}");
}

#[test]
fn a_shift_of_one_and_a_half_deviations_is_seen_within_the_documented_weeks() {
    let settings = SpcSettings::default();
    let mut rng = StdRng::seed_from_u64(15);
    let steady = Normal::new(0.0, 1.0).unwrap();
    let mut weeks: Vec<usize> = (0..SERIES)
        .map(|_| {
            let mut values: Vec<f64> =
                (0..BASELINE + 60).map(|_| steady.sample(&mut rng)).collect();
            values[BASELINE..].iter_mut().for_each(|value| *value += 1.5);
            // As seen week by week: a later point may not mark an earlier one before it is there.
            (1..=60)
                .find(|seen| {
                    let chart =
                        xmr(&series(&values[..BASELINE + seen]), Scale::Any, &[], &settings);
                    chart.variation(Goodness::Neutral) == Variation::NeutralHigh
                })
                .unwrap_or(61)
        })
        .collect();
    weeks.sort_unstable();
    let (median, ninth) = (weeks[SERIES / 2], weeks[SERIES * 9 / 10]);
    assert!((4..=6).contains(&median) && (8..=12).contains(&ninth), "{median} {ninth}");
}
