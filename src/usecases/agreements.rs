//! Whose sharing agreement somebody has to see to: warned of ahead, in the log and in the metrics.

use super::deps::Deps;
use super::failure::Failure;
use super::reference::partnership;
use crate::domain::access::Caller;
use crate::domain::ids::PartnershipId;
use crate::domain::london::local_date;
use crate::domain::sharing_agreement::{AgreementRule, AgreementStanding, AgreementState};
use crate::store::sharing_agreements;

/// How it stands with one agency's agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfAgency {
    /// The agency's code.
    pub code: String,
    /// How it stands.
    pub standing: AgreementStanding,
    /// How many days are left; 0 on the last day, and when none is in force.
    pub days_left: i32,
}

/// How it stands with the agreements of a partnership today, in Europe/London.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The partnership's code.
    pub partnership: String,
    /// What agreements mean in it.
    pub rule: AgreementRule,
    /// Every agency that takes part today and raises, by code.
    pub agencies: Vec<OfAgency>,
}

impl Looked {
    /// The agencies of which somebody has to see to it.
    pub fn to_see_to(&self) -> impl Iterator<Item = &OfAgency> {
        self.agencies.iter().filter(|it| it.standing.asks_for_action(self.rule))
    }
}

/// Whether the caller's agency may add data now.
///
/// # Errors
/// Its partnership requires an agreement, and none of its own is in force; the database fails.
pub async fn check_new_data(deps: &Deps, caller: &Caller) -> Result<(), Failure> {
    let agreed = partnership(deps, caller.partnership).await?;
    let today = local_date(deps.clock.now());
    let own = caller.agency.and_then(|id| agreed.agency_by_id(id));
    Ok(own.map_or(Ok(()), |agency| agency.sharing.check_new_data(today))?)
}

/// How it stands in one partnership.
///
/// # Errors
/// The database fails.
pub async fn of(deps: &Deps, id: PartnershipId) -> Result<Looked, Failure> {
    let agreed = partnership(deps, id).await?;
    let today = local_date(deps.clock.now());
    // All agencies of a partnership have one rule; where there is none, nothing can be refused.
    let rule = agreed.agencies.first().map_or(AgreementRule::Recorded, |it| it.sharing.rule);
    let agencies = agreed
        .agencies
        .iter()
        .filter(|it| it.may_raise && it.is_valid_on(today))
        .map(|it| {
            let standing = it.sharing.standing(today);
            OfAgency { code: it.code.clone(), days_left: standing.days_left(today), standing }
        })
        .collect();
    Ok(Looked { partnership: agreed.code.clone(), rule, agencies })
}

/// How it stands in every partnership, counted for the metrics on the way.
///
/// # Errors
/// The database fails.
pub async fn look_at_all(deps: &Deps) -> Result<Vec<Looked>, Failure> {
    let all = {
        let mut conn = deps.pool.get().await?;
        sharing_agreements::partnerships(&mut conn).await?
    };
    let mut looked = Vec::with_capacity(all.len());
    for id in all {
        looked.push(of(deps, id).await?);
    }
    let agencies = || looked.iter().flat_map(|it| &it.agencies);
    for state in AgreementState::ALL {
        let count = agencies().filter(|it| it.standing.state == *state).count();
        deps.metrics.agreements(*state, i64::try_from(count).unwrap_or(i64::MAX));
    }
    let in_force = |it: &&OfAgency| {
        matches!(it.standing.state, AgreementState::InForce | AgreementState::EndsSoon)
    };
    let fewest = agencies().filter(in_force).map(|it| it.days_left).min();
    deps.metrics.agreement_days_left(fewest.map_or(f64::NAN, f64::from));
    Ok(looked)
}
