//! Which matters were opened in a span of time, with what tells whether that is worth a question.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{access_event, escalation_child, event};
use crate::domain::access_event::FieldsShown;
use crate::domain::browsing::{Opened, Reader};
use crate::domain::ids::{AgencyId, ClientId, EscalationId, PartnershipId};

type EntryRow = (SqlTimestamp, Uuid, String, Option<Uuid>, String, bool, Vec<Uuid>);

/// Every matter of which more than a line was shown from one instant to another.
///
/// # Errors
/// The database fails.
pub async fn opened(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Opened>, StoreFailure> {
    let whole = [FieldsShown::Texts, FieldsShown::WithChildReferences].map(FieldsShown::code);
    let rows: Vec<EntryRow> = access_event::table
        .filter(access_event::partnership_id.eq(partnership.0))
        .filter(access_event::at.ge(SqlTimestamp::from(from)))
        .filter(access_event::at.lt(SqlTimestamp::from(to)))
        .filter(access_event::fields.eq_any(whole))
        .select((
            access_event::at,
            access_event::actor_client_id,
            access_event::actor_subject,
            access_event::actor_agency_id,
            access_event::actor_role,
            access_event::purpose.is_not_null(),
            access_event::escalation_ids,
        ))
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = {
        let all: HashSet<Uuid> = rows.iter().flat_map(|row| &row.6).copied().collect();
        all.into_iter().collect()
    };
    let mut children: HashMap<Uuid, Vec<Vec<u8>>> = HashMap::new();
    let stored: Vec<(Uuid, Vec<u8>)> = escalation_child::table
        .filter(escalation_child::partnership_id.eq(partnership.0))
        .filter(escalation_child::escalation_id.eq_any(&ids))
        .filter(escalation_child::child_key.is_not_null())
        .select((escalation_child::escalation_id, escalation_child::child_key.assume_not_null()))
        .load(conn)
        .await?;
    for (escalation, key) in stored {
        children.entry(escalation).or_default().push(key);
    }
    let acted: HashSet<(Uuid, Uuid, String)> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::escalation_id.eq_any(&ids))
        .filter(event::actor_client_id.is_not_null())
        .select((
            event::escalation_id,
            event::actor_client_id.assume_not_null(),
            event::actor_subject,
        ))
        .distinct()
        .load::<(Uuid, Uuid, String)>(conn)
        .await?
        .into_iter()
        .collect();
    let mut opened = Vec::new();
    for (at, client, subject, agency, role, said_what_for, escalations) in rows {
        let reader = Reader {
            client: ClientId(client),
            subject,
            agency: agency.map(AgencyId),
            role: code(&role, "access_event.actor_role")?,
        };
        for id in escalations {
            opened.push(Opened {
                at: at.to_jiff(),
                acted: acted.contains(&(id, client, reader.subject.clone())),
                reader: reader.clone(),
                escalation: EscalationId(id),
                children: children.get(&id).cloned().unwrap_or_default(),
                said_what_for,
            });
        }
    }
    Ok(opened)
}
