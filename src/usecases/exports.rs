//! Files of escalations that leave: no row leaves before it is recorded who takes it, and what for.

use super::deps::Deps;
use super::failure::Failure;
use super::read;
use super::reading::{Shown, read as shown_from};
use crate::domain::access::{Action, Caller};
use crate::domain::export::{ExportFormat, ExportPurpose, ExportRecord};
use crate::domain::ids::ExportId;
use crate::domain::listing::{EscalationFilter, EscalationSummary};
use crate::domain::recorded::Recorded;
use crate::store::exports;
use crate::store::session::{Stated, transaction};

/// How many files a list names.
const LISTED: i64 = 200;

/// A file that is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What for.
    pub purpose: ExportPurpose,
    /// How it is to be written.
    pub format: ExportFormat,
    /// Which escalations, in the parameters of their list.
    pub filters: String,
    /// The same.
    pub filter: EscalationFilter,
    /// The most escalations that it may have.
    pub most: usize,
}

/// The escalations of a file, which is recorded; nothing when there are more than it may have, and then nothing is.
///
/// # Errors
/// The database fails; then nothing leaves.
pub async fn escalations(
    deps: &Deps,
    caller: &Caller,
    wanted: Wanted,
) -> Result<Option<Vec<EscalationSummary>>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    let mut said = caller.clone();
    if let Some(call) = &mut said.call {
        call.purpose = Some(wanted.purpose.into());
    }
    let Some(found) = read::all_escalations(deps, &said, &wanted.filter, wanted.most).await? else {
        return Ok(None);
    };
    let now = deps.clock.now();
    let record = ExportRecord {
        id: ExportId(deps.ids.new_id(now)),
        agency: caller.agency,
        purpose: wanted.purpose,
        format: wanted.format,
        filters: wanted.filters,
        rows: i32::try_from(found.len()).unwrap_or(i32::MAX),
        recorded: Recorded::by(caller, now),
    };
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        Ok::<_, Failure>(exports::append(conn, caller.partnership, &record).await?)
    })
    .await?;
    Ok(Some(found))
}

/// The files that left, the latest first: an agency's own, or the partnership's.
///
/// # Errors
/// The database fails.
pub async fn list(deps: &Deps, caller: &Caller) -> Result<Vec<ExportRecord>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    shown_from(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(exports::latest(conn, caller.partnership, LISTED).await?))
    })
    .await
}
