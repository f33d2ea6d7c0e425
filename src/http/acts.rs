//! The acts on an escalation, one operation each.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};

use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::{escalation_id, expected_version, no_parameters, shown};
use super::fields::Text;
use super::permission::{Allowed, Permission, needs};
use super::problem::Problem;
use super::requests::{
    AcceptAnswer, AcknowledgeEscalation, AddNote, AdvanceEscalation, AnswerEscalation,
    ExtendEscalation, ResolveEscalation, WithReason, narrative,
};
use super::state::AppState;
use super::times::Instant;
use super::views::EscalationView;
use crate::domain::act::Act;
use crate::domain::ids::EscalationId;
use crate::usecases::acts::{self, On};

/// What every act does once its body is read.
async fn perform<P: Permission>(
    by: &Allowed<P>,
    state: &AppState,
    request: &HttpRequest,
    id: EscalationId,
    occurred_at: Option<Instant>,
    act: Act,
) -> Result<HttpResponse, Problem> {
    let on = On {
        id,
        expected_version: expected_version(request)?,
        occurred_at: occurred_at.map(|at| at.0),
    };
    let after = acts::act(&state.deps, by, P::ACTION, on, act).await?;
    Ok(shown(HttpResponse::Ok(), after))
}

/// Declares the operation of one act: everything but the body and what it means is the same.
macro_rules! act_operation {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $path:literal, $needs:ident, $action:literal, $body:ident, $example:tt,
        |$input:ident| $act:expr
    ) => {
        $(#[doc = $doc])+
        #[utoipa::path(
            tag = "acts",
            operation_id = stringify!($name),
            params(
                ("id" = EscalationId, Path, description = "The escalation."),
                ("If-Match" = Option<String>, Header,
                 description = "The version that you read, as its `ETag`; refused with 412 when it has changed."),
            ),
            request_body(content = $body, example = json!($example)),
            security(("bearer" = [$action])),
            responses(
                (status = 200, description = "The escalation after the act.", body = EscalationView,
                 headers(("ETag" = String, description = "Its new version."))),
                ReadProblems, BodyProblems, ActProblems,
            ),
        )]
        #[post($path)]
        pub async fn $name(
            by: Allowed<needs::$needs>,
            state: Data<AppState>,
            request: HttpRequest,
            id: Path<String>,
            body: Body,
        ) -> Result<HttpResponse, Problem> {
            no_parameters(&request)?;
            let id = escalation_id(&id)?;
            let $input: $body = body.read().await?;
            let occurred_at = $input.occurred_at;
            perform(&by, &state, &request, id, occurred_at, $act).await
        }
    };
}

act_operation!(
    /// Acknowledge an escalation
    ///
    /// The responding agency says that it has received the escalation, and in which role it is held.
    acknowledge, "/v1/escalations/{id}/acknowledgement", Acknowledge, "acknowledge",
    AcknowledgeEscalation, {"held_by_role": "duty team manager"},
    |input| Act::Acknowledge { held_by_role: input.held_by_role.map(Text::into_string) }
);

act_operation!(
    /// Answer an escalation
    ///
    /// The responding agency answers, with its rationale. Only the raising agency can say whether the
    /// answer is good enough.
    answer, "/v1/escalations/{id}/answers", Answer, "answer",
    AnswerEscalation, {"position": "agreed", "answer": "The meeting is called for 16:00 today; police and health have confirmed."},
    |input| Act::Answer { position: input.position, answer: narrative("#/answer", input.answer)? }
);

act_operation!(
    /// Accept the answer
    ///
    /// The raising agency judges the answer good enough. The responding agency then records how it ended.
    accept, "/v1/escalations/{id}/acceptance", Accept, "accept",
    AcceptAnswer, {},
    |input| Act::Accept { note: input.note.map(|text| narrative("#/note", text)).transpose()? }
);

act_operation!(
    /// Reject the answer
    ///
    /// The raising agency judges the answer not good enough, and says why. Take the escalation to the
    /// next stage with `advance`.
    reject, "/v1/escalations/{id}/rejection", Reject, "reject",
    WithReason, {"reason": "The meeting was held without health and is not quorate."},
    |input| Act::Reject { reason: narrative("#/reason", input.reason)? }
);

act_operation!(
    /// Take it to a higher stage
    ///
    /// The raising agency takes the escalation up: after a rejection, when the answer is late, or when
    /// the child cannot wait. Stages can be skipped upward; none can be entered again downward.
    advance, "/v1/escalations/{id}/advance", Advance, "advance",
    AdvanceEscalation, {"reason": "No answer within the limit."},
    |input| Act::Advance {
        to: input.stage.and_then(|stage| u8::try_from(stage.get()).ok()),
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Agree to more time
    ///
    /// The raising agency agrees that the answer may come later: once in a stage, and by no more than
    /// the stage's limit again. The first clock stops as `extended`, and another takes over.
    extend, "/v1/escalations/{id}/extension", Extend, "extend",
    ExtendEscalation, {"due_at": "2026-11-19T23:59:59Z", "reason": "Agreed with the duty manager: the consultant is back on Thursday."},
    |input| Act::Extend { due_at: input.due_at.0, reason: narrative("#/reason", input.reason)? }
);

act_operation!(
    /// Record how it ended
    ///
    /// The responding agency records the outcome once the raising agency has accepted the answer. At
    /// the last stage the Director can record `decided_by_partners` or `unresolved_closed` instead.
    resolve, "/v1/escalations/{id}/resolution", Resolve, "resolve",
    ResolveEscalation, {
        "outcome": "resolved_as_requested", "child_outcome": "safer", "delay_effect": "reduced",
        "agreed_action": "Strategy meeting held at 16:00 with police and health; enquiry opened."
    },
    |input| Act::Resolve {
        outcome: input.outcome,
        child_outcome: input.child_outcome,
        delay_effect: input.delay_effect,
        agreed_action: narrative("#/agreed_action", input.agreed_action)?,
    }
);

act_operation!(
    /// Withdraw an escalation
    ///
    /// The raising agency takes it back, and says why. It stays in the history and in the figures.
    withdraw, "/v1/escalations/{id}/withdrawal", Withdraw, "withdraw",
    WithReason, {"reason": "Raised twice by mistake."},
    |input| Act::Withdraw { reason: narrative("#/reason", input.reason)? }
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
    /// Add a note
    ///
    /// Either agency, or who oversees, adds a short note. Notes change nothing else. No names.
    add_note, "/v1/escalations/{id}/notes", AddNote, "add_note",
    AddNote, {"note": "Spoke to the duty manager; answer expected this afternoon."},
    |input| Act::Note { note: narrative("#/note", input.note)? }
);
