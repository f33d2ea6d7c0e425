//! The acts that an escalation permits, when, and to whom: the table of transitions.

use jiff::Timestamp;

use super::access::{Caller, Role};
use super::codes::codes;
use super::escalation::{Delay, Escalation, Status};
use super::event::{AnswerPosition, Narrative};
use super::resolution::{ChildOutcome, DelayEffect, Outcome};
use super::theme::ThemeCode;
use super::urgency::Urgency;

codes! {
    /// The acts that a caller can try on an existing escalation.
    pub enum ActKind {
        /// Say that it was received.
        Acknowledge => "acknowledge",
        /// Answer it.
        Answer => "answer",
        /// Judge the answer good enough.
        Accept => "accept",
        /// Judge the answer not good enough.
        Reject => "reject",
        /// Take it to a higher stage.
        Advance => "advance",
        /// Agree to more time.
        Extend => "extend",
        /// Record how it ended.
        Resolve => "resolve",
        /// Take it back.
        Withdraw => "withdraw",
        /// Open it again.
        Reopen => "reopen",
        /// Add a note.
        Note => "note",
        /// Correct what was recorded.
        Correct => "correct",
    }
}

/// An act with everything that it must say. What an ending must say is part of its type, so no
/// route can leave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Receipt is acknowledged.
    Acknowledge {
        /// The role that now holds the matter.
        held_by_role: Option<String>,
    },
    /// An answer is given.
    Answer {
        /// Whether what was asked will be done.
        position: AnswerPosition,
        /// The answer with its rationale.
        answer: Narrative,
    },
    /// The answer is good enough.
    Accept {
        /// Anything to add.
        note: Option<Narrative>,
    },
    /// The answer is not good enough.
    Reject {
        /// Why not.
        reason: Narrative,
    },
    /// It goes up.
    Advance {
        /// The stage to enter; the next one when not named.
        to: Option<u8>,
        /// Why it cannot stay where it is.
        reason: Narrative,
    },
    /// The answer may come later.
    Extend {
        /// The new last instant.
        due_at: Timestamp,
        /// Why, and with whom it was agreed.
        reason: Narrative,
    },
    /// It ends.
    Resolve {
        /// How.
        outcome: Outcome,
        /// What it meant for the child.
        child_outcome: ChildOutcome,
        /// What escalating did to the delay.
        delay_effect: DelayEffect,
        /// What was agreed and done.
        agreed_action: Narrative,
    },
    /// It is taken back.
    Withdraw {
        /// Why.
        reason: Narrative,
    },
    /// It is opened again.
    Reopen {
        /// Why.
        reason: Narrative,
    },
    /// A note is added.
    Note {
        /// The note.
        note: Narrative,
    },
    /// What was recorded is corrected.
    Correct {
        /// The right values; what is not named stays.
        right: Box<RightValues>,
        /// Why.
        reason: Narrative,
    },
}

/// The values of a correction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightValues {
    /// The right theme.
    pub theme: Option<ThemeCode>,
    /// The right urgency.
    pub urgency: Option<Urgency>,
    /// The right delay.
    pub delay: Option<Delay>,
}

impl Act {
    /// The kind of act that this is.
    #[must_use]
    pub const fn kind(&self) -> ActKind {
        match self {
            Self::Acknowledge { .. } => ActKind::Acknowledge,
            Self::Answer { .. } => ActKind::Answer,
            Self::Accept { .. } => ActKind::Accept,
            Self::Reject { .. } => ActKind::Reject,
            Self::Advance { .. } => ActKind::Advance,
            Self::Extend { .. } => ActKind::Extend,
            Self::Resolve { .. } => ActKind::Resolve,
            Self::Withdraw { .. } => ActKind::Withdraw,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Note { .. } => ActKind::Note,
            Self::Correct { .. } => ActKind::Correct,
        }
    }
}

/// The part that a caller has in an escalation. One agency can have two, inside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The agency that raised it.
    Raiser,
    /// The agency that must answer.
    Responder,
    /// The Director, who decides for the partners.
    Partners,
    /// Somebody who reads across the partnership.
    Overseer,
}

/// The table of transitions: who may do what in which states.
///
/// The raiser alone judges an answer; the responder records an ending only once the raiser has
/// accepted; the partners decide at the last stage; silence ends nothing.
pub const TRANSITIONS: &[(ActKind, Party, &[Status])] = {
    use Status::{Accepted, Acknowledged, Answered, Raised, Rejected, Resolved, Withdrawn};
    const OPEN: &[Status] = &[Raised, Acknowledged, Answered, Accepted, Rejected];
    const ANY: &[Status] =
        &[Raised, Acknowledged, Answered, Accepted, Rejected, Resolved, Withdrawn];
    &[
        (ActKind::Acknowledge, Party::Responder, &[Raised]),
        (ActKind::Answer, Party::Responder, &[Raised, Acknowledged]),
        (ActKind::Accept, Party::Raiser, &[Answered]),
        (ActKind::Reject, Party::Raiser, &[Answered]),
        (ActKind::Advance, Party::Raiser, &[Raised, Acknowledged, Rejected]),
        (ActKind::Extend, Party::Raiser, &[Raised, Acknowledged]),
        (ActKind::Resolve, Party::Responder, &[Accepted]),
        (ActKind::Resolve, Party::Partners, OPEN),
        (ActKind::Withdraw, Party::Raiser, OPEN),
        (ActKind::Reopen, Party::Raiser, &[Resolved, Withdrawn]),
        (ActKind::Note, Party::Raiser, ANY),
        (ActKind::Note, Party::Responder, ANY),
        (ActKind::Note, Party::Partners, ANY),
        (ActKind::Note, Party::Overseer, ANY),
        (ActKind::Correct, Party::Raiser, ANY),
        (ActKind::Correct, Party::Partners, ANY),
    ]
};

impl Escalation {
    /// The parts that `caller` has in this escalation.
    #[must_use]
    pub fn parts_of(&self, caller: &Caller) -> Vec<Party> {
        let mut parts = Vec::with_capacity(2);
        if caller.partnership != self.partnership {
            return parts;
        }
        match caller.role {
            Role::Agency => {
                if caller.agency == Some(self.facts.raised_by) {
                    parts.push(Party::Raiser);
                }
                if caller.agency == Some(self.facts.raised_with) {
                    parts.push(Party::Responder);
                }
            }
            Role::Director => parts.push(Party::Partners),
            Role::ServiceLead => parts.push(Party::Overseer),
            Role::Analyst | Role::Auditor | Role::Operator => {}
        }
        parts
    }

    /// The acts that `caller` can do now, `top_stage` being the last of the policy.
    #[must_use]
    pub fn possible_acts(&self, caller: &Caller, top_stage: u8) -> Vec<ActKind> {
        let parts = self.parts_of(caller);
        ActKind::ALL
            .iter()
            .copied()
            .filter(|kind| parts.iter().any(|part| self.permits(*kind, *part, top_stage)))
            .collect()
    }

    fn permits(&self, kind: ActKind, part: Party, top_stage: u8) -> bool {
        let listed = TRANSITIONS.iter().any(|(act, party, states)| {
            *act == kind && *party == part && states.contains(&self.status)
        });
        listed
            && match (kind, part) {
                (ActKind::Advance, _) => self.stage < top_stage,
                (ActKind::Resolve, Party::Partners) => self.stage == top_stage,
                (ActKind::Extend, _) => !self.extended_in_this_stage(),
                _ => true,
            }
    }

    /// Whether more time was agreed already at this stage; policy allows it once.
    fn extended_in_this_stage(&self) -> bool {
        self.clocks.iter().any(|clock| clock.is_running() && clock.extends.is_some())
    }
}
