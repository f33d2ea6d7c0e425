//! The ladder of stages as data: who talks to whom at each rung, and how soon.

use serde::{Deserialize, Serialize};

use super::limit::Limit;
use super::urgency::Urgency;

/// One version of a partnership's ladder. Versions never change once in force; an escalation keeps
/// the version that it was raised under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePolicy {
    /// The name of this version, stored with each clock that it set.
    pub version: String,
    /// The stages, lowest first.
    pub stages: Vec<Stage>,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// 0 for the conversation before formal stages, then 1, 2, ….
    pub number: u8,
    /// A stable code, for example `first_line`.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// Which role raises at this stage.
    pub raising_role: String,
    /// Which role answers at this stage.
    pub responding_role: String,
    /// How soon receipt must be acknowledged; none where no acknowledgement is asked.
    pub acknowledge: Option<Limit>,
    /// How soon a standard escalation must be answered; none where the stage is skipped.
    pub standard: Option<Limit>,
    /// The same for urgent ones.
    pub urgent: Option<Limit>,
    /// The same for immediate ones.
    pub immediate: Option<Limit>,
}

impl Stage {
    /// How soon an answer is due at this stage, or nothing when this urgency skips the stage.
    #[must_use]
    pub const fn answer_limit(&self, urgency: Urgency) -> Option<Limit> {
        match urgency {
            Urgency::Standard => self.standard,
            Urgency::Urgent => self.urgent,
            Urgency::Immediate => self.immediate,
        }
    }
}

impl StagePolicy {
    /// The stage with this number.
    #[must_use]
    pub fn stage(&self, number: u8) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.number == number)
    }

    /// The number of the last stage, where the partners decide.
    #[must_use]
    pub fn top(&self) -> u8 {
        self.stages.iter().map(|stage| stage.number).max().unwrap_or(0)
    }

    /// The next stage above `number` that an escalation of this urgency may enter.
    #[must_use]
    pub fn next_above(&self, number: u8, urgency: Urgency) -> Option<u8> {
        self.stages
            .iter()
            .filter(|stage| stage.number > number && stage.answer_limit(urgency).is_some())
            .map(|stage| stage.number)
            .min()
    }
}
