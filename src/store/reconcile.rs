//! Whether tables and chains account for each other: nothing is stored of which no chain tells, and what escalations stand
//! at is what their events made of them.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use jiff::Timestamp;
use uuid::Uuid;

use super::as_of::{CHANGED, in_temporary_tables, insert_as_made_by};
use super::events;
use super::failure::StoreFailure;
use crate::domain::evidence::Finding;
use crate::domain::ids::{EscalationId, PartnershipId};

/// What is counted: the table, how many rows it has, and of how many the chains tell.
const COUNTED: [(&str, &str, &str); 7] = [
    (
        "event",
        "select count(*) from event where partnership_id = $1",
        "select (select count(*) from feed_entry where partnership_id = $1 and event_id is not null)
              + (select count(*) from feed_pending where partnership_id = $1 and event_id is not null)",
    ),
    (
        "timer",
        "select count(*) from timer where partnership_id = $1 and result = 'fired'",
        "select (select count(*) from feed_entry where partnership_id = $1 and timer_id is not null)
              + (select count(*) from feed_pending where partnership_id = $1 and timer_id is not null)",
    ),
    (
        "access_event",
        "select count(*) from access_event where partnership_id = $1",
        "select (select count(*) from access_entry where partnership_id = $1)
              + (select count(*) from access_pending where partnership_id = $1)",
    ),
    (
        "access_seen",
        "select count(*) from access_seen where partnership_id = $1",
        "select coalesce(sum(cardinality(escalation_ids)), 0) from access_event where partnership_id = $1",
    ),
    (
        "event_text",
        "select count(*) from event_text where partnership_id = $1",
        "select count(*) from event e
         cross join lateral (select from jsonb_object_keys(coalesce(e.text_hashes, '{}'))) told
         where e.partnership_id = $1 and not exists (
             select from event gone where gone.partnership_id = e.partnership_id
               and gone.escalation_id = e.escalation_id and gone.event_type = 'erased')",
    ),
    // References that are gone are told of by the event of their erasure.
    (
        "escalation_child",
        "select -count(*) from escalation_child where partnership_id = $1 and child_key is null",
        "select -coalesce(sum((data ->> 'children')::bigint), 0) from event
         where partnership_id = $1 and event_type in ('erased', 'child_erased')",
    ),
    (
        "erased_escalation",
        "select count(*) from erased_escalation where partnership_id = $1",
        "select count(*) from event where partnership_id = $1 and event_type in ('erased', 'child_erased')",
    ),
];

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    more: i64,
}

/// The tables that have more or fewer rows than the chains tell of.
///
/// # Errors
/// The database fails.
pub async fn unaccounted(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
) -> Result<Vec<Finding>, StoreFailure> {
    let mut findings = Vec::new();
    for (table, there, told) in COUNTED {
        let counted: Counted = sql_query(format!("select (({there}) - ({told}))::bigint as more"))
            .bind::<SqlUuid, _>(partnership.0)
            .get_result(conn)
            .await?;
        if counted.more != 0 {
            findings.push(Finding::Unaccounted { table, rows: counted.more });
        }
    }
    Ok(findings)
}

/// Makes ready for [`not_as_their_events`] in this transaction.
///
/// # Errors
/// The database fails.
pub async fn begin(conn: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    in_temporary_tables(conn).await
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The escalations after this one of which there is a row or an event, at most `limit`, in the order of their identifiers.
///
/// # Errors
/// The database fails.
pub async fn escalations_after(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    after: EscalationId,
    limit: i64,
) -> Result<Vec<EscalationId>, StoreFailure> {
    let rows: Vec<IdRow> = sql_query(
        "(select id from public.escalation where partnership_id = $1 and id > $2 order by id limit $3)
         union
         (select escalation_id from public.event
          where partnership_id = $1 and escalation_id > $2 and version = 1 order by escalation_id limit $3)
         order by 1 limit $3",
    )
    .bind::<SqlUuid, _>(partnership.0)
    .bind::<SqlUuid, _>(after.0)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| EscalationId(row.id)).collect())
}

#[derive(QueryableByName)]
struct Differing {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = SqlUuid)]
    escalation: Uuid,
}

/// Which of these escalations have rows that are not those that their events make.
///
/// # Errors
/// The database fails, or events do not make an escalation.
pub async fn not_as_their_events(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    of: &[EscalationId],
) -> Result<Vec<Finding>, StoreFailure> {
    let ids: Vec<Uuid> = of.iter().map(|id| id.0).collect();
    let tables = CHANGED.map(|(table, _)| format!("pg_temp.{table}")).join(", ");
    conn.batch_execute(&format!("truncate {tables}")).await?;
    let past = events::recorded_by(conn, partnership, Timestamp::MAX, &ids).await?;
    insert_as_made_by(conn, partnership, &past).await?;
    let mut differing = Vec::new();
    for (table, id) in CHANGED {
        differing.push(format!(
            "select '{table}' as of, {id} as escalation from
                 ((select * from public.{table} where partnership_id = $1 and {id} = any($2)
                   except all select * from pg_temp.{table})
                  union all
                  (select * from pg_temp.{table}
                   except all select * from public.{table} where partnership_id = $1 and {id} = any($2))) differing"
        ));
    }
    let sql = format!("{} order by 2, 1", differing.join(" union "));
    let rows: Vec<Differing> = sql_query(sql)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .load(conn)
        .await?;
    let finding = |row: Differing| {
        let (table, _) = CHANGED.into_iter().find(|(table, _)| *table == row.of)?;
        Some(Finding::NotAsItsEvents { table, escalation: EscalationId(row.escalation) })
    };
    Ok(rows.into_iter().filter_map(finding).collect())
}
