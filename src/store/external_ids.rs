//! What agencies' own systems call the cases of escalations.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::external_id;
use crate::domain::external_id::{ExternalId, ExternalName};
use crate::domain::ids::{AgencyId, ClientId, EscalationId, ExternalIdId, PartnershipId};
use crate::domain::recorded::Recorded;

/// The unique index that a second use of a name breaks.
pub const TAKEN: &str = "external_id_taken";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = external_id, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    partnership_id: Uuid,
    id: Uuid,
    escalation_id: Uuid,
    agency_id: Uuid,
    system: String,
    kind: String,
    value: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
    removed_at: NullableTimestamp,
}

impl Row {
    fn into_domain(self) -> Result<ExternalId, StoreFailure> {
        Ok(ExternalId {
            id: ExternalIdId(self.id),
            escalation: EscalationId(self.escalation_id),
            agency: AgencyId(self.agency_id),
            name: ExternalName { system: self.system, kind: self.kind, value: self.value },
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "external_id.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            removed_at: self.removed_at.to_jiff(),
        })
    }
}

/// Keeps a name.
///
/// # Errors
/// A constraint refuses it, [`TAKEN`] when the agency uses it already.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &ExternalId,
) -> Result<(), StoreFailure> {
    let row = Row {
        partnership_id: partnership.0,
        id: it.id.0,
        escalation_id: it.escalation.0,
        agency_id: it.agency.0,
        system: it.name.system.clone(),
        kind: it.name.kind.clone(),
        value: it.name.value.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
        removed_at: it.removed_at.into(),
    };
    diesel::insert_into(external_id::table).values(&row).execute(conn).await?;
    Ok(())
}

/// The names of an escalation that whoever asks may know of, also those that were removed; the oldest first.
///
/// # Errors
/// The database fails.
pub async fn of_escalation(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
) -> Result<Vec<ExternalId>, StoreFailure> {
    let rows: Vec<Row> = external_id::table
        .filter(external_id::partnership_id.eq(partnership.0))
        .filter(external_id::escalation_id.eq(escalation.0))
        .order(external_id::id)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// Where a name is used now, by agencies of which whoever asks may know.
///
/// # Errors
/// The database fails.
pub async fn of_name(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    name: &ExternalName,
) -> Result<Vec<ExternalId>, StoreFailure> {
    let rows: Vec<Row> = external_id::table
        .filter(external_id::partnership_id.eq(partnership.0))
        .filter(external_id::system.eq(&name.system))
        .filter(external_id::kind.eq(&name.kind))
        .filter(external_id::value.eq(&name.value))
        .filter(external_id::removed_at.is_null())
        .order(external_id::id)
        .select(Row::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// Says that an agency's name does not belong to an escalation. Says whether it did until now.
///
/// # Errors
/// The database fails.
pub async fn remove(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (escalation, id): (EscalationId, ExternalIdId),
    agencies: &[AgencyId],
    by: &Recorded,
) -> Result<bool, StoreFailure> {
    let agencies: Vec<Uuid> = agencies.iter().map(|it| it.0).collect();
    let own = external_id::table
        .find((partnership.0, id.0))
        .filter(external_id::escalation_id.eq(escalation.0))
        .filter(external_id::agency_id.eq_any(agencies))
        .filter(external_id::removed_at.is_null());
    let removed = diesel::update(own)
        .set((
            external_id::removed_at.eq(NullableTimestamp::from(Some(by.at))),
            external_id::removed_by_role.eq(by.role.code()),
            external_id::removed_by_client_id.eq(by.client.0),
            external_id::removed_by_subject.eq(&by.subject),
        ))
        .execute(conn)
        .await?;
    Ok(removed == 1)
}
