//! Random questions about what was known at an instant, answered by a recount of the rows as they were at that instant.

use jiff::{Timestamp, ToSpan};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde_json::Value;

use super::people::Person;
use super::recount::{Raw, monday};
use super::recount_check::{Ask, GROUPINGS, assert_csv, assert_json, assert_records};

/// The rows as they were at an instant.
pub struct Past {
    /// The instant.
    pub at: Timestamp,
    /// The rows.
    pub raw: Raw,
}

/// A week `later` than another, both written `2026-W47`.
fn later(week: &str, later: i64) -> String {
    let iso = monday(week).checked_add((7 * later).days()).unwrap().iso_week_date();
    format!("{:04}-W{:02}", iso.year(), iso.week())
}

/// Asks `number` random questions about random weeks from `first` on, with random filters, as of a random past each.
pub async fn assert_random_questions(
    person: &Person<'_>,
    pasts: &[Past],
    (first, weeks): (&str, i64),
    rng: &mut StdRng,
    number: usize,
) {
    let get = async |path: &str| -> Value { person.get(path).await.expect(200).json };
    let mut with_figures = 0;
    for question in 0..number {
        let past = pasts.choose(rng).unwrap();
        let at = past.at.to_string();
        let start = rng.random_range(0..weeks);
        let from = later(first, start);
        let to = later(first, (start + rng.random_range(0..6)).min(weeks - 1));
        let [raisers, responders] = past.raw.agencies();
        let mut filters = Vec::new();
        for (name, codes) in [
            ("theme", past.raw.themes()),
            ("raised_by_agency", raisers),
            ("raised_with_agency", responders),
        ] {
            if rng.random_bool(0.25) {
                filters.extend(codes.into_iter().choose(rng).map(|code| (name, code)));
            }
        }
        let ask = Ask {
            from: &from,
            to: &to,
            group_by: GROUPINGS.choose(rng).unwrap(),
            filters: &filters,
            as_of: Some(&at),
        };
        let links = assert_json(&get, &past.raw, &ask).await;
        with_figures += usize::from(links.values().any(|rows| !rows.is_empty()));
        if question % 5 == 0 {
            assert_csv(&person.get_csv(&ask.url()).await.expect(200).text, &past.raw, &ask);
        }
        // The rows behind a figure are those of then, too.
        let rows = links.into_iter().filter(|(_, rows)| !rows.is_empty()).choose(rng);
        assert_records(&get, rows.into_iter().collect()).await;
    }
    assert!(with_figures * 2 > number, "only {with_figures} of {number} questions had figures");
}
