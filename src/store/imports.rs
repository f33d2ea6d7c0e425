//! Files that were sent: who works on one now, and how far it is.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::{code, json, optional};
use super::failure::StoreFailure;
use super::idempotency::Hashes;
use super::schema::import_job;
use crate::domain::ids::{AgencyId, ClientId, ImportId, PartnershipId};
use crate::domain::import::{Import, ImportFailure, ImportState};
use crate::domain::recorded::Recorded;

/// The unique index that a second use of a caller's key breaks.
pub const TAKEN: &str = "import_job_key";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = import_job, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    partnership_id: Uuid,
    id: Uuid,
    agency_id: Uuid,
    state: String,
    failure: Option<String>,
    dry_run: bool,
    mode: String,
    format: String,
    row_count: i32,
    column_notes: serde_json::Value,
    key_hash: Option<Vec<u8>>,
    meaning: Option<Vec<u8>>,
    started_at: NullableTimestamp,
    finished_at: NullableTimestamp,
    emptied_at: NullableTimestamp,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl Row {
    fn into_domain(self) -> Result<Import, StoreFailure> {
        Ok(Import {
            id: ImportId(self.id),
            agency: AgencyId(self.agency_id),
            state: code(&self.state, "import_job.state")?,
            failure: optional(self.failure, "import_job.failure")?,
            dry_run: self.dry_run,
            mode: code(&self.mode, "import_job.mode")?,
            format: code(&self.format, "import_job.format")?,
            rows: self.row_count,
            columns: serde_json::from_value(self.column_notes)
                .map_err(|_| StoreFailure::Corrupt("import_job.column_notes"))?,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "import_job.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            started_at: self.started_at.to_jiff(),
            finished_at: self.finished_at.to_jiff(),
            emptied_at: self.emptied_at.to_jiff(),
        })
    }
}

/// Keeps a file that was accepted, without its rows.
///
/// # Errors
/// A constraint refuses it, [`TAKEN`] when the key is there.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Import,
    once: Option<&Hashes>,
) -> Result<(), StoreFailure> {
    let row = Row {
        partnership_id: partnership.0,
        id: it.id.0,
        agency_id: it.agency.0,
        state: it.state.into(),
        failure: it.failure.map(Into::into),
        dry_run: it.dry_run,
        mode: it.mode.into(),
        format: it.format.into(),
        row_count: it.rows,
        column_notes: json(&it.columns)?,
        key_hash: once.map(|it| it.key.clone()),
        meaning: once.map(|it| it.meaning.clone()),
        started_at: it.started_at.into(),
        finished_at: it.finished_at.into(),
        emptied_at: it.emptied_at.into(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(import_job::table).values(&row).execute(conn).await?;
    Ok(())
}

/// One file, if whoever asks may know of it.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ImportId,
) -> Result<Option<Import>, StoreFailure> {
    let found = import_job::table
        .find((partnership.0, id.0))
        .select(Row::as_select())
        .first(conn)
        .await
        .optional()?;
    found.map(Row::into_domain).transpose()
}

/// What was sent under this key, and the file that it was.
///
/// # Errors
/// The database fails.
pub async fn by_key(
    conn: &mut AsyncPgConnection,
    (partnership, client): (PartnershipId, ClientId),
    hashes: &Hashes,
) -> Result<Option<(Vec<u8>, Import)>, StoreFailure> {
    let found = import_job::table
        .filter(import_job::partnership_id.eq(partnership.0))
        .filter(import_job::recorded_by_client_id.eq(client.0))
        .filter(import_job::key_hash.eq(&hashes.key))
        .select(Row::as_select())
        .first(conn)
        .await
        .optional()?;
    found.map(|row| Ok((row.meaning.clone().unwrap_or_default(), row.into_domain()?))).transpose()
}

/// A file that waits for the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its partnership.
    pub partnership: PartnershipId,
    /// The agency that sent it, for which the work is done.
    pub agency: AgencyId,
    /// The file.
    pub id: ImportId,
    /// Whether it ended, and only has to be emptied.
    pub ended: bool,
}

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    partnership_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    agency_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    ended: bool,
}

/// The files of all partnerships that nobody works on at `now`, and those that ended by `ended_by` and still have their
/// rows as they were sent; the oldest first.
///
/// # Errors
/// The database fails.
pub async fn waiting(
    conn: &mut AsyncPgConnection,
    now: Timestamp,
    ended_by: Timestamp,
) -> Result<Vec<Waiting>, StoreFailure> {
    let found: Vec<WaitingRow> = sql_query("select * from imports_to_work($1, $2)")
        .bind::<Timestamptz, _>(SqlTimestamp::from(now))
        .bind::<Timestamptz, _>(SqlTimestamp::from(ended_by))
        .load(conn)
        .await?;
    let waiting = found.into_iter().map(|row| Waiting {
        partnership: PartnershipId(row.partnership_id),
        agency: AgencyId(row.agency_id),
        id: ImportId(row.id),
        ended: row.ended,
    });
    Ok(waiting.collect())
}

/// Takes the right to work on a file until `until`, unless it ended or somebody else has that right at `now`. Says whether
/// it was taken.
///
/// # Errors
/// The database fails.
pub async fn lease(
    conn: &mut AsyncPgConnection,
    (partnership, id): (PartnershipId, ImportId),
    holder: Uuid,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, StoreFailure> {
    let free = import_job::lease_until
        .is_null()
        .or(import_job::lease_until.lt(NullableTimestamp::from(Some(now))).assume_not_null())
        .or(import_job::lease_holder.eq(holder).assume_not_null());
    let open = import_job::table
        .filter(import_job::partnership_id.eq(partnership.0))
        .filter(import_job::id.eq(id.0))
        .filter(import_job::finished_at.is_null())
        .filter(free);
    let taken = diesel::update(open)
        .set((
            import_job::state.eq(ImportState::Running.code()),
            import_job::lease_holder.eq(holder),
            import_job::lease_until.eq(NullableTimestamp::from(Some(until))),
        ))
        .execute(conn)
        .await?;
    let new = import_job::table
        .filter(import_job::partnership_id.eq(partnership.0))
        .filter(import_job::id.eq(id.0))
        .filter(import_job::started_at.is_null());
    if taken == 1 {
        diesel::update(new)
            .set(import_job::started_at.eq(NullableTimestamp::from(Some(now))))
            .execute(conn)
            .await?;
    }
    Ok(taken == 1)
}

/// Gives the right to work on a file back, before it has ended.
///
/// # Errors
/// The database fails.
pub async fn release(
    conn: &mut AsyncPgConnection,
    (partnership, id): (PartnershipId, ImportId),
    holder: Uuid,
) -> Result<(), StoreFailure> {
    let held = import_job::table
        .filter(import_job::partnership_id.eq(partnership.0))
        .filter(import_job::id.eq(id.0))
        .filter(import_job::lease_holder.eq(holder));
    diesel::update(held)
        .set((
            import_job::lease_holder.eq(None::<Uuid>),
            import_job::lease_until.eq(NullableTimestamp::from(None)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a file, well or not. Says whether `holder` still had the right to.
///
/// # Errors
/// The database fails.
pub async fn finish(
    conn: &mut AsyncPgConnection,
    (partnership, id): (PartnershipId, ImportId),
    holder: Uuid,
    failure: Option<ImportFailure>,
    now: Timestamp,
) -> Result<bool, StoreFailure> {
    let state = if failure.is_some() { ImportState::Failed } else { ImportState::Succeeded };
    let held = import_job::table
        .filter(import_job::partnership_id.eq(partnership.0))
        .filter(import_job::id.eq(id.0))
        .filter(import_job::finished_at.is_null())
        .filter(import_job::lease_holder.eq(holder));
    let ended = diesel::update(held)
        .set((
            import_job::state.eq(state.code()),
            import_job::failure.eq(failure.map(ImportFailure::code)),
            import_job::finished_at.eq(NullableTimestamp::from(Some(now))),
            import_job::lease_holder.eq(None::<Uuid>),
            import_job::lease_until.eq(NullableTimestamp::from(None)),
        ))
        .execute(conn)
        .await?;
    Ok(ended == 1)
}

/// Notes that a file's rows as they were sent were removed.
///
/// # Errors
/// The database fails.
pub async fn emptied(
    conn: &mut AsyncPgConnection,
    (partnership, id): (PartnershipId, ImportId),
    now: Timestamp,
) -> Result<(), StoreFailure> {
    diesel::update(import_job::table.find((partnership.0, id.0)))
        .set(import_job::emptied_at.eq(NullableTimestamp::from(Some(now))))
        .execute(conn)
        .await?;
    Ok(())
}
