//! Leaving an escalation out of the figures: only what has ended, with a reason, by two people, and never silently.
//!
//! An open matter always counts, so that nothing can vanish from what is overdue by being left out.

use jiff::Timestamp;

use super::access::Role;
use super::broken_rule::{BrokenRule, OutOfOrder};
use super::codes::codes;
use super::escalation::Escalation;
use super::ids::EscalationId;
use super::proposal::Person;

codes! {
    /// Why an escalation says nothing about how agencies work together.
    pub enum ExclusionReason {
        /// The same matter is counted on another record.
        RecordedTwice => "recorded_twice",
        /// It belonged to another procedure from the start.
        NotAnEscalation => "not_an_escalation",
        /// A test or a training record that reached the live service.
        TestRecord => "test_record",
        /// It was about another child, agency or process than it says, and cannot be corrected.
        RecordedInError => "recorded_in_error",
    }
}

codes! {
    /// One step of the decision.
    pub enum ExclusionStep {
        /// Somebody proposed it.
        Proposed => "proposed",
        /// Somebody else approved it: from now on it is left out.
        Approved => "approved",
        /// It was taken back: from now on it counts again.
        Ended => "ended",
    }
}

/// One step, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The escalation.
    pub escalation: EscalationId,
    /// Its place among the steps about this escalation, from 1.
    pub number: i32,
    /// The episode that had ended, which alone is decided about.
    pub episode: u16,
    /// The step.
    pub step: ExclusionStep,
    /// Why it is, or was, left out.
    pub reason: ExclusionReason,
    /// Who took the step.
    pub by: Person,
    /// In which role.
    pub role: Role,
    /// When.
    pub recorded_at: Timestamp,
}

/// What somebody wants to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExclusionAct {
    /// Propose that it is left out.
    Propose(ExclusionReason),
    /// Approve what another person proposed.
    Approve,
    /// Let it count again.
    End,
}

impl ExclusionAct {
    /// The step that this becomes.
    #[must_use]
    pub const fn step(self) -> ExclusionStep {
        match self {
            Self::Propose(_) => ExclusionStep::Proposed,
            Self::Approve => ExclusionStep::Approved,
            Self::End => ExclusionStep::Ended,
        }
    }
}

/// The matter that is decided about: the episode that an escalation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matter {
    /// The escalation.
    pub escalation: EscalationId,
    /// The number of its latest episode.
    pub episode: u16,
    /// Whether that has ended.
    pub has_ended: bool,
}

impl From<&Escalation> for Matter {
    fn from(it: &Escalation) -> Self {
        Self { escalation: it.id, episode: it.episode.number, has_ended: it.status.has_ended() }
    }
}

/// Whether two people decided to leave out the episode that the escalation is in, which has ended, and nobody took that
/// back. Opened again it counts, and once ended again it counts until it is decided anew.
#[must_use]
pub fn is_left_out(steps: &[Exclusion], matter: impl Into<Matter>) -> bool {
    let Matter { episode, has_ended, .. } = matter.into();
    let decided = steps.iter().rev().find(|it| it.step != ExclusionStep::Proposed);
    let stands = |it: &Exclusion| it.step == ExclusionStep::Approved && it.episode == episode;
    has_ended && decided.is_some_and(stands)
}

/// Decides the next step about a matter from those before it, the first first.
///
/// # Errors
/// The steps do not come in this order, the escalation is open, or the same person would propose and approve.
pub fn decide(
    past: &[Exclusion],
    act: ExclusionAct,
    matter: impl Into<Matter>,
    (by, role): (Person, Role),
    now: Timestamp,
) -> Result<Exclusion, BrokenRule> {
    let Matter { escalation, episode, has_ended } = matter.into();
    // What was said of an episode before says nothing of this one.
    let last = past.last().filter(|it| it.episode == episode);
    let stands = last.map(|it| it.step);
    let reason = match (act, last) {
        (ExclusionAct::Propose(_), _) if stands == Some(ExclusionStep::Approved) => {
            return Err(BrokenRule::OutOfOrder(OutOfOrder::LeftOutAlready));
        }
        (ExclusionAct::Propose(_) | ExclusionAct::Approve, _) if !has_ended => {
            return Err(BrokenRule::OutOfOrder(OutOfOrder::StillOpen));
        }
        (ExclusionAct::Propose(reason), _) => reason,
        (ExclusionAct::Approve, Some(it)) if it.step == ExclusionStep::Proposed => {
            if it.by == by {
                return Err(BrokenRule::SecondPerson { act: "exclusion" });
            }
            it.reason
        }
        (ExclusionAct::Approve, _) if stands == Some(ExclusionStep::Approved) => {
            return Err(BrokenRule::OutOfOrder(OutOfOrder::LeftOutAlready));
        }
        (ExclusionAct::Approve, _) => {
            return Err(BrokenRule::OutOfOrder(OutOfOrder::NotProposed));
        }
        (ExclusionAct::End, Some(it)) if it.step == ExclusionStep::Approved => it.reason,
        (ExclusionAct::End, _) => return Err(BrokenRule::OutOfOrder(OutOfOrder::Counts)),
    };
    let number = past.last().map_or(1, |it| it.number + 1);
    let step = act.step();
    Ok(Exclusion { escalation, number, episode, step, reason, by, role, recorded_at: now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ClientId;

    fn id() -> EscalationId {
        EscalationId(uuid::Uuid::nil())
    }

    fn matter(episode: u16, has_ended: bool) -> Matter {
        Matter { escalation: id(), episode, has_ended }
    }

    fn person(name: &str) -> (Person, Role) {
        let client = ClientId(uuid::Uuid::nil());
        (Person { client, subject: name.to_owned() }, Role::Director)
    }

    fn after(steps: &[(ExclusionAct, &str)]) -> Result<Vec<Exclusion>, BrokenRule> {
        let mut past = Vec::new();
        for (act, name) in steps {
            past.push(decide(&past, *act, matter(1, true), person(name), Timestamp::UNIX_EPOCH)?);
        }
        Ok(past)
    }

    const PROPOSE: ExclusionAct = ExclusionAct::Propose(ExclusionReason::TestRecord);

    #[test]
    fn two_people_leave_something_out_and_one_lets_it_count_again() {
        use ExclusionAct::{Approve, End};
        let steps = [
            (PROPOSE, "a"),
            (PROPOSE, "b"),
            (Approve, "a"),
            (End, "a"),
            (PROPOSE, "a"),
            (Approve, "c"),
        ];
        let past = after(&steps).unwrap();
        let numbers: Vec<i32> = past.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
        assert!(past.iter().all(|it| it.reason == ExclusionReason::TestRecord));
        assert_eq!(past[2].step, ExclusionStep::Approved);
    }

    #[test]
    fn no_step_comes_out_of_order_and_nobody_approves_what_they_proposed() {
        use ExclusionAct::{Approve, End};
        for (steps, expected) in [
            (vec![(Approve, "a")], OutOfOrder::NotProposed),
            (vec![(End, "a")], OutOfOrder::Counts),
            (vec![(PROPOSE, "a"), (End, "b")], OutOfOrder::Counts),
            (vec![(PROPOSE, "a"), (Approve, "b"), (Approve, "c")], OutOfOrder::LeftOutAlready),
            (vec![(PROPOSE, "a"), (Approve, "b"), (PROPOSE, "c")], OutOfOrder::LeftOutAlready),
            (
                vec![(PROPOSE, "a"), (Approve, "b"), (End, "c"), (Approve, "d")],
                OutOfOrder::NotProposed,
            ),
        ] {
            assert_eq!(after(&steps), Err(BrokenRule::OutOfOrder(expected)), "{steps:?}");
        }
        let alone = after(&[(PROPOSE, "a"), (Approve, "a")]);
        assert!(matches!(alone, Err(BrokenRule::SecondPerson { .. })));
    }

    #[test]
    fn what_is_open_always_counts() {
        let past = after(&[(PROPOSE, "a")]).unwrap();
        for (past, act) in [(&[][..], PROPOSE), (&past[..], ExclusionAct::Approve)] {
            let refused = decide(past, act, matter(1, false), person("b"), Timestamp::UNIX_EPOCH);
            assert_eq!(refused, Err(BrokenRule::OutOfOrder(OutOfOrder::StillOpen)));
        }
    }

    #[test]
    fn opened_again_it_counts_until_it_is_decided_anew() {
        let mut past = after(&[(PROPOSE, "a"), (ExclusionAct::Approve, "b")]).unwrap();
        assert!(is_left_out(&past, matter(1, true)));
        // Open again, and ended again: another episode.
        assert!(!is_left_out(&past, matter(2, false)) && !is_left_out(&past, matter(2, true)));
        let at = Timestamp::UNIX_EPOCH;
        for act in [ExclusionAct::Approve, ExclusionAct::End] {
            assert!(decide(&past, act, matter(2, true), person("c"), at).is_err());
        }
        for (act, name) in [(PROPOSE, "a"), (ExclusionAct::Approve, "b")] {
            past.push(decide(&past, act, matter(2, true), person(name), at).unwrap());
            assert_eq!(is_left_out(&past, matter(2, true)), act == ExclusionAct::Approve);
        }
        let numbers: Vec<i32> = past.iter().map(|it| it.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
