//! Who sweeps a partnership now, and how far sweeping has come.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::directory;
use super::failure::StoreFailure;
use super::schema::sweep;
use crate::domain::ids::PartnershipId;

/// Every partnership.
///
/// # Errors
/// The database fails.
pub async fn partnerships(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    directory::partnerships(conn, "partnerships_to_sweep").await
}

/// Takes the right to sweep the partnership until `until`, unless somebody else has it at `now`. Says whether it was
/// taken. Two sweepers at once would do no harm, and much for nothing.
///
/// # Errors
/// The database fails.
pub async fn lease(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    holder: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreFailure> {
    let none = NullableTimestamp::from(None);
    let free = sweep::lease_until
        .is_null()
        .or(sweep::lease_until.lt(NullableTimestamp::from(Some(now))).assume_not_null())
        .or(sweep::lease_holder.eq(holder).assume_not_null());
    let take = diesel::insert_into(sweep::table)
        .values((
            sweep::partnership_id.eq(partnership.0),
            sweep::lease_holder.eq(holder),
            sweep::lease_until.eq(NullableTimestamp::from(Some(until))),
            sweep::last_started_at.eq(SqlTimestamp::from(now)),
            sweep::last_finished_at.eq(none),
        ))
        .on_conflict(sweep::partnership_id)
        .do_update()
        .set((
            sweep::lease_holder.eq(excluded(sweep::lease_holder)),
            sweep::lease_until.eq(excluded(sweep::lease_until)),
            sweep::last_started_at.eq(excluded(sweep::last_started_at)),
        ));
    let taken = diesel::query_dsl::methods::FilterDsl::filter(take, free).execute(conn).await?;
    Ok(taken == 1)
}

/// Keeps the right to sweep until `until`. Says whether it was still held.
///
/// # Errors
/// The database fails.
pub async fn renew(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    holder: Uuid,
    until: Timestamp,
) -> Result<bool, StoreFailure> {
    let held = sweep::table
        .filter(sweep::partnership_id.eq(partnership.0))
        .filter(sweep::lease_holder.eq(holder));
    let renewed = diesel::update(held)
        .set(sweep::lease_until.eq(NullableTimestamp::from(Some(until))))
        .execute(conn)
        .await?;
    Ok(renewed == 1)
}

/// Gives the right to sweep back, and records what was done if the sweep came to its end at `finished`.
///
/// # Errors
/// The database fails.
pub async fn release(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    holder: Uuid,
    finished: Option<(Timestamp, i32)>,
) -> Result<(), StoreFailure> {
    let held = sweep::table
        .filter(sweep::partnership_id.eq(partnership.0))
        .filter(sweep::lease_holder.eq(holder));
    let free = (
        sweep::lease_holder.eq(None::<Uuid>),
        sweep::lease_until.eq(NullableTimestamp::from(None)),
    );
    match finished {
        Some((at, fired)) => {
            let done = (
                sweep::last_finished_at.eq(NullableTimestamp::from(Some(at))),
                sweep::last_fired.eq(fired),
            );
            diesel::update(held).set((free, done)).execute(conn).await?
        }
        None => diesel::update(held).set(free).execute(conn).await?,
    };
    Ok(())
}

/// How far sweeping has come over all partnerships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepState {
    /// When the partnership that was swept longest ago was swept; none when there is no partnership.
    pub swept_until: Option<Timestamp>,
    /// How many timers are due and have not fired.
    pub waiting: i64,
    /// Since when the oldest of them is due.
    pub oldest_waiting: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    swept_until: NullableTimestamp,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest_waiting: NullableTimestamp,
}

/// Asks how far sweeping has come at `now`.
///
/// # Errors
/// The database fails.
pub async fn state(
    conn: &mut AsyncPgConnection,
    now: Timestamp,
) -> Result<SweepState, StoreFailure> {
    let row: StateRow = sql_query("select * from sweep_state($1)")
        .bind::<Timestamptz, _>(SqlTimestamp::from(now))
        .get_result(conn)
        .await?;
    Ok(SweepState {
        swept_until: row.swept_until.to_jiff(),
        waiting: row.waiting,
        oldest_waiting: row.oldest_waiting.to_jiff(),
    })
}
