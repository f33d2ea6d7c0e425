//! Sign-ins under way, and the sessions of people; rows are found by the hash of a cookie and go when they are over.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{client, login_attempt, web_session};
use crate::domain::access::Role;
use crate::domain::ids::{AgencyId, PartnershipId};
use crate::domain::sign_in::{LoginAttempt, WebSession};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = login_attempt, treat_none_as_default_value = false)]
struct AttemptRow {
    partnership_id: Uuid,
    id: Vec<u8>,
    state: String,
    nonce: String,
    pkce_verifier: String,
    return_to: String,
    must_be_fresh: bool,
    #[diesel(deserialize_as = SqlTimestamp)]
    expires_at: SqlTimestamp,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = web_session, treat_none_as_default_value = false)]
struct SessionRow {
    partnership_id: Uuid,
    id: Vec<u8>,
    issuer: String,
    subject: String,
    registered_as: String,
    role: String,
    agency_id: Option<Uuid>,
    display_name: String,
    auth_time: NullableTimestamp,
    created_at: SqlTimestamp,
    last_seen_at: SqlTimestamp,
}

/// Keeps an attempt under the hash of its cookie.
///
/// # Errors
/// The database fails.
pub async fn add_attempt(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: &[u8],
    attempt: LoginAttempt,
) -> Result<(), StoreFailure> {
    let row = AttemptRow {
        partnership_id: partnership.0,
        id: id.to_vec(),
        state: attempt.state,
        nonce: attempt.nonce,
        pkce_verifier: attempt.pkce_verifier,
        return_to: attempt.return_to,
        must_be_fresh: attempt.must_be_fresh,
        expires_at: attempt.expires_at.into(),
    };
    diesel::insert_into(login_attempt::table).values(&row).execute(conn).await?;
    Ok(())
}

/// Takes an attempt out: of two requests with the same cookie, one gets it.
///
/// # Errors
/// The database fails.
pub async fn take_attempt(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: &[u8],
) -> Result<Option<LoginAttempt>, StoreFailure> {
    let held = login_attempt::table
        .filter(login_attempt::partnership_id.eq(partnership.0))
        .filter(login_attempt::id.eq(id));
    let row = diesel::delete(held)
        .returning(AttemptRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    Ok(row.map(|row| LoginAttempt {
        state: row.state,
        nonce: row.nonce,
        pkce_verifier: row.pkce_verifier,
        return_to: row.return_to,
        must_be_fresh: row.must_be_fresh,
        expires_at: row.expires_at.into(),
    }))
}

/// Forgets the attempts that were over at `now`.
///
/// # Errors
/// The database fails.
pub async fn forget_attempts(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let over = login_attempt::table
        .filter(login_attempt::partnership_id.eq(partnership.0))
        .filter(login_attempt::expires_at.le(SqlTimestamp::from(now)));
    diesel::delete(over).execute(conn).await?;
    Ok(())
}

/// Keeps a session under the hash of its cookie.
///
/// # Errors
/// The database fails.
pub async fn add_session(
    conn: &mut AsyncPgConnection,
    id: &[u8],
    session: &WebSession,
) -> Result<(), StoreFailure> {
    let row = SessionRow {
        partnership_id: session.partnership.0,
        id: id.to_vec(),
        issuer: session.issuer.clone(),
        subject: session.subject.clone(),
        registered_as: session.registered_as.clone(),
        role: session.role.into(),
        agency_id: session.agency.map(|agency| agency.0),
        display_name: session.display_name.clone(),
        auth_time: NullableTimestamp::from(session.auth_time),
        created_at: session.created_at.into(),
        last_seen_at: session.last_seen_at.into(),
    };
    diesel::insert_into(web_session::table).values(&row).execute(conn).await?;
    Ok(())
}

/// The session with this hash.
///
/// # Errors
/// The database fails, or holds a role that is none.
pub async fn find_session(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: &[u8],
) -> Result<Option<WebSession>, StoreFailure> {
    let row: Option<SessionRow> = web_session::table
        .filter(web_session::partnership_id.eq(partnership.0))
        .filter(web_session::id.eq(id))
        .select(SessionRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(|row| {
        Ok(WebSession {
            partnership: PartnershipId(row.partnership_id),
            role: code(&row.role, "web_session.role")?,
            issuer: row.issuer,
            subject: row.subject,
            registered_as: row.registered_as,
            agency: row.agency_id.map(AgencyId),
            display_name: row.display_name,
            auth_time: row.auth_time.into(),
            created_at: row.created_at.into(),
            last_seen_at: row.last_seen_at.into(),
        })
    })
    .transpose()
}

/// Says that a session was used.
///
/// # Errors
/// The database fails.
pub async fn mark_seen(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: &[u8],
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let held = web_session::table
        .filter(web_session::partnership_id.eq(partnership.0))
        .filter(web_session::id.eq(id));
    let now = web_session::last_seen_at.eq(SqlTimestamp::from(now));
    diesel::update(held).set(now).execute(conn).await?;
    Ok(())
}

/// Ends one session.
///
/// # Errors
/// The database fails.
pub async fn end_session(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: &[u8],
) -> Result<(), StoreFailure> {
    let held = web_session::table
        .filter(web_session::partnership_id.eq(partnership.0))
        .filter(web_session::id.eq(id));
    diesel::delete(held).execute(conn).await?;
    Ok(())
}

/// Ends every session of a person, and says how many there were.
///
/// # Errors
/// The database fails.
pub async fn end_sessions_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    issuer: &str,
    subject: &str,
) -> Result<usize, StoreFailure> {
    let theirs = web_session::table
        .filter(web_session::partnership_id.eq(partnership.0))
        .filter(web_session::issuer.eq(issuer))
        .filter(web_session::subject.eq(subject));
    Ok(diesel::delete(theirs).execute(conn).await?)
}

/// Forgets the sessions that were last used, or began, at or before these instants.
///
/// # Errors
/// The database fails.
pub async fn forget_sessions(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    last_seen: Timestamp,
    created: Timestamp,
) -> Result<(), StoreFailure> {
    let over = web_session::last_seen_at
        .le(SqlTimestamp::from(last_seen))
        .or(web_session::created_at.le(SqlTimestamp::from(created)));
    let over =
        web_session::table.filter(web_session::partnership_id.eq(partnership.0)).filter(over);
    diesel::delete(over).execute(conn).await?;
    Ok(())
}

/// The registrations of one issuer that may call: `client_id`, name and role of each, by name.
///
/// # Errors
/// The database fails, or holds a role that is none.
pub async fn registrations_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    issuer: &str,
) -> Result<Vec<(String, String, Role)>, StoreFailure> {
    let rows: Vec<(String, String, String)> = client::table
        .filter(client::partnership_id.eq(partnership.0))
        .filter(client::issuer.eq(issuer))
        .filter(client::disabled_at.is_null())
        .order(client::name)
        .select((client::client_id, client::name, client::role))
        .load(conn)
        .await?;
    rows.into_iter().map(|(id, name, role)| Ok((id, name, code(&role, "client.role")?))).collect()
}
