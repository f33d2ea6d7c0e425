//! The one choke point: what an act on an escalation leads to, as a pure function.

use jiff::Timestamp;

use super::act::{Act, ActKind, RightValues};
use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::child_time::wait_began;
use super::escalation::Escalation;
use super::event::{Change, Correction, Event, Narrative, TextField};
use super::free_text::holds_identifier;
use super::ids::EventId;
use super::raise::check_delay;
use super::stage_clock::ClockKind;
use super::transitions::Party;

pub use super::scene::{CLOCK_SKEW_SECONDS, Scene};

/// What an act changes, with the texts that go with it.
pub(super) type Decision = (Change, Vec<(TextField, Narrative)>);

/// A text that may be missing.
pub(super) fn perhaps(
    field: TextField,
    text: Option<Narrative>,
) -> impl Iterator<Item = (TextField, Narrative)> {
    text.map(|text| (field, text)).into_iter()
}

impl Escalation {
    /// Does one act: the escalation after it, and the event that says so.
    ///
    /// # Errors
    /// The rule that the act breaks; the escalation is unchanged then.
    pub fn act(&self, act: Act, scene: &Scene<'_>) -> Result<(Self, Vec<Event>), BrokenRule> {
        let kind = act.kind();
        let at = self.time_of_act(scene);
        let parts = self.permitted_parts(kind, scene, *at.as_ref().unwrap_or(&scene.now));
        if parts.is_empty() {
            return Err(self.not_possible(kind, scene));
        }
        if scene.person().is_some_and(|person| self.needs_another_person(kind, &person)) {
            return Err(BrokenRule::SecondPerson { act: kind.code() });
        }
        let at = at?;
        let (change, texts) = self.decide(act, at, &parts, scene)?;
        for (field, text) in &texts {
            if scene.free_text.refuses(text) {
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

    fn decide(
        &self,
        act: Act,
        at: Timestamp,
        parts: &[Party],
        scene: &Scene<'_>,
    ) -> Result<Decision, BrokenRule> {
        Ok(match act {
            Act::Acknowledge { held_by_role } => {
                no_person(held_by_role.as_deref(), "held_by_role")?;
                (Change::Acknowledged { held_by_role }, vec![])
            }
            Act::Decline { reason, suggested_agency, suggested_procedure } => {
                if suggested_agency.is_none() && suggested_procedure.is_none() {
                    return Err(BrokenRule::field("suggested_agency", FieldRule::Required));
                }
                if suggested_agency == Some(self.facts.raised_with) {
                    return Err(BrokenRule::field("suggested_agency", FieldRule::Inconsistent));
                }
                let clocks = vec![self.judgement(at, scene)?];
                let change = Change::Declined { suggested_agency, suggested_procedure, clocks };
                (change, vec![(TextField::Reason, reason)])
            }
            Act::Redirect { to, reason } => {
                (self.redirect(&to, at, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::Answer { position, answer } => {
                let clocks = vec![self.judgement(at, scene)?];
                (Change::Answered { position, clocks }, vec![(TextField::Answer, answer)])
            }
            Act::State { statement } => (Change::Stated, vec![(TextField::Statement, statement)]),
            Act::Accept { note } => {
                let limit = scene.policy.resolve_within;
                let clocks = vec![scene.clock(ClockKind::Resolution, limit, self.here(at))?];
                (Change::Accepted { clocks }, perhaps(TextField::Note, note).collect())
            }
            Act::Reject { reason } => (Change::Rejected, vec![(TextField::Reason, reason)]),
            Act::Advance { to, reason } => {
                if reason.is_none() && scene.caller.is_some() {
                    return Err(BrokenRule::field("reason", FieldRule::Required));
                }
                let change = self.advance(to, at, scene)?;
                (change, perhaps(TextField::Reason, reason).collect())
            }
            Act::ChangeUrgency { urgency, reason } => {
                (self.change_urgency(urgency, at, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::ProposeExtension { due_at, reason } => (
                self.propose_extension(due_at, at, parts, scene)?,
                vec![(TextField::Reason, reason)],
            ),
            Act::Extend { due_at, reason } => {
                (self.extend(due_at, at, scene)?, perhaps(TextField::Reason, reason).collect())
            }
            Act::CallMeeting { meeting_at } => (self.call_meeting(meeting_at, at, scene)?, vec![]),
            Act::Pause { why, until, reason } => {
                (self.pause(why, until, at, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::ApprovePause { until } => (self.approve_pause(until, at, scene)?, vec![]),
            Act::Resume { reason } => {
                (self.resume(at, scene)?, perhaps(TextField::Reason, reason).collect())
            }
            Act::ProposePolicyMigration { policy, reason } => {
                (self.propose_migration(&policy, scene)?, vec![(TextField::Reason, reason)])
            }
            Act::MigratePolicy { policy } => (self.migrate(&policy, at, scene)?, vec![]),
            Act::Resolve { .. }
            | Act::Withdraw { .. }
            | Act::Reroute { .. }
            | Act::MarkDuplicate { .. }
            | Act::Link { .. }
            | Act::Reopen { .. }
            | Act::GiveFeedback { .. }
            | Act::RecordLearning { .. }
            | Act::CheckImpact { .. } => return self.decide_end(act, at, parts, scene),
            Act::Note { note } => (Change::Noted, vec![(TextField::Note, note)]),
            Act::Correct { right, reason } => {
                let corrections = self.corrections(*right, parts, scene)?;
                (Change::Corrected { corrections }, vec![(TextField::Reason, reason)])
            }
        })
    }

    fn corrections(
        &self,
        right: RightValues,
        parts: &[Party],
        scene: &Scene<'_>,
    ) -> Result<Vec<Correction>, BrokenRule> {
        let mut corrections = Vec::new();
        if let Some(to) = right.theme.filter(|to| *to != self.facts.theme) {
            corrections.push(Correction::Theme { from: self.facts.theme.clone(), to });
        }
        if let Some(to) = right.urgency.filter(|to| *to != self.facts.urgency) {
            self.check_stage_is_for(to, scene)?;
            corrections.push(Correction::Urgency { from: self.facts.urgency, to });
        }
        if let Some(to) = right.delay.filter(|to| Some(to) != self.facts.delay.as_ref()) {
            let mut faults = Faults::default();
            check_delay(&to, scene, &mut faults);
            // A mistyped time can be mended, and the child's wait is made shorter only by somebody who is no side. To
            // record for the first time that the process happened is no correction of the wait.
            let facts = &self.facts;
            let a_side = !parts.contains(&Party::Partners);
            let began = wait_began(facts.raised_at, facts.concern_arose_at, Some(to.started_at));
            let shorter = a_side && began > self.child_time_from();
            faults.add_if(shorter, "delay/started_at", FieldRule::NotPermitted);
            let known = facts.delay.as_ref().and_then(|delay| delay.occurred_at);
            // Taken back it could be recorded again, and then earlier.
            let taken_back = known.is_some_and(|was| to.occurred_at.is_none_or(|is| is < was));
            faults.hint_if(
                a_side && taken_back,
                "delay/occurred_at",
                FieldRule::NotPermitted,
                Hint::OccurrenceStands,
            );
            faults.none()?;
            let from = self.facts.delay.clone().map(Box::new);
            corrections.push(Correction::Delay { from, to: Box::new(to) });
        }
        if corrections.is_empty() {
            return Err(BrokenRule::field("", FieldRule::Required));
        }
        Ok(corrections)
    }

    pub(super) fn not_possible(&self, act: ActKind, scene: &Scene<'_>) -> BrokenRule {
        let possible = scene
            .caller
            .map(|caller| self.possible_acts(caller, scene.policy, scene.now))
            .unwrap_or_default();
        BrokenRule::NotPossible { act, possible }
    }
}

/// Roles are no place for names and numbers of persons.
pub(super) fn no_person(text: Option<&str>, field: &'static str) -> Result<(), BrokenRule> {
    if holds_identifier(text.unwrap_or_default()) {
        Err(BrokenRule::field(field, FieldRule::PersonalData))
    } else {
        Ok(())
    }
}
