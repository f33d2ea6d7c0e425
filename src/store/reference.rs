//! A partnership's reference data: loaded once, added to by version, read whole.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, NullableDate, NullableTimestamp};
use uuid::Uuid;

use super::failure::StoreFailure;
use super::schema::{partnership, stage_policy, theme, timescale};
use super::{agencies, calendars};
use crate::domain::ids::PartnershipId;
use crate::domain::partnership::{Partnership, PolicyVersion, Theme, TimescaleVersion};
use crate::domain::timescale::Timescale;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = theme, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct ThemeRow {
    partnership_id: Uuid,
    code: String,
    group_code: String,
    group_label: String,
    label: String,
    description: String,
    position: i32,
    valid_from: SqlDate,
    valid_to: NullableDate,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = timescale, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct TimescaleRow {
    partnership_id: Uuid,
    code: String,
    version: String,
    label: String,
    time_limit: Option<serde_json::Value>,
    starts: String,
    stops: String,
    basis: String,
    source: String,
    verified_against_wt2026: bool,
    effective_from: SqlDate,
    applied_at: NullableTimestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = stage_policy, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct PolicyRow {
    partnership_id: Uuid,
    version: String,
    effective_from: SqlDate,
    document: serde_json::Value,
    applied_at: NullableTimestamp,
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreFailure> {
    serde_json::to_value(value).map_err(|error| StoreFailure::Other(error.to_string()))
}

/// Adds the themes that the partnership does not have yet. What it has stays as it is.
///
/// # Errors
/// The database fails.
pub async fn add_themes(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    themes: &[Theme],
) -> Result<(), StoreFailure> {
    let rows: Vec<ThemeRow> = themes
        .iter()
        .zip(0..)
        .map(|(it, position)| ThemeRow {
            partnership_id: id.0,
            code: it.code.clone(),
            group_code: it.group_code.clone(),
            group_label: it.group_label.clone(),
            label: it.label.clone(),
            description: it.description.clone(),
            position,
            valid_from: it.valid_from.into(),
            valid_to: it.valid_to.into(),
        })
        .collect();
    diesel::insert_into(theme::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

/// Adds versions of timescales.
///
/// # Errors
/// One of them is there already, or the database fails.
pub async fn add_timescales(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    timescales: &[TimescaleVersion],
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let rows = timescales
        .iter()
        .map(|it| {
            Ok(TimescaleRow {
                partnership_id: id.0,
                code: it.timescale.code.clone(),
                version: it.timescale.version.clone(),
                label: it.timescale.label.clone(),
                time_limit: it.timescale.limit.as_ref().map(json).transpose()?,
                starts: it.timescale.starts.clone(),
                stops: it.timescale.stops.clone(),
                basis: it.timescale.basis.clone(),
                source: it.timescale.source.clone(),
                verified_against_wt2026: it.timescale.verified_against_wt2026,
                effective_from: it.effective_from.into(),
                applied_at: Some(now).into(),
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    diesel::insert_into(timescale::table).values(rows).execute(conn).await?;
    Ok(())
}

/// Adds versions of the stage policy.
///
/// # Errors
/// One of them is there already, or the database fails.
pub async fn add_policies(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    policies: &[PolicyVersion],
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let rows = policies
        .iter()
        .map(|it| {
            Ok(PolicyRow {
                partnership_id: id.0,
                version: it.policy.version.clone(),
                effective_from: it.effective_from.into(),
                document: json(&it.policy)?,
                applied_at: Some(now).into(),
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    diesel::insert_into(stage_policy::table).values(rows).execute(conn).await?;
    Ok(())
}

/// Everything that the partnership has agreed on.
///
/// # Errors
/// The database fails, or holds what this program cannot read.
pub async fn load(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<Partnership, StoreFailure> {
    let (partnership_code, name): (String, String) = partnership::table
        .find(id.0)
        .select((partnership::code, partnership::name))
        .first(conn)
        .await?;
    let themes: Vec<ThemeRow> = theme::table
        .filter(theme::partnership_id.eq(id.0))
        .order((theme::position, theme::code))
        .select(ThemeRow::as_select())
        .load(conn)
        .await?;
    let timescales: Vec<TimescaleRow> = timescale::table
        .filter(timescale::partnership_id.eq(id.0))
        .order((
            timescale::code,
            timescale::effective_from,
            timescale::applied_at.asc().nulls_first(),
            timescale::version,
        ))
        .select(TimescaleRow::as_select())
        .load(conn)
        .await?;
    let policies: Vec<PolicyRow> = stage_policy::table
        .filter(stage_policy::partnership_id.eq(id.0))
        .order((
            stage_policy::effective_from,
            stage_policy::applied_at.asc().nulls_first(),
            stage_policy::version,
        ))
        .select(PolicyRow::as_select())
        .load(conn)
        .await?;
    Ok(Partnership {
        id,
        code: partnership_code,
        name,
        agencies: agencies::all(conn, id).await?,
        themes: themes.into_iter().map(ThemeRow::into_domain).collect(),
        timescales: timescales
            .into_iter()
            .map(TimescaleRow::into_domain)
            .collect::<Result<_, _>>()?,
        policies: policies.into_iter().map(PolicyRow::into_domain).collect::<Result<_, _>>()?,
        calendars: calendars::load(conn, id).await?,
    })
}

impl ThemeRow {
    fn into_domain(self) -> Theme {
        Theme {
            code: self.code,
            group_code: self.group_code,
            group_label: self.group_label,
            label: self.label,
            description: self.description,
            valid_from: self.valid_from.to_jiff(),
            valid_to: self.valid_to.to_jiff(),
        }
    }
}

impl TimescaleRow {
    fn into_domain(self) -> Result<TimescaleVersion, StoreFailure> {
        let limit = self
            .time_limit
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| StoreFailure::Corrupt("timescale.time_limit"))?;
        Ok(TimescaleVersion {
            effective_from: self.effective_from.to_jiff(),
            timescale: Timescale {
                code: self.code,
                version: self.version,
                label: self.label,
                limit,
                starts: self.starts,
                stops: self.stops,
                basis: self.basis,
                source: self.source,
                verified_against_wt2026: self.verified_against_wt2026,
            },
        })
    }
}

impl PolicyRow {
    fn into_domain(self) -> Result<PolicyVersion, StoreFailure> {
        Ok(PolicyVersion {
            effective_from: self.effective_from.to_jiff(),
            policy: serde_json::from_value(self.document)
                .map_err(|_| StoreFailure::Corrupt("stage_policy.document"))?,
        })
    }
}
