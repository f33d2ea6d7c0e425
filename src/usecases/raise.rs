//! Raising an escalation.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::{FoundChild, keys, seal_children};
use super::once::since;
use super::read::{Detail, detail};
use super::reading::{Shown, write};
use super::reference::partnership;
use super::timers;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::broken_rule::{Faults, FieldRule};
use crate::domain::child_reference::ChildReference;
use crate::domain::decide::Scene;
use crate::domain::delay::{ChildImpact, DelayCause, InterimSafety};
use crate::domain::escalation::{Delay, Escalation, RaiserVisibility};
use crate::domain::event::{Event, Narrative};
use crate::domain::free_text_policy::TextWarning;
use crate::domain::ids::EscalationId;
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::raise::Raise;
use crate::domain::recorded::Recorded;
use crate::domain::sent::{Said, SourceRecord};
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;
use crate::store::idempotency::Hashes;
use crate::store::session::{Connection, Stated, Writing, transaction};
use crate::store::{StoreFailure, escalations, events, finding, idempotency, source_records};
use crate::vault::PartnershipKeys;

/// The unique index that a second use of a sender's reference breaks.
pub(super) const EXTERNAL_REFERENCE: &str = "escalation_external_reference";

/// What a raiser sends, with codes not yet looked up.
#[derive(Debug, Clone)]
pub struct RaiseRequest {
    /// The code or alias of the agency that must answer.
    pub raised_with_agency: String,
    /// A pattern rather than a child.
    pub thematic: bool,
    /// The children.
    pub children: Vec<ChildReference>,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The code of the primary theme.
    pub theme: String,
    /// The codes of further themes.
    pub secondary_themes: Vec<String>,
    /// The sending system.
    pub source: Option<String>,
    /// That system's reference.
    pub external_reference: Option<String>,
    /// When the concern arose.
    pub concern_arose_at: Option<Timestamp>,
    /// When it was raised; now when not said.
    pub raised_at: Option<Timestamp>,
    /// What it means for the child.
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used.
    pub emergency_action_taken_at: Option<Timestamp>,
    /// The raiser's role.
    pub raised_by_role: Option<String>,
    /// How much of the raiser the responding agency may see.
    pub raiser_visibility: RaiserVisibility,
    /// The delayed process.
    pub delay: Option<DelayRequest>,
    /// The stage to start at.
    pub stage: Option<u8>,
    /// Why lower stages were skipped.
    pub skip_reason: Option<Narrative>,
    /// What should happen.
    pub desired_outcome: Narrative,
    /// What the worry is.
    pub concern: Option<Narrative>,
}

impl RaiseRequest {
    /// What its texts appear to hold.
    #[must_use]
    pub fn warnings(&self) -> Vec<TextWarning> {
        let texts = [
            ("desired_outcome", Some(&self.desired_outcome)),
            ("concern", self.concern.as_ref()),
            ("skip_reason", self.skip_reason.as_ref()),
        ];
        TextWarning::about(texts.into_iter().filter_map(|(field, text)| Some((field, text?))))
    }
}

/// A delayed process, with its timescale not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayRequest {
    /// The code of the timescale.
    pub timescale: String,
    /// When its time began to run.
    pub started_at: Timestamp,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// Why it was late.
    pub cause: Option<DelayCause>,
}

/// How a raising is done.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Whether it is done, or only tried.
    pub writing: Writing,
    /// The sending system's own number of what it says.
    pub source_version: Option<i64>,
    /// The caller's key for it, by its hashes.
    pub once: Option<Hashes>,
}

/// Raises an escalation for the caller's agency.
///
/// # Errors
/// Codes that are unknown, rules that are broken, or a sender's reference that is taken.
pub async fn raise(deps: &Deps, caller: &Caller, request: RaiseRequest) -> Result<Detail, Failure> {
    raise_so(deps, caller, request, How::default()).await
}

/// Raises an escalation for the caller's agency, so.
///
/// # Errors
/// As [`raise`].
pub async fn raise_so(
    deps: &Deps,
    caller: &Caller,
    request: RaiseRequest,
    how: How,
) -> Result<Detail, Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let external = request.source.clone().zip(request.external_reference.clone());
    let own = keys(deps, caller.partnership).await?;
    let warnings = request.warnings();
    let prepared = prepare(deps, caller, &agreed, &own, request)?;
    let done = write(deps, caller, reach, how.writing, async |conn| {
        let children = prepared.children.clone();
        let (raised, duplicate_days) = store(deps, conn, caller, &agreed, prepared, &how).await?;
        let keys: Vec<&[u8]> = children.iter().map(|child| child.key.as_slice()).collect();
        let possible_duplicates = finding::alike(conn, &raised, &keys, duplicate_days).await?;
        let shown = detail(deps, conn, caller, &agreed, raised).await?;
        let detail = Detail { possible_duplicates, warnings, ..shown };
        Ok(match how.writing {
            Writing::Kept => detail.shown(),
            // There is no such escalation.
            Writing::Tried => {
                let alike: Vec<EscalationId> =
                    detail.possible_duplicates.iter().map(|(id, _)| *id).collect();
                Shown::of(detail, alike, FieldsShown::Lines)
            }
        })
    })
    .await;
    deps.signals.wrote();
    match (done, external) {
        (Err(Failure::Store(StoreFailure::Constraint(name))), Some(external))
            if name == EXTERNAL_REFERENCE =>
        {
            Err(already_sent(deps, caller, &external.0, &external.1).await?)
        }
        (done, _) => done,
    }
}

/// What is to be raised, with its codes looked up and its children found.
pub(super) struct Prepared {
    id: EscalationId,
    raise: Raise,
    children: Vec<FoundChild>,
    now: Timestamp,
}

/// Looks everything up and tries every rule that needs no transaction.
///
/// # Errors
/// Codes that are unknown, rules that are broken.
pub(super) fn prepare(
    deps: &Deps,
    caller: &Caller,
    agreed: &Partnership,
    keys: &PartnershipKeys,
    request: RaiseRequest,
) -> Result<Prepared, Failure> {
    let now = deps.clock.now();
    let id = EscalationId(deps.ids.new_id(now));
    let found =
        |child: &ChildReference| FoundChild { key: keys.child_key(child), child: child.clone() };
    let children = request.children.iter().map(found).collect();
    let raise = look_up(agreed, caller, request, now)?;
    // All rules are tried before a number is taken, so that refused requests leave no gaps.
    raised(deps, caller, agreed, (raise.clone(), id, String::new()), now)?;
    Ok(Prepared { id, raise, children, now })
}

/// The escalation and its first event, by the rules alone; and within how many days another one like it may be the same.
fn raised(
    deps: &Deps,
    caller: &Caller,
    agreed: &Partnership,
    (raise, id, reference): (Raise, EscalationId, String),
    now: Timestamp,
) -> Result<((Escalation, Vec<Event>), u32), Failure> {
    let raised_at = raise.raised_at.unwrap_or(now);
    let policy = agreed.policy_at(raised_at).ok_or(Failure::NotSetUp("stage policy"))?;
    let calendar = agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?;
    let scene = Scene {
        caller: Some(caller),
        occurred_at: None,
        now,
        policy,
        calendar,
        pair_repeats: 0,
        free_text: agreed.free_text_of(caller.agency),
        new_id: &|| deps.ids.new_id(now),
    };
    Ok((Escalation::raise(raise, id, reference, &scene)?, policy.duplicate_days))
}

/// Stores what was prepared, in the caller's transaction; with it, within how many days another one like it may be the same.
///
/// # Errors
/// Rules that are broken; the constraint [`EXTERNAL_REFERENCE`] when the sender's reference is taken.
pub(super) async fn store(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Partnership,
    Prepared { id, raise, children, now }: Prepared,
    how: &How,
) -> Result<(Escalation, u32), Failure> {
    if let Some(hashes) = &how.once
        && !idempotency::try_lock(conn, hashes).await?
    {
        return Err(Failure::KeyInProgress);
    }
    let children = seal_children(deps, conn, (caller.partnership, id), &children).await?;
    let number = escalations::next_number(conn).await?;
    let reference = format!("ESC-{}-{}-{number:05}", agreed.code, local_date(now).year());
    let ((raised, new), duplicate_days) =
        raised(deps, caller, agreed, (raise, id, reference), now)?;
    escalations::insert(conn, &raised, &children).await?;
    timers::start(deps, conn, agreed, &raised, &raised.clocks).await?;
    events::append(conn, raised.partnership, &new, &*deps.ids).await?;
    if how.source_version.is_some() {
        let version = how.source_version;
        let record = SourceRecord { number: 1, version, said: Said::from(&raised.facts) };
        let by = Recorded::by(caller, now);
        source_records::append(conn, raised.partnership, raised.id, &record, &by).await?;
    }
    if let Some(hashes) = &how.once {
        let whose = (caller.partnership, caller.client);
        idempotency::keep(conn, whose, hashes, raised.id, (now, since(now))).await?;
    }
    Ok((raised, duplicate_days))
}

async fn already_sent(
    deps: &Deps,
    caller: &Caller,
    source: &str,
    external_reference: &str,
) -> Result<Failure, Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let agency = caller.agency.ok_or(Failure::Forbidden)?;
    let found = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let found = finding::by_external_reference(
            conn,
            caller.partnership,
            agency,
            source,
            external_reference,
        );
        Ok::<_, Failure>(found.await?)
    })
    .await?;
    Ok(found.map_or(Failure::NotFound, Failure::DuplicateExternalReference))
}

/// Turns codes into what the partnership has agreed on; every code that it does not know is told at once.
pub(super) fn look_up(
    agreed: &Partnership,
    caller: &Caller,
    request: RaiseRequest,
    now: Timestamp,
) -> Result<Raise, Failure> {
    let mut faults = Faults::default();
    let day = local_date(request.raised_at.unwrap_or(now));
    let raised_with = agreed.agency(&request.raised_with_agency).cloned();
    faults.add_if(raised_with.is_none(), "raised_with_agency", FieldRule::UnknownReference);
    let themes = std::iter::once(("theme", &request.theme))
        .chain(request.secondary_themes.iter().map(|code| ("secondary_themes", code)));
    for (field, code) in themes {
        match agreed.theme(code) {
            None => faults.add(field, FieldRule::UnknownReference),
            Some(theme) => {
                let retired = theme.valid_to.is_some_and(|last| day > last);
                faults.add_if(retired, field, FieldRule::RetiredCode);
            }
        }
    }
    let delay = match &request.delay {
        None => None,
        Some(wanted) => match measured(agreed, wanted, now) {
            Ok(delay) => Some(delay),
            Err(Failure::Broken(rule)) => {
                if matches!(rule, crate::domain::broken_rule::BrokenRule::NoCalendar(_)) {
                    return Err(rule.into());
                }
                faults.add("delay/timescale", FieldRule::UnknownReference);
                None
            }
            Err(other) => return Err(other),
        },
    };
    let raised_by = caller.agency.and_then(|id| agreed.agency_by_id(id)).cloned();
    faults.none()?;
    let (Some(raised_by), Some(raised_with)) = (raised_by, raised_with) else {
        return Err(Failure::Forbidden);
    };
    Ok(Raise {
        raised_by,
        raised_with,
        thematic: request.thematic,
        urgency: request.urgency,
        theme: ThemeCode(request.theme),
        secondary_themes: request.secondary_themes.into_iter().map(ThemeCode).collect(),
        source: request.source,
        external_reference: request.external_reference,
        child_count: u16::try_from(request.children.len()).unwrap_or(u16::MAX),
        concern_arose_at: request.concern_arose_at,
        raised_at: request.raised_at,
        child_impact: request.child_impact,
        interim_safety: request.interim_safety,
        emergency_action_taken_at: request.emergency_action_taken_at,
        raised_by_role: request.raised_by_role,
        raiser_visibility: request.raiser_visibility,
        delay,
        stage: request.stage,
        skip_reason: request.skip_reason,
        desired_outcome: request.desired_outcome,
        concern: request.concern,
    })
}

/// A delay with its timescale looked up and its due instant counted.
///
/// # Errors
/// The timescale is unknown, or no calendar covers its due date.
pub(super) fn measured(
    agreed: &Partnership,
    wanted: &DelayRequest,
    now: Timestamp,
) -> Result<Delay, Failure> {
    let unknown = || Failure::field("delay/timescale", FieldRule::UnknownReference);
    let timescale = agreed.timescale(&wanted.timescale, wanted.started_at).ok_or_else(unknown)?;
    let calendar = agreed.calendar_at(now).ok_or(Failure::NotSetUp("calendar"))?;
    Ok(Delay::measured(timescale, wanted.started_at, wanted.occurred_at, wanted.cause, calendar)?)
}
