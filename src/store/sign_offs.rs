//! Signed reviews: appended, and read back as the text that was signed.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::review_sign_off;
use crate::domain::ids::{ClientId, PartnershipId};
use crate::domain::sign_off::{SignOff, SignedText, Signing};
use crate::domain::week::IsoWeek;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_sign_off, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct SignOffRow {
    partnership_id: Uuid,
    week: SqlDate,
    version: i32,
    data_to: SqlTimestamp,
    pack: String,
    sha256: String,
    definitions_version: i32,
    answers: serde_json::Value,
    decisions: Vec<String>,
    reason: Option<String>,
    as_deputy: bool,
    signed_at: SqlTimestamp,
    signed_by_role: String,
    signed_by_client_id: Uuid,
    signed_by_subject: String,
}

impl SignOffRow {
    fn into_domain(self) -> Result<SignOff, StoreFailure> {
        let text = |text: String, column: &'static str| {
            SignedText::parse(&text).map_err(|_| StoreFailure::Corrupt(column))
        };
        let decisions = self.decisions.into_iter();
        let answers = serde_json::from_value(self.answers);
        Ok(SignOff {
            week: IsoWeek::of_date(self.week.to_jiff()),
            version: self.version,
            data_to: self.data_to.to_jiff(),
            pack: self.pack,
            sha256: self.sha256,
            definitions_version: u32::try_from(self.definitions_version)
                .map_err(|_| StoreFailure::Corrupt("review_sign_off.definitions_version"))?,
            said: Signing {
                answers: answers.map_err(|_| StoreFailure::Corrupt("review_sign_off.answers"))?,
                decisions: decisions
                    .map(|it| text(it, "review_sign_off.decisions"))
                    .collect::<Result<_, _>>()?,
                as_deputy: self.as_deputy,
                reason: self
                    .reason
                    .map(|it| text(it, "review_sign_off.reason"))
                    .transpose()?,
            },
            signed_at: self.signed_at.to_jiff(),
            role: code(&self.signed_by_role, "review_sign_off.signed_by_role")?,
            client: ClientId(self.signed_by_client_id),
            subject: self.signed_by_subject,
        })
    }
}

/// Appends a signed version.
///
/// # Errors
/// The constraint `review_sign_off_pkey` when somebody else has just signed the same version; the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &SignOff,
) -> Result<(), StoreFailure> {
    let row = SignOffRow {
        partnership_id: partnership.0,
        week: it.week.monday().into(),
        version: it.version,
        data_to: it.data_to.into(),
        pack: it.pack.clone(),
        sha256: it.sha256.clone(),
        definitions_version: i32::try_from(it.definitions_version)
            .map_err(|error| StoreFailure::Other(error.to_string()))?,
        answers: serde_json::to_value(&it.said.answers)
            .map_err(|error| StoreFailure::Other(error.to_string()))?,
        decisions: it.said.decisions.iter().map(|it| it.as_str().to_owned()).collect(),
        reason: it.said.reason.clone().map(Into::into),
        as_deputy: it.said.as_deputy,
        signed_at: it.signed_at.into(),
        signed_by_role: it.role.into(),
        signed_by_client_id: it.client.0,
        signed_by_subject: it.subject.clone(),
    };
    diesel::insert_into(review_sign_off::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every signed version of a week, the first first.
///
/// # Errors
/// The database fails.
pub async fn of_week(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    week: IsoWeek,
) -> Result<Vec<SignOff>, StoreFailure> {
    let rows: Vec<SignOffRow> = review_sign_off::table
        .filter(review_sign_off::partnership_id.eq(partnership.0))
        .filter(review_sign_off::week.eq(SqlDate::from(week.monday())))
        .order(review_sign_off::version)
        .select(SignOffRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(SignOffRow::into_domain).collect()
}
