//! The rows that are about one child, table by table, as the database writes them.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Binary, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::failure::StoreFailure;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::domain::subject_export::Found;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// For whom rows are read: the child's keyed hash and the escalations in which it is.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The partnership.
    pub partnership: PartnershipId,
    /// The child, as the partnership's key hashes it.
    pub child_key: &'a [u8],
    /// The child's escalations.
    pub escalations: &'a [EscalationId],
}

/// The rows of one table of this crate's own list, in an order that tells the story.
///
/// # Errors
/// The database fails.
pub async fn rows(
    conn: &mut AsyncPgConnection,
    subject: Subject<'_>,
    table: &'static str,
    found: Found,
) -> Result<Vec<Value>, StoreFailure> {
    let (row, condition, order) = parts(found);
    // All three are bound whatever a table needs of them, so that one statement serves every table.
    let sql = format!(
        "with asked as (select $1::uuid as partnership, $2::uuid[] as ids, $3::bytea as child)
         select ({row})::text as row from asked join {table} t on t.partnership_id = asked.partnership
         where {condition} order by {order}"
    );
    let ids: Vec<Uuid> = subject.escalations.iter().map(|it| it.0).collect();
    let rows: Vec<Row> = sql_query(sql)
        .bind::<SqlUuid, _>(subject.partnership.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Binary, _>(subject.child_key)
        .load(conn)
        .await?;
    let read = |it: Row| serde_json::from_str(&it.row).map_err(|_| StoreFailure::Corrupt(table));
    rows.into_iter().map(read).collect()
}

/// What is shown of a row, which rows, and in which order.
const fn parts(found: Found) -> (&'static str, &'static str, &'static str) {
    const OWN_LEARNING: &str =
        "t.learning_id in (select l.id from review_learning l
                           where l.partnership_id = asked.partnership and l.escalations && asked.ids)";
    const WHOLE: &str = "to_jsonb(t)";
    const OWN_HOLD: &str =
        "t.hold_id in (select h.id from legal_hold h where h.partnership_id = asked.partnership
                           and (h.escalation_id = any (asked.ids) or h.child_key = asked.child))";
    const OWN_ERASURE: &str =
        "t.erasure_id in (select h.id from erasure h where h.partnership_id = asked.partnership
                           and (h.escalation_id = any (asked.ids) or h.child_key = asked.child))";
    match found {
        Found::Escalation => (WHOLE, "t.id = any (asked.ids)", "t.raised_at, t.id"),
        // The last column of each primary key counts what belongs to an escalation.
        Found::OfEscalation => (WHOLE, "t.escalation_id = any (asked.ids)", "t.escalation_id, t"),
        Found::Children => (
            "jsonb_build_object('escalation_id', t.escalation_id, 'position', t.position,
                'scheme', case when t.child_key = asked.child then t.scheme end,
                'this_child', coalesce(t.child_key = asked.child, false))",
            "t.escalation_id = any (asked.ids)",
            "t.escalation_id, t.position",
        ),
        Found::Learning => (
            "to_jsonb(t) || jsonb_build_object('escalations',
                (select jsonb_agg(it) from unnest(t.escalations) it where it = any (asked.ids)))",
            "t.escalations && asked.ids",
            "t.recorded_at, t.id",
        ),
        Found::LearningResult => (WHOLE, OWN_LEARNING, "t.recorded_at, t.learning_id"),
        Found::Reviews => (
            WHOLE,
            "exists (select from escalation e where e.partnership_id = asked.partnership and e.id = any (asked.ids)
                     and position('\"' || e.reference || '\"' in t.pack) > 0)",
            "t.week, t.version",
        ),
        Found::Disposal => (
            WHOLE,
            "t.escalation_id = any (asked.ids) or t.child_key = asked.child",
            "t.recorded_at, t.id",
        ),
        Found::HoldLift => (WHOLE, OWN_HOLD, "t.recorded_at, t.hold_id"),
        Found::ErasureDecision => (WHOLE, OWN_ERASURE, "t.recorded_at, t.erasure_id"),
        Found::Reads => (
            "(to_jsonb(t) - 'escalation_ids') || jsonb_build_object('escalation_ids',
                (select jsonb_agg(it) from unnest(t.escalation_ids) it where it = any (asked.ids)))",
            "(t.at, t.id) in (select s.at, s.access_id from access_seen s
                where s.partnership_id = asked.partnership and s.escalation_id = any (asked.ids))",
            "t.at, t.id",
        ),
    }
}
