//! Showing somebody something: the one way from the store to a caller, so that no use case can forget who read what.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use crate::domain::access::{Caller, Reach};
use crate::domain::access_event::{AccessEvent, FieldsShown, Seen};
use crate::domain::ids::{AccessEventId, EscalationId};
use crate::store::session::{Connection, Stated, Witnessed, Writing, witnessed};

/// Something that is shown to a caller, with what it tells of single escalations. A read ends with one of these, so that
/// whoever writes a read says it.
#[derive(Debug, Clone)]
#[must_use]
pub(super) struct Shown<T> {
    value: T,
    seen: Option<Seen>,
}

impl<T> Shown<T> {
    /// It shows no escalation by itself: figures, reference data, an agency's own settings.
    pub(super) const fn of_nobody(value: T) -> Self {
        Self { value, seen: None }
    }

    /// It shows these escalations so.
    pub(super) fn of(
        value: T,
        escalations: impl IntoIterator<Item = EscalationId>,
        fields: FieldsShown,
    ) -> Self {
        let seen = Seen::of(escalations.into_iter().collect(), fields);
        Self { value, seen: Some(seen) }
    }

    /// It shows what is said here.
    pub(super) const fn so(value: T, seen: Seen) -> Self {
        Self { value, seen: Some(seen) }
    }

    /// The same around another value.
    pub(super) fn map<U>(self, with: impl FnOnce(T) -> U) -> Shown<U> {
        Shown { value: with(self.value), seen: self.seen }
    }

    fn entry(self, deps: &Deps, caller: &Caller) -> (T, Option<AccessEvent>) {
        let now = deps.clock.now();
        let id = AccessEventId(deps.ids.new_id(now));
        let entry = self.seen.and_then(|seen| AccessEvent::new(id, now, caller, seen));
        (self.value, entry)
    }
}

/// Reads for a caller, from one state, what is known now; who read what is in the log before anything is answered.
///
/// # Errors
/// Whatever `work` answers; the database fails.
pub(super) async fn read<T, F>(
    deps: &Deps,
    caller: &Caller,
    reach: Reach,
    work: F,
) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<Shown<T>, Failure>,
{
    show(deps, caller, reach, Witnessed::Now, work).await
}

/// The same of what had been recorded by an instant, if one is named.
///
/// # Errors
/// As [`read`].
pub(super) async fn read_at<T, F>(
    deps: &Deps,
    caller: &Caller,
    reach: Reach,
    at: Option<Timestamp>,
    work: F,
) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<Shown<T>, Failure>,
{
    show(deps, caller, reach, at.map_or(Witnessed::Now, Witnessed::Past), work).await
}

/// Writes for a caller, or tries it, and shows what came of it.
///
/// # Errors
/// As [`read`].
pub(super) async fn write<T, F>(
    deps: &Deps,
    caller: &Caller,
    reach: Reach,
    writing: Writing,
    work: F,
) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<Shown<T>, Failure>,
{
    show(deps, caller, reach, Witnessed::Written(writing), work).await
}

async fn show<T, F>(
    deps: &Deps,
    caller: &Caller,
    reach: Reach,
    what: Witnessed,
    work: F,
) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<Shown<T>, Failure>,
{
    // Apart from the caller's own future, which would else hold all of this in each of its states.
    Box::pin(witnessed(&deps.pool, what, Stated::by(caller, reach), async |conn| {
        Ok::<_, Failure>(work(conn).await?.entry(deps, caller))
    }))
    .await
}
