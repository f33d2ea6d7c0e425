//! What is left out of the figures: the steps of each decision, and the condition by which statements leave it out.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::figure_exclusion;
use crate::domain::exclusion::Exclusion;
use crate::domain::ids::{ClientId, EscalationId, PartnershipId};
use crate::domain::proposal::Person;

/// The row of `escalation` is left out: [`crate::domain::exclusion::is_left_out`] as a condition.
pub(super) const LEFT_OUT: &str = "(escalation.status in ('resolved', 'withdrawn') and exists (
         select 1 from figure_exclusion step
         where step.partnership_id = escalation.partnership_id and step.escalation_id = escalation.id
           and step.step = 'approved' and step.episode = escalation.episode and not exists (
               select 1 from figure_exclusion later
               where later.partnership_id = step.partnership_id and later.escalation_id = step.escalation_id
                 and later.number > step.number and later.step = 'ended')))";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = figure_exclusion, check_for_backend(diesel::pg::Pg))]
struct StepRow {
    partnership_id: Uuid,
    escalation_id: Uuid,
    number: i32,
    step: String,
    reason: String,
    by_role: String,
    by_client_id: Uuid,
    by_subject: String,
    recorded_at: SqlTimestamp,
    episode: i16,
}

impl StepRow {
    fn into_domain(self) -> Result<Exclusion, StoreFailure> {
        Ok(Exclusion {
            escalation: EscalationId(self.escalation_id),
            number: self.number,
            episode: u16::try_from(self.episode)
                .map_err(|_| StoreFailure::Corrupt("figure_exclusion.episode"))?,
            step: code(&self.step, "figure_exclusion.step")?,
            reason: code(&self.reason, "figure_exclusion.reason")?,
            by: Person { client: ClientId(self.by_client_id), subject: self.by_subject },
            role: code(&self.by_role, "figure_exclusion.by_role")?,
            recorded_at: self.recorded_at.to_jiff(),
        })
    }
}

/// Every step about an escalation, the first first.
///
/// # Errors
/// The database fails.
pub async fn of_escalation(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: EscalationId,
) -> Result<Vec<Exclusion>, StoreFailure> {
    let rows: Vec<StepRow> = figure_exclusion::table
        .filter(figure_exclusion::partnership_id.eq(partnership.0))
        .filter(figure_exclusion::escalation_id.eq(id.0))
        .order(figure_exclusion::number)
        .select(StepRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(StepRow::into_domain).collect()
}

/// The same of several, by escalation.
///
/// # Errors
/// The database fails.
pub(super) async fn of_many(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<BTreeMap<EscalationId, Vec<Exclusion>>, StoreFailure> {
    let rows: Vec<StepRow> = figure_exclusion::table
        .filter(figure_exclusion::partnership_id.eq(partnership.0))
        .filter(figure_exclusion::escalation_id.eq_any(ids))
        .order(figure_exclusion::number)
        .select(StepRow::as_select())
        .load(conn)
        .await?;
    let mut found: BTreeMap<EscalationId, Vec<Exclusion>> = BTreeMap::new();
    for row in rows {
        let step = row.into_domain()?;
        found.entry(step.escalation).or_default().push(step);
    }
    Ok(found)
}

/// Appends a step.
///
/// # Errors
/// Somebody else has just taken a step about the same escalation, or the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Exclusion,
) -> Result<(), StoreFailure> {
    let row = StepRow {
        partnership_id: partnership.0,
        escalation_id: it.escalation.0,
        number: it.number,
        step: it.step.into(),
        reason: it.reason.into(),
        by_role: it.role.into(),
        by_client_id: it.by.client.0,
        by_subject: it.by.subject.clone(),
        recorded_at: it.recorded_at.into(),
        episode: i16::try_from(it.episode)
            .map_err(|_| StoreFailure::Corrupt("figure_exclusion.episode"))?,
    };
    diesel::insert_into(figure_exclusion::table).values(row).execute(conn).await?;
    Ok(())
}
