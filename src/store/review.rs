//! What the weekly review reads beside the weekly figures.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::exclusions::LEFT_OUT;
use super::failure::StoreFailure;
use super::schema::escalation;
use crate::domain::ids::{AgencyId, EscalationId, PartnershipId};
use crate::domain::review::assemble::RaisedCount;
use crate::domain::week::IsoWeek;

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Integer)]
    week: i32,
    #[diesel(sql_type = Text)]
    theme: String,
    #[diesel(sql_type = SqlUuid)]
    raised_by: Uuid,
    #[diesel(sql_type = SqlUuid)]
    raised_with: Uuid,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many were raised in each of these weeks, by theme and by both agencies: [`Measure::Raised`] divided finer than
/// the weekly figures divide it.
///
/// [`Measure::Raised`]: crate::domain::figures::Measure::Raised
///
/// # Errors
/// The database fails.
pub async fn raised(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    weeks: &[IsoWeek],
) -> Result<Vec<RaisedCount>, StoreFailure> {
    let numbers: Vec<i32> = (0..).take(weeks.len()).collect();
    let starts: Vec<SqlTimestamp> = weeks.iter().map(|week| week.starts_at().into()).collect();
    let ends: Vec<SqlTimestamp> = weeks.iter().map(|week| week.ends_at().into()).collect();
    let rows: Vec<CountRow> = sql_query(format!(
        "select week.n as week, theme_code as theme, raised_by_agency_id as raised_by,
                raised_with_agency_id as raised_with, count(*) as number
         from unnest($2::int[], $3::timestamptz[], $4::timestamptz[]) as week(n, starts_at, ends_at)
         join escalation on escalation.partnership_id = $1
              and raised_at >= week.starts_at and raised_at < week.ends_at
         where not {LEFT_OUT}
         group by 1, 2, 3, 4"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<Integer>, _>(&numbers)
    .bind::<Array<Timestamptz>, _>(starts)
    .bind::<Array<Timestamptz>, _>(ends)
    .load(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let week = usize::try_from(row.week).ok().and_then(|place| weeks.get(place));
            Ok(RaisedCount {
                week: *week.ok_or(StoreFailure::Corrupt("week"))?,
                theme: row.theme,
                raised_by: AgencyId(row.raised_by),
                raised_with: AgencyId(row.raised_with),
                number: u32::try_from(row.number).unwrap_or(u32::MAX),
            })
        })
        .collect()
}

/// When the first escalation was raised, by the time that its raiser stated.
///
/// # Errors
/// The database fails.
pub async fn first_raised_at(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<Timestamp>, StoreFailure> {
    let first: Option<SqlTimestamp> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .select(diesel::dsl::min(escalation::raised_at))
        .first(conn)
        .await?;
    Ok(first.map(SqlTimestamp::to_jiff))
}

/// Every open escalation.
///
/// # Errors
/// The database fails.
pub async fn open(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<EscalationId>, StoreFailure> {
    let ids: Vec<Uuid> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::status.ne_all(["resolved", "withdrawn"]))
        .select(escalation::id)
        .load(conn)
        .await?;
    Ok(ids.into_iter().map(EscalationId).collect())
}

#[derive(QueryableByName)]
struct OwnerRow {
    #[diesel(sql_type = SqlUuid)]
    escalation_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    role: Option<String>,
}

/// The role that said last, by `at`, that it holds each of these.
///
/// # Errors
/// The database fails.
pub async fn owners(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[EscalationId],
    at: Timestamp,
) -> Result<BTreeMap<EscalationId, String>, StoreFailure> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<OwnerRow> = sql_query(
        "select distinct on (escalation_id) escalation_id, data ->> 'held_by_role' as role
         from event
         where partnership_id = $1 and escalation_id = any($2) and event_type = 'acknowledged' and recorded_at <= $3
         order by escalation_id, version desc",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .load(conn)
    .await?;
    let held =
        rows.into_iter().filter_map(|row| Some((EscalationId(row.escalation_id), row.role?)));
    Ok(held.collect())
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many escalations were raised in `week` and received after `at`, as is known now.
///
/// # Errors
/// The database fails.
pub async fn arrived_since(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    week: IsoWeek,
    at: Timestamp,
) -> Result<i64, StoreFailure> {
    let row: NumberRow = sql_query(
        "select count(*) as number from public.escalation
         where partnership_id = $1 and raised_at >= $2 and raised_at < $3 and received_at > $4",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(week.starts_at()))
    .bind::<Timestamptz, _>(SqlTimestamp::from(week.ends_at()))
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .get_result(conn)
    .await?;
    Ok(row.number)
}
