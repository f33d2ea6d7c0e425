//! Legal holds: placed, lifted and listed. Whatever is held is not destroyed, whoever proposes or approves that.

use jiff::civil::Date;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::reading::{Shown, read, write};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::broken_rule::FieldRule;
use crate::domain::child_reference::ChildReference;
use crate::domain::ids::{EscalationId, LegalHoldId};
use crate::domain::legal_hold::{Authority, Held, HoldReason, LegalHold, LiftReason, days};
use crate::domain::listing::{Page, PageRequest};
use crate::domain::recorded::Recorded;
use crate::store::session::Writing;
use crate::store::{StoreFailure, escalations, legal_holds};

/// What somebody names: an escalation, or a child by its reference.
#[derive(Debug, Clone)]
pub enum Named {
    /// One escalation.
    Escalation(EscalationId),
    /// One child.
    Child(ChildReference),
}

/// A hold that somebody wants to place.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// On what; on everything when nothing is named.
    pub on: Option<Named>,
    /// Why.
    pub reason: HoldReason,
    /// On what order.
    pub authority: Authority,
    /// The first day; today when not said.
    pub from: Option<Date>,
    /// The last day, if there is one.
    pub until: Option<Date>,
}

/// Places a hold. It is in force for every erasure that is decided after this is answered.
///
/// # Errors
/// The caller may not, the days are over, or there is no such escalation.
pub async fn place(deps: &Deps, caller: &Caller, new: NewHold) -> Result<LegalHold, Failure> {
    let reach = caller.may(Action::ManageLegalHolds).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    let from = days(new.from, new.until, now)?;
    let held = match new.on {
        None => Held::Partnership,
        Some(Named::Escalation(id)) => Held::Escalation(id),
        Some(Named::Child(child)) => {
            Held::Child(Some(keys(deps, caller.partnership).await?.child_key(&child)))
        }
    };
    let hold = LegalHold {
        id: LegalHoldId(deps.ids.new_id(now)),
        held,
        reason: new.reason,
        authority: new.authority,
        from,
        until: new.until,
        placed: Recorded::by(caller, now),
        lifted: None,
    };
    write(deps, caller, reach, Writing::Kept, async |conn| {
        legal_holds::exclusively(conn, caller.partnership).await?;
        if let Held::Escalation(id) = hold.held {
            let found = escalations::find(conn, caller.partnership, id).await?;
            found.ok_or_else(|| Failure::field("escalation_id", FieldRule::UnknownReference))?;
        }
        legal_holds::insert(conn, caller.partnership, &hold).await?;
        Ok(shown(hold.clone()))
    })
    .await
}

/// Lifts a hold. It stays on record.
///
/// # Errors
/// The caller may not, there is no such hold, or it was lifted before.
pub async fn lift(
    deps: &Deps,
    caller: &Caller,
    id: LegalHoldId,
    reason: LiftReason,
) -> Result<LegalHold, Failure> {
    let reach = caller.may(Action::ManageLegalHolds).ok_or(Failure::Forbidden)?;
    let by = Recorded::by(caller, deps.clock.now());
    write(deps, caller, reach, Writing::Kept, async |conn| {
        let found = legal_holds::find(conn, caller.partnership, id).await?;
        let hold = found.ok_or(Failure::NotFound)?;
        match legal_holds::lift(conn, caller.partnership, id, (&reason, &by)).await {
            Err(StoreFailure::Constraint(name)) if name == "legal_hold_lift_pkey" => {
                return Err(Failure::NotNow("The hold was lifted before."));
            }
            done => done?,
        }
        Ok(shown(LegalHold { lifted: Some((reason.clone(), by.clone())), ..hold }))
    })
    .await
}

/// A page of holds, also of those that were lifted or whose time is over.
///
/// # Errors
/// The caller may not, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    page: PageRequest,
) -> Result<Page<LegalHold>, Failure> {
    let reach = caller.may(Action::ReadErasures).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let page = legal_holds::list(conn, caller.partnership, page).await?;
        let ids: Vec<EscalationId> = page.items.iter().filter_map(escalation).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}

fn shown(hold: LegalHold) -> Shown<LegalHold> {
    let id = escalation(&hold);
    Shown::of(hold, id, FieldsShown::Lines)
}

const fn escalation(hold: &LegalHold) -> Option<EscalationId> {
    match hold.held {
        Held::Escalation(id) => Some(id),
        Held::Child(_) | Held::Partnership => None,
    }
}
