//! Acting on an escalation: load, decide, save, append; or nothing of it.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::raise::{DelayRequest, measured};
use super::read::{Detail, detail};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::act::{Act, RightValues};
use crate::domain::broken_rule::FieldRule;
use crate::domain::decide::Scene;
use crate::domain::event::Narrative;
use crate::domain::ids::EscalationId;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;
use crate::store::session::{Stated, transaction};
use crate::store::{escalations, events};

/// On what, and how, an act is done.
#[derive(Debug, Clone, Copy)]
pub struct On {
    /// The escalation.
    pub id: EscalationId,
    /// The version that the caller has read; none when it does not matter.
    pub expected_version: Option<i32>,
    /// When it happened, if not now.
    pub occurred_at: Option<Timestamp>,
}

/// The right values of a correction, with codes not yet looked up.
#[derive(Debug, Clone, Default)]
pub struct CorrectionRequest {
    /// The right theme.
    pub theme: Option<String>,
    /// The right urgency.
    pub urgency: Option<Urgency>,
    /// The right delay.
    pub delay: Option<DelayRequest>,
}

/// Does one act.
///
/// # Errors
/// The escalation is not the caller's to know of, has changed since it was read, or does not permit the act now.
pub async fn act(
    deps: &Deps,
    caller: &Caller,
    action: Action,
    on: On,
    act: Act,
) -> Result<Detail, Failure> {
    let reach = caller.may(action).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let found = escalations::lock(conn, caller.partnership, on.id).await?;
        let before = found.ok_or(Failure::NotFound)?;
        if on.expected_version.is_some_and(|version| version != before.version) {
            return Err(Failure::Stale);
        }
        let now = deps.clock.now();
        let scene = Scene {
            caller,
            occurred_at: on.occurred_at,
            now,
            policy: agreed
                .policy(&before.facts.policy_version)
                .ok_or(Failure::NotSetUp("stage policy"))?,
            calendar: agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?,
            new_id: &|| deps.ids.new_id(now),
        };
        let (after, new) = before.act(act, &scene)?;
        escalations::save(conn, &before, &after).await?;
        events::append(conn, after.partnership, &new).await?;
        detail(deps, conn, caller, &agreed, after).await
    })
    .await
}

/// Corrects what was recorded; the history keeps what it was.
///
/// # Errors
/// As [`act`], and codes that are unknown.
pub async fn correct(
    deps: &Deps,
    caller: &Caller,
    on: On,
    request: CorrectionRequest,
    reason: Narrative,
) -> Result<Detail, Failure> {
    let agreed = partnership(deps, caller.partnership).await?;
    if request.theme.as_deref().is_some_and(|code| agreed.theme(code).is_none()) {
        return Err(Failure::field("theme", FieldRule::UnknownReference));
    }
    let now = deps.clock.now();
    let delay = request.delay.map(|wanted| measured(&agreed, &wanted, now)).transpose()?;
    let right =
        RightValues { theme: request.theme.map(ThemeCode), urgency: request.urgency, delay };
    act(deps, caller, Action::Correct, on, Act::Correct { right: Box::new(right), reason }).await
}
