//! Chains as rows: one mechanism over two sets of tables. What waits, what has its place, and how far a chain has come.

use std::collections::HashMap;
use std::future::Future;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Binary, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;

use super::directory;
use super::failure::StoreFailure;
use super::session::set_config;
use crate::domain::chain::{ChainName, Hash, Head, Link, Placed, Said, Waiting};
use crate::domain::ids::PartnershipId;

/// The tables of a chain. Its head's and its waiting rows have the same columns in both.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// Where what was committed waits, in the order of `number`.
    pub pending: &'static str,
    /// How far the chain has come, one row for a partnership.
    pub head: &'static str,
    /// The links.
    pub entry: &'static str,
    /// The function that names the partnerships in which something waits.
    pub waiting: &'static str,
}

/// An entry with what is hashed of the thing that it is about, as that is stored now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The link.
    pub link: Link,
    /// What the thing says, if it is there and can be read.
    pub said: Option<Said>,
}

/// What differs between chains: what they are about.
pub trait Chain {
    /// What waits and is placed.
    type What: Send + Sync;
    /// Which chain it is.
    const NAME: ChainName;
    /// Its tables.
    const TABLES: Tables;

    /// What waits, at most `limit` in the order in which it was written.
    fn waiting(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Waiting<Self::What>>, StoreFailure>> + Send;

    /// Stores the entries of what was placed.
    fn keep(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        placed: &[Placed<Self::What>],
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// The entries at the `limit` positions after this one, each with what is stored now.
    fn entries(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        after: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreFailure>> + Send;
}

/// The partnerships in which something waits for its place.
///
/// # Errors
/// The database fails.
pub async fn partnerships_waiting<C: Chain>(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    directory::partnerships(conn, C::TABLES.waiting).await
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Binary)]
    link: Vec<u8>,
}

impl HeadRow {
    fn into_domain(self) -> Result<Head, StoreFailure> {
        Ok(Head { position: self.position, link: hash_of(self.link)? })
    }
}

/// Takes the head, to go on from it, until the transaction ends; nothing when somebody else has it.
///
/// # Errors
/// The database fails.
pub async fn take_head<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<Head>, StoreFailure> {
    if let Some(head) = head_row::<C>(conn, partnership, "for update skip locked").await? {
        return Ok(Some(head));
    }
    let sql = format!(
        "insert into {} (partnership_id, position, link) values ($1, $2, $3) on conflict do nothing",
        C::TABLES.head
    );
    let made = sql_query(sql)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<BigInt, _>(Head::START.position)
        .bind::<Binary, _>(Head::START.link.to_vec())
        .execute(conn)
        .await?;
    if made == 0 {
        return Ok(None);
    }
    head_row::<C>(conn, partnership, "for update skip locked").await
}

/// How far the chain has come.
///
/// # Errors
/// The database fails.
pub async fn head<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Head, StoreFailure> {
    Ok(head_row::<C>(conn, partnership, "").await?.unwrap_or(Head::START))
}

async fn head_row<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    lock: &str,
) -> Result<Option<Head>, StoreFailure> {
    let sql =
        format!("select position, link from {} where partnership_id = $1 {lock}", C::TABLES.head);
    let rows: Vec<HeadRow> = sql_query(sql).bind::<SqlUuid, _>(partnership.0).load(conn).await?;
    rows.into_iter().next().map(HeadRow::into_domain).transpose()
}

/// The links that are stored at these positions; of those at which there is one.
///
/// # Errors
/// The database fails.
pub async fn links_at<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    positions: &[i64],
) -> Result<HashMap<i64, Hash>, StoreFailure> {
    let sql = format!(
        "select position, link from {} where partnership_id = $1 and position = any($2)",
        C::TABLES.entry
    );
    let rows: Vec<HeadRow> = sql_query(sql)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<BigInt>, _>(positions)
        .load(conn)
        .await?;
    rows.into_iter().map(|row| Ok((row.position, hash_of(row.link)?))).collect()
}

#[derive(QueryableByName)]
struct LastRow {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// The position of the last entry that there is; 0 when there is none.
///
/// # Errors
/// The database fails.
pub async fn last<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<i64, StoreFailure> {
    let sql = format!(
        "select coalesce(max(position), 0) as last from {} where partnership_id = $1",
        C::TABLES.entry
    );
    let row: LastRow = sql_query(sql).bind::<SqlUuid, _>(partnership.0).get_result(conn).await?;
    Ok(row.last)
}

/// Places what waits, at most `limit` of it, after the head that was taken: stores the entries and the head after them,
/// and takes what they were made of from what waits. Says how much it was, and the head.
///
/// # Errors
/// The database fails, or an entry would come before one that it follows.
pub async fn place<C: Chain>(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    head: Head,
    limit: i64,
    now: Timestamp,
) -> Result<(usize, Head), StoreFailure> {
    by_index(conn).await?;
    let waiting = C::waiting(conn, partnership, limit).await?;
    if waiting.is_empty() {
        return Ok((0, head));
    }
    let numbers: Vec<i64> = waiting.iter().map(|it| it.number).collect();
    let (placed, head) = head.place(waiting);
    C::keep(conn, partnership, &placed).await?;
    let moved = format!(
        "update {} set position = $2, link = $3, sequenced_at = $4 where partnership_id = $1",
        C::TABLES.head
    );
    sql_query(moved)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<BigInt, _>(head.position)
        .bind::<Binary, _>(head.link.to_vec())
        .bind::<Timestamptz, _>(SqlTimestamp::from(now))
        .execute(conn)
        .await?;
    let done =
        format!("delete from {} where partnership_id = $1 and number = any($2)", C::TABLES.pending);
    sql_query(done)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<BigInt>, _>(&numbers)
        .execute(conn)
        .await?;
    Ok((placed.len(), head))
}

/// Lets the rest of this transaction read by indexes and in their order. Row security looks to the planner as if next to
/// nothing were left, so that it would read and sort all that waits for the first few.
///
/// # Errors
/// The database fails.
pub(super) async fn by_index(conn: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    let off = |what: &'static str| set_config(what, "off", true);
    diesel::select((off("enable_seqscan"), off("enable_bitmapscan"), off("enable_sort")))
        .get_result::<(String, String, String)>(conn)
        .await?;
    Ok(())
}

/// A stored hash.
///
/// # Errors
/// It has another length.
pub(super) fn hash_of(stored: Vec<u8>) -> Result<Hash, StoreFailure> {
    stored.try_into().map_err(|_| StoreFailure::Corrupt("a hash"))
}
