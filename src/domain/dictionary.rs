//! What every figure means: one table from which the contract, the pages and the sheets of files are made.
//!
//! A figure without an entry, or an entry without a figure, fails a test.

use super::codes::codes;
use super::spc::{ChartKind, Goodness};

mod of_review;
mod of_weeks;

codes! {
    /// What a figure is measured in.
    pub enum Unit {
        /// Whole things: escalations, answers, agencies, records.
        Number => "number",
        /// A part of a whole, from 0 to 1.
        Share => "share",
        /// Working days, with fractions; week-ends and bank holidays of England and Wales count nothing.
        WorkingDays => "working_days",
        /// Days of 24 hours, with fractions; every day counts.
        Days => "days",
        /// Weeks, Monday to Sunday in Europe/London.
        Weeks => "weeks",
    }
}

/// What one figure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its stable code.
    pub code: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What it is, in plain words.
    pub definition: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What is counted.
    pub counted: &'static str,
    /// What is not.
    pub left_out: &'static str,
    /// What it is a part of; none where it is no share.
    pub denominator: Option<&'static str>,
    /// What becomes of escalations that are still open.
    pub still_open: &'static str,
    /// To which week, or which instant, it belongs.
    pub time: &'static str,
    /// Which way is better.
    pub better: Goodness,
    /// It is shown from so many cases on.
    pub shown_from: u32,
    /// The charts on which it is judged, the first that suits; none where it is not charted.
    pub charts: &'static [ChartKind],
    /// The first version of the definitions that has it as it is now.
    pub since: u32,
    /// Where it is shown: members of the weekly aggregation (`weekly:`) and of the review (`review:`).
    pub shown_in: &'static [&'static str],
}

/// Every figure, in the order in which it is read.
pub fn metrics() -> impl Iterator<Item = &'static Metric> {
    of_weeks::METRICS.iter().chain(of_review::METRICS)
}

/// The figure with this code.
#[must_use]
pub fn metric(code: &str) -> Option<&'static Metric> {
    metrics().find(|it| it.code == code)
}

/// The weeks in which something happened.
const WEEK_OF_ACT: &str = "The week in which it happened by the time that the agencies state, whenever it was received: \
                           Monday 00:00 to the next Monday 00:00 in Europe/London.";
/// The end of a week.
const END_OF_WEEK: &str =
    "The end of the week: Monday 00:00 in Europe/London, that instant not included.";
/// When the data of a review were taken.
const DATA_TO: &str = "The instant to which the data of the review reach: Monday 06:00 after the week in Europe/London, \
                       or now as long as that has not come.";
/// The weeks that the table of themes sums.
const FOUR_WEEKS: &str =
    "The review week and the three before it, by the time at which each was raised.";
/// Of counts of what happened.
const NO_OPEN_CASES: &str = "Whether it is still open makes no difference.";
/// The charts of counts.
const COUNT_CHARTS: &[ChartKind] = &[ChartKind::Xmr, ChartKind::C];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::figures::{DEFINITIONS_VERSION, Measure};

    #[test]
    fn every_entry_says_everything_and_no_two_are_alike() {
        let mut codes = BTreeSet::new();
        let mut members = BTreeSet::new();
        for it in metrics() {
            assert!(codes.insert(it.code), "{} twice", it.code);
            for text in [it.label, it.definition, it.counted, it.left_out, it.still_open, it.time] {
                assert!(text.len() > 3 && !text.contains("  "), "{}: {text:?}", it.code);
            }
            for sentence in [it.definition, it.counted, it.left_out, it.still_open, it.time] {
                assert!(sentence.ends_with('.'), "{}: {sentence:?}", it.code);
            }
            assert_eq!(it.unit == Unit::Share, it.denominator.is_some(), "{}", it.code);
            assert!((1..=DEFINITIONS_VERSION).contains(&it.since), "{}", it.code);
            assert!(it.shown_from >= 1 && !it.shown_in.is_empty(), "{}", it.code);
            for member in it.shown_in {
                assert!(members.insert(member), "{member} means two things");
            }
        }
        assert!(metric("raised").is_some() && metric("no_such_figure").is_none());
    }

    #[test]
    fn every_measure_of_the_aggregation_is_a_metric_of_the_same_name_and_words() {
        for measure in Measure::ALL {
            let known = metric(measure.code()).unwrap_or_else(|| panic!("{measure}"));
            assert_eq!(known.definition, measure.definition());
        }
    }
}
