//! The rows of files that were sent: sealed while they are needed, and what came of each.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::escalation_rows::{code, json, optional};
use super::failure::StoreFailure;
use super::schema::import_row;
use crate::domain::free_text_policy::TextWarning;
use crate::domain::ids::{EscalationId, ImportId, PartnershipId};
use crate::domain::import::{RowFault, RowResult, RowStatus};

/// How many rows one statement inserts: a statement has at most 65,535 values.
const AT_ONCE: usize = 2_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = import_row, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    partnership_id: Uuid,
    import_id: Uuid,
    number: i32,
    line: i32,
    payload: Option<Vec<u8>>,
    status: Option<String>,
    faults: Option<serde_json::Value>,
    escalation_id: Option<Uuid>,
    escalation_reference: Option<String>,
    warnings: Option<serde_json::Value>,
}

impl Row {
    fn into_domain(self) -> Result<(RowResult, Option<Vec<u8>>), StoreFailure> {
        let corrupt = |_| StoreFailure::Corrupt("import_row.faults");
        let faults: Option<Vec<RowFault>> =
            self.faults.map(serde_json::from_value).transpose().map_err(corrupt)?;
        let corrupt = |_| StoreFailure::Corrupt("import_row.warnings");
        let warnings: Option<Vec<TextWarning>> =
            self.warnings.map(serde_json::from_value).transpose().map_err(corrupt)?;
        let result = RowResult {
            number: self.number,
            line: self.line,
            status: optional(self.status, "import_row.status")?,
            faults: faults.unwrap_or_default(),
            warnings: warnings.unwrap_or_default(),
            escalation: self.escalation_id.map(EscalationId).zip(self.escalation_reference),
        };
        Ok((result, self.payload))
    }
}

fn faults(result: &RowResult) -> Result<Option<serde_json::Value>, StoreFailure> {
    let refused = result.status.is_some_and(RowStatus::is_refusal);
    refused.then(|| json(&result.faults)).transpose()
}

fn warnings(result: &RowResult) -> Result<Option<serde_json::Value>, StoreFailure> {
    (!result.warnings.is_empty()).then(|| json(&result.warnings)).transpose()
}

/// Keeps rows, each sealed.
///
/// # Errors
/// A constraint refuses it.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
    rows: Vec<(RowResult, Option<Vec<u8>>)>,
) -> Result<(), StoreFailure> {
    let mut new = Vec::with_capacity(rows.len().min(AT_ONCE));
    let mut left = rows.into_iter().peekable();
    while let Some((result, payload)) = left.next() {
        new.push(Row {
            partnership_id: partnership.0,
            import_id: import.0,
            number: result.number,
            line: result.line,
            payload,
            status: result.status.map(Into::into),
            faults: faults(&result)?,
            escalation_id: None,
            escalation_reference: None,
            warnings: None,
        });
        if new.len() == AT_ONCE || left.peek().is_none() {
            diesel::insert_into(import_row::table).values(&new).execute(conn).await?;
            new.clear();
        }
    }
    Ok(())
}

/// Rows after the one with the number `after`, in their order, each with what was sent if it is still there.
///
/// # Errors
/// The database fails.
pub async fn after(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
    after: i32,
    only: Only,
    limit: i64,
) -> Result<Vec<(RowResult, Option<Vec<u8>>)>, StoreFailure> {
    let mut rows = import_row::table
        .filter(import_row::partnership_id.eq(partnership.0))
        .filter(import_row::import_id.eq(import.0))
        .filter(import_row::number.gt(after))
        .order(import_row::number)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    match only {
        Only::All => {}
        Only::Waiting => rows = rows.filter(import_row::status.is_null()),
        Only::Having(status) => rows = rows.filter(import_row::status.eq(status.code())),
    }
    let rows: Vec<Row> = rows.load(conn).await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// Which rows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// All.
    All,
    /// Those without a result.
    Waiting,
    /// Those with this result.
    Having(RowStatus),
}

/// Keeps what came of a row that waited. Says whether it still did.
///
/// # Errors
/// The database fails.
pub async fn done(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
    result: &RowResult,
) -> Result<bool, StoreFailure> {
    let (id, reference) = result.escalation.clone().unzip();
    let waits = import_row::table
        .filter(import_row::partnership_id.eq(partnership.0))
        .filter(import_row::import_id.eq(import.0))
        .filter(import_row::number.eq(result.number))
        .filter(import_row::status.is_null());
    let changed = diesel::update(waits)
        .set((
            import_row::status.eq(result.status.map(RowStatus::code)),
            import_row::faults.eq(faults(result)?),
            import_row::warnings.eq(warnings(result)?),
            import_row::escalation_id.eq(id.map(|id| id.0)),
            import_row::escalation_reference.eq(reference),
        ))
        .execute(conn)
        .await?;
    Ok(changed == 1)
}

/// Gives every row that waits this result, which is no refusal.
///
/// # Errors
/// The database fails.
pub async fn done_all(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
    status: RowStatus,
) -> Result<(), StoreFailure> {
    let waiting = import_row::table
        .filter(import_row::partnership_id.eq(partnership.0))
        .filter(import_row::import_id.eq(import.0))
        .filter(import_row::status.is_null());
    diesel::update(waiting).set(import_row::status.eq(status.code())).execute(conn).await?;
    Ok(())
}

/// How many rows have each result; under nothing, how many wait.
///
/// # Errors
/// The database fails.
pub async fn counts(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
) -> Result<BTreeMap<Option<RowStatus>, i64>, StoreFailure> {
    let counted: Vec<(Option<String>, i64)> = import_row::table
        .filter(import_row::partnership_id.eq(partnership.0))
        .filter(import_row::import_id.eq(import.0))
        .group_by(import_row::status)
        .select((import_row::status, count_star()))
        .load(conn)
        .await?;
    let counted = counted.into_iter().map(|(status, count)| {
        let status = status.map(|status| code(&status, "import_row.status")).transpose()?;
        Ok((status, count))
    });
    counted.collect()
}

/// Removes rows as they were sent.
///
/// # Errors
/// The database fails.
pub async fn empty(
    conn: &mut AsyncPgConnection,
    (partnership, import): (PartnershipId, ImportId),
) -> Result<(), StoreFailure> {
    let kept = import_row::table
        .filter(import_row::partnership_id.eq(partnership.0))
        .filter(import_row::import_id.eq(import.0))
        .filter(import_row::payload.is_not_null());
    diesel::update(kept).set(import_row::payload.eq(None::<Vec<u8>>)).execute(conn).await?;
    Ok(())
}
