//! The script: everything that happens in the series, in the order in which the service hears of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::DemoError;
use super::case::{Case, Cases};
use super::chance::{Chance, Quota};
use super::children::{ChildText, mistyped};
use super::course::{By, Course, Doing, What};
use super::frame::{Frame, seconds};
use super::heard;
use super::practice;
use super::reviews::{self, MeetingDeed};
use super::weeks::arrivals;
use super::words;
use crate::domain::access::Action;
use crate::domain::act::Act;
use crate::domain::codes::codes;
use crate::domain::event::Narrative;
use crate::domain::hearing::FeedStatement;
use crate::domain::partnership::PolicyVersion;
use crate::domain::practice::Practice;
use crate::domain::rebase::RebaseStatement;
use crate::domain::resolution::WithdrawalReason;
use crate::domain::urgency::Urgency;
use crate::domain::week::IsoWeek;
use crate::domain::working_days::Calendar;
use crate::usecases::acts::CorrectionRequest;
use crate::usecases::raise::RaiseRequest;

codes! {
    /// Why the service refuses what a system or a person sends.
    pub enum Refusal {
        /// A system sends what it has sent before.
        SentAgain => "sent_again",
        /// The child's reference has a wrong check digit or letter.
        CheckDigit => "check_digit",
        /// The free text holds an NHS number.
        PersonalData => "personal_data",
        /// A process is said to have ended before it began.
        EndBeforeStart => "end_before_start",
    }
}

/// One thing that reaches the service.
#[derive(Debug, Clone)]
pub struct Step {
    /// When it reaches the service.
    pub at: Timestamp,
    /// Its place among what reaches the service at the same instant.
    pub sequence: u64,
    /// What it is.
    pub deed: Deed,
}

/// What reaches the service.
#[derive(Debug, Clone)]
pub enum Deed {
    /// An escalation is raised.
    Raise {
        /// The number of the escalation in the script.
        case: u32,
        /// The code of the agency that raises it.
        by: &'static str,
        /// What is sent, without the children.
        request: Box<RaiseRequest>,
        /// The children as they were typed.
        children: Vec<ChildText>,
        /// Why it has to be refused, if it has.
        refused: Option<Refusal>,
    },
    /// An escalation is acted on.
    Act {
        /// The number of the escalation in the script.
        case: u32,
        /// Who acts.
        by: By,
        /// What kind of permission it needs.
        action: Action,
        /// The act.
        act: Act,
        /// When it happened, if that was earlier.
        occurred_at: Option<Timestamp>,
    },
    /// An escalation is found to be on another record already.
    Duplicate {
        /// The number of the escalation in the script.
        case: u32,
        /// The number of the one that goes on.
        of: u32,
        /// Who says so.
        by: By,
        /// When it happened, if that was earlier.
        occurred_at: Option<Timestamp>,
    },
    /// An escalation is corrected.
    Correct {
        /// The number of the escalation in the script.
        case: u32,
        /// Who corrects.
        by: By,
        /// The right values.
        request: Box<CorrectionRequest>,
        /// Why.
        reason: Narrative,
        /// When it happened, if that was earlier.
        occurred_at: Option<Timestamp>,
    },
    /// Good practice is recorded.
    Record {
        /// The code of the agency that records it.
        by: &'static str,
        /// What is sent.
        said: Box<Practice>,
    },
    /// It is recorded how often an agency's system agreed to be heard.
    AgreeFeed {
        /// The code of the agency.
        agency: &'static str,
        /// What was agreed.
        said: FeedStatement,
    },
    /// A system says that it is alive.
    Heartbeat {
        /// The code of its agency.
        by: &'static str,
    },
    /// An agency says that it had nothing to raise.
    NilReturn {
        /// The code of the agency.
        by: &'static str,
        /// The week.
        week: IsoWeek,
        /// The role in which the signer says so.
        signed_as: String,
    },
    /// The Director declares a change.
    Declare(RebaseStatement),
    /// A meeting learns, agrees or signs.
    Meet(MeetingDeed),
    /// A calendar version is added.
    AddCalendar(Box<Calendar>),
    /// A stage policy is added.
    AddPolicy(Box<PolicyVersion>),
}

/// How rare each kind of mess is.
struct Mess {
    sent_again: Quota,
    check_digit: Quota,
    personal_data: Quota,
    end_before_start: Quota,
}

/// NHS numbers of the range that is only ever used for tests.
const IN_TEXT: [&str; 3] = [
    "See also NHS number 999 000 0018.",
    "The sibling's NHS number is 999 000 0026.",
    "NHS no. 9990000123 for the unborn.",
];

pub(super) fn write(seed: u64, frame: &Frame) -> Result<Vec<Step>, DemoError> {
    let mut chance = Chance::new(seed);
    let mut mess = Mess {
        sent_again: Quota::new(0.02),
        check_digit: Quota::new(0.01),
        personal_data: Quota::new(0.005),
        end_before_start: Quota::new(0.003),
    };
    let mut deeds = vec![
        (frame.calendar_added_at, Deed::AddCalendar(Box::new(frame.calendar.clone()))),
        (frame.policy_added_at, Deed::AddPolicy(Box::new(frame.policy.clone()))),
    ];
    let mut cases = Cases::new(frame)?;
    for at in arrivals(frame, &mut chance)? {
        for case in cases.next(at, &mut chance)? {
            let received_at = raise(&case, &mut mess, &mut chance, &mut deeds)?;
            let doings = course(&case, frame, &mut chance)?;
            play(&case, received_at, doings, frame, &mut chance, &mut deeds)?;
        }
    }
    deeds.extend(practice::write(seed, frame)?);
    deeds.extend(heard::write(frame)?);
    deeds.extend(reviews::write(frame)?);
    let series = frame.starts_at..frame.ends_at;
    deeds.retain(|(at, _)| series.contains(at));
    // Stable, so that what one escalation has at one instant keeps its order.
    deeds.sort_by_key(|(at, _)| *at);
    withdraw_what_repeats_the_ended(&mut deeds)?;
    let steps = deeds.into_iter().zip(0..);
    Ok(steps.map(|((at, deed), sequence)| Step { at, sequence, deed }).collect())
}

/// What turns out to repeat an escalation that has ended is no duplicate, because nothing goes on there: its raiser
/// takes it back.
fn withdraw_what_repeats_the_ended(deeds: &mut [(Timestamp, Deed)]) -> Result<(), DemoError> {
    let mut raisers = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for (_, deed) in deeds {
        match deed {
            Deed::Raise { case, by, .. } => drop(raisers.insert(*case, *by)),
            Deed::Act { case, act: Act::Reopen { .. }, .. } => drop(ended.remove(case)),
            Deed::Act {
                case,
                act: Act::Resolve { .. } | Act::Withdraw { .. } | Act::Reroute { .. },
                ..
            } => drop(ended.insert(*case)),
            Deed::Duplicate { case, of, occurred_at, .. } => {
                let (case, occurred_at) = (*case, *occurred_at);
                let repeats_the_ended = ended.contains(of);
                ended.insert(case);
                let Some(by) = raisers.get(&case).filter(|_| repeats_the_ended) else { continue };
                let reason = Some(super::text(words::REPEATED)?);
                let act = Act::Withdraw { why: WithdrawalReason::PursuedElsewhere, reason };
                let (by, action) = (By::Agency(by), Action::Withdraw);
                *deed = Deed::Act { case, by, action, act, occurred_at };
            }
            _ => {}
        }
    }
    Ok(())
}

/// Raises it, with what goes wrong on the way; gives when it was received.
fn raise(
    case: &Case,
    mess: &mut Mess,
    chance: &mut Chance,
    deeds: &mut Vec<(Timestamp, Deed)>,
) -> Result<Timestamp, DemoError> {
    let mut request = case.request.clone();
    let mut received_at = case.received_at;
    let deed = |request: &RaiseRequest, children: &[ChildText], refused| Deed::Raise {
        case: case.number,
        by: case.by,
        request: Box::new(request.clone()),
        children: children.to_vec(),
        refused,
    };
    if let Some((wrong, children, refusal)) = wrong_first(case, mess, chance)? {
        deeds.push((received_at, deed(&wrong, &children, Some(refusal))));
        received_at += SignedDuration::from_secs(chance.whole(120..=2400));
        request.raised_at = Some(case.raised_at);
    }
    deeds.push((received_at, deed(&request, &case.children, None)));
    if mess.sent_again.falls_on(request.external_reference.is_some()) {
        let again = received_at + SignedDuration::from_secs(chance.whole(3..=60));
        deeds.push((again, deed(&request, &case.children, Some(Refusal::SentAgain))));
    }
    Ok(received_at)
}

type Wrong = (RaiseRequest, Vec<ChildText>, Refusal);

/// What is sent first and refused, if anything is.
fn wrong_first(
    case: &Case,
    mess: &mut Mess,
    chance: &mut Chance,
) -> Result<Option<Wrong>, DemoError> {
    let mut request = case.request.clone();
    let mut children = case.children.clone();
    if mess.check_digit.falls_on(children.len() == 1) {
        children = vec![mistyped(chance)];
        return Ok(Some((request, children, Refusal::CheckDigit)));
    }
    if mess.personal_data.falls_on(!children.is_empty()) {
        request.concern = Some(super::text(chance.pick(&IN_TEXT)?)?);
        return Ok(Some((request, children, Refusal::PersonalData)));
    }
    let forward = case.process.as_ref().is_some_and(|process| process.counts_forward);
    if mess.end_before_start.falls_on(forward)
        && let Some(delay) = &mut request.delay
    {
        delay.occurred_at = Some(delay.started_at - SignedDuration::from_hours(24));
        return Ok(Some((request, children, Refusal::EndBeforeStart)));
    }
    Ok(None)
}

fn course(case: &Case, frame: &Frame, chance: &mut Chance) -> Result<Vec<Doing>, DemoError> {
    let mut course = Course { case, frame, chance, doings: Vec::new() };
    let mut ended = course.run()?;
    if let Some(first) = ended
        && course.chance.happens(0.02)
    {
        ended = Some(course.reopen(first)?);
    }
    course.besides(ended)?;
    let mut doings = course.doings;
    doings.sort_by_key(|doing| doing.at);
    Ok(doings)
}

/// When each doing reaches the service: mostly at once, sometimes hours later, never before the one before.
fn play(
    case: &Case,
    received_at: Timestamp,
    doings: Vec<Doing>,
    frame: &Frame,
    chance: &mut Chance,
    deeds: &mut Vec<(Timestamp, Deed)>,
) -> Result<(), DemoError> {
    let mut last = received_at;
    let mut clock = Running::start(case, received_at, frame)?;
    for Doing { at, by, what } in doings {
        let late = if chance.happens(0.15) { chance.real(300.0, 14_400.0) } else { 0.0 };
        let next = last + SignedDuration::from_secs(chance.whole(20..=90));
        let mut played = (at + seconds(late)).max(next);
        if let (What::Duplicate, Some(known_at)) = (&what, case.original_known_at) {
            played = played.max(known_at);
        }
        let occurred_at = (played != at).then_some(at);
        let number = case.number;
        let deed = match what {
            What::Act(action, act) => {
                clock.follow(&act, at, played)?;
                Deed::Act { case: number, by, action, act, occurred_at }
            }
            What::Extend(reason) => {
                let Some(due_at) = clock.extended(at, played)? else { continue };
                let (action, act) = (Action::Extend, Act::ProposeExtension { due_at, reason });
                deeds.push((played, Deed::Act { case: number, by, action, act, occurred_at }));
                let (by, act) = (By::Agency(case.by), Act::Extend { due_at, reason: None });
                Deed::Act { case: number, by, action, act, occurred_at }
            }
            // The case before is the one that this one repeats.
            What::Duplicate => Deed::Duplicate { case: number, of: number - 1, by, occurred_at },
            What::Correct(request, reason) => {
                clock.urgency = request.urgency.unwrap_or(clock.urgency);
                let request = Box::new(request);
                Deed::Correct { case: number, by, request, reason, occurred_at }
            }
        };
        deeds.push((played, deed));
        last = played;
    }
    Ok(())
}

/// The answer clock that runs, because more time is counted from it.
struct Running<'a> {
    case: &'a Case,
    frame: &'a Frame,
    urgency: Urgency,
    stage: u8,
    limit: Option<crate::domain::limit::Limit>,
    due_at: Timestamp,
}

impl<'a> Running<'a> {
    fn start(case: &'a Case, played: Timestamp, frame: &'a Frame) -> Result<Self, DemoError> {
        let (urgency, stage) = (case.urgency, case.first_stage);
        let mut it = Self { case, frame, urgency, stage, limit: None, due_at: case.raised_at };
        it.enter(case.raised_at, played)?;
        Ok(it)
    }

    fn enter(&mut self, at: Timestamp, played: Timestamp) -> Result<(), DemoError> {
        let policy = self.frame.policy_at(self.case.raised_at);
        self.limit = policy.stage(self.stage).and_then(|stage| stage.answer_limit(self.urgency));
        if let Some(limit) = self.limit {
            self.due_at = limit.due_at(at, self.frame.calendar_at(played))?;
        }
        Ok(())
    }

    fn follow(&mut self, act: &Act, at: Timestamp, played: Timestamp) -> Result<(), DemoError> {
        match act {
            Act::Advance { to, .. } => {
                self.stage = to.unwrap_or(self.stage);
                self.enter(at, played)
            }
            Act::Reopen { .. } => self.enter(at, played),
            _ => Ok(()),
        }
    }

    /// As much more time as the stage gives, where that is more than what has gone and the answer is not late yet.
    fn extended(&self, at: Timestamp, played: Timestamp) -> Result<Option<Timestamp>, DemoError> {
        let Some(limit) = self.limit else { return Ok(None) };
        let due_at = limit.due_at(self.due_at, self.frame.calendar_at(played))?;
        Ok((due_at > self.due_at && due_at > at && played <= self.due_at).then_some(due_at))
    }
}
