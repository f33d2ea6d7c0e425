//! How likely a count is, or one farther out: the tails of the two distributions of counts by which
//! chance is told from change.

/// The chances of both tails of a count, each with the count itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// The chance of this count or fewer, from 0 to 1.
    pub at_most: f64,
    /// The chance of this count or more, from 0 to 1.
    pub at_least: f64,
}

/// The tails of the Poisson distribution with this mean, at `count`.
///
/// For a mean of nought or less all lies at 0. What is not a finite number makes nothing improbable:
/// both chances are 1.
#[must_use]
pub fn poisson(mean: f64, count: u32) -> Tails {
    if !mean.is_finite() {
        return UNKNOWN;
    }
    if mean <= 0.0 {
        return all_at_zero(count);
    }
    tails(count, -mean, |k| (mean / (k + 1.0)).ln())
}

/// The tails of the negative binomial distribution at `count`: the chance of so many failures, each
/// of chance 1 − `success`, before `size` successes, where `size` need not be whole.
///
/// For a `success` of 1 or more, or a size of nought or less, all lies at 0. What is not a finite
/// number, or a `success` of nought or less, makes nothing improbable: both chances are 1.
#[must_use]
pub fn negative_binomial(size: f64, success: f64, count: u32) -> Tails {
    if !size.is_finite() || !success.is_finite() || success <= 0.0 {
        return UNKNOWN;
    }
    if success >= 1.0 || size <= 0.0 {
        return all_at_zero(count);
    }
    let failure = (-success).ln_1p();
    tails(count, size * success.ln(), |k| ((size + k) / (k + 1.0)).ln() + failure)
}

const UNKNOWN: Tails = Tails { at_most: 1.0, at_least: 1.0 };

const fn all_at_zero(count: u32) -> Tails {
    Tails { at_most: 1.0, at_least: if count == 0 { 1.0 } else { 0.0 } }
}

/// Both tails, from the logarithm of the chance of 0 and, for each k, that of the step from k to
/// k + 1.
///
/// Logarithms, because the chance of 0 is too small for a number when the mean is large. The smaller
/// tail is summed and never made by taking the larger from 1, which would leave only rounding.
fn tails(count: u32, of_zero: f64, step: impl Fn(f64) -> f64) -> Tails {
    let mut log = of_zero;
    let mut below = 0.0;
    for k in 0..count {
        below += log.exp();
        log += step(f64::from(k));
    }
    let here = log.exp();
    if below + here < 0.5 {
        return Tails { at_most: below + here, at_least: (1.0 - below).max(0.0) };
    }
    let mut above = 0.0;
    let mut k = f64::from(count);
    loop {
        let ratio = step(k);
        log += ratio;
        k += 1.0;
        let term = log.exp();
        above += term;
        // Beyond the mode the terms shrink ever faster, and what is left cannot be seen.
        if ratio < 0.0 && term <= above * 1e-18 {
            break;
        }
    }
    Tails { at_most: (1.0 - above).clamp(0.0, 1.0), at_least: (above + here).min(1.0) }
}

#[cfg(test)]
mod tests;
