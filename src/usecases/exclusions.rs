//! Leaving an escalation out of the figures, and letting it count again.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read, write};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::exclusion::{Exclusion, ExclusionAct, decide, is_left_out};
use crate::domain::ids::EscalationId;
use crate::domain::proposal::Person;
use crate::store::session::Writing;
use crate::store::{StoreFailure, escalations, exclusions};

/// What was decided about an escalation.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Whether it is left out now.
    pub left_out: bool,
    /// Every step, the first first.
    pub steps: Vec<Exclusion>,
}

/// Takes the next step of the decision about the escalation in the expected version, and gives all of them.
///
/// # Errors
/// The step does not follow on those before it, the caller may not take it, or there is no such escalation.
pub async fn act(
    deps: &Deps,
    caller: &Caller,
    (id, expected_version): (EscalationId, Option<i32>),
    act: ExclusionAct,
) -> Result<Decided, Failure> {
    let action = match act {
        ExclusionAct::Propose(_) => Action::ProposeExclusion,
        ExclusionAct::Approve | ExclusionAct::End => Action::DecideExclusion,
    };
    let reach = caller.may(action).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    write(deps, caller, reach, Writing::Kept, async |conn| {
        // Locked, so that it is not opened again between the look at it and the step.
        let found = escalations::lock(conn, caller.partnership, id).await?;
        let escalation = found.ok_or(Failure::NotFound)?;
        if expected_version.is_some_and(|version| version != escalation.version) {
            return Err(Failure::Stale);
        }
        let mut steps = exclusions::of_escalation(conn, caller.partnership, id).await?;
        let by = (Person::of(caller), caller.role);
        let step = decide(&steps, act, &escalation, by, now)?;
        match exclusions::insert(conn, caller.partnership, &step).await {
            Err(StoreFailure::Constraint(name)) if name == "figure_exclusion_pkey" => {
                return Err(StoreFailure::Contention.into());
            }
            stored => stored?,
        }
        steps.push(step);
        let decided = Decided { left_out: is_left_out(&steps, &escalation), steps };
        Ok(Shown::of(decided, [id], FieldsShown::Lines))
    })
    .await
}

/// Every step that was taken about an escalation, the first first.
///
/// # Errors
/// There is no such escalation for this caller.
pub async fn steps(deps: &Deps, caller: &Caller, id: EscalationId) -> Result<Decided, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let found = escalations::find(conn, caller.partnership, id).await?;
        let it = found.ok_or(Failure::NotFound)?;
        let steps = exclusions::of_escalation(conn, caller.partnership, id).await?;
        let left_out = is_left_out(&steps, &it);
        Ok(Shown::of(Decided { left_out, steps }, [id], FieldsShown::Lines))
    })
    .await
}
