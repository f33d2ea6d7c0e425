//! What acts inside a stage lead to: up, to another agency, more time, a pause.

use jiff::Timestamp;

use super::act::ActKind;
use super::broken_rule::{BrokenRule, FieldRule, Hint};
use super::decide::Scene;
use super::escalation::{Escalation, Status};
use super::event::{AdvanceCause, Change};
use super::ids::AgencyId;
use super::london::local_date;
use super::partnership::Agency;
use super::proposal::ProposalKind;
use super::scene::At;
use super::stage_clock::{ClockKind, DueBasis, StageClock};
use super::stage_policy::PauseReason;
use super::transitions::Party;
use super::urgency::Urgency;

impl Escalation {
    /// The clock by which the raiser judges an answer or chooses what comes next.
    pub(super) fn judgement(
        &self,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<StageClock, BrokenRule> {
        scene.clock(ClockKind::Judgement, scene.policy.judgement, self.here(at))
    }

    /// The present episode, stage and urgency, for a clock that starts at `started_at`.
    pub(super) const fn here(&self, started_at: Timestamp) -> At {
        At {
            episode: self.episode.number,
            stage: self.stage,
            urgency: self.facts.urgency,
            started_at,
        }
    }

    pub(super) fn redirect(
        &self,
        to: &Agency,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let from = self.facts.raised_with;
        let refused = |rule| Err(BrokenRule::field("agency", rule));
        let hinted = |rule, hint| Err(BrokenRule::hinted("agency", rule, hint));
        if to.id == from {
            return hinted(FieldRule::Inconsistent, Hint::HasItNow);
        }
        if to.id == self.facts.raised_by {
            return hinted(FieldRule::Inconsistent, Hint::RaisedIt);
        }
        if self.cannot_get_it_back(to.id) {
            return hinted(FieldRule::NotUnique, Hint::HadItBefore);
        }
        if !to.is_valid_on(local_date(at)) {
            return refused(FieldRule::RetiredCode);
        }
        if !to.may_respond {
            return refused(FieldRule::NotPermitted);
        }
        let clocks = scene.stage_clocks(self.here(at))?;
        Ok(Change::Redirected { from, to: to.id, clocks })
    }

    /// Whether an agency had it once and cannot get it back: two that have to answer would pass a child to and fro. The
    /// raiser decides what becomes of a declined matter, or one redirection would get rid of it for good.
    #[must_use]
    pub fn cannot_get_it_back(&self, agency: AgencyId) -> bool {
        self.status != Status::Declined && self.past_responders.contains(&agency)
    }

    pub(super) fn advance(
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
        let open = scene.policy.stages_for(self.facts.urgency, Some(self.stage));
        if !open.contains(&to) {
            return Err(BrokenRule::hinted("stage", FieldRule::OutOfRange, Hint::Stages(open)));
        }
        let late = |kind| self.running(kind).is_some_and(|clock| self.was_late(clock, at));
        let cause = match self.status {
            Status::Rejected => AdvanceCause::Rejected,
            Status::Declined => AdvanceCause::Declined,
            Status::Accepted => AdvanceCause::AgreementNotKept,
            _ if late(ClockKind::Answer) => AdvanceCause::NoResponse,
            _ if late(ClockKind::Acknowledgement) => AdvanceCause::NoAcknowledgement,
            _ => AdvanceCause::Risk,
        };
        if scene.caller.is_none() && !self.may_be_taken_up(at, scene)? {
            return Err(self.not_possible(ActKind::Advance, scene));
        }
        let clocks = scene.stage_clocks(At { stage: to, ..self.here(at) })?;
        Ok(Change::Advanced { from: self.stage, to, cause, clocks })
    }

    /// Whether the raiser's time to choose is over, and policy lets the service take a late matter up.
    fn may_be_taken_up(&self, at: Timestamp, scene: &Scene<'_>) -> Result<bool, BrokenRule> {
        let (rule, urgency) = (&scene.policy.timeout, self.facts.urgency);
        for (kind, permitted) in [
            (ClockKind::Answer, rule.auto_advance),
            (ClockKind::Acknowledgement, rule.auto_advance_unacknowledged),
        ] {
            let Some(clock) = self.running(kind).filter(|_| permitted.of(urgency)) else {
                continue;
            };
            if at > rule.raiser_chooses_within.of(urgency).due_at(clock.due_at, scene.calendar)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Some stages are none for some urgencies: what is immediate does not wait in a conversation.
    pub(super) fn check_stage_is_for(
        &self,
        urgency: Urgency,
        scene: &Scene<'_>,
    ) -> Result<(), BrokenRule> {
        let stage = scene.policy.stage(self.stage);
        match stage.and_then(|stage| stage.answer_limit(urgency)) {
            Some(_) => Ok(()),
            None => Err(BrokenRule::hinted("urgency", FieldRule::OutOfRange, Hint::StageSkipped)),
        }
    }

    /// Whether this clock, or one that it took over from, was late: silence stays silence when another limit starts.
    fn was_late(&self, clock: &StageClock, now: Timestamp) -> bool {
        let before = |clock: &&StageClock| clock.predecessor(&self.clocks);
        std::iter::successors(Some(clock), before).any(|clock| clock.is_overdue(now))
    }

    /// New limits from now on. What became more urgent is never due later than it was, nor is what is late by now: no
    /// other urgency takes a breach back.
    pub(super) fn change_urgency(
        &self,
        to: Urgency,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let from = self.facts.urgency;
        // A corrected urgency leaves the limits of the mistyped one; said again here, it changes them.
        let of_another = |kind| self.running(kind).is_some_and(|clock| clock.urgency != to);
        if to == from
            && ![ClockKind::Acknowledgement, ClockKind::Answer].into_iter().any(of_another)
        {
            let rule = FieldRule::Inconsistent;
            return Err(BrokenRule::hinted("urgency", rule, Hint::SameUrgency));
        }
        self.check_stage_is_for(to, scene)?;
        let mut clocks = Vec::new();
        for new in scene.stage_clocks(At { urgency: to, ..self.here(at) })? {
            let Some(running) = self.running(new.kind) else { continue };
            let extends = Some(running.id);
            let previous_due_at = running.due_at;
            let late = self.was_late(running, scene.now.max(at));
            clocks.push(if to >= running.urgency || late {
                StageClock {
                    due_at: new.due_at.min(previous_due_at).max(at),
                    basis: Some(DueBasis::Earlier { previous_due_at, from: at }),
                    extends,
                    ..new
                }
            } else {
                StageClock { extends, ..new }
            });
        }
        Ok(Change::UrgencyChanged { from, to, clocks })
    }

    /// More time: once per stage, later than the present due instant, by no more than the limit that the stage gives in
    /// the first place, and within the stage's maximum.
    pub(super) fn propose_extension(
        &self,
        due_at: Timestamp,
        at: Timestamp,
        parts: &[Party],
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        self.check_extension(due_at, at, ActKind::ProposeExtension, scene)?;
        let side = self.side(parts, scene);
        Ok(Change::Proposed { proposal: ProposalKind::Extension { due_at }, side: side.into() })
    }

    pub(super) fn extend(
        &self,
        due_at: Timestamp,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        if !self.proposes(|kind| *kind == ProposalKind::Extension { due_at }) {
            return Err(BrokenRule::field("due_at", FieldRule::Inconsistent));
        }
        let running = self.check_extension(due_at, at, ActKind::Extend, scene)?;
        let basis = DueBasis::Agreed { previous_due_at: running.due_at };
        let clock = Box::new(scene.successor(running, at, due_at, basis));
        Ok(Change::Extended { replaced: running.id, clock })
    }

    fn check_extension(
        &self,
        due_at: Timestamp,
        at: Timestamp,
        kind: ActKind,
        scene: &Scene<'_>,
    ) -> Result<&StageClock, BrokenRule> {
        let running = self.not_late(kind, scene)?;
        let mut latest = running.limit.due_at(running.due_at, scene.calendar)?;
        let stage = scene.policy.stage(self.stage);
        if let Some(most) = stage.and_then(|stage| stage.standard_maximum)
            && self.facts.urgency == Urgency::Standard
        {
            latest = latest.min(most.due_at(self.first_of(running).started_at, scene.calendar)?);
        }
        let after = running.due_at.max(at);
        if due_at <= after || due_at > latest {
            let hint = Hint::Between { after, latest };
            return Err(BrokenRule::hinted("due_at", FieldRule::OutOfRange, hint));
        }
        Ok(running)
    }

    /// The clock that a chain of successors began with.
    pub(super) fn first_of<'a>(&'a self, clock: &'a StageClock) -> &'a StageClock {
        let before = |clock: &&'a StageClock| clock.predecessor(&self.clocks);
        std::iter::successors(Some(clock), before).last().unwrap_or(clock)
    }

    pub(super) fn call_meeting(
        &self,
        meeting_at: Timestamp,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let running = self.not_late(ActKind::CallMeeting, scene)?;
        let limit = scene.policy.stage(self.stage).and_then(|stage| stage.standard_with_meeting);
        let limit = limit.ok_or_else(|| self.not_possible(ActKind::CallMeeting, scene))?;
        let from = self.first_of(running).started_at;
        let due_at = limit.due_at(from, scene.calendar)?;
        if due_at <= running.due_at {
            let hint = Hint::LongerAlready(running.due_at);
            return Err(BrokenRule::hinted("meeting_at", FieldRule::Inconsistent, hint));
        }
        if meeting_at < from || meeting_at > due_at {
            let hint = Hint::Within { from, to: due_at };
            return Err(BrokenRule::hinted("meeting_at", FieldRule::OutOfRange, hint));
        }
        let basis = DueBasis::Counted { from };
        let clock = StageClock { limit, ..scene.successor(running, at, due_at, basis) };
        Ok(Change::MeetingCalled { meeting_at, replaced: running.id, clock: Box::new(clock) })
    }

    /// A pause that the agency may take by itself takes effect; a longer one waits for a second person.
    pub(super) fn pause(
        &self,
        why: PauseReason,
        until: Timestamp,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        self.not_late(ActKind::Pause, scene)?;
        let rule = &scene.policy.pause;
        let within = |limit: super::limit::Limit| -> Result<bool, BrokenRule> {
            Ok(until <= limit.due_at(at, scene.calendar)?)
        };
        // A pause that is over before it is told would only take a breach back.
        let after = at.max(scene.now);
        if until <= after || !within(rule.longest_approved)? {
            let latest = rule.longest_approved.due_at(at, scene.calendar)?;
            let hint = Hint::Between { after, latest };
            return Err(BrokenRule::hinted("until", FieldRule::OutOfRange, hint));
        }
        if within(rule.longest)? {
            return self.paused(why, until, at, ActKind::Pause, scene);
        }
        let proposal = ProposalKind::Pause { why, until };
        Ok(Change::Proposed { proposal, side: Party::Responder.into() })
    }

    pub(super) fn approve_pause(
        &self,
        until: Timestamp,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let proposed = self.rule_state.proposal.as_ref().map(|it| &it.kind);
        match proposed {
            Some(ProposalKind::Pause { why, until: proposed }) if *proposed == until => {
                if until <= at.max(scene.now) {
                    return Err(BrokenRule::hinted("until", FieldRule::OutOfRange, Hint::Over));
                }
                self.paused(*why, until, at, ActKind::ApprovePause, scene)
            }
            _ => Err(BrokenRule::field("until", FieldRule::Inconsistent)),
        }
    }

    fn paused(
        &self,
        why: PauseReason,
        until: Timestamp,
        at: Timestamp,
        kind: ActKind,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let running = self.not_late(kind, scene)?;
        let previous_due_at = running.due_at;
        let due_at = running.limit.shifted(previous_due_at, at, until, scene.calendar)?;
        let basis = DueBasis::Paused { previous_due_at, from: at, until };
        let clock = Box::new(scene.successor(running, at, due_at, basis));
        Ok(Change::Paused { why, until, replaced: running.id, clock })
    }

    /// The answer's clock, unless it is late by now: neither a pause nor more time takes a breach back by being told
    /// afterwards.
    fn not_late(&self, kind: ActKind, scene: &Scene<'_>) -> Result<&StageClock, BrokenRule> {
        self.running(ClockKind::Answer)
            .filter(|clock| !clock.is_overdue(scene.now))
            .ok_or_else(|| self.not_possible(kind, scene))
    }

    /// The pause ends early: as if it had never been meant to last longer.
    pub(super) fn resume(&self, at: Timestamp, scene: &Scene<'_>) -> Result<Change, BrokenRule> {
        let running = self.running(ClockKind::Answer);
        let paused = running.and_then(|clock| match clock.basis {
            Some(DueBasis::Paused { previous_due_at, from, .. }) => {
                Some((clock, previous_due_at, from))
            }
            _ => None,
        });
        let Some((running, previous_due_at, from)) = paused else {
            return Err(self.not_possible(ActKind::Resume, scene));
        };
        let due_at = running.limit.shifted(previous_due_at, from, at, scene.calendar)?;
        let basis = DueBasis::Paused { previous_due_at, from, until: at };
        let clock = Box::new(scene.successor(running, at, due_at, basis));
        Ok(Change::Resumed { replaced: running.id, clock })
    }

    pub(super) fn proposes(&self, is: impl Fn(&ProposalKind) -> bool) -> bool {
        self.rule_state.proposal.as_ref().is_some_and(|proposal| is(&proposal.kind))
    }

    /// For which side a proposal is made: inside one agency the responding side needs the time.
    pub(super) fn side(&self, parts: &[Party], scene: &Scene<'_>) -> Party {
        let all = if parts.is_empty() { self.parts_of(scene.caller) } else { parts.to_vec() };
        all.into_iter().max().unwrap_or(Party::Overseer)
    }
}
