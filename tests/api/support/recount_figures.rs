//! What the recount counts for a week or a group: the rows behind each figure, and how long the resolved took.

use std::collections::{BTreeMap, BTreeSet};

/// The figures that count rows, by the names that [`Figures::rows`] knows them by.
pub const COUNTS: [&str; 11] = [
    "raised",
    "received_late",
    "excluded",
    "reopened",
    "resolved",
    "resolved_same_day",
    "ended",
    "open_at_end",
    "overdue_at_end",
    "in_time",
    "due",
];

/// What stands beside them, counted from records of good practice alone.
pub const BESIDE: [&str; 2] = ["informal_resolutions", "commendations"];

/// Which rows each figure counts. Escalations, clocks and records of good practice go by their id, episodes by
/// `<escalation>/<number>`.
#[derive(Debug, Default, Clone)]
pub struct Figures {
    rows: BTreeMap<&'static str, BTreeSet<String>>,
    worked: Vec<i64>,
    waited: Vec<i64>,
}

impl Figures {
    /// The rows that a figure counts.
    pub fn rows(&self, figure: &str) -> BTreeSet<String> {
        self.rows.get(figure).cloned().unwrap_or_default()
    }

    /// Counts the seconds on working days that a resolved episode took, and those that its child had waited.
    pub fn took(&mut self, worked: i64, waited: i64) {
        self.worked.push(worked);
        self.waited.push(waited);
    }

    /// How many these are.
    pub fn count(&self, figure: &str) -> usize {
        self.rows.get(figure).map_or(0, BTreeSet::len)
    }

    /// The share of answers in time, when any fell due.
    pub fn share(&self) -> Option<f64> {
        let due = self.count("due");
        (due > 0).then(|| decimal(self.count("in_time")) / decimal(due))
    }

    /// Median working days from 5 cases on, and their 90th percentile from 10.
    pub fn working_days(&self) -> [Option<f64>; 2] {
        median_and_p90(&self.worked)
    }

    /// The same of the days for which children had waited.
    pub fn child_days(&self) -> [Option<f64>; 2] {
        median_and_p90(&self.waited)
    }

    /// Counts a row.
    pub fn add(&mut self, figure: &'static str, row: String) {
        assert!(COUNTS.contains(&figure) || BESIDE.contains(&figure));
        assert!(self.rows.entry(figure).or_default().insert(row), "a row counted twice");
    }
}

fn median_and_p90(seconds: &[i64]) -> [Option<f64>; 2] {
    [(5, 5), (10, 9)].map(|(enough, tenths)| {
        (seconds.len() >= enough).then(|| percentile(seconds, tenths) / 86_400.0)
    })
}

/// `percentile_cont`: between the two nearest cases, linear by rank.
fn percentile(cases: &[i64], tenths: usize) -> f64 {
    let mut sorted = cases.to_vec();
    sorted.sort_unstable();
    let place = tenths * (sorted.len() - 1);
    let (rank, between) = (place / 10, decimal(place % 10) / 10.0);
    let seconds =
        |rank: usize| decimal(usize::try_from(sorted[rank.min(sorted.len() - 1)]).unwrap());
    seconds(rank) + (seconds(rank + 1) - seconds(rank)) * between
}

/// A whole number as a decimal one; all that are counted here are small.
fn decimal(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
