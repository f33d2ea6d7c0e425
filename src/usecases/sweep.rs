//! The sweeper: fires what has come due, each timer once, whatever is killed in between. Nothing ends by it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::acts::take_up;
use super::deps::Deps;
use super::failure::Failure;
use super::reference::partnership;
use super::timers::start;
use crate::domain::broken_rule::BrokenRule;
use crate::domain::escalation::Escalation;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::domain::listing::After;
use crate::domain::notice::{NoticeKind, tell_at, told};
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::StageClock;
use crate::domain::timer::{TimerKind, still_means_something};
use crate::store::session::{Connection, Stated, transaction};
use crate::store::timers::{DueTimer, Fired};
use crate::store::{StoreFailure, escalations, sweeps, timers};

/// How long a sweeper that has died keeps others from its partnership.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How many timers, or escalations, are looked up at once.
const BATCH: i64 = 200;

/// Who sweeps, and whether it was asked to stop.
#[derive(Debug, Clone)]
pub struct Sweeper {
    holder: Uuid,
    stopping: Arc<AtomicBool>,
}

impl Sweeper {
    /// A sweeper; each process has its own.
    #[must_use]
    pub fn new(deps: &Deps) -> Self {
        Self { holder: deps.ids.new_id(deps.clock.now()), stopping: Arc::default() }
    }

    /// Asks it to stop after the timer at hand.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Timers that fired.
    pub fired: usize,
    /// Timers that meant nothing any more.
    pub void: usize,
    /// Timers that were due when this sweep looked, and that another had fired before this one came to them.
    pub elsewhere: usize,
    /// Timers that could not be fired now; the next sweep tries them again.
    pub failed: usize,
}

/// Sweeps every partnership that nobody else sweeps. A partnership that fails does not hold up the others.
///
/// # Errors
/// The database fails, or a partnership lacks what it needs; everything that could be swept was.
pub async fn sweep_all(deps: &Deps, by: &Sweeper) -> Result<SweepReport, Failure> {
    let began = Instant::now();
    let all = {
        let mut conn = deps.pool.get().await?;
        sweeps::partnerships(&mut conn).await?
    };
    let mut total = SweepReport::default();
    let mut failure = None;
    for id in all {
        match sweep(deps, id, by).await {
            Ok(report) => {
                let report = report.unwrap_or_default();
                total.fired += report.fired;
                total.void += report.void;
                total.elsewhere += report.elsewhere;
                total.failed += report.failed;
            }
            Err(error) => {
                tracing::warn!(partnership = %id, %error, "a partnership could not be swept");
                failure = Some(error);
            }
        }
    }
    deps.metrics.swept(began.elapsed());
    failure.map_or(Ok(total), Err)
}

/// Sweeps one partnership: adds timers that are missing, and fires what is due. Nothing when somebody else is at it.
///
/// # Errors
/// The database fails, or the partnership lacks what it needs.
pub async fn sweep(
    deps: &Deps,
    id: PartnershipId,
    by: &Sweeper,
) -> Result<Option<SweepReport>, Failure> {
    let now = deps.clock.now();
    let leased = within(deps, id, async |conn| {
        Ok(sweeps::lease(conn, id, by.holder, now, lease_from(now)).await?)
    });
    if !leased.await? {
        return Ok(None);
    }
    let done = leased_sweep(deps, id, by).await;
    let finished = done
        .as_ref()
        .ok()
        .filter(|_| !by.is_stopping())
        .map(|report| (deps.clock.now(), i32::try_from(report.fired).unwrap_or(i32::MAX)));
    let released =
        within(deps, id, async |conn| Ok(sweeps::release(conn, id, by.holder, finished).await?));
    released.await?;
    done.map(Some)
}

async fn leased_sweep(
    deps: &Deps,
    id: PartnershipId,
    by: &Sweeper,
) -> Result<SweepReport, Failure> {
    let agreed = partnership(deps, id).await?;
    add_missing(deps, &agreed).await?;
    fire_due(deps, &agreed, by).await
}

/// Clocks from before there were timers, or for which no calendar reached far enough, get theirs.
async fn add_missing(deps: &Deps, agreed: &Arc<Partnership>) -> Result<(), Failure> {
    let mut after = EscalationId(Uuid::nil());
    loop {
        let without = within(deps, agreed.id, async |conn| {
            Ok(timers::escalations_without(conn, agreed.id, after, BATCH).await?)
        })
        .await?;
        let Some(last) = without.last().copied() else { return Ok(()) };
        for id in without {
            let added = within(deps, agreed.id, async |conn| {
                let found = escalations::lock(conn, agreed.id, id).await?;
                let it = found.ok_or(Failure::NotFound)?;
                start(deps, conn, agreed, &it, &it.clocks).await
            });
            match added.await {
                Err(failure) if is_away(&failure) => return Err(failure),
                Err(error) => {
                    tracing::warn!(escalation = %id, %error, "its timers cannot be added")
                }
                Ok(()) => {}
            }
        }
        after = last;
    }
}

/// Fires what is due now, in the order in which it came due. Safe to be done by several at once.
///
/// # Errors
/// The database is away; what has been fired stays fired.
pub async fn fire_due(
    deps: &Deps,
    agreed: &Arc<Partnership>,
    by: &Sweeper,
) -> Result<SweepReport, Failure> {
    let began = deps.clock.now();
    let mut leased_at = began;
    let mut report = SweepReport::default();
    let mut after: Option<After> = None;
    // What comes due of one escalation fires in order, so nothing overtakes a timer that cannot be fired.
    let mut stuck = BTreeSet::new();
    while !by.is_stopping() {
        let due = within(deps, agreed.id, async |conn| {
            Ok(timers::due(conn, agreed.id, began, after, BATCH).await?)
        })
        .await?;
        let Some(last) = due.last() else { break };
        after = Some(After { at: last.fires_at, id: last.id });
        let (live, void): (Vec<DueTimer>, Vec<DueTimer>) = due
            .into_iter()
            .partition(|it| still_means_something(it.kind, it.due_at, it.stopped_at));
        // A stopped clock never runs again, so these need nobody to hold still.
        let void: Vec<Uuid> = void.into_iter().map(|it| it.id).collect();
        let voided = within(deps, agreed.id, async |conn| {
            Ok(timers::void(conn, agreed.id, &void, deps.clock.now()).await?)
        });
        report.void += voided.await?;
        for timer in live {
            if by.is_stopping() {
                break;
            }
            if stuck.contains(&timer.escalation) {
                report.failed += 1;
                continue;
            }
            match fire(deps, agreed, &timer).await {
                Ok(Some(Some(notice))) => {
                    deps.signals.wrote();
                    deps.metrics.fired(notice);
                    report.fired += 1;
                }
                Ok(Some(None)) => report.void += 1,
                Ok(None) => report.elsewhere += 1,
                Err(failure) if is_away(&failure) => return Err(failure),
                Err(failure) => {
                    tracing::warn!(timer = %timer.id, error = %failure, "a timer could not be fired");
                    report.failed += 1;
                    stuck.insert(timer.escalation);
                }
            }
            let now = deps.clock.now();
            if now.duration_since(leased_at) > LEASE / 3 {
                leased_at = now;
                if !keep_lease(deps, agreed.id, by, now).await? {
                    // Somebody else took over, and does the rest.
                    return Ok(report);
                }
            }
        }
    }
    Ok(report)
}

/// A transaction of the service's own, for the whole partnership.
async fn within<T, F>(deps: &Deps, id: PartnershipId, work: F) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<T, Failure>,
{
    transaction(&deps.pool, Stated::partnership(id), work).await
}

async fn keep_lease(
    deps: &Deps,
    id: PartnershipId,
    by: &Sweeper,
    now: Timestamp,
) -> Result<bool, Failure> {
    within(deps, id, async |conn| Ok(sweeps::renew(conn, id, by.holder, lease_from(now)).await?))
        .await
}

fn lease_from(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(now)
}

/// Whether nothing else can succeed now either.
const fn is_away(failure: &Failure) -> bool {
    use StoreFailure::{OutcomeUnknown, ReadOnly, Unavailable};
    matches!(failure, Failure::Store(Unavailable(_) | OutcomeUnknown | ReadOnly))
}

/// Fires one timer in a transaction of its own: what is told, or `Some(None)` when it means nothing any more, or nothing
/// when somebody else has fired it.
async fn fire(
    deps: &Deps,
    agreed: &Arc<Partnership>,
    due: &DueTimer,
) -> Result<Option<Option<NoticeKind>>, Failure> {
    within(deps, agreed.id, async |conn| {
        let now = deps.clock.now();
        let found = match escalations::lock(conn, agreed.id, due.escalation).await {
            // Nobody is there any more for whom it could come due.
            Err(StoreFailure::Erased) => {
                timers::void(conn, agreed.id, &[due.id], now).await?;
                return Ok(Some(None));
            }
            found => found?,
        };
        let before = found.ok_or(Failure::NotFound)?;
        if !timers::lock_unfired(conn, agreed.id, due.id).await? || now < due.fires_at {
            return Ok(None);
        }
        let clock = before.clocks.iter().find(|clock| clock.id == due.clock);
        let clock = clock.ok_or(StoreFailure::Corrupt("timer.clock_id"))?;
        let stopped_at = clock.stopped.map(|stop| stop.at);
        if !still_means_something(due.kind, clock.due_at, stopped_at) {
            timers::void(conn, agreed.id, &[due.id], now).await?;
            return Ok(Some(None));
        }
        let fired = consequence(deps, conn, agreed, due.kind, &before, clock, now).await?;
        let notice = fired.notice;
        timers::fire(conn, agreed.id, due.id, now, fired).await?;
        Ok(Some(Some(notice)))
    })
    .await
}

/// What a timer leads to: who is told of what and when, and for a choice that nobody made, the next stage.
async fn consequence(
    deps: &Deps,
    conn: &mut Connection,
    agreed: &Arc<Partnership>,
    kind: TimerKind,
    before: &Escalation,
    clock: &StageClock,
    now: Timestamp,
) -> Result<Fired, Failure> {
    let policy = agreed.policy(&clock.policy_version).ok_or(Failure::NotSetUp("stage policy"))?;
    let calendar = agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?;
    let (notice, stage) = match kind {
        TimerKind::Warning => (NoticeKind::Warning, clock.stage),
        TimerKind::Overdue => (NoticeKind::Overdue, clock.stage),
        TimerKind::PauseEnded => (NoticeKind::PauseEnded, clock.stage),
        TimerKind::Choice => match take_up(deps, conn, agreed, before).await {
            Ok(after) => (NoticeKind::Advanced, after.stage),
            // Policy leaves it to people, or there is no higher stage.
            Err(Failure::Broken(BrokenRule::NotPossible { .. })) => {
                (NoticeKind::ReviewFlag, clock.stage)
            }
            Err(other) => return Err(other),
        },
    };
    // Too early to be told is better than never.
    let tell_at = tell_at(now, before.facts.urgency, policy.quiet_hours, calendar).unwrap_or(now);
    Ok(Fired { notice, told: told(notice, clock.kind, stage, policy), tell_at })
}
