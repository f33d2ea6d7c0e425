//! Chance: who acts, when, and what they say; mostly sense, and often nonsense.

use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::world::{World, seconds};
use crate::domain::access::Caller;
use crate::domain::act::{Act, ActKind, Closing, LinkTarget, RightValues};
use crate::domain::codes::codes;
use crate::domain::delay::InterimSafety;
use crate::domain::escalation::{Delay, Escalation, RaiserVisibility};
use crate::domain::event::{AnswerPosition, Narrative};
use crate::domain::ids::EscalationId;
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::link::LinkKind;
use crate::domain::london::local_date;
use crate::domain::proposal::ProposalKind;
use crate::domain::raise::Raise;
use crate::domain::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use crate::domain::stage_clock::ClockKind;
use crate::domain::stage_policy::PauseReason;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;

use super::world::uuid;

codes! {
    /// How an argument is chosen.
    pub enum Mood {
        /// As somebody would who wants it to be accepted.
        Sense => "sense",
        /// As it comes.
        Nonsense => "nonsense",
    }
}

fn plus(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// The dice.
pub struct Chance {
    pub rng: StdRng,
    words: Narrative,
    personal: Narrative,
}

impl Chance {
    pub fn new(rng: StdRng, world: &World) -> Self {
        Self { rng, words: world.words.clone(), personal: world.personal.clone() }
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        *of.choose(&mut self.rng).expect("some")
    }

    pub fn happens(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn words(&mut self) -> Narrative {
        if self.happens(1) { self.personal.clone() } else { self.words.clone() }
    }

    fn perhaps(&mut self) -> Option<Narrative> {
        self.happens(70).then(|| self.words())
    }

    /// Some time: often short, sometimes nothing at all, seldom months.
    pub fn span(&mut self) -> SignedDuration {
        let most =
            self.one(&[0, 1, 90, 900, 5_000, 5_000, 5_000, 40_000, 100_000, 400_000, 9_000_000]);
        let nanoseconds = self.one(&[0, 0, 1, 999_999_999]);
        SignedDuration::new(self.rng.random_range(0..=most), nanoseconds)
    }

    /// An instant near `now`, or one at which something turns, or one that is absurd.
    pub fn instant(&mut self, now: Timestamp, world: &World) -> Timestamp {
        match self.rng.random_range(0..100) {
            0..50 => now.checked_add(self.span()).unwrap_or(now),
            50..80 => now.checked_sub(self.span()).unwrap_or(now),
            80..95 => self.one(&world.turns),
            95..98 => Timestamp::UNIX_EPOCH,
            98 => Timestamp::MIN,
            _ => Timestamp::MAX,
        }
    }

    /// The next reading of the service's clock: never back, often exactly to where something turns.
    pub fn next_now(&mut self, now: Timestamp, it: &Escalation, world: &World) -> Timestamp {
        if it.is_paused(now) && self.happens(60) {
            return now + seconds(self.rng.random_range(0..7_200));
        }
        if it.status.has_ended() && self.happens(40) {
            return now + seconds(self.rng.random_range(0..200_000));
        }
        let hair = SignedDuration::from_nanos(1);
        let then = match self.rng.random_range(0..10) {
            0 => self.one(&world.turns),
            1 => it.next_due().map_or(now, |clock| clock.due_at),
            2 => {
                it.next_due().map_or(now, |clock| clock.due_at.saturating_add(hair).unwrap_or(now))
            }
            3 => it.holdings.last().and_then(|turn| turn.until).unwrap_or(now),
            _ => now + self.span(),
        };
        // Nobody's clock runs into the next century.
        if then.duration_since(now) > seconds(20_000_000) { now } else { then.max(now) }
    }

    /// When an act happened, as its sender says.
    pub fn occurred(
        &mut self,
        now: Timestamp,
        it: &Escalation,
        world: &World,
    ) -> Option<Timestamp> {
        Some(match self.rng.random_range(0..100) {
            0..70 => return None,
            70..85 => {
                let (from, to) = (it.changed_at.as_nanosecond(), now.as_nanosecond());
                let at = self.rng.random_range(from.min(to)..=to);
                Timestamp::from_nanosecond(at).expect("between two")
            }
            85..90 => it.changed_at,
            90..92 => now + seconds(300),
            92..94 => now + seconds(301),
            _ => self.instant(now, world),
        })
    }

    /// Mostly somebody of the two sides, sometimes one who oversees, seldom just anybody.
    pub fn caller<'w>(&mut self, it: &Escalation, world: &'w World) -> Option<&'w Caller> {
        // What waits for a second person is approved seldom enough, and soon falls away.
        if it.rule_state.proposal.is_some() && self.happens(30) {
            return self.one(&world.overseers);
        }
        let side = match self.rng.random_range(0..100) {
            0..40 => it.facts.raised_by,
            40..80 => it.facts.raised_with,
            80..92 => return self.one(&world.overseers),
            _ => return self.one(&world.people),
        };
        let staff = &world.staff[&side];
        Some(self.one(staff))
    }

    /// Mostly something that is possible.
    pub fn kind(&mut self, possible: &[ActKind]) -> ActKind {
        let weight = |kind: &ActKind| match kind {
            ActKind::Extend | ActKind::ApprovePause | ActKind::MigratePolicy => 300,
            ActKind::Pause | ActKind::Resume | ActKind::Resolve | ActKind::Reopen => 150,
            ActKind::Acknowledge | ActKind::GiveFeedback | ActKind::CheckImpact => 80,
            ActKind::Answer | ActKind::Accept | ActKind::Reject => 40,
            ActKind::Note | ActKind::State | ActKind::Link => 3,
            ActKind::Withdraw | ActKind::Reroute | ActKind::MarkDuplicate => 2,
            _ => 20,
        };
        match possible.choose_weighted(&mut self.rng, weight) {
            Ok(kind) if !self.happens(20) => *kind,
            _ => self.one(ActKind::ALL),
        }
    }

    fn delay(&mut self, now: Timestamp, world: &World) -> Delay {
        let started_at =
            if self.happens(80) { now - self.span() } else { self.instant(now, world) };
        let occurred_at = self.happens(40).then(|| {
            if self.happens(70) {
                (now - self.span()).max(started_at)
            } else {
                self.instant(now, world)
            }
        });
        let after = Limit::after(1, LimitUnit::WorkingDay);
        let before = Limit { direction: Direction::Before, ..after };
        Delay {
            timescale: "strategy_meeting".to_owned(),
            timescale_version: "1".to_owned(),
            limit: self.one(&[None, Some(after), Some(after), Some(before)]),
            started_at,
            due_at: self.happens(50).then(|| self.instant(now, world)),
            occurred_at,
            cause: None,
            calendar_version: "long".to_owned(),
        }
    }

    /// What a raiser says.
    pub fn raise(&mut self, now: Timestamp, world: &World) -> Raise {
        let agency = |chance: &mut Self| {
            let number = chance
                .one(&[10, 10, 10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 15, 15, 16]);
            world.agency(number).clone()
        };
        let child_count = self.one(&[0, 1, 1, 1, 3]);
        let visible = RaiserVisibility::Named;
        let protected = RaiserVisibility::Protected;
        Raise {
            raised_by: agency(self),
            raised_with: agency(self),
            thematic: (child_count == 0) ^ self.happens(3),
            urgency: self.one(Urgency::ALL),
            theme: ThemeCode("one".to_owned()),
            secondary_themes: Vec::new(),
            source: None,
            external_reference: None,
            child_count,
            concern_arose_at: self.happens(30).then(|| {
                if self.happens(80) { now - self.span() } else { self.instant(now, world) }
            }),
            raised_at: match self.rng.random_range(0..10) {
                0..6 => None,
                6..9 => Some(now - self.span()),
                _ => Some(self.instant(now, world)),
            },
            child_impact: None,
            interim_safety: None,
            emergency_action_taken_at: None,
            raised_by_role: None,
            raiser_visibility: self.one(&[visible, visible, visible, protected]),
            delay: self.happens(40).then(|| self.delay(now, world)),
            stage: self.one(&[
                None,
                None,
                None,
                Some(0),
                Some(1),
                Some(2),
                Some(3),
                Some(4),
                Some(9),
            ]),
            skip_reason: self.perhaps(),
            desired_outcome: self.words(),
            concern: None,
        }
    }

    fn target(&mut self, it: &Escalation) -> LinkTarget {
        let number = self.rng.random_range(1000..1010);
        let id = if self.happens(5) { it.id } else { EscalationId(uuid(number)) };
        let (is_duplicate, other_child) = (self.happens(10), self.happens(10));
        LinkTarget { id, is_duplicate, has_ended: is_duplicate || self.happens(10), other_child }
    }

    fn closing(&mut self, mood: Mood, now: Timestamp) -> Closing {
        let full = mood == Mood::Sense || self.happens(50);
        let role = |full: bool| full.then(|| "service manager".to_owned());
        Closing {
            owner_role: role(full),
            action_due_on: full.then(|| local_date(plus(now, seconds(1_000_000)))),
            interim_safety: full.then_some(InterimSafety::InPlace),
            why_lower_stage_failed: full.then(|| self.words()),
            dissent: self.perhaps(),
            ..Closing::default()
        }
    }

    /// An act of a kind, with whatever belongs to it.
    pub fn act(&mut self, kind: ActKind, it: &Escalation, now: Timestamp, world: &World) -> Act {
        let mood = if self.happens(70) { Mood::Sense } else { Mood::Nonsense };
        let proposal = it.rule_state.proposal.as_ref().map(|proposal| &proposal.kind);
        let proposal = proposal.filter(|_| mood == Mood::Sense);
        let due = it.running(ClockKind::Answer).map_or(now, |clock| clock.due_at);
        let later = |chance: &mut Self, at: Timestamp| match mood {
            Mood::Sense => plus(at, chance.span().clamp(seconds(1), seconds(200_000))),
            Mood::Nonsense => chance.instant(at, world),
        };
        match kind {
            ActKind::Acknowledge => Act::Acknowledge { held_by_role: None },
            ActKind::Decline => Act::Decline {
                reason: self.words(),
                suggested_agency: self.happens(50).then(|| world.agency(12).id),
                suggested_procedure: self.happens(50).then(|| self.one(RerouteCode::ALL)),
            },
            ActKind::Redirect => {
                let number = self.one(&[10, 11, 12, 12, 13, 14, 15, 15, 15, 16]);
                Act::Redirect { to: Box::new(world.agency(number).clone()), reason: self.words() }
            }
            ActKind::Answer => {
                Act::Answer { position: self.one(AnswerPosition::ALL), answer: self.words() }
            }
            ActKind::State => Act::State { statement: self.words() },
            ActKind::Accept => Act::Accept { note: self.perhaps() },
            ActKind::Reject => Act::Reject { reason: self.words() },
            ActKind::Advance => Act::Advance {
                to: self.one(&[
                    None,
                    None,
                    None,
                    Some(0),
                    Some(it.stage),
                    Some(it.stage + 1),
                    Some(4),
                    Some(u8::MAX),
                ]),
                reason: self.perhaps(),
            },
            ActKind::ChangeUrgency => {
                Act::ChangeUrgency { urgency: self.one(Urgency::ALL), reason: self.words() }
            }
            ActKind::ProposeExtension => {
                Act::ProposeExtension { due_at: later(self, due.max(now)), reason: self.words() }
            }
            ActKind::Extend => {
                let due_at = match proposal {
                    Some(ProposalKind::Extension { due_at }) => *due_at,
                    _ => later(self, due),
                };
                Act::Extend { due_at, reason: self.perhaps() }
            }
            ActKind::CallMeeting => Act::CallMeeting { meeting_at: later(self, now) },
            ActKind::Pause => {
                let until = later(self, now);
                let until = if self.happens(20) { plus(until, seconds(900_000)) } else { until };
                Act::Pause { why: self.one(PauseReason::ALL), until, reason: self.words() }
            }
            ActKind::ApprovePause => {
                let until = match proposal {
                    Some(ProposalKind::Pause { until, .. }) => *until,
                    _ => later(self, now),
                };
                Act::ApprovePause { until }
            }
            ActKind::Resume => Act::Resume { reason: self.perhaps() },
            ActKind::Resolve => {
                let partners = [Outcome::DecidedByPartners, Outcome::UnresolvedClosed];
                let outcome = if self.happens(30) {
                    self.one(&partners)
                } else {
                    self.one(&Outcome::ALL[..5])
                };
                Act::Resolve {
                    outcome,
                    child_outcome: self.one(ChildOutcome::ALL),
                    delay_effect: self.one(DelayEffect::ALL),
                    agreed_action: self.words(),
                    closing: Box::new(self.closing(mood, now)),
                }
            }
            ActKind::Withdraw => {
                Act::Withdraw { why: self.one(WithdrawalReason::ALL), reason: self.perhaps() }
            }
            ActKind::Reroute => Act::Reroute { to: self.one(RerouteCode::ALL) },
            ActKind::MarkDuplicate => {
                Act::MarkDuplicate { of: self.target(it), reason: self.perhaps() }
            }
            ActKind::Link => Act::Link {
                kind: self.one(LinkKind::ALL),
                to: self.target(it),
                reason: self.perhaps(),
            },
            ActKind::Reopen => Act::Reopen { reason: self.words() },
            ActKind::Note => Act::Note { note: self.words() },
            ActKind::Correct => {
                let right = RightValues {
                    theme: self
                        .happens(30)
                        .then(|| ThemeCode(self.one(&["one", "two"]).to_owned())),
                    urgency: self.happens(30).then(|| self.one(Urgency::ALL)),
                    delay: self.happens(60).then(|| self.delay(now, world)),
                };
                Act::Correct { right: Box::new(right), reason: self.words() }
            }
            ActKind::GiveFeedback => Act::GiveFeedback { feedback: self.words() },
            ActKind::RecordLearning => {
                Act::RecordLearning { kind: self.one(LearningType::ALL), summary: self.perhaps() }
            }
            ActKind::CheckImpact => {
                Act::CheckImpact { result: self.one(ImpactResult::ALL), note: self.perhaps() }
            }
            ActKind::ProposePolicyMigration => {
                let policy = Box::new(self.policy(world));
                Act::ProposePolicyMigration { policy, reason: self.words() }
            }
            ActKind::MigratePolicy => {
                let policy = match proposal {
                    Some(ProposalKind::PolicyMigration { version }) => {
                        world.policies[version].clone()
                    }
                    _ => self.policy(world),
                };
                Act::MigratePolicy { policy: Box::new(policy) }
            }
        }
    }

    fn policy(&mut self, world: &World) -> crate::domain::stage_policy::StagePolicy {
        let all: Vec<_> = world.policies.values().collect();
        self.one(&all).clone()
    }
}
