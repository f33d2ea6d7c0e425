//! Who a checked token's client is.

use super::deps::Deps;
use super::failure::Failure;
use super::reference::partnership;
use crate::domain::access::Caller;
use crate::domain::london::local_date;
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

/// A registered client as a caller, with the agencies whose duties its own took over.
///
/// # Errors
/// The database fails.
pub async fn caller(
    deps: &Deps,
    registration: &Registration,
    subject: String,
) -> Result<Caller, Failure> {
    let today = local_date(deps.clock.now());
    let predecessors = match registration.agency {
        Some(agency) => {
            partnership(deps, registration.partnership).await?.predecessors_of(agency, today)
        }
        None => Vec::new(),
    };
    Ok(Caller {
        partnership: registration.partnership,
        agency: registration.agency,
        predecessors,
        role: registration.role,
        client: registration.id,
        subject,
        call: None,
    })
}
