//! What acts lead to that end an escalation, or come after its end.

use jiff::Timestamp;

use super::act::{Act, Closing, LinkTarget};
use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::decide::{Decision, Scene, no_person, perhaps};
use super::escalation::Escalation;
use super::event::{Change, Ending, EndingDetails, Narrative, TextField};
use super::link::LinkKind;
use super::london::{local_date, same_day};
use super::resolution::{ChildOutcome, DelayEffect, LearningType, Outcome, WithdrawalReason};
use super::stage_clock::{ClockKind, StageClock};
use super::stage_policy::ClosingField;
use super::transitions::Party;
use super::urgency::Urgency;

/// The longest summary of what was learnt, in characters.
const LEARNING_LENGTH: usize = 500;

impl Escalation {
    pub(super) fn decide_end(
        &self,
        act: Act,
        at: Timestamp,
        parts: &[Party],
        scene: &Scene<'_>,
    ) -> Result<Decision, BrokenRule> {
        let unknown = (ChildOutcome::TooEarly, DelayEffect::Unknown);
        Ok(match act {
            Act::Resolve { outcome, child_outcome, delay_effect, agreed_action, closing } => {
                check_outcome(outcome, parts)?;
                self.check_closing(&closing, at, scene)?;
                let known = (child_outcome, delay_effect);
                let mut ending = self.ending(at, outcome, known, scene)?;
                let (details, texts) = taken_apart(*closing, agreed_action);
                ending.details = details;
                (Change::Resolved { ending, clocks: self.follow_ups(at, scene)? }, texts)
            }
            Act::Withdraw { why, reason } => {
                if why == WithdrawalReason::Other && reason.is_none() {
                    return Err(BrokenRule::field("reason", FieldRule::Required));
                }
                let ending = self.ending(at, Outcome::WithdrawnByRaiser, unknown, scene)?;
                let ending = Ending { withdrawal_reason: Some(why), ..ending };
                (Change::Withdrawn { ending }, perhaps(TextField::Reason, reason).collect())
            }
            Act::Reroute { to } => {
                let ending = self.ending(at, Outcome::NotEscalationRerouted, unknown, scene)?;
                (Change::Rerouted { ending: Ending { reroute: Some(to), ..ending } }, vec![])
            }
            Act::MarkDuplicate { of, reason } => {
                self.check_link(of, "duplicate_of")?;
                check_original(of)?;
                let ending = self.ending(at, Outcome::Duplicate, unknown, scene)?;
                let change = Change::MarkedDuplicate { of: of.id, ending };
                (change, perhaps(TextField::Reason, reason).collect())
            }
            Act::Link { kind, to, reason } => {
                self.check_link(to, "escalation")?;
                if kind == LinkKind::DuplicateOf {
                    return Err(BrokenRule::field("kind", FieldRule::NotPermitted));
                }
                if kind == LinkKind::NotDuplicateOf && reason.is_none() {
                    return Err(BrokenRule::field("reason", FieldRule::Required));
                }
                if self.links.iter().any(|link| link.kind == kind && link.to == to.id) {
                    return Err(BrokenRule::field("escalation", FieldRule::NotUnique));
                }
                let change = Change::Linked { kind, to: to.id };
                (change, perhaps(TextField::Reason, reason).collect())
            }
            Act::Reopen { reason } => {
                // An episode is known by its escalation and its opening, so no two open at once.
                if at <= self.episode.opened_at {
                    let last = self.episode.opened_at;
                    return Err(BrokenRule::NotAfter { last });
                }
                let episode = self.episode.number.saturating_add(1);
                let here = super::scene::At { episode, ..self.here(at) };
                let clocks = scene.stage_clocks(here)?;
                (Change::Reopened { episode, clocks }, vec![(TextField::Reason, reason)])
            }
            Act::GiveFeedback { feedback } => {
                (Change::FeedbackGiven, vec![(TextField::Feedback, feedback)])
            }
            Act::RecordLearning { kind, summary } => {
                check_learning(kind, summary.as_ref())?;
                let texts = perhaps(TextField::Learning, summary).collect();
                (Change::LearningRecorded { kind }, texts)
            }
            Act::CheckImpact { result, note } => {
                (Change::ImpactChecked { result }, perhaps(TextField::Note, note).collect())
            }
            other => return Err(self.not_possible(other.kind(), scene)),
        })
    }

    /// What the policy asks for before this stage lets an escalation end: the one place for every route.
    fn check_closing(
        &self,
        closing: &Closing,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<(), BrokenRule> {
        let mut faults = Faults::default();
        let day = local_date(at);
        let done_before = closing.action_due_on.is_some_and(|it| it < day);
        let met_after = closing.meeting_on.is_some_and(|it| it > day);
        let inconsistent = FieldRule::Inconsistent;
        faults.hint_if(done_before, "action_due_on", inconsistent, Hint::NotBefore(day));
        faults.hint_if(met_after, "meeting_on", inconsistent, Hint::NotAfter(day));
        let asked = scene.policy.stage(self.stage).map(|stage| stage.closing_requires.as_slice());
        for field in asked.unwrap_or_default() {
            let (missing, name) = match field {
                ClosingField::OwnerRole => (closing.owner_role.is_none(), "owner_role"),
                ClosingField::ActionDueOn => (closing.action_due_on.is_none(), "action_due_on"),
                ClosingField::MeetingOn => (closing.meeting_on.is_none(), "meeting_on"),
                ClosingField::AttendeeRoles => (closing.attendee_roles.is_none(), "attendee_roles"),
                ClosingField::OptionsConsidered => {
                    (closing.options_considered.is_none(), "options_considered")
                }
                ClosingField::InterimSafety => (closing.interim_safety.is_none(), "interim_safety"),
                ClosingField::WhyLowerStageFailed => {
                    (closing.why_lower_stage_failed.is_none(), "why_lower_stage_failed")
                }
            };
            faults.add_if(missing, name, FieldRule::Required);
        }
        faults.none()?;
        no_person(closing.owner_role.as_deref(), "owner_role")?;
        no_person(closing.attendee_roles.as_deref(), "attendee_roles")
    }

    fn ending(
        &self,
        at: Timestamp,
        outcome: Outcome,
        (child_outcome, delay_effect): (ChildOutcome, DelayEffect),
        scene: &Scene<'_>,
    ) -> Result<Ending, BrokenRule> {
        Ok(Ending {
            at,
            outcome,
            child_outcome,
            delay_effect,
            working_seconds: scene.calendar.working_seconds(self.episode.opened_at, at)?,
            same_day: same_day(self.episode.opened_at, at),
            child_seconds: self.child_time(at).seconds(),
            calendar_version: scene.calendar.version().to_owned(),
            withdrawal_reason: None,
            reroute: None,
            details: None,
        })
    }

    /// What is due after the end: feedback and the impact check always, a learning note by rule.
    ///
    /// Source: `domain.md` §1.3, learning follow-up.
    fn follow_ups(&self, at: Timestamp, scene: &Scene<'_>) -> Result<Vec<StageClock>, BrokenRule> {
        let rule = &scene.policy.follow_up;
        let mut due = vec![(ClockKind::Feedback, rule.feedback)];
        let immediate = self.facts.urgency == Urgency::Immediate && rule.learning_if_immediate;
        let repeats = scene.pair_repeats >= rule.learning_if_pair_repeats.times;
        if self.stage >= rule.learning_from_stage || immediate || repeats {
            due.push((ClockKind::Learning, rule.learning));
        }
        due.push((ClockKind::ImpactCheck, rule.impact_check));
        due.into_iter().map(|(kind, limit)| scene.clock(kind, limit, self.here(at))).collect()
    }

    fn check_link(&self, to: LinkTarget, field: &'static str) -> Result<(), BrokenRule> {
        if to.id == self.id {
            return Err(BrokenRule::field(field, FieldRule::SelfReference));
        }
        Ok(())
    }
}

/// The child's time ends with a duplicate because it is kept on the other record: that one has to go on, and be about
/// the same child. What is itself a duplicate leads nowhere.
fn check_original(of: LinkTarget) -> Result<(), BrokenRule> {
    let hint = match of {
        LinkTarget { is_duplicate: true, .. } => Hint::DuplicateItself,
        LinkTarget { has_ended: true, .. } => Hint::HasEnded,
        LinkTarget { other_child: true, .. } => Hint::OtherChild,
        _ => return Ok(()),
    };
    Err(BrokenRule::hinted("duplicate_of", FieldRule::Inconsistent, hint))
}

/// The partners decide or close; the responder records any ending but those two, and those that have acts of their own.
fn check_outcome(outcome: Outcome, parts: &[Party]) -> Result<(), BrokenRule> {
    let by_partners = matches!(outcome, Outcome::DecidedByPartners | Outcome::UnresolvedClosed);
    let own_act = matches!(
        outcome,
        Outcome::WithdrawnByRaiser | Outcome::NotEscalationRerouted | Outcome::Duplicate
    );
    if by_partners != parts.contains(&Party::Partners) || own_act {
        return Err(BrokenRule::field("outcome", FieldRule::NotPermitted));
    }
    Ok(())
}

fn check_learning(kind: LearningType, summary: Option<&Narrative>) -> Result<(), BrokenRule> {
    let length = summary.map_or(0, |text| text.as_str().chars().count());
    if length > LEARNING_LENGTH {
        return Err(BrokenRule::field("learning", FieldRule::OutOfRange));
    }
    if kind != LearningType::None && summary.is_none() {
        return Err(BrokenRule::field("learning", FieldRule::Required));
    }
    Ok(())
}

/// What an ending says, and the texts that go with it.
fn taken_apart(
    closing: Closing,
    agreed_action: Narrative,
) -> (Option<Box<EndingDetails>>, Vec<(TextField, Narrative)>) {
    let details = EndingDetails {
        units_saved: closing.units_saved,
        owner_agency: closing.owner_agency,
        owner_role: closing.owner_role,
        action_due_on: closing.action_due_on,
        meeting_on: closing.meeting_on,
        attendee_roles: closing.attendee_roles,
        interim_safety: closing.interim_safety,
    };
    let texts = std::iter::once((TextField::AgreedAction, agreed_action))
        .chain(perhaps(TextField::OptionsConsidered, closing.options_considered))
        .chain(perhaps(TextField::WhyLowerStageFailed, closing.why_lower_stage_failed))
        .chain(perhaps(TextField::Dissent, closing.dissent))
        .collect();
    let said = details != EndingDetails::default();
    (said.then(|| Box::new(details)), texts)
}
