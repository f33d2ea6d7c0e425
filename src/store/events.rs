//! Events: appended with what they changed, and read back as history.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::as_of::Past;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{event, event_text};
use crate::domain::chain::Said;
use crate::domain::event::{Actor, Event, Narrative, TextField};
use crate::domain::feed::{EventSaid, text_hash};
use crate::domain::ids::{AgencyId, ClientId, EscalationId, EventId, IdSource, PartnershipId};
use crate::sha256;

/// An event as it is stored, without its texts.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
pub(super) struct EventRow {
    partnership_id: Uuid,
    pub(super) id: Uuid,
    pub(super) escalation_id: Uuid,
    pub(super) version: i32,
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

pub(super) fn hash_digits(salt: &[u8], text: &str) -> String {
    sha256::digits(&text_hash(salt, text))
}

impl EventRow {
    pub(super) fn said(&self, actor: &Actor, texts: &BTreeMap<String, String>) -> Said {
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

    pub(super) fn actor(&self) -> Result<Actor, StoreFailure> {
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
