//! Finding escalations by child, by the sender's reference, and by what they have in common.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::failure::StoreFailure;
use super::schema::{escalation, escalation_child};
use crate::domain::escalation::Escalation;
use crate::domain::ids::{AgencyId, EscalationId, PartnershipId};

/// The most possible duplicates that are told.
const MOST_ALIKE: i64 = 10;

/// The escalations that concern the child with this key, newest first, at most `limit`.
///
/// # Errors
/// The database fails.
pub async fn of_child(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    child_key: &[u8],
    limit: i64,
) -> Result<Vec<EscalationId>, StoreFailure> {
    let ids: Vec<(Uuid, SqlTimestamp)> = escalation_child::table
        .inner_join(
            escalation::table.on(escalation::partnership_id
                .eq(escalation_child::partnership_id)
                .and(escalation::id.eq(escalation_child::escalation_id))),
        )
        .filter(escalation_child::partnership_id.eq(partnership.0))
        .filter(escalation_child::child_key.eq(child_key))
        .order((escalation::raised_at.desc(), escalation::id.desc()))
        .limit(limit)
        .select((escalation::id, escalation::raised_at))
        .load(conn)
        .await?;
    Ok(ids.into_iter().map(|(id, _)| EscalationId(id)).collect())
}

/// The escalation with the reference that is safe to say aloud.
///
/// # Errors
/// The database fails.
pub async fn by_reference(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    reference: &str,
) -> Result<Option<EscalationId>, StoreFailure> {
    let id: Option<Uuid> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::reference.eq(reference))
        .select(escalation::id)
        .first(conn)
        .await
        .optional()?;
    Ok(id.map(EscalationId))
}

/// The escalation that the agency's system sent under this reference, if any.
///
/// # Errors
/// The database fails.
pub async fn by_external_reference(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: AgencyId,
    source: &str,
    external_reference: &str,
) -> Result<Option<EscalationId>, StoreFailure> {
    let id: Option<Uuid> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::raised_by_agency_id.eq(agency.0))
        .filter(escalation::source.eq(source))
        .filter(escalation::external_reference.eq(external_reference))
        .select(escalation::id)
        .first(conn)
        .await
        .optional()?;
    Ok(id.map(EscalationId))
}

/// The escalation that a system of one of these agencies sent under this reference, if any; the first agency's before
/// those of the others.
///
/// # Errors
/// The database fails.
pub async fn sent_by(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agencies: &[AgencyId],
    source: &str,
    external_reference: &str,
) -> Result<Option<EscalationId>, StoreFailure> {
    for agency in agencies {
        let found =
            by_external_reference(conn, partnership, *agency, source, external_reference).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The escalations of one of these children, with the same theme and responding agency, raised within so many days
/// before or after; newest first, at most ten.
///
/// # Errors
/// The database fails.
pub async fn alike(
    conn: &mut AsyncPgConnection,
    it: &Escalation,
    child_keys: &[&[u8]],
    days: u32,
) -> Result<Vec<(EscalationId, String)>, StoreFailure> {
    let around = SignedDuration::from_hours(i64::from(days) * 24);
    let raised_at = it.facts.raised_at;
    let from = raised_at.checked_sub(around).unwrap_or(Timestamp::MIN);
    let to = raised_at.checked_add(around).unwrap_or(Timestamp::MAX);
    let of_child = escalation_child::table
        .filter(escalation_child::partnership_id.eq(it.partnership.0))
        .filter(escalation_child::child_key.eq_any(child_keys))
        .select(escalation_child::escalation_id);
    let found: Vec<(Uuid, String)> = escalation::table
        .filter(escalation::partnership_id.eq(it.partnership.0))
        .filter(escalation::id.eq_any(of_child))
        .filter(escalation::id.ne(it.id.0))
        .filter(escalation::theme_code.eq(&it.facts.theme.0))
        .filter(escalation::raised_with_agency_id.eq(it.facts.raised_with.0))
        .filter(escalation::raised_at.between(SqlTimestamp::from(from), SqlTimestamp::from(to)))
        .order((escalation::raised_at.desc(), escalation::id.desc()))
        .limit(MOST_ALIKE)
        .select((escalation::id, escalation::reference))
        .load(conn)
        .await?;
    Ok(found.into_iter().map(|(id, reference)| (EscalationId(id), reference)).collect())
}

/// How many escalations of the same theme and responding agency were raised since, this one included.
///
/// # Errors
/// The database fails.
pub async fn count_of_pair(
    conn: &mut AsyncPgConnection,
    it: &Escalation,
    since: Timestamp,
) -> Result<u32, StoreFailure> {
    let count: i64 = escalation::table
        .filter(escalation::partnership_id.eq(it.partnership.0))
        .filter(escalation::theme_code.eq(&it.facts.theme.0))
        .filter(escalation::raised_with_agency_id.eq(it.facts.raised_with.0))
        .filter(escalation::raised_at.ge(SqlTimestamp::from(since)))
        .count()
        .get_result(conn)
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
