//! What reviews learnt: appended with what was usual before, and with what the figures showed in the end.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, NullableDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::actions::stored;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{escalation, review_learning, review_learning_result};
use crate::domain::action::Recorded;
use crate::domain::ids::{AgencyId, ClientId, EscalationId, LearningId, PartnershipId};
use crate::domain::learning::{Baseline, Expected, Learning, Measured};
use crate::domain::week::IsoWeek;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_learning, check_for_backend(Pg), treat_none_as_default_value = false)]
struct LearningRow {
    partnership_id: Uuid,
    id: Uuid,
    week: SqlDate,
    body: String,
    group_code: Option<String>,
    theme_code: Option<String>,
    escalations: Vec<Uuid>,
    said_by_agency_id: Uuid,
    said_by_role: String,
    plan_reference: Option<String>,
    figure: Option<String>,
    direction: Option<String>,
    remeasure_week: NullableDate,
    baseline: Option<serde_json::Value>,
    definitions_version: Option<i32>,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_learning_result, check_for_backend(Pg), treat_none_as_default_value = false)]
struct ResultRow {
    partnership_id: Uuid,
    learning_id: Uuid,
    result: String,
    value: Option<f64>,
    definitions_version: i32,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

fn number(version: u32) -> Result<i32, StoreFailure> {
    i32::try_from(version).map_err(|error| StoreFailure::Other(error.to_string()))
}

/// Stores what was learnt.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Learning,
) -> Result<(), StoreFailure> {
    let expected = it.expected.as_ref().map(|(expected, _)| expected);
    let baseline = it.expected.as_ref().map(|(_, baseline)| baseline);
    let row = LearningRow {
        partnership_id: partnership.0,
        id: it.id.0,
        week: it.week.monday().into(),
        body: it.text.as_str().to_owned(),
        group_code: it.group.clone(),
        theme_code: it.theme.clone(),
        escalations: it.escalations.iter().map(|id| id.0).collect(),
        said_by_agency_id: it.said_by_agency.0,
        said_by_role: it.said_by_role.as_str().to_owned(),
        plan_reference: it.plan_reference.clone().map(Into::into),
        figure: expected.map(|it| it.figure.into()),
        direction: expected.map(|it| it.direction.into()),
        remeasure_week: NullableDate::from(expected.map(|it| it.remeasure.monday())),
        baseline: baseline
            .map(serde_json::to_value)
            .transpose()
            .map_err(|error| StoreFailure::Other(error.to_string()))?,
        definitions_version: baseline.map(|it| number(it.definitions_version)).transpose()?,
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(review_learning::table).values(row).execute(conn).await?;
    Ok(())
}

/// Stores what the figures showed.
///
/// # Errors
/// The constraint `review_learning_result_pkey` when somebody measured before; the database fails.
pub async fn insert_result(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    learning: LearningId,
    it: &Measured,
) -> Result<(), StoreFailure> {
    let row = ResultRow {
        partnership_id: partnership.0,
        learning_id: learning.0,
        result: it.result.into(),
        value: it.value,
        definitions_version: number(it.definitions_version)?,
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(review_learning_result::table).values(row).execute(conn).await?;
    Ok(())
}

/// Everything that was learnt by an instant, with what had been measured by then.
///
/// # Errors
/// The database fails.
pub async fn known_at(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<Vec<Learning>, StoreFailure> {
    let results: Vec<ResultRow> = review_learning_result::table
        .filter(review_learning_result::partnership_id.eq(partnership.0))
        .filter(review_learning_result::recorded_at.le(SqlTimestamp::from(at)))
        .select(ResultRow::as_select())
        .load(conn)
        .await?;
    let mut results: BTreeMap<Uuid, ResultRow> =
        results.into_iter().map(|row| (row.learning_id, row)).collect();
    let rows: Vec<LearningRow> = review_learning::table
        .filter(review_learning::partnership_id.eq(partnership.0))
        .filter(review_learning::recorded_at.le(SqlTimestamp::from(at)))
        .order(review_learning::id)
        .select(LearningRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let measured = results.remove(&row.id).map(ResultRow::into_domain).transpose()?;
            row.into_domain(measured)
        })
        .collect()
}

impl ResultRow {
    fn into_domain(self) -> Result<Measured, StoreFailure> {
        Ok(Measured {
            result: code(&self.result, "review_learning_result.result")?,
            value: self.value,
            definitions_version: u32::try_from(self.definitions_version)
                .map_err(|_| StoreFailure::Corrupt("review_learning_result.definitions_version"))?,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "review_learning_result.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

impl LearningRow {
    fn into_domain(self, measured: Option<Measured>) -> Result<Learning, StoreFailure> {
        let corrupt = StoreFailure::Corrupt("review_learning.expected");
        let expected =
            match (self.figure, self.direction, self.remeasure_week.to_jiff(), self.baseline) {
                (Some(figure), Some(direction), Some(remeasure), Some(baseline)) => {
                    let baseline: Baseline =
                        serde_json::from_value(baseline).map_err(|_| corrupt)?;
                    let expected = Expected {
                        figure: code(&figure, "review_learning.figure")?,
                        direction: code(&direction, "review_learning.direction")?,
                        remeasure: IsoWeek::of_date(remeasure),
                    };
                    Some((expected, baseline))
                }
                (None, None, None, None) => None,
                _ => return Err(corrupt),
            };
        let plan = self.plan_reference.as_deref();
        Ok(Learning {
            id: LearningId(self.id),
            week: IsoWeek::of_date(self.week.to_jiff()),
            text: stored(&self.body, "review_learning.body")?,
            group: self.group_code,
            theme: self.theme_code,
            escalations: self.escalations.into_iter().map(EscalationId).collect(),
            said_by_agency: AgencyId(self.said_by_agency_id),
            said_by_role: stored(&self.said_by_role, "review_learning.said_by_role")?,
            plan_reference: plan
                .map(|it| stored(it, "review_learning.plan_reference"))
                .transpose()?,
            expected,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "review_learning.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            measured,
        })
    }
}

/// Which of these escalations there are, and which have these spoken references.
///
/// # Errors
/// The database fails.
pub async fn escalations(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[EscalationId],
    references: &[String],
) -> Result<Vec<(EscalationId, String)>, StoreFailure> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(Uuid, String)> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::id.eq_any(ids).or(escalation::reference.eq_any(references)))
        .order(escalation::reference)
        .select((escalation::id, escalation::reference))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, reference)| (EscalationId(id), reference)).collect())
}
