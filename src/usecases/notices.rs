//! What has been told to whom, of the escalations that a caller may see.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::access::{Action, Caller};
use crate::domain::listing::{Page, PageRequest};
use crate::domain::notice::{Notice, NoticeFilter};
use crate::store::session::{Stated, transaction};
use crate::store::timers;

/// A list of notices that have been told by now.
///
/// # Errors
/// The database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    filter: NoticeFilter,
    page: PageRequest,
) -> Result<Page<Notice>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let now = deps.clock.now();
        Ok(timers::notices(conn, caller.partnership, filter, page, now).await?)
    })
    .await
}
