//! What is stored of events for who checks them: everything that is hashed of each, made anew.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::chain::hash_of;
use super::events::{EventRow, hash_digits};
use super::failure::StoreFailure;
use super::schema::{event, event_text, feed_entry};
use crate::domain::chain::{Hash, Said, Stored};
use crate::domain::ids::{EventId, PartnershipId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = event_text, check_for_backend(diesel::pg::Pg))]
struct SaltedRow {
    escalation_id: Uuid,
    version: i32,
    field: String,
    body: String,
    salt: Vec<u8>,
}

/// What is stored of an event, and what was hashed of it when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Of which escalation it is.
    escalation: Uuid,
    /// Which version the escalation has after it.
    version: i32,
    /// What is hashed of it, made anew from everything that it says; nothing when a text is not the one that was hashed, or
    /// the actor is none that this program could have written.
    pub(super) said: Option<Said>,
    /// The leaf that was stored with the event; nothing for events from before there was a feed.
    then: Option<Hash>,
}

impl Evidence {
    /// The leaf by what is stored now.
    pub(super) fn leaf(&self) -> Option<Hash> {
        self.said.as_ref().map(Said::leaf)
    }

    /// What it says to an entry that was made for this version of this escalation.
    pub(super) fn stored(&self, escalation: Uuid, version: i32) -> Stored {
        match self.leaf() {
            Some(leaf)
                if self.then.is_none_or(|then| then == leaf)
                    && (escalation, version) == (self.escalation, self.version) =>
            {
                Stored::Makes(leaf)
            }
            _ => Stored::Differs,
        }
    }
}

type LeafRow = (EventRow, Option<Vec<u8>>, Option<serde_json::Value>);

/// What is stored of these events, for who hashes them for the first time.
///
/// # Errors
/// The database fails.
pub(super) async fn of_events(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<EventId, Evidence>, StoreFailure> {
    let rows = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(ids))
        .select((EventRow::as_select(), event::leaf, event::text_hashes))
        .load(conn)
        .await?;
    let joined = event_text::escalation_id
        .eq(event::escalation_id)
        .and(event_text::version.eq(event::version))
        .and(event_text::partnership_id.eq(event::partnership_id));
    let texts = event_text::table
        .inner_join(event::table.on(joined))
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(ids))
        .select(SaltedRow::as_select())
        .load(conn)
        .await?;
    evidence_of(rows, texts)
}

/// What is stored of the events that the feed has at these positions, for who checks it or gives it away. By joins with
/// the feed, because looking each event up by its identifier, once more for its texts, takes half as long again.
///
/// # Errors
/// The database fails.
pub(super) async fn at_positions(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    positions: RangeInclusive<i64>,
) -> Result<HashMap<EventId, Evidence>, StoreFailure> {
    let (first, last) = positions.into_inner();
    let joined = event::partnership_id
        .eq(feed_entry::partnership_id)
        .and(event::id.nullable().eq(feed_entry::event_id));
    let rows = feed_entry::table
        .inner_join(event::table.on(joined))
        .filter(feed_entry::partnership_id.eq(partnership.0))
        .filter(feed_entry::position.between(first, last))
        .select((EventRow::as_select(), event::leaf, event::text_hashes))
        .load(conn)
        .await?;
    let joined = event_text::partnership_id
        .eq(feed_entry::partnership_id)
        .and(event_text::escalation_id.eq(feed_entry::escalation_id))
        .and(event_text::version.nullable().eq(feed_entry::version));
    let texts = feed_entry::table
        .inner_join(event_text::table.on(joined))
        .filter(feed_entry::partnership_id.eq(partnership.0))
        .filter(feed_entry::position.between(first, last))
        .select(SaltedRow::as_select())
        .load(conn)
        .await?;
    evidence_of(rows, texts)
}

fn evidence_of(
    rows: Vec<LeafRow>,
    texts: Vec<SaltedRow>,
) -> Result<HashMap<EventId, Evidence>, StoreFailure> {
    let mut hashes: HashMap<(Uuid, i32), BTreeMap<String, String>> = HashMap::new();
    for text in texts {
        let hash = hash_digits(&text.salt, &text.body);
        hashes.entry((text.escalation_id, text.version)).or_default().insert(text.field, hash);
    }
    rows.into_iter()
        .map(|(row, then, kept)| {
            let stored = hashes.remove(&(row.escalation_id, row.version)).unwrap_or_default();
            // A text may be gone; one that is there must be the one that was written.
            let texts = match kept.map(serde_json::from_value::<BTreeMap<String, String>>) {
                None => Some(stored),
                Some(Err(_)) => None,
                Some(Ok(kept)) => {
                    stored.iter().all(|(field, it)| kept.get(field) == Some(it)).then_some(kept)
                }
            };
            let then = then.map(hash_of).transpose()?;
            let said = texts.zip(row.actor().ok()).map(|(texts, actor)| row.said(&actor, &texts));
            let (escalation, version) = (row.escalation_id, row.version);
            Ok((EventId(row.id), Evidence { escalation, version, said, then }))
        })
        .collect()
}
