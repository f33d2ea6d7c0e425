//! The table of transitions: which acts an escalation permits, when, and to whom.

use jiff::Timestamp;

use super::access::{Caller, Role};
use super::act::ActKind;
use super::decide::Scene;
use super::escalation::{Escalation, RaiserVisibility, Status};
use super::london::local_date;
use super::proposal::{Person, ProposalKind};
use super::stage_clock::{ClockKind, StopReason};
use super::stage_policy::StagePolicy;
use super::urgency::Urgency;

/// The part that somebody has in an escalation. One agency can have two, inside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The agency that raised it.
    Raiser,
    /// The agency that must answer.
    Responder,
    /// The Director, who decides for the partners.
    Partners,
    /// Somebody who reads across the partnership.
    Overseer,
    /// The service itself, when time has run out.
    Service,
}

/// Who may do what in which states.
///
/// The raiser alone judges an answer; the responder records an ending only once the raiser has accepted, and the raiser
/// takes it up where what was agreed is not done; whoever had to answer does not judge whether the child is better off;
/// the partners decide at the last stage; the service takes a late matter up and does nothing else; silence ends nothing; nothing
/// moves down. Some acts need more than a state, for example a proposal of the other side: see [`Escalation::possible_acts`].
pub const TRANSITIONS: &[(ActKind, Party, &[Status])] = {
    use ActKind as A;
    use Party::{Overseer, Partners, Raiser, Responder, Service};
    use Status::{
        Accepted, Acknowledged, Answered, Declined, Raised, Rejected, Resolved, Withdrawn,
    };
    const OPEN: &[Status] = &[Raised, Acknowledged, Answered, Declined, Accepted, Rejected];
    const ANY: &[Status] =
        &[Raised, Acknowledged, Answered, Declined, Accepted, Rejected, Resolved, Withdrawn];
    const AWAITING: &[Status] = &[Raised, Acknowledged];
    &[
        (A::Acknowledge, Responder, &[Raised]),
        (A::Decline, Responder, AWAITING),
        (A::Redirect, Responder, AWAITING),
        (A::Redirect, Raiser, &[Declined]),
        (A::Answer, Responder, AWAITING),
        (A::State, Responder, ANY),
        (A::Accept, Raiser, &[Answered]),
        (A::Reject, Raiser, &[Answered]),
        (A::Advance, Raiser, &[Raised, Acknowledged, Rejected, Declined, Accepted]),
        (A::Advance, Service, AWAITING),
        (A::ChangeUrgency, Raiser, OPEN),
        (A::ProposeExtension, Raiser, AWAITING),
        (A::ProposeExtension, Responder, AWAITING),
        (A::Extend, Raiser, AWAITING),
        (A::Extend, Responder, AWAITING),
        (A::CallMeeting, Raiser, AWAITING),
        (A::CallMeeting, Responder, AWAITING),
        (A::Pause, Responder, &[Acknowledged]),
        (A::ApprovePause, Raiser, &[Acknowledged]),
        (A::ApprovePause, Overseer, &[Acknowledged]),
        (A::ApprovePause, Partners, &[Acknowledged]),
        (A::Resume, Raiser, &[Acknowledged]),
        (A::Resume, Responder, &[Acknowledged]),
        (A::Resume, Partners, &[Acknowledged]),
        (A::Resolve, Responder, &[Accepted]),
        (A::Resolve, Partners, OPEN),
        (A::Withdraw, Raiser, OPEN),
        (A::Reroute, Raiser, OPEN),
        (A::Reroute, Partners, OPEN),
        (A::MarkDuplicate, Raiser, OPEN),
        (A::MarkDuplicate, Partners, OPEN),
        (A::Link, Raiser, ANY),
        (A::Link, Partners, ANY),
        (A::Reopen, Raiser, &[Resolved, Withdrawn]),
        (A::Note, Raiser, ANY),
        (A::Note, Responder, ANY),
        (A::Note, Partners, ANY),
        (A::Note, Overseer, ANY),
        (A::Correct, Raiser, ANY),
        (A::Correct, Partners, ANY),
        (A::GiveFeedback, Responder, &[Resolved]),
        (A::GiveFeedback, Partners, &[Resolved]),
        (A::GiveFeedback, Overseer, &[Resolved]),
        (A::RecordLearning, Raiser, &[Resolved]),
        (A::RecordLearning, Responder, &[Resolved]),
        (A::RecordLearning, Partners, &[Resolved]),
        (A::RecordLearning, Overseer, &[Resolved]),
        (A::CheckImpact, Raiser, &[Resolved]),
        (A::CheckImpact, Partners, &[Resolved]),
        (A::ProposePolicyMigration, Overseer, AWAITING),
        (A::ProposePolicyMigration, Partners, AWAITING),
        (A::MigratePolicy, Partners, AWAITING),
    ]
};

impl Escalation {
    /// The parts that `caller` has in this escalation; without a caller it is the service itself.
    #[must_use]
    pub fn parts_of(&self, caller: Option<&Caller>) -> Vec<Party> {
        let mut parts = Vec::with_capacity(2);
        let Some(caller) = caller else { return vec![Party::Service] };
        if caller.partnership != self.partnership {
            return parts;
        }
        match caller.role {
            Role::Agency => {
                if caller.acts_for(self.facts.raised_by) {
                    parts.push(Party::Raiser);
                }
                if caller.acts_for(self.facts.raised_with) {
                    parts.push(Party::Responder);
                }
            }
            Role::Director => parts.push(Party::Partners),
            Role::ServiceLead => parts.push(Party::Overseer),
            Role::Analyst | Role::Auditor | Role::PrivacyOfficer | Role::Operator => {}
        }
        parts
    }

    /// The acts that `caller` can do now, under the policy that the escalation runs by.
    #[must_use]
    pub fn possible_acts(
        &self,
        caller: &Caller,
        policy: &StagePolicy,
        now: Timestamp,
    ) -> Vec<ActKind> {
        let parts = self.parts_of(Some(caller));
        let me = Person::of(caller);
        ActKind::ALL
            .iter()
            .copied()
            .filter(|kind| parts.iter().any(|part| self.permits(*kind, *part, policy, now)))
            .filter(|kind| !self.needs_another_person(*kind, &me))
            .collect()
    }

    /// The parts in which the one who acts in `scene` may do this.
    pub(super) fn permitted_parts(
        &self,
        kind: ActKind,
        scene: &Scene<'_>,
        at: Timestamp,
    ) -> Vec<Party> {
        let mut parts = self.parts_of(scene.caller);
        parts.retain(|part| self.permits(kind, *part, scene.policy, at));
        parts
    }

    /// Whether somebody else has to do this, because `person` did what it approves.
    pub(super) fn needs_another_person(&self, kind: ActKind, person: &Person) -> bool {
        let proposed = |wanted: fn(&ProposalKind) -> bool| {
            self.rule_state.proposal.as_ref().is_some_and(|it| wanted(&it.kind) && it.by == *person)
        };
        match kind {
            ActKind::Accept | ActKind::Reject => {
                self.rule_state.answered_by.as_ref() == Some(person)
            }
            ActKind::CheckImpact => {
                self.is_inside_one_agency() && self.rule_state.resolved_by.as_ref() == Some(person)
            }
            ActKind::Extend => proposed(|kind| matches!(kind, ProposalKind::Extension { .. })),
            ActKind::ApprovePause => proposed(|kind| matches!(kind, ProposalKind::Pause { .. })),
            ActKind::MigratePolicy => {
                proposed(|kind| matches!(kind, ProposalKind::PolicyMigration { .. }))
            }
            _ => false,
        }
    }

    fn permits(&self, kind: ActKind, part: Party, policy: &StagePolicy, at: Timestamp) -> bool {
        let listed = TRANSITIONS.iter().any(|(act, party, states)| {
            *act == kind && *party == part && states.contains(&self.status)
        });
        listed && self.allows(kind, part, policy, at).unwrap_or(false)
    }

    /// What a state alone does not tell. None where the policy does not know the stage.
    fn allows(
        &self,
        kind: ActKind,
        part: Party,
        policy: &StagePolicy,
        at: Timestamp,
    ) -> Option<bool> {
        let urgency = self.facts.urgency;
        let stage = policy.stage(self.stage);
        let answer = self.running(ClockKind::Answer);
        let proposal = self.rule_state.proposal.as_ref();
        let paused = self.is_paused(at);
        Some(match (kind, part) {
            (ActKind::Advance, Party::Service) => {
                policy.next_above(self.stage, urgency).is_some()
                    && (policy.timeout.auto_advance.of(urgency)
                        || policy.timeout.auto_advance_unacknowledged.of(urgency))
            }
            (ActKind::Advance, _) => policy.next_above(self.stage, urgency).is_some(),
            // Being told that it cannot go to the agency that raised it would say which one that is. Declining with a
            // suggestion tells nothing.
            (ActKind::Redirect, Party::Responder) => {
                self.facts.raiser_visibility == RaiserVisibility::Named
            }
            (ActKind::Resolve, Party::Partners) => self.stage == policy.top(),
            (ActKind::ProposeExtension, _) => {
                !paused
                    && self.times_in_stage(StopReason::Extended) < policy.extension.times_per_stage
                    && answer
                        .is_some_and(|clock| clock.limit.can_be_longer() && !clock.is_overdue(at))
            }
            (ActKind::Extend, _) => proposal.is_some_and(|it| {
                !paused
                    && answer.is_some_and(|clock| !clock.is_overdue(at))
                    && matches!(it.kind, ProposalKind::Extension { .. })
                    && (it.side != part.into() || self.is_inside_one_agency())
            }),
            (ActKind::CallMeeting, _) => {
                !paused
                    && answer.is_some_and(|clock| !clock.is_overdue(at))
                    && urgency == Urgency::Standard
                    && stage?.standard_with_meeting.is_some()
                    && self.times_in_stage(StopReason::MeetingCalled) == 0
                    // Where both sides agreed to more time already, a meeting gives none.
                    && self.times_in_stage(StopReason::Extended) == 0
            }
            (ActKind::Pause, _) => {
                !paused
                    && policy.pause.permitted.of(urgency)
                    && answer
                        .is_some_and(|clock| clock.limit.can_be_longer() && !clock.is_overdue(at))
                    && self.times_in_stage(StopReason::Paused) < policy.pause.times_per_stage
            }
            (ActKind::ApprovePause, _) => {
                answer.is_some_and(|clock| !clock.is_overdue(at))
                    && proposal.is_some_and(|it| matches!(it.kind, ProposalKind::Pause { .. }))
            }
            (ActKind::Resume, _) => paused,
            (ActKind::GiveFeedback, _) => self.running(ClockKind::Feedback).is_some(),
            // On the day of the ending nobody can say yet whether it holds.
            (ActKind::CheckImpact, _) => {
                let ended = self.episode.ending.as_ref();
                self.running(ClockKind::ImpactCheck).is_some()
                    && ended.is_some_and(|it| local_date(at) > local_date(it.at))
            }
            (ActKind::MigratePolicy, _) => {
                proposal.is_some_and(|it| matches!(it.kind, ProposalKind::PolicyMigration { .. }))
            }
            _ => true,
        })
    }

    fn is_inside_one_agency(&self) -> bool {
        self.facts.raised_by == self.facts.raised_with
    }

    /// How often the answer's clock was replaced for this reason since the stage began.
    fn times_in_stage(&self, reason: StopReason) -> u32 {
        let times = self.clocks.iter().filter(|clock| {
            clock.episode == self.episode.number
                && clock.stage == self.stage
                && clock.kind == ClockKind::Answer
                && clock.stopped.is_some_and(|stop| stop.reason == reason)
        });
        u32::try_from(times.count()).unwrap_or(u32::MAX)
    }
}
