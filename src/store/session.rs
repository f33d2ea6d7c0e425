//! A transaction that has stated for whom it works; row security shows it nothing before.

use diesel::sql_types::{Bool, Text};
pub use diesel_async::AsyncPgConnection as Connection;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use jiff::Timestamp;

use super::as_of;
use super::failure::StoreFailure;
use super::pool::Pool;
use crate::domain::access::{Caller, Reach};
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
    run(pool, KEPT, stated, work).await
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
    let kind = match writing {
        Writing::Kept => KEPT,
        Writing::Tried => TRIED,
    };
    run(pool, kind, stated, work).await
}

/// The same for work that only reads: all its statements see one state, though others write between them.
///
/// # Errors
/// Whatever `work` answers, or the store's own failure; a statement that writes is refused.
pub async fn snapshot<T, E, F>(pool: &Pool, stated: Stated, work: F) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    run(pool, READ, stated, work).await
}

/// The same, with everything that acts change put back to what had been recorded by `at`.
///
/// # Errors
/// Whatever `work` answers, or the store's own failure.
pub async fn known_at<T, E, F>(
    pool: &Pool,
    stated: Stated,
    at: Option<Timestamp>,
    work: F,
) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    let Some(at) = at else { return snapshot(pool, stated, work).await };
    let partnership = stated.partnership;
    run(pool, PUT_BACK, stated, async |conn| {
        as_of::put_back(conn, partnership, at).await?;
        work(conn).await
    })
    .await
}

/// How a transaction begins, and whether what it wrote is kept.
#[derive(Clone, Copy)]
struct Kind {
    begin: &'static str,
    kept: bool,
}

const KEPT: Kind = Kind { begin: "BEGIN", kept: true };
/// No constraint of the schema waits for the commit, so that what is rolled back has met them all.
const TRIED: Kind = Kind { begin: "BEGIN", kept: false };
const READ: Kind = Kind { begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", kept: true };
/// The past is written into temporary tables, which "read only" would refuse, and goes when it has been read.
const PUT_BACK: Kind = Kind { begin: "BEGIN ISOLATION LEVEL REPEATABLE READ", kept: false };

async fn run<T, E, F>(pool: &Pool, kind: Kind, stated: Stated, work: F) -> Result<T, E>
where
    E: From<StoreFailure>,
    F: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
{
    let mut conn = pool.get().await?;
    Transactions::begin_transaction_sql(&mut *conn, kind.begin)
        .await
        .map_err(StoreFailure::from)?;
    let done = match state(&mut conn, stated).await {
        Ok(()) => work(&mut conn).await,
        Err(failure) => Err(E::from(failure)),
    };
    match done {
        Ok(value) if kind.kept => match Transactions::commit_transaction(&mut *conn).await {
            Ok(()) => Ok(value),
            Err(error) => Err(E::from(failed_commit(error.into()))),
        },
        read_or_failed => {
            // A connection that cannot even roll back is thrown away by the pool.
            let _ = Transactions::rollback_transaction(&mut *conn).await;
            read_or_failed
        }
    }
}

type Transactions = AnsiTransactionManager;

/// A commit that the server refused did not happen; one that lost its connection may have.
fn failed_commit(failure: StoreFailure) -> StoreFailure {
    match failure {
        StoreFailure::Unavailable(_) => StoreFailure::OutcomeUnknown,
        refused => refused,
    }
}

async fn state(conn: &mut AsyncPgConnection, stated: Stated) -> Result<(), StoreFailure> {
    let agencies: Vec<String> = stated.agencies.iter().map(ToString::to_string).collect();
    diesel::select((
        set_config("app.partnership_id", stated.partnership.to_string(), true),
        set_config("app.agency_ids", agencies.join(","), true),
        set_config("app.reach", stated.reach.code(), true),
    ))
    .get_result::<(String, String, String)>(conn)
    .await?;
    Ok(())
}
