//! The one choke point: what an act on an escalation leads to, as a pure function.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::access::Caller;
use super::act::{Act, ActKind, Party, RightValues};
use super::broken_rule::{BrokenRule, Faults, FieldRule};
use super::escalation::{Escalation, Status};
use super::event::{Actor, AdvanceCause, Change, Correction, Ending, Event, Narrative, TextField};
use super::free_text::findings;
use super::ids::{ClockId, EventId};
use super::london::same_day;
use super::raise::check_delay;
use super::resolution::{ChildOutcome, DelayEffect, Outcome};
use super::stage_clock::{ClockKind, DueBasis, StageClock};
use super::stage_policy::StagePolicy;
use super::urgency::Urgency;
use super::working_days::Calendar;

/// How far ahead of the service's clock a caller's clock may be.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// No concern about a child can be older than a childhood.
const OLDEST_YEARS: i32 = 18;

/// Everything around an act that decides what it leads to. Nothing is looked up on the way.
pub struct Scene<'a> {
    /// Who acts.
    pub caller: &'a Caller,
    /// When it happened, if not now.
    pub occurred_at: Option<Timestamp>,
    /// When the service received it.
    pub now: Timestamp,
    /// The stage policy that the escalation runs under.
    pub policy: &'a StagePolicy,
    /// The calendar in force now; new clocks are counted with it.
    pub calendar: &'a Calendar,
    /// Makes identifiers.
    pub new_id: &'a dyn Fn() -> uuid::Uuid,
}

impl Scene<'_> {
    pub(super) fn actor(&self) -> Actor {
        Actor {
            agency: self.caller.agency,
            role: self.caller.role.into(),
            client: Some(self.caller.client),
            subject: self.caller.subject.clone(),
        }
    }

    pub(super) fn latest_permitted(&self) -> Timestamp {
        self.now
            .checked_add(jiff::SignedDuration::from_secs(CLOCK_SKEW_SECONDS))
            .unwrap_or(self.now)
    }

    pub(super) fn oldest_permitted(&self) -> Timestamp {
        let now = self.now.to_zoned(TimeZone::UTC);
        now.checked_sub(OLDEST_YEARS.years()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// The clocks of a stage that is entered at `at`.
    pub(super) fn clocks(
        &self,
        episode: u16,
        stage: u8,
        urgency: Urgency,
        at: Timestamp,
    ) -> Result<Vec<StageClock>, BrokenRule> {
        let unknown = BrokenRule::field("stage", FieldRule::OutOfRange);
        let stage = self.policy.stage(stage).ok_or_else(|| unknown.clone())?;
        let answer = stage.answer_limit(urgency).ok_or(unknown)?;
        let mut clocks = Vec::with_capacity(2);
        let limits =
            [(ClockKind::Acknowledgement, stage.acknowledge), (ClockKind::Answer, Some(answer))];
        for (kind, limit) in limits {
            let Some(limit) = limit else { continue };
            clocks.push(StageClock {
                id: ClockId((self.new_id)()),
                episode,
                stage: stage.number,
                kind,
                urgency,
                limit,
                started_at: at,
                // A day ends for a limit at 23:59:59.999; what starts after that is due at once, not before.
                due_at: limit.due_at(at, self.calendar)?.max(at),
                policy_version: self.policy.version.clone(),
                calendar_version: self.calendar.version().to_owned(),
                extends: None,
                basis: Some(DueBasis::Counted { from: at }),
                recorded_at: Some(self.now),
                stopped: None,
            });
        }
        Ok(clocks)
    }
}

/// What an act changes, with the texts that go with it.
type Decision = (Change, Vec<(TextField, Narrative)>);

impl Escalation {
    /// Does one act: the escalation after it, and the event that says so.
    ///
    /// # Errors
    /// The rule that the act breaks; the escalation is unchanged then.
    pub fn act(&self, act: Act, scene: &Scene<'_>) -> Result<(Self, Vec<Event>), BrokenRule> {
        let kind = act.kind();
        let possible = self.possible_acts(scene.caller, scene.policy.top());
        if !possible.contains(&kind) {
            return Err(BrokenRule::NotPossible { act: kind, possible });
        }
        let at = self.time_of_act(scene)?;
        let (change, texts) = self.decide(act, at, scene)?;
        for (field, text) in &texts {
            if !text.findings().is_empty() {
                return Err(BrokenRule::field(field.code(), FieldRule::PersonalData));
            }
        }
        let event = Event {
            id: EventId((scene.new_id)()),
            escalation: self.id,
            version: self.version + 1,
            occurred_at: at,
            recorded_at: scene.now,
            actor: scene.actor(),
            change,
            texts,
        };
        let mut after = self.clone();
        after.apply(&event);
        Ok((after, vec![event]))
    }

    /// When the act happened: not after now, and not before what happened before it.
    fn time_of_act(&self, scene: &Scene<'_>) -> Result<Timestamp, BrokenRule> {
        let at = scene.occurred_at.unwrap_or(scene.now);
        if at > scene.latest_permitted() {
            return Err(BrokenRule::field("occurred_at", FieldRule::InFuture));
        }
        let earliest = self.changed_at;
        if at < earliest {
            // A caller who gives no time means "now"; clocks of callers that run ahead of ours
            // must not make that impossible.
            if scene.occurred_at.is_none() {
                return Ok(earliest);
            }
            return Err(BrokenRule::BeforeLastAct { last: earliest });
        }
        Ok(at)
    }

    fn decide(&self, act: Act, at: Timestamp, scene: &Scene<'_>) -> Result<Decision, BrokenRule> {
        Ok(match act {
            Act::Acknowledge { held_by_role } => {
                if !findings(held_by_role.as_deref().unwrap_or_default()).is_empty() {
                    return Err(BrokenRule::field("held_by_role", FieldRule::PersonalData));
                }
                (Change::Acknowledged { held_by_role }, vec![])
            }
            Act::Answer { position, answer } => {
                (Change::Answered { position }, vec![(TextField::Answer, answer)])
            }
            Act::Accept { note } => {
                (Change::Accepted, note.map(|note| (TextField::Note, note)).into_iter().collect())
            }
            Act::Reject { reason } => (Change::Rejected, vec![(TextField::Reason, reason)]),
            Act::Advance { to, reason } => {
                (self.decide_advance(to, at, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::Extend { due_at, reason } => {
                (self.decide_extension(due_at, at, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::Resolve { outcome, child_outcome, delay_effect, agreed_action } => {
                self.check_outcome(outcome, scene)?;
                let ending = self.ending(at, outcome, child_outcome, delay_effect, scene)?;
                (Change::Resolved { ending }, vec![(TextField::AgreedAction, agreed_action)])
            }
            Act::Withdraw { reason } => {
                let ending = self.ending(
                    at,
                    Outcome::WithdrawnByRaiser,
                    ChildOutcome::TooEarly,
                    DelayEffect::Unknown,
                    scene,
                )?;
                (Change::Withdrawn { ending }, vec![(TextField::Reason, reason)])
            }
            Act::Reopen { reason } => {
                // An episode is known by its escalation and its opening, so no two open at once.
                if at <= self.episode.opened_at {
                    return Err(BrokenRule::field("occurred_at", FieldRule::Inconsistent));
                }
                let episode = self.episode.number.saturating_add(1);
                let clocks = scene.clocks(episode, self.stage, self.facts.urgency, at)?;
                (Change::Reopened { episode, clocks }, vec![(TextField::Reason, reason)])
            }
            Act::Note { note } => (Change::Noted, vec![(TextField::Note, note)]),
            Act::Correct { right, reason } => {
                let corrections = self.corrections(*right, scene)?;
                (Change::Corrected { corrections }, vec![(TextField::Reason, reason)])
            }
        })
    }

    fn decide_advance(
        &self,
        to: Option<u8>,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let next = scene
            .policy
            .next_above(self.stage, self.facts.urgency)
            .ok_or_else(|| self.not_possible(ActKind::Advance, scene))?;
        let to = to.unwrap_or(next);
        if to <= self.stage {
            return Err(BrokenRule::field("stage", FieldRule::OutOfRange));
        }
        let cause = if self.status == Status::Rejected {
            AdvanceCause::Rejected
        } else if self.running(ClockKind::Answer).is_some_and(|clock| clock.is_overdue(at)) {
            AdvanceCause::NoResponse
        } else {
            AdvanceCause::Risk
        };
        let clocks = scene.clocks(self.episode.number, to, self.facts.urgency, at)?;
        Ok(Change::Advanced { from: self.stage, to, cause, clocks })
    }

    /// More time: once per stage, later than the present due instant, and by no more than the limit that the
    /// stage gives in the first place.
    fn decide_extension(
        &self,
        due_at: Timestamp,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let running = self
            .running(ClockKind::Answer)
            .ok_or_else(|| self.not_possible(ActKind::Extend, scene))?;
        let latest = running.limit.due_at(running.due_at, scene.calendar)?;
        if due_at <= running.due_at || due_at > latest || due_at <= at {
            return Err(BrokenRule::field("due_at", FieldRule::OutOfRange));
        }
        let clock = StageClock {
            id: ClockId((scene.new_id)()),
            started_at: at,
            due_at,
            calendar_version: scene.calendar.version().to_owned(),
            extends: Some(running.id),
            basis: Some(DueBasis::Agreed { previous_due_at: running.due_at }),
            recorded_at: Some(scene.now),
            stopped: None,
            ..running.clone()
        };
        Ok(Change::Extended { replaced: running.id, clock: Box::new(clock) })
    }

    /// The partners decide or close; the responder records any ending but those two and the raiser's own.
    fn check_outcome(&self, outcome: Outcome, scene: &Scene<'_>) -> Result<(), BrokenRule> {
        let by_partners = matches!(outcome, Outcome::DecidedByPartners | Outcome::UnresolvedClosed);
        let is_partners = self.parts_of(scene.caller).contains(&Party::Partners);
        if by_partners != is_partners || outcome == Outcome::WithdrawnByRaiser {
            return Err(BrokenRule::field("outcome", FieldRule::UnknownCode));
        }
        Ok(())
    }

    fn ending(
        &self,
        at: Timestamp,
        outcome: Outcome,
        child_outcome: ChildOutcome,
        delay_effect: DelayEffect,
        scene: &Scene<'_>,
    ) -> Result<Ending, BrokenRule> {
        Ok(Ending {
            at,
            outcome,
            child_outcome,
            delay_effect,
            working_seconds: scene.calendar.working_seconds(self.episode.opened_at, at)?,
            same_day: same_day(self.episode.opened_at, at),
            calendar_version: scene.calendar.version().to_owned(),
        })
    }

    fn corrections(
        &self,
        right: RightValues,
        scene: &Scene<'_>,
    ) -> Result<Vec<Correction>, BrokenRule> {
        let mut corrections = Vec::new();
        if let Some(to) = right.theme.filter(|to| *to != self.facts.theme) {
            corrections.push(Correction::Theme { from: self.facts.theme.clone(), to });
        }
        if let Some(to) = right.urgency.filter(|to| *to != self.facts.urgency) {
            corrections.push(Correction::Urgency { from: self.facts.urgency, to });
        }
        if let Some(to) = right.delay.filter(|to| Some(to) != self.facts.delay.as_ref()) {
            let mut faults = Faults::default();
            check_delay(&to, scene, &mut faults);
            faults.none()?;
            let from = self.facts.delay.clone().map(Box::new);
            corrections.push(Correction::Delay { from, to: Box::new(to) });
        }
        if corrections.is_empty() {
            return Err(BrokenRule::field("", FieldRule::Required));
        }
        Ok(corrections)
    }

    fn not_possible(&self, act: ActKind, scene: &Scene<'_>) -> BrokenRule {
        let possible = self.possible_acts(scene.caller, scene.policy.top());
        BrokenRule::NotPossible { act, possible }
    }
}
