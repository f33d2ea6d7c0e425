//! What senders' systems said of their escalations, kept so that saying it again is known for that.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::source_record;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::domain::recorded::Recorded;
use crate::domain::sent::{Said, SaidDelay, SourceRecord};
use crate::domain::theme::ThemeCode;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = source_record, check_for_backend(diesel::pg::Pg))]
struct Row {
    partnership_id: Uuid,
    escalation_id: Uuid,
    number: i32,
    source_version: Option<i64>,
    theme_code: String,
    urgency: String,
    timescale_code: Option<String>,
    started_at: NullableTimestamp,
    occurred_at: NullableTimestamp,
    cause: Option<String>,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl Row {
    fn into_domain(self) -> Result<SourceRecord, StoreFailure> {
        let cause = self.cause.map(|cause| code(&cause, "source_record.cause")).transpose()?;
        let occurred_at = self.occurred_at.to_jiff();
        let delay = self
            .timescale_code
            .zip(self.started_at.to_jiff())
            .map(|(timescale, started_at)| SaidDelay { timescale, started_at, occurred_at, cause });
        let urgency = code(&self.urgency, "source_record.urgency")?;
        let said = Said { theme: ThemeCode(self.theme_code), urgency, delay };
        Ok(SourceRecord { number: self.number, version: self.source_version, said })
    }
}

/// What the system said last, and the highest of its own numbers, which an answer without a number does not lower.
///
/// # Errors
/// The database fails.
pub async fn last(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
) -> Result<Option<(SourceRecord, Option<i64>)>, StoreFailure> {
    let row: Option<Row> = source_record::table
        .filter(source_record::partnership_id.eq(partnership.0))
        .filter(source_record::escalation_id.eq(escalation.0))
        .order(source_record::number.desc())
        .select(Row::as_select())
        .first(conn)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let highest: Option<i64> = source_record::table
        .filter(source_record::partnership_id.eq(partnership.0))
        .filter(source_record::escalation_id.eq(escalation.0))
        .select(max(source_record::source_version))
        .first(conn)
        .await?;
    Ok(Some((row.into_domain()?, highest)))
}

/// Keeps one thing that a system said.
///
/// # Errors
/// The database fails.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
    record: &SourceRecord,
    by: &Recorded,
) -> Result<(), StoreFailure> {
    let delay = record.said.delay.as_ref();
    let row = Row {
        partnership_id: partnership.0,
        escalation_id: escalation.0,
        number: record.number,
        source_version: record.version,
        theme_code: record.said.theme.0.clone(),
        urgency: record.said.urgency.into(),
        timescale_code: delay.map(|it| it.timescale.clone()),
        started_at: delay.map(|it| it.started_at).into(),
        occurred_at: delay.and_then(|it| it.occurred_at).into(),
        cause: delay.and_then(|it| it.cause).map(Into::into),
        recorded_at: by.at.into(),
        recorded_by_role: by.role.into(),
        recorded_by_client_id: by.client.0,
        recorded_by_subject: by.subject.clone(),
    };
    diesel::insert_into(source_record::table).values(row).execute(conn).await?;
    Ok(())
}
