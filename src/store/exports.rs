//! Which escalations left in a file, and what for.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::export_record;
use crate::domain::export::ExportRecord;
use crate::domain::ids::{AgencyId, ClientId, ExportId, PartnershipId};
use crate::domain::recorded::Recorded;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = export_record, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    partnership_id: Uuid,
    id: Uuid,
    agency_id: Option<Uuid>,
    purpose: String,
    format: String,
    filters: String,
    row_count: i32,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

/// Records a file that leaves.
///
/// # Errors
/// The database fails.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &ExportRecord,
) -> Result<(), StoreFailure> {
    let row = Row {
        partnership_id: partnership.0,
        id: it.id.0,
        agency_id: it.agency.map(|agency| agency.0),
        purpose: it.purpose.into(),
        format: it.format.into(),
        filters: it.filters.clone(),
        row_count: it.rows,
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(export_record::table).values(&row).execute(conn).await?;
    Ok(())
}

/// The files that left, the latest first, as far as whoever asks may know of them.
///
/// # Errors
/// The database fails.
pub async fn latest(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    limit: i64,
) -> Result<Vec<ExportRecord>, StoreFailure> {
    let rows: Vec<Row> = export_record::table
        .filter(export_record::partnership_id.eq(partnership.0))
        .order(export_record::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
        .await?;
    let records = rows.into_iter().map(|row| {
        Ok(ExportRecord {
            id: ExportId(row.id),
            agency: row.agency_id.map(AgencyId),
            purpose: code(&row.purpose, "export_record.purpose")?,
            format: code(&row.format, "export_record.format")?,
            filters: row.filters,
            rows: row.row_count,
            recorded: Recorded {
                at: row.recorded_at.to_jiff(),
                role: code(&row.recorded_by_role, "export_record.recorded_by_role")?,
                client: ClientId(row.recorded_by_client_id),
                subject: row.recorded_by_subject,
            },
        })
    });
    records.collect()
}
