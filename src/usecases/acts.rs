//! Acting on an escalation: load, decide, save, append; or nothing of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use super::act_request::{ActRequest, CorrectionRequest};
use super::deps::Deps;
use super::failure::Failure;
use super::read::{Detail, detail};
use super::reading::write;
use super::reference::partnership;
use super::timers;
use crate::domain::access::{Action, Caller};
use crate::domain::act::{Act, ActKind};
use crate::domain::broken_rule::{BrokenRule, FieldRule, Hint};
use crate::domain::decide::Scene;
use crate::domain::escalation::Escalation;
use crate::domain::event::Event;
use crate::domain::free_text_policy::{FreeTextPolicy, TextWarning};
use crate::domain::ids::EscalationId;
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::stage_policy::StagePolicy;
use crate::store::session::{Connection, Writing};
use crate::store::{escalations, events, finding};

/// On what, and how, an act is done.
#[derive(Debug, Clone, Copy)]
pub struct On {
    /// The escalation.
    pub id: EscalationId,
    /// The version that the caller has read; none when it does not matter.
    pub expected_version: Option<i32>,
    /// When it happened, if not now.
    pub occurred_at: Option<Timestamp>,
    /// Whether it is done, or only tried.
    pub writing: Writing,
}

/// Does one act.
///
/// # Errors
/// The escalation is not the caller's to know of, has changed since it was read, or does not permit the act now; a code
/// in the request is unknown.
pub async fn act(
    deps: &Deps,
    caller: &Caller,
    action: Action,
    on: On,
    request: impl Into<ActRequest>,
) -> Result<Detail, Failure> {
    let request = request.into();
    let reach = caller.may(action).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let done = write(deps, caller, reach, on.writing, async |conn| {
        // Two records that name each other are held in one order, so that neither waits for the other for ever, and
        // so that what is known of the other one stays true until this is stored.
        if let Some(other) = request.names().filter(|other| *other < on.id) {
            escalations::lock(conn, caller.partnership, other).await?;
        }
        let found = escalations::lock(conn, caller.partnership, on.id).await?;
        let before = found.ok_or(Failure::NotFound)?;
        if on.expected_version.is_some_and(|version| version != before.version) {
            return Err(Failure::Stale);
        }
        let (after, warnings) =
            act_on(deps, conn, caller, &agreed, &before, on.occurred_at, request).await?;
        let shown = detail(deps, conn, caller, &agreed, after).await?;
        Ok(Detail { warnings, ..shown }.shown())
    })
    .await?;
    deps.signals.wrote();
    Ok(done)
}

/// Does one act on what was read under lock in this transaction; with it, what its texts appear to hold.
///
/// # Errors
/// The escalation does not permit the act now, or a code in the request is unknown.
pub(super) async fn act_on(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Arc<Partnership>,
    before: &Escalation,
    occurred_at: Option<Timestamp>,
    request: ActRequest,
) -> Result<(Escalation, Vec<TextWarning>), Failure> {
    let now = deps.clock.now();
    let act = request.look_up(conn, agreed, before.id, now).await?;
    let policy = policy_of(agreed, before)?;
    let pair_repeats = match act.kind() {
        ActKind::Resolve => pair_repeats(conn, before, policy, now).await?,
        _ => 0,
    };
    let (after, new) = {
        let scene = Scene {
            caller: Some(caller),
            occurred_at,
            now,
            policy,
            calendar: agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?,
            pair_repeats,
            free_text: agreed.free_text_of(caller.agency),
            new_id: &|| deps.ids.new_id(now),
        };
        before.act(act, &scene)?
    };
    check_new_responder(before, &after, agreed, now)?;
    store(deps, conn, agreed, before, &after, &new).await?;
    Ok((after, TextWarning::of_events(&new)))
}

/// Takes a late escalation to the next stage, as the service itself. `before` is held under lock.
///
/// # Errors
/// Policy does not let the service do this, or not yet.
pub async fn take_up(
    deps: &Deps,
    conn: &mut Connection,
    agreed: &Arc<Partnership>,
    before: &Escalation,
) -> Result<Escalation, Failure> {
    let (after, new) = {
        let now = deps.clock.now();
        let scene = Scene {
            caller: None,
            occurred_at: None,
            now,
            policy: policy_of(agreed, before)?,
            calendar: agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?,
            pair_repeats: 0,
            free_text: FreeTextPolicy::Refuse,
            new_id: &|| deps.ids.new_id(now),
        };
        before.act(Act::Advance { to: None, reason: None }, &scene)?
    };
    store(deps, conn, agreed, before, &after, &new).await?;
    Ok(after)
}

/// State, clocks, turns and event, in the transaction of the act.
async fn store(
    deps: &Deps,
    conn: &mut Connection,
    agreed: &Partnership,
    before: &Escalation,
    after: &Escalation,
    new: &[Event],
) -> Result<(), Failure> {
    escalations::save(conn, before, after).await?;
    let started = after.clocks.get(before.clocks.len()..).unwrap_or_default();
    timers::start(deps, conn, agreed, after, started).await?;
    Ok(events::append(conn, after.partnership, new, &*deps.ids).await?)
}

/// An agency stands for those whose duties it took over, so what they must not be given it is not given either.
fn check_new_responder(
    before: &Escalation,
    after: &Escalation,
    agreed: &Partnership,
    now: Timestamp,
) -> Result<(), Failure> {
    let (old, new) = (&before.facts, after.facts.raised_with);
    if new == old.raised_with {
        return Ok(());
    }
    let stands_for = agreed.predecessors_of(new, local_date(now));
    let refused = |rule, hint| Err(Failure::Broken(BrokenRule::hinted("agency", rule, hint)));
    if stands_for.contains(&old.raised_by) {
        return refused(FieldRule::Inconsistent, Hint::RaisedIt);
    }
    if stands_for.contains(&old.raised_with) {
        return refused(FieldRule::Inconsistent, Hint::HasItNow);
    }
    if stands_for.iter().any(|agency| before.cannot_get_it_back(*agency)) {
        return refused(FieldRule::NotUnique, Hint::HadItBefore);
    }
    Ok(())
}

pub(super) fn policy_of<'a>(
    agreed: &'a Partnership,
    escalation: &Escalation,
) -> Result<&'a StagePolicy, Failure> {
    agreed.policy(&escalation.facts.policy_version).ok_or(Failure::NotSetUp("stage policy"))
}

/// How often this theme and this responding agency came together in the weeks that the policy looks back over.
async fn pair_repeats(
    conn: &mut Connection,
    it: &Escalation,
    policy: &StagePolicy,
    now: Timestamp,
) -> Result<u32, Failure> {
    let weeks = i64::from(policy.follow_up.learning_if_pair_repeats.weeks);
    let since =
        now.checked_sub(SignedDuration::from_hours(weeks * 7 * 24)).unwrap_or(Timestamp::MIN);
    Ok(finding::count_of_pair(conn, it, since).await?)
}
