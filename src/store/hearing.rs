//! Heartbeats, agreements about feeds, and nil returns: appended, and read as they were known at an instant.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Date as DateColumn, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{escalation, feed_agreement, heartbeat, nil_return};
use crate::domain::hearing::{AgreedFeed, FeedAgreement, NilReturn, agreed_feed};
use crate::domain::ids::{AgencyId, ClientId, PartnershipId};
use crate::domain::recorded::Recorded;
use crate::domain::week::IsoWeek;

/// Seconds of an hour: of so much one heartbeat is kept.
const HOUR: i64 = 3_600;

/// Records that an agency's system is alive; within an hour once.
///
/// # Errors
/// The database fails.
pub async fn insert_heartbeat(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    recorded: &Recorded,
) -> Result<(), StoreFailure> {
    let hour = recorded.at.as_second().div_euclid(HOUR);
    diesel::insert_into(heartbeat::table)
        .values((
            heartbeat::partnership_id.eq(partnership.0),
            heartbeat::agency_id.eq(agency.0),
            heartbeat::hour.eq(hour),
            heartbeat::recorded_at.eq(SqlTimestamp::from(recorded.at)),
            heartbeat::recorded_by_role.eq(recorded.role.code()),
            heartbeat::recorded_by_client_id.eq(recorded.client.0),
            heartbeat::recorded_by_subject.eq(&recorded.subject),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = SqlUuid)]
    agency_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: SqlTimestamp,
}

/// When each agency last recorded anything of its own, or said that its system is alive, by `at`.
///
/// Nil returns are left out: they are a person's word and no sign of a system.
///
/// # Errors
/// The database fails.
pub async fn contacts(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<BTreeMap<AgencyId, Timestamp>, StoreFailure> {
    let rows: Vec<ContactRow> = sql_query(
        "select agency_id, max(at) as at
         from (
             select actor_agency_id as agency_id, max(recorded_at) as at from event
             where partnership_id = $1 and actor_agency_id is not null and recorded_at <= $2 group by 1
             union all
             select by_agency_id, max(recorded_at) from practice_record
             where partnership_id = $1 and recorded_at <= $2 group by 1
             union all
             select agency_id, max(recorded_at) from heartbeat
             where partnership_id = $1 and recorded_at <= $2 group by 1
         ) heard
         group by 1",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (AgencyId(row.agency_id), row.at.to_jiff())).collect())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = feed_agreement, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct FeedRow {
    partnership_id: Uuid,
    agency_id: Uuid,
    version: i32,
    every_hours: Option<i32>,
    reason: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl FeedRow {
    fn into_domain(self) -> Result<FeedAgreement, StoreFailure> {
        Ok(FeedAgreement {
            version: self.version,
            every: self.every_hours.map(|hours| SignedDuration::from_hours(hours.into())),
            reason: self.reason,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "feed_agreement.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

/// Appends a statement about an agency's feed.
///
/// # Errors
/// The constraint `feed_agreement_pkey` when somebody else has just made the same version; the database fails.
pub async fn insert_feed(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    it: &FeedAgreement,
) -> Result<(), StoreFailure> {
    let hours = it.every.map(|every| i32::try_from(every.as_hours())).transpose();
    let row = FeedRow {
        partnership_id: partnership.0,
        agency_id: agency.0,
        version: it.version,
        every_hours: hours.map_err(|error| StoreFailure::Other(error.to_string()))?,
        reason: it.reason.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(feed_agreement::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every statement about an agency's feed, the first first.
///
/// # Errors
/// The database fails.
pub async fn feeds_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
) -> Result<Vec<FeedAgreement>, StoreFailure> {
    let rows: Vec<FeedRow> = feed_agreement::table
        .filter(feed_agreement::partnership_id.eq(partnership.0))
        .filter(feed_agreement::agency_id.eq(agency.0))
        .order(feed_agreement::version)
        .select(FeedRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(FeedRow::into_domain).collect()
}

/// The agreements that held at `at`, by agency.
///
/// # Errors
/// The database fails.
pub async fn agreed_feeds(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<BTreeMap<AgencyId, AgreedFeed>, StoreFailure> {
    let rows: Vec<FeedRow> = feed_agreement::table
        .filter(feed_agreement::partnership_id.eq(partnership.0))
        .filter(feed_agreement::recorded_at.le(SqlTimestamp::from(at)))
        .order((feed_agreement::agency_id, feed_agreement::version))
        .select(FeedRow::as_select())
        .load(conn)
        .await?;
    let mut statements: BTreeMap<AgencyId, Vec<FeedAgreement>> = BTreeMap::new();
    for row in rows {
        statements.entry(AgencyId(row.agency_id)).or_default().push(row.into_domain()?);
    }
    let held = statements.into_iter().filter_map(|(id, all)| Some((id, agreed_feed(&all)?)));
    Ok(held.collect())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = nil_return, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct NilRow {
    partnership_id: Uuid,
    agency_id: Uuid,
    week: SqlDate,
    signed_as: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl NilRow {
    fn into_domain(self) -> Result<NilReturn, StoreFailure> {
        Ok(NilReturn {
            agency: AgencyId(self.agency_id),
            week: IsoWeek::of_date(self.week.to_jiff()),
            signed_as: self.signed_as,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "nil_return.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

/// Stores a nil return, unless the agency gave one for that week; then nothing is stored, and the answer is no.
///
/// # Errors
/// The database fails.
pub async fn insert_nil_return(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &NilReturn,
) -> Result<bool, StoreFailure> {
    let row = NilRow {
        partnership_id: partnership.0,
        agency_id: it.agency.0,
        week: it.week.monday().into(),
        signed_as: it.signed_as.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    let stored = diesel::insert_into(nil_return::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(stored > 0)
}

/// The nil return of an agency for a week.
///
/// # Errors
/// The database fails.
pub async fn nil_return_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    week: IsoWeek,
) -> Result<Option<NilReturn>, StoreFailure> {
    nil_return::table
        .find((partnership.0, agency.0, SqlDate::from(week.monday())))
        .select(NilRow::as_select())
        .first(conn)
        .await
        .optional()?
        .map(NilRow::into_domain)
        .transpose()
}

/// The nil returns of an agency, the latest week first.
///
/// # Errors
/// The database fails.
pub async fn nil_returns_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    most: i64,
) -> Result<Vec<NilReturn>, StoreFailure> {
    let rows: Vec<NilRow> = nil_return::table
        .filter(nil_return::partnership_id.eq(partnership.0))
        .filter(nil_return::agency_id.eq(agency.0))
        .order(nil_return::week.desc())
        .limit(most)
        .select(NilRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(NilRow::into_domain).collect()
}

#[derive(QueryableByName)]
struct NilWeek {
    #[diesel(sql_type = SqlUuid)]
    agency_id: Uuid,
    #[diesel(sql_type = DateColumn)]
    week: SqlDate,
}

/// For which weeks up to `last` agencies said that there was nothing to raise, as known at `at`.
///
/// # Errors
/// The database fails.
pub async fn nil_weeks(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    last: IsoWeek,
    at: Timestamp,
) -> Result<BTreeSet<(AgencyId, IsoWeek)>, StoreFailure> {
    let rows: Vec<NilWeek> = sql_query(
        "select agency_id, week from nil_return
         where partnership_id = $1 and week <= $2 and recorded_at <= $3",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<DateColumn, _>(SqlDate::from(last.monday()))
    .bind::<Timestamptz, _>(SqlTimestamp::from(at))
    .load(conn)
    .await?;
    let weeks =
        rows.into_iter().map(|row| (AgencyId(row.agency_id), IsoWeek::of_date(row.week.to_jiff())));
    Ok(weeks.collect())
}

/// Whether an agency raised anything in a week, by the time that it stated.
///
/// # Errors
/// The database fails.
pub async fn raised_in(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    week: IsoWeek,
) -> Result<bool, StoreFailure> {
    let any = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::raised_by_agency_id.eq(agency.0))
        .filter(escalation::raised_at.ge(SqlTimestamp::from(week.starts_at())))
        .filter(escalation::raised_at.lt(SqlTimestamp::from(week.ends_at())));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn).await?)
}
