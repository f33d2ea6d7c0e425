//! A stage clock: one time limit that started, is due at a fixed instant and stops once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::ids::ClockId;
use super::limit::Limit;
use super::urgency::Urgency;

codes! {
    /// What a stage clock waits for.
    pub enum ClockKind {
        /// Receipt is acknowledged by the responding agency.
        Acknowledgement => "acknowledgement",
        /// The responding agency gives a substantive answer.
        Answer => "answer",
    }
}

codes! {
    /// Why a stage clock stopped.
    pub enum StopReason {
        /// Receipt was acknowledged.
        Acknowledged => "acknowledged",
        /// An answer was given.
        Answered => "answered",
        /// The escalation moved to a higher stage before this was due.
        Advanced => "advanced",
        /// Time ran out without an answer, and the escalation moved to a higher stage.
        NoResponse => "no_response",
        /// Both sides agreed to more time; another clock took over.
        Extended => "extended",
        /// The escalation ended without it.
        Ended => "ended",
    }
}

/// One time limit of one stage. Its start, limit, versions and due instant never change; it only
/// stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageClock {
    /// Its identifier.
    pub id: ClockId,
    /// Which episode of the escalation it belongs to, counted from 1.
    pub episode: u16,
    /// Which stage started it.
    pub stage: u8,
    /// What it waits for.
    pub kind: ClockKind,
    /// The urgency that chose the limit.
    pub urgency: Urgency,
    /// The limit as it stood when the clock started.
    pub limit: Limit,
    /// When it started.
    pub started_at: Timestamp,
    /// The last instant that counts as in time.
    pub due_at: Timestamp,
    /// The stage policy that set the limit.
    pub policy_version: String,
    /// The calendar that counted the days.
    pub calendar_version: String,
    /// The clock that this one took over from when more time was agreed.
    pub extends: Option<ClockId>,
    /// When and why it stopped; none while it runs.
    pub stopped: Option<Stop>,
}

/// When and why a clock stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The instant.
    pub at: Timestamp,
    /// The reason.
    pub reason: StopReason,
}

impl StageClock {
    /// Whether the clock still runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.stopped.is_none()
    }

    /// Whether what the clock waits for was, or still is, late at `now`. A late clock stays late.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        match self.stopped {
            None => now > self.due_at,
            Some(stop) => stop.at > self.due_at,
        }
    }
}
