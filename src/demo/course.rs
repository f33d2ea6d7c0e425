//! The course that an escalation takes: who acknowledges, answers, judges, takes it up and ends it, and when.

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::DemoError;
use super::case::Case;
use super::chance::Chance;
use super::frame::{Frame, LEARNING, local, seconds};
use super::{text, words};
use crate::domain::access::Action;
use crate::domain::act::{Act, Closing};
use crate::domain::delay::InterimSafety;
use crate::domain::event::{AnswerPosition, Narrative};
use crate::domain::limit::{Limit, LimitUnit};
use crate::domain::london::local_date;
use crate::domain::resolution::{
    ChildOutcome, DelayEffect, Outcome, RerouteCode, WithdrawalReason,
};
use crate::domain::urgency::Urgency;
use crate::usecases::acts::CorrectionRequest;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// An agency, by its code.
    Agency(&'static str),
    /// The Director.
    Director,
    /// The service lead.
    ServiceLead,
}

/// Something that is done to an escalation.
pub(super) struct Doing {
    pub(super) at: Timestamp,
    pub(super) by: By,
    pub(super) what: What,
}

/// What is done.
pub(super) enum What {
    /// An act that says everything itself.
    Act(Action, Act),
    /// More time, proposed by the responding agency and agreed to: how much follows from the clock that runs then.
    Extend(Narrative),
    /// It is the same matter as the case before.
    Duplicate,
    /// A correction.
    Correct(CorrectionRequest, Narrative),
}

/// Of the stages that are not the last, those that nobody answers: one in twenty of all stages.
const UNANSWERED: f64 = 0.16;
/// Of the late answers, those for which more time was agreed: 6 in 100 of all stages.
const EXTENDED: f64 = 0.14;

/// How long an answer takes at a stage: median in working days and spread.
const fn usual(stage: u8) -> (f64, f64) {
    match stage {
        0 => (0.8, 0.8),
        1 => (1.5, 0.9),
        2 => (3.5, 0.8),
        _ => (6.0, 0.7),
    }
}

/// An escalation on its way.
pub(super) struct Course<'a> {
    pub(super) case: &'a Case,
    pub(super) frame: &'a Frame,
    pub(super) chance: &'a mut Chance,
    pub(super) doings: Vec<Doing>,
}

impl Course<'_> {
    /// From raising to end: when it ended, if it did.
    pub(super) fn run(&mut self) -> Result<Option<Timestamp>, DemoError> {
        let mut stage = self.case.first_stage;
        let mut at = self.case.raised_at;
        while stage < self.case.final_stage {
            at = self.unsettled(stage, at)?;
            stage += 1;
        }
        let ended = self.settled(stage, at)?;
        if self.case.stalls {
            self.stall()?;
            return Ok(None);
        }
        Ok(Some(ended))
    }

    /// The same matter once more, after what was agreed did not hold.
    pub(super) fn reopen(&mut self, ended: Timestamp) -> Result<Timestamp, DemoError> {
        let days = self.chance.real(2.0, 25.0);
        let at = self.frame.after(ended, days, self.chance)?;
        let reason = self.words(words::REOPENED)?;
        self.act(at, self.raiser(), Action::Reopen, Act::Reopen { reason });
        self.answered_and_accepted(self.case.final_stage, at, Outcome::ResolvedAsRequested)
    }

    /// A stage that does not settle it; gives when the next one is entered.
    fn unsettled(&mut self, stage: u8, at: Timestamp) -> Result<Timestamp, DemoError> {
        let to = Some(stage + 1);
        if self.chance.happens(UNANSWERED) {
            let due = self.due(stage, at)?;
            if self.chance.happens(0.5) {
                self.acknowledge(stage, at, due)?;
            }
            let advanced = self.lag(due, 0.6)?;
            let reason = self.words(words::NO_ANSWER)?;
            self.act(
                advanced,
                self.raiser(),
                Action::Advance,
                Act::Advance { to, reason: Some(reason) },
            );
            return Ok(advanced);
        }
        let answered = self.answer_after_all(stage, at, false)?;
        let rejected = self.lag(answered, 0.4)?;
        let reason = self.words(words::REJECTED)?;
        self.act(rejected, self.raiser(), Action::Reject, Act::Reject { reason });
        let advanced = self.lag(rejected, 0.2)?;
        let reason = self.words(words::ADVANCED)?;
        self.act(
            advanced,
            self.raiser(),
            Action::Advance,
            Act::Advance { to, reason: Some(reason) },
        );
        Ok(advanced)
    }

    /// The stage that ends it; gives when it ended.
    fn settled(&mut self, stage: u8, at: Timestamp) -> Result<Timestamp, DemoError> {
        match self.case.outcome {
            Outcome::WithdrawnByRaiser => {
                let before = self.chance.happens(0.4);
                let withdrawn = if before {
                    self.lag(at, 0.5)?
                } else {
                    let answered = self.answer_after_all(stage, at, false)?;
                    self.lag(answered, 0.5)?
                };
                let reason = self.words(words::WITHDRAWN)?;
                // One in ten says that somebody pressed for it; told from the number, so that chance goes on as before.
                let why = match self.case.number % 10 {
                    0 => WithdrawalReason::Pressured,
                    1..=4 => WithdrawalReason::ResolvedInformally,
                    5..=7 => WithdrawalReason::ConcernNoLongerHeld,
                    _ => WithdrawalReason::PursuedElsewhere,
                };
                let act = Act::Withdraw { why, reason: Some(reason) };
                self.act(withdrawn, self.raiser(), Action::Withdraw, act);
                Ok(withdrawn)
            }
            outcome @ (Outcome::DecidedByPartners | Outcome::UnresolvedClosed) => {
                let answered = self.answer_after_all(stage, at, false)?;
                let ended = self.lag(answered, 1.0)?;
                self.resolve(ended, By::Director, stage, outcome)?;
                Ok(ended)
            }
            outcome => self.answered_and_accepted(stage, at, outcome),
        }
    }

    fn answered_and_accepted(
        &mut self,
        stage: u8,
        at: Timestamp,
        outcome: Outcome,
    ) -> Result<Timestamp, DemoError> {
        let answered = self.answer_after_all(stage, at, true)?;
        let accepted = self.lag(answered, 0.35)?;
        let note = if self.chance.happens(0.4) { Some(self.words(words::ACCEPTED)?) } else { None };
        self.act(accepted, self.raiser(), Action::Accept, Act::Accept { note });
        let ended = self.lag(accepted, 0.35)?;
        self.resolve(ended, self.responder(), stage, outcome)?;
        Ok(ended)
    }

    /// Receipt, perhaps more time, and the answer; gives when that came.
    fn answer_after_all(
        &mut self,
        stage: u8,
        at: Timestamp,
        is_end: bool,
    ) -> Result<Timestamp, DemoError> {
        let (median, sigma) = usual(stage);
        let mut factor = if self.frame.week_of(at) >= LEARNING { 0.7 } else { 1.0 };
        let answered = if self.case.urgency == Urgency::Immediate {
            let hours = self.chance.log_normal(4.0, 0.8) * factor;
            at + seconds(hours * 3600.0 + 60.0)
        } else {
            if self.case.urgency == Urgency::Urgent {
                factor *= 0.35;
            }
            let days = self.chance.log_normal(median, sigma) * factor;
            self.frame.after(at, days, self.chance)?
        };
        let acknowledged = self.acknowledge(stage, at, answered)?;
        let due = self.due(stage, at)?;
        if answered > due && self.chance.happens(EXTENDED) {
            self.extend(due, acknowledged, answered)?;
        }
        let (position, from) = self.position(is_end)?;
        let answer = self.words(from)?;
        self.act(answered, self.responder(), Action::Answer, Act::Answer { position, answer });
        Ok(answered)
    }

    fn acknowledge(
        &mut self,
        stage: u8,
        at: Timestamp,
        before: Timestamp,
    ) -> Result<Timestamp, DemoError> {
        let days = self.chance.log_normal(0.35, 1.0);
        let acknowledged = if self.case.urgency == Urgency::Immediate {
            at + seconds(days * 3600.0 + 60.0)
        } else {
            self.frame.after(at, days, self.chance)?
        };
        // A conversation is not acknowledged, and whoever answers first need not.
        if stage == 0 || acknowledged >= before || self.chance.happens(0.05) {
            return Ok(at);
        }
        let held_by_role = super::agencies::role_in(self.case.with);
        let act = Act::Acknowledge { held_by_role };
        self.act(acknowledged, self.responder(), Action::Acknowledge, act);
        Ok(acknowledged)
    }

    /// On the morning of the last day, where that lies between what happened before and after.
    fn extend(
        &mut self,
        due: Timestamp,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<(), DemoError> {
        if self.case.urgency == Urgency::Immediate {
            return Ok(());
        }
        let morning = local(local_date(due), time(9, 30, 0, 0));
        let at = morning + seconds(self.chance.real(0.0, 7200.0));
        if at > after && at < before {
            let reason = self.words(words::EXTENDED)?;
            self.doings.push(Doing { at, by: self.responder(), what: What::Extend(reason) });
        }
        Ok(())
    }

    fn position(
        &mut self,
        is_end: bool,
    ) -> Result<(AnswerPosition, &'static [&'static str]), DemoError> {
        let position = match self.case.outcome {
            _ if !is_end => self.chance.weighted(&[
                (AnswerPosition::NotAgreed, 0.65),
                (AnswerPosition::PartlyAgreed, 0.35),
            ])?,
            Outcome::ResolvedAsRequested => AnswerPosition::Agreed,
            Outcome::ExplainedAndAccepted | Outcome::NotEscalationRerouted | Outcome::Duplicate => {
                AnswerPosition::NotAgreed
            }
            _ => AnswerPosition::PartlyAgreed,
        };
        Ok(match position {
            AnswerPosition::Agreed => (position, words::AGREED),
            AnswerPosition::PartlyAgreed => (position, words::PARTLY_AGREED),
            AnswerPosition::NotAgreed => (position, words::NOT_AGREED),
        })
    }

    fn resolve(
        &mut self,
        at: Timestamp,
        by: By,
        stage: u8,
        outcome: Outcome,
    ) -> Result<(), DemoError> {
        let child_outcome = self.chance.weighted(&[
            (ChildOutcome::Safer, 0.22),
            (ChildOutcome::NeedMet, 0.22),
            (ChildOutcome::PlanProgressed, 0.28),
            (ChildOutcome::Unchanged, 0.16),
            (ChildOutcome::Worse, 0.01),
            (ChildOutcome::TooEarly, 0.11),
        ])?;
        let delay_effect = self.chance.weighted(&[
            (DelayEffect::Prevented, 0.15),
            (DelayEffect::Reduced, 0.45),
            (DelayEffect::NoChange, 0.25),
            (DelayEffect::Unknown, 0.15),
        ])?;
        let agreed_action = self.words(words::agreed_action(outcome))?;
        let closing = Box::new(Closing {
            owner_role: super::agencies::role_in(self.case.with),
            action_due_on: (stage >= 4).then(|| local_date(at).saturating_add(14.days())),
            interim_safety: (stage >= 2).then_some(InterimSafety::InPlace),
            why_lower_stage_failed: (stage >= 3)
                .then(|| text(words::LOWER_STAGE_FAILED))
                .transpose()?,
            ..Closing::default()
        });
        match outcome {
            Outcome::NotEscalationRerouted => {
                let act = Act::Reroute { to: RerouteCode::ComplaintStatutory };
                self.act(at, self.raiser(), Action::Reroute, act);
            }
            Outcome::Duplicate => {
                self.doings.push(Doing { at, by: By::Director, what: What::Duplicate });
            }
            outcome => {
                let act =
                    Act::Resolve { outcome, child_outcome, delay_effect, agreed_action, closing };
                self.act(at, by, Action::Resolve, act);
            }
        }
        Ok(())
    }

    /// Forgets the end: what is awaited is the answer, the raiser's judgement, or the record of the end.
    fn stall(&mut self) -> Result<(), DemoError> {
        let from = self.chance.weighted(&[
            (Action::Answer, 0.4),
            (Action::Accept, 0.3),
            (Action::Resolve, 0.3),
        ])?;
        let ends = [Action::Withdraw, Action::Resolve];
        let is = |doing: &Doing, wanted: Action| match &doing.what {
            What::Act(Action::Reroute, _) | What::Duplicate => wanted == Action::Resolve,
            What::Act(action, _) => *action == wanted,
            _ => false,
        };
        let found = self.doings.iter().rposition(|doing| is(doing, from)).or_else(|| {
            self.doings.iter().rposition(|doing| ends.iter().any(|end| is(doing, *end)))
        });
        self.doings.truncate(found.unwrap_or(0));
        Ok(())
    }

    fn due(&self, stage: u8, at: Timestamp) -> Result<Timestamp, DemoError> {
        let policy = self.frame.policy_at(self.case.raised_at);
        let limit = policy.stage(stage).and_then(|stage| stage.answer_limit(self.case.urgency));
        let limit = limit.unwrap_or(Limit::after(1, LimitUnit::WorkingDay));
        Ok(limit.due_at(at, self.frame.calendar_at(at))?)
    }

    /// What follows after a median of so many working days, or sooner where it is urgent.
    pub(super) fn lag(&mut self, at: Timestamp, median: f64) -> Result<Timestamp, DemoError> {
        let days = self.chance.log_normal(median, 0.7);
        match self.case.urgency {
            Urgency::Immediate => {
                Ok(at + SignedDuration::from_secs(60) + seconds(days * 4.0 * 3600.0))
            }
            Urgency::Urgent => self.frame.after(at, days * 0.35, self.chance),
            Urgency::Standard => self.frame.after(at, days, self.chance),
        }
    }

    pub(super) fn words(&mut self, from: &[&'static str]) -> Result<Narrative, DemoError> {
        text(self.chance.pick(from)?)
    }

    fn act(&mut self, at: Timestamp, by: By, action: Action, act: Act) {
        self.doings.push(Doing { at, by, what: What::Act(action, act) });
    }

    pub(super) const fn raiser(&self) -> By {
        By::Agency(self.case.by)
    }

    const fn responder(&self) -> By {
        By::Agency(self.case.with)
    }
}
