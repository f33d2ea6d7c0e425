//! What an escalation has to do with another one. Nothing is ever merged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::ids::EscalationId;

codes! {
    /// What an escalation has to do with another one.
    pub enum LinkKind {
        /// It is the same matter; this one ended, the other goes on.
        DuplicateOf => "duplicate_of",
        /// Somebody looked, and it is not the same matter.
        NotDuplicateOf => "not_duplicate_of",
        /// The same matter came back.
        RecursFrom => "recurs_from",
        /// They belong together in some other way.
        RelatedTo => "related_to",
    }
}

/// One link, never taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it has to do with it.
    pub kind: LinkKind,
    /// The other one.
    pub to: EscalationId,
    /// When this was said.
    pub at: Timestamp,
}
