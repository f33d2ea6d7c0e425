//! No agreement, no data: under which dated agreement and on which lawful basis an agency shares data here, and what it
//! may still do when that has ended.
//!
//! An agency whose agreement has lapsed adds no new record. Everything that is there goes on: it reads, answers and
//! resolves, and others raise with it, because a child comes before paper (`features.md` G12).

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::access::{Action, Caller};
use super::broken_rule::BrokenRule;
use super::characters::is_invisible;
use super::codes::codes;
use super::ids::AgencyId;

/// How many days before the last day of what was agreed it is warned: a renewal goes through at least two boards.
pub const WARNING_DAYS: i32 = 60;

/// How many characters a reference may have.
const LONGEST_REFERENCE: usize = 80;

codes! {
    /// On which basis of UK GDPR Article 6(1) an agency shares data (`domain.md` §6.1).
    pub enum LawfulBasis {
        /// A task in the public interest or of official authority, Article 6(1)(e): most public bodies.
        PublicTask => "public_task",
        /// A legal obligation, Article 6(1)(c): where a duty to share applies.
        LegalObligation => "legal_obligation",
        /// Legitimate interests, Article 6(1)(f): voluntary organisations and independent schools.
        LegitimateInterests => "legitimate_interests",
        /// A recognised legitimate interest, Article 6(1)(ea): safeguarding, since the Data (Use and Access) Act 2025.
        RecognisedLegitimateInterest => "recognised_legitimate_interest",
    }
}

codes! {
    /// What agreements mean in a partnership.
    pub enum AgreementRule {
        /// An agency adds data only while an agreement of its own is in force.
        Required => "required",
        /// Agreements are kept and warned about, and nothing is refused.
        Recorded => "recorded",
    }
}

codes! {
    /// How it stands with an agency's agreement on a day.
    pub enum AgreementState {
        /// One is in force.
        InForce => "in_force",
        /// One is in force, and ends within 60 days without a renewal that follows it at once.
        EndsSoon => "ends_soon",
        /// None is in force any more.
        Lapsed => "lapsed",
        /// None has been in force yet.
        None => "none",
    }
}

/// A dated agreement under which an agency shares data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingAgreement {
    /// What the partnership calls the document. An agency has each reference once.
    pub reference: String,
    /// On which basis it shares.
    pub lawful_basis: LawfulBasis,
    /// The first day, in Europe/London.
    pub from: Date,
    /// The last day, in Europe/London.
    pub until: Date,
    /// The reference of the agreement that no longer counts since this one was recorded: it was wrong, or ended early.
    pub replaces: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// How it stands with an agency's agreement on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementStanding {
    /// In one word.
    pub state: AgreementState,
    /// The last day that is agreed on without a gap, or the last one that was.
    pub until: Option<Date>,
    /// The first day of the next agreement after that, when there is a gap before it.
    pub again_from: Option<Date>,
    /// The reference and the basis of the agreement that is in force, or was the last one.
    pub under: Option<(String, LawfulBasis)>,
}

/// What an agency's agreements are, and what they mean in its partnership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// What they mean.
    pub rule: AgreementRule,
    /// They, in the order in which they were recorded.
    pub agreements: Vec<SharingAgreement>,
}

impl Default for Sharing {
    fn default() -> Self {
        Self { rule: AgreementRule::Recorded, agreements: Vec::new() }
    }
}

/// Why an agreement cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAgreement {
    /// The reference is no reference.
    #[error("a reference has 1 to 80 visible characters, and no blank at either end")]
    Reference,
    /// It ends before it begins.
    #[error("it would end on {until}, before it begins on {from}")]
    EndsBeforeItBegins {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// The reference is taken by an agreement that says something else.
    #[error(
        "it is recorded from {} to {} on the basis {}{}, and an agreement never changes; record a renewal under a \
         reference of its own, and one that is wrong or ends early by another one that names it in \"replaces\"",
        .0.from, .0.until, .0.lawful_basis, replacing(.0)
    )]
    RecordedOtherwise(Box<SharingAgreement>),
    /// What it replaces is not there.
    #[error("it replaces {0:?}, which is no agreement of this agency that was recorded before")]
    ReplacesNothing(String),
    /// What it replaces was replaced before.
    #[error("it replaces {replaced:?}, which {by:?} has replaced already; replace that one")]
    ReplacedBefore {
        /// What it would replace.
        replaced: String,
        /// What replaced it.
        by: String,
    },
}

fn replacing(it: &SharingAgreement) -> String {
    it.replaces.as_ref().map_or_else(String::new, |replaced| format!(" in place of {replaced:?}"))
}

impl SharingAgreement {
    fn covers(&self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether both say the same, whenever it was recorded.
    fn says_what(&self, other: &Self) -> bool {
        let Self { reference, lawful_basis, from, until, replaces, recorded_at: _ } = self;
        (reference, lawful_basis, from, until, replaces)
            == (&other.reference, &other.lawful_basis, &other.from, &other.until, &other.replaces)
    }

    fn check_itself(&self) -> Result<(), BadAgreement> {
        let good = |c: char| !c.is_control() && !is_invisible(c);
        let length = self.reference.chars().count();
        if !(1..=LONGEST_REFERENCE).contains(&length)
            || !self.reference.chars().all(good)
            || self.reference.trim() != self.reference
        {
            return Err(BadAgreement::Reference);
        }
        if self.until < self.from {
            return Err(BadAgreement::EndsBeforeItBegins { from: self.from, until: self.until });
        }
        Ok(())
    }
}

impl Sharing {
    /// Records an agreement; says whether it is new. One that is there already, saying the same, is no news.
    ///
    /// # Errors
    /// It contradicts itself, or what is recorded.
    pub fn record(&mut self, new: SharingAgreement) -> Result<bool, BadAgreement> {
        new.check_itself()?;
        if let Some(known) = self.agreements.iter().find(|it| it.reference == new.reference) {
            return if known.says_what(&new) {
                Ok(false)
            } else {
                Err(BadAgreement::RecordedOtherwise(Box::new(known.clone())))
            };
        }
        if let Some(replaced) = &new.replaces {
            if !self.agreements.iter().any(|it| it.reference == *replaced) {
                return Err(BadAgreement::ReplacesNothing(replaced.clone()));
            }
            let before = self.agreements.iter().find(|it| it.replaces.as_ref() == Some(replaced));
            if let Some(before) = before {
                let (replaced, by) = (replaced.clone(), before.reference.clone());
                return Err(BadAgreement::ReplacedBefore { replaced, by });
            }
        }
        self.agreements.push(new);
        Ok(true)
    }

    /// The agreements that count: those that no other one replaces.
    fn counting(&self) -> impl Iterator<Item = &SharingAgreement> + Clone {
        self.agreements.iter().filter(|it| {
            !self.agreements.iter().any(|other| other.replaces.as_ref() == Some(&it.reference))
        })
    }

    /// How it stands on `day`, a day in Europe/London.
    #[must_use]
    pub fn standing(&self, day: Date) -> AgreementStanding {
        let said = |it: &SharingAgreement| (it.reference.clone(), it.lawful_basis);
        let next_after = |day: Date| self.counting().map(|it| it.from).filter(|it| *it > day).min();
        let now = self.counting().filter(|it| it.covers(day)).max_by_key(|it| it.until);
        let Some(now) = now else {
            let last = self.counting().filter(|it| it.until < day).max_by_key(|it| it.until);
            return AgreementStanding {
                state: last.map_or(AgreementState::None, |_| AgreementState::Lapsed),
                until: last.map(|it| it.until),
                again_from: next_after(day),
                under: last.map(said),
            };
        };
        // Renewals that follow without a gap go on with what is in force.
        let mut until = now.until;
        while let Some(later) = self
            .counting()
            .filter(|it| it.until > until && it.from <= until.saturating_add(1.day()))
            .map(|it| it.until)
            .max()
        {
            until = later;
        }
        let soon = day.saturating_add(WARNING_DAYS.days()) >= until;
        AgreementStanding {
            state: if soon { AgreementState::EndsSoon } else { AgreementState::InForce },
            until: Some(until),
            again_from: next_after(until),
            under: Some(said(now)),
        }
    }

    /// Whether the agency may add a new record on `day`, a day in Europe/London. Asked wherever a record or a way for data
    /// to leave begins, and nowhere else: what is there goes on.
    ///
    /// # Errors
    /// The partnership requires an agreement, and none is in force.
    pub fn check_new_data(&self, day: Date) -> Result<(), BrokenRule> {
        if self.rule == AgreementRule::Recorded || self.counting().any(|it| it.covers(day)) {
            return Ok(());
        }
        let AgreementStanding { until, again_from, .. } = self.standing(day);
        Err(BrokenRule::NoAgreement { ended: until, again_from })
    }
}

impl AgreementStanding {
    /// Whether somebody has to see to it: it ends soon, has ended, or is required and was never there.
    #[must_use]
    pub fn asks_for_action(&self, rule: AgreementRule) -> bool {
        match self.state {
            AgreementState::InForce => false,
            AgreementState::EndsSoon | AgreementState::Lapsed => true,
            AgreementState::None => rule == AgreementRule::Required,
        }
    }

    /// How many days are left on `day`, the last one not counted; 0 on the last day, and when none is in force.
    #[must_use]
    pub fn days_left(&self, day: Date) -> i32 {
        self.until.map_or(0, |until| (until - day).get_days()).max(0)
    }
}

/// Whether `caller` may see how it stands with the agreement of `agency`: its own people, those who review the partnership,
/// and who answers for data protection.
#[must_use]
pub fn shown_to(caller: &Caller, agency: AgencyId) -> bool {
    caller.acts_for(agency)
        || caller.may(Action::ReadReview).is_some()
        || caller.may(Action::ReadAccessLog).is_some()
}

#[cfg(test)]
mod tests;
