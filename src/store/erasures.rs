//! Erasures as rows: what was proposed, what was decided, and what was destroyed.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Date as SqlDate, Integer, Nullable, Text, Timestamptz,
    Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableDate, NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::legal_holds::{part, text};
use super::list_parts::page;
use crate::domain::erasure::{Decision, ErasedEscalation, Erasing, Erasure, ErasureTarget};
use crate::domain::ids::{ClientId, ErasureId, EscalationId, PartnershipId};
use crate::domain::listing::{After, Page, PageRequest};
use crate::domain::recorded::Recorded;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    escalation_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Binary>)]
    child_key: Option<Vec<u8>>,
    #[diesel(sql_type = Text)]
    ground: String,
    #[diesel(sql_type = Text)]
    authority: String,
    #[diesel(sql_type = Timestamptz, deserialize_as = SqlTimestamp)]
    recorded_at: Timestamp,
    #[diesel(sql_type = Text)]
    recorded_by_role: String,
    #[diesel(sql_type = SqlUuid)]
    recorded_by_client_id: Uuid,
    #[diesel(sql_type = Text)]
    recorded_by_subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    decline_reason: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    keys_destroyed: Option<i32>,
    #[diesel(sql_type = Nullable<SqlDate>, deserialize_as = NullableDate)]
    backups_until: Option<jiff::civil::Date>,
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    decided_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Text>)]
    decided_by_role: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    decided_by_client_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    decided_by_subject: Option<String>,
}

#[derive(QueryableByName)]
struct ErasedRow {
    #[diesel(sql_type = SqlUuid)]
    erasure_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    escalation_id: Uuid,
    #[diesel(sql_type = Bool)]
    whole: bool,
    #[diesel(sql_type = Integer)]
    references_erased: i32,
    #[diesel(sql_type = Integer)]
    texts_erased: i32,
    #[diesel(sql_type = Integer)]
    external_ids_erased: i32,
}

fn count(number: i32) -> Result<u32, StoreFailure> {
    u32::try_from(number).map_err(|_| StoreFailure::Corrupt("erasure"))
}

impl Row {
    fn into_domain(self, erased: Vec<ErasedEscalation>) -> Result<Erasure, StoreFailure> {
        let target: ErasureTarget = code(&self.target, "erasure.target")?;
        let by = match (
            self.decided_at,
            self.decided_by_role,
            self.decided_by_client_id,
            self.decided_by_subject,
        ) {
            (Some(at), Some(role), Some(client), Some(subject)) => {
                let role = code(&role, "erasure_decision.recorded_by_role")?;
                Some(Recorded { at, role, client: ClientId(client), subject })
            }
            _ => None,
        };
        let decision = match (by, self.decline_reason, self.backups_until) {
            (None, ..) => None,
            (Some(by), Some(reason), _) => {
                Some(Decision::Declined { reason: text(&reason, "erasure_decision.reason")?, by })
            }
            (Some(by), None, Some(backups_until)) => Some(Decision::Approved {
                by,
                keys: count(self.keys_destroyed.unwrap_or_default())?,
                backups_until,
                erased,
            }),
            (Some(_), None, None) => return Err(StoreFailure::Corrupt("erasure_decision")),
        };
        Ok(Erasure {
            id: ErasureId(self.id),
            erasing: match (target, self.escalation_id) {
                (ErasureTarget::Escalation, Some(id)) => Erasing::Escalation(EscalationId(id)),
                (ErasureTarget::Child, _) => Erasing::Child(self.child_key),
                (ErasureTarget::Escalation, None) => {
                    return Err(StoreFailure::Corrupt("erasure.escalation_id"));
                }
            },
            ground: code(&self.ground, "erasure.ground")?,
            authority: text(&self.authority, "erasure.authority")?,
            proposed: Recorded {
                at: self.recorded_at,
                role: code(&self.recorded_by_role, "erasure.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
            decision,
        })
    }
}

const ERASURES: &str = "select e.*, d.reason as decline_reason, d.keys_destroyed, d.backups_until,
        d.recorded_at as decided_at, d.recorded_by_role as decided_by_role,
        d.recorded_by_client_id as decided_by_client_id, d.recorded_by_subject as decided_by_subject
    from erasure e
    left join erasure_decision d on d.partnership_id = e.partnership_id and d.erasure_id = e.id
    where e.partnership_id = $1";

async fn whole(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    rows: Vec<Row>,
) -> Result<Vec<Erasure>, StoreFailure> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let erased: Vec<ErasedRow> = sql_query(
        "select erasure_id, escalation_id, whole, references_erased, texts_erased, external_ids_erased
         from erased_escalation where partnership_id = $1 and erasure_id = any ($2) order by escalation_id",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await?;
    let mut of: HashMap<Uuid, Vec<ErasedEscalation>> = HashMap::new();
    for row in erased {
        of.entry(row.erasure_id).or_default().push(ErasedEscalation {
            escalation: EscalationId(row.escalation_id),
            whole: row.whole,
            references: count(row.references_erased)?,
            texts: count(row.texts_erased)?,
            external_ids: count(row.external_ids_erased)?,
        });
    }
    rows.into_iter()
        .map(|row| {
            let erased = of.remove(&row.id).unwrap_or_default();
            row.into_domain(erased)
        })
        .collect()
}

/// Stores a proposal.
///
/// # Errors
/// The database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &Erasure,
) -> Result<(), StoreFailure> {
    let (escalation, child) = match &it.erasing {
        Erasing::Escalation(id) => (Some(id.0), None),
        Erasing::Child(key) => (None, key.clone()),
    };
    sql_query(
        "insert into erasure (partnership_id, id, target, escalation_id, child_key, ground, authority, recorded_at,
             recorded_by_role, recorded_by_client_id, recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(it.id.0)
    .bind::<Text, _>(it.erasing.target().code())
    .bind::<Nullable<SqlUuid>, _>(escalation)
    .bind::<Nullable<Binary>, _>(child)
    .bind::<Text, _>(it.ground.code())
    .bind::<Text, _>(it.authority.as_str())
    .bind::<Timestamptz, _>(SqlTimestamp::from(it.proposed.at))
    .bind::<Text, _>(it.proposed.role.code())
    .bind::<SqlUuid, _>(it.proposed.client.0)
    .bind::<Text, _>(&it.proposed.subject)
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores a decision, without what it destroys.
///
/// # Errors
/// Somebody else has just decided it (`erasure_decision_pkey`), or the database fails.
pub async fn decide(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ErasureId,
    decision: &Decision,
) -> Result<(), StoreFailure> {
    let (code, reason, keys, until) = match decision {
        Decision::Declined { reason, .. } => ("declined", Some(reason.as_str()), None, None),
        Decision::Approved { keys, backups_until, .. } => {
            let keys = i32::try_from(*keys).map_err(|_| StoreFailure::Corrupt("erasure"))?;
            ("approved", None, Some(keys), Some(*backups_until))
        }
    };
    let by = decision.by();
    sql_query(
        "insert into erasure_decision (partnership_id, erasure_id, decision, reason, keys_destroyed, backups_until,
             recorded_at, recorded_by_role, recorded_by_client_id, recorded_by_subject)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<Text, _>(code)
    .bind::<Nullable<Text>, _>(reason)
    .bind::<Nullable<Integer>, _>(keys)
    .bind::<Nullable<SqlDate>, _>(NullableDate::from(until))
    .bind::<Timestamptz, _>(SqlTimestamp::from(by.at))
    .bind::<Text, _>(by.role.code())
    .bind::<SqlUuid, _>(by.client.0)
    .bind::<Text, _>(&by.subject)
    .execute(conn)
    .await?;
    Ok(())
}

/// One erasure, if there is one.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ErasureId,
) -> Result<Option<Erasure>, StoreFailure> {
    let rows: Vec<Row> = sql_query(format!("{ERASURES} and e.id = $2"))
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<SqlUuid, _>(id.0)
        .load(conn)
        .await?;
    Ok(whole(conn, partnership, rows).await?.into_iter().next())
}

/// A page of erasures.
///
/// # Errors
/// The database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    request: PageRequest,
) -> Result<Page<Erasure>, StoreFailure> {
    let sql = format!("{ERASURES} {}", part("e", request));
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
    let items = whole(conn, partnership, rows).await?;
    Ok(page(items, request, |it| After { at: it.proposed.at, id: it.id.0 }))
}
