//! What one person proposed and another has to approve, because nobody gives themselves more time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access::Caller;
use super::codes::codes;
use super::ids::ClientId;
use super::stage_policy::PauseReason;
use super::transitions::Party;

/// A person or system, as a token names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The registered client.
    pub client: ClientId,
    /// The subject that its token named.
    pub subject: String,
}

impl Person {
    /// Who calls.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self { client: caller.client, subject: caller.subject.clone() }
    }
}

codes! {
    /// Which side proposed something.
    pub enum Side {
        /// The raising agency.
        Raiser => "raiser",
        /// The responding agency.
        Responder => "responder",
        /// Those who oversee.
        Overseer => "overseer",
    }
}

impl From<Party> for Side {
    fn from(part: Party) -> Self {
        match part {
            Party::Raiser => Self::Raiser,
            Party::Responder => Self::Responder,
            Party::Partners | Party::Overseer | Party::Service => Self::Overseer,
        }
    }
}

/// Something that waits for a second person. It falls away when the matter moves on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What is proposed.
    pub kind: ProposalKind,
    /// Who proposed it.
    pub by: Person,
    /// For which side.
    pub side: Side,
}

/// What can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proposal", rename_all = "snake_case")]
pub enum ProposalKind {
    /// More time for the answer.
    Extension {
        /// The new last instant.
        due_at: Timestamp,
    },
    /// A pause longer than the agency may take by itself.
    Pause {
        /// Why.
        why: PauseReason,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// Clocks under another version of the policy.
    PolicyMigration {
        /// Which one.
        version: String,
    },
}

/// What only the rules read of an escalation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleState {
    /// What waits for a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// Who gave the answer that waits for judgement: somebody else has to judge it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Person>,
    /// Who recorded the ending: inside one agency somebody else looks whether the child is better off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<Person>,
}
