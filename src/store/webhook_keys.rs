//! What messages of webhooks are signed with, sealed.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use crate::domain::ids::{PartnershipId, WebhookEndpointId};
use crate::domain::webhook::EndpointKey;

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    public_key: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: SqlTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: NullableTimestamp,
}

/// The keys that sign at `now`, the newest first.
///
/// # Errors
/// The database fails.
pub async fn keys(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    endpoint: WebhookEndpointId,
    now: Timestamp,
) -> Result<Vec<EndpointKey>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select id, scheme, sealed, public_key, created_at, expires_at from webhook_key
         where partnership_id = $1 and endpoint_id = $2 and (expires_at is null or expires_at > $3)
         order by created_at desc, id desc",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(endpoint.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .load(conn)
    .await?;
    let into_domain = |row: KeyRow| {
        Ok(EndpointKey {
            id: row.id,
            scheme: code(&row.scheme, "webhook_key.scheme")?,
            sealed: row.sealed,
            public: row.public_key,
            created_at: row.created_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
        })
    };
    rows.into_iter().map(into_domain).collect()
}

/// Stores a new key, and lets the one that was in use, if there is one, sign beside it until `both_until`. One that was
/// replaced before stops now.
///
/// # Errors
/// The database fails.
pub async fn add_key(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    endpoint: WebhookEndpointId,
    key: &EndpointKey,
    both_until: Timestamp,
) -> Result<(), StoreFailure> {
    for (sql, until) in [
        ("and expires_at > $3", key.created_at),
        ("and expires_at is null and $3 > created_at", both_until),
    ] {
        sql_query(format!(
            "update webhook_key set expires_at = greatest($3, created_at + interval '1 microsecond')
             where partnership_id = $1 and endpoint_id = $2 {sql}"
        ))
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<SqlUuid, _>(endpoint.0)
        .bind::<Timestamptz, _>(SqlTimestamp::from(until))
        .execute(conn)
        .await?;
    }
    sql_query(
        "insert into webhook_key (partnership_id, id, endpoint_id, scheme, sealed, public_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(key.id)
    .bind::<SqlUuid, _>(endpoint.0)
    .bind::<Text, _>(key.scheme.code())
    .bind::<Binary, _>(&key.sealed)
    .bind::<Nullable<Text>, _>(key.public.as_ref())
    .bind::<Timestamptz, _>(SqlTimestamp::from(key.created_at))
    .execute(conn)
    .await?;
    Ok(())
}
