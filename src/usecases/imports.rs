//! Files of escalations: accepting one, and reading what came of its rows. The work is done in `import_work.rs`.

use std::collections::BTreeMap;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::keys;
use super::once::Key;
use super::reading::{Shown, read};
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{FieldsShown, Seen};
use crate::domain::ids::{EscalationId, ImportId};
use crate::domain::import::{
    ColumnNote, Import, ImportFormat, ImportMode, ImportState, RowFault, RowResult, RowStatus,
};
use crate::domain::recorded::Recorded;
use crate::store::idempotency::Hashes;
pub use crate::store::import_rows::Only;
use crate::store::session::{Stated, transaction};
use crate::store::{idempotency, import_rows, imports};
use crate::vault::PartnershipKeys;

/// Keys of other operations are others.
const OPERATION: &[u8] = b"POST /v1/imports";

/// A file to take in.
pub struct NewImport {
    /// Whether it is only tried.
    pub dry_run: bool,
    /// Whether a refused row stops the others.
    pub mode: ImportMode,
    /// How it is written.
    pub format: ImportFormat,
    /// How its columns were understood.
    pub columns: Vec<ColumnNote>,
    /// Its rows.
    pub rows: Vec<NewRow>,
}

/// A row of a file to take in.
pub struct NewRow {
    /// The line of the file in which it begins, from 1.
    pub line: i32,
    /// What it says, in the form that [`super::import_work::RowForm`] reads.
    pub text: Vec<u8>,
    /// Why it is refused before anybody looks at what it says.
    pub refused: Option<(RowStatus, RowFault)>,
}

/// Accepts a file, or answers with the one that was accepted under the same key; then `true`.
///
/// # Errors
/// The key stands for another file, or another copy is under way.
pub async fn accept(
    deps: &Deps,
    caller: &Caller,
    new: NewImport,
    key: Option<Key<'_>>,
) -> Result<(bool, Import), Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let agency = caller.agency.ok_or(Failure::Forbidden)?;
    let own = keys(deps, caller.partnership).await?;
    let hashes = key.map(|key| hashes(&own, caller, key));
    let now = deps.clock.now();
    let id = ImportId(deps.ids.new_id(now));
    let mut rows = Vec::with_capacity(new.rows.len());
    for (number, row) in (1_i32..).zip(new.rows) {
        let sealed = own.seal_row((id, number), &row.text)?;
        let (status, fault) = row.refused.unzip();
        let faults = fault.into_iter().collect();
        rows.push((
            RowResult {
                number,
                line: row.line,
                status,
                faults,
                warnings: Vec::new(),
                escalation: None,
            },
            Some(sealed),
        ));
    }
    let import = Import {
        id,
        agency,
        state: ImportState::Queued,
        failure: None,
        dry_run: new.dry_run,
        mode: new.mode,
        format: new.format,
        rows: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        columns: new.columns,
        recorded: Recorded::by(caller, now),
        started_at: None,
        finished_at: None,
        emptied_at: None,
    };
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        if let Some(hashes) = &hashes {
            if !idempotency::try_lock(conn, hashes).await? {
                return Err(Failure::KeyInProgress);
            }
            let whose = (caller.partnership, caller.client);
            if let Some((meaning, known)) = imports::by_key(conn, whose, hashes).await? {
                let same = meaning == hashes.meaning;
                return if same { Ok((true, known)) } else { Err(Failure::KeyReused) };
            }
        }
        imports::insert(conn, caller.partnership, &import, hashes.as_ref()).await?;
        import_rows::insert(conn, (caller.partnership, id), rows).await?;
        Ok((false, import))
    })
    .await
}

fn hashes(keys: &PartnershipKeys, caller: &Caller, key: Key<'_>) -> Hashes {
    let whose = caller.client.0;
    let hash =
        |kind: &[u8], text: &[u8]| keys.request_hash(&[kind, OPERATION, whose.as_bytes(), text]);
    Hashes { key: hash(b"key", key.key.as_bytes()), meaning: hash(b"meaning", key.meaning) }
}

/// A file with what came of its rows so far.
#[derive(Debug, Clone)]
pub struct Report {
    /// The file.
    pub import: Import,
    /// How many rows have each result; under nothing, how many wait.
    pub counts: BTreeMap<Option<RowStatus>, i64>,
    /// The rows that were asked for, each with what was sent while that is kept.
    pub rows: Vec<(RowResult, Option<Vec<u8>>)>,
}

/// Which rows of a file are to be told.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// After which number.
    pub after: i32,
    /// Which of them.
    pub only: Only,
    /// How many at most.
    pub limit: i64,
    /// Whether with what was sent.
    pub with_text: bool,
}

/// What came of a file that the caller's agency sent.
///
/// # Errors
/// There is none.
pub async fn report(
    deps: &Deps,
    caller: &Caller,
    id: ImportId,
    asked: Asked,
) -> Result<Report, Failure> {
    let reach = caller.may(Action::RaiseEscalation).ok_or(Failure::Forbidden)?;
    let place = (caller.partnership, id);
    let mut report = read(deps, caller, reach, async |conn| {
        let import = imports::find(conn, caller.partnership, id).await?;
        let import = import.ok_or(Failure::NotFound)?;
        let counts = import_rows::counts(conn, place).await?;
        let rows = import_rows::after(conn, place, asked.after, asked.only, asked.limit).await?;
        let ids: Vec<EscalationId> =
            rows.iter().filter_map(|(row, _)| Some(row.escalation.as_ref()?.0)).collect();
        // What was sent names children as the file did, also where no escalation came of it.
        let fields =
            if asked.with_text { FieldsShown::WithChildReferences } else { FieldsShown::Lines };
        let seen = Seen { rows: rows.len(), ..Seen::of(ids, fields) };
        Ok(Shown::so(Report { import, counts, rows }, seen))
    })
    .await?;
    let own = keys(deps, caller.partnership).await?;
    for (row, sealed) in &mut report.rows {
        *sealed = match sealed.take().filter(|_| asked.with_text) {
            Some(sealed) => Some(own.open_row((id, row.number), &sealed)?),
            None => None,
        };
    }
    Ok(report)
}

impl Report {
    /// How many rows have this result, or wait.
    #[must_use]
    pub fn count(&self, of: Option<RowStatus>) -> i64 {
        self.counts.get(&of).copied().unwrap_or(0)
    }
}
