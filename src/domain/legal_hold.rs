//! Legal holds: what is not to be destroyed, whoever else may ask for that. A hold stops disposal and never work: an
//! escalation under hold is acted on like any other, because the child cannot wait for a lawyer.

use jiff::Timestamp;
use jiff::civil::Date;

use super::broken_rule::{BrokenRule, FieldRule};
use super::codes::codes;
use super::free_text::FreeText;
use super::ids::{EscalationId, LegalHoldId};
use super::london::local_date;
use super::recorded::Recorded;

codes! {
    /// How much a hold is about.
    pub enum HoldScope {
        /// One escalation.
        Escalation => "escalation",
        /// Every escalation about one child.
        Child => "child",
        /// Everything that the partnership has.
        Partnership => "partnership",
    }
}

codes! {
    /// Why something is not to be destroyed.
    pub enum HoldReason {
        /// A statutory inquiry asks that records are kept.
        PublicInquiry => "public_inquiry",
        /// Proceedings before a court, under way or to be expected.
        Litigation => "litigation",
        /// A criminal investigation.
        CriminalInvestigation => "criminal_investigation",
        /// An inquest.
        Inquest => "inquest",
        /// A local or national child safeguarding practice review.
        PracticeReview => "practice_review",
        /// A complaint, or an ombudsman's investigation.
        Complaint => "complaint",
        /// Somebody has asked for what is kept about them, and it is still theirs to ask.
        SubjectRequest => "subject_request",
        /// An investigation by a regulator.
        Regulator => "regulator",
    }
}

/// On what order something is held or erased: a reference or a title, naming nobody.
pub type Authority = FreeText<200>;

/// Why a hold was lifted, or an erasure declined.
pub type LiftReason = FreeText<500>;

/// What a hold is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// One escalation.
    Escalation(EscalationId),
    /// A child, by the keyed hash that finds it; nothing once the child is erased.
    Child(Option<Vec<u8>>),
    /// Everything.
    Partnership,
}

impl Held {
    /// How much that is.
    #[must_use]
    pub const fn scope(&self) -> HoldScope {
        match self {
            Self::Escalation(_) => HoldScope::Escalation,
            Self::Child(_) => HoldScope::Child,
            Self::Partnership => HoldScope::Partnership,
        }
    }
}

/// A hold, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHold {
    /// Its identifier.
    pub id: LegalHoldId,
    /// What it is about.
    pub held: Held,
    /// Why.
    pub reason: HoldReason,
    /// On what order.
    pub authority: Authority,
    /// The first day, in Europe/London.
    pub from: Date,
    /// The last day; none where it holds until it is lifted.
    pub until: Option<Date>,
    /// Who placed it, and when.
    pub placed: Recorded,
    /// That it was lifted: why, by whom and when.
    pub lifted: Option<(LiftReason, Recorded)>,
}

impl LegalHold {
    /// Whether something may not be destroyed because of it at `at`.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        let day = local_date(at);
        self.lifted.is_none() && self.from <= day && self.until.is_none_or(|last| day <= last)
    }

    /// Whether it is about something of this: escalations, and all their children.
    #[must_use]
    pub fn covers(&self, escalations: &[EscalationId], children: &[Vec<u8>]) -> bool {
        match &self.held {
            Held::Partnership => true,
            Held::Escalation(id) => escalations.contains(id),
            Held::Child(key) => key.as_ref().is_some_and(|key| children.contains(key)),
        }
    }
}

/// The days of a hold.
///
/// # Errors
/// The last day is before the first, or is over.
pub fn days(from: Option<Date>, until: Option<Date>, now: Timestamp) -> Result<Date, BrokenRule> {
    let today = local_date(now);
    let from = from.unwrap_or(today);
    if until.is_some_and(|last| last < from || last < today) {
        return Err(BrokenRule::field("until", FieldRule::OutOfRange));
    }
    Ok(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Role;
    use crate::domain::ids::ClientId;
    use uuid::Uuid;

    fn hold(held: Held, from: &str, until: Option<&str>) -> LegalHold {
        let placed = Recorded {
            at: "2026-11-18T09:00:00Z".parse().unwrap(),
            role: Role::PrivacyOfficer,
            client: ClientId(Uuid::nil()),
            subject: "p".to_owned(),
        };
        LegalHold {
            id: LegalHoldId(Uuid::nil()),
            held,
            reason: HoldReason::PublicInquiry,
            authority: Authority::parse("Order 7").unwrap(),
            from: from.parse().unwrap(),
            until: until.map(|day| day.parse().unwrap()),
            placed,
            lifted: None,
        }
    }

    #[test]
    fn a_hold_counts_whole_days_in_london() {
        let held = hold(Held::Partnership, "2026-07-01", Some("2026-07-02"));
        let in_force = |at: &str| held.is_in_force(at.parse().unwrap());
        // 23:30 in UTC is the next day in London in summer.
        assert!(!in_force("2026-06-30T22:30:00Z"));
        assert!(in_force("2026-06-30T23:30:00Z"));
        assert!(in_force("2026-07-02T22:59:59Z"));
        assert!(!in_force("2026-07-02T23:00:00Z"));
    }

    #[test]
    fn a_hold_that_was_lifted_holds_nothing() {
        let mut held = hold(Held::Partnership, "2026-07-01", None);
        let at = "2030-01-01T00:00:00Z".parse().unwrap();
        assert!(held.is_in_force(at));
        let why = LiftReason::parse("The inquiry has reported.").unwrap();
        held.lifted = Some((why, held.placed.clone()));
        assert!(!held.is_in_force(at));
    }

    #[test]
    fn a_hold_is_about_what_it_says() {
        let (one, other) = (EscalationId(Uuid::from_u128(1)), EscalationId(Uuid::from_u128(2)));
        let children = vec![vec![1; 32], vec![2; 32]];
        let covers = |held| hold(held, "2026-07-01", None).covers(&[one], &children);
        assert!(covers(Held::Partnership));
        assert!(covers(Held::Escalation(one)));
        assert!(!covers(Held::Escalation(other)));
        assert!(covers(Held::Child(Some(vec![2; 32]))));
        assert!(!covers(Held::Child(Some(vec![3; 32]))));
        assert!(!covers(Held::Child(None)));
    }

    #[test]
    fn the_last_day_is_not_over_when_it_is_placed() {
        let now = "2026-07-02T23:30:00Z".parse().unwrap();
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(days(None, None, now).unwrap().to_string(), "2026-07-03");
        assert!(days(None, day("2026-07-02"), now).is_err());
        assert!(days(day("2026-07-05"), day("2026-07-04"), now).is_err());
        assert!(days(day("2020-01-01"), day("2026-07-03"), now).is_ok());
    }
}
