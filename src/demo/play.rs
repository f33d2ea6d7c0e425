//! The player: hands the script to the use cases, with a clock that shows the time of the script.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use super::chance::Chance;
use super::children::ChildText;
use super::course::By;
use super::frame::Frame;
use super::partnership::plan;
use super::reviews;
use super::script::{Deed, Refusal, Step, write};
use super::{DemoError, DemoOptions, DemoReport};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::act::ActKind;
use crate::domain::broken_rule::{BrokenRule, FieldRule};
use crate::domain::child_reference::{ChildReference, ChildReferenceError};
use crate::domain::ids::{ActionId, EscalationId, IdSource, PartnershipId, uuid_v7};
use crate::domain::listing::{EscalationFilter, PageRequest};
use crate::usecases::acts::{ActRequest, On};
use crate::usecases::deps::Clock;
use crate::usecases::raise::RaiseRequest;
use crate::usecases::setup::{self, SetupPlan};
use crate::usecases::{
    Deps, Failure, Writing, acts, hearing, practice, raise, read, registry, review_rules,
};

/// Keeps the stream of identifiers apart from the stream of the script.
const IDS: u64 = 0x1d5;
/// The same for the records of good practice, so that what is made without them stays as it is.
const PRACTICE_IDS: u64 = 0x1d6;
/// The same for what meetings learn and agree on.
const REVIEW_IDS: u64 = 0x1d7;

/// The same for what texts are hashed with.
const SALTS: u64 = 0x5a17;

/// A clock that shows what it was set to.
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Identifiers that are the same for the same seed.
struct SeededIds {
    ids: Mutex<Chance>,
    /// A stream of their own, so that identifiers are what they are without them.
    salts: Mutex<Chance>,
}

impl SeededIds {
    fn new(seed: u64) -> Self {
        let salts = Mutex::new(Chance::new(seed ^ SALTS));
        Self { ids: Mutex::new(Chance::new(seed)), salts }
    }
}

impl IdSource for SeededIds {
    fn new_id(&self, now: Timestamp) -> Uuid {
        let mut chance = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        uuid_v7(now, &chance.bytes())
    }

    fn salt(&self) -> [u8; 16] {
        self.salts.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }
}

pub(super) async fn load(
    deps: &Deps,
    options: &DemoOptions,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<DemoReport, DemoError> {
    let frame = Frame::of(options)?;
    let clock = Arc::new(SetClock(Mutex::new(frame.starts_at)));
    let ids = Arc::new(SeededIds::new(options.seed ^ IDS));
    let practice_ids = Arc::new(SeededIds::new(options.seed ^ PRACTICE_IDS));
    let practice_deps = deps.clone().with(clock.clone(), practice_ids);
    let review_ids = Arc::new(SeededIds::new(options.seed ^ REVIEW_IDS));
    let review_deps = deps.clone().with(clock.clone(), review_ids);
    let deps = deps.clone().with(clock.clone(), ids);
    let plan = plan(options, &frame)?;
    // Only the callers at first: agencies of another start have another day on which one took over from the other.
    let id = setup::apply(&deps, &only_partnership(&plan)).await?;
    let mut player = Player {
        deps,
        practice_deps,
        review_deps,
        actions: HashMap::new(),
        clock,
        partnership: id,
        issuer: options.issuer.clone(),
        callers: HashMap::new(),
        cases: HashMap::new(),
        report: DemoReport::default(),
    };
    if player.has_escalations().await? {
        let callers = SetupPlan { clients: plan.clients.clone(), ..only_partnership(&plan) };
        setup::apply(&player.deps, &callers).await?;
        return Ok(DemoReport { already_there: true, ..DemoReport::default() });
    }
    setup::apply(&player.deps, &plan).await?;
    let steps = write(options.seed, &frame)?;
    let total = u64::try_from(steps.len()).unwrap_or(u64::MAX);
    for (step, done) in steps.into_iter().zip(1..) {
        player.play(step).await?;
        progress(done, total);
    }
    player.deps.forget();
    Ok(player.report)
}

fn only_partnership(plan: &SetupPlan) -> SetupPlan {
    SetupPlan {
        // A demonstration of an earlier version has no agreements, and its agencies go on.
        agreements: None,
        agencies: vec![],
        clients: plan.clients.iter().filter(|it| it.role == Role::Director).cloned().collect(),
        themes: vec![],
        timescales: vec![],
        policies: vec![],
        ..plan.clone()
    }
}

struct Player {
    deps: Deps,
    practice_deps: Deps,
    review_deps: Deps,
    /// What meetings agreed on, by the numbers of the script.
    actions: HashMap<u8, ActionId>,
    clock: Arc<SetClock>,
    partnership: PartnershipId,
    issuer: String,
    callers: HashMap<String, Caller>,
    cases: HashMap<u32, EscalationId>,
    report: DemoReport,
}

impl Player {
    async fn has_escalations(&mut self) -> Result<bool, DemoError> {
        let director = self.caller(By::Director).await?;
        let one = PageRequest { limit: 1, after: None, oldest_first: false, by_next_due: false };
        let found =
            read::escalations(&self.deps, &director, &EscalationFilter::default(), one).await?;
        Ok(!found.items.is_empty())
    }

    /// Whoever does this for an agency or the partnership. Inside one agency two people speak for the two sides.
    async fn person(&mut self, by: By, action: Action) -> Result<Caller, DemoError> {
        let caller = self.caller(by).await?;
        let answers = matches!(
            action,
            Action::Acknowledge | Action::Answer | Action::Resolve | Action::GiveFeedback
        );
        let subject = if answers { format!("{}-manager", caller.subject) } else { caller.subject };
        Ok(Caller { subject, ..caller })
    }

    async fn caller(&mut self, by: By) -> Result<Caller, DemoError> {
        let client_id = match by {
            By::Agency(code) => format!("demo-{code}"),
            By::Director => "demo-director".to_owned(),
            By::ServiceLead => "demo-service-lead".to_owned(),
        };
        if let Some(known) = self.callers.get(&client_id) {
            return Ok(known.clone());
        }
        let found = registry::find(&self.deps, &self.issuer, &client_id).await?;
        let found = found.ok_or_else(|| DemoError::NotRegistered(client_id.clone()))?;
        let caller = registry::caller(&self.deps, &found, client_id.clone()).await?;
        self.callers.insert(client_id, caller.clone());
        Ok(caller)
    }

    async fn play(&mut self, step: Step) -> Result<(), DemoError> {
        self.clock.set(step.at);
        let at = step.at;
        match step.deed {
            Deed::Raise { case, by, request, children, refused } => {
                let caller = self.caller(By::Agency(by)).await?;
                let taken = self.raise(&caller, *request, &children).await;
                match (taken, refused) {
                    (Ok(id), None) => {
                        self.cases.insert(case, id);
                        self.report.raised += 1;
                    }
                    (Err(refusal), Some(expected)) if refusal.kind() == Some(expected) => {
                        *self.report.refused.entry(expected).or_default() += 1;
                    }
                    (Err(Refused::Otherwise(failure)), None) => {
                        return Err(DemoError::Step { at, case, failure });
                    }
                    _ => return Err(DemoError::NotAsWritten { at, case }),
                }
            }
            Deed::Act { case, by, action, act, occurred_at } => {
                let kind = act.kind();
                // More time is proposed by those who need it.
                let answering = kind == ActKind::ProposeExtension;
                let side = if answering { Action::Answer } else { action };
                let caller = self.person(by, side).await?;
                let on = self.on(at, case, occurred_at)?;
                let done = acts::act(&self.deps, &caller, action, on, act).await;
                done.map_err(|failure| DemoError::Step { at, case, failure: Box::new(failure) })?;
                *self.report.acts.entry(kind).or_default() += 1;
            }
            Deed::Duplicate { case, of, by, occurred_at } => {
                let caller = self.caller(by).await?;
                let of = self.on(at, of, None)?.id;
                let on = self.on(at, case, occurred_at)?;
                let request = ActRequest::MarkDuplicate { of, reason: None };
                let done = acts::act(&self.deps, &caller, Action::Link, on, request).await;
                done.map_err(|failure| DemoError::Step { at, case, failure: Box::new(failure) })?;
                *self.report.acts.entry(ActKind::MarkDuplicate).or_default() += 1;
            }
            Deed::Correct { case, by, request, reason, occurred_at } => {
                let caller = self.caller(by).await?;
                let on = self.on(at, case, occurred_at)?;
                let request = ActRequest::Correct { right: request, reason };
                let done = acts::act(&self.deps, &caller, Action::Correct, on, request).await;
                done.map_err(|failure| DemoError::Step { at, case, failure: Box::new(failure) })?;
                let kind = ActKind::Correct;
                *self.report.acts.entry(kind).or_default() += 1;
            }
            Deed::Record { by, said } => {
                let kind = said.kind;
                let caller = self.caller(By::Agency(by)).await?;
                let done = practice::record(&self.practice_deps, &caller, *said).await;
                done.map_err(|failure| DemoError::Practice { at, failure: Box::new(failure) })?;
                *self.report.practice.entry(kind).or_default() += 1;
            }
            Deed::AgreeFeed { agency, said } => {
                let caller = self.caller(By::ServiceLead).await?;
                hearing::state_feed(&self.practice_deps, &caller, agency, said).await?;
            }
            Deed::Heartbeat { by } => {
                let caller = self.caller(By::Agency(by)).await?;
                hearing::heartbeat(&self.practice_deps, &caller).await?;
                self.report.heartbeats += 1;
            }
            Deed::NilReturn { by, week, signed_as } => {
                let caller = self.caller(By::Agency(by)).await?;
                hearing::give_nil_return(&self.practice_deps, &caller, by, week, signed_as).await?;
                self.report.nil_returns += 1;
            }
            Deed::Declare(said) => {
                let caller = self.caller(By::Director).await?;
                review_rules::declare(&self.practice_deps, &caller, said).await?;
            }
            Deed::Meet(deed) => {
                let caller = self.caller(By::Director).await?;
                let known = &mut self.actions;
                let done = reviews::play(&self.review_deps, &caller, deed, known).await;
                done.map_err(|why| DemoError::Meeting { at, why: Box::new(why) })?;
            }
            Deed::AddCalendar(calendar) => {
                let source = "Made up: the shipped list, with the day that was missing";
                setup::add_calendar(&self.deps, self.partnership, &calendar, source).await?;
            }
            Deed::AddPolicy(policy) => {
                setup::add_policy(&self.deps, self.partnership, &policy).await?;
            }
        }
        Ok(())
    }

    fn on(
        &self,
        at: Timestamp,
        case: u32,
        occurred_at: Option<Timestamp>,
    ) -> Result<On, DemoError> {
        let id = self.cases.get(&case).copied().ok_or(DemoError::NotAsWritten { at, case })?;
        Ok(On { id, expected_version: None, occurred_at, writing: Writing::Kept })
    }

    async fn raise(
        &self,
        caller: &Caller,
        mut request: RaiseRequest,
        children: &[ChildText],
    ) -> Result<EscalationId, Refused> {
        request.children = children
            .iter()
            .map(|it| ChildReference::parse(it.scheme, &it.text, &self.deps.schemes))
            .collect::<Result<_, _>>()
            .map_err(Refused::Child)?;
        match raise::raise(&self.deps, caller, request).await {
            Ok(detail) => Ok(detail.escalation.id),
            Err(failure) => Err(Refused::Otherwise(Box::new(failure))),
        }
    }
}

/// Why a raise was refused.
enum Refused {
    Child(ChildReferenceError),
    Otherwise(Box<Failure>),
}

impl Refused {
    fn kind(&self) -> Option<Refusal> {
        match self {
            Self::Child(ChildReferenceError::CheckDigit) => Some(Refusal::CheckDigit),
            Self::Child(_) => None,
            Self::Otherwise(failure) => match &**failure {
                Failure::DuplicateExternalReference(_) => Some(Refusal::SentAgain),
                Failure::Broken(BrokenRule::Fields(faults)) => match faults.as_slice() {
                    [only] if only.rule == FieldRule::PersonalData => Some(Refusal::PersonalData),
                    [only] if only.field == "delay/occurred_at" => Some(Refusal::EndBeforeStart),
                    _ => None,
                },
                _ => None,
            },
        }
    }
}
