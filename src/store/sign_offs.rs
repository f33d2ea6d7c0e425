//! Signed reviews: appended, and read back as the text that was signed.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, NullableDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::review_sign_off;
use crate::domain::access::Role;
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
    attendance: serde_json::Value,
    checks: serde_json::Value,
    next_meeting_on: NullableDate,
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
                reason: self.reason.map(|it| text(it, "review_sign_off.reason")).transpose()?,
                attendance: serde_json::from_value(self.attendance)
                    .map_err(|_| StoreFailure::Corrupt("review_sign_off.attendance"))?,
                checks: serde_json::from_value(self.checks)
                    .map_err(|_| StoreFailure::Corrupt("review_sign_off.checks"))?,
                next_meeting_on: self.next_meeting_on.to_jiff(),
            },
            signed_at: self.signed_at.to_jiff(),
            role: code(&self.signed_by_role, "review_sign_off.signed_by_role")?,
            client: ClientId(self.signed_by_client_id),
            subject: self.signed_by_subject,
        })
    }
}

fn json(of: &impl serde::Serialize) -> Result<serde_json::Value, StoreFailure> {
    serde_json::to_value(of).map_err(|error| StoreFailure::Other(error.to_string()))
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
        answers: json(&it.said.answers)?,
        decisions: it.said.decisions.iter().map(|it| it.as_str().to_owned()).collect(),
        reason: it.said.reason.clone().map(Into::into),
        as_deputy: it.said.as_deputy,
        signed_at: it.signed_at.into(),
        signed_by_role: it.role.into(),
        signed_by_client_id: it.client.0,
        signed_by_subject: it.subject.clone(),
        attendance: json(&it.said.attendance)?,
        checks: json(&it.said.checks)?,
        next_meeting_on: NullableDate::from(it.said.next_meeting_on),
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

/// The last version that had been signed by an instant, of each signed week from the first up to the second, this one
/// not included; the latest week first.
///
/// # Errors
/// The database fails.
pub async fn before(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    (from, week): (IsoWeek, IsoWeek),
    at: Timestamp,
) -> Result<Vec<SignOff>, StoreFailure> {
    let rows: Vec<SignOffRow> = review_sign_off::table
        .filter(review_sign_off::partnership_id.eq(partnership.0))
        .filter(review_sign_off::week.ge(SqlDate::from(from.monday())))
        .filter(review_sign_off::week.lt(SqlDate::from(week.monday())))
        .filter(review_sign_off::signed_at.le(SqlTimestamp::from(at)))
        .distinct_on(review_sign_off::week)
        .order((review_sign_off::week.desc(), review_sign_off::version.desc()))
        .select(SignOffRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(SignOffRow::into_domain).collect()
}

/// A signed version without what was signed.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// The week.
    pub week: IsoWeek,
    /// The version.
    pub version: i32,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// The role that signed it.
    pub role: Role,
    /// Whether it stood in for the Director.
    pub as_deputy: bool,
}

/// The last signed version of every week that was signed, the latest week first.
///
/// # Errors
/// The database fails.
pub async fn heads(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<Head>, StoreFailure> {
    let rows: Vec<(SqlDate, i32, SqlTimestamp, String, bool)> = review_sign_off::table
        .filter(review_sign_off::partnership_id.eq(partnership.0))
        .distinct_on(review_sign_off::week)
        .order((review_sign_off::week.desc(), review_sign_off::version.desc()))
        .select((
            review_sign_off::week,
            review_sign_off::version,
            review_sign_off::signed_at,
            review_sign_off::signed_by_role,
            review_sign_off::as_deputy,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(week, version, signed_at, role, as_deputy)| {
            Ok(Head {
                week: IsoWeek::of_date(week.to_jiff()),
                version,
                signed_at: signed_at.to_jiff(),
                role: code(&role, "review_sign_off.signed_by_role")?,
                as_deputy,
            })
        })
        .collect()
}
