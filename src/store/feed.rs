//! The feed as rows: what waits, what has its position, and how far it has come.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Double, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::events::{self, hash_of};
use super::failure::StoreFailure;
use super::schema::{event, feed_entry, feed_head, feed_pending, timer};
use crate::domain::feed::{Entry, Hash, Head, NoticeSaid, Waiting, What};
use crate::domain::ids::{EscalationId, EventId, PartnershipId};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The partnerships in which something waits for its position.
///
/// # Errors
/// The database fails.
pub async fn partnerships_waiting(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    let found: Vec<Found> =
        sql_query("select id from partnerships_to_sequence() as id").load(conn).await?;
    Ok(found.into_iter().map(|it| PartnershipId(it.id)).collect())
}

/// Takes the head of the feed, to go on from it, until the transaction ends; nothing when somebody else has it.
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
        feed_head::partnership_id.eq(partnership.0),
        feed_head::position.eq(Head::START.position),
        feed_head::link.eq(Head::START.link.to_vec()),
    );
    let made = diesel::insert_into(feed_head::table)
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
    let row: Option<(i64, Vec<u8>)> = feed_head::table
        .find(partnership.0)
        .select((feed_head::position, feed_head::link))
        .for_update()
        .skip_locked()
        .first(conn)
        .await
        .optional()?;
    row.map(|(position, link)| Ok(Head { position, link: hash_of(link)? })).transpose()
}

/// How far the feed has come.
///
/// # Errors
/// The database fails.
pub async fn head(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Head, StoreFailure> {
    let row: Option<(i64, Vec<u8>)> = feed_head::table
        .find(partnership.0)
        .select((feed_head::position, feed_head::link))
        .first(conn)
        .await
        .optional()?;
    row.map_or(Ok(Head::START), |(position, link)| Ok(Head { position, link: hash_of(link)? }))
}

type PendingRow = (i64, Uuid, Option<Uuid>, Option<Uuid>, Option<i32>, Option<Vec<u8>>);

/// What waits, at most `limit` in the order in which it was written. What was stored without a leaf is hashed now.
///
/// # Errors
/// The database fails.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    limit: i64,
) -> Result<Vec<Waiting>, StoreFailure> {
    let its_event = event::partnership_id
        .eq(feed_pending::partnership_id)
        .and(event::id.nullable().eq(feed_pending::event_id));
    let rows: Vec<PendingRow> = feed_pending::table
        .left_join(event::table.on(its_event))
        .filter(feed_pending::partnership_id.eq(partnership.0))
        .order(feed_pending::number)
        .limit(limit)
        .select((
            feed_pending::number,
            feed_pending::escalation_id,
            feed_pending::event_id,
            feed_pending::timer_id,
            event::version.nullable(),
            event::leaf.nullable(),
        ))
        .load(conn)
        .await?;
    let bare: Vec<Uuid> =
        rows.iter().filter(|row| row.5.is_none()).filter_map(|row| row.2).collect();
    let events = if bare.is_empty() {
        HashMap::new()
    } else {
        events::leaves(conn, partnership, &bare).await?
    };
    let timers: Vec<Uuid> = rows.iter().filter_map(|row| row.3).collect();
    let notices = notice_leaves(conn, partnership, &timers).await?;
    rows.into_iter()
        .map(|(number, escalation, event_id, timer_id, version, leaf)| {
            let (what, leaf) = match (event_id, timer_id, version) {
                (Some(id), _, Some(version)) => {
                    let stored = leaf.map(hash_of).transpose()?;
                    let id = EventId(id);
                    let leaf = stored.or_else(|| events.get(&id).and_then(|leaf| leaf.now));
                    (What::Event(id, version), leaf)
                }
                (None, Some(id), _) => (What::Notice(id), notices.get(&id).copied()),
                _ => return Err(StoreFailure::Corrupt("feed_pending")),
            };
            let leaf = leaf.ok_or(StoreFailure::Corrupt("feed_pending"))?;
            Ok(Waiting { number, escalation: EscalationId(escalation), what, leaf })
        })
        .collect()
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

/// The leaves of these notices, computed from what is stored now; of those that there are.
async fn notice_leaves(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Hash>, StoreFailure> {
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
    let leaf = |row: NoticeRow| {
        let said = NoticeSaid {
            id: row.id,
            escalation: EscalationId(row.escalation_id),
            clock: row.clock_id,
            kind: &row.kind,
            percent: row.percent,
            fires_at: row.fires_at.to_jiff(),
            fired_at: row.fired_at.to_jiff()?,
            notice: row.notice.as_deref()?,
            told: row.told.as_deref().unwrap_or_default(),
            tell_at: row.tell_at.to_jiff()?,
        };
        Some((row.id, said.leaf()))
    };
    Ok(rows.into_iter().filter_map(leaf).collect())
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
    sequenced_at: SqlTimestamp,
}

/// Stores entries and the head after them, and takes what they were made of from what waits.
///
/// # Errors
/// The database fails, or an entry would come before the one that it follows.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    entries: &[Entry],
    head: Head,
    of: &[i64],
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let rows: Vec<NewEntryRow> = entries
        .iter()
        .map(|it| {
            let (event_id, timer_id, version) = match it.what {
                What::Event(id, version) => (Some(id.0), None, Some(version)),
                What::Notice(id) => (None, Some(id), None),
            };
            NewEntryRow {
                partnership_id: partnership.0,
                position: it.position,
                escalation_id: it.escalation.0,
                event_id,
                timer_id,
                version,
                leaf: it.leaf.to_vec(),
                link: it.link.to_vec(),
                sequenced_at: now.into(),
            }
        })
        .collect();
    diesel::insert_into(feed_entry::table).values(rows).execute(conn).await?;
    diesel::update(feed_head::table.find(partnership.0))
        .set((
            feed_head::position.eq(head.position),
            feed_head::link.eq(head.link.to_vec()),
            feed_head::sequenced_at.eq(NullableTimestamp::from(Some(now))),
        ))
        .execute(conn)
        .await?;
    let waited = feed_pending::table
        .filter(feed_pending::partnership_id.eq(partnership.0))
        .filter(feed_pending::number.eq_any(of));
    diesel::delete(waited).execute(conn).await?;
    Ok(())
}

type EntryRow = (i64, Uuid, Option<Uuid>, Option<Uuid>, Option<i32>, Vec<u8>, Vec<u8>);

/// Entries after a position, at most `limit`, each with the leaf that what is stored now makes; none when it is gone,
/// or differs from the one that was stored with the event.
///
/// # Errors
/// The database fails.
pub async fn recomputed(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: i64,
    limit: i64,
) -> Result<Vec<(Entry, Option<Hash>)>, StoreFailure> {
    let rows: Vec<EntryRow> = feed_entry::table
        .filter(feed_entry::partnership_id.eq(partnership.0))
        .filter(feed_entry::position.gt(after))
        .order(feed_entry::position)
        .limit(limit)
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
    let of_events: Vec<Uuid> = rows.iter().filter_map(|row| row.2).collect();
    let of_timers: Vec<Uuid> = rows.iter().filter_map(|row| row.3).collect();
    let events = events::leaves(conn, partnership, &of_events).await?;
    let notices = notice_leaves(conn, partnership, &of_timers).await?;
    rows.into_iter()
        .map(|(position, escalation, event_id, timer_id, version, leaf, link)| {
            let what = what(event_id, timer_id, version)?;
            let now = match what {
                What::Event(id, _) => events
                    .get(&id)
                    .filter(|leaf| leaf.then.is_none_or(|then| leaf.now == Some(then)))
                    .and_then(|leaf| leaf.now),
                What::Notice(id) => notices.get(&id).copied(),
            };
            let escalation = EscalationId(escalation);
            let (leaf, link) = (hash_of(leaf)?, hash_of(link)?);
            Ok((Entry { position, escalation, what, leaf, link }, now))
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
