//! Whether the service can do its work: what has to be true of everything around it.

use super::deps::Deps;
use crate::store::StoreFailure;
use crate::store::migrations::{self, SchemaState};

/// How far this machine's clock and the database's may differ, in seconds.
const MOST_SKEW: f64 = 10.0;

/// How one thing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// As it should.
    Ok,
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
    let calendar = match facts.last_calendar_year {
        None => Readiness::Warning("No partnership has been set up yet.".into()),
        Some(year) if year <= facts.this_year => {
            Readiness::Warning(format!("The calendar of bank holidays ends with {year}."))
        }
        Some(_) => Readiness::Ok,
    };
    Ok(vec![
        ("database", Readiness::Ok),
        ("schema", schema),
        ("writable", writable),
        ("clock", clock),
        ("calendar", calendar),
    ])
}
