//! The tails against closed forms, and where numbers run out.

use super::*;

fn close(told: f64, wanted: f64) {
    assert!((told - wanted).abs() <= 1e-12 * wanted.abs().max(1e-3), "{told} is not {wanted}");
}

#[test]
fn poisson_tails_are_those_of_the_closed_form() {
    close(poisson(3.0, 0).at_most, (-3.0_f64).exp());
    close(poisson(2.0, 1).at_most, 3.0 * (-2.0_f64).exp());
    close(poisson(2.0, 1).at_least, 1.0 - (-2.0_f64).exp());
    close(poisson(0.5, 2).at_least, 1.0 - 1.5 * (-0.5_f64).exp());
    assert_eq!(poisson(0.0, 0), Tails { at_most: 1.0, at_least: 1.0 });
    assert_eq!(poisson(0.0, 1), Tails { at_most: 1.0, at_least: 0.0 });
}

#[test]
fn negative_binomial_tails_are_those_of_the_closed_form() {
    // With size 1 it is geometric.
    for count in 0..60_u32 {
        let tails = negative_binomial(1.0, 0.25, count);
        close(tails.at_least, 0.75_f64.powi(i32::try_from(count).unwrap()));
        close(tails.at_most, 1.0 - 0.75_f64.powi(i32::try_from(count).unwrap() + 1));
    }
}

#[test]
fn a_far_tail_is_no_rounding_error() {
    // 1 − 0.999… would be nought or noise here.
    close(negative_binomial(1.0, 0.9, 40).at_least, 0.1_f64.powi(40));
    let far = poisson(1.0, 30).at_least;
    let first = (-1.0_f64).exp() / (1..=30).map(f64::from).product::<f64>();
    assert!(far > first && far < first * 1.04, "{far} {first}");
    let lowest = poisson(800.0, 400).at_most;
    assert!(lowest > 0.0 && lowest < 1e-40, "{lowest}");
}

#[test]
fn large_means_and_what_is_no_number_are_answered() {
    let middle = poisson(2_000.0, 2_000);
    assert!((middle.at_most - 0.506).abs() < 0.001, "{middle:?}");
    for odd in [f64::NAN, f64::INFINITY] {
        assert_eq!(poisson(odd, 3), UNKNOWN);
        assert_eq!(negative_binomial(odd, 0.5, 3), UNKNOWN);
        assert_eq!(negative_binomial(1.0, odd, 3), UNKNOWN);
    }
    assert_eq!(negative_binomial(1.0, 0.0, 3), UNKNOWN);
    assert_eq!(negative_binomial(1.0, 1.0, 3).at_least, 0.0);
    assert_eq!(negative_binomial(0.0, 0.5, 0).at_most, 1.0);
}

proptest::proptest! {
    #[test]
    fn tails_are_chances_and_share_only_the_count_itself(
        mean in 0.01..60.0_f64, size in 0.1..40.0_f64, success in 0.05..0.95_f64, count in 0..120_u32,
    ) {
        let of_next = count + 1;
        for (tails, next) in [
            (poisson(mean, count), poisson(mean, of_next)),
            (negative_binomial(size, success, count), negative_binomial(size, success, of_next)),
        ] {
            proptest::prop_assert!((0.0..=1.0).contains(&tails.at_most));
            proptest::prop_assert!((0.0..=1.0).contains(&tails.at_least));
            proptest::prop_assert!((tails.at_most + next.at_least - 1.0).abs() < 1e-9);
            proptest::prop_assert!(next.at_least <= tails.at_least + 1e-12);
        }
    }
}
