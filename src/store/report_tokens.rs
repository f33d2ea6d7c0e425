//! Tokens with which reports are read: a hash of each, and that one was revoked.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Binary, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::failure::StoreFailure;
use super::pool::Pool;
use super::schema::{report_token, report_token_revocation};
use crate::domain::ids::{ClientId, PartnershipId};
use crate::domain::report::ReportToken;

/// What is known of a token before anybody has signed in with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    /// Whose reports it reads.
    pub partnership: PartnershipId,
    /// The issuer under which its client is registered.
    pub issuer: String,
    /// That client.
    pub client_id: String,
    /// SHA-256 of its secret.
    pub secret_sha256: Vec<u8>,
    /// When it ceases to hold.
    pub expires_at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    partnership_id: Uuid,
    #[diesel(sql_type = Text)]
    issuer: String,
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Binary)]
    secret_sha256: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: SqlTimestamp,
    #[diesel(sql_type = Bool)]
    revoked: bool,
}

/// The token with this identifier, of whatever partnership.
///
/// # Errors
/// The database fails.
pub async fn find(pool: &Pool, id: Uuid) -> Result<Option<HeldToken>, StoreFailure> {
    let mut conn = pool.get().await?;
    let found: Option<Found> = sql_query("select * from find_report_token($1)")
        .bind::<SqlUuid, _>(id)
        .get_result(&mut *conn)
        .await
        .optional()?;
    Ok(found.map(|it| HeldToken {
        partnership: PartnershipId(it.partnership_id),
        issuer: it.issuer,
        client_id: it.client_id,
        secret_sha256: it.secret_sha256,
        expires_at: it.expires_at.to_jiff(),
        revoked: it.revoked,
    }))
}

/// Keeps a new token.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    client: ClientId,
    it: &ReportToken,
    secret_sha256: &[u8],
) -> Result<(), StoreFailure> {
    diesel::insert_into(report_token::table)
        .values((
            report_token::partnership_id.eq(partnership.0),
            report_token::id.eq(it.id),
            report_token::client_id.eq(client.0),
            report_token::secret_sha256.eq(secret_sha256),
            report_token::created_at.eq(SqlTimestamp::from(it.created_at)),
            report_token::expires_at.eq(SqlTimestamp::from(it.expires_at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Every token of a client, the newest first.
///
/// # Errors
/// The database fails.
pub async fn of_client(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    client: ClientId,
) -> Result<Vec<ReportToken>, StoreFailure> {
    let rows: Vec<(Uuid, SqlTimestamp, SqlTimestamp)> = report_token::table
        .filter(report_token::partnership_id.eq(partnership.0))
        .filter(report_token::client_id.eq(client.0))
        .order((report_token::created_at.desc(), report_token::id.desc()))
        .select((report_token::id, report_token::created_at, report_token::expires_at))
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _, _)| *id).collect();
    let revoked: Vec<(Uuid, SqlTimestamp)> = report_token_revocation::table
        .filter(report_token_revocation::partnership_id.eq(partnership.0))
        .filter(report_token_revocation::token_id.eq_any(ids))
        .select((report_token_revocation::token_id, report_token_revocation::revoked_at))
        .load(conn)
        .await?;
    let tokens = rows.into_iter().map(|(id, created_at, expires_at)| ReportToken {
        id,
        created_at: created_at.to_jiff(),
        expires_at: expires_at.to_jiff(),
        revoked_at: revoked.iter().find(|(of, _)| *of == id).map(|(_, at)| at.to_jiff()),
    });
    Ok(tokens.collect())
}

/// Says that a token no longer holds. Saying it again changes nothing.
///
/// # Errors
/// The database fails.
pub async fn revoke(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: Uuid,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    diesel::insert_into(report_token_revocation::table)
        .values((
            report_token_revocation::partnership_id.eq(partnership.0),
            report_token_revocation::token_id.eq(id),
            report_token_revocation::revoked_at.eq(SqlTimestamp::from(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}
