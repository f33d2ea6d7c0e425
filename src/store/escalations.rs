//! Escalations as rows: stored once, changed by their events, read back whole.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::{ClockRow, DelayRow, EpisodeRow, EscalationRow, assemble};
use super::failure::StoreFailure;
use super::schema::{delay, episode, escalation, escalation_child, stage_clock};
use crate::domain::escalation::Escalation;
use crate::domain::ids::{EscalationId, PartnershipId};

diesel::define_sql_function! {
    /// PostgreSQL's own: the next number of a sequence.
    fn nextval(name: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// A child reference as it is stored: findable and unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChild {
    /// The scheme's code.
    pub scheme: String,
    /// The keyed hash that finds it.
    pub child_key: Vec<u8>,
    /// The encrypted value.
    pub ciphertext: Vec<u8>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = escalation_child, check_for_backend(diesel::pg::Pg))]
struct ChildRow {
    partnership_id: Uuid,
    escalation_id: Uuid,
    position: i16,
    scheme: String,
    child_key: Vec<u8>,
    ciphertext: Vec<u8>,
}

/// The next number for a spoken reference. Numbers of failed requests are never used again.
///
/// # Errors
/// The database fails.
pub async fn next_number(conn: &mut AsyncPgConnection) -> Result<i64, StoreFailure> {
    Ok(diesel::select(nextval("escalation_number")).get_result(conn).await?)
}

/// Stores a new escalation with its clocks, delay and children.
///
/// # Errors
/// A constraint refuses it, `escalation_external_reference` when the sender's reference is taken.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    it: &Escalation,
    children: &[StoredChild],
) -> Result<(), StoreFailure> {
    diesel::insert_into(escalation::table)
        .values(EscalationRow::try_from(it)?)
        .execute(conn)
        .await?;
    diesel::insert_into(episode::table).values(EpisodeRow::of(it)?).execute(conn).await?;
    if let Some(row) = DelayRow::of(it)? {
        diesel::insert_into(delay::table).values(row).execute(conn).await?;
    }
    insert_clocks(conn, it, &[]).await?;
    let rows = children
        .iter()
        .zip(0_i16..)
        .map(|(child, position)| ChildRow {
            partnership_id: it.partnership.0,
            escalation_id: it.id.0,
            position,
            scheme: child.scheme.clone(),
            child_key: child.child_key.clone(),
            ciphertext: child.ciphertext.clone(),
        })
        .collect::<Vec<_>>();
    if !rows.is_empty() {
        diesel::insert_into(escalation_child::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// Stores what acts changed. `before` is what was read under lock in this transaction.
///
/// # Errors
/// The database fails.
pub async fn save(
    conn: &mut AsyncPgConnection,
    before: &Escalation,
    after: &Escalation,
) -> Result<(), StoreFailure> {
    let row = EscalationRow::try_from(after)?;
    // The episode comes first: clocks of a new one refer to it.
    save_episode(conn, before, after).await?;
    for (was, is) in before.clocks.iter().zip(&after.clocks) {
        if let (None, Some(stop)) = (was.stopped, is.stopped) {
            let reason: String = stop.reason.into();
            diesel::update(stage_clock::table.find((after.partnership.0, is.id.0)))
                .set((
                    stage_clock::stopped_at.eq(NullableTimestamp::from(Some(stop.at))),
                    stage_clock::stop_reason.eq(reason),
                    stage_clock::stop_recorded_at.eq(NullableTimestamp::from(stop.recorded_at)),
                ))
                .execute(conn)
                .await?;
        }
    }
    insert_clocks(conn, after, &before.clocks).await?;
    if after.facts.delay != before.facts.delay
        && let Some(row) = DelayRow::of(after)?
    {
        diesel::insert_into(delay::table)
            .values(row.clone())
            .on_conflict((delay::partnership_id, delay::escalation_id))
            .do_update()
            .set(row)
            .execute(conn)
            .await?;
    }
    diesel::update(escalation::table.find((row.partnership_id, row.id)))
        .set((
            escalation::version.eq(row.version),
            escalation::urgency.eq(row.urgency),
            escalation::theme_code.eq(row.theme_code),
            escalation::status.eq(row.status),
            escalation::stage.eq(row.stage),
            escalation::episode.eq(row.episode),
            escalation::changed_at.eq(row.changed_at),
            escalation::next_due_at.eq(row.next_due_at),
            escalation::next_due_clock_id.eq(row.next_due_clock_id),
            escalation::next_due_kind.eq(row.next_due_kind),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

async fn save_episode(
    conn: &mut AsyncPgConnection,
    before: &Escalation,
    after: &Escalation,
) -> Result<(), StoreFailure> {
    if after.episode == before.episode {
        return Ok(());
    }
    let row = EpisodeRow::of(after)?;
    if after.episode.number > before.episode.number {
        diesel::insert_into(episode::table).values(row).execute(conn).await?;
    } else {
        diesel::update(episode::table.find((row.partnership_id, row.escalation_id, row.number)))
            .set((
                episode::ended_at.eq(row.ended_at),
                episode::outcome.eq(row.outcome),
                episode::counts_as_resolved.eq(row.counts_as_resolved),
                episode::child_outcome.eq(row.child_outcome),
                episode::delay_effect.eq(row.delay_effect),
                episode::working_seconds.eq(row.working_seconds),
                episode::same_day.eq(row.same_day),
                episode::calendar_version.eq(row.calendar_version),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Inserts the clocks that are not among `known`, which are a prefix of them.
async fn insert_clocks(
    conn: &mut AsyncPgConnection,
    it: &Escalation,
    known: &[crate::domain::stage_clock::StageClock],
) -> Result<(), StoreFailure> {
    let rows = it
        .clocks
        .iter()
        .skip(known.len())
        .map(|clock| ClockRow::of(it, clock))
        .collect::<Result<Vec<_>, _>>()?;
    if !rows.is_empty() {
        diesel::insert_into(stage_clock::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// One escalation, or nothing when it does not exist or is not for this transaction to see.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: EscalationId,
) -> Result<Option<Escalation>, StoreFailure> {
    let row = escalation::table
        .find((partnership.0, id.0))
        .select(EscalationRow::as_select())
        .first(conn)
        .await
        .optional()?;
    whole(conn, row).await
}

/// The same, held against other writers until the transaction ends.
///
/// # Errors
/// The database fails, or another writer holds it for too long.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: EscalationId,
) -> Result<Option<Escalation>, StoreFailure> {
    let row = escalation::table
        .find((partnership.0, id.0))
        .select(EscalationRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    whole(conn, row).await
}

async fn whole(
    conn: &mut AsyncPgConnection,
    row: Option<EscalationRow>,
) -> Result<Option<Escalation>, StoreFailure> {
    let Some(row) = row else { return Ok(None) };
    let delay = delay::table
        .find((row.partnership_id, row.id))
        .select(DelayRow::as_select())
        .first(conn)
        .await
        .optional()?;
    let episode = episode::table
        .find((row.partnership_id, row.id, row.episode))
        .select(EpisodeRow::as_select())
        .first(conn)
        .await?;
    let clocks = stage_clock::table
        .filter(stage_clock::partnership_id.eq(row.partnership_id))
        .filter(stage_clock::escalation_id.eq(row.id))
        // As they were started: identifiers made in one millisecond have no order.
        .order((
            stage_clock::episode,
            stage_clock::stage,
            stage_clock::started_at,
            stage_clock::kind,
            stage_clock::extends_id.is_not_null(),
        ))
        .select(ClockRow::as_select())
        .load(conn)
        .await?;
    assemble(row, delay, episode, clocks).map(Some)
}

/// The stored child references of an escalation, in the order in which they were given.
///
/// # Errors
/// The database fails.
pub async fn children(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: EscalationId,
) -> Result<Vec<StoredChild>, StoreFailure> {
    let rows = escalation_child::table
        .filter(escalation_child::partnership_id.eq(partnership.0))
        .filter(escalation_child::escalation_id.eq(id.0))
        .order(escalation_child::position)
        .select(ChildRow::as_select())
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredChild {
            scheme: row.scheme,
            child_key: row.child_key,
            ciphertext: row.ciphertext,
        })
        .collect())
}

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

/// The escalation that the agency's system sent under this reference, if any.
///
/// # Errors
/// The database fails.
pub async fn by_external_reference(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    agency: crate::domain::ids::AgencyId,
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
