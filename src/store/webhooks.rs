//! Endpoints of webhooks: where systems are told, and how it goes there.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use crate::domain::ids::{AgencyId, ClientId, PartnershipId, WebhookEndpointId};
use crate::domain::recorded::Recorded;
use crate::domain::webhook::{DisabledBecause, Due, Endpoint, EndpointAct, EndpointState};

const COLUMNS: &str = "id, agency_id, url, event_types, scheme, state, disabled_because, disabled_at, version, position,
    failing_since, last_delivered_at, recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject";

#[derive(QueryableByName)]
struct EndpointRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    agency_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    event_types: Option<Vec<String>>,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    disabled_because: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: NullableTimestamp,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failing_since: NullableTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_delivered_at: NullableTimestamp,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: SqlTimestamp,
    #[diesel(sql_type = Text)]
    recorded_by_role: String,
    #[diesel(sql_type = SqlUuid)]
    recorded_by_client_id: Uuid,
    #[diesel(sql_type = Text)]
    recorded_by_subject: String,
}

impl EndpointRow {
    fn into_domain(self) -> Result<Endpoint, StoreFailure> {
        let because = self.disabled_because.as_deref();
        let because: Option<DisabledBecause> =
            because.map(|it| code(it, "webhook_endpoint.disabled_because")).transpose()?;
        Ok(Endpoint {
            id: WebhookEndpointId(self.id),
            agency: self.agency_id.map(AgencyId),
            url: self.url,
            event_types: self.event_types,
            scheme: code(&self.scheme, "webhook_endpoint.scheme")?,
            state: code::<EndpointState>(&self.state, "webhook_endpoint.state")?,
            disabled: because.zip(self.disabled_at.to_jiff()),
            version: self.version,
            position: self.position,
            failing_since: self.failing_since.to_jiff(),
            last_delivered_at: self.last_delivered_at.to_jiff(),
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "webhook_endpoint.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

/// Lets the endpoints of a partnership be added one after another, until the transaction ends.
///
/// # Errors
/// The database fails.
pub async fn one_at_a_time(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<(), StoreFailure> {
    sql_query("select pg_advisory_xact_lock(hashtextextended('webhook_endpoint ' || $1::text, 0))")
        .bind::<SqlUuid, _>(partnership.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores a new endpoint. It is told of what the feed tells from now on. Gives the position from which that is.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Endpoint,
) -> Result<i64, StoreFailure> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        position: i64,
    }
    let row: Row = sql_query(
        "insert into webhook_endpoint (partnership_id, id, agency_id, url, event_types, scheme, state, version, position,
             recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7, $8,
                 coalesce((select position from feed_head where partnership_id = $1), 0), $9, $10, $11, $12)
         returning position",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<Nullable<SqlUuid>, _>(it.agency.map(|agency| agency.0))
    .bind::<Text, _>(&it.url)
    .bind::<Nullable<Array<Text>>, _>(it.event_types.as_ref())
    .bind::<Text, _>(it.scheme.code())
    .bind::<Text, _>(it.state.code())
    .bind::<Integer, _>(it.version)
    .bind::<Timestamptz, _>(SqlTimestamp::from(it.recorded.at))
    .bind::<Text, _>(it.recorded.role.code())
    .bind::<SqlUuid, _>(it.recorded.client.0)
    .bind::<Text, _>(&it.recorded.subject)
    .get_result(conn)
    .await?;
    Ok(row.position)
}

/// The endpoints of an agency, or of the partnership itself, the oldest first.
///
/// # Errors
/// The database fails.
pub async fn of_owner(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    owner: &[AgencyId],
) -> Result<Vec<Endpoint>, StoreFailure> {
    let owner: Vec<Uuid> = owner.iter().map(|agency| agency.0).collect();
    let rows: Vec<EndpointRow> = sql_query(format!(
        "select {COLUMNS} from webhook_endpoint
         where partnership_id = $1 and state <> 'removed'
           and case when cardinality($2) = 0 then agency_id is null else agency_id = any ($2) end
         order by recorded_at, id"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<SqlUuid>, _>(owner)
    .load(conn)
    .await?;
    rows.into_iter().map(EndpointRow::into_domain).collect()
}

/// One endpoint that was not removed, locked against other changes of it when `lock`.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    lock: bool,
) -> Result<Option<Endpoint>, StoreFailure> {
    let lock = if lock { "for update" } else { "" };
    let row: Option<EndpointRow> = sql_query(format!(
        "select {COLUMNS} from webhook_endpoint
         where partnership_id = $1 and id = $2 and state <> 'removed' {lock}"
    ))
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(conn)
    .await
    .optional()?;
    row.map(EndpointRow::into_domain).transpose()
}

/// Stores what the owner can change, and what follows from it, under its new version.
///
/// # Errors
/// The database fails.
pub async fn update(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Endpoint,
) -> Result<(), StoreFailure> {
    let (because, at) = it.disabled.unzip();
    sql_query(
        "update webhook_endpoint
         set url = $3, event_types = $4, state = $5, disabled_because = $6, disabled_at = $7, version = $8,
             failing_since = $9
         where partnership_id = $1 and id = $2",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<Text, _>(&it.url)
    .bind::<Nullable<Array<Text>>, _>(it.event_types.as_ref())
    .bind::<Text, _>(it.state.code())
    .bind::<Nullable<Text>, _>(because.map(DisabledBecause::code))
    .bind::<Nullable<Timestamptz>, _>(NullableTimestamp::from(at))
    .bind::<Integer, _>(it.version)
    .bind::<Nullable<Timestamptz>, _>(NullableTimestamp::from(it.failing_since))
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes an endpoint out of use for good. What was delivered to it stays on record.
///
/// # Errors
/// The database fails.
pub async fn remove(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
) -> Result<(), StoreFailure> {
    sql_query(
        "update webhook_endpoint
         set state = 'removed', disabled_because = null, disabled_at = null, version = version + 1
         where partnership_id = $1 and id = $2",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Appends who did something about an endpoint, and when.
///
/// # Errors
/// The database fails.
pub async fn append_act(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    act: EndpointAct,
    recorded: &Recorded,
) -> Result<(), StoreFailure> {
    sql_query(
        "insert into webhook_act (partnership_id, endpoint_id, act, recorded_at, recorded_by_role, recorded_by_client_id,
             recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(act.code())
    .bind::<Timestamptz, _>(SqlTimestamp::from(recorded.at))
    .bind::<Text, _>(recorded.role.code())
    .bind::<SqlUuid, _>(recorded.client.0)
    .bind::<Text, _>(&recorded.subject)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that something arrived.
///
/// # Errors
/// The database fails.
pub async fn note_delivered(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    // Once a minute is enough for who looks, and spares the row that all lanes of the endpoint share.
    sql_query(
        "update webhook_endpoint set failing_since = null, last_delivered_at = $3
         where partnership_id = $1 and id = $2
           and (failing_since is not null or last_delivered_at is null
                or last_delivered_at < $3 - interval '1 minute')",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that an attempt failed, and gives since when all have.
///
/// # Errors
/// The database fails.
pub async fn note_failed(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreFailure> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        failing_since: SqlTimestamp,
    }
    let row: Option<Row> = sql_query(
        "update webhook_endpoint set failing_since = coalesce(failing_since, $3)
         where partnership_id = $1 and id = $2 returning failing_since",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .get_result(conn)
    .await
    .optional()?;
    Ok(row.map(|row| row.failing_since.to_jiff()))
}

/// Disables an endpoint that is active. Gives whether it was.
///
/// # Errors
/// The database fails.
pub async fn disable(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: WebhookEndpointId,
    because: DisabledBecause,
    now: Timestamp,
) -> Result<bool, StoreFailure> {
    let changed = sql_query(
        "update webhook_endpoint
         set state = 'disabled', disabled_because = $3, disabled_at = $4, version = version + 1
         where partnership_id = $1 and id = $2 and state = 'active'",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(because.code())
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    Ok(changed > 0)
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    partnership_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    endpoint_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    agency_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    behind: bool,
    #[diesel(sql_type = Bool)]
    sends: bool,
    #[diesel(sql_type = Bool)]
    failing: bool,
}

/// The endpoints of all partnerships for which there is something to do.
///
/// # Errors
/// The database fails.
pub async fn due(conn: &mut AsyncPgConnection, now: Timestamp) -> Result<Vec<Due>, StoreFailure> {
    let rows: Vec<DueRow> = sql_query("select * from webhooks_due($1)")
        .bind::<Timestamptz, _>(SqlTimestamp::from(now))
        .load(conn)
        .await?;
    let into_domain = |row: DueRow| Due {
        partnership: PartnershipId(row.partnership_id),
        endpoint: WebhookEndpointId(row.endpoint_id),
        agency: row.agency_id.map(AgencyId),
        behind: row.behind,
        sends: row.sends,
        failing: row.failing,
    };
    Ok(rows.into_iter().map(into_domain).collect())
}

/// How many endpoints are disabled, how many deliveries wait at the others, and since when the oldest does.
///
/// # Errors
/// The database fails.
pub async fn state(
    conn: &mut AsyncPgConnection,
) -> Result<(i64, i64, Option<Timestamp>), StoreFailure> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        disabled: i64,
        #[diesel(sql_type = BigInt)]
        waiting: i64,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        oldest_waiting: NullableTimestamp,
    }
    let row: Row = sql_query("select * from webhook_state()").get_result(conn).await?;
    Ok((row.disabled, row.waiting, row.oldest_waiting.to_jiff()))
}
