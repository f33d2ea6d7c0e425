//! Keys as they are stored: each sealed under a root secret, by whose name it is found when that one is to go.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::failure::StoreFailure;
use crate::domain::ids::{EscalationId, PartnershipId};

/// A sealed key, and the name of the root secret that it is sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The root secret.
    pub root: String,
    /// The key.
    pub sealed: Vec<u8>,
}

/// The key of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildDataKey {
    /// Which key.
    pub id: Uuid,
    /// The hash that finds the child; none once the key is destroyed.
    pub child_key: Option<Vec<u8>>,
    /// The key; none once it is destroyed.
    pub wrapped: Option<WrappedKey>,
}

/// A reference that is sealed under a key of the whole partnership.
#[derive(Debug, Clone, QueryableByName)]
pub struct OldReference {
    /// The escalation.
    #[diesel(sql_type = SqlUuid)]
    pub escalation_id: Uuid,
    /// The place among its children.
    #[diesel(sql_type = SmallInt)]
    pub position: i16,
    /// The scheme's code.
    #[diesel(sql_type = Text)]
    pub scheme: String,
    /// The hash that finds the child.
    #[diesel(sql_type = Binary)]
    pub child_key: Vec<u8>,
    /// The sealed reference.
    #[diesel(sql_type = Binary)]
    pub ciphertext: Vec<u8>,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Binary>)]
    child_key: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    root_id: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    wrapped: Option<Vec<u8>>,
}

impl From<KeyRow> for ChildDataKey {
    fn from(row: KeyRow) -> Self {
        let wrapped = row.root_id.zip(row.wrapped);
        Self {
            id: row.id,
            child_key: row.child_key,
            wrapped: wrapped.map(|(root, sealed)| WrappedKey { root, sealed }),
        }
    }
}

/// The keys of a partnership: none when it has none yet, and nothing in them while they are those that the root secret
/// itself gives.
///
/// # Errors
/// The database fails.
pub async fn of_partnership(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<Option<WrappedKey>>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select partnership_id as id, null::bytea as child_key, root_id, wrapped from partnership_key
         where partnership_id = $1",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next().map(|row| ChildDataKey::from(row).wrapped))
}

/// Gives a partnership its first keys, if nobody has.
///
/// # Errors
/// The database fails.
pub async fn give_partnership(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    key: &WrappedKey,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    sql_query(
        "insert into partnership_key (partnership_id, created_at, root_id, wrapped, wrapped_at)
         values ($1, $2, $3, $4, $2) on conflict (partnership_id) do nothing",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .bind::<Text, _>(&key.root)
    .bind::<Binary, _>(&key.sealed)
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores a partnership's keys sealed anew, if they are still sealed as they were; gives whether they were.
///
/// # Errors
/// The database fails.
pub async fn replace_partnership(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    before: Option<&WrappedKey>,
    key: &WrappedKey,
    now: Timestamp,
) -> Result<bool, StoreFailure> {
    let changed = sql_query(
        "update partnership_key set root_id = $3, wrapped = $4, wrapped_at = $2
         where partnership_id = $1 and wrapped is not distinct from $5",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .bind::<Text, _>(&key.root)
    .bind::<Binary, _>(&key.sealed)
    .bind::<Nullable<Binary>, _>(before.map(|key| key.sealed.clone()))
    .execute(conn)
    .await?;
    Ok(changed > 0)
}

/// The keys of children that are found by these hashes. Until the transaction ends nobody destroys them.
///
/// # Errors
/// The database fails.
pub async fn of_children(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    child_keys: &[Vec<u8>],
) -> Result<Vec<ChildDataKey>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select id, child_key, root_id, wrapped from child_data_key
         where partnership_id = $1 and child_key = any ($2) order by id for key share",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<Binary>, _>(child_keys)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Gives a child its key, if nobody has.
///
/// # Errors
/// The database fails.
pub async fn give_child(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    child_key: &[u8],
    (id, key): (Uuid, &WrappedKey),
    now: Timestamp,
) -> Result<(), StoreFailure> {
    sql_query(
        "insert into child_data_key (partnership_id, id, child_key, created_at, root_id, wrapped, wrapped_at)
         values ($1, $2, $3, $4, $5, $6, $4) on conflict (partnership_id, child_key) do nothing",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id)
    .bind::<Binary, _>(child_key)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .bind::<Text, _>(&key.root)
    .bind::<Binary, _>(&key.sealed)
    .execute(conn)
    .await?;
    Ok(())
}

/// These keys.
///
/// # Errors
/// The database fails.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<Vec<ChildDataKey>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select id, child_key, root_id, wrapped from child_data_key
         where partnership_id = $1 and id = any ($2)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Some keys after this one that are not sealed under this root secret and that nobody else works on, held until the
/// transaction ends.
///
/// # Errors
/// The database fails.
pub async fn take_others(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    root: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<ChildDataKey>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select id, child_key, root_id, wrapped from child_data_key
         where partnership_id = $1 and destroyed_at is null and root_id <> $2 and id > $4
         order by id limit $3 for no key update skip locked",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Text, _>(root)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(after)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Stores a child's key sealed anew.
///
/// # Errors
/// The database fails.
pub async fn replace_child(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (id, key): (Uuid, &WrappedKey),
    now: Timestamp,
) -> Result<(), StoreFailure> {
    sql_query(
        "update child_data_key set root_id = $3, wrapped = $4, wrapped_at = $5
         where partnership_id = $1 and id = $2 and destroyed_at is null",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(&key.root)
    .bind::<Binary, _>(&key.sealed)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Some references after this one that are sealed under a key of the whole partnership and that nobody else works on.
///
/// # Errors
/// The database fails.
pub async fn take_old(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: (EscalationId, i16),
    limit: i64,
) -> Result<Vec<OldReference>, StoreFailure> {
    let rows = sql_query(
        "select escalation_id, position, scheme, child_key, ciphertext from escalation_child
         where partnership_id = $1 and get_byte(ciphertext, 0) = 1 and (escalation_id, position) > ($3, $4)
         order by escalation_id, position limit $2 for no key update skip locked",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(after.0.0)
    .bind::<SmallInt, _>(after.1);
    Ok(rows.load(conn).await?)
}

/// One of the references that are sealed under a key of the whole partnership, if there are any.
///
/// # Errors
/// The database fails.
pub async fn an_old_one(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Option<OldReference>, StoreFailure> {
    let rows: Vec<OldReference> = sql_query(
        "select escalation_id, position, scheme, child_key, ciphertext from escalation_child
         where partnership_id = $1 and get_byte(ciphertext, 0) = 1 order by escalation_id, position limit 1",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Stores a reference sealed anew, for the same place.
///
/// # Errors
/// The database fails.
pub async fn replace_reference(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (escalation, position): (EscalationId, i16),
    ciphertext: &[u8],
) -> Result<(), StoreFailure> {
    sql_query(
        "update escalation_child set ciphertext = $4
         where partnership_id = $1 and escalation_id = $2 and position = $3",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(escalation.0)
    .bind::<SmallInt, _>(position)
    .bind::<Binary, _>(ciphertext)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many keys of a partnership are sealed under one root secret.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct UnderRoot {
    /// The root secret; none for keys that it gives itself and that are not stored yet.
    #[diesel(sql_type = Nullable<Text>)]
    pub root: Option<String>,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub keys: i64,
}

/// Under which root secrets the keys of a partnership are sealed.
///
/// # Errors
/// The database fails.
pub async fn under_roots(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<UnderRoot>, StoreFailure> {
    let rows = sql_query(
        "select root_id as root, count(*) as keys from (
             select root_id from child_data_key where partnership_id = $1 and destroyed_at is null
             union all select root_id from partnership_key where partnership_id = $1) as it
         group by root_id order by root_id",
    )
    .bind::<SqlUuid, _>(partnership.0);
    Ok(rows.load(conn).await?)
}

/// How many references of a partnership are sealed under a key of the whole partnership.
///
/// # Errors
/// The database fails.
pub async fn count_old(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<i64, StoreFailure> {
    let rows: Vec<UnderRoot> = sql_query(
        "select null::text as root, count(*) as keys from escalation_child
         where partnership_id = $1 and get_byte(ciphertext, 0) = 1",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.keys).sum())
}
