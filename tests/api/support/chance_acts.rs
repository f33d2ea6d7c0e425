//! Any act, with whatever chance makes it say.

use escalation_tracker::domain::access::Action;
use escalation_tracker::domain::act::{Act, ActKind, Closing};
use escalation_tracker::domain::delay::InterimSafety;
use escalation_tracker::domain::event::AnswerPosition;
use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::domain::link::LinkKind;
use escalation_tracker::domain::proposal::ProposalKind;
use escalation_tracker::domain::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use escalation_tracker::domain::stage_clock::ClockKind;
use escalation_tracker::domain::stage_policy::PauseReason;
use escalation_tracker::domain::urgency::Urgency;
use escalation_tracker::usecases::acts::{ActRequest, CorrectionRequest};
use escalation_tracker::usecases::read::Detail;
use jiff::SignedDuration;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::histories::{ENDINGS, THEMES, words};

/// Another version of the policy, which the partnership of the histories has.
pub const OTHER_POLICY: &str = "any-next";

/// The agencies that take part in the histories.
const AGENCIES: &[&str] = &["valeshire_police", "anyborough_cs", "health_community"];

/// What `who` says when they do this. Chance may choose what is refused.
pub fn some_act(
    rng: &mut StdRng,
    before: &Detail,
    kind: ActKind,
    who: &str,
    others: &[EscalationId],
) -> (Action, ActRequest) {
    let it = &before.escalation;
    let reason = words("There is a reason.");
    let hours =
        |rng: &mut StdRng, most: i64| SignedDuration::from_hours(rng.random_range(1..=most));
    let proposed = it.rule_state.proposal.as_ref().map(|proposal| proposal.kind.clone());
    let running = it.running(ClockKind::Answer).map(|clock| clock.due_at);
    let other = *others.choose(rng).unwrap();
    let (action, act) = match kind {
        ActKind::Acknowledge => (Action::Acknowledge, Act::Acknowledge { held_by_role: None }),
        ActKind::Decline => {
            let suggested_procedure = Some(*RerouteCode::ALL.choose(rng).unwrap());
            let request =
                ActRequest::Decline { reason, suggested_agency: None, suggested_procedure };
            return (Action::Decline, request);
        }
        ActKind::Redirect => {
            let agency = (*AGENCIES.choose(rng).unwrap()).to_owned();
            return (Action::Redirect, ActRequest::Redirect { agency, reason });
        }
        ActKind::Answer => {
            let position = *AnswerPosition::ALL.choose(rng).unwrap();
            (Action::Answer, Act::Answer { position, answer: words("It will be done.") })
        }
        ActKind::State => (Action::State, Act::State { statement: words("We see it otherwise.") }),
        ActKind::Accept => (Action::Accept, Act::Accept { note: None }),
        ActKind::Reject => (Action::Reject, Act::Reject { reason }),
        ActKind::Advance => (Action::Advance, Act::Advance { to: None, reason: Some(reason) }),
        ActKind::ChangeUrgency => {
            let urgency = *Urgency::ALL.choose(rng).unwrap();
            (Action::ChangeUrgency, Act::ChangeUrgency { urgency, reason })
        }
        ActKind::ProposeExtension => {
            let due_at = running.unwrap_or(before.now) + hours(rng, 48);
            (Action::Extend, Act::ProposeExtension { due_at, reason })
        }
        ActKind::Extend => {
            let due_at = match proposed {
                Some(ProposalKind::Extension { due_at }) => due_at,
                _ => before.now + hours(rng, 48),
            };
            (Action::Extend, Act::Extend { due_at, reason: None })
        }
        ActKind::CallMeeting => {
            (Action::CallMeeting, Act::CallMeeting { meeting_at: before.now + hours(rng, 48) })
        }
        ActKind::Pause => {
            let why = *PauseReason::ALL.choose(rng).unwrap();
            (Action::Pause, Act::Pause { why, until: before.now + hours(rng, 200), reason })
        }
        ActKind::ApprovePause => {
            let until = match proposed {
                Some(ProposalKind::Pause { until, .. }) => until,
                _ => before.now + hours(rng, 48),
            };
            (Action::ApprovePause, Act::ApprovePause { until })
        }
        ActKind::Resume => (Action::Resume, Act::Resume { reason: None }),
        ActKind::Resolve => {
            let partners = who == "test-director";
            let by_partners = [Outcome::DecidedByPartners, Outcome::UnresolvedClosed];
            let outcomes = if partners { &by_partners[..] } else { &ENDINGS };
            let act = Act::Resolve {
                outcome: *outcomes.choose(rng).unwrap(),
                child_outcome: *ChildOutcome::ALL.choose(rng).unwrap(),
                delay_effect: *DelayEffect::ALL.choose(rng).unwrap(),
                agreed_action: words("The meeting was held."),
                closing: Box::new(Closing {
                    owner_role: Some("service manager".to_owned()),
                    action_due_on: Some("2030-12-01".parse().unwrap()),
                    interim_safety: Some(InterimSafety::InPlace),
                    why_lower_stage_failed: Some(words("They held to their reading.")),
                    ..Closing::default()
                }),
            };
            (Action::Resolve, act)
        }
        ActKind::Withdraw => {
            let why = *WithdrawalReason::ALL.choose(rng).unwrap();
            (Action::Withdraw, Act::Withdraw { why, reason: Some(reason) })
        }
        ActKind::Reroute => {
            (Action::Reroute, Act::Reroute { to: *RerouteCode::ALL.choose(rng).unwrap() })
        }
        ActKind::MarkDuplicate => {
            return (Action::Link, ActRequest::MarkDuplicate { of: other, reason: None });
        }
        ActKind::Link => {
            let kind = *LinkKind::ALL.choose(rng).unwrap();
            return (Action::Link, ActRequest::Link { kind, to: other, reason: Some(reason) });
        }
        ActKind::Reopen => (Action::Reopen, Act::Reopen { reason }),
        ActKind::Note => (Action::AddNote, Act::Note { note: words("A note.") }),
        ActKind::Correct => {
            let theme = rng.random_bool(0.6).then(|| (*THEMES.choose(rng).unwrap()).to_owned());
            let urgency = rng.random_bool(0.6).then(|| *Urgency::ALL.choose(rng).unwrap());
            let right = Box::new(CorrectionRequest { theme, urgency, delay: None });
            return (Action::Correct, ActRequest::Correct { right, reason });
        }
        ActKind::GiveFeedback => {
            (Action::GiveFeedback, Act::GiveFeedback { feedback: words("They were told.") })
        }
        ActKind::RecordLearning => {
            let kind = *LearningType::ALL.choose(rng).unwrap();
            let summary = Some(words("The rota had no deputy."));
            (Action::RecordLearning, Act::RecordLearning { kind, summary })
        }
        ActKind::CheckImpact => {
            let result = *ImpactResult::ALL.choose(rng).unwrap();
            (Action::CheckImpact, Act::CheckImpact { result, note: None })
        }
        ActKind::ProposePolicyMigration => {
            let request =
                ActRequest::ProposePolicyMigration { version: OTHER_POLICY.to_owned(), reason };
            return (Action::ProposePolicyMigration, request);
        }
        ActKind::MigratePolicy => {
            let version = match proposed {
                Some(ProposalKind::PolicyMigration { version }) => version,
                _ => OTHER_POLICY.to_owned(),
            };
            return (Action::MigratePolicy, ActRequest::MigratePolicy { version });
        }
    };
    (action, act.into())
}
