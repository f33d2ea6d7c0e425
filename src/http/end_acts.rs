//! The acts that end an escalation, link it, or come after its end.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};

use super::act_requests::{WithReason, perhaps};
use super::acts::{act_operation, perform};
use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::end_requests::{
    CheckImpact, GiveFeedback, LinkEscalation, MarkDuplicate, MigratePolicy,
    ProposePolicyMigration, RecordLearning, RerouteEscalation, ResolveEscalation,
    WithdrawEscalation,
};
use super::escalations::{escalation_id, no_parameters};
use super::fields::Identifier;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::requests::narrative;
use super::state::AppState;
use super::views::EscalationView;
use crate::domain::act::Act;
use crate::domain::ids::EscalationId;
use crate::usecases::acts::ActRequest;

act_operation!(
    /// Record how it ended
    ///
    /// The responding agency records the outcome once the raising agency has accepted the answer. At
    /// the last stage the Director can record `decided_by_partners` or `unresolved_closed` instead. What the policy asks
    /// for at this stage must be there. Feedback, an impact check and, by rule, a learning note are due afterwards.
    resolve, "/v1/escalations/{id}/resolution", Resolve, "resolve",
    ResolveEscalation, {
        "outcome": "resolved_as_requested", "child_outcome": "safer", "delay_effect": "reduced",
        "agreed_action": "Strategy meeting held at 16:00 with police and health; enquiry opened."
    },
    |input| input.into_request()?
);

act_operation!(
    /// Withdraw an escalation
    ///
    /// The raising agency takes it back, and says why. It stays in the history and in the figures.
    withdraw, "/v1/escalations/{id}/withdrawal", Withdraw, "withdraw",
    WithdrawEscalation, {"why": "raised_in_error", "reason": "Raised with the wrong agency."},
    |input| Act::Withdraw { why: input.why, reason: perhaps("#/reason", input.reason)? }
);

act_operation!(
    /// Open it again
    ///
    /// The raising agency opens an ended escalation again, as a new episode at the stage that it reached.
    reopen, "/v1/escalations/{id}/reopening", Reopen, "reopen",
    WithReason, {"reason": "The agreed visit has not happened."},
    |input| Act::Reopen { reason: narrative("#/reason", input.reason)? }
);

act_operation!(
    /// Say that it belongs to another procedure
    ///
    /// The raising agency or the Director ends it as no escalation. Only the code of the procedure and the time are
    /// kept: what happens there is not for this record.
    reroute, "/v1/escalations/{id}/rerouting", Reroute, "reroute",
    RerouteEscalation, {"procedure": "lado_allegation"},
    |input| Act::Reroute { to: input.procedure }
);

act_operation!(
    /// Mark it as a duplicate
    ///
    /// The raising agency or the Director ends it, because another record that they can read has the same matter. Nothing
    /// is merged: both stay, linked.
    mark_duplicate, "/v1/escalations/{id}/duplicate", Link, "link",
    MarkDuplicate, {"duplicate_of": "0198c000-0000-7000-8000-000000000001"},
    |input| ActRequest::MarkDuplicate {
        of: EscalationId(input.duplicate_of.0),
        reason: perhaps("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Link it to another one
    ///
    /// Says that it recurs from another escalation, belongs together with it, or was looked at and is no duplicate.
    link, "/v1/escalations/{id}/links", Link, "link",
    LinkEscalation, {"kind": "recurs_from", "escalation": "0198c000-0000-7000-8000-000000000001"},
    |input| ActRequest::Link {
        kind: input.kind,
        to: EscalationId(input.escalation.0),
        reason: perhaps("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Give feedback to the raiser
    ///
    /// Says what the person who raised it was told in the end. Due two working days after the end by the default policy.
    give_feedback, "/v1/escalations/{id}/feedback", GiveFeedback, "give_feedback",
    GiveFeedback, {"feedback": "Told the raiser by phone what was agreed and what happens next."},
    |input| Act::GiveFeedback { feedback: narrative("#/feedback", input.feedback)? }
);

act_operation!(
    /// Record what was learnt
    ///
    /// A learning note, due by rule: from stage 3, for immediate matters, and when a theme and an agency come together
    /// again and again. It can be written without being due.
    record_learning, "/v1/escalations/{id}/learning", RecordLearning, "record_learning",
    RecordLearning, {"kind": "process", "learning": "The duty rota had no deputy for the chair on Fridays."},
    |input| Act::RecordLearning {
        kind: input.kind,
        summary: perhaps("#/learning", input.learning)?,
    }
);

act_operation!(
    /// Check the impact for the child
    ///
    /// Says whether the child is better off, 28 days after the end by the default policy, and at the earliest on the day
    /// after it. The raising agency says so, or the Director; inside one agency somebody else than who recorded the end.
    check_impact, "/v1/escalations/{id}/impact-check", CheckImpact, "check_impact",
    CheckImpact, {"result": "better"},
    |input| Act::CheckImpact { result: input.result, note: perhaps("#/note", input.note)? }
);

act_operation!(
    /// Propose another version of the policy
    ///
    /// A service lead or the Director proposes that the running clocks are replaced by those of another version. A
    /// published policy never does that by itself.
    propose_policy_migration, "/v1/escalations/{id}/policy-migration-proposal",
    ProposePolicyMigration, "propose_policy_migration",
    ProposePolicyMigration, {"policy_version": "any-next", "reason": "The new limits were agreed for open matters too."},
    |input| ActRequest::ProposePolicyMigration {
        version: Identifier::into_string(input.policy_version),
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Approve another version of the policy
    ///
    /// The Director approves what somebody else proposed. The clocks that ran stop, stay visible, and others take over,
    /// counted from where the first ones started.
    migrate_policy, "/v1/escalations/{id}/policy-migration", MigratePolicy, "migrate_policy",
    MigratePolicy, {"policy_version": "any-next"},
    |input| ActRequest::MigratePolicy { version: input.policy_version.into_string() }
);
