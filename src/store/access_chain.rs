//! The chain of the log of reads as rows: what waits for its link, what has one, and how far it has come.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Date, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff::civil;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::access_events::Row;
use super::chain::{Chain, Entry, Tables, hash_of};
use super::failure::StoreFailure;
use super::schema::{access_entry, access_event, access_pending};
use crate::domain::chain::{ChainName, Link, Placed, Said, Stored, Waiting};
use crate::domain::ids::{AccessEventId, PartnershipId};

/// The chain of who read what.
#[derive(Debug, Clone, Copy)]
pub struct Reads;

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

/// An entry of the log: when it was read, and which entry it is.
pub type Read = (Timestamp, AccessEventId);

#[derive(Insertable)]
#[diesel(table_name = access_entry, check_for_backend(diesel::pg::Pg))]
struct NewEntryRow {
    partnership_id: Uuid,
    position: i64,
    at: SqlTimestamp,
    access_id: Uuid,
    leaf: Vec<u8>,
    link: Vec<u8>,
}

type LinkRow = (i64, SqlTimestamp, Uuid, Vec<u8>, Vec<u8>);

impl Chain for Reads {
    type What = Read;

    const NAME: ChainName = ChainName::Reads;

    const TABLES: Tables = Tables {
        pending: "access_pending",
        head: "access_head",
        entry: "access_entry",
        waiting: "partnerships_with_reads_to_link",
    };

    async fn waiting(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        limit: i64,
    ) -> Result<Vec<Waiting<Read>>, StoreFailure> {
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
                let what = (at.to_jiff(), AccessEventId(id));
                Ok(Waiting { number, leaf: hash_of(leaf)?, what })
            })
            .collect()
    }

    async fn keep(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        placed: &[Placed<Read>],
    ) -> Result<(), StoreFailure> {
        let rows: Vec<NewEntryRow> = placed
            .iter()
            .map(|it| NewEntryRow {
                partnership_id: partnership.0,
                position: it.head.position,
                at: it.what.0.into(),
                access_id: it.what.1.0,
                leaf: it.leaf.to_vec(),
                link: it.head.link.to_vec(),
            })
            .collect();
        diesel::insert_into(access_entry::table).values(rows).execute(conn).await?;
        Ok(())
    }

    async fn entries(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreFailure> {
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
        let mut stored = stored(conn, partnership, &rows).await?;
        rows.into_iter()
            .map(|(position, _, id, leaf, link)| {
                let said = stored.remove(&id);
                let stored = match &said {
                    None => Stored::Gone,
                    Some(None) => Stored::Differs,
                    Some(Some(said)) => Stored::Makes(said.leaf()),
                };
                let (leaf, link) = (hash_of(leaf)?, hash_of(link)?);
                Ok(Entry { link: Link { position, leaf, link, stored }, said: said.flatten() })
            })
            .collect()
    }
}

/// What is stored now of what these are links to. By the time too, so that only the partitions of that time are read; what is not
/// found at its time contradicts its link if it is there at another.
async fn stored(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    links: &[LinkRow],
) -> Result<HashMap<Uuid, Option<Said>>, StoreFailure> {
    let ids: Vec<Uuid> = links.iter().map(|row| row.2).collect();
    let times: Vec<SqlTimestamp> = links.iter().map(|row| row.1).collect();
    let rows: Vec<Row> = access_event::table
        .filter(access_event::partnership_id.eq(partnership.0))
        .filter(access_event::at.eq_any(times))
        .filter(access_event::id.eq_any(&ids))
        .select(Row::as_select())
        .load(conn)
        .await?;
    let at: HashMap<Uuid, Timestamp> = links.iter().map(|row| (row.2, row.1.to_jiff())).collect();
    let mut found: HashMap<Uuid, Option<Said>> = rows
        .into_iter()
        .map(|row| (row.id, if at.get(&row.id) == Some(&row.at()) { row.said() } else { None }))
        .collect();
    let missing: Vec<Uuid> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
    if !missing.is_empty() {
        let elsewhere: Vec<Uuid> = access_event::table
            .filter(access_event::partnership_id.eq(partnership.0))
            .filter(access_event::id.eq_any(missing))
            .select(access_event::id)
            .load(conn)
            .await?;
        found.extend(elsewhere.into_iter().map(|id| (id, None)));
    }
    Ok(found)
}
