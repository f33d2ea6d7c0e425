//! The tables as they stood at an earlier instant, so that what was known then can be asked like what is known now.
//!
//! Temporary tables take the names of those that acts change, filled with the rows as the events recorded by then
//! make them, and go with the transaction. Every statement then reads them, unchanged: there is no second source of a
//! figure or a list that could differ from the first.

use std::collections::BTreeMap;

use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use jiff::Timestamp;

use super::escalation_rows::EpisodeRow;
use super::failure::StoreFailure;
use super::{escalations, events};
use crate::domain::escalation::Escalation;
use crate::domain::event::Event;
use crate::domain::ids::{EscalationId, PartnershipId};

/// The tables that acts change, by the column that names the escalation.
pub(super) const CHANGED: [(&str, &str); 6] = [
    ("escalation", "id"),
    ("episode", "escalation_id"),
    ("delay", "escalation_id"),
    ("stage_clock", "escalation_id"),
    ("holding", "escalation_id"),
    ("escalation_link", "escalation_id"),
];

/// The tables whose rows never change, each with the instant at which it was recorded.
const RECORDED: [&str; 2] = ["practice_record", "figure_exclusion"];

/// Puts everything that the rest of this transaction reads back to what had been recorded by `at`.
///
/// Reference data stays as it is: themes, agencies and calendars keep what they once said.
///
/// # Errors
/// The database fails, or events do not make an escalation.
pub(super) async fn put_back(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<(), StoreFailure> {
    in_temporary_tables(conn).await?;
    let mut tables = String::new();
    for table in RECORDED {
        tables.push_str(&format!(
            "create temporary view {table} as
             select * from public.{table} where partnership_id = '{partnership}' and recorded_at <= '{at}';"
        ));
    }
    conn.batch_execute(&tables).await?;
    let changed = events::changed_after(conn, partnership, at).await?;
    for (table, id) in CHANGED {
        let unchanged = format!(
            "insert into {table} select it.* from public.{table} it
             where it.partnership_id = $1 and it.{id} <> all($2)"
        );
        diesel::sql_query(unchanged)
            .bind::<SqlUuid, _>(partnership.0)
            .bind::<Array<SqlUuid>, _>(&changed)
            .execute(conn)
            .await?;
    }
    let past = events::recorded_by(conn, partnership, at, &changed).await?;
    insert_as_made_by(conn, partnership, &past).await?;
    // Without it the planner takes every one of these tables for ten pages. By the columns that join and divide them,
    // because that is quick.
    conn.batch_execute(
        "analyze escalation (partnership_id, id, raised_at, status),
                 episode (partnership_id, escalation_id, opened_at, ended_at),
                 stage_clock (partnership_id, escalation_id, kind, due_at, stopped_at)",
    )
    .await?;
    Ok(())
}

/// Lets the rest of this transaction read and write temporary tables, empty at first, in place of those that acts change.
///
/// # Errors
/// The database fails.
pub(super) async fn in_temporary_tables(conn: &mut AsyncPgConnection) -> Result<(), StoreFailure> {
    // Another path than the usual one, so that statements prepared before are looked up anew.
    let mut tables = String::from("set local search_path to pg_temp, public;");
    for (table, _) in CHANGED {
        tables.push_str(&format!(
            "create temporary table {table} (like public.{table} including defaults) on commit drop;"
        ));
    }
    Ok(conn.batch_execute(&tables).await?)
}

/// Inserts the rows of escalations as their events made them, the episodes before the last included.
pub(super) async fn insert_as_made_by(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    past: &Past,
) -> Result<(), StoreFailure> {
    let mut made = Vec::with_capacity(past.len());
    let mut earlier = Vec::new();
    for events in past.values() {
        let (first, acts) = events.split_first().ok_or(StoreFailure::Corrupt("event"))?;
        let raised = Escalation::from_first(partnership, first);
        let mut it = raised.ok_or(StoreFailure::Corrupt("event"))?;
        for event in acts {
            let before = EpisodeRow::of(&it)?;
            let number = it.episode.number;
            it.apply(event);
            if it.episode.number > number {
                earlier.push(before);
            }
        }
        made.push(it);
    }
    escalations::insert_many(conn, &made, &earlier).await
}

/// Escalations with all that was recorded of them by an instant.
pub(super) type Past = BTreeMap<EscalationId, Vec<Event>>;
