//! Calendars: each version is loaded once with its days, and known again by what its dates add up to.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{calendar, calendar_day};
use crate::domain::ids::PartnershipId;
use crate::domain::partnership::CalendarVersion;
use crate::domain::working_days::Calendar;
use crate::sha256;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct CalendarRow {
    partnership_id: Uuid,
    version: String,
    nation: String,
    first_year: i32,
    last_year: i32,
    source: String,
    loaded_at: SqlTimestamp,
    dates_sha256: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_day, check_for_backend(diesel::pg::Pg))]
struct DayRow {
    partnership_id: Uuid,
    version: String,
    day: SqlDate,
    name: String,
}

/// The SHA-256 of nation, years and dates in small hexadecimal digits.
#[must_use]
pub fn dates_sha256(it: &Calendar) -> String {
    sha256::hexadecimal(it.canonical_text().as_bytes())
}

/// Adds a calendar version, from now on used for new dates.
///
/// # Errors
/// It is there already, or the database fails.
pub async fn add(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    it: &Calendar,
    source: &str,
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let years = it.years();
    diesel::insert_into(calendar::table)
        .values(CalendarRow {
            partnership_id: id.0,
            version: it.version().to_owned(),
            nation: it.nation().code().to_owned(),
            first_year: i32::from(*years.start()),
            last_year: i32::from(*years.end()),
            source: source.to_owned(),
            loaded_at: now.into(),
            dates_sha256: Some(dates_sha256(it)),
        })
        .execute(conn)
        .await?;
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

/// The partnership's calendars, oldest first.
///
/// # Errors
/// The database fails, or days were added to a version or taken from it since it was loaded.
pub(super) async fn load(
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
            let calendar = Calendar::new(row.version, nation, years, holidays)
                .map_err(|_| StoreFailure::Corrupt("calendar_day"))?;
            let dates_sha256 = dates_sha256(&calendar);
            // A version whose days moved gives other due dates under the same name: better none.
            if row.dates_sha256.is_some_and(|loaded| loaded != dates_sha256) {
                return Err(StoreFailure::Corrupt("calendar_day"));
            }
            Ok(CalendarVersion { loaded_at: row.loaded_at.to_jiff(), calendar, dates_sha256 })
        })
        .collect()
}
