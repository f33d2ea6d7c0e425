//! Timers of new clocks: stored with them, so that no clock can come due unseen.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::escalation::Escalation;
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::StageClock;
use crate::domain::timer::timers;
use crate::store::session::Connection;
use crate::store::timers as stored;

/// Stores what will come due for `new_clocks` of `escalation`, in the transaction that stores the clocks.
///
/// A calendar that ends too early is no reason to refuse an escalation: its timers are left to the sweeper, which
/// tries again each time, and readiness warns of the calendar.
///
/// # Errors
/// The clocks' policy or any calendar is missing, or the database fails.
pub async fn start(
    deps: &Deps,
    conn: &mut Connection,
    agreed: &Partnership,
    escalation: &Escalation,
    new_clocks: &[StageClock],
) -> Result<(), Failure> {
    let now = deps.clock.now();
    let calendar = agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?;
    let mut all = Vec::new();
    for clock in new_clocks.iter().filter(|clock| clock.is_running()) {
        let policy =
            agreed.policy(&clock.policy_version).ok_or(Failure::NotSetUp("stage policy"))?;
        match timers(clock, now, policy, calendar) {
            Ok(timers) => {
                all.extend(timers.into_iter().map(|it| (deps.ids.new_id(now), clock.id, it)));
            }
            Err(missing) => {
                tracing::warn!(clock = %clock.id, year = missing.year, "no timers without a calendar");
            }
        }
    }
    Ok(stored::insert(conn, escalation.partnership, escalation.id, all).await?)
}
