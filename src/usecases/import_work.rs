//! Taking in the rows of files: each once, whatever is killed in between, and by the same rules as what systems send.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::deps::Deps;
use super::failure::Failure;
pub use super::importer::{Importer, RowForm};
use super::keys::keys;
use super::raise::EXTERNAL_REFERENCE;
use super::reference::partnership;
use super::registry;
use super::upsert::{Sent, upsert_in};
use crate::domain::access::{Action, Caller, Reach};
use crate::domain::ids::{ImportId, PartnershipId};
use crate::domain::import::{
    Import, ImportFailure, ImportMode, MOST_AT_ONCE, RowFault, RowResult, RowStatus,
};
use crate::domain::partnership::Partnership;
use crate::store::import_rows::Only;
use crate::store::imports::Waiting;
use crate::store::session::{Connection, Stated, Writing, transaction, writing};
use crate::store::{StoreFailure, clients, import_rows, imports};
use crate::vault::CannotOpen;

/// How long one who works on a file and has died keeps others from it.
const LEASE: SignedDuration = SignedDuration::from_secs(10);
/// How long rows are kept as they were sent after their file has ended, so that a report can repeat them.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How many rows are looked up at once.
const BATCH: i64 = 200;
/// How often it is tried to store what somebody else may be storing at this moment.
const TRIES: u8 = 3;

/// Works on every file that nobody else works on, and removes what is kept no longer. Gives how many files ended.
///
/// # Errors
/// The database fails; what was done is kept, and the rest is done the next time.
pub async fn work_all(
    deps: &Deps,
    by: &Importer,
    form: &Arc<dyn RowForm>,
) -> Result<usize, Failure> {
    let now = deps.clock.now();
    let ended_by = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let waiting = {
        let mut conn = deps.pool.get().await?;
        imports::waiting(&mut conn, now, ended_by).await?
    };
    let (mut ended, mut failure) = (0, None);
    for it in waiting {
        if by.is_stopping() {
            break;
        }
        let worked = if it.ended {
            empty(deps, it).await.map(|()| false)
        } else {
            Box::pin(work(deps, it, by, form)).await
        };
        match worked {
            Ok(done) => ended += usize::from(done),
            Err(error) => {
                tracing::warn!(import = %it.id, %error, "a file is worked on again later");
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(ended), Err)
}

/// A transaction of the service's own for the agency that sent the file.
async fn within<T, F>(deps: &Deps, it: Waiting, work: F) -> Result<T, Failure>
where
    F: AsyncFnOnce(&mut Connection) -> Result<T, Failure>,
{
    let (partnership, agencies) = (it.partnership, vec![it.agency]);
    let stated = Stated { partnership, agencies, reach: Reach::OwnAgency };
    transaction(&deps.pool, stated, work).await
}

async fn empty(deps: &Deps, it: Waiting) -> Result<(), Failure> {
    let place = (it.partnership, it.id);
    within(deps, it, async |conn| {
        import_rows::empty(conn, place).await?;
        Ok(imports::emptied(conn, place, deps.clock.now()).await?)
    })
    .await
}

/// Works on one file until it has ended, unless somebody else does or this was asked to stop. Says whether it ended.
async fn work(
    deps: &Deps,
    it: Waiting,
    by: &Importer,
    form: &Arc<dyn RowForm>,
) -> Result<bool, Failure> {
    let place = (it.partnership, it.id);
    let mut work = Work {
        deps,
        it,
        by,
        form,
        place,
        leased_at: deps.clock.now(),
        agreed: partnership(deps, it.partnership).await?,
    };
    if !work.lease().await? {
        return Ok(false);
    }
    let done = Box::pin(work.run()).await;
    // After a failure the lease is left to end by itself, so that what fails again and again is not tried without a pause.
    if matches!(done, Ok(false)) {
        let release =
            within(deps, it, async |conn| Ok(imports::release(conn, place, by.holder()).await?));
        release.await?;
    }
    done
}

/// One file at work.
struct Work<'a> {
    deps: &'a Deps,
    it: Waiting,
    by: &'a Importer,
    form: &'a Arc<dyn RowForm>,
    place: (PartnershipId, ImportId),
    leased_at: Timestamp,
    agreed: Arc<Partnership>,
}

/// A row at work: what is known of it, and what was sent.
type Row = (RowResult, Vec<u8>);

impl Work<'_> {
    async fn lease(&mut self) -> Result<bool, Failure> {
        let now = self.deps.clock.now();
        let until = now.checked_add(LEASE).unwrap_or(now);
        let (place, holder) = (self.place, self.by.holder());
        self.leased_at = now;
        within(self.deps, self.it, async |conn| {
            Ok(imports::lease(conn, place, holder, (now, until)).await?)
        })
        .await
    }

    /// Keeps the lease while work goes on; says whether to go on.
    async fn goes_on(&mut self) -> Result<bool, Failure> {
        if self.by.is_stopping() {
            return Ok(false);
        }
        if self.deps.clock.now().duration_since(self.leased_at) <= LEASE / 3 {
            return Ok(true);
        }
        self.lease().await
    }

    async fn run(&mut self) -> Result<bool, Failure> {
        let place = self.place;
        let (import, registration) = within(self.deps, self.it, async |conn| {
            let import = imports::find(conn, place.0, place.1).await?.ok_or(Failure::NotFound)?;
            let client = clients::by_id(conn, place.0, import.recorded.client).await?;
            Ok((import, client))
        })
        .await?;
        let registration =
            registration.filter(|it| !it.disabled && it.agency == Some(import.agency));
        let caller = match registration {
            Some(it) => {
                Some(registry::caller(self.deps, &it, import.recorded.subject.clone()).await?)
            }
            None => None,
        };
        let Some(caller) = caller.filter(|it| it.may(Action::RaiseEscalation).is_some()) else {
            return self.finish(Some(ImportFailure::NotAllowed)).await;
        };
        match (import.mode, import.dry_run) {
            (ImportMode::AllOrNothing, false) => self.all_or_nothing(&caller).await,
            _ => self.each(&import, &caller).await,
        }
    }

    async fn finish(&self, failure: Option<ImportFailure>) -> Result<bool, Failure> {
        let (place, holder, now) = (self.place, self.by.holder(), self.deps.clock.now());
        within(self.deps, self.it, async |conn| {
            if failure.is_some() {
                import_rows::done_all(conn, place, RowStatus::HeldBack).await?;
            }
            Ok(imports::finish(conn, place, holder, failure, now).await?)
        })
        .await
    }

    /// The next rows that wait, opened.
    async fn waiting(&self, after: i32, limit: i64) -> Result<Vec<Row>, Failure> {
        let place = self.place;
        let sealed = within(self.deps, self.it, async |conn| {
            Ok(import_rows::after(conn, place, after, Only::Waiting, limit).await?)
        })
        .await?;
        let own = keys(self.deps, place.0).await?;
        let opened = sealed.into_iter().map(|(row, sealed)| {
            let sealed = sealed.ok_or(StoreFailure::Corrupt("import_row.payload"))?;
            let text = own.open_row((place.1, row.number), &sealed)?;
            Ok((row, text))
        });
        opened.collect()
    }

    /// Each row for itself, done or only tried.
    async fn each(&mut self, import: &Import, caller: &Caller) -> Result<bool, Failure> {
        let writing = if import.dry_run { Writing::Tried } else { Writing::Kept };
        let mut after = 0;
        loop {
            let rows = self.waiting(after, BATCH).await?;
            // A file may take an hour, and an agreement may be renewed meanwhile.
            self.agreed = partnership(self.deps, self.place.0).await?;
            let Some((last, _)) = rows.last() else { break };
            after = last.number;
            // What came of rows that left nothing else behind.
            let mut only_told = Vec::new();
            let mut stopped = None;
            for (row, text) in rows {
                match self.goes_on().await {
                    Ok(true) => {}
                    other => {
                        stopped = Some(other);
                        break;
                    }
                }
                match self.one(caller, row, &text, writing).await {
                    Ok(Some(result)) => only_told.push(result),
                    Ok(None) => {}
                    Err(failure) => {
                        stopped = Some(Err(failure));
                        break;
                    }
                }
            }
            let place = self.place;
            within(self.deps, self.it, async |conn| {
                for result in &only_told {
                    import_rows::done(conn, place, result).await?;
                }
                Ok(())
            })
            .await?;
            if let Some(why) = stopped {
                return why.map(|_| false);
            }
        }
        let refused = self.refused().await?;
        let failed = import.mode == ImportMode::AllOrNothing && refused;
        self.finish(failed.then_some(ImportFailure::RowsRefused)).await
    }

    async fn refused(&self) -> Result<bool, Failure> {
        let place = self.place;
        let counts =
            within(self.deps, self.it, async |conn| Ok(import_rows::counts(conn, place).await?));
        Ok(counts.await?.keys().flatten().any(|status| status.is_refusal()))
    }

    /// One row in a transaction of its own, in which what came of it is written too. Gives what still has to be written.
    async fn one(
        &self,
        caller: &Caller,
        row: RowResult,
        text: &[u8],
        how: Writing,
    ) -> Result<Option<RowResult>, Failure> {
        let sent = match self.form.read(text, &self.deps.schemes) {
            Ok(sent) => sent,
            Err(faults) => return Ok(Some(rejected(row, faults))),
        };
        let stated = Stated::by(caller, Reach::OwnAgency);
        let mut tried = 0;
        let failure = loop {
            tried += 1;
            let place = self.place;
            let done = writing(&self.deps.pool, how, stated.clone(), async |conn| {
                let result = self.store(conn, caller, &sent, row.clone()).await?;
                if how == Writing::Kept && !import_rows::done(conn, place, &result).await? {
                    // Somebody else has done it; then this must not.
                    return Err(StoreFailure::Contention.into());
                }
                Ok::<_, Failure>(result)
            });
            match Box::pin(done).await {
                Ok(_) if how == Writing::Kept => return Ok(None),
                Ok(mut result) => {
                    // What was only tried is not there to be looked at.
                    if result.status == Some(RowStatus::Created) {
                        result.escalation = None;
                    }
                    return Ok(Some(result));
                }
                Err(failure) if may_pass(&failure) && tried < TRIES => {}
                Err(failure) => break failure,
            }
        };
        if may_pass(&failure) || is_away(&failure) {
            return Err(failure);
        }
        Ok(Some(rejected(row, self.form.refusal(text, failure))))
    }

    async fn store(
        &self,
        conn: &mut Connection,
        caller: &Caller,
        sent: &Sent,
        row: RowResult,
    ) -> Result<RowResult, Failure> {
        let (result, it) = Box::pin(upsert_in(self.deps, conn, caller, &self.agreed, sent)).await?;
        let escalation = Some((it.id, it.facts.reference));
        let warnings = sent.request.warnings();
        Ok(RowResult { status: Some(result.into()), warnings, escalation, ..row })
    }

    /// All rows in one transaction, after each was tried; or none.
    async fn all_or_nothing(&mut self, caller: &Caller) -> Result<bool, Failure> {
        let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
        let rows = self.waiting(0, most).await?;
        let mut refused = Vec::new();
        for (row, text) in &rows {
            if !self.goes_on().await? {
                return Ok(false);
            }
            let tried = self.one(caller, row.clone(), text, Writing::Tried).await?;
            refused.extend(tried.filter(|it| it.status.is_some_and(RowStatus::is_refusal)));
        }
        let place = self.place;
        within(self.deps, self.it, async |conn| {
            for result in &refused {
                import_rows::done(conn, place, result).await?;
            }
            Ok(())
        })
        .await?;
        if !refused.is_empty() || self.refused().await? {
            return self.finish(Some(ImportFailure::RowsRefused)).await;
        }
        if !self.lease().await? {
            return Ok(false);
        }
        let (holder, now) = (self.by.holder(), self.deps.clock.now());
        let stated = Stated::by(caller, Reach::OwnAgency);
        // What another changed between the two is refused here, and everything is tried again.
        Box::pin(transaction(&self.deps.pool, stated, async |conn| {
            for (row, text) in rows {
                let read = self.form.read(&text, &self.deps.schemes);
                let sent = read.map_err(|_| StoreFailure::Contention)?;
                let result = self.store(conn, caller, &sent, row).await?;
                if !import_rows::done(conn, place, &result).await? {
                    return Err(StoreFailure::Contention.into());
                }
            }
            if !imports::finish(conn, place, holder, None, now).await? {
                return Err(StoreFailure::Contention.into());
            }
            Ok::<_, Failure>(true)
        }))
        .await
    }
}

fn rejected(row: RowResult, faults: Vec<RowFault>) -> RowResult {
    RowResult { status: Some(RowStatus::Rejected), faults, escalation: None, ..row }
}

/// Whether the same may succeed in a moment.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Store(StoreFailure::Contention | StoreFailure::Deadline) => true,
        Failure::Store(StoreFailure::Constraint(name)) => name == EXTERNAL_REFERENCE,
        _ => false,
    }
}

/// Whether nothing else can succeed now either.
const fn is_away(failure: &Failure) -> bool {
    use StoreFailure::{OutcomeUnknown, ReadOnly, Unavailable};
    matches!(
        failure,
        Failure::Store(Unavailable(_) | OutcomeUnknown | ReadOnly)
            | Failure::Sealed(CannotOpen::NoKey | CannotOpen::Away)
    )
}
