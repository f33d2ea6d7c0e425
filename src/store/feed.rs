//! The feed as rows: what waits, what has its position, and how far it has come.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Double};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::chain::{Chain, Entry, Tables, by_index, hash_of};
use super::evidence::{self, Evidence};
use super::failure::StoreFailure;
use super::schema::{event, feed_entry, feed_pending, timer};
use crate::domain::chain::{ChainName, Hash, Link, Placed, Said, Stored, Waiting};
use crate::domain::feed::{NoticeSaid, Told, What};
use crate::domain::ids::{EscalationId, EventId, PartnershipId};

/// The chain of what happened.
#[derive(Debug, Clone, Copy)]
pub struct Feed;

type PendingRow = (i64, Uuid, Option<Uuid>, Option<Uuid>);
type LeafRow = (Uuid, i32, Option<Vec<u8>>);

impl Chain for Feed {
    type What = Told;

    const NAME: ChainName = ChainName::Events;

    const TABLES: Tables = Tables {
        pending: "feed_pending",
        head: "feed_head",
        entry: "feed_entry",
        waiting: "partnerships_to_sequence",
    };

    async fn waiting(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        limit: i64,
    ) -> Result<Vec<Waiting<Told>>, StoreFailure> {
        waiting(conn, partnership, limit).await
    }

    async fn keep(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        placed: &[Placed<Told>],
    ) -> Result<(), StoreFailure> {
        let rows: Vec<NewEntryRow> =
            placed.iter().map(|it| NewEntryRow::of(partnership, it)).collect();
        diesel::insert_into(feed_entry::table).values(rows).execute(conn).await?;
        Ok(())
    }

    async fn entries(
        conn: &mut AsyncPgConnection,
        partnership: PartnershipId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreFailure> {
        by_index(conn).await?;
        entries(conn, partnership, after, limit).await
    }
}

/// What was stored without a leaf is hashed now.
async fn waiting(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    limit: i64,
) -> Result<Vec<Waiting<Told>>, StoreFailure> {
    let rows: Vec<PendingRow> = feed_pending::table
        .filter(feed_pending::partnership_id.eq(partnership.0))
        .order(feed_pending::number)
        .limit(limit)
        .select((
            feed_pending::number,
            feed_pending::escalation_id,
            feed_pending::event_id,
            feed_pending::timer_id,
        ))
        .load(conn)
        .await?;
    let of_events: Vec<Uuid> = rows.iter().filter_map(|row| row.2).collect();
    let stored: Vec<LeafRow> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(&of_events))
        .select((event::id, event::version, event::leaf))
        .load(conn)
        .await?;
    let bare: Vec<Uuid> =
        stored.iter().filter(|(_, _, leaf)| leaf.is_none()).map(|(id, ..)| *id).collect();
    let hashed = if bare.is_empty() {
        HashMap::new()
    } else {
        evidence::of_events(conn, partnership, &bare).await?
    };
    let mut events: HashMap<Uuid, (i32, Hash)> = HashMap::with_capacity(stored.len());
    for (id, version, leaf) in stored {
        let stored = leaf.map(hash_of).transpose()?;
        let leaf = stored.or_else(|| hashed.get(&EventId(id)).and_then(Evidence::leaf));
        if let Some(leaf) = leaf {
            events.insert(id, (version, leaf));
        }
    }
    let timers: Vec<Uuid> = rows.iter().filter_map(|row| row.3).collect();
    let notices = notices(conn, partnership, &timers).await?;
    let missing = StoreFailure::Corrupt("feed_pending");
    let waiting: Option<Vec<Waiting<Told>>> = rows
        .into_iter()
        .map(|(number, escalation, event_id, timer_id)| {
            let (what, leaf) = match (event_id, timer_id) {
                (Some(id), _) => {
                    let (version, leaf) = *events.get(&id)?;
                    (What::Event(EventId(id), version), leaf)
                }
                (None, id) => (What::Notice(id?), notices.get(&id?)?.1.leaf()),
            };
            let escalation = EscalationId(escalation);
            Some(Waiting { number, leaf, what: Told { escalation, what } })
        })
        .collect();
    waiting.ok_or(missing)
}

#[derive(Queryable)]
struct NoticeRow {
    id: Uuid,
    escalation_id: Uuid,
    clock_id: Uuid,
    kind: String,
    percent: Option<i16>,
    fires_at: SqlTimestamp,
    fired_at: NullableTimestamp,
    notice: Option<String>,
    told: Option<Vec<String>>,
    tell_at: NullableTimestamp,
}

/// Of which escalation these notices are and what is hashed of them, as they are stored now; of those that there are.
async fn notices(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, (EscalationId, Said)>, StoreFailure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<NoticeRow> = timer::table
        .filter(timer::partnership_id.eq(partnership.0))
        .filter(timer::id.eq_any(ids))
        .filter(timer::result.eq("fired"))
        .select((
            timer::id,
            timer::escalation_id,
            timer::clock_id,
            timer::kind,
            timer::percent,
            timer::fires_at,
            timer::fired_at,
            timer::notice,
            timer::told,
            timer::tell_at,
        ))
        .load(conn)
        .await?;
    let said = |row: NoticeRow| {
        let escalation = EscalationId(row.escalation_id);
        let said = NoticeSaid {
            id: row.id,
            escalation,
            clock: row.clock_id,
            kind: &row.kind,
            percent: row.percent,
            fires_at: row.fires_at.to_jiff(),
            fired_at: row.fired_at.to_jiff()?,
            notice: row.notice.as_deref()?,
            told: row.told.as_deref().unwrap_or_default(),
            tell_at: row.tell_at.to_jiff()?,
        };
        Some((row.id, (escalation, said.said())))
    };
    Ok(rows.into_iter().filter_map(said).collect())
}

#[derive(Insertable)]
#[diesel(table_name = feed_entry, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct NewEntryRow {
    partnership_id: Uuid,
    position: i64,
    escalation_id: Uuid,
    event_id: Option<Uuid>,
    timer_id: Option<Uuid>,
    version: Option<i32>,
    leaf: Vec<u8>,
    link: Vec<u8>,
}

impl NewEntryRow {
    fn of(partnership: PartnershipId, it: &Placed<Told>) -> Self {
        let (event_id, timer_id, version) = match it.what.what {
            What::Event(id, version) => (Some(id.0), None, Some(version)),
            What::Notice(id) => (None, Some(id), None),
        };
        Self {
            partnership_id: partnership.0,
            position: it.head.position,
            escalation_id: it.what.escalation.0,
            event_id,
            timer_id,
            version,
            leaf: it.leaf.to_vec(),
            link: it.head.link.to_vec(),
        }
    }
}

type EntryRow = (i64, Uuid, Option<Uuid>, Option<Uuid>, Option<i32>, Vec<u8>, Vec<u8>);

async fn entries(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreFailure> {
    let rows: Vec<EntryRow> = feed_entry::table
        .filter(feed_entry::partnership_id.eq(partnership.0))
        .filter(feed_entry::position.gt(after))
        .filter(feed_entry::position.le(after.saturating_add(limit)))
        .order(feed_entry::position)
        .select((
            feed_entry::position,
            feed_entry::escalation_id,
            feed_entry::event_id,
            feed_entry::timer_id,
            feed_entry::version,
            feed_entry::leaf,
            feed_entry::link,
        ))
        .load(conn)
        .await?;
    let of_timers: Vec<Uuid> = rows.iter().filter_map(|row| row.3).collect();
    let positions = after.saturating_add(1)..=after.saturating_add(limit);
    let mut events = evidence::at_positions(conn, partnership, positions).await?;
    let mut notices = notices(conn, partnership, &of_timers).await?;
    rows.into_iter()
        .map(|(position, escalation, event_id, timer_id, version, leaf, link)| {
            let (stored, said) = match what(event_id, timer_id, version)? {
                What::Event(id, version) => match events.remove(&id) {
                    None => (Stored::Gone, None),
                    Some(it) => (it.stored(escalation, version), it.said),
                },
                What::Notice(id) => match notices.remove(&id) {
                    None => (Stored::Gone, None),
                    Some((of, said)) if of.0 == escalation => {
                        (Stored::Makes(said.leaf()), Some(said))
                    }
                    Some((_, said)) => (Stored::Differs, Some(said)),
                },
            };
            let (leaf, link) = (hash_of(leaf)?, hash_of(link)?);
            Ok(Entry { link: Link { position, leaf, link, stored }, said })
        })
        .collect()
}

pub(super) fn what(
    event_id: Option<Uuid>,
    timer_id: Option<Uuid>,
    version: Option<i32>,
) -> Result<What, StoreFailure> {
    match (event_id, timer_id, version) {
        (Some(id), None, Some(version)) => Ok(What::Event(EventId(id), version)),
        (None, Some(id), None) => Ok(What::Notice(id)),
        _ => Err(StoreFailure::Corrupt("feed_entry")),
    }
}

/// How far the feeds of all partnerships have come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeedState {
    /// How much is committed and has no position.
    pub waiting: i64,
    /// For how long the oldest of that has waited, in seconds by the database's clock.
    pub oldest_seconds: f64,
    /// How much has a position.
    pub entries: i64,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Double)]
    oldest_seconds: f64,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// Asks how far the feeds have come.
///
/// # Errors
/// The database fails.
pub async fn state(conn: &mut AsyncPgConnection) -> Result<FeedState, StoreFailure> {
    let row: StateRow = sql_query("select * from feed_state()").get_result(conn).await?;
    Ok(FeedState { waiting: row.waiting, oldest_seconds: row.oldest_seconds, entries: row.entries })
}
