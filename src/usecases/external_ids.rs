//! What agencies' own systems call the cases of escalations: given, taken back, and searched for.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read, write};
use super::reference::partnership;
use std::sync::Arc;

use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{FieldsShown, Seen};
use crate::domain::external_id::{ExternalId, ExternalName};
use crate::domain::ids::{AgencyId, EscalationId, ExternalIdId};
use crate::domain::partnership::Partnership;
use crate::domain::recorded::Recorded;
use crate::store::session::Writing;
use crate::store::{StoreFailure, escalations, external_ids};

/// Names with what is needed to show them.
#[derive(Debug, Clone)]
pub struct Named {
    /// The names.
    pub names: Vec<ExternalId>,
    /// For the codes of agencies.
    pub partnership: Arc<Partnership>,
}

/// Gives an escalation, in the expected version if there is one, a name of the caller's agency.
///
/// # Errors
/// The agency uses it already, it is a child's number, there is no such escalation, or it has changed since it was read.
pub async fn add(
    deps: &Deps,
    caller: &Caller,
    (escalation, expected_version): (EscalationId, Option<i32>),
    name: ExternalName,
) -> Result<Named, Failure> {
    let reach = caller.may(Action::KeepExternalIds).ok_or(Failure::Forbidden)?;
    let agency = caller.agency.ok_or(Failure::Forbidden)?;
    name.check()?;
    let partnership = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let id = ExternalIdId(deps.ids.new_id(now));
    let recorded = Recorded::by(caller, now);
    let new = ExternalId { id, escalation, agency, name, recorded, removed_at: None };
    let stored = write(deps, caller, reach, Writing::Kept, async |conn| {
        let found = escalations::find(conn, caller.partnership, escalation).await?;
        let it = found.ok_or(Failure::NotFound)?;
        if expected_version.is_some_and(|version| version != it.version) {
            return Err(Failure::Stale);
        }
        external_ids::insert(conn, caller.partnership, &new).await?;
        Ok(Shown::of((), [escalation], FieldsShown::Lines))
    });
    match stored.await {
        Err(Failure::Store(StoreFailure::Constraint(name))) if name == external_ids::TAKEN => {
            let known = find(deps, caller, &new.name).await?;
            let own = known.names.into_iter().find(|it| it.agency == agency);
            Err(own
                .map_or(Failure::NotFound, |it| Failure::DuplicateExternalReference(it.escalation)))
        }
        done => done.map(|()| Named { names: vec![new], partnership }),
    }
}

/// Takes a name of the caller's agency back, in the expected version of the escalation if there is one. It stays in the
/// history.
///
/// # Errors
/// There is none of the agency's, it was taken back before, or the escalation has changed since it was read.
pub async fn remove(
    deps: &Deps,
    caller: &Caller,
    (escalation, expected_version): (EscalationId, Option<i32>),
    id: ExternalIdId,
) -> Result<Named, Failure> {
    let reach = caller.may(Action::KeepExternalIds).ok_or(Failure::Forbidden)?;
    let partnership = partnership(deps, caller.partnership).await?;
    let own: Vec<AgencyId> = caller.agency.iter().chain(&caller.predecessors).copied().collect();
    let by = Recorded::by(caller, deps.clock.now());
    let names = write(deps, caller, reach, Writing::Kept, async |conn| {
        let found = escalations::find(conn, caller.partnership, escalation).await?;
        let it = found.ok_or(Failure::NotFound)?;
        if expected_version.is_some_and(|version| version != it.version) {
            return Err(Failure::Stale);
        }
        let place = (escalation, id);
        if !external_ids::remove(conn, caller.partnership, place, &own, &by).await? {
            return Err(Failure::NotFound);
        }
        let all = external_ids::of_escalation(conn, caller.partnership, escalation).await?;
        let removed = all.into_iter().filter(|it| it.id == id).collect();
        Ok(Shown::of(removed, [escalation], FieldsShown::Lines))
    });
    Ok(Named { names: names.await?, partnership })
}

/// The names of an escalation, also those that were taken back: the caller's own agency's, or all for those who review.
///
/// # Errors
/// There is no such escalation for this caller.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    escalation: EscalationId,
) -> Result<Named, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let partnership = partnership(deps, caller.partnership).await?;
    let names = read(deps, caller, reach, async |conn| {
        let found = escalations::find(conn, caller.partnership, escalation).await?;
        found.ok_or(Failure::NotFound)?;
        let names = external_ids::of_escalation(conn, caller.partnership, escalation).await?;
        Ok(Shown::of(names, [escalation], FieldsShown::Lines))
    });
    Ok(Named { names: names.await?, partnership })
}

/// Where a name is used now.
///
/// # Errors
/// The database fails.
pub async fn find(deps: &Deps, caller: &Caller, name: &ExternalName) -> Result<Named, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let partnership = partnership(deps, caller.partnership).await?;
    let names = read(deps, caller, reach, async |conn| {
        let names = external_ids::of_name(conn, caller.partnership, name).await?;
        let ids = names.iter().map(|it| it.escalation).collect();
        Ok(Shown::so(names, Seen::of(ids, FieldsShown::Lines).searched()))
    });
    Ok(Named { names: names.await?, partnership })
}
