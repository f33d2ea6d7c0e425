//! What runs now under which version of the rules, so that those who change them see for whom nothing changes.

use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::failure::StoreFailure;
use crate::domain::ids::{AgencyId, PartnershipId};

/// So many open escalations of one responding agency under one stage policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUnder {
    /// The agency that must answer.
    pub agency: AgencyId,
    /// The version of the stage policy.
    pub policy_version: String,
    /// How many.
    pub open: i64,
}

/// So many running clocks under one version of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningUnder {
    /// Of what: empty for calendars, the code of a timescale.
    pub code: String,
    /// The version.
    pub version: String,
    /// How many.
    pub running: i64,
}

#[derive(QueryableByName)]
struct OpenRow {
    #[diesel(sql_type = SqlUuid)]
    agency: Uuid,
    #[diesel(sql_type = Text)]
    policy_version: String,
    #[diesel(sql_type = BigInt)]
    open: i64,
}

#[derive(QueryableByName)]
struct RunningRow {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    running: i64,
}

#[derive(QueryableByName)]
struct AnyRow {
    #[diesel(sql_type = Bool)]
    any: bool,
}

/// The escalations that are open, by responding agency and stage policy.
///
/// # Errors
/// The database fails.
pub async fn open_by_policy(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<Vec<OpenUnder>, StoreFailure> {
    let rows: Vec<OpenRow> = sql_query(
        "select e.raised_with_agency_id as agency, e.policy_version, count(*) as open
         from escalation e
         join episode p on p.partnership_id = e.partnership_id and p.escalation_id = e.id and p.number = e.episode
         where e.partnership_id = $1 and p.ended_at is null
         group by 1, 2 order by 1, 2",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OpenUnder {
            agency: AgencyId(row.agency),
            policy_version: row.policy_version,
            open: row.open,
        })
        .collect())
}

/// The stage clocks that run and the delays of open escalations that wait for what is due, by calendar.
///
/// # Errors
/// The database fails.
pub async fn running_by_calendar(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<Vec<RunningUnder>, StoreFailure> {
    running(
        conn,
        id,
        "select '' as code, version, count(*) as running
         from (select calendar_version as version from stage_clock
               where partnership_id = $1 and stopped_at is null
               union all
               select d.calendar_version from delay d
               join episode p on p.partnership_id = d.partnership_id and p.escalation_id = d.escalation_id
               where d.partnership_id = $1 and d.occurred_at is null and d.due_at is not null
                 and p.ended_at is null) runs
         group by version order by version",
    )
    .await
}

/// The delays of open escalations that wait for what is due, by timescale and its version.
///
/// # Errors
/// The database fails.
pub async fn waiting_by_timescale(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<Vec<RunningUnder>, StoreFailure> {
    running(
        conn,
        id,
        "select d.timescale_code as code, d.timescale_version as version, count(*) as running
         from delay d
         join episode p on p.partnership_id = d.partnership_id and p.escalation_id = d.escalation_id
         where d.partnership_id = $1 and d.occurred_at is null and d.due_at is not null and p.ended_at is null
         group by 1, 2 order by 1, 2",
    )
    .await
}

async fn running(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    sql: &str,
) -> Result<Vec<RunningUnder>, StoreFailure> {
    let rows: Vec<RunningRow> = sql_query(sql).bind::<SqlUuid, _>(id.0).load(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| RunningUnder { code: row.code, version: row.version, running: row.running })
        .collect())
}

/// Whether anything was ever raised: before that there is no past that a rule could rewrite.
///
/// # Errors
/// The database fails.
pub async fn anything_raised(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<bool, StoreFailure> {
    let row: AnyRow =
        sql_query("select exists (select from escalation where partnership_id = $1) as any")
            .bind::<SqlUuid, _>(id.0)
            .get_result(conn)
            .await?;
    Ok(row.any)
}
