//! Seeded chance: every number that the made-up data takes from a distribution is drawn here.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use rand::distr::uniform::SampleUniform;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1, Gamma, Poisson, StandardNormal};

use super::DemoError;

/// How strongly the weekly number of escalations varies around its mean: the size of a negative
/// binomial distribution. Smaller is wilder.
const ARRIVALS_SIZE: f64 = 8.0;

/// A stream of chance that is the same for the same seed.
pub(super) struct Chance(StdRng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    pub(super) fn real(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.0.random::<f64>()
    }

    pub(super) fn whole<T: SampleUniform + PartialOrd>(&mut self, range: RangeInclusive<T>) -> T {
        self.0.random_range(range)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Result<T, DemoError> {
        from.choose(&mut self.0).copied().ok_or(DemoError::NothingToChoose)
    }

    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> Result<T, DemoError> {
        let chosen = from.choose_weighted(&mut self.0, |(_, weight)| *weight);
        chosen.map(|(it, _)| *it).map_err(|_| DemoError::NothingToChoose)
    }

    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let normal: f64 = StandardNormal.sample(&mut self.0);
        median * (sigma * normal).exp()
    }

    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        let unit: f64 = Exp1.sample(&mut self.0);
        mean * unit
    }

    /// A number from a negative binomial distribution: a Poisson one whose mean itself varies.
    pub(super) fn arrivals(&mut self, mean: f64) -> i64 {
        let rate = Gamma::new(ARRIVALS_SIZE, mean / ARRIVALS_SIZE)
            .map_or(0.0, |gamma| gamma.sample(&mut self.0));
        Poisson::new(rate).map_or(0, |poisson| floor(poisson.sample(&mut self.0)))
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        self.0.random()
    }
}

/// The whole part of a number; 0 for what no duration can hold.
pub(super) fn floor(number: f64) -> i64 {
    // A duration is the one checked way from a real number to a whole one.
    SignedDuration::try_from_secs_f64(number.floor()).map_or(0, |seconds| seconds.as_secs())
}

/// Spreads something rare evenly over the cases, so that a short series has it too and a long one has no more of it
/// than its share.
pub(super) struct Quota {
    share: f64,
    owed: f64,
}

impl Quota {
    pub(super) const fn new(share: f64) -> Self {
        Self { share, owed: 0.5 }
    }

    /// Whether it is this case's turn. One that does not fit leaves its turn to the next.
    pub(super) fn falls_on(&mut self, fits: bool) -> bool {
        self.owed += self.share;
        let falls = fits && self.owed >= 1.0;
        if falls {
            self.owed -= 1.0;
        }
        falls
    }
}
