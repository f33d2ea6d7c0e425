//! Random histories of escalations, made through the use cases with a seeded chance and a clock that moves on.

use std::collections::BTreeMap;

use escalation_tracker::domain::access::Caller;
use escalation_tracker::domain::act::ActKind;
use escalation_tracker::domain::child_reference::{ChildReference, Scheme, SchemePolicy};
use escalation_tracker::domain::delay::DelayCause;
use escalation_tracker::domain::escalation::RaiserVisibility;
use escalation_tracker::domain::event::Narrative;
use escalation_tracker::domain::exclusion::{ExclusionAct, ExclusionReason};
use escalation_tracker::domain::ids::{AgencyId, EscalationId};
use escalation_tracker::domain::partnership::PolicyVersion;
use escalation_tracker::domain::resolution::Outcome;
use escalation_tracker::domain::stage_policy::StagePolicy;
use escalation_tracker::domain::urgency::Urgency;
use escalation_tracker::reference;
use escalation_tracker::usecases::acts::{self, On};
use escalation_tracker::usecases::raise::{self, DelayRequest, RaiseRequest};
use escalation_tracker::usecases::read::{self, Detail};
use escalation_tracker::usecases::{Failure, Writing, exclusions, registry, setup, shipped};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::TestApp;
use super::chance_acts::{OTHER_POLICY, some_act};
use super::tokens::ISSUER;

/// The clients that raise and answer.
pub const AGENCIES: [(&str, &str); 3] = [
    ("test-police", "valeshire_police"),
    ("test-cs", "anyborough_cs"),
    ("test-health", "health_community"),
];

/// The themes that occur: two of one group, and some of others.
pub const THEMES: [&str; 5] =
    ["strategy_meeting_late", "strategy_meeting_quality", "icpc_late", "child_not_seen", "other"];

/// Endings that the responder can record; the last two settle nothing.
pub(super) const ENDINGS: [Outcome; 6] = [
    Outcome::ResolvedAsRequested,
    Outcome::ResolvedAlternative,
    Outcome::PartiallyResolved,
    Outcome::ExplainedAndAccepted,
    Outcome::OvertakenByEvent,
    Outcome::TransferredOutOfArea,
];

/// One escalation of the histories.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its identifier.
    pub id: EscalationId,
    /// The client that raised it.
    pub raiser: &'static str,
    /// The client that had to answer first.
    pub responder: &'static str,
    /// Whether it had not ended when it was last acted on.
    pub open: bool,
}

/// How an escalation is to be raised; what is not said is chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raising {
    /// How long before now.
    pub earlier: SignedDuration,
    /// How urgent.
    pub urgency: Option<Urgency>,
}

/// The maker of histories.
pub struct Histories<'a> {
    app: &'a TestApp,
    /// Its chance.
    pub rng: StdRng,
    callers: BTreeMap<&'static str, Caller>,
    /// All escalations so far.
    pub known: Vec<Known>,
    /// Acts that were done, by kind.
    pub done: BTreeMap<&'static str, usize>,
    /// Acts that were refused by a rule.
    pub refused: usize,
}

pub(super) fn words(text: &str) -> Narrative {
    Narrative::parse(text).unwrap()
}

impl<'a> Histories<'a> {
    /// Starts with this seed.
    pub async fn new(app: &'a TestApp, seed: u64) -> Self {
        let mut callers = BTreeMap::new();
        for name in ["test-police", "test-cs", "test-health", "test-director", "test-service_lead"]
        {
            callers.insert(name, caller(app, name).await);
        }
        // Far ahead, so that nothing is raised under it: only a migration leads there.
        let shipped = shipped::policy_version(reference::stage_policy().unwrap());
        let other = PolicyVersion {
            effective_from: "2100-01-01".parse().unwrap(),
            policy: StagePolicy { version: OTHER_POLICY.to_owned(), ..shipped.policy },
        };
        setup::add_policy(&app.deps, app.partnership, &other).await.unwrap();
        Self {
            app,
            rng: StdRng::seed_from_u64(seed),
            callers,
            known: Vec::new(),
            done: BTreeMap::new(),
            refused: 0,
        }
    }

    /// The caller that a client is.
    pub fn caller(&self, client: &str) -> &Caller {
        &self.callers[client]
    }

    /// Raises one.
    pub async fn raise(&mut self, how: Raising) -> Known {
        let (rng, now) = (&mut self.rng, self.app.deps.clock.now());
        let (raiser, _) = *AGENCIES.choose(rng).unwrap();
        let (responder, raised_with) = *AGENCIES.choose(rng).unwrap();
        let thematic = rng.random_bool(0.1);
        let urgency = how.urgency.unwrap_or_else(|| *Urgency::ALL.choose(rng).unwrap());
        let stage = if rng.random_bool(0.1) { rng.random_range(2..=4) } else { 1 };
        let children = (0..if thematic { 0 } else { rng.random_range(1..=2) })
            .map(|_| {
                let value = format!("SYN{}", rng.random_range(100_000..999_999));
                ChildReference::parse(Scheme::LaChildId, &value, &SchemePolicy::default()).unwrap()
            })
            .collect::<std::collections::BTreeSet<_>>();
        let delay = rng.random_bool(0.3).then(|| DelayRequest {
            timescale: "strategy_meeting".to_owned(),
            started_at: now - SignedDuration::from_hours(72),
            occurred_at: rng.random_bool(0.5).then(|| now - SignedDuration::from_hours(30)),
            cause: DelayCause::ALL.choose(rng).copied(),
        });
        let request = RaiseRequest {
            raised_with_agency: raised_with.to_owned(),
            thematic,
            children: children.into_iter().collect(),
            urgency,
            theme: (*THEMES.choose(rng).unwrap()).to_owned(),
            secondary_themes: Vec::new(),
            source: None,
            external_reference: None,
            concern_arose_at: None,
            raised_at: (how.earlier > SignedDuration::ZERO).then(|| now - how.earlier),
            child_impact: None,
            interim_safety: None,
            emergency_action_taken_at: None,
            raised_by_role: None,
            raiser_visibility: RaiserVisibility::Named,
            delay,
            stage: Some(stage),
            skip_reason: (stage > 1).then(|| words("Lower stages were tried.")),
            desired_outcome: words("Hold the meeting."),
            concern: None,
        };
        let raised = raise::raise(&self.app.deps, &self.callers[raiser], request).await.unwrap();
        let known = Known { id: raised.escalation.id, raiser, responder, open: true };
        self.known.push(known);
        known
    }

    /// Somebody does something to one of them, mostly to an open one; which may be refused.
    pub async fn act_on_any(&mut self) {
        let open: Vec<usize> = (0..self.known.len()).filter(|at| self.known[*at].open).collect();
        let recent = &open[open.len().saturating_sub(6)..];
        let chosen = match self.rng.random_range(0..100) {
            0..60 => recent.choose(&mut self.rng),
            60..90 => open.choose(&mut self.rng),
            _ => None,
        };
        let at = chosen.copied().unwrap_or_else(|| self.rng.random_range(0..self.known.len()));
        self.act_on(at).await;
    }

    /// The client of an agency, where one takes part.
    fn client_of(&self, agency: AgencyId) -> Option<&'static str> {
        let mut callers = self.callers.iter();
        callers.find(|(_, caller)| caller.agency == Some(agency)).map(|(client, _)| *client)
    }

    /// Somebody who can do something does it to this one.
    pub async fn act_on(&mut self, at: usize) {
        let Known { id, raiser, .. } = self.known[at];
        let shown =
            read::one(&self.app.deps, &self.callers["test-director"], id, None).await.unwrap();
        let now_with = shown.escalation.facts.raised_with;
        let responder = self.client_of(now_with).unwrap_or(self.known[at].responder);
        let everybody = [
            "test-director",
            raiser,
            raiser,
            raiser,
            responder,
            responder,
            responder,
            "test-service_lead",
        ];
        // What waits for a second person, or ends by itself, would seldom be met by chance.
        let waits =
            [ActKind::Extend, ActKind::ApprovePause, ActKind::MigratePolicy, ActKind::Resume];
        if self.rng.random_bool(0.5) {
            for who in everybody {
                let before = read::one(&self.app.deps, &self.callers[who], id, None).await.unwrap();
                if let Some(kind) = waits.iter().find(|kind| before.possible_acts.contains(kind)) {
                    self.does(at, who, &before, *kind).await;
                    return;
                }
            }
        }
        let who = *everybody.choose(&mut self.rng).unwrap();
        let before = read::one(&self.app.deps, &self.callers[who], id, None).await.unwrap();
        let weight = |kind: &ActKind| match kind {
            ActKind::Extend => 60.0,
            ActKind::ProposeExtension => 8.0,
            ActKind::Answer | ActKind::Resolve => 8.0,
            ActKind::Acknowledge | ActKind::Accept => 6.0,
            ActKind::Reject | ActKind::Advance | ActKind::ApprovePause => 3.0,
            ActKind::Pause | ActKind::Resume | ActKind::Reopen => 2.0,
            ActKind::Note | ActKind::State | ActKind::RecordLearning => 0.3,
            ActKind::ProposePolicyMigration | ActKind::Reroute => 0.2,
            ActKind::MarkDuplicate | ActKind::Link => 0.2,
            _ => 1.0,
        };
        // What was done least so far gets its turn, so that no kind is left to luck alone.
        let rarest = before.possible_acts.iter().min_by_key(|kind| self.done.get(kind.code()));
        let rarest = rarest.copied().filter(|_| self.rng.random_bool(0.2));
        let by_weight =
            || before.possible_acts.choose_weighted(&mut self.rng, weight).ok().copied();
        let Some(kind) = rarest.or_else(by_weight) else { return };
        self.does(at, who, &before, kind).await;
    }

    /// The responder answers this one, the raiser accepts, and the responder records the end, as fast as that.
    pub async fn settle(&mut self, at: usize) {
        use ActKind::{Accept, Answer, Resolve};
        self.in_turn(at, &[(false, Answer), (true, Accept), (false, Resolve)]).await;
    }

    /// The responder of this one asks for more time, and the raiser agrees.
    pub async fn lengthen(&mut self, at: usize) {
        self.in_turn(at, &[(false, ActKind::ProposeExtension), (true, ActKind::Extend)]).await;
    }

    /// Any of those that have ended is left out of the figures; some of them only by one person, some not for long.
    pub async fn leave_out(&mut self) {
        let id = self.known.choose(&mut self.rng).unwrap().id;
        let reason = *ExclusionReason::ALL.choose(&mut self.rng).unwrap();
        let steps = [
            ("test-service_lead", ExclusionAct::Propose(reason)),
            ("test-director", ExclusionAct::Approve),
            ("test-director", ExclusionAct::End),
        ];
        let taken = self.rng.random_range(4..14_usize).div_ceil(4).min(3);
        for (client, act) in steps.into_iter().take(taken) {
            let by = caller(self.app, client).await;
            match exclusions::act(&self.app.deps, &by, (id, None), act).await {
                Ok(_) => self.app.clock.advance(SignedDuration::from_secs(60)),
                Err(Failure::Broken(_)) => return,
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// These acts one after the other, each by the raiser or the responder, until one is refused.
    async fn in_turn(&mut self, at: usize, acts: &[(bool, ActKind)]) {
        let Known { id, raiser, responder, .. } = self.known[at];
        let mut before = read::one(&self.app.deps, &self.callers[raiser], id, None).await.unwrap();
        let now_with = before.escalation.facts.raised_with;
        let responder = self.client_of(now_with).unwrap_or(responder);
        for (by_raiser, kind) in acts {
            let who = if *by_raiser { raiser } else { responder };
            let pause = SignedDuration::from_secs(self.rng.random_range(60..9_000));
            self.app.clock.advance(pause);
            before.now = self.app.deps.clock.now();
            // Inside one agency somebody else would have to judge.
            let Some(after) = self.does(at, who, &before, *kind).await else { return };
            before = after;
        }
    }

    async fn does(
        &mut self,
        at: usize,
        who: &str,
        before: &Detail,
        kind: ActKind,
    ) -> Option<Detail> {
        match self.perform(who, before, kind).await {
            Ok(after) => {
                *self.done.entry(kind.code()).or_default() += 1;
                self.known[at].open = !after.escalation.status.has_ended();
                Some(after)
            }
            // Chance chose, for example, the very theme that it has, or an extension that is too long.
            Err(Failure::Broken(_)) => {
                self.refused += 1;
                None
            }
            Err(other) => panic!("{kind}: {other}"),
        }
    }

    async fn perform(
        &mut self,
        who: &str,
        before: &Detail,
        kind: ActKind,
    ) -> Result<Detail, Failure> {
        let occurred_at = self.time_of_act(before).filter(|_| kind != ActKind::Correct);
        let others: Vec<EscalationId> = self.known.iter().map(|known| known.id).collect();
        let (action, request) = some_act(&mut self.rng, before, kind, who, &others);
        let on = On {
            id: before.escalation.id,
            expected_version: None,
            occurred_at,
            writing: Writing::Kept,
        };
        acts::act(&self.app.deps, &self.callers[who], action, on, request).await
    }

    /// Mostly now; sometimes some time between the last change and now.
    fn time_of_act(&mut self, before: &Detail) -> Option<Timestamp> {
        let (from, to) =
            (before.escalation.changed_at.as_microsecond(), before.now.as_microsecond());
        if from >= to || self.rng.random_bool(0.7) {
            return None;
        }
        Some(Timestamp::from_microsecond(self.rng.random_range(from..=to)).unwrap())
    }
}

/// The caller that a registered client is.
pub async fn caller(app: &TestApp, client: &str) -> Caller {
    let registration = registry::find(&app.deps, ISSUER, client).await.unwrap().unwrap();
    registry::caller(&app.deps, &registration, format!("person-at-{client}")).await.unwrap()
}
