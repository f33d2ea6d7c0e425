//! Raising once, however often the request comes: the caller's key and what was asked for are kept with what came of it.

use jiff::{SignedDuration, Timestamp};

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::raise::{How, RaiseRequest, raise_so};
use super::read::{Detail, detail};
use super::reading::{Shown, read};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::store::{StoreFailure, escalations, idempotency};

/// How long a key is kept: senders queue over Christmas.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Keys of other operations, when there are any, are others.
const OPERATION: &[u8] = b"POST /v1/escalations";

/// A caller's key, and the meaning of what it sent.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The key.
    pub key: &'a str,
    /// Everything that was asked for, in one form for all ways to write it.
    pub meaning: &'a [u8],
}

/// Since when keys count.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)
}

/// Raises an escalation, or answers with the one that was raised under the same key; then `true`.
///
/// # Errors
/// As raising; the key stands for another request, or the first one is still under way. What fails is not kept, so that
/// it can be sent again, corrected, under the same key.
pub async fn raise_once(
    deps: &Deps,
    caller: &Caller,
    request: RaiseRequest,
    key: Key<'_>,
    mut how: How,
) -> Result<(bool, Detail), Failure> {
    let whose = caller.client.0;
    let own = keys(deps, caller.partnership).await?;
    let hash =
        |kind: &[u8], text: &[u8]| own.request_hash(&[kind, OPERATION, whose.as_bytes(), text]);
    let hashes = idempotency::Hashes {
        key: hash(b"key", key.key.as_bytes()),
        meaning: hash(b"meaning", key.meaning),
    };
    let warnings = request.warnings();
    if let Some(known) = known(deps, caller, &hashes).await? {
        return Ok((true, Detail { warnings, ..known }));
    }
    how.once = Some(hashes.clone());
    let failure = match raise_so(deps, caller, request, how).await {
        Ok(raised) => return Ok((false, raised)),
        Err(failure) => failure,
    };
    let stored_meanwhile = match &failure {
        Failure::DuplicateExternalReference(_) => true,
        Failure::Store(StoreFailure::Constraint(name)) => name == idempotency::TAKEN,
        _ => false,
    };
    if stored_meanwhile && let Some(known) = known(deps, caller, &hashes).await? {
        return Ok((true, Detail { warnings, ..known }));
    }
    Err(failure)
}

async fn known(
    deps: &Deps,
    caller: &Caller,
    hashes: &idempotency::Hashes,
) -> Result<Option<Detail>, Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let since = since(deps.clock.now());
    read(deps, caller, reach, async |conn| {
        let whose = (caller.partnership, caller.client);
        let Some((meaning, id)) = idempotency::find(conn, whose, hashes, since).await? else {
            return Ok(Shown::of_nobody(None));
        };
        // First of all it says so when it was erased: then what was asked is forgotten too.
        let found = escalations::find(conn, caller.partnership, id).await?;
        if meaning != hashes.meaning {
            return Err(Failure::KeyReused);
        }
        let found = found.ok_or(Failure::NotFound)?;
        Ok(detail(deps, conn, caller, &agreed, found).await?.shown().map(Some))
    })
    .await
}
