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
        /// The raising agency judges an answer, or chooses what comes next.
        Judgement => "judgement",
        /// The responding agency does what was agreed, and records how it ended.
        Resolution => "resolution",
        /// The raiser is told what came of it.
        Feedback => "feedback",
        /// What was learnt is written down.
        Learning => "learning",
        /// Somebody looks whether the child is better off.
        ImpactCheck => "impact_check",
    }
}

impl ClockKind {
    /// Whether it runs while the escalation is open; the others start when it has ended.
    #[must_use]
    pub const fn is_of_a_stage(self) -> bool {
        matches!(self, Self::Acknowledgement | Self::Answer | Self::Judgement | Self::Resolution)
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
        /// The responding agency said that it is not theirs to answer.
        Declined => "declined",
        /// Another agency is to answer; its own clocks started.
        Redirected => "redirected",
        /// The urgency changed; another clock took over.
        UrgencyChanged => "urgency_changed",
        /// The two sides meet; another clock took over.
        MeetingCalled => "meeting_called",
        /// The agency's time was paused; another clock took over.
        Paused => "paused",
        /// A pause ended early; another clock took over.
        Resumed => "resumed",
        /// It was moved to another version of the policy; another clock took over.
        PolicyMigrated => "policy_migrated",
        /// What it waited for was done: judged, told, learnt or checked.
        Done => "done",
        /// The escalation was opened again.
        Reopened => "reopened",
    }
}

/// How a due instant came about. With the clock's limit and the named calendar it can be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum DueBasis {
    /// The limit, counted from an instant.
    Counted {
        /// The instant of day zero.
        from: Timestamp,
    },
    /// The instant that both sides agreed on.
    Agreed {
        /// What was due before.
        previous_due_at: Timestamp,
    },
    /// What was due before, later by the days, or for limits in hours by the time, that the pause took.
    Paused {
        /// What was due before.
        previous_due_at: Timestamp,
        /// When the pause began.
        from: Timestamp,
        /// When it ends by itself, or was ended.
        until: Timestamp,
    },
    /// The limit counted from an instant, or what was due before if that is earlier.
    Earlier {
        /// What was due before.
        previous_due_at: Timestamp,
        /// The instant of day zero.
        from: Timestamp,
    },
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
    /// How the due instant came about; none on clocks from before this was kept, which are [`DueBasis::Counted`]
    /// from their start, or agreed where they extend another.
    #[serde(default)]
    pub basis: Option<DueBasis>,
    /// When the service received what started it; none on clocks from before this was kept.
    #[serde(default)]
    pub recorded_at: Option<Timestamp>,
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
    /// When the service received what stopped it; none on clocks from before this was kept.
    #[serde(default)]
    pub recorded_at: Option<Timestamp>,
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

    /// Whether it was late already when the service first heard of it.
    #[must_use]
    pub fn is_late_recorded(&self) -> bool {
        self.recorded_at.is_some_and(|at| at > self.due_at)
    }

    /// Whether it was stopped in time as the agency says, and the service heard of that only after the due instant.
    #[must_use]
    pub fn is_stop_recorded_late(&self) -> bool {
        self.stopped.is_some_and(|stop| {
            stop.at <= self.due_at && stop.recorded_at.is_some_and(|at| at > self.due_at)
        })
    }

    /// From when its time goes by: its start, or the end of the pause that it allows for.
    #[must_use]
    pub fn runs_from(&self) -> Timestamp {
        self.pause().map_or(self.started_at, |(_, until)| until.max(self.started_at))
    }

    /// The clock among `clocks` that this one took over from.
    #[must_use]
    pub fn predecessor<'a>(&self, clocks: &'a [Self]) -> Option<&'a Self> {
        self.extends.and_then(|id| clocks.iter().find(|clock| clock.id == id))
    }

    /// How the due instant came about, of older clocks too; `clocks` are all those of the escalation.
    #[must_use]
    pub fn basis_among(&self, clocks: &[Self]) -> DueBasis {
        self.basis.unwrap_or_else(|| match self.predecessor(clocks) {
            Some(previous) => DueBasis::Agreed { previous_due_at: previous.due_at },
            None => DueBasis::Counted { from: self.started_at },
        })
    }

    /// The pause that this clock allows for, as its first and last instant.
    #[must_use]
    pub const fn pause(&self) -> Option<(Timestamp, Timestamp)> {
        match self.basis {
            Some(DueBasis::Paused { from, until, .. }) => Some((from, until)),
            _ => None,
        }
    }
}
