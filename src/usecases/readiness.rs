//! Whether the service can do its work: what has to be true of everything around it.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};

use super::deps::Deps;
use crate::domain::london::local_date;
use crate::store::StoreFailure;
use crate::store::feed::{self, FeedState};
use crate::store::migrations::{self, SchemaState};
use crate::store::sweeps::{self, SweepState};

/// How far this machine's clock and the database's may differ, in seconds.
const MOST_SKEW: f64 = 10.0;

/// How many days before the last covered year ends somebody has to look: longer than the longest limit that is counted
/// in working days or months, so that no due date meets the end unannounced.
const CALENDAR_NOTICE_DAYS: i64 = 200;

/// After how many missed sweeps somebody should look, and how long that is at the least.
const MISSED_SWEEPS: u32 = 5;
const SHORTEST_SILENCE: Duration = Duration::from_secs(120);

/// For how many seconds something that is committed may be missing from the feed before somebody should look.
const LONGEST_FEED_LAG: f64 = 30.0;

/// How one thing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// As it should.
    Ok,
    /// As it should, with something that is good to know.
    Fine(String),
    /// The service works, and somebody should look.
    Warning(String),
    /// The service cannot work.
    Failed(String),
}

/// Checks what the service depends on. Never fails: what cannot be asked is not ready.
pub async fn check(deps: &Deps) -> Vec<(&'static str, Readiness)> {
    match asked(deps).await {
        Ok(checks) => checks,
        Err(failure) => {
            tracing::warn!(error = %failure, "not ready");
            vec![("database", Readiness::Failed("The database does not answer.".to_owned()))]
        }
    }
}

async fn asked(deps: &Deps) -> Result<Vec<(&'static str, Readiness)>, StoreFailure> {
    let mut conn = deps.pool.get().await?;
    let schema = match migrations::state(&mut conn).await? {
        SchemaState::Current => Readiness::Ok,
        SchemaState::Behind(_) => Readiness::Failed("The schema is older than the program.".into()),
        SchemaState::Ahead(_) => Readiness::Failed("The schema is newer than the program.".into()),
    };
    let facts = migrations::server_facts(&mut conn).await?;
    let writable = if facts.read_only {
        Readiness::Failed("The database takes no writes.".into())
    } else {
        Readiness::Ok
    };
    let now = deps.clock.now().as_second();
    let skew = facts.clock_seconds - f64::from(i32::try_from(now).unwrap_or(i32::MAX));
    let clock = if skew.abs() > MOST_SKEW {
        Readiness::Failed("This machine's clock and the database's differ.".into())
    } else {
        Readiness::Ok
    };
    let mut checks = vec![
        ("database", Readiness::Ok),
        ("schema", schema),
        ("writable", writable),
        ("clock", clock),
        ("calendar", calendar(facts.last_calendar_year, local_date(deps.clock.now()))),
    ];
    // Another schema may have no place for sweeps.
    if matches!(checks.get(1), Some((_, Readiness::Ok))) {
        let state = sweeps::state(&mut conn, deps.clock.now()).await?;
        checks.push(("sweeper", sweeper(deps, state)));
        checks.push(("feed", feed_lag(feed::state(&mut conn).await?)));
    }
    Ok(checks)
}

/// A service whose sweeper is silent works, but nobody is warned and nothing goes on by itself.
fn sweeper(deps: &Deps, state: SweepState) -> Readiness {
    let Some(swept) = state.swept_until else { return Readiness::Ok };
    let allowed = (deps.sweep_every * MISSED_SWEEPS).max(SHORTEST_SILENCE);
    let silence = deps.clock.now().duration_since(swept);
    if silence > SignedDuration::try_from(allowed).unwrap_or(SignedDuration::MAX) {
        Readiness::Warning(format!(
            "A partnership has not been swept since {swept}; nobody is told of what came due after that."
        ))
    } else {
        Readiness::Fine(format!("Last sweep {swept}."))
    }
}

/// A service whose feed stands still works, but its partners' systems hear nothing.
fn feed_lag(state: FeedState) -> Readiness {
    if state.oldest_seconds > LONGEST_FEED_LAG {
        return Readiness::Warning(format!(
            "What was committed {:.0} seconds ago is not in the feed yet; {} events and notices wait.",
            state.oldest_seconds, state.waiting
        ));
    }
    Readiness::Ok
}

/// Due dates are counted ahead, so a calendar is missed long before its last day. `last_year` is the shortest reach of
/// all partnerships.
fn calendar(last_year: Option<i32>, today: Date) -> Readiness {
    let Some(last_year) = last_year else {
        return Readiness::Warning("No partnership has been set up yet.".to_owned());
    };
    if last_year < i32::from(today.year()) {
        return Readiness::Failed(format!(
            "No calendar of bank holidays covers {}: nothing that is due in working days can be counted or raised. \
             Load the calendar with `policy apply`.",
            today.year()
        ));
    }
    let last_day = i16::try_from(last_year).ok().and_then(|year| Date::new(year, 12, 31).ok());
    let last_day = last_day.unwrap_or(Date::MAX);
    if last_day.duration_since(today).as_hours() / 24 > CALENDAR_NOTICE_DAYS {
        return Readiness::Ok;
    }
    let uncovered = last_day.saturating_add(1.day());
    Readiness::Warning(format!(
        "The calendar of bank holidays ends with {last_year}: due dates from {uncovered} on cannot be counted. \
         Load the next one with `policy apply`."
    ))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_feed_that_stands_still_is_told() {
        let state = FeedState { waiting: 3, oldest_seconds: 30.0, entries: 9 };
        assert_eq!(feed_lag(state), Readiness::Ok);
        let Readiness::Warning(words) = feed_lag(FeedState { oldest_seconds: 31.4, ..state })
        else {
            panic!("no warning");
        };
        assert!(words.contains("31 seconds") && words.contains("3 events"), "{words}");
    }

    #[test]
    fn the_end_of_the_calendar_is_announced_and_then_stops_the_service() {
        let on = |text: &str| calendar(Some(2028), text.parse().expect(text));
        assert_eq!(on("2026-11-18"), Readiness::Ok);
        assert_eq!(on("2028-06-13"), Readiness::Ok);
        for day in ["2028-06-14", "2028-12-31"] {
            let Readiness::Warning(words) = on(day) else { panic!("{day}: {:?}", on(day)) };
            assert!(words.contains("due dates from 2029-01-01 on cannot be counted"), "{words}");
        }
        let Readiness::Failed(words) = on("2029-01-01") else { panic!("{:?}", on("2029-01-01")) };
        assert!(words.contains("covers 2029"), "{words}");
        assert!(matches!(calendar(None, date(2026, 11, 18)), Readiness::Warning(_)));
        assert_eq!(calendar(Some(i32::MAX), date(2026, 11, 18)), Readiness::Ok);
    }
}
