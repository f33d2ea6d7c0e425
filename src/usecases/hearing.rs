//! Who is heard: heartbeats of systems, agreements about them, and nil returns of agencies.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::reference::partnership;
use crate::domain::access::{Action, Caller, Reach};
use crate::domain::hearing::{FeedAgreement, FeedStatement, NilReturn};
use crate::domain::ids::AgencyId;
use crate::domain::partnership::Agency;
use crate::domain::recorded::Recorded;
use crate::domain::silence::HearingRule;
use crate::domain::week::IsoWeek;
use crate::store::session::{Stated, transaction};
use crate::store::{StoreFailure, hearing};

/// A list of nil returns goes back so many weeks: ten years.
const MOST_NIL_RETURNS: i64 = 520;

/// Records that the system of the caller's agency is alive; answers when it was heard.
///
/// # Errors
/// The caller acts for no agency, or the database fails.
pub async fn heartbeat(deps: &Deps, caller: &Caller) -> Result<Timestamp, Failure> {
    let reach = caller.may(Action::SendHeartbeat).ok_or(Failure::Forbidden)?;
    let agency = caller.agency.ok_or(Failure::Forbidden)?;
    let recorded = Recorded::by(caller, deps.clock.now());
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        hearing::insert_heartbeat(conn, caller.partnership, agency, &recorded).await?;
        Ok(recorded.at)
    })
    .await
}

/// The agency with this code or alias, where the caller reaches it.
async fn agency(deps: &Deps, caller: &Caller, reach: Reach, name: &str) -> Result<Agency, Failure> {
    let agreed = partnership(deps, caller.partnership).await?;
    let found = agreed.agency(name).ok_or(Failure::NotFound)?;
    if reach == Reach::OwnAgency && !caller.acts_for(found.id) {
        return Err(Failure::NotFound);
    }
    Ok(found.clone())
}

/// Records an agency's word that it had nothing to raise in a week. Whoever says so again gets the first word back. Gives
/// the agency's code, its word, and whether this was the first.
///
/// # Errors
/// The agency is not the caller's, raised something in that week, or the week is not nearly over.
pub async fn give_nil_return(
    deps: &Deps,
    caller: &Caller,
    name: &str,
    week: IsoWeek,
    signed_as: String,
) -> Result<(String, NilReturn, bool), Failure> {
    let reach = caller.may(Action::GiveNilReturn).ok_or(Failure::Forbidden)?;
    let agency = agency(deps, caller, reach, name).await?;
    let now = deps.clock.now();
    let id: AgencyId = agency.id;
    let (said, first) = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        if let Some(known) = hearing::nil_return_of(conn, caller.partnership, id, week).await? {
            return Ok((known, false));
        }
        let raised = hearing::raised_in(conn, caller.partnership, id, week).await?;
        let said = NilReturn::new((&agency, week, signed_as), caller, raised, now)?;
        if hearing::insert_nil_return(conn, caller.partnership, &said).await? {
            return Ok((said, true));
        }
        // Somebody of the same agency was faster.
        let known = hearing::nil_return_of(conn, caller.partnership, id, week).await?;
        Ok::<_, Failure>((known.ok_or(Failure::Store(StoreFailure::Contention))?, false))
    })
    .await?;
    Ok((agency.code, said, first))
}

/// The nil returns of an agency, the latest week first, with the agency's code.
///
/// # Errors
/// The agency is not for this caller to know of, or the database fails.
pub async fn nil_returns(
    deps: &Deps,
    caller: &Caller,
    name: &str,
) -> Result<(String, Vec<NilReturn>), Failure> {
    let reach = caller.may(Action::ReadHearing).ok_or(Failure::Forbidden)?;
    let agency = agency(deps, caller, reach, name).await?;
    let all = read(deps, caller, reach, async |conn| {
        let all = hearing::nil_returns_of(conn, caller.partnership, agency.id, MOST_NIL_RETURNS);
        Ok(Shown::of_nobody(all.await?))
    })
    .await?;
    Ok((agency.code, all))
}

/// Records how often an agency's system agreed to be heard, or that it need not be any more.
///
/// # Errors
/// There is no such agency, the statement breaks a rule, or the database fails.
pub async fn state_feed(
    deps: &Deps,
    caller: &Caller,
    name: &str,
    said: FeedStatement,
) -> Result<FeedAgreement, Failure> {
    let reach = caller.may(Action::AgreeFeed).ok_or(Failure::Forbidden)?;
    let agency = agency(deps, caller, reach, name).await?;
    let every = said.every(HearingRule::default().usual_interval)?;
    let recorded = Recorded::by(caller, deps.clock.now());
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let before = hearing::feeds_of(conn, caller.partnership, agency.id).await?;
        let version = before.last().map_or(0, |it| it.version) + 1;
        let stated = FeedAgreement { version, every, reason: said.reason, recorded };
        match hearing::insert_feed(conn, caller.partnership, agency.id, &stated).await {
            Err(StoreFailure::Constraint(name)) if name == "feed_agreement_pkey" => {
                Err(StoreFailure::Contention.into())
            }
            other => Ok(other.map(|()| stated)?),
        }
    })
    .await
}

/// Every statement about an agency's feed, the first first.
///
/// # Errors
/// The agency is not for this caller to know of, or the database fails.
pub async fn feeds(
    deps: &Deps,
    caller: &Caller,
    name: &str,
) -> Result<Vec<FeedAgreement>, Failure> {
    let reach = caller.may(Action::ReadHearing).ok_or(Failure::Forbidden)?;
    let agency = agency(deps, caller, reach, name).await?;
    read(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(hearing::feeds_of(conn, caller.partnership, agency.id).await?))
    })
    .await
}
