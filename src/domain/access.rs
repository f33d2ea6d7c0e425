//! Who may do what: the one table that joins roles and actions.

use super::access_event::Call;
use super::codes::codes;
use super::ids::{AgencyId, ClientId, PartnershipId};

codes! {
    /// What a registered caller is trusted to do. Given by the registry, never by the caller.
    pub enum Role {
        /// Staff or systems of one agency: they raise, answer and read their own agency's matters.
        Agency => "agency",
        /// Leads a service and prepares the weekly review; reads across the partnership.
        ServiceLead => "service_lead",
        /// Holds the weekly review; reads across the partnership and decides at the last stage.
        Director => "director",
        /// Works with the figures and with lists without free text.
        Analyst => "analyst",
        /// Checks that the record is true; reads all, changes nothing.
        Auditor => "auditor",
        /// Answers for data protection: who read what, what is kept and how long, and what people may ask of data about
        /// them. Reads no escalation by way of work.
        PrivacyOfficer => "privacy_officer",
        /// Keeps the service running; sees reference data, no escalation.
        Operator => "operator",
    }
}

codes! {
    /// Everything that a caller can ask of the service.
    pub enum Action {
        /// Raise an escalation.
        RaiseEscalation => "raise_escalation",
        /// Read one escalation, its clocks and its history.
        ReadEscalation => "read_escalation",
        /// List escalations and clocks, without free text.
        ListEscalations => "list_escalations",
        /// See the child references of an escalation, and search by one.
        ReadChildReference => "read_child_reference",
        /// Say that an escalation was received and by which role it is held.
        Acknowledge => "acknowledge",
        /// Say that an escalation is not one's own to answer.
        Decline => "decline",
        /// Pass an escalation to the agency that must answer.
        Redirect => "redirect",
        /// Answer an escalation.
        Answer => "answer",
        /// Put one's own account beside the claim.
        State => "state",
        /// Judge an answer good enough.
        Accept => "accept",
        /// Judge an answer not good enough.
        Reject => "reject",
        /// Take an escalation to a higher stage.
        Advance => "advance",
        /// Say that an escalation has become more, or less, urgent.
        ChangeUrgency => "change_urgency",
        /// Propose more time for an answer, or agree to it.
        Extend => "extend",
        /// Say that the two sides meet.
        CallMeeting => "call_meeting",
        /// Pause the agency's time.
        Pause => "pause",
        /// Approve a longer pause.
        ApprovePause => "approve_pause",
        /// End a pause early.
        Resume => "resume",
        /// Record how an escalation ended.
        Resolve => "resolve",
        /// Take back an escalation.
        Withdraw => "withdraw",
        /// Say that an escalation belongs to another procedure.
        Reroute => "reroute",
        /// Say that an escalation is on another record already, or what it has to do with it.
        Link => "link",
        /// Open an ended escalation again.
        Reopen => "reopen",
        /// Add a note to an escalation.
        AddNote => "add_note",
        /// Correct what was recorded.
        Correct => "correct",
        /// Say that the raiser was told what came of it.
        GiveFeedback => "give_feedback",
        /// Write down what was learnt.
        RecordLearning => "record_learning",
        /// Say whether the child is better off.
        CheckImpact => "check_impact",
        /// Propose that clocks run under another version of the policy.
        ProposePolicyMigration => "propose_policy_migration",
        /// Approve that.
        MigratePolicy => "migrate_policy",
        /// Say what one's own systems call the case of an escalation.
        KeepExternalIds => "keep_external_ids",
        /// Record an informal resolution or a commendation.
        RecordPractice => "record_practice",
        /// Read one informal resolution or commendation, with its note.
        ReadPractice => "read_practice",
        /// List informal resolutions and commendations, without notes.
        ListPractice => "list_practice",
        /// Say that one's system is alive and had nothing to send.
        SendHeartbeat => "send_heartbeat",
        /// Say for one's own agency that there was nothing to raise in a week.
        GiveNilReturn => "give_nil_return",
        /// Read nil returns, and how often systems agreed to be heard.
        ReadHearing => "read_hearing",
        /// Record how often an agency's system agreed to be heard.
        AgreeFeed => "agree_feed",
        /// Read the weekly theme aggregation.
        ReadWeeklyThemes => "read_weekly_themes",
        /// Read the weekly review: every figure, and what is open with whom.
        ReadReview => "read_review",
        /// Sign the review of a week.
        SignReview => "sign_review",
        /// Propose that an escalation is left out of the figures.
        ProposeExclusion => "propose_exclusion",
        /// Approve that, or let it count again.
        DecideExclusion => "decide_exclusion",
        /// Read the packs that were released to the public.
        ReadPublicPack => "read_public_pack",
        /// Release the pack of a quarter to the public.
        ReleasePack => "release_pack",
        /// Declare that the work changed, so that what is usual begins anew; or that such a change no longer holds.
        DeclareRebase => "declare_rebase",
        /// Set the targets of the review, and how its charts are computed.
        SetReview => "set_review",
        /// Write down what a review learns and agrees on, and how its actions go.
        KeepReview => "keep_review",
        /// Read the reporting views: figures and rows without child, person or text of an escalation.
        ReadReports => "read_reports",
        /// Say where one's own systems are told of what happens, and see what they were told.
        ManageWebhooks => "manage_webhooks",
        /// Read who read what.
        ReadAccessLog => "read_access_log",
        /// Take out everything that is held about one child, for whoever has the right to ask.
        ExportSubject => "export_subject",
        /// Keep copies of the signed checkpoints of the record.
        ReadCheckpoints => "read_checkpoints",
        /// Place legal holds, and lift them.
        ManageLegalHolds => "manage_legal_holds",
        /// Propose that a child or an escalation is erased.
        ProposeErasure => "propose_erasure",
        /// Approve that, or decline it.
        ApproveErasure => "approve_erasure",
        /// Read legal holds and erasures.
        ReadErasures => "read_erasures",
        /// Read codes, labels, limits and calendars.
        ReadReference => "read_reference",
    }
}

/// Which rows a permitted action may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Escalations that the caller's own agency raised or must answer.
    OwnAgency,
    /// Every escalation of the partnership.
    Partnership,
}

impl Reach {
    /// The word that a database session states, for the row security policies.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnAgency => "own_agency",
            Self::Partnership => "partnership",
        }
    }
}

/// The table: whether `role` may do `action`, and how far.
///
/// Service leads and the Director do not see child references: they oversee, and the child's file
/// stays with the agencies (data minimisation, UK GDPR Article 5(1)(c)).
///
/// Only the auditor and the privacy officer read who read what. The Director does not: the log watches whoever reads most, and it would tell
/// one agency's chief how the staff of the others work.
#[must_use]
pub const fn permits(role: Role, action: Action) -> Option<Reach> {
    use Action as A;
    use Reach::{OwnAgency, Partnership};
    match role {
        Role::Agency => match action {
            A::ReadWeeklyThemes
            | A::ReadReview
            | A::ReadReports
            | A::ReadAccessLog
            | A::ExportSubject
            | A::SignReview
            | A::ProposeExclusion
            | A::DecideExclusion
            | A::ReleasePack
            | A::AgreeFeed
            | A::DeclareRebase
            | A::SetReview
            | A::KeepReview
            | A::ProposePolicyMigration
            | A::MigratePolicy
            | A::ManageLegalHolds
            | A::ProposeErasure
            | A::ApproveErasure
            | A::ReadErasures => None,
            _ => Some(OwnAgency),
        },
        Role::ServiceLead => match action {
            A::ReadEscalation
            | A::ListEscalations
            | A::ReadPractice
            | A::ListPractice
            | A::ReadWeeklyThemes
            | A::ReadReports
            | A::ReadReview
            | A::ReadPublicPack
            | A::ReadCheckpoints
            | A::ReadReference
            | A::SignReview
            | A::ProposeExclusion
            | A::ReadHearing
            | A::AgreeFeed
            | A::DeclareRebase
            | A::KeepReview
            | A::AddNote
            | A::ApprovePause
            | A::GiveFeedback
            | A::RecordLearning
            | A::ProposePolicyMigration => Some(Partnership),
            _ => None,
        },
        Role::Director => match action {
            A::ReadEscalation
            | A::ListEscalations
            | A::ReadPractice
            | A::ListPractice
            | A::ReadWeeklyThemes
            | A::ReadReports
            | A::ReadReview
            | A::ReadPublicPack
            | A::ReadCheckpoints
            | A::ReadReference
            | A::SignReview
            | A::ProposeExclusion
            | A::DecideExclusion
            | A::ReadHearing
            | A::AgreeFeed
            | A::DeclareRebase
            | A::SetReview
            | A::KeepReview
            | A::AddNote
            | A::ApprovePause
            | A::Resume
            | A::Resolve
            | A::Reroute
            | A::Link
            | A::Correct
            | A::GiveFeedback
            | A::RecordLearning
            | A::CheckImpact
            | A::ProposePolicyMigration
            | A::MigratePolicy
            | A::ManageWebhooks
            | A::ReleasePack
            | A::ApproveErasure
            | A::ReadErasures => Some(Partnership),
            _ => None,
        },
        Role::Analyst => match action {
            A::ListEscalations
            | A::ReadHearing
            | A::ListPractice
            | A::ReadWeeklyThemes
            | A::ReadReports
            | A::ReadReview
            | A::ReadPublicPack
            | A::ReadCheckpoints
            | A::ReadReference => Some(Partnership),
            _ => None,
        },
        Role::Auditor => match action {
            A::ReadEscalation
            | A::ListEscalations
            | A::ReadPractice
            | A::ListPractice
            | A::ReadWeeklyThemes
            | A::ReadReports
            | A::ReadReview
            | A::ReadPublicPack
            | A::ReadHearing
            | A::ReadAccessLog
            | A::ReadErasures
            | A::ReadCheckpoints
            | A::ReadReference => Some(Partnership),
            _ => None,
        },
        Role::PrivacyOfficer => match action {
            A::ReadAccessLog
            | A::ManageLegalHolds
            | A::ProposeErasure
            | A::ReadErasures
            | A::ExportSubject
            | A::ReadReference
            | A::ReadCheckpoints
            | A::ReadPublicPack => Some(Partnership),
            _ => None,
        },
        Role::Operator => match action {
            A::ReadReference | A::ReadCheckpoints | A::ReadPublicPack => Some(Partnership),
            _ => None,
        },
    }
}

/// A caller whose token was checked and whose registration was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The partnership that registered the calling client.
    pub partnership: PartnershipId,
    /// The agency that the client acts for; none for the partnership's own roles.
    pub agency: Option<AgencyId>,
    /// The agencies whose duties that agency took over, its predecessors and theirs.
    pub predecessors: Vec<AgencyId>,
    /// What the caller is trusted to do.
    pub role: Role,
    /// The registered client.
    pub client: ClientId,
    /// The person or system that the token names (`sub`), a pseudonym of the token issuer's.
    pub subject: String,
    /// The request that is answered; none where the service works for them and answers nobody.
    pub call: Option<Call>,
}

impl Caller {
    /// Whether the caller acts for this agency: its own, or one whose duties it took over.
    #[must_use]
    pub fn acts_for(&self, agency: AgencyId) -> bool {
        self.agency == Some(agency) || self.predecessors.contains(&agency)
    }

    /// How far this caller may do `action`, or nothing when they may not.
    #[must_use]
    pub const fn may(&self, action: Action) -> Option<Reach> {
        permits(self.role, action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_agencies_touch_child_references_and_raise() {
        for role in Role::ALL {
            for action in
                [Action::ReadChildReference, Action::RaiseEscalation, Action::RecordPractice]
            {
                assert_eq!(permits(*role, action).is_some(), *role == Role::Agency, "{role}");
            }
        }
    }

    #[test]
    fn an_agency_never_reaches_beyond_its_own_matters() {
        for action in Action::ALL {
            assert_ne!(permits(Role::Agency, *action), Some(Reach::Partnership), "{action}");
        }
    }

    #[test]
    fn auditors_and_analysts_change_nothing() {
        let reads = [
            Action::ReadEscalation,
            Action::ListEscalations,
            Action::ReadPractice,
            Action::ListPractice,
            Action::ReadWeeklyThemes,
            Action::ReadReview,
            Action::ReadReports,
            Action::ReadHearing,
            Action::ReadAccessLog,
            Action::ExportSubject,
            Action::ReadReference,
            Action::ReadCheckpoints,
            Action::ReadPublicPack,
            Action::ReadErasures,
        ];
        for role in [Role::Auditor, Role::Analyst, Role::Operator] {
            for action in Action::ALL.iter().filter(|action| !reads.contains(action)) {
                assert_eq!(permits(role, *action), None, "{role} {action}");
            }
        }
    }

    #[test]
    fn nobody_alone_can_have_anything_erased() {
        for role in Role::ALL {
            let (proposes, approves) =
                (permits(*role, Action::ProposeErasure), permits(*role, Action::ApproveErasure));
            assert!(proposes.is_none() || approves.is_none(), "{role}");
        }
    }
}
