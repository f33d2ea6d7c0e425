//! Where the child's own process stands against its limit, because this clock is neither the
//! stage's nor the escalation's.

use jiff::Timestamp;

use super::codes::codes;

codes! {
    /// Where a process stands against its limit.
    pub enum DelayState {
        /// It has not happened; the limit is not near.
        NotDue => "not_due",
        /// It has not happened; the limit is near.
        AtRisk => "at_risk",
        /// It has not happened; the limit has passed.
        BreachedOpen => "breached_open",
        /// It happened after the limit.
        BreachedDone => "breached_done",
        /// It happened within the limit.
        Met => "met",
        /// No limit applies.
        NotApplicable => "not_applicable",
    }
}

codes! {
    /// Why the process was late, in the words of the one who records it.
    pub enum DelayCause {
        /// A partner could not take part in time.
        PartnerUnavailable => "partner_unavailable",
        /// A partner refused to take part.
        PartnerDeclined => "partner_declined",
        /// Nobody answered.
        NoResponse => "no_response",
        /// Information from another agency was missing.
        InformationAwaited => "information_awaited",
        /// There was nobody to do it.
        Staffing => "staffing",
        /// Those who should have done it had too much else.
        Workload => "workload",
        /// It was not clear who does what.
        ProcessUnclear => "process_unclear",
        /// The agencies disagreed about the threshold.
        ThresholdDispute => "threshold_dispute",
        /// A recording system failed or lacked the record.
        RecordingSystem => "recording_system",
        /// The family could not be reached or could not attend.
        FamilyUnavailable => "family_unavailable",
        /// No interpreter was available.
        Interpreter => "interpreter",
        /// The court had no earlier date.
        CourtListing => "court_listing",
        /// The service that is needed is not commissioned.
        CommissioningGap => "commissioning_gap",
        /// It is not known.
        Unknown => "unknown",
    }
}

codes! {
    /// What the delay or the disagreement meant for the child when it was raised.
    pub enum ChildImpact {
        /// The child's safety is at stake now.
        ImmediateSafety => "immediate_safety",
        /// Significant harm is likely.
        LikelySignificantHarm => "likely_significant_harm",
        /// A need of the child is not met.
        NeedUnmet => "need_unmet",
        /// The child's plan does not move.
        Drift => "drift",
        /// None was identified.
        NoneIdentified => "none_identified",
    }
}

codes! {
    /// Whether the child is kept safe while the agencies disagree.
    pub enum InterimSafety {
        /// An arrangement is in place.
        InPlace => "in_place",
        /// None is needed.
        NotNeeded => "not_needed",
        /// One is needed, and there is none.
        NotInPlace => "not_in_place",
    }
}

/// The child's process clock: the three instants that decide where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessClock {
    /// When the limit runs out; none when no limit applies.
    pub due_at: Option<Timestamp>,
    /// From when a process that has not happened is at risk; none when it is never warned of.
    pub at_risk_from: Option<Timestamp>,
    /// When the process happened; none while it has not.
    pub occurred_at: Option<Timestamp>,
}

impl ProcessClock {
    /// Where the process stands at `now`.
    ///
    /// An occurrence after `now` has not happened yet, so that a figure as of last week does not
    /// know this week. The due instant itself is still within the limit.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> DelayState {
        let Some(due_at) = self.due_at else {
            return DelayState::NotApplicable;
        };
        match self.occurred_at.filter(|occurred_at| *occurred_at <= now) {
            Some(occurred_at) if occurred_at <= due_at => DelayState::Met,
            Some(_) => DelayState::BreachedDone,
            None if now > due_at => DelayState::BreachedOpen,
            None if self.at_risk_from.is_some_and(|from| from <= now) => DelayState::AtRisk,
            None => DelayState::NotDue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_from_three_instants_and_now() {
        let at = |second: i64| Timestamp::from_second(second).expect("in range");
        for (due, warn, occurred, now, state) in [
            (None, None, None, 0, "not_applicable"),
            (None, Some(1), Some(2), 3, "not_applicable"),
            (Some(100), Some(80), None, 79, "not_due"),
            (Some(100), Some(80), None, 80, "at_risk"),
            (Some(100), None, None, 99, "not_due"),
            (Some(100), Some(80), None, 100, "at_risk"),
            (Some(100), Some(80), None, 101, "breached_open"),
            (Some(100), Some(80), Some(100), 500, "met"),
            (Some(100), Some(80), Some(101), 500, "breached_done"),
            (Some(100), Some(80), Some(90), 85, "at_risk"),
            (Some(100), Some(80), Some(150), 120, "breached_open"),
        ] {
            let clock = ProcessClock {
                due_at: due.map(at),
                at_risk_from: warn.map(at),
                occurred_at: occurred.map(at),
            };
            assert_eq!(clock.state(at(now)).code(), state, "{clock:?} at {now}");
        }
    }
}
