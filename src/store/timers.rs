//! Timers as rows: made with their clock, fired once, listed as notices.

use std::collections::HashMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{escalation, stage_clock, timer};
use crate::domain::ids::{ClockId, EscalationId, PartnershipId};
use crate::domain::listing::{After, Page, PageRequest};
use crate::domain::notice::{Notice, NoticeFilter, NoticeKind};
use crate::domain::timer::{Timer, TimerKind};

#[derive(Insertable)]
#[diesel(table_name = timer, check_for_backend(Pg), treat_none_as_default_value = false)]
struct NewRow {
    partnership_id: Uuid,
    id: Uuid,
    escalation_id: Uuid,
    clock_id: Uuid,
    kind: String,
    percent: Option<i16>,
    fires_at: SqlTimestamp,
}

/// A timer whose time has come, with what became of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTimer {
    /// Its identifier.
    pub id: Uuid,
    /// The escalation.
    pub escalation: EscalationId,
    /// The clock.
    pub clock: ClockId,
    /// What is due.
    pub kind: TimerKind,
    /// Since when.
    pub fires_at: Timestamp,
    /// The last instant in time of the clock.
    pub due_at: Timestamp,
    /// When the clock stopped; none while it runs.
    pub stopped_at: Option<Timestamp>,
}

/// What a timer led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// What is told.
    pub notice: NoticeKind,
    /// Codes of the roles that are told.
    pub told: Vec<&'static str>,
    /// When they are told.
    pub tell_at: Timestamp,
}

/// Stores timers of an escalation, each with its identifier and its clock. Those that are there already stay as they
/// are.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    escalation: EscalationId,
    timers: Vec<(Uuid, ClockId, Timer)>,
) -> Result<(), StoreFailure> {
    let rows: Vec<NewRow> = timers
        .into_iter()
        .map(|(id, clock, it)| NewRow {
            partnership_id: partnership.0,
            id,
            escalation_id: escalation.0,
            clock_id: clock.0,
            kind: it.kind.into(),
            percent: it.percent.map(i16::from),
            fires_at: it.fires_at.into(),
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(timer::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Escalations with a clock that runs and has no timers, at most `limit`, in a stable order after `after`.
///
/// # Errors
/// The database fails.
pub async fn escalations_without(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: EscalationId,
    limit: i64,
) -> Result<Vec<EscalationId>, StoreFailure> {
    let ids: Vec<Uuid> = stage_clock::table
        .filter(stage_clock::partnership_id.eq(partnership.0))
        .filter(stage_clock::escalation_id.gt(after.0))
        .filter(stage_clock::stopped_at.is_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(
            timer::table
                .filter(timer::partnership_id.eq(stage_clock::partnership_id))
                .filter(timer::clock_id.eq(stage_clock::id)),
        )))
        .order(stage_clock::escalation_id)
        .limit(limit)
        .select(stage_clock::escalation_id)
        .distinct()
        .load(conn)
        .await?;
    Ok(ids.into_iter().map(EscalationId).collect())
}

type DueRow = (Uuid, Uuid, Uuid, String, SqlTimestamp, SqlTimestamp, NullableTimestamp);

/// Timers that are due at `now` and have not fired, the longest due first, after the one that `after` names.
///
/// # Errors
/// The database fails.
pub async fn due(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    now: Timestamp,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<DueTimer>, StoreFailure> {
    let joined = timer::table.inner_join(
        stage_clock::table.on(stage_clock::partnership_id
            .eq(timer::partnership_id)
            .and(stage_clock::id.eq(timer::clock_id))),
    );
    let mut query = joined
        .into_boxed::<Pg>()
        .filter(timer::partnership_id.eq(partnership.0))
        .filter(timer::fired_at.is_null())
        .filter(timer::fires_at.le(SqlTimestamp::from(now)));
    if let Some(After { at, id }) = after {
        let at = SqlTimestamp::from(at);
        query =
            query.filter(timer::fires_at.gt(at).or(timer::fires_at.eq(at).and(timer::id.gt(id))));
    }
    let rows: Vec<DueRow> = query
        .order((timer::fires_at.asc(), timer::id.asc()))
        .limit(limit)
        .select((
            timer::id,
            timer::escalation_id,
            timer::clock_id,
            timer::kind,
            timer::fires_at,
            stage_clock::due_at,
            stage_clock::stopped_at,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, escalation, clock, kind, fires_at, due_at, stopped_at)| {
            Ok(DueTimer {
                id,
                escalation: EscalationId(escalation),
                clock: ClockId(clock),
                kind: code(&kind, "timer.kind")?,
                fires_at: fires_at.to_jiff(),
                due_at: due_at.to_jiff(),
                stopped_at: stopped_at.to_jiff(),
            })
        })
        .collect()
}

/// Holds a timer against other sweepers until the transaction ends, and says whether it is still to be fired.
///
/// # Errors
/// The database fails, or another sweeper holds it for too long.
pub async fn lock_unfired(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: Uuid,
) -> Result<bool, StoreFailure> {
    let fired_at: Option<NullableTimestamp> = timer::table
        .find((partnership.0, id))
        .select(timer::fired_at)
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    Ok(fired_at.is_some_and(|fired_at| fired_at.to_jiff().is_none()))
}

/// Records what a timer led to.
///
/// # Errors
/// It has fired before, or the database fails.
pub async fn fire(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: Uuid,
    now: Timestamp,
    fired: Fired,
) -> Result<(), StoreFailure> {
    diesel::update(timer::table.find((partnership.0, id)))
        .set((
            timer::fired_at.eq(NullableTimestamp::from(Some(now))),
            timer::result.eq("fired"),
            timer::notice.eq(fired.notice.code()),
            timer::told.eq(fired.told),
            timer::tell_at.eq(NullableTimestamp::from(Some(fired.tell_at))),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Records of those of these timers that have not fired that they mean nothing any more.
///
/// # Errors
/// The database fails.
pub async fn void(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<usize, StoreFailure> {
    let done = diesel::update(
        timer::table
            .filter(timer::partnership_id.eq(partnership.0))
            .filter(timer::id.eq_any(ids))
            .filter(timer::fired_at.is_null()),
    )
    .set((timer::fired_at.eq(NullableTimestamp::from(Some(now))), timer::result.eq("void")))
    .execute(conn)
    .await?;
    Ok(done)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = timer, check_for_backend(Pg))]
struct NoticeRow {
    id: Uuid,
    notice: Option<String>,
    percent: Option<i16>,
    fires_at: SqlTimestamp,
    fired_at: NullableTimestamp,
    tell_at: NullableTimestamp,
    told: Option<Vec<String>>,
    #[diesel(select_expression = stage_clock::id)]
    clock: Uuid,
    #[diesel(select_expression = stage_clock::kind)]
    clock_kind: String,
    #[diesel(select_expression = stage_clock::stage)]
    stage: i16,
    #[diesel(select_expression = stage_clock::due_at)]
    due_at: SqlTimestamp,
    #[diesel(select_expression = stage_clock::policy_version)]
    policy_version: String,
    #[diesel(select_expression = escalation::id)]
    escalation: Uuid,
    #[diesel(select_expression = escalation::reference)]
    reference: String,
}

/// Timers with their clocks and escalations.
macro_rules! with_clocks {
    () => {
        timer::table
            .inner_join(
                stage_clock::table.on(stage_clock::partnership_id
                    .eq(timer::partnership_id)
                    .and(stage_clock::id.eq(timer::clock_id))),
            )
            .inner_join(
                escalation::table.on(escalation::partnership_id
                    .eq(timer::partnership_id)
                    .and(escalation::id.eq(timer::escalation_id))),
            )
    };
}

impl NoticeRow {
    fn into_domain(self) -> Result<Notice, StoreFailure> {
        let wrong = || StoreFailure::Corrupt("timer");
        Ok(Notice {
            id: self.id,
            kind: code(&self.notice.ok_or_else(wrong)?, "timer.notice")?,
            percent: self.percent.map(u8::try_from).transpose().map_err(|_| wrong())?,
            escalation: EscalationId(self.escalation),
            reference: self.reference,
            policy_version: self.policy_version,
            clock: ClockId(self.clock),
            clock_kind: code(&self.clock_kind, "stage_clock.kind")?,
            stage: u8::try_from(self.stage).map_err(|_| wrong())?,
            due_at: self.due_at.to_jiff(),
            fires_at: self.fires_at.to_jiff(),
            fired_at: self.fired_at.to_jiff().ok_or_else(wrong)?,
            tell_at: self.tell_at.to_jiff().ok_or_else(wrong)?,
            told: self.told.unwrap_or_default(),
        })
    }
}

/// These notices, told already or not yet.
///
/// # Errors
/// The database fails.
pub(super) async fn by_ids(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Notice>, StoreFailure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<NoticeRow> = with_clocks!()
        .filter(timer::partnership_id.eq(partnership.0))
        .filter(timer::id.eq_any(ids))
        .filter(timer::result.eq("fired"))
        .select(NoticeRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| row.into_domain().map(|notice| (notice.id, notice))).collect()
}

/// What has been told by `now`, by the instant at which it is told.
///
/// # Errors
/// The database fails.
pub async fn notices(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    filter: NoticeFilter,
    request: PageRequest,
    now: Timestamp,
) -> Result<Page<Notice>, StoreFailure> {
    let told_by = |at: Timestamp| NullableTimestamp::from(Some(at));
    let mut query = with_clocks!()
        .into_boxed::<Pg>()
        .filter(timer::partnership_id.eq(partnership.0))
        .filter(timer::result.eq("fired"))
        .filter(timer::tell_at.le(told_by(now)));
    if let Some(kind) = filter.kind {
        query = query.filter(timer::notice.eq(kind.code()));
    }
    if let Some(escalation) = filter.escalation {
        query = query.filter(timer::escalation_id.eq(escalation.0));
    }
    if let Some(from) = filter.told.from {
        query = query.filter(timer::tell_at.ge(told_by(from)));
    }
    if let Some(to) = filter.told.to {
        query = query.filter(timer::tell_at.lt(told_by(to)));
    }
    if let Some(After { at, id }) = request.after {
        let at = told_by(at);
        let tied = timer::tell_at.eq(at).and(timer::id.gt(id));
        query = if request.oldest_first {
            query.filter(timer::tell_at.gt(at).or(tied).assume_not_null())
        } else {
            let tied = timer::tell_at.eq(at).and(timer::id.lt(id));
            query.filter(timer::tell_at.lt(at).or(tied).assume_not_null())
        };
    }
    query = if request.oldest_first {
        query.order((timer::tell_at.asc(), timer::id.asc()))
    } else {
        query.order((timer::tell_at.desc(), timer::id.desc()))
    };
    let rows: Vec<NoticeRow> =
        query.limit(request.limit + 1).select(NoticeRow::as_select()).load(conn).await?;
    let items = rows.into_iter().map(NoticeRow::into_domain).collect::<Result<Vec<_>, _>>()?;
    Ok(super::list_parts::page(items, request, |it| After { at: it.tell_at, id: it.id }))
}
