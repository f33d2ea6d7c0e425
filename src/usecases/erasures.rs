//! Erasure: one person proposes, another approves, and with the approval it is done, whole, in the same transaction.

use uuid::Uuid;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::legal_holds::Named;
use super::reading::{Shown, read, write};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::broken_rule::FieldRule;
use crate::domain::erasure::{
    CannotErase, Decision, Erasing, Erasure, ErasureGround, Matters, backups_until, erased,
    may_decide,
};
use crate::domain::ids::{ErasureId, EscalationId, EventId};
use crate::domain::legal_hold::{Authority, LiftReason};
use crate::domain::listing::{Page, PageRequest};
use crate::domain::recorded::Recorded;
use crate::store::session::{Connection, Writing};
use crate::store::{StoreFailure, erasing, erasures, escalations, events, legal_holds};

/// Proposes to erase something. Nothing happens to it before another person approves.
///
/// # Errors
/// The caller may not, nothing is known of it, it is open, or a hold is about it.
pub async fn propose(
    deps: &Deps,
    caller: &Caller,
    on: Named,
    (ground, authority): (ErasureGround, Authority),
) -> Result<Erasure, Failure> {
    let reach = caller.may(Action::ProposeErasure).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    let (field, erasing) = match on {
        Named::Escalation(id) => ("escalation_id", Erasing::Escalation(id)),
        Named::Child(child) => {
            let key = keys(deps, caller.partnership).await?.child_key(&child);
            ("child_reference", Erasing::Child(Some(key)))
        }
    };
    let id = ErasureId(deps.ids.new_id(now));
    let proposed = Recorded::by(caller, now);
    let erasure = Erasure { id, erasing, ground, authority, proposed, decision: None };
    write(deps, caller, reach, Writing::Kept, async |conn| {
        let matters = matters(conn, caller, &erasure.erasing).await?;
        let holds = legal_holds::not_lifted(conn, caller.partnership).await?;
        match matters.may_go(&holds, now) {
            Err(CannotErase::NothingLeft) => {
                return Err(Failure::field(field, FieldRule::UnknownReference));
            }
            may => may?,
        }
        erasures::insert(conn, caller.partnership, &erasure).await?;
        Ok(shown(erasure.clone()))
    })
    .await
}

/// Approves an erasure that another person proposed, and carries it out. Approved again by the same person it is answered as
/// it was.
///
/// # Errors
/// The caller may not or proposed it, it is declined, a hold is about it, or something that it is about is open.
pub async fn approve(deps: &Deps, caller: &Caller, id: ErasureId) -> Result<Erasure, Failure> {
    let reach = caller.may(Action::ApproveErasure).ok_or(Failure::Forbidden)?;
    let done = write(deps, caller, reach, Writing::Kept, async |conn| {
        // Before anything is read, so that a hold that was answered before this is seen.
        legal_holds::exclusively(conn, caller.partnership).await?;
        let found = erasures::find(conn, caller.partnership, id).await?;
        let erasure = found.ok_or(Failure::NotFound)?;
        if let Some(Decision::Approved { by, .. }) = &erasure.decision
            && (by.client, &by.subject) == (caller.client, &caller.subject)
        {
            return Ok(shown(erasure));
        }
        may_decide(&erasure, caller)?;
        carry_out(deps, conn, caller, &erasure).await?;
        let done = erasures::find(conn, caller.partnership, id).await?;
        Ok(shown(done.ok_or(StoreFailure::Corrupt("erasure"))?))
    })
    .await?;
    deps.signals.wrote();
    Ok(done)
}

/// Destroys what the erasure is about, if nothing stands against it, and writes down that it did.
async fn carry_out(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    erasure: &Erasure,
) -> Result<(), Failure> {
    let (partnership, now) = (caller.partnership, deps.clock.now());
    // Whoever raises about one of these children at this moment holds its key: they come before, and their escalation is
    // among those found next, or after, and the child gets another key.
    let named = match &erasure.erasing {
        Erasing::Child(key) => key.iter().cloned().collect(),
        Erasing::Escalation(id) => {
            hashes(escalations::children(conn, partnership, *id).await?).collect()
        }
    };
    let named: Vec<Vec<u8>> = named;
    let held = erasing::hold_keys(conn, partnership, &named).await?;
    let matters = matters(conn, caller, &erasure.erasing).await?;
    let holds = legal_holds::not_lifted(conn, partnership).await?;
    matters.may_go(&holds, now)?;
    let ids: Vec<EscalationId> = matters.escalations.iter().map(|it| it.id).collect();
    let still = erasing::named_elsewhere(conn, partnership, &named, &ids).await?;
    let gone: Vec<Vec<u8>> = named.into_iter().filter(|key| !still.contains(key)).collect();
    let of_the_gone = held.into_iter().filter(|(_, key)| gone.contains(key));
    let to_destroy: Vec<Uuid> = of_the_gone.map(|(id, _)| id).collect();
    let decision = Decision::Approved {
        by: Recorded::by(caller, now),
        keys: u32::try_from(to_destroy.len()).unwrap_or(u32::MAX),
        backups_until: backups_until(now, deps.backup_days),
        erased: Vec::new(),
    };
    erasures::decide(conn, partnership, erasure.id, &decision).await?;
    for before in &matters.escalations {
        let done = erasing::carry_out(conn, erasure.id, before.id).await?;
        let event = EventId(deps.ids.new_id(now));
        let (after, event) = erased(before, erasure.id, done, caller, (event, now));
        escalations::save(conn, before, &after).await?;
        events::append(conn, partnership, &[event], &*deps.ids).await?;
    }
    erasing::destroy(conn, partnership, (&to_destroy, &gone), now).await?;
    Ok(erasing::forget(conn, partnership, erasure.id).await?)
}

/// Declines an erasure that another person proposed.
///
/// # Errors
/// The caller may not or proposed it, or it is decided.
pub async fn decline(
    deps: &Deps,
    caller: &Caller,
    id: ErasureId,
    reason: LiftReason,
) -> Result<Erasure, Failure> {
    let reach = caller.may(Action::ApproveErasure).ok_or(Failure::Forbidden)?;
    let by = Recorded::by(caller, deps.clock.now());
    write(deps, caller, reach, Writing::Kept, async |conn| {
        legal_holds::exclusively(conn, caller.partnership).await?;
        let found = erasures::find(conn, caller.partnership, id).await?;
        let erasure = found.ok_or(Failure::NotFound)?;
        may_decide(&erasure, caller)?;
        let decision = Decision::Declined { reason: reason.clone(), by: by.clone() };
        erasures::decide(conn, caller.partnership, id, &decision).await?;
        erasing::forget(conn, caller.partnership, id).await?;
        Ok(shown(Erasure { decision: Some(decision), ..erasure }))
    })
    .await
}

/// One erasure, with its certificate once it is done.
///
/// # Errors
/// The caller may not, or there is none.
pub async fn one(deps: &Deps, caller: &Caller, id: ErasureId) -> Result<Erasure, Failure> {
    let reach = caller.may(Action::ReadErasures).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let found = erasures::find(conn, caller.partnership, id).await?;
        Ok(shown(found.ok_or(Failure::NotFound)?))
    })
    .await
}

/// A page of erasures.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    page: PageRequest,
) -> Result<Page<Erasure>, Failure> {
    let reach = caller.may(Action::ReadErasures).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let page = erasures::list(conn, caller.partnership, page).await?;
        let ids: Vec<EscalationId> = page.items.iter().flat_map(escalations_of).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}

/// The escalations that something is about, held, with all their children.
async fn matters(conn: &mut Connection, caller: &Caller, of: &Erasing) -> Result<Matters, Failure> {
    let mut matters = Matters::default();
    for id in erasing::about(conn, caller.partnership, of).await? {
        let Some(it) = escalations::lock(conn, caller.partnership, id).await? else { continue };
        let children = escalations::children(conn, caller.partnership, id).await?;
        matters.children.extend(hashes(children));
        matters.escalations.push(it);
    }
    Ok(matters)
}

fn hashes(children: Vec<escalations::StoredChild>) -> impl Iterator<Item = Vec<u8>> {
    children.into_iter().map(|it| it.child_key)
}

fn shown(erasure: Erasure) -> Shown<Erasure> {
    let ids = escalations_of(&erasure);
    Shown::of(erasure, ids, FieldsShown::Lines)
}

fn escalations_of(erasure: &Erasure) -> Vec<EscalationId> {
    let named = match &erasure.erasing {
        Erasing::Escalation(id) => Some(*id),
        Erasing::Child(_) => None,
    };
    let erased = match &erasure.decision {
        Some(Decision::Approved { erased, .. }) => erased.as_slice(),
        _ => &[],
    };
    named.into_iter().chain(erased.iter().map(|it| it.escalation)).collect()
}
