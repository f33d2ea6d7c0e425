//! What changed beside a signed review since it was signed.

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{self, Shown};
use super::reference::partnership;
use super::review::{read, sign_offs};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::review::Pack;
use crate::domain::review::changes::{Changes, Signed, changes};
use crate::domain::sign_off::SignOff;
use crate::domain::week::IsoWeek;
use crate::store::{StoreFailure, review_changes};

/// What was recorded after the data of the last signed version of a week and changes it; none where nobody signed.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn since_sign_off(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
) -> Result<Option<Changes>, Failure> {
    match sign_offs(deps, caller, week).await?.pop() {
        Some(signed) => Ok(Some(since(deps, caller, &signed).await?)),
        None => Ok(None),
    }
}

/// The same beside one signed version.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn since(deps: &Deps, caller: &Caller, signed: &SignOff) -> Result<Changes, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let pack: Pack = serde_json::from_str(&signed.pack)
        .map_err(|_| StoreFailure::Corrupt("review_sign_off.pack"))?;
    let now = deps.clock.now();
    reading::read(deps, caller, reach, async |conn| {
        let known = read(conn, &agreed, signed.week, now).await?;
        let overdue = review_changes::overdue_at(conn, agreed.id, signed.data_to).await?;
        let histories = review_changes::histories(conn, agreed.id, signed.data_to, now).await?;
        let of = Signed { version: signed.version, pack: &pack };
        let changes = changes(of, &known, overdue, agreed.id, &histories);
        let ids = changes.escalations();
        Ok(Shown::of(changes, ids, FieldsShown::Lines))
    })
    .await
}
