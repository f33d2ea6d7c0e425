//! How much of an escalation a caller may see beyond that it exists: protected raisers and withdrawals.

use super::access::{Caller, Role};
use super::escalation::{Escalation, RaiserVisibility};
use super::ids::AgencyId;
use super::resolution::WithdrawalReason;

/// What one caller may see. Every projection asks it: answers, lists, files, histories, events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Which agency raised it, by which system and reference.
    pub raiser: bool,
    /// In which role it was raised.
    pub raiser_role: bool,
    /// Why it was withdrawn, unless under pressure.
    pub withdrawal: bool,
    /// That it was withdrawn under pressure.
    pub pressure: bool,
}

impl Sight {
    /// What `caller` may see of an escalation that `raised_by` raised with this protection.
    ///
    /// The protection is against the agencies that have to answer, now or before. The Director alone learns that
    /// somebody was pressed to withdraw.
    #[must_use]
    pub fn of(caller: &Caller, raised_by: AgencyId, visibility: RaiserVisibility) -> Self {
        let other_side = caller.role == Role::Agency && !caller.acts_for(raised_by);
        Self {
            raiser: !other_side || visibility == RaiserVisibility::Named,
            raiser_role: !other_side || visibility != RaiserVisibility::Protected,
            withdrawal: !other_side,
            pressure: caller.role == Role::Director,
        }
    }

    /// Whether this reason for a withdrawal may be seen.
    #[must_use]
    pub fn sees(&self, why: WithdrawalReason) -> bool {
        match why {
            WithdrawalReason::Pressured => self.pressure,
            _ => self.withdrawal,
        }
    }
}

impl Escalation {
    /// What `caller` may see of this escalation.
    #[must_use]
    pub fn sight_of(&self, caller: &Caller) -> Sight {
        Sight::of(caller, self.facts.raised_by, self.facts.raiser_visibility)
    }
}
