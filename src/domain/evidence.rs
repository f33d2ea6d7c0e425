//! What a check of the record finds, and how it ends.

use jiff::Timestamp;

use super::chain::{ChainFault, ChainName};
use super::ids::EscalationId;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// In a chain.
    Chain {
        /// Which.
        chain: ChainName,
        /// At which position.
        position: i64,
        /// What.
        fault: ChainFault,
    },
    /// A signed checkpoint tells of another entry at this position: history was written anew.
    Rewritten {
        /// In which chain.
        chain: ChainName,
        /// At which position, or before.
        position: i64,
        /// When the checkpoint was made.
        at: Timestamp,
    },
    /// A signed checkpoint tells of entries that are not there.
    TailMissing {
        /// In which chain.
        chain: ChainName,
        /// The last that is there.
        last: i64,
        /// The last that the checkpoint tells of.
        told: i64,
        /// When the checkpoint was made.
        at: Timestamp,
    },
    /// A checkpoint that is stored was changed, or signed by another.
    CheckpointChanged {
        /// Which, in the order in which they were made, from 1 on.
        number: i64,
    },
    /// Rows that no chain tells of, or that a chain tells of and that are not there.
    Unaccounted {
        /// The table.
        table: &'static str,
        /// How many rows more than the chain tells of; below zero: fewer.
        rows: i64,
    },
    /// The rows of an escalation are not what its events made of them.
    NotAsItsEvents {
        /// The table.
        table: &'static str,
        /// The escalation.
        escalation: EscalationId,
    },
}

impl Finding {
    /// The exit status that stands for it (`trust.md` §5.5): 2 a gap, 3 a hash that does not fit, 4 a history that
    /// contradicts a checkpoint, 5 a missing tail, 6 rows and chain that do not account for each other.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Chain { fault: ChainFault::Gap, .. } => 2,
            Self::Chain {
                fault: ChainFault::Content | ChainFault::Link | ChainFault::Head,
                ..
            } => 3,
            Self::Rewritten { .. } | Self::CheckpointChanged { .. } => 4,
            Self::Chain { fault: ChainFault::Tail, .. } | Self::TailMissing { .. } => 5,
            Self::Chain { fault: ChainFault::Gone, .. }
            | Self::Unaccounted { .. }
            | Self::NotAsItsEvents { .. } => 6,
        }
    }
}

/// In words for whoever ordered the check. No word of it is of an escalation's content.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chain { chain, position, fault } => {
                let what = match fault {
                    ChainFault::Gap => "is missing, or stands there twice",
                    ChainFault::Gone => "is about something that is not there",
                    ChainFault::Content => {
                        "is about something that was changed after it was written"
                    }
                    ChainFault::Link => "is not linked to the one before it",
                    ChainFault::Tail => "and all after it are missing: the head is further on",
                    ChainFault::Head => "is not what the head says that follows",
                };
                write!(f, "{chain}: entry {position} {what}")
            }
            Self::Rewritten { chain, position, at } => write!(
                f,
                "{chain}: entry {position} or one before it was written anew: the checkpoint of {at} tells of another"
            ),
            Self::TailMissing { chain, last, told, at } => write!(
                f,
                "{chain}: entries {} to {told} are missing, of which the checkpoint of {at} tells",
                last.saturating_add(1)
            ),
            Self::CheckpointChanged { number } => {
                write!(f, "checkpoint {number} was changed, or signed with another key")
            }
            Self::Unaccounted { table, rows } if *rows < 0 => {
                write!(
                    f,
                    "{table}: {} rows are missing of which the record tells",
                    rows.unsigned_abs()
                )
            }
            Self::Unaccounted { table, rows } => {
                write!(f, "{table}: {rows} rows of which the record does not tell")
            }
            Self::NotAsItsEvents { table, escalation } => write!(
                f,
                "{table}: the rows of escalation {escalation} are not what its events made of them"
            ),
        }
    }
}
