//! Packs for the public: appended when they are released, and read back as the text that left.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::public_release;
use crate::domain::disclosure::PackPeriod;
use crate::domain::ids::{ClientId, PartnershipId};
use crate::domain::papers::release::{Release, Releasing};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = public_release, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct ReleaseRow {
    partnership_id: Uuid,
    from_week: SqlDate,
    to_week: SqlDate,
    quarter: String,
    profile: String,
    data_to: SqlTimestamp,
    pack: String,
    sha256: String,
    releaser: String,
    checked: String,
    released_at: SqlTimestamp,
    released_by_role: String,
    released_by_client_id: Uuid,
    released_by_subject: String,
}

impl ReleaseRow {
    fn into_domain(self) -> Result<Release, StoreFailure> {
        let quarter = self.quarter.parse();
        Ok(Release {
            quarter: quarter.map_err(|_| StoreFailure::Corrupt("public_release.quarter"))?,
            profile: code(&self.profile, "public_release.profile")?,
            data_to: self.data_to.to_jiff(),
            pack: self.pack,
            sha256: self.sha256,
            said: Releasing { releaser: self.releaser, checked: self.checked },
            released_at: self.released_at.to_jiff(),
            role: code(&self.released_by_role, "public_release.released_by_role")?,
            client: ClientId(self.released_by_client_id),
            subject: self.released_by_subject,
        })
    }
}

/// Appends a release of these weeks.
///
/// # Errors
/// The constraint `public_release_pkey` when somebody else has just released the same quarter; the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    period: PackPeriod,
    it: &Release,
) -> Result<(), StoreFailure> {
    let row = ReleaseRow {
        partnership_id: partnership.0,
        from_week: period.from.monday().into(),
        to_week: period.to.monday().into(),
        quarter: it.quarter.to_string(),
        profile: it.profile.to_string(),
        data_to: it.data_to.into(),
        pack: it.pack.clone(),
        sha256: it.sha256.clone(),
        releaser: it.said.releaser.clone(),
        checked: it.said.checked.clone(),
        released_at: it.released_at.into(),
        released_by_role: it.role.into(),
        released_by_client_id: it.client.0,
        released_by_subject: it.subject.clone(),
    };
    diesel::insert_into(public_release::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every release, that of the latest quarter first.
///
/// # Errors
/// The database fails.
pub async fn all(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<Release>, StoreFailure> {
    let rows: Vec<ReleaseRow> = public_release::table
        .filter(public_release::partnership_id.eq(partnership.0))
        .order(public_release::from_week.desc())
        .select(ReleaseRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(ReleaseRow::into_domain).collect()
}
