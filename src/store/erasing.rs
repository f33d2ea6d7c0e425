//! The statements that destroy what an erasure is about.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Binary, Bool, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::failure::StoreFailure;
use super::schema::{escalation_child, event};
use crate::domain::erasure::Erasing;
use crate::domain::event::EventType;
use crate::domain::ids::{ErasureId, EscalationId, PartnershipId};

/// The escalations that something to be erased is about, in the order of their identifiers.
///
/// # Errors
/// The database fails.
pub async fn about(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    erasing: &Erasing,
) -> Result<Vec<EscalationId>, StoreFailure> {
    let key = match erasing {
        Erasing::Escalation(id) => return Ok(vec![*id]),
        Erasing::Child(None) => return Ok(Vec::new()),
        Erasing::Child(Some(key)) => key,
    };
    let ids: Vec<Uuid> = escalation_child::table
        .filter(escalation_child::partnership_id.eq(partnership.0))
        .filter(escalation_child::child_key.eq(key))
        .order(escalation_child::escalation_id)
        .select(escalation_child::escalation_id)
        .load(conn)
        .await?;
    Ok(ids.into_iter().map(EscalationId).collect())
}

/// Which of these escalations are erased: their events say so, also where a transaction reads the past.
///
/// # Errors
/// The database fails.
pub async fn erased_among(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[EscalationId],
) -> Result<Vec<EscalationId>, StoreFailure> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let erased: Vec<Uuid> = event::table
        .filter(event::partnership_id.eq(partnership.0))
        .filter(event::escalation_id.eq_any(ids))
        .filter(event::event_type.eq(EventType::Erased.code()))
        .select(event::escalation_id)
        .load(conn)
        .await?;
    Ok(erased.into_iter().map(EscalationId).collect())
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Binary)]
    child_key: Vec<u8>,
}

/// The keys of these children, by their hashes, held so that nobody seals anything under them until the transaction ends.
///
/// # Errors
/// Somebody else holds one for too long, or the database fails.
pub async fn hold_keys(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    children: &[Vec<u8>],
) -> Result<Vec<(Uuid, Vec<u8>)>, StoreFailure> {
    let rows: Vec<KeyRow> = sql_query(
        "select id, child_key from child_data_key
         where partnership_id = $1 and child_key = any ($2) order by id for update",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<Binary>, _>(children)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.child_key)).collect())
}

#[derive(QueryableByName)]
struct HashRow {
    #[diesel(sql_type = Binary)]
    child_key: Vec<u8>,
}

/// Which of these children other escalations are about as well.
///
/// # Errors
/// The database fails.
pub async fn named_elsewhere(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    children: &[Vec<u8>],
    but: &[EscalationId],
) -> Result<Vec<Vec<u8>>, StoreFailure> {
    let but: Vec<Uuid> = but.iter().map(|id| id.0).collect();
    let rows: Vec<HashRow> = sql_query(
        "select distinct child_key from escalation_child
         where partnership_id = $1 and child_key = any ($2) and escalation_id <> all ($3)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<Binary>, _>(children)
    .bind::<Array<SqlUuid>, _>(but)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.child_key).collect())
}

#[derive(QueryableByName)]
struct DoneRow {
    #[diesel(sql_type = Bool)]
    whole: bool,
    #[diesel(sql_type = Integer)]
    references_erased: i32,
}

/// Destroys of one escalation what an approved erasure is about: whether nothing that identifies is left of it, and how many
/// references of children were destroyed.
///
/// # Errors
/// The erasure is not approved or about something else, or the database fails.
pub async fn carry_out(
    conn: &mut AsyncPgConnection,
    id: ErasureId,
    escalation: EscalationId,
) -> Result<(bool, u16), StoreFailure> {
    let done: DoneRow = sql_query("select whole, references_erased from carry_out_erasure($1, $2)")
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(escalation.0)
        .get_result(conn)
        .await?;
    let references = u16::try_from(done.references_erased);
    Ok((done.whole, references.map_err(|_| StoreFailure::Corrupt("erased_escalation"))?))
}

/// Destroys these keys, and forgets the hashes of these children wherever they were noted.
///
/// # Errors
/// The database fails.
pub async fn destroy(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (keys, children): (&[Uuid], &[Vec<u8>]),
    now: Timestamp,
) -> Result<(), StoreFailure> {
    sql_query(
        "update child_data_key set child_key = null, root_id = null, wrapped = null, wrapped_at = null,
             destroyed_at = $3
         where partnership_id = $1 and id = any ($2)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<SqlUuid>, _>(keys)
    .bind::<Timestamptz, _>(SqlTimestamp::from(now))
    .execute(conn)
    .await?;
    for table in ["legal_hold", "erasure"] {
        sql_query(format!(
            "update {table} set child_key = null where partnership_id = $1 and child_key = any ($2)"
        ))
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<Binary>, _>(children)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Forgets which child a proposal was about.
///
/// # Errors
/// The database fails.
pub async fn forget(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ErasureId,
) -> Result<(), StoreFailure> {
    sql_query("update erasure set child_key = null where partnership_id = $1 and id = $2")
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(conn)
        .await?;
    Ok(())
}
