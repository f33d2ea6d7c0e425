//! The chain of the log of reads as rows: what waits for its link, what has one, and how far it has come.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Date, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff::civil;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::access_events::Row;
use super::events::hash_of;
use super::failure::StoreFailure;
use super::feed::by_index;
use super::schema::{access_entry, access_event, access_head, access_pending};
use crate::domain::feed::{Hash, Head};
use crate::domain::ids::{AccessEventId, PartnershipId};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The partnerships in which entries wait for their links.
///
/// # Errors
/// The database fails.
pub async fn partnerships_waiting(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    let found: Vec<Found> =
        sql_query("select id from partnerships_with_reads_to_link() as id").load(conn).await?;
    Ok(found.into_iter().map(|it| PartnershipId(it.id)).collect())
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Integer)]
    made: i32,
}

/// Makes the partitions of so many months from this day on that are missing, and says how many were.
///
/// # Errors
/// The database fails, or somebody reads for so long that a partition cannot be added now.
pub async fn make_partitions(
    conn: &mut AsyncPgConnection,
    first: civil::Date,
    months: i32,
) -> Result<i32, StoreFailure> {
    let made: Made = sql_query("select make_access_partitions($1, $2) as made")
        .bind::<Date, _>(jiff_diesel::Date::from(first))
        .bind::<Integer, _>(months)
        .get_result(conn)
        .await?;
    Ok(made.made)
}

/// Takes the head of the chain, to go on from it, until the transaction ends; nothing when somebody else has it.
///
/// # Errors
/// The database fails.
pub async fn take_head(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<Head>, StoreFailure> {
    if let Some(head) = try_head(conn, partnership).await? {
        return Ok(Some(head));
    }
    let start = (
        access_head::partnership_id.eq(partnership.0),
        access_head::position.eq(Head::START.position),
        access_head::link.eq(Head::START.link.to_vec()),
    );
    let made = diesel::insert_into(access_head::table)
        .values(start)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if made == 0 {
        return Ok(None);
    }
    try_head(conn, partnership).await
}

async fn try_head(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<Head>, StoreFailure> {
    let row: Option<(i64, Vec<u8>)> = access_head::table
        .find(partnership.0)
        .select((access_head::position, access_head::link))
        .for_update()
        .skip_locked()
        .first(conn)
        .await
        .optional()?;
    row.map(|(position, link)| Ok(Head { position, link: hash_of(link)? })).transpose()
}

/// How far the chain has come.
///
/// # Errors
/// The database fails.
pub async fn head(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Head, StoreFailure> {
    let row: Option<(i64, Vec<u8>)> = access_head::table
        .find(partnership.0)
        .select((access_head::position, access_head::link))
        .first(conn)
        .await
        .optional()?;
    row.map_or(Ok(Head::START), |(position, link)| Ok(Head { position, link: hash_of(link)? }))
}

/// An entry that waits for its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The order in which it was written.
    pub number: i64,
    /// When it was read.
    pub at: Timestamp,
    /// The entry.
    pub id: AccessEventId,
    /// What its link is taken of.
    pub leaf: Hash,
}

/// What waits, at most `limit` in the order in which it was written.
///
/// # Errors
/// The database fails.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    limit: i64,
) -> Result<Vec<Waiting>, StoreFailure> {
    by_index(conn).await?;
    let rows: Vec<(i64, SqlTimestamp, Uuid, Vec<u8>)> = access_pending::table
        .filter(access_pending::partnership_id.eq(partnership.0))
        .order(access_pending::number)
        .limit(limit)
        .select((
            access_pending::number,
            access_pending::at,
            access_pending::access_id,
            access_pending::leaf,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(number, at, id, leaf)| {
            let (at, id) = (at.to_jiff(), AccessEventId(id));
            Ok(Waiting { number, at, id, leaf: hash_of(leaf)? })
        })
        .collect()
}

#[derive(Insertable)]
#[diesel(table_name = access_entry, check_for_backend(diesel::pg::Pg))]
struct NewEntryRow {
    partnership_id: Uuid,
    position: i64,
    at: SqlTimestamp,
    access_id: Uuid,
    leaf: Vec<u8>,
    link: Vec<u8>,
    sequenced_at: SqlTimestamp,
}

/// Links entries to those before them, stores the head after them, and takes them from what waits.
///
/// # Errors
/// The database fails.
pub async fn link(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    mut head: Head,
    waiting: &[Waiting],
    now: Timestamp,
) -> Result<Head, StoreFailure> {
    let rows: Vec<NewEntryRow> = waiting
        .iter()
        .map(|it| {
            head = head.after(&it.leaf);
            NewEntryRow {
                partnership_id: partnership.0,
                position: head.position,
                at: it.at.into(),
                access_id: it.id.0,
                leaf: it.leaf.to_vec(),
                link: head.link.to_vec(),
                sequenced_at: now.into(),
            }
        })
        .collect();
    diesel::insert_into(access_entry::table).values(rows).execute(conn).await?;
    diesel::update(access_head::table.find(partnership.0))
        .set((
            access_head::position.eq(head.position),
            access_head::link.eq(head.link.to_vec()),
            access_head::sequenced_at.eq(NullableTimestamp::from(Some(now))),
        ))
        .execute(conn)
        .await?;
    let numbers: Vec<i64> = waiting.iter().map(|it| it.number).collect();
    let waited = access_pending::table
        .filter(access_pending::partnership_id.eq(partnership.0))
        .filter(access_pending::number.eq_any(numbers));
    diesel::delete(waited).execute(conn).await?;
    Ok(head)
}

/// A link as it is stored, with the leaf that what is stored now makes; none when that is gone or no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    /// Its position, from 1 on.
    pub position: i64,
    /// The entry.
    pub id: AccessEventId,
    /// What the link was taken of.
    pub leaf: Hash,
    /// The SHA-256 of the link before it and of the leaf.
    pub link: Hash,
    /// The leaf that the stored entry makes now.
    pub recomputed: Option<Hash>,
}

type LinkRow = (i64, SqlTimestamp, Uuid, Vec<u8>, Vec<u8>);

/// The links at the `limit` positions after this one.
///
/// # Errors
/// The database fails.
pub async fn recomputed(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: i64,
    limit: i64,
) -> Result<Vec<Linked>, StoreFailure> {
    let rows: Vec<LinkRow> = access_entry::table
        .filter(access_entry::partnership_id.eq(partnership.0))
        .filter(access_entry::position.gt(after))
        .filter(access_entry::position.le(after.saturating_add(limit)))
        .order(access_entry::position)
        .select((
            access_entry::position,
            access_entry::at,
            access_entry::access_id,
            access_entry::leaf,
            access_entry::link,
        ))
        .load(conn)
        .await?;
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for (_, at, id, ..) in &rows {
        ids.push(*id);
        times.push(*at);
    }
    let stored: Vec<Row> = access_event::table
        .filter(access_event::partnership_id.eq(partnership.0))
        .filter(access_event::at.eq_any(times))
        .filter(access_event::id.eq_any(ids))
        .select(Row::as_select())
        .load(conn)
        .await?;
    let mut leaves: HashMap<Uuid, Option<Hash>> =
        stored.into_iter().map(|row| (row.id, row.recomputed())).collect();
    rows.into_iter()
        .map(|(position, _, id, leaf, link)| {
            Ok(Linked {
                position,
                id: AccessEventId(id),
                leaf: hash_of(leaf)?,
                link: hash_of(link)?,
                recomputed: leaves.remove(&id).flatten(),
            })
        })
        .collect()
}
