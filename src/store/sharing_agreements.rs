//! Sharing agreements: appended, and what they mean in a partnership.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::directory;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{partnership, sharing_agreement};
use crate::domain::ids::{AgencyId, PartnershipId};
use crate::domain::sharing_agreement::{AgreementRule, SharingAgreement};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sharing_agreement, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct AgreementRow {
    partnership_id: Uuid,
    agency_id: Uuid,
    reference: String,
    lawful_basis: String,
    in_force_from: SqlDate,
    in_force_until: SqlDate,
    replaces: Option<String>,
    recorded_at: SqlTimestamp,
}

impl AgreementRow {
    fn into_domain(self) -> Result<SharingAgreement, StoreFailure> {
        Ok(SharingAgreement {
            reference: self.reference,
            lawful_basis: code(&self.lawful_basis, "sharing_agreement.lawful_basis")?,
            from: self.in_force_from.to_jiff(),
            until: self.in_force_until.to_jiff(),
            replaces: self.replaces,
            recorded_at: self.recorded_at.to_jiff(),
        })
    }
}

/// The partnerships whose agreements are looked at: all.
///
/// # Errors
/// The database fails.
pub async fn partnerships(
    conn: &mut AsyncPgConnection,
) -> Result<Vec<PartnershipId>, StoreFailure> {
    directory::partnerships(conn, "every_partnership").await
}

/// What agreements mean in a partnership.
///
/// # Errors
/// The database fails.
pub async fn rule(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<AgreementRule, StoreFailure> {
    let found: String =
        partnership::table.find(id.0).select(partnership::agreements).first(conn).await?;
    code(&found, "partnership.agreements")
}

/// Says what agreements mean in a partnership from now on.
///
/// # Errors
/// The database fails.
pub async fn set_rule(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    rule: AgreementRule,
) -> Result<(), StoreFailure> {
    diesel::update(partnership::table.find(id.0))
        .set(partnership::agreements.eq(rule.code()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Every agency's agreements, in the order in which they were recorded.
///
/// # Errors
/// The database fails.
pub async fn all(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
) -> Result<BTreeMap<AgencyId, Vec<SharingAgreement>>, StoreFailure> {
    let rows: Vec<AgreementRow> = sharing_agreement::table
        .filter(sharing_agreement::partnership_id.eq(id.0))
        .order((
            sharing_agreement::agency_id,
            sharing_agreement::recorded_at,
            sharing_agreement::in_force_from,
            sharing_agreement::reference,
        ))
        .select(AgreementRow::as_select())
        .load(conn)
        .await?;
    let mut found: BTreeMap<AgencyId, Vec<SharingAgreement>> = BTreeMap::new();
    for row in rows {
        found.entry(AgencyId(row.agency_id)).or_default().push(row.into_domain()?);
    }
    Ok(found)
}

/// Keeps an agreement of an agency.
///
/// # Errors
/// One with this reference is there, or the database fails.
pub async fn add(
    conn: &mut AsyncPgConnection,
    id: PartnershipId,
    agency: AgencyId,
    it: &SharingAgreement,
) -> Result<(), StoreFailure> {
    let row = AgreementRow {
        partnership_id: id.0,
        agency_id: agency.0,
        reference: it.reference.clone(),
        lawful_basis: it.lawful_basis.into(),
        in_force_from: it.from.into(),
        in_force_until: it.until.into(),
        replaces: it.replaces.clone(),
        recorded_at: it.recorded_at.into(),
    };
    diesel::insert_into(sharing_agreement::table).values(row).execute(conn).await?;
    Ok(())
}
