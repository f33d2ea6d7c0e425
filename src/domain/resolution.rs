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

codes! {
    /// Why a raiser takes an escalation back. Not shown to the agency that had to answer.
    pub enum WithdrawalReason {
        /// It was settled by talking, outside the record.
        ResolvedInformally => "resolved_informally",
        /// The worry is gone.
        ConcernNoLongerHeld => "concern_no_longer_held",
        /// It should not have been raised, or not with this agency.
        RaisedInError => "raised_in_error",
        /// It goes on under another procedure or record.
        PursuedElsewhere => "pursued_elsewhere",
        /// Somebody made the raiser feel that it had better be taken back. Told to the Director only.
        Pressured => "pressured",
        /// Something else, said in the reason.
        Other => "other",
    }
}

codes! {
    /// The procedure to which a matter belongs that is no escalation. Only this code and the time are kept.
    pub enum RerouteCode {
        /// Immediate danger: 999, the emergency duty team or an emergency protection order.
        ImmediateDanger999 => "immediate_danger_999",
        /// A new referral to the front door.
        NewReferralFrontDoor => "new_referral_front_door",
        /// An allegation against a person who works with children: the designated officer.
        LadoAllegation => "lado_allegation",
        /// A statutory complaint.
        ComplaintStatutory => "complaint_statutory",
        /// Whistleblowing.
        Whistleblowing => "whistleblowing",
        /// A dissent at a child protection conference.
        CpConferenceDissent => "cp_conference_dissent",
        /// An independent reviewing officer's dispute.
        IroDispute => "iro_dispute",
        /// A serious incident that must be notified.
        SeriousIncidentNotification => "serious_incident_notification",
        /// A concern about an adult.
        AdultSafeguarding => "adult_safeguarding",
        /// A breach of data protection.
        DataBreach => "data_breach",
    }
}

codes! {
    /// What kind of learning came of it.
    pub enum LearningType {
        /// How people work with children and families.
        Practice => "practice",
        /// How work is organised.
        Process => "process",
        /// What people must be taught.
        Training => "training",
        /// What is commissioned.
        Commissioning => "commissioning",
        /// Data and recording systems.
        DataSystem => "data_system",
        /// A policy or procedure.
        PolicyChange => "policy_change",
        /// What went well and should be repeated.
        GoodPractice => "good_practice",
        /// None.
        None => "none",
    }
}

codes! {
    /// Whether the child is better off, four weeks after the end.
    pub enum ImpactResult {
        /// Better off.
        Better => "better",
        /// As before.
        Same => "same",
        /// Worse off.
        Worse => "worse",
        /// It cannot be said.
        NotKnown => "not_known",
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
