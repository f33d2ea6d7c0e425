//! Explaining a due instant: which rule, which days, and what changed it since.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::escalation::Escalation;
use crate::domain::explanation::Explanation;
use crate::domain::ids::{ClockId, EscalationId};
use crate::domain::partnership::Partnership;
use crate::store::escalations;

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// One clock of a stage.
    Clock(ClockId),
    /// The step of the child's process that is delayed.
    ChildProcess,
}

/// Why something of an escalation is due when it is due.
///
/// # Errors
/// The escalation is not for this caller to know of, or has no such clock, or no limit applies to
/// its delay.
pub async fn explain(
    deps: &Deps,
    caller: &Caller,
    id: EscalationId,
    of: Of,
) -> Result<Explanation, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let escalation = read(deps, caller, reach, async |conn| {
        let found = escalations::find(conn, caller.partnership, id).await?;
        Ok(Shown::of(found.ok_or(Failure::NotFound)?, [id], FieldsShown::Lines))
    })
    .await?;
    match of {
        Of::Clock(clock) => of_clock(&escalation, clock, &agreed),
        Of::ChildProcess => of_delay(&escalation, &agreed),
    }
}

/// What a clock names is there: versions are only ever added.
fn of_clock(
    escalation: &Escalation,
    id: ClockId,
    agreed: &Partnership,
) -> Result<Explanation, Failure> {
    let clocks = &escalation.clocks;
    let clock = clocks.iter().find(|clock| clock.id == id).ok_or(Failure::NotFound)?;
    let policy = agreed.policy(&clock.policy_version).ok_or(Failure::NotSetUp("stage policy"))?;
    let calendar = agreed.calendar(&clock.calendar_version).ok_or(Failure::NotSetUp("calendar"))?;
    Explanation::of_clock(clock, clocks, policy, calendar)
        .map_err(|_| Failure::NotSetUp("calendar that counted this clock"))
}

fn of_delay(escalation: &Escalation, agreed: &Partnership) -> Result<Explanation, Failure> {
    let delay = escalation.facts.delay.as_ref().ok_or(Failure::NotFound)?;
    let timescale = agreed
        .timescale_version(&delay.timescale, &delay.timescale_version)
        .ok_or(Failure::NotSetUp("timescale"))?;
    let calendar = agreed.calendar(&delay.calendar_version).ok_or(Failure::NotSetUp("calendar"))?;
    Explanation::of_delay(delay, timescale, calendar)
        .map_err(|_| Failure::NotSetUp("calendar that counted this delay"))?
        .ok_or(Failure::NotFound)
}
