//! Escalations as rows: stored once, changed by their events, read back whole.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::NullableTimestamp;
use uuid::Uuid;

use super::clock_rows::ClockRow;
use super::erasing::erased_among;
use super::escalation_rows::{DelayRow, EpisodeRow, EscalationRow, assemble};
use super::failure::StoreFailure;
use super::schema::{delay, episode, escalation, escalation_child, stage_clock};
use super::turns;
use crate::domain::escalation::Escalation;
use crate::domain::ids::{EscalationId, PartnershipId};

diesel::define_sql_function! {
    /// PostgreSQL's own: the next number of a sequence.
    fn nextval(name: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// A child reference as it is stored: findable and unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChild {
    /// The place among the escalation's children.
    pub position: i16,
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
    child_key: Option<Vec<u8>>,
    ciphertext: Option<Vec<u8>>,
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
    let clocks = clock_rows(it, 0)?;
    diesel::insert_into(stage_clock::table).values(clocks).execute(conn).await?;
    turns::insert_many(conn, std::slice::from_ref(it)).await?;
    let rows = children
        .iter()
        .map(|child| ChildRow {
            partnership_id: it.partnership.0,
            escalation_id: it.id.0,
            position: child.position,
            scheme: child.scheme.clone(),
            child_key: Some(child.child_key.clone()),
            ciphertext: Some(child.ciphertext.clone()),
        })
        .collect::<Vec<_>>();
    if !rows.is_empty() {
        diesel::insert_into(escalation_child::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// PostgreSQL takes 65,535 values a statement, and no row here has as many as 60.
pub(super) const ROWS_A_STATEMENT: usize = 1_000;

/// Stores escalations as they are, with the episodes before their last, but without children.
///
/// # Errors
/// A constraint refuses one of them, and with it all.
pub(super) async fn insert_many(
    conn: &mut AsyncPgConnection,
    all: &[Escalation],
    earlier: &[EpisodeRow],
) -> Result<(), StoreFailure> {
    let rows = all.iter().map(EscalationRow::try_from).collect::<Result<Vec<_>, _>>()?;
    let last = all.iter().map(EpisodeRow::of).collect::<Result<Vec<_>, _>>()?;
    let delays = all.iter().filter_map(|it| DelayRow::of(it).transpose());
    let delays = delays.collect::<Result<Vec<_>, _>>()?;
    let clocks = all.iter().map(|it| clock_rows(it, 0)).collect::<Result<Vec<_>, _>>()?.concat();
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        diesel::insert_into(escalation::table).values(rows).execute(conn).await?;
    }
    // A later episode refers to the one before it, a clock to its episode.
    for rows in earlier.chunks(ROWS_A_STATEMENT).chain(last.chunks(ROWS_A_STATEMENT)) {
        diesel::insert_into(episode::table).values(rows).execute(conn).await?;
    }
    for rows in delays.chunks(ROWS_A_STATEMENT) {
        diesel::insert_into(delay::table).values(rows).execute(conn).await?;
    }
    for rows in clocks.chunks(ROWS_A_STATEMENT) {
        diesel::insert_into(stage_clock::table).values(rows).execute(conn).await?;
    }
    turns::insert_many(conn, all).await
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
    let started = clock_rows(after, before.clocks.len())?;
    if !started.is_empty() {
        diesel::insert_into(stage_clock::table).values(started).execute(conn).await?;
    }
    turns::save(conn, before, after).await?;
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
            escalation::raised_with_agency_id.eq(row.raised_with_agency_id),
            escalation::scope.eq(row.scope),
            escalation::policy_version.eq(row.policy_version),
            escalation::original_theme_code.eq(row.original_theme_code),
            escalation::past_responder_ids.eq(row.past_responder_ids),
            escalation::rule_state.eq(row.rule_state),
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
        let key = (row.partnership_id, row.escalation_id, row.number);
        diesel::update(episode::table.find(key))
            .set((
                episode::ended_at.eq(row.ended_at),
                episode::outcome.eq(row.outcome),
                episode::counts_as_resolved.eq(row.counts_as_resolved),
                episode::child_outcome.eq(row.child_outcome),
                episode::delay_effect.eq(row.delay_effect),
                episode::working_seconds.eq(row.working_seconds),
                episode::same_day.eq(row.same_day),
                episode::calendar_version.eq(row.calendar_version),
                episode::child_seconds.eq(row.child_seconds),
                episode::withdrawal_reason.eq(row.withdrawal_reason),
                episode::reroute_code.eq(row.reroute_code),
                episode::details.eq(row.details),
                episode::feedback_at.eq(row.feedback_at),
                episode::learning_type.eq(row.learning_type),
                episode::impact_result.eq(row.impact_result),
                episode::impact_checked_at.eq(row.impact_checked_at),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// The rows of the clocks of an escalation from this position on.
fn clock_rows(it: &Escalation, from: usize) -> Result<Vec<ClockRow>, StoreFailure> {
    let clocks = it.clocks.iter().enumerate().skip(from);
    clocks.map(|(position, clock)| ClockRow::of(it, position, clock)).collect()
}

/// One escalation, or nothing when it does not exist or is not for this transaction to see.
///
/// # Errors
/// [`StoreFailure::Erased`]; the database fails.
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
    unless_erased(conn, row).await
}

/// The same, held against other writers until the transaction ends. Rows that refer to it can be added meanwhile, so
/// that the feed's sequencer does not wait for whoever acts on it.
///
/// # Errors
/// [`StoreFailure::Erased`]; the database fails, or another writer holds it for too long.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: EscalationId,
) -> Result<Option<Escalation>, StoreFailure> {
    let row = escalation::table
        .find((partnership.0, id.0))
        .select(EscalationRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    unless_erased(conn, row).await
}

/// The stored child references of an escalation, in the order in which they were given, without those that were erased.
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
    let left = rows.into_iter().filter_map(|row| {
        Some(StoredChild {
            position: row.position,
            scheme: row.scheme,
            child_key: row.child_key?,
            ciphertext: row.ciphertext?,
        })
    });
    Ok(left.collect())
}

/// The escalations with these identifiers that this transaction may see, read in as many statements as one is.
///
/// # Errors
/// The database fails.
pub async fn many(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[EscalationId],
) -> Result<HashMap<EscalationId, Escalation>, StoreFailure> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(EscalationRow, Option<DelayRow>, EpisodeRow)> = escalation::table
        .left_join(
            delay::table.on(delay::partnership_id
                .eq(escalation::partnership_id)
                .and(delay::escalation_id.eq(escalation::id))),
        )
        .inner_join(
            episode::table.on(episode::partnership_id
                .eq(escalation::partnership_id)
                .and(episode::escalation_id.eq(escalation::id))
                .and(episode::number.eq(escalation::episode))),
        )
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::id.eq_any(&ids))
        .select((
            EscalationRow::as_select(),
            Option::<DelayRow>::as_select(),
            EpisodeRow::as_select(),
        ))
        .load(conn)
        .await?;
    let clocks: Vec<ClockRow> = stage_clock::table
        .filter(stage_clock::partnership_id.eq(partnership.0))
        .filter(stage_clock::escalation_id.eq_any(&ids))
        .order(stage_clock::position)
        .select(ClockRow::as_select())
        .load(conn)
        .await?;
    let mut clocks_of: HashMap<Uuid, Vec<ClockRow>> = HashMap::new();
    for clock in clocks {
        clocks_of.entry(clock.escalation_id).or_default().push(clock);
    }
    let mut turns_of = turns::of_many(conn, partnership.0, &ids).await?;
    rows.into_iter()
        .map(|(row, delay, episode)| {
            let clocks = clocks_of.remove(&row.id).unwrap_or_default();
            let (holdings, links) = turns_of.remove(&row.id).unwrap_or_default();
            let it = assemble(row, delay, episode, clocks, holdings, links)?;
            Ok((it.id, it))
        })
        .collect()
}

/// The whole of a row, unless what makes it somebody's was destroyed. Nobody is shown a skeleton as if it were the matter.
async fn unless_erased(
    conn: &mut AsyncPgConnection,
    row: Option<EscalationRow>,
) -> Result<Option<Escalation>, StoreFailure> {
    let Some(row) = row else { return Ok(None) };
    let (partnership, id) = (PartnershipId(row.partnership_id), EscalationId(row.id));
    if !erased_among(conn, partnership, &[id]).await?.is_empty() {
        return Err(StoreFailure::Erased);
    }
    whole(conn, row).await.map(Some)
}

async fn whole(
    conn: &mut AsyncPgConnection,
    row: EscalationRow,
) -> Result<Escalation, StoreFailure> {
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
        .order(stage_clock::position)
        .select(ClockRow::as_select())
        .load(conn)
        .await?;
    let (holdings, links) = turns::of_many(conn, row.partnership_id, &[row.id])
        .await?
        .remove(&row.id)
        .unwrap_or_default();
    assemble(row, delay, episode, clocks, holdings, links)
}
