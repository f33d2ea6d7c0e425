//! Declared changes and the settings of the review: appended, and read as they were known at an instant.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{rebase, rebase_withdrawal, review_setting};
use crate::domain::ids::{ClientId, PartnershipId, RebaseId};
use crate::domain::rebase::{ChartName, DeclaredRebase, RebaseStatement, RebaseWithdrawal};
use crate::domain::recorded::Recorded;
use crate::domain::review_setting::{ReviewSettings, SettingVersion};
use crate::domain::spc::{Rule, SpcSettings};
use crate::domain::week::IsoWeek;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rebase, check_for_backend(diesel::pg::Pg))]
struct RebaseRow {
    partnership_id: Uuid,
    id: Uuid,
    charts: Vec<String>,
    first_week: SqlDate,
    reason: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rebase_withdrawal, check_for_backend(diesel::pg::Pg))]
struct WithdrawalRow {
    partnership_id: Uuid,
    rebase_id: Uuid,
    reason: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl WithdrawalRow {
    fn into_domain(self) -> Result<RebaseWithdrawal, StoreFailure> {
        Ok(RebaseWithdrawal {
            reason: self.reason,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "rebase_withdrawal.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

impl RebaseRow {
    fn into_domain(self, withdrawn: Option<WithdrawalRow>) -> Result<DeclaredRebase, StoreFailure> {
        let charts: Result<Vec<ChartName>, StoreFailure> =
            self.charts.iter().map(|it| code(it, "rebase.charts")).collect();
        Ok(DeclaredRebase {
            id: RebaseId(self.id),
            said: RebaseStatement {
                charts: charts?,
                first_week: IsoWeek::of_date(self.first_week.to_jiff()),
                reason: self.reason,
            },
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "rebase.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            withdrawn: withdrawn.map(WithdrawalRow::into_domain).transpose()?,
        })
    }
}

/// Appends a declared change.
///
/// # Errors
/// The database fails.
pub async fn insert_rebase(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &DeclaredRebase,
) -> Result<(), StoreFailure> {
    let row = RebaseRow {
        partnership_id: partnership.0,
        id: it.id.0,
        charts: it.said.charts.iter().map(|it| it.code().to_owned()).collect(),
        first_week: it.said.first_week.monday().into(),
        reason: it.said.reason.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(rebase::table).values(row).execute(conn).await?;
    Ok(())
}

/// Appends that a declared change no longer holds.
///
/// # Errors
/// The constraint `rebase_withdrawal_pkey` when it was withdrawn before; the database fails.
pub async fn insert_withdrawal(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: RebaseId,
    it: &RebaseWithdrawal,
) -> Result<(), StoreFailure> {
    let row = WithdrawalRow {
        partnership_id: partnership.0,
        rebase_id: id.0,
        reason: it.reason.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(rebase_withdrawal::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every declared change as it was known at `at`, by its first week.
///
/// # Errors
/// The database fails.
pub async fn rebases(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<Vec<DeclaredRebase>, StoreFailure> {
    let at = SqlTimestamp::from(at);
    let same = rebase_withdrawal::partnership_id
        .eq(rebase::partnership_id)
        .and(rebase_withdrawal::rebase_id.eq(rebase::id))
        .and(rebase_withdrawal::recorded_at.le(at));
    let rows: Vec<(RebaseRow, Option<WithdrawalRow>)> = rebase::table
        .left_join(rebase_withdrawal::table.on(same))
        .filter(rebase::partnership_id.eq(partnership.0))
        .filter(rebase::recorded_at.le(at))
        .order((rebase::first_week, rebase::recorded_at, rebase::id))
        .select((RebaseRow::as_select(), Option::<WithdrawalRow>::as_select()))
        .load(conn)
        .await?;
    rows.into_iter().map(|(row, withdrawn)| row.into_domain(withdrawn)).collect()
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_setting, check_for_backend(diesel::pg::Pg))]
struct SettingRow {
    partnership_id: Uuid,
    version: i32,
    effective_from: SqlDate,
    target_in_time: f64,
    target_days: f64,
    lock_after: i32,
    enough_points: i32,
    run_length: i32,
    screen_outliers: bool,
    rules: Vec<String>,
    reason: String,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

impl SettingRow {
    fn into_domain(self) -> Result<SettingVersion, StoreFailure> {
        let number =
            |of: i32| usize::try_from(of).map_err(|_| StoreFailure::Corrupt("review_setting"));
        let rules: Result<Vec<Rule>, StoreFailure> =
            self.rules.iter().map(|it| code(it, "review_setting.rules")).collect();
        Ok(SettingVersion {
            version: self.version,
            effective_from: IsoWeek::of_date(self.effective_from.to_jiff()),
            settings: ReviewSettings {
                target_in_time: self.target_in_time,
                target_days: self.target_days,
                charts: SpcSettings {
                    lock_after: Some(number(self.lock_after)?),
                    enough_points: number(self.enough_points)?,
                    run_length: number(self.run_length)?,
                    screen_outliers: self.screen_outliers,
                    rules: rules?,
                },
            },
            reason: self.reason,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "review_setting.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

/// Appends a version of the settings.
///
/// # Errors
/// The constraint `review_setting_pkey` when somebody else has just made the same version; the database fails.
pub async fn insert_setting(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &SettingVersion,
) -> Result<(), StoreFailure> {
    let number =
        |of: usize| i32::try_from(of).map_err(|error| StoreFailure::Other(error.to_string()));
    let charts = &it.settings.charts;
    let lock_after = charts.lock_after.ok_or(StoreFailure::Corrupt("review_setting.lock_after"))?;
    let row = SettingRow {
        partnership_id: partnership.0,
        version: it.version,
        effective_from: it.effective_from.monday().into(),
        target_in_time: it.settings.target_in_time,
        target_days: it.settings.target_days,
        lock_after: number(lock_after)?,
        enough_points: number(charts.enough_points)?,
        run_length: number(charts.run_length)?,
        screen_outliers: charts.screen_outliers,
        rules: charts.rules.iter().map(|it| it.code().to_owned()).collect(),
        reason: it.reason.clone(),
        recorded_at: it.recorded.at.into(),
        recorded_by_role: it.recorded.role.into(),
        recorded_by_client_id: it.recorded.client.0,
        recorded_by_subject: it.recorded.subject.clone(),
    };
    diesel::insert_into(review_setting::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every version of the settings that was known at `at`, the first first.
///
/// # Errors
/// The database fails.
pub async fn settings(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<Vec<SettingVersion>, StoreFailure> {
    let rows: Vec<SettingRow> = review_setting::table
        .filter(review_setting::partnership_id.eq(partnership.0))
        .filter(review_setting::recorded_at.le(SqlTimestamp::from(at)))
        .order(review_setting::version)
        .select(SettingRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(SettingRow::into_domain).collect()
}
