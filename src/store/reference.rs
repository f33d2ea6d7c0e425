//! A partnership's reference data: loaded once, added to by version, read whole.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Date as SqlDate, NullableDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::agencies;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{calendar, calendar_day, partnership, stage_policy, theme, timescale};
use crate::domain::ids::PartnershipId;
use crate::domain::partnership::{
    CalendarVersion, Partnership, PolicyVersion, Theme, TimescaleVersion,
};
use crate::domain::timescale::Timescale;
use crate::domain::working_days::Calendar;

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
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = stage_policy, check_for_backend(diesel::pg::Pg))]
struct PolicyRow {
    partnership_id: Uuid,
    version: String,
    effective_from: SqlDate,
    document: serde_json::Value,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar, check_for_backend(diesel::pg::Pg))]
struct CalendarRow {
    partnership_id: Uuid,
    version: String,
    nation: String,
    first_year: i32,
    last_year: i32,
    source: String,
    loaded_at: SqlTimestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_day, check_for_backend(diesel::pg::Pg))]
struct DayRow {
    partnership_id: Uuid,
    version: String,
    day: SqlDate,
    name: String,
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreFailure> {
    serde_json::to_value(value).map_err(|error| StoreFailure::Other(error.to_string()))
}

/// Adds the themes, timescales and policies that the partnership does not have yet. What it has stays as it is.
///
/// # Errors
/// The database fails.
pub async fn add(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    themes: &[Theme],
    timescales: &[TimescaleVersion],
    policies: &[PolicyVersion],
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
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    diesel::insert_into(timescale::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let rows = policies
        .iter()
        .map(|it| {
            Ok(PolicyRow {
                partnership_id: id.0,
                version: it.policy.version.clone(),
                effective_from: it.effective_from.into(),
                document: json(&it.policy)?,
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    diesel::insert_into(stage_policy::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds a calendar version; one that is already there stays as it is.
///
/// # Errors
/// The database fails.
pub async fn add_calendar(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    it: &Calendar,
    source: &str,
    now: jiff::Timestamp,
) -> Result<(), StoreFailure> {
    let years = it.years();
    let added = diesel::insert_into(calendar::table)
        .values(CalendarRow {
            partnership_id: id.0,
            version: it.version().to_owned(),
            nation: it.nation().code().to_owned(),
            first_year: i32::from(*years.start()),
            last_year: i32::from(*years.end()),
            source: source.to_owned(),
            loaded_at: now.into(),
        })
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if added == 0 {
        return Ok(());
    }
    let days: Vec<DayRow> = it
        .holidays()
        .map(|(day, name)| DayRow {
            partnership_id: id.0,
            version: it.version().to_owned(),
            day: day.into(),
            name: name.to_owned(),
        })
        .collect();
    diesel::insert_into(calendar_day::table).values(days).execute(conn).await?;
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
        .order((timescale::code, timescale::effective_from))
        .select(TimescaleRow::as_select())
        .load(conn)
        .await?;
    let policies: Vec<PolicyRow> = stage_policy::table
        .filter(stage_policy::partnership_id.eq(id.0))
        .order(stage_policy::effective_from)
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
        calendars: load_calendars(conn, id).await?,
    })
}

async fn load_calendars(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<Vec<CalendarVersion>, StoreFailure> {
    let rows: Vec<CalendarRow> = calendar::table
        .filter(calendar::partnership_id.eq(id.0))
        .order((calendar::loaded_at, calendar::version))
        .select(CalendarRow::as_select())
        .load(conn)
        .await?;
    let days: Vec<DayRow> = calendar_day::table
        .filter(calendar_day::partnership_id.eq(id.0))
        .select(DayRow::as_select())
        .load(conn)
        .await?;
    let mut by_version: BTreeMap<String, BTreeMap<jiff::civil::Date, String>> = BTreeMap::new();
    for day in days {
        by_version.entry(day.version).or_default().insert(day.day.to_jiff(), day.name);
    }
    rows.into_iter()
        .map(|row| {
            let wrong = |_| StoreFailure::Corrupt("calendar");
            let years = i16::try_from(row.first_year).map_err(wrong)?
                ..=i16::try_from(row.last_year).map_err(wrong)?;
            let holidays = by_version.remove(&row.version).unwrap_or_default();
            let nation = code(&row.nation, "calendar.nation")?;
            Ok(CalendarVersion {
                loaded_at: row.loaded_at.to_jiff(),
                calendar: Calendar::new(row.version, nation, years, holidays)
                    .map_err(|_| StoreFailure::Corrupt("calendar_day"))?,
            })
        })
        .collect()
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
