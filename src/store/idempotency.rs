//! The keys by which callers repeat a request safely.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::failure::StoreFailure;
use super::schema::idempotency_key;
use crate::domain::ids::{ClientId, EscalationId, PartnershipId};

diesel::define_sql_function! {
    /// PostgreSQL's own: a lock until the end of the transaction, or `false` at once when another one has it.
    fn pg_try_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

/// The unique key that a second use of a caller's key breaks.
pub const TAKEN: &str = "idempotency_key_pkey";

/// A request by its hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    /// Of the key, and of whose it is.
    pub key: Vec<u8>,
    /// Of what is asked for.
    pub meaning: Vec<u8>,
}

/// Whether no other transaction works under this key. Nobody else does until this transaction is over; a connection that
/// breaks frees it.
///
/// # Errors
/// The database fails.
pub async fn try_lock(conn: &mut AsyncPgConnection, hashes: &Hashes) -> Result<bool, StoreFailure> {
    let number = hashes.key.iter().take(8).fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    Ok(diesel::select(pg_try_advisory_xact_lock(number)).get_result(conn).await?)
}

/// What was asked for under this key after `since`, and the escalation that came of it.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    (partnership, client): (PartnershipId, ClientId),
    hashes: &Hashes,
    since: Timestamp,
) -> Result<Option<(Vec<u8>, EscalationId)>, StoreFailure> {
    let found: Option<(Vec<u8>, Uuid)> = idempotency_key::table
        .find((partnership.0, client.0, &hashes.key))
        .filter(idempotency_key::created_at.gt(SqlTimestamp::from(since)))
        .select((idempotency_key::meaning, idempotency_key::escalation_id))
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(|(meaning, id)| (meaning, EscalationId(id))))
}

/// Keeps a key with what came of it, and forgets the caller's keys that were kept until `since` or before.
///
/// # Errors
/// A constraint refuses it, [`TAKEN`] when the key is there.
pub async fn keep(
    conn: &mut AsyncPgConnection,
    (partnership, client): (PartnershipId, ClientId),
    hashes: &Hashes,
    escalation: EscalationId,
    (now, since): (Timestamp, Timestamp),
) -> Result<(), StoreFailure> {
    let over = idempotency_key::table
        .filter(idempotency_key::partnership_id.eq(partnership.0))
        .filter(idempotency_key::client_id.eq(client.0))
        .filter(idempotency_key::created_at.le(SqlTimestamp::from(since)));
    diesel::delete(over).execute(conn).await?;
    diesel::insert_into(idempotency_key::table)
        .values((
            idempotency_key::partnership_id.eq(partnership.0),
            idempotency_key::client_id.eq(client.0),
            idempotency_key::key_hash.eq(&hashes.key),
            idempotency_key::meaning.eq(&hashes.meaning),
            idempotency_key::escalation_id.eq(escalation.0),
            idempotency_key::created_at.eq(SqlTimestamp::from(now)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
