//! What people decide about the weekly review: declared changes, targets, and how charts are computed.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::ids::RebaseId;
use crate::domain::rebase::{DeclaredRebase, RebaseStatement, RebaseWithdrawal};
use crate::domain::review_setting::{SettingStatement, SettingVersion};
use crate::store::session::{Stated, transaction};
use crate::store::{StoreFailure, review_rules};

/// Declares a change.
///
/// # Errors
/// The caller may not, the statement breaks a rule, or the database fails.
pub async fn declare(
    deps: &Deps,
    caller: &Caller,
    said: RebaseStatement,
) -> Result<DeclaredRebase, Failure> {
    let reach = caller.may(Action::DeclareRebase).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    let id = RebaseId(deps.ids.new_id(now));
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let known = review_rules::rebases(conn, caller.partnership, now).await?;
        let declared = DeclaredRebase::new(id, said, &known, caller, now)?;
        review_rules::insert_rebase(conn, caller.partnership, &declared).await?;
        Ok(declared)
    })
    .await
}

/// Says that a declared change no longer holds. Said again, the first word stands.
///
/// # Errors
/// There is no such change, the reason holds personal data, or the database fails.
pub async fn withdraw(
    deps: &Deps,
    caller: &Caller,
    id: RebaseId,
    reason: String,
) -> Result<DeclaredRebase, Failure> {
    let reach = caller.may(Action::DeclareRebase).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let known = review_rules::rebases(conn, caller.partnership, now).await?;
        let found = known.into_iter().find(|it| it.id == id).ok_or(Failure::NotFound)?;
        if found.withdrawn.is_some() {
            return Ok(found);
        }
        let withdrawal = RebaseWithdrawal::new(reason, caller, now)?;
        match review_rules::insert_withdrawal(conn, caller.partnership, id, &withdrawal).await {
            Ok(()) => Ok(DeclaredRebase { withdrawn: Some(withdrawal), ..found }),
            Err(StoreFailure::Constraint(name)) if name == "rebase_withdrawal_pkey" => {
                Err(StoreFailure::Contention.into())
            }
            Err(failure) => Err(failure.into()),
        }
    })
    .await
}

/// Every declared change, those that were withdrawn too, by first week.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn rebases(deps: &Deps, caller: &Caller) -> Result<Vec<DeclaredRebase>, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    read(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(review_rules::rebases(conn, caller.partnership, now).await?))
    })
    .await
}

/// Sets targets, or how charts are computed, from a week on.
///
/// # Errors
/// The caller may not, the statement breaks a rule, or the database fails.
pub async fn set(
    deps: &Deps,
    caller: &Caller,
    said: SettingStatement,
) -> Result<SettingVersion, Failure> {
    let reach = caller.may(Action::SetReview).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let known = review_rules::settings(conn, caller.partnership, now).await?;
        let set = SettingVersion::new(said, &known, caller, now)?;
        match review_rules::insert_setting(conn, caller.partnership, &set).await {
            Err(StoreFailure::Constraint(name)) if name == "review_setting_pkey" => {
                Err(StoreFailure::Contention.into())
            }
            other => Ok(other.map(|()| set)?),
        }
    })
    .await
}

/// Every version of the settings, the first first.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn settings(deps: &Deps, caller: &Caller) -> Result<Vec<SettingVersion>, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    read(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(review_rules::settings(conn, caller.partnership, now).await?))
    })
    .await
}
