//! Erasure: what identifies a child or a matter is destroyed, and what was done stays. Two people decide, a legal hold wins,
//! and nothing that is open can be erased: a child's matter does not vanish while somebody still has to do something.

use jiff::Timestamp;
use jiff::civil::Date;

use super::access::Caller;
use super::change::Change;
use super::codes::codes;
use super::escalation::Escalation;
use super::event::{Actor, Event};
use super::ids::{ErasureId, EscalationId, EventId};
use super::legal_hold::{Authority, LegalHold, LiftReason};
use super::london::local_date;
use super::recorded::Recorded;

codes! {
    /// Why something is erased (UK GDPR, Article 17, and the partnership's own periods).
    pub enum ErasureGround {
        /// Its period of retention is over.
        RetentionPeriodOver => "retention_period_over",
        /// It is no longer needed for what it was recorded for.
        NoLongerNecessary => "no_longer_necessary",
        /// It should never have been recorded: it is about another child, or nobody's to record.
        UnlawfullyProcessed => "unlawfully_processed",
        /// Somebody objected, and nothing weighs more.
        Objection => "objection",
        /// A court or a regulator orders it.
        Ordered => "ordered",
    }
}

codes! {
    /// What an erasure is about.
    pub enum ErasureTarget {
        /// One escalation.
        Escalation => "escalation",
        /// One child, in every escalation.
        Child => "child",
    }
}

codes! {
    /// How far an erasure has come.
    pub enum ErasureStatus {
        /// It waits for a second person.
        Proposed => "proposed",
        /// It was approved, and carried out with that.
        Approved => "approved",
        /// It was declined.
        Declined => "declined",
    }
}

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasing {
    /// One escalation.
    Escalation(EscalationId),
    /// A child, by the keyed hash that finds it; nothing once that is decided.
    Child(Option<Vec<u8>>),
}

impl Erasing {
    /// What that is.
    #[must_use]
    pub const fn target(&self) -> ErasureTarget {
        match self {
            Self::Escalation(_) => ErasureTarget::Escalation,
            Self::Child(_) => ErasureTarget::Child,
        }
    }
}

/// What was destroyed of one escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedEscalation {
    /// Which.
    pub escalation: EscalationId,
    /// Whether all its children are erased, and with them its texts and what agencies' systems call it.
    pub whole: bool,
    /// How many references of children.
    pub references: u32,
    /// How many texts.
    pub texts: u32,
    /// How many names of agencies' own systems.
    pub external_ids: u32,
}

/// What a second person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Not to erase it.
    Declined {
        /// Why.
        reason: LiftReason,
        /// Who, and when.
        by: Recorded,
    },
    /// To erase it, which was done in the same moment.
    Approved {
        /// Who, and when.
        by: Recorded,
        /// How many keys of children were destroyed.
        keys: u32,
        /// The last day on which a backup may still hold what was destroyed.
        backups_until: Date,
        /// What was destroyed of which escalation.
        erased: Vec<ErasedEscalation>,
    },
}

impl Decision {
    /// Who decided, and when.
    #[must_use]
    pub const fn by(&self) -> &Recorded {
        match self {
            Self::Declined { by, .. } | Self::Approved { by, .. } => by,
        }
    }
}

/// A proposal to erase something, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its identifier.
    pub id: ErasureId,
    /// What is to be erased.
    pub erasing: Erasing,
    /// Why.
    pub ground: ErasureGround,
    /// On what order or rule.
    pub authority: Authority,
    /// Who proposed it, and when.
    pub proposed: Recorded,
    /// What a second person decided; nothing while it waits.
    pub decision: Option<Decision>,
}

impl Erasure {
    /// How far it has come.
    #[must_use]
    pub const fn status(&self) -> ErasureStatus {
        match self.decision {
            None => ErasureStatus::Proposed,
            Some(Decision::Approved { .. }) => ErasureStatus::Approved,
            Some(Decision::Declined { .. }) => ErasureStatus::Declined,
        }
    }
}

/// Why something is not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotErase {
    /// A legal hold is about it.
    #[error("a legal hold is about it")]
    Held,
    /// An escalation that it is about is open.
    #[error("an escalation is open")]
    StillOpen,
    /// Somebody has decided it.
    #[error("it is decided")]
    Decided,
    /// Whoever proposed it would approve it.
    #[error("the same person would approve it")]
    SamePerson,
    /// There is nothing to erase any more.
    #[error("nothing is left of it")]
    NothingLeft,
}

/// Everything that an erasure is about, as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matters {
    /// The escalations, in the order of their identifiers.
    pub escalations: Vec<Escalation>,
    /// All their children, also those who are not to be erased, by the keyed hashes that find them.
    pub children: Vec<Vec<u8>>,
}

impl Matters {
    /// Whether they may be destroyed at `at`, whoever asks. A hold on a child holds every record about it, also where that is
    /// about another child as well.
    ///
    /// # Errors
    /// There is nothing, something is open, or a hold is in force.
    pub fn may_go(&self, holds: &[LegalHold], at: Timestamp) -> Result<(), CannotErase> {
        let ids: Vec<EscalationId> = self.escalations.iter().map(|it| it.id).collect();
        if ids.is_empty() {
            return Err(CannotErase::NothingLeft);
        }
        if holds.iter().any(|hold| hold.is_in_force(at) && hold.covers(&ids, &self.children)) {
            return Err(CannotErase::Held);
        }
        if self.escalations.iter().any(|it| !it.status.has_ended()) {
            return Err(CannotErase::StillOpen);
        }
        Ok(())
    }
}

/// Whether this caller may decide an erasure. Who has two registrations is still one person: the subject alone tells.
///
/// # Errors
/// It is decided, or the caller proposed it.
pub fn may_decide(erasure: &Erasure, by: &Caller) -> Result<(), CannotErase> {
    if erasure.decision.is_some() {
        return Err(CannotErase::Decided);
    }
    if erasure.proposed.subject == by.subject {
        return Err(CannotErase::SamePerson);
    }
    Ok(())
}

/// The last day on which a backup that was made before `at` may still be there.
#[must_use]
pub fn backups_until(at: Timestamp, days: u16) -> Date {
    let day = local_date(at);
    day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX)
}

/// The escalation after references of so many of its children were destroyed, and the event that says so.
#[must_use]
pub fn erased(
    before: &Escalation,
    erasure: ErasureId,
    (whole, children): (bool, u16),
    by: &Caller,
    (id, now): (EventId, Timestamp),
) -> (Escalation, Event) {
    let change = if whole {
        Change::Erased { erasure, children }
    } else {
        Change::ChildErased { erasure, children }
    };
    let event = Event {
        id,
        escalation: before.id,
        version: before.version.saturating_add(1),
        occurred_at: now,
        recorded_at: now,
        actor: Actor {
            agency: by.agency,
            role: by.role.into(),
            client: Some(by.client),
            subject: by.subject.clone(),
        },
        change,
        texts: Vec::new(),
    };
    let mut after = before.clone();
    after.apply(&event);
    (after, event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_counted_in_days_of_london() {
        let until = |at: &str| backups_until(at.parse().unwrap(), 35).to_string();
        assert_eq!(until("2026-11-18T09:00:00Z"), "2026-12-23");
        // The next day in London already.
        assert_eq!(until("2026-06-30T23:30:00Z"), "2026-08-05");
    }

    #[test]
    fn nothing_is_nothing_to_erase() {
        let at = "2026-11-18T09:00:00Z".parse().unwrap();
        assert_eq!(Matters::default().may_go(&[], at), Err(CannotErase::NothingLeft));
    }
}
