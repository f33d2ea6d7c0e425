//! Events: appended with what they changed, and read back as history.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::as_of::Past;
use super::chain::hash_of;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{event, event_text};
use crate::domain::chain::{Hash, Said, Stored};
use crate::domain::event::{Actor, Event, Narrative, TextField};
use crate::domain::feed::{EventSaid, text_hash};
use crate::domain::ids::{AgencyId, ClientId, EscalationId, EventId, IdSource, PartnershipId};
use crate::sha256;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct EventRow {
    partnership_id: Uuid,
    id: Uuid,
    escalation_id: Uuid,
    version: i32,
    event_type: String,
    occurred_at: SqlTimestamp,
    recorded_at: SqlTimestamp,
    actor_agency_id: Option<Uuid>,
    actor_role: String,
    actor_client_id: Option<Uuid>,
    actor_subject: String,
    data: serde_json::Value,
}

#[derive(Insertable)]
#[diesel(table_name = event, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct NewEventRow {
    #[diesel(embed)]
    event: EventRow,
    leaf: Vec<u8>,
    text_hashes: serde_json::Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event_text, check_for_backend(diesel::pg::Pg))]
struct TextRow {
    version: i32,
    field: String,
    body: String,
}

#[derive(Insertable)]
#[diesel(table_name = event_text, check_for_backend(diesel::pg::Pg))]
struct NewTextRow {
    partnership_id: Uuid,
    escalation_id: Uuid,
    version: i32,
    field: String,
    body: String,
    salt: Vec<u8>,
}

#[derive(Queryable)]
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

/// Appends events of one escalation, each with its leaf. Texts are hashed with salts from `chance`.
///
/// # Errors
/// The database fails, or a version is taken.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    events: &[Event],
    chance: &dyn IdSource,
) -> Result<(), StoreFailure> {
    let mut rows = Vec::with_capacity(events.len());
    let mut texts = Vec::new();
    for it in events {
        let mut hashes = BTreeMap::new();
        for (field, body) in &it.texts {
            let salt = chance.salt();
            hashes.insert(field.to_string(), hash_digits(&salt, body.as_str()));
            texts.push(NewTextRow {
                partnership_id: partnership.0,
                escalation_id: it.escalation.0,
                version: it.version,
                field: (*field).into(),
                body: body.as_str().to_owned(),
                salt: salt.to_vec(),
            });
        }
        let event = EventRow {
            partnership_id: partnership.0,
            id: it.id.0,
            escalation_id: it.escalation.0,
            version: it.version,
            event_type: it.change.event_type().into(),
            occurred_at: it.occurred_at.into(),
            recorded_at: it.recorded_at.into(),
            actor_agency_id: it.actor.agency.map(|agency| agency.0),
            actor_role: it.actor.role.into(),
            actor_client_id: it.actor.client.map(|client| client.0),
            actor_subject: it.actor.subject.clone(),
            data: serde_json::to_value(&it.change)
                .map_err(|error| StoreFailure::Other(error.to_string()))?,
        };
        let leaf = event.said(&it.actor, &hashes).leaf().to_vec();
        let hashes = hashes.into_iter().map(|(field, hash)| (field, hash.into()));
        let text_hashes = serde_json::Value::Object(hashes.collect());
        rows.push(NewEventRow { event, leaf, text_hashes });
    }
    diesel::insert_into(event::table).values(rows).execute(conn).await?;
    if !texts.is_empty() {
        diesel::insert_into(event_text::table).values(texts).execute(conn).await?;
    }
    Ok(())
}

/// The history of an escalation, oldest first.
///
/// # Errors
/// The database fails.
pub async fn history(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
) -> Result<Vec<Event>, StoreFailure> {
    let rows: Vec<EventRow> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::escalation_id.eq(escalation.0))
        .order(event::version)
        .select(EventRow::as_select())
        .load(conn)
        .await?;
    let mut texts = texts(conn, partnership, escalation).await?;
    rows.into_iter()
        .map(|row| {
            let told = texts.remove(&row.version).unwrap_or_default();
            row.into_domain(told)
        })
        .collect()
}

/// The escalations of which something was recorded after `at`.
///
/// # Errors
/// The database fails.
pub(super) async fn changed_after(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<Vec<Uuid>, StoreFailure> {
    Ok(event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::recorded_at.gt(SqlTimestamp::from(at)))
        .select(event::escalation_id)
        .distinct()
        .load(conn)
        .await?)
}

/// What had been recorded of these by `at`, oldest first and without texts. What was raised later is not among them.
///
/// # Errors
/// The database fails.
pub(super) async fn recorded_by(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
    of: &[Uuid],
) -> Result<Past, StoreFailure> {
    let rows: Vec<EventRow> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::recorded_at.le(SqlTimestamp::from(at)))
        .filter(event::escalation_id.eq_any(of))
        .order((event::escalation_id, event::version))
        .select(EventRow::as_select())
        .load(conn)
        .await?;
    let mut past = Past::new();
    for row in rows {
        let of = past.entry(EscalationId(row.escalation_id)).or_default();
        of.push(row.into_domain(Vec::new())?);
    }
    Ok(past)
}

/// These events, without texts.
///
/// # Errors
/// The database fails.
pub(super) async fn by_ids(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<EventId, Event>, StoreFailure> {
    let rows: Vec<EventRow> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(ids))
        .select(EventRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| row.into_domain(Vec::new()).map(|event| (event.id, event))).collect()
}

type LeafRow = (EventRow, Option<Vec<u8>>, Option<serde_json::Value>);

/// What is stored of these events, for who checks or shows it.
///
/// # Errors
/// The database fails.
pub(super) async fn evidence(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<EventId, Evidence>, StoreFailure> {
    let rows: Vec<LeafRow> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(ids))
        .select((EventRow::as_select(), event::leaf, event::text_hashes))
        .load(conn)
        .await?;
    let joined = event_text::escalation_id
        .eq(event::escalation_id)
        .and(event_text::version.eq(event::version))
        .and(event_text::partnership_id.eq(event::partnership_id));
    let stored: Vec<SaltedRow> = event_text::table
        .inner_join(event::table.on(joined))
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::id.eq_any(ids))
        .select((
            event_text::escalation_id,
            event_text::version,
            event_text::field,
            event_text::body,
            event_text::salt,
        ))
        .load(conn)
        .await?;
    let mut texts: HashMap<(Uuid, i32), BTreeMap<String, String>> = HashMap::new();
    for text in stored {
        let hash = hash_digits(&text.salt, &text.body);
        texts.entry((text.escalation_id, text.version)).or_default().insert(text.field, hash);
    }
    rows.into_iter()
        .map(|(row, then, kept)| {
            let stored = texts.remove(&(row.escalation_id, row.version)).unwrap_or_default();
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

fn hash_digits(salt: &[u8], text: &str) -> String {
    sha256::digits(&text_hash(salt, text))
}

impl EventRow {
    fn said(&self, actor: &Actor, texts: &BTreeMap<String, String>) -> Said {
        let said = EventSaid {
            id: EventId(self.id),
            escalation: EscalationId(self.escalation_id),
            version: self.version,
            kind: &self.event_type,
            occurred_at: self.occurred_at.to_jiff(),
            recorded_at: self.recorded_at.to_jiff(),
            actor,
            change: &self.data,
            texts,
        };
        said.said()
    }

    fn actor(&self) -> Result<Actor, StoreFailure> {
        Ok(Actor {
            agency: self.actor_agency_id.map(AgencyId),
            role: code(&self.actor_role, "event.actor_role")?,
            client: self.actor_client_id.map(ClientId),
            subject: self.actor_subject.clone(),
        })
    }

    fn into_domain(self, texts: Vec<(TextField, Narrative)>) -> Result<Event, StoreFailure> {
        Ok(Event {
            id: EventId(self.id),
            escalation: EscalationId(self.escalation_id),
            version: self.version,
            occurred_at: self.occurred_at.to_jiff(),
            recorded_at: self.recorded_at.to_jiff(),
            actor: self.actor()?,
            change: serde_json::from_value(self.data)
                .map_err(|_| StoreFailure::Corrupt("event.data"))?,
            texts,
        })
    }
}

/// The texts of an escalation, by the version of their event.
///
/// # Errors
/// The database fails.
pub async fn texts(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
) -> Result<BTreeMap<i32, Vec<(TextField, Narrative)>>, StoreFailure> {
    let rows: Vec<TextRow> = event_text::table
        .filter(event_text::partnership_id.eq(partnership.0))
        .filter(event_text::escalation_id.eq(escalation.0))
        .order((event_text::version, event_text::field))
        .select(TextRow::as_select())
        .load(conn)
        .await?;
    let mut texts: BTreeMap<i32, Vec<(TextField, Narrative)>> = BTreeMap::new();
    for row in rows {
        let body =
            Narrative::parse(&row.body).map_err(|_| StoreFailure::Corrupt("event_text.body"))?;
        let field = code(&row.field, "event_text.field")?;
        texts.entry(row.version).or_default().push((field, body));
    }
    Ok(texts)
}
