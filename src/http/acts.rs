//! The acts on an escalation, one operation each.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};

use super::act_requests::{
    AcceptAnswer, AcknowledgeEscalation, AddNote, AdvanceEscalation, AnswerEscalation,
    ApprovePause, CallMeeting, ChangeUrgency, DeclineEscalation, ExtendEscalation, PauseEscalation,
    ProposeExtension, RedirectEscalation, StateAccount, WithOptionalReason, WithReason, perhaps,
};
use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::{escalation_id, expected_version, no_parameters, shown};
use super::fields::Text;
use super::permission::{Allowed, Permission, needs};
use super::problem::Problem;
use super::requests::narrative;
use super::state::AppState;
use super::times::Instant;
use super::views::EscalationView;
use crate::domain::act::Act;
use crate::domain::ids::EscalationId;
use crate::usecases::Writing;
use crate::usecases::acts::{self, ActRequest, On};

/// What every act does once its body is read.
pub(super) async fn perform<P: Permission>(
    by: &Allowed<P>,
    state: &AppState,
    request: &HttpRequest,
    id: EscalationId,
    occurred_at: Option<Instant>,
    act: impl Into<ActRequest>,
) -> Result<HttpResponse, Problem> {
    let on = On {
        id,
        expected_version: expected_version(request)?,
        occurred_at: occurred_at.map(|at| at.0),
        writing: Writing::Kept,
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

pub(super) use act_operation;

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
    /// The raising agency judges the answer good enough. The responding agency then does what was agreed and records how
    /// it ended, within the limit of the policy; where it does not, the raiser takes it up with `advance`.
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
    /// The raising agency takes the escalation up: after a rejection, when the answer is late, when what was agreed is
    /// not done, or when the child cannot wait. Stages can be skipped upward; none can be entered again downward.
    advance, "/v1/escalations/{id}/advance", Advance, "advance",
    AdvanceEscalation, {"reason": "No answer within the limit."},
    |input| Act::Advance {
        to: input.stage.and_then(|stage| u8::try_from(stage.get()).ok()),
        reason: Some(narrative("#/reason", input.reason)?),
    }
);

act_operation!(
    /// Decline
    ///
    /// The responding agency says that it is not theirs to answer, and whose it is. The raising agency then redirects it
    /// or takes it up. Nothing ends by it.
    decline, "/v1/escalations/{id}/declination", Decline, "decline",
    DeclineEscalation, {"reason": "The child lives in the other area.", "suggested_agency": "health_community"},
    |input| ActRequest::Decline {
        reason: narrative("#/reason", input.reason)?,
        suggested_agency: input.suggested_agency.map(Text::into_string),
        suggested_procedure: input.suggested_procedure,
    }
);

act_operation!(
    /// Redirect
    ///
    /// The responding agency passes it to the agency that must answer, or the raising agency does after a declination.
    /// That agency's clocks start; the child's time goes on. An agency that had it before cannot get it back this way.
    redirect, "/v1/escalations/{id}/redirection", Redirect, "redirect",
    RedirectEscalation, {"agency": "health_community", "reason": "The health visitor holds the plan."},
    |input| ActRequest::Redirect {
        agency: input.agency.into_string(),
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Put your own account beside the claim
    ///
    /// The responding agency's right of reply, at any time. It changes nothing else and stays with the record.
    state_account, "/v1/escalations/{id}/statements", State, "state",
    StateAccount, {"statement": "The meeting was offered for Monday; the police could not attend."},
    |input| Act::State { statement: narrative("#/statement", input.statement)? }
);

act_operation!(
    /// Change the urgency
    ///
    /// The raising agency says that the child's need has become more, or less, urgent. The stage's limits for the new
    /// urgency start now, and a pause ends; what became more urgent, or is late, is never due later than before. A
    /// corrected urgency said again starts the limits that belong to it.
    change_urgency, "/v1/escalations/{id}/urgency-change", ChangeUrgency, "change_urgency",
    ChangeUrgency, {"urgency": "immediate", "reason": "The child has come to harm again."},
    |input| Act::ChangeUrgency {
        urgency: input.urgency,
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Propose more time
    ///
    /// Either side proposes that the answer may come later: once in a stage, and by no more than the stage's limit
    /// again. Nothing changes until the other side agrees with `extend`.
    propose_extension, "/v1/escalations/{id}/extension-proposal", Extend, "extend",
    ProposeExtension, {"due_at": "2026-11-19T23:59:59Z", "reason": "The consultant is back on Thursday."},
    |input| Act::ProposeExtension {
        due_at: input.due_at.0,
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Agree to more time
    ///
    /// The side that did not propose it agrees. The first clock stops as `extended`, and another takes over.
    extend, "/v1/escalations/{id}/extension", Extend, "extend",
    ExtendEscalation, {"due_at": "2026-11-19T23:59:59Z"},
    |input| Act::Extend { due_at: input.due_at.0, reason: perhaps("#/reason", input.reason)? }
);

act_operation!(
    /// Call a meeting
    ///
    /// Where the policy gives a stage longer with a meeting, either side says when the two meet. The limit is then the
    /// one with a meeting, counted from the start of the stage.
    call_meeting, "/v1/escalations/{id}/meeting", CallMeeting, "call_meeting",
    CallMeeting, {"meeting_at": "2026-11-19T14:00:00Z"},
    |input| Act::CallMeeting { meeting_at: input.meeting_at.0 }
);

act_operation!(
    /// Pause the agency's time
    ///
    /// The responding agency pauses its own time, with a reason from a list and an end; it goes on by itself then. A
    /// pause that is longer than the policy lets an agency take by itself waits for `approve_pause`. The child's time
    /// and every statutory limit go on.
    pause, "/v1/escalations/{id}/pause", Pause, "pause",
    PauseEscalation, {"why": "information_from_raiser", "until": "2026-11-19T12:00:00Z",
                      "reason": "The chronology that the police promised has not come."},
    |input| Act::Pause {
        why: input.why,
        until: input.until.0,
        reason: narrative("#/reason", input.reason)?,
    }
);

act_operation!(
    /// Approve a longer pause
    ///
    /// The raising agency, a service lead or the Director approves the pause that was proposed.
    approve_pause, "/v1/escalations/{id}/pause-approval", ApprovePause, "approve_pause",
    ApprovePause, {"until": "2026-11-27T12:00:00Z"},
    |input| Act::ApprovePause { until: input.until.0 }
);

act_operation!(
    /// End a pause early
    ///
    /// Either agency or the Director ends a pause before it ends by itself.
    resume, "/v1/escalations/{id}/resumption", Resume, "resume",
    WithOptionalReason, {"reason": "The chronology has come."},
    |input| Act::Resume { reason: perhaps("#/reason", input.reason)? }
);

act_operation!(
    /// Add a note
    ///
    /// Either agency, or who oversees, adds a short note. Notes change nothing else. No names.
    add_note, "/v1/escalations/{id}/notes", AddNote, "add_note",
    AddNote, {"note": "Spoke to the duty manager; answer expected this afternoon."},
    |input| Act::Note { note: narrative("#/note", input.note)? }
);
