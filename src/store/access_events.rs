//! Who read what, as rows: written in the transaction of the read, found by escalation and by person.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::chain::by_index;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::list_parts::page;
use super::schema::{access_event, access_seen, escalation_child};
use crate::domain::access_event::{AccessEvent, AccessFilter};
use crate::domain::chain::Said;
use crate::domain::ids::{AccessEventId, AgencyId, ClientId, EscalationId, PartnershipId};
use crate::domain::listing::{After, Page, PageRequest};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = access_event, check_for_backend(Pg), treat_none_as_default_value = false)]
pub(super) struct Row {
    partnership_id: Uuid,
    at: SqlTimestamp,
    pub(super) id: Uuid,
    actor_agency_id: Option<Uuid>,
    actor_role: String,
    actor_client_id: Uuid,
    actor_subject: String,
    operation: String,
    purpose: Option<String>,
    fields: String,
    escalation_ids: Vec<Uuid>,
    row_count: i32,
    request_id: String,
    leaf: Vec<u8>,
}

impl Row {
    fn of(partnership: PartnershipId, it: &AccessEvent) -> Self {
        Self {
            partnership_id: partnership.0,
            at: it.at.into(),
            id: it.id.0,
            actor_agency_id: it.agency.map(|agency| agency.0),
            actor_role: it.role.into(),
            actor_client_id: it.client.0,
            actor_subject: it.subject.clone(),
            operation: it.operation.clone(),
            purpose: it.purpose.map(Into::into),
            fields: it.fields.into(),
            escalation_ids: it.escalations.iter().map(|id| id.0).collect(),
            row_count: it.rows,
            request_id: it.request_id.clone(),
            leaf: it.said().leaf().to_vec(),
        }
    }

    fn into_event(self) -> Result<AccessEvent, StoreFailure> {
        Ok(AccessEvent {
            id: AccessEventId(self.id),
            at: self.at.to_jiff(),
            agency: self.actor_agency_id.map(AgencyId),
            role: code(&self.actor_role, "access_event.actor_role")?,
            client: ClientId(self.actor_client_id),
            subject: self.actor_subject,
            operation: self.operation,
            purpose: match self.purpose {
                Some(purpose) => Some(code(&purpose, "access_event.purpose")?),
                None => None,
            },
            fields: code(&self.fields, "access_event.fields")?,
            escalations: self.escalation_ids.into_iter().map(EscalationId).collect(),
            rows: self.row_count,
            request_id: self.request_id,
        })
    }

    /// When it was read.
    pub(super) fn at(&self) -> Timestamp {
        self.at.to_jiff()
    }

    /// What is hashed of what is stored now; none when it is no entry that this program could have written.
    pub(super) fn said(self) -> Option<Said> {
        self.into_event().ok().map(|event| event.said())
    }
}

/// Writes an entry.
///
/// # Errors
/// The database fails.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &AccessEvent,
) -> Result<(), StoreFailure> {
    diesel::insert_into(access_event::table).values(Row::of(partnership, it)).execute(conn).await?;
    Ok(())
}

/// The conditions of a filter on an entry alone, the part of the list and its order.
macro_rules! asked {
    ($query:expr, $partnership:expr, $filter:expr, $page:expr) => {{
        let (filter, page): (&AccessFilter, PageRequest) = ($filter, $page);
        let mut query = $query.filter(access_event::partnership_id.eq($partnership.0));
        if let Some(subject) = &filter.subject {
            query = query.filter(access_event::actor_subject.eq(subject.clone()));
        }
        if let Some(client) = filter.client {
            query = query.filter(access_event::actor_client_id.eq(client.0));
        }
        if let Some(purpose) = filter.purpose {
            query = query.filter(access_event::purpose.eq(String::from(purpose)));
        }
        if let Some(from) = filter.from {
            query = query.filter(access_event::at.ge(SqlTimestamp::from(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(access_event::at.lt(SqlTimestamp::from(to)));
        }
        if let Some(After { at, id }) = page.after {
            let at = SqlTimestamp::from(at);
            // The first of the two lets the index begin there.
            query = if page.oldest_first {
                let tied = access_event::at.eq(at).and(access_event::id.gt(id));
                query.filter(access_event::at.ge(at)).filter(access_event::at.gt(at).or(tied))
            } else {
                let tied = access_event::at.eq(at).and(access_event::id.lt(id));
                query.filter(access_event::at.le(at)).filter(access_event::at.lt(at).or(tied))
            };
        }
        if page.oldest_first {
            query.order((access_event::at.asc(), access_event::id.asc()))
        } else {
            query.order((access_event::at.desc(), access_event::id.desc()))
        }
    }};
}

/// A page of entries, the latest first unless asked otherwise.
///
/// # Errors
/// The database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    filter: &AccessFilter,
    request: PageRequest,
) -> Result<Page<AccessEvent>, StoreFailure> {
    let limit = request.limit.saturating_add(1);
    let mut rows: Vec<Row> = match &filter.escalations {
        None => {
            by_index(conn).await?;
            let all = access_event::table.into_boxed::<Pg>();
            asked!(all, partnership, filter, request)
                .limit(limit)
                .select(Row::as_select())
                .load(conn)
                .await?
        }
        Some(escalations) => {
            // Found by what was seen and then sorted: in the order of the log, all of it would be looked through.
            // An entry is found once for each of these that it showed.
            let each = i64::try_from(escalations.len()).unwrap_or(i64::MAX).max(1);
            let ids: Vec<Uuid> = escalations.iter().map(|id| id.0).collect();
            let of_these = access_event::table
                .inner_join(
                    access_seen::table.on(access_seen::partnership_id
                        .eq(access_event::partnership_id)
                        .and(access_seen::at.eq(access_event::at))
                        .and(access_seen::access_id.eq(access_event::id))),
                )
                .into_boxed::<Pg>()
                .filter(access_seen::partnership_id.eq(partnership.0))
                .filter(access_seen::escalation_id.eq_any(ids));
            asked!(of_these, partnership, filter, request)
                .limit(limit.saturating_mul(each))
                .select(Row::as_select())
                .load(conn)
                .await?
        }
    };
    rows.dedup_by_key(|row| row.id);
    let items = rows.into_iter().map(Row::into_event).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, request, |it| After { at: it.at, id: it.id.0 }))
}

/// The escalations of the child with this key, whoever raised them.
///
/// # Errors
/// The database fails.
pub async fn escalations_of_child(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    child_key: &[u8],
) -> Result<Vec<EscalationId>, StoreFailure> {
    let ids: Vec<Uuid> = escalation_child::table
        .filter(escalation_child::partnership_id.eq(partnership.0))
        .filter(escalation_child::child_key.eq(child_key))
        .order(escalation_child::escalation_id)
        .select(escalation_child::escalation_id)
        .load(conn)
        .await?;
    Ok(ids.into_iter().map(EscalationId).collect())
}
