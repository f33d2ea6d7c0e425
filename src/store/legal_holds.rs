//! Legal holds as rows, each with how it was lifted.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    BigInt, Binary, Bool, Date as SqlDate, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as StoredDate, NullableDate, NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::list_parts::page;
use crate::domain::free_text::FreeText;
use crate::domain::ids::{ClientId, EscalationId, LegalHoldId, PartnershipId};
use crate::domain::legal_hold::{Held, HoldScope, LegalHold, LiftReason};
use crate::domain::listing::{After, Page, PageRequest};
use crate::domain::recorded::Recorded;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    escalation_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Binary>)]
    child_key: Option<Vec<u8>>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    authority: String,
    #[diesel(sql_type = SqlDate, deserialize_as = StoredDate)]
    held_from: jiff::civil::Date,
    #[diesel(sql_type = Nullable<SqlDate>, deserialize_as = NullableDate)]
    held_until: Option<jiff::civil::Date>,
    #[diesel(sql_type = Timestamptz, deserialize_as = SqlTimestamp)]
    recorded_at: Timestamp,
    #[diesel(sql_type = Text)]
    recorded_by_role: String,
    #[diesel(sql_type = SqlUuid)]
    recorded_by_client_id: Uuid,
    #[diesel(sql_type = Text)]
    recorded_by_subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    lift_reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    lifted_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Text>)]
    lifted_by_role: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    lifted_by_client_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    lifted_by_subject: Option<String>,
}

impl Row {
    fn into_domain(self) -> Result<LegalHold, StoreFailure> {
        let scope: HoldScope = code(&self.scope, "legal_hold.scope")?;
        let lifted = match (
            self.lift_reason,
            self.lifted_at,
            self.lifted_by_role,
            self.lifted_by_client_id,
            self.lifted_by_subject,
        ) {
            (Some(reason), Some(at), Some(role), Some(client), Some(subject)) => {
                let role = code(&role, "legal_hold_lift.recorded_by_role")?;
                let by = Recorded { at, role, client: ClientId(client), subject };
                Some((text(&reason, "legal_hold_lift.reason")?, by))
            }
            _ => None,
        };
        Ok(LegalHold {
            id: LegalHoldId(self.id),
            held: match (scope, self.escalation_id) {
                (HoldScope::Escalation, Some(id)) => Held::Escalation(EscalationId(id)),
                (HoldScope::Child, _) => Held::Child(self.child_key),
                (HoldScope::Partnership, _) => Held::Partnership,
                (HoldScope::Escalation, None) => {
                    return Err(StoreFailure::Corrupt("legal_hold.escalation_id"));
                }
            },
            reason: code(&self.reason, "legal_hold.reason")?,
            authority: text(&self.authority, "legal_hold.authority")?,
            from: self.held_from,
            until: self.held_until,
            placed: Recorded {
                at: self.recorded_at,
                role: code(&self.recorded_by_role, "legal_hold.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            lifted,
        })
    }
}

pub(super) fn text<const MAX: usize>(
    stored: &str,
    what: &'static str,
) -> Result<FreeText<MAX>, StoreFailure> {
    FreeText::parse(stored).map_err(|_| StoreFailure::Corrupt(what))
}

const HOLDS: &str = "select h.*, l.reason as lift_reason, l.recorded_at as lifted_at,
        l.recorded_by_role as lifted_by_role, l.recorded_by_client_id as lifted_by_client_id,
        l.recorded_by_subject as lifted_by_subject
    from legal_hold h
    left join legal_hold_lift l on l.partnership_id = h.partnership_id and l.hold_id = h.id
    where h.partnership_id = $1";

/// Lets nobody else place a hold or carry out an erasure in this partnership until the transaction ends, so that a hold is
/// there before an erasure is decided, or after it, and never beside it.
///
/// # Errors
/// Somebody else does so for too long, or the database fails.
pub async fn exclusively(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<(), StoreFailure> {
    sql_query(
        "select pg_advisory_xact_lock(hashtextextended('holds and erasures ' || $1::text, 0))",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores a hold.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &LegalHold,
) -> Result<(), StoreFailure> {
    let (escalation, child) = match &it.held {
        Held::Escalation(id) => (Some(id.0), None),
        Held::Child(key) => (None, key.clone()),
        Held::Partnership => (None, None),
    };
    sql_query(
        "insert into legal_hold (partnership_id, id, scope, escalation_id, child_key, reason, authority, held_from,
             held_until, recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<Text, _>(it.held.scope().code())
    .bind::<Nullable<SqlUuid>, _>(escalation)
    .bind::<Nullable<Binary>, _>(child)
    .bind::<Text, _>(it.reason.code())
    .bind::<Text, _>(it.authority.as_str())
    .bind::<SqlDate, _>(StoredDate::from(it.from))
    .bind::<Nullable<SqlDate>, _>(NullableDate::from(it.until))
    .bind::<Timestamptz, _>(SqlTimestamp::from(it.placed.at))
    .bind::<Text, _>(it.placed.role.code())
    .bind::<SqlUuid, _>(it.placed.client.0)
    .bind::<Text, _>(&it.placed.subject)
    .execute(conn)
    .await?;
    Ok(())
}

/// Lifts a hold.
///
/// # Errors
/// It was lifted before (`legal_hold_lift_pkey`), or the database fails.
pub async fn lift(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: LegalHoldId,
    (reason, by): (&LiftReason, &Recorded),
) -> Result<(), StoreFailure> {
    sql_query(
        "insert into legal_hold_lift (partnership_id, hold_id, reason, recorded_at, recorded_by_role,
             recorded_by_client_id, recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(reason.as_str())
    .bind::<Timestamptz, _>(SqlTimestamp::from(by.at))
    .bind::<Text, _>(by.role.code())
    .bind::<SqlUuid, _>(by.client.0)
    .bind::<Text, _>(&by.subject)
    .execute(conn)
    .await?;
    Ok(())
}

/// One hold, if there is one.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: LegalHoldId,
) -> Result<Option<LegalHold>, StoreFailure> {
    let rows: Vec<Row> = sql_query(format!("{HOLDS} and h.id = $2"))
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<SqlUuid, _>(id.0)
        .load(conn)
        .await?;
    rows.into_iter().next().map(Row::into_domain).transpose()
}

/// The holds that nobody has lifted.
///
/// # Errors
/// The database fails.
pub async fn not_lifted(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<LegalHold>, StoreFailure> {
    let rows: Vec<Row> = sql_query(format!("{HOLDS} and l.hold_id is null order by h.id"))
        .bind::<SqlUuid, _>(partnership.0)
        .load(conn)
        .await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// A page of holds.
///
/// # Errors
/// The database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    request: PageRequest,
) -> Result<Page<LegalHold>, StoreFailure> {
    let sql = format!("{HOLDS} {}", part("h", request));
    let rows: Vec<Row> = sql_query(sql)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Bool, _>(request.after.is_some())
        .bind::<Timestamptz, _>(SqlTimestamp::from(
            request.after.map_or(Timestamp::UNIX_EPOCH, |it| it.at),
        ))
        .bind::<SqlUuid, _>(request.after.map_or(Uuid::nil(), |it| it.id))
        .bind::<BigInt, _>(request.limit.saturating_add(1))
        .load(conn)
        .await?;
    let items = rows.into_iter().map(Row::into_domain).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, request, |it| After { at: it.placed.at, id: it.id.0 }))
}

/// The part of a list that is asked for: with the parameters whether there is something before it, what that is, and how many.
pub(super) fn part(table: &str, request: PageRequest) -> String {
    let (sign, order) = if request.oldest_first { (">", "asc") } else { ("<", "desc") };
    format!(
        "and (not $2 or ({table}.recorded_at, {table}.id) {sign} ($3, $4))
         order by {table}.recorded_at {order}, {table}.id {order} limit $5"
    )
}
