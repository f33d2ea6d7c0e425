//! Good practice: recording an informal resolution or a commendation, and reading them.

use std::sync::Arc;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read_at};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::ids::PracticeRecordId;
use crate::domain::listing::{Page, PageRequest};
use crate::domain::partnership::Partnership;
use crate::domain::practice::{Practice, PracticeFilter, PracticeRecord, PracticeSummary};
use crate::store::session::{Stated, transaction};
use crate::store::{StoreFailure, practice};

/// The unique index that a second use of a sender's reference breaks.
const EXTERNAL_REFERENCE: &str = "practice_record_external_reference";

/// Records what the caller's agency says, with what is needed to show it.
///
/// # Errors
/// Rules that are broken, or a sender's reference that is taken.
pub async fn record(
    deps: &Deps,
    caller: &Caller,
    said: Practice,
) -> Result<(PracticeRecord, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::RecordPractice).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let by = caller.agency.and_then(|id| agreed.agency_by_id(id)).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    let id = PracticeRecordId(deps.ids.new_id(now));
    let record = PracticeRecord::new(id, said, caller, by, &agreed, now)?;
    let stored = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        Ok::<_, Failure>(practice::insert(conn, &record).await?)
    })
    .await;
    match (stored, &record.external) {
        (Ok(()), _) => Ok((record, agreed)),
        (Err(Failure::Store(StoreFailure::Constraint(name))), Some(external))
            if name == EXTERNAL_REFERENCE =>
        {
            let found = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
                let known =
                    practice::by_external_reference(conn, caller.partnership, by.id, external);
                Ok::<_, Failure>(known.await?)
            })
            .await?;
            Err(found.map_or(Failure::NotFound, Failure::DuplicatePracticeRecord))
        }
        (Err(failure), _) => Err(failure),
    }
}

/// One record, with what is needed to show it.
///
/// # Errors
/// It is not for this caller to know of.
pub async fn one(
    deps: &Deps,
    caller: &Caller,
    id: PracticeRecordId,
) -> Result<(PracticeRecord, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::ReadPractice).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let record = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        practice::find(conn, caller.partnership, id).await?.ok_or(Failure::NotFound)
    })
    .await?;
    Ok((record, agreed))
}

/// A list of records.
///
/// # Errors
/// The database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: &PracticeFilter,
    page: PageRequest,
) -> Result<Page<PracticeSummary>, Failure> {
    let reach = caller.may(Action::ListPractice).ok_or(Failure::Forbidden)?;
    read_at(deps, caller, reach, filter.as_of, async |conn| {
        Ok(Shown::of_nobody(practice::list(conn, caller.partnership, filter, page).await?))
    })
    .await
}
