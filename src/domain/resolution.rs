//! How an escalation can end, because the review counts endings and must not count a withdrawal
//! as a success.

use super::codes::codes;

codes! {
    /// How an escalation ended.
    pub enum Outcome {
        /// The answer gave what the raiser had asked for.
        ResolvedAsRequested => "resolved_as_requested",
        /// Something else was agreed that the raiser accepts.
        ResolvedAlternative => "resolved_alternative",
        /// A part of the request was agreed, and the raiser accepts that.
        PartiallyResolved => "partially_resolved",
        /// Nothing was changed; the raiser accepts the reasons.
        ExplainedAndAccepted => "explained_and_accepted",
        /// The safeguarding partners decided; the raiser's dissent, if any, is kept.
        DecidedByPartners => "decided_by_partners",
        /// An event made the question pointless.
        OvertakenByEvent => "overtaken_by_event",
        /// The raiser no longer pursues it.
        WithdrawnByRaiser => "withdrawn_by_raiser",
        /// It belonged to another procedure and was sent there.
        NotEscalationRerouted => "not_escalation_rerouted",
        /// The child's case moved to another area.
        TransferredOutOfArea => "transferred_out_of_area",
        /// The same disagreement is already on another record.
        Duplicate => "duplicate",
        /// Closed without a settlement; only a delegated safeguarding partner may do this.
        UnresolvedClosed => "unresolved_closed",
    }
}

impl Outcome {
    /// Whether the disagreement was settled, so that it counts in "resolved" and in the time to
    /// resolve.
    ///
    /// Source: this product's definition of the measure. The other endings close the record and
    /// are counted apart, because counting a withdrawal as resolved would reward discouraging it.
    #[must_use]
    pub const fn counts_as_resolved(self) -> bool {
        matches!(
            self,
            Self::ResolvedAsRequested
                | Self::ResolvedAlternative
                | Self::PartiallyResolved
                | Self::ExplainedAndAccepted
                | Self::DecidedByPartners
        )
    }
}

codes! {
    /// What the escalation did for the child, as far as it can be said.
    pub enum ChildOutcome {
        /// The child is safer than before.
        Safer => "safer",
        /// The need that was not met is met.
        NeedMet => "need_met",
        /// The child's plan moved on.
        PlanProgressed => "plan_progressed",
        /// Nothing changed for the child.
        Unchanged => "unchanged",
        /// The child is worse off.
        Worse => "worse",
        /// It cannot be said yet.
        TooEarly => "too_early",
    }
}

codes! {
    /// What the escalation did to the delay of the child's process.
    pub enum DelayEffect {
        /// The limit was kept because of the escalation.
        Prevented => "prevented",
        /// The delay was shorter than it would have been.
        Reduced => "reduced",
        /// The delay was not changed.
        NoChange => "no_change",
        /// It cannot be said.
        Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_of_eleven_endings_settle_the_disagreement() {
        let settled: Vec<&str> = Outcome::ALL
            .iter()
            .filter(|outcome| outcome.counts_as_resolved())
            .map(|outcome| outcome.code())
            .collect();
        assert_eq!(
            settled,
            [
                "resolved_as_requested",
                "resolved_alternative",
                "partially_resolved",
                "explained_and_accepted",
                "decided_by_partners",
            ]
        );
        assert_eq!(Outcome::ALL.len(), 11);
    }
}
