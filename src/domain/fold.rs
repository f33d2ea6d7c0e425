//! The fold: how each event changes an escalation. The only code that does.

use jiff::Timestamp;

use super::child_time::Holder;
use super::escalation::{AfterEnd, Episode, Escalation, Scope, Status};
use super::event::{Actor, Change, Correction, Ending, Event};
use super::ids::ClockId;
use super::link::{Link, LinkKind};
use super::proposal::{Person, Proposal};
use super::resolution::ImpactResult;
use super::stage_clock::{ClockKind, StageClock, Stop, StopReason};

impl Escalation {
    /// Takes one event in. The only way in which an escalation changes.
    pub fn apply(&mut self, event: &Event) {
        let (at, heard) = (event.occurred_at, event.recorded_at);
        self.version = event.version;
        if moves(&event.change) {
            self.changed_at = at;
        }
        let by = person(&event.actor);
        match &event.change {
            Change::Raised { .. } | Change::Noted | Change::Stated | Change::ChildErased { .. } => {
            }
            // Nobody can do any more what a clock would wait for.
            Change::Erased { .. } => self.stop_all(at, heard, StopReason::Ended),
            Change::Acknowledged { .. } => {
                self.stop(ClockKind::Acknowledgement, at, heard, StopReason::Acknowledged);
                self.enter(Status::Acknowledged, at);
            }
            Change::Declined { clocks, .. } => {
                self.stop_all(at, heard, StopReason::Declined);
                self.rule_state.proposal = None;
                self.clocks.extend(clocks.iter().cloned());
                self.enter(Status::Declined, at);
            }
            Change::Redirected { from, to, clocks } => {
                self.stop_all(at, heard, StopReason::Redirected);
                self.facts.raised_with = *to;
                if self.facts.scope == Scope::IntraAgency {
                    self.facts.scope = Scope::InterAgency;
                }
                if !self.past_responders.contains(from) {
                    self.past_responders.push(*from);
                }
                self.begin(clocks, at);
            }
            Change::Answered { clocks, .. } => {
                self.stop(ClockKind::Acknowledgement, at, heard, StopReason::Answered);
                self.stop(ClockKind::Answer, at, heard, StopReason::Answered);
                self.rule_state.proposal = None;
                self.rule_state.answered_by = by;
                self.clocks.extend(clocks.iter().cloned());
                self.enter(Status::Answered, at);
            }
            Change::Accepted { clocks } => {
                self.stop(ClockKind::Judgement, at, heard, StopReason::Done);
                self.clocks.extend(clocks.iter().cloned());
                self.enter(Status::Accepted, at);
            }
            Change::Rejected => self.enter(Status::Rejected, at),
            Change::Advanced { to, clocks, .. } => {
                for kind in [ClockKind::Acknowledgement, ClockKind::Answer, ClockKind::Resolution] {
                    let late = self.running(kind).is_some_and(|clock| clock.is_overdue(at));
                    let reason = if late { StopReason::NoResponse } else { StopReason::Advanced };
                    self.stop(kind, at, heard, reason);
                }
                self.stop(ClockKind::Judgement, at, heard, StopReason::Done);
                self.stage = *to;
                self.begin(clocks, at);
            }
            Change::UrgencyChanged { to, clocks, .. } => {
                self.facts.urgency = *to;
                self.take_over(clocks, at, heard, StopReason::UrgencyChanged);
                self.enter(self.status, at);
            }
            Change::Proposed { proposal, side } => {
                self.rule_state.proposal =
                    by.map(|by| Proposal { kind: proposal.clone(), by, side: *side });
            }
            Change::Extended { replaced, clock } => {
                self.replace(*replaced, clock, at, heard, StopReason::Extended);
            }
            Change::MeetingCalled { replaced, clock, .. } => {
                self.replace(*replaced, clock, at, heard, StopReason::MeetingCalled);
            }
            Change::Paused { until, replaced, clock, .. } => {
                self.replace(*replaced, clock, at, heard, StopReason::Paused);
                let agency = self.facts.raised_with;
                self.hand_over(at, Holder::Paused, Some(agency), Some(*until));
            }
            Change::Resumed { replaced, clock } => {
                self.replace(*replaced, clock, at, heard, StopReason::Resumed);
                self.enter(self.status, at);
            }
            Change::PolicyMigrated { to, clocks, .. } => {
                self.facts.policy_version.clone_from(to);
                self.take_over(clocks, at, heard, StopReason::PolicyMigrated);
                self.enter(self.status, at);
            }
            Change::Resolved { ending, clocks } => {
                self.stop(ClockKind::Resolution, ending.at, heard, StopReason::Done);
                self.end(ending.clone(), Status::Resolved, heard);
                self.rule_state.resolved_by = by;
                self.clocks.extend(clocks.iter().cloned());
            }
            Change::Rerouted { ending } => self.end(ending.clone(), Status::Resolved, heard),
            Change::MarkedDuplicate { of, ending } => {
                self.links.push(Link { kind: LinkKind::DuplicateOf, to: *of, at });
                self.end(ending.clone(), Status::Resolved, heard);
            }
            Change::Withdrawn { ending } => self.end(ending.clone(), Status::Withdrawn, heard),
            Change::Linked { kind, to } => self.links.push(Link { kind: *kind, to: *to, at }),
            Change::FeedbackGiven => {
                self.stop(ClockKind::Feedback, at, heard, StopReason::Done);
                self.episode.after = AfterEnd { feedback_at: Some(at), ..self.episode.after };
            }
            Change::LearningRecorded { kind } => {
                self.stop(ClockKind::Learning, at, heard, StopReason::Done);
                self.episode.after = AfterEnd { learning: Some(*kind), ..self.episode.after };
            }
            Change::ImpactChecked { result } => self.check_impact(*result, at, heard),
            Change::Reopened { episode, clocks } => {
                self.stop_all(at, heard, StopReason::Reopened);
                self.episode = Episode::open(*episode, at);
                self.begin(clocks, at);
            }
            Change::Corrected { corrections } => {
                for correction in corrections {
                    self.correct(correction);
                }
            }
        }
    }

    /// A stage begins, or begins again with another agency.
    fn begin(&mut self, clocks: &[StageClock], at: Timestamp) {
        self.rule_state = Default::default();
        self.clocks.extend(clocks.iter().cloned());
        self.enter(Status::Raised, at);
    }

    fn enter(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        let (holder, agency) = match status {
            Status::Raised | Status::Acknowledged | Status::Accepted => {
                (Holder::Responder, Some(self.facts.raised_with))
            }
            Status::Answered | Status::Rejected | Status::Declined => {
                (Holder::Raiser, Some(self.facts.raised_by))
            }
            Status::Resolved | Status::Withdrawn => (Holder::Nobody, None),
        };
        self.hand_over(at, holder, agency, None);
    }

    fn end(&mut self, ending: Ending, status: Status, heard: Timestamp) {
        self.stop_all(ending.at, heard, StopReason::Ended);
        self.rule_state = Default::default();
        let at = ending.at;
        self.episode.ending = Some(ending);
        self.enter(status, at);
    }

    fn check_impact(&mut self, result: ImpactResult, at: Timestamp, heard: Timestamp) {
        self.stop(ClockKind::ImpactCheck, at, heard, StopReason::Done);
        self.episode.after = AfterEnd { impact: Some((result, at)), ..self.episode.after };
    }

    /// Clocks of a kind that runs stop, and those that took over start. They allow for no pause, so one that lasts ends.
    fn take_over(
        &mut self,
        clocks: &[StageClock],
        at: Timestamp,
        heard: Timestamp,
        reason: StopReason,
    ) {
        self.rule_state.proposal = None;
        for clock in clocks {
            self.stop(clock.kind, at, heard, reason);
            self.clocks.push(clock.clone());
        }
    }

    fn replace(
        &mut self,
        replaced: ClockId,
        clock: &StageClock,
        at: Timestamp,
        heard: Timestamp,
        reason: StopReason,
    ) {
        self.rule_state.proposal = None;
        self.stop_clock(replaced, at, heard, reason);
        self.clocks.push(clock.clone());
    }

    fn stop_all(&mut self, at: Timestamp, heard: Timestamp, reason: StopReason) {
        for kind in ClockKind::ALL {
            self.stop(*kind, at, heard, reason);
        }
    }

    fn stop(&mut self, kind: ClockKind, at: Timestamp, heard: Timestamp, reason: StopReason) {
        if let Some(id) = self.running(kind).map(|clock| clock.id) {
            self.stop_clock(id, at, heard, reason);
        }
    }

    fn stop_clock(&mut self, id: ClockId, at: Timestamp, heard: Timestamp, reason: StopReason) {
        for clock in &mut self.clocks {
            if clock.id == id && clock.is_running() {
                clock.stopped = Some(Stop { at, reason, recorded_at: Some(heard) });
            }
        }
    }

    fn correct(&mut self, correction: &Correction) {
        match correction {
            Correction::Theme { from, to } => {
                let original = self.facts.original_theme.get_or_insert_with(|| from.clone());
                if original == to {
                    self.facts.original_theme = None;
                }
                self.facts.theme = to.clone();
            }
            Correction::Urgency { to, .. } => self.facts.urgency = *to,
            Correction::Delay { to, .. } => self.facts.delay = Some((**to).clone()),
        }
    }
}

/// Whether an event moves the state; the others only change what is known, and may be told later.
const fn moves(change: &Change) -> bool {
    !matches!(
        change,
        Change::Noted
            | Change::Stated
            | Change::Corrected { .. }
            | Change::Linked { .. }
            | Change::FeedbackGiven
            | Change::LearningRecorded { .. }
            | Change::ImpactChecked { .. }
            | Change::ChildErased { .. }
            | Change::Erased { .. }
    )
}

fn person(actor: &Actor) -> Option<Person> {
    actor.client.map(|client| Person { client, subject: actor.subject.clone() })
}
