//! Partnerships and their agencies: made, brought up to date, found by code.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Date as SqlDate, NullableDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::pool::Pool;
use super::schema::{agency, partnership};
use super::sharing_agreements;
use crate::domain::ids::{AgencyId, PartnershipId};
use crate::domain::partnership::Agency;
use crate::domain::sharing_agreement::Sharing;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
}

/// The partnership with this code, if there is one.
///
/// # Errors
/// The database fails.
pub async fn find_partnership(
    pool: &Pool,
    partnership_code: &str,
) -> Result<Option<PartnershipId>, StoreFailure> {
    let mut conn = pool.get().await?;
    let found: Found = sql_query("select find_partnership($1) as id")
        .bind::<Text, _>(partnership_code)
        .get_result(&mut *conn)
        .await?;
    Ok(found.id.map(PartnershipId))
}

/// Makes a partnership. The transaction must have stated its identifier.
///
/// # Errors
/// The code is taken, or the database fails.
pub async fn create_partnership(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    partnership_code: &str,
    name: &str,
    now: jiff::Timestamp,
) -> Result<(), StoreFailure> {
    diesel::insert_into(partnership::table)
        .values((
            partnership::id.eq(id.0),
            partnership::code.eq(partnership_code),
            partnership::name.eq(name),
            partnership::created_at.eq(SqlTimestamp::from(now)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = agency, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
pub(super) struct AgencyRow {
    partnership_id: Uuid,
    id: Uuid,
    code: String,
    name: String,
    agency_type: String,
    aliases: Vec<String>,
    may_raise: bool,
    may_respond: bool,
    valid_from: SqlDate,
    valid_to: NullableDate,
    successor_id: Option<Uuid>,
    free_text_policy: String,
}

impl AgencyRow {
    pub(super) fn into_domain(self, sharing: Sharing) -> Result<Agency, StoreFailure> {
        Ok(Agency {
            sharing,
            id: AgencyId(self.id),
            code: self.code,
            name: self.name,
            agency_type: code(&self.agency_type, "agency.agency_type")?,
            aliases: self.aliases,
            may_raise: self.may_raise,
            may_respond: self.may_respond,
            valid_from: self.valid_from.to_jiff(),
            valid_to: self.valid_to.to_jiff(),
            successor: self.successor_id.map(AgencyId),
            free_text: code(&self.free_text_policy, "agency.free_text_policy")?,
        })
    }
}

/// Adds an agency, or brings its name, aliases, end, successor and policy for free text up to date. Its code, type and first day stay.
///
/// # Errors
/// The database fails.
pub async fn put(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Agency,
) -> Result<(), StoreFailure> {
    let row = AgencyRow {
        partnership_id: partnership.0,
        id: it.id.0,
        code: it.code.clone(),
        name: it.name.clone(),
        agency_type: it.agency_type.into(),
        aliases: it.aliases.clone(),
        may_raise: it.may_raise,
        may_respond: it.may_respond,
        valid_from: it.valid_from.into(),
        valid_to: it.valid_to.into(),
        successor_id: it.successor.map(|successor| successor.0),
        free_text_policy: it.free_text.into(),
    };
    diesel::insert_into(agency::table)
        .values(&row)
        .on_conflict((agency::partnership_id, agency::code))
        .do_update()
        .set((
            agency::name.eq(&row.name),
            agency::aliases.eq(&row.aliases),
            agency::may_raise.eq(row.may_raise),
            agency::may_respond.eq(row.may_respond),
            agency::valid_to.eq(row.valid_to),
            agency::successor_id.eq(row.successor_id),
            agency::free_text_policy.eq(&row.free_text_policy),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Every agency of a partnership with its agreements, by code.
///
/// # Errors
/// The database fails.
pub async fn all(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<Agency>, StoreFailure> {
    let rule = sharing_agreements::rule(conn, partnership).await?;
    let mut agreements = sharing_agreements::all(conn, partnership).await?;
    let rows: Vec<AgencyRow> = agency::table
        .filter(agency::partnership_id.eq(partnership.0))
        .order(agency::code)
        .select(AgencyRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let agreements = agreements.remove(&AgencyId(row.id)).unwrap_or_default();
            row.into_domain(Sharing { rule, agreements })
        })
        .collect()
}
