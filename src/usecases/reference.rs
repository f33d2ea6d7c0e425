//! What a partnership has agreed on, as every request needs it.

use std::sync::Arc;

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::ids::PartnershipId;
use crate::domain::partnership::Partnership;
use crate::store::reference;
use crate::store::session::snapshot;

/// The partnership with its agencies, themes, timescales, policies and calendars.
///
/// # Errors
/// The database fails.
pub async fn partnership(deps: &Deps, id: PartnershipId) -> Result<Arc<Partnership>, Failure> {
    if let Some(known) = deps.partnerships.get(&id) {
        return Ok(known);
    }
    let loaded =
        snapshot(&deps.pool, id, async |conn| Ok::<_, Failure>(reference::load(conn, id).await?))
            .await?;
    let loaded = Arc::new(loaded);
    deps.partnerships.put(id, Arc::clone(&loaded));
    Ok(loaded)
}
