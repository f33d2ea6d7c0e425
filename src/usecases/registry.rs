//! Who a checked token's client is.

use super::deps::Deps;
use super::failure::Failure;
use crate::store::clients::{self, Registration};

/// The registration of a client, or nothing when it has none.
///
/// # Errors
/// The database fails.
pub async fn find(
    deps: &Deps,
    issuer: &str,
    client_id: &str,
) -> Result<Option<Registration>, Failure> {
    let key = (issuer.to_owned(), client_id.to_owned());
    if let Some(known) = deps.registrations.get(&key) {
        return Ok(known);
    }
    let found = clients::find(&deps.pool, issuer, client_id).await?;
    deps.registrations.put(key, found.clone());
    Ok(found)
}
