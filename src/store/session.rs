//! A transaction that has stated for whom it works; row security shows it nothing before.

use diesel::sql_types::{Bool, Text};
pub use diesel_async::AsyncPgConnection as Connection;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use jiff::Timestamp;

use super::failure::StoreFailure;
use super::pool::Pool;
use super::{access_events, as_of};
use crate::domain::access::{Caller, Reach};
use crate::domain::access_event::AccessEvent;
use crate::domain::ids::{AgencyId, PartnershipId};

diesel::define_sql_function! {
    /// PostgreSQL's own: sets a setting, until the end of the transaction when `is_local`.
    fn set_config(name: Text, value: Text, is_local: Bool) -> Text;
}

/// For whom a transaction works.
#[derive(Debug, Clone)]
pub struct Stated {
    /// The partnership.
    pub partnership: PartnershipId,
    /// The agencies that it works for: one and those whose duties it took over, or none.
    pub agencies: Vec<AgencyId>,
    /// Which rows it may touch.
    pub reach: Reach,
}

impl Stated {
    /// What a permitted caller's transaction states.
    #[must_use]
    pub fn by(caller: &Caller, reach: Reach) -> Self {
        let agencies = caller.agency.iter().chain(&caller.predecessors).copied().collect();
        Self { partnership: caller.partnership, agencies, reach }
    }

    /// What the service's own work for a whole partnership states.
    #[must_use]
    pub const fn partnership(partnership: PartnershipId) -> Self {
        Self { partnership, agencies: Vec::new(), reach: Reach::Partnership }
    }
}

/// Runs `work` in one transaction that has stated itself. All of it is kept, or nothing.
///
/// # Errors
/// Whatever `work` answers, or the store's own failure; [`StoreFailure::OutcomeUnknown`] when the connection
/// broke while the commit was under way.
pub async fn transaction<T, E, F>(pool: &Pool, stated: Stated, work: F) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    run(pool, &KEPT, stated, async |conn| Ok((work(conn).await?, None))).await
}

/// Whether what a transaction wrote is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writing {
    /// It is.
    #[default]
    Kept,
    /// It was only tried: every statement ran and every constraint was asked, and nothing stays.
    Tried,
}

/// As [`transaction`], or the same work with nothing of it kept.
///
/// # Errors
/// As [`transaction`].
pub async fn writing<T, E, F>(
    pool: &Pool,
    writing: Writing,
    stated: Stated,
    work: F,
) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    witnessed(pool, Witnessed::Written(writing), stated, async |conn| Ok((work(conn).await?, None)))
        .await
}

/// The service's own reading of a partnership, which shows nobody anything: all its statements see one state, though
/// others write between them.
///
/// # Errors
/// Whatever `work` answers, or the store's own failure; a statement that writes is refused.
pub async fn snapshot<T, E, F>(pool: &Pool, partnership: PartnershipId, work: F) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    let stated = Stated::partnership(partnership);
    witnessed(pool, Witnessed::Now, stated, async |conn| Ok((work(conn).await?, None))).await
}

/// What somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnessed {
    /// What is known now, of one state, though others write between the statements.
    Now,
    /// The same, with everything that acts change put back to what had been recorded by then.
    Past(Timestamp),
    /// What came of a write.
    Written(Writing),
}

/// Runs `work` and keeps the entry that it gives of who is shown what, in the same transaction: nothing is answered of which
/// there is no entry. The entry stays also where nothing of the work does.
///
/// # Errors
/// Whatever `work` answers, or the store's own failure: [`StoreFailure::NotRecorded`] when the entry cannot be kept. A
/// statement of a read that writes is refused.
pub async fn witnessed<T, E, F>(
    pool: &Pool,
    what: Witnessed,
    stated: Stated,
    work: F,
) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<(T, Option<AccessEvent>), E>,
{
    match what {
        Witnessed::Now => run(pool, &READ, stated, work).await,
        Witnessed::Past(at) => {
            let partnership = stated.partnership;
            run(pool, &PUT_BACK, stated, async |conn| {
                as_of::put_back(conn, partnership, at).await?;
                work(conn).await
            })
            .await
        }
        Witnessed::Written(Writing::Kept) => run(pool, &KEPT, stated, work).await,
        Witnessed::Written(Writing::Tried) => run(pool, &TRIED, stated, work).await,
    }
}

/// How a transaction begins, and what is done before its work of which nothing is kept but the entry.
struct Kind {
    begin: &'static str,
    undone: Option<&'static str>,
}

const KEPT: Kind = Kind { begin: "BEGIN", undone: None };
/// No constraint of the schema waits for the commit, so that what is undone has met them all.
const TRIED: Kind = Kind { begin: "BEGIN", undone: Some("SAVEPOINT work") };
/// Only the work is read only, because the entry is written after it.
const READ: Kind = Kind {
    begin: "BEGIN ISOLATION LEVEL REPEATABLE READ",
    undone: Some("SAVEPOINT work; SET TRANSACTION READ ONLY"),
};
/// The past is written into temporary tables, which "read only" would refuse, and goes when it has been read.
const PUT_BACK: Kind =
    Kind { begin: "BEGIN ISOLATION LEVEL REPEATABLE READ", undone: Some("SAVEPOINT work") };

async fn run<T, E, F>(pool: &Pool, kind: &Kind, stated: Stated, work: F) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<(T, Option<AccessEvent>), E>,
{
    let mut conn = pool.get().await?;
    let partnership = stated.partnership;
    Transactions::begin_transaction_sql(&mut *conn, kind.begin)
        .await
        .map_err(StoreFailure::from)?;
    let done = match state(&mut conn, &stated, kind).await {
        Ok(()) => work(&mut conn).await,
        Err(failure) => Err(E::from(failure)),
    };
    let done = match done {
        Ok((value, entry)) => {
            keep(&mut conn, kind, partnership, entry).await.map(|()| value).map_err(E::from)
        }
        failed => failed.map(|(value, _)| value),
    };
    if done.is_err() {
        // A connection that cannot even roll back is thrown away by the pool.
        let _ = Transactions::rollback_transaction(&mut *conn).await;
    }
    done
}

type Transactions = AnsiTransactionManager;

/// Ends a transaction whose work is done: what is not to stay is undone, the entry is written, and both are committed.
async fn keep(
    conn: &mut AsyncPgConnection,
    kind: &Kind,
    partnership: PartnershipId,
    entry: Option<AccessEvent>,
) -> Result<(), StoreFailure> {
    let undoes = kind.undone.is_some();
    let Some(entry) = entry else {
        if undoes {
            return Ok(Transactions::rollback_transaction(conn).await?);
        }
        let done = Transactions::commit_transaction(conn).await;
        return done.map_err(|error| failed_commit(error.into()));
    };
    let not_recorded = |failure: StoreFailure| match failure {
        StoreFailure::Unavailable(why) => StoreFailure::Unavailable(why),
        other => StoreFailure::NotRecorded(other.to_string()),
    };
    if undoes {
        conn.batch_execute("ROLLBACK TO SAVEPOINT work").await?;
    }
    access_events::append(conn, partnership, &entry).await.map_err(not_recorded)?;
    let done = Transactions::commit_transaction(conn).await.map_err(StoreFailure::from);
    done.map_err(|failure| if undoes { not_recorded(failure) } else { failed_commit(failure) })
}

/// A commit that the server refused did not happen; one that lost its connection may have.
fn failed_commit(failure: StoreFailure) -> StoreFailure {
    match failure {
        StoreFailure::Unavailable(_) => StoreFailure::OutcomeUnknown,
        refused => refused,
    }
}

async fn state(
    conn: &mut AsyncPgConnection,
    stated: &Stated,
    kind: &Kind,
) -> Result<(), StoreFailure> {
    let agencies: Vec<String> = stated.agencies.iter().map(ToString::to_string).collect();
    let mut sql = format!(
        "SELECT set_config('app.partnership_id', '{}', true), set_config('app.agency_ids', '{}', true),
                set_config('app.reach', '{}', true)",
        stated.partnership,
        agencies.join(","),
        stated.reach.code()
    );
    if let Some(before) = kind.undone {
        sql.push_str("; ");
        sql.push_str(before);
    }
    Ok(conn.batch_execute(&sql).await?)
}
