//! The months of the log of reads: each has a partition before it begins.

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::london::local_date;
use crate::store::access_chain;

/// For how many months from this one on there are partitions.
const MONTHS_AHEAD: i32 = 3;

/// Makes the partitions of the next months that are missing, and says how many were.
///
/// # Errors
/// The database fails, or is too busy to take one now; reads go on all the same.
pub async fn make_partitions(deps: &Deps) -> Result<i32, Failure> {
    let today = local_date(deps.clock.now());
    let mut conn = deps.pool.get().await?;
    Ok(access_chain::make_partitions(&mut conn, today, MONTHS_AHEAD).await?)
}
