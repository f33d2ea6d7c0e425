//! Who held an escalation, turn by turn, with its links: rows that follow each other and are only added to.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::escalations::ROWS_A_STATEMENT;
use super::failure::StoreFailure;
use super::schema::{escalation_link, holding};
use crate::domain::child_time::Holding;
use crate::domain::escalation::Escalation;
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::link::Link;

#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = holding, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
struct HoldingRow {
    partnership_id: Uuid,
    escalation_id: Uuid,
    position: i16,
    holder: String,
    agency_id: Option<Uuid>,
    from_at: SqlTimestamp,
    to_at: NullableTimestamp,
    until_at: NullableTimestamp,
}

#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = escalation_link, check_for_backend(diesel::pg::Pg))]
struct LinkRow {
    partnership_id: Uuid,
    escalation_id: Uuid,
    position: i16,
    kind: String,
    to_escalation_id: Uuid,
    linked_at: SqlTimestamp,
}

fn position(index: usize) -> Result<i16, StoreFailure> {
    i16::try_from(index).map_err(|_| StoreFailure::Corrupt("position"))
}

/// Stores the turns and links of new escalations.
pub(super) async fn insert_many(
    conn: &mut AsyncPgConnection,
    all: &[Escalation],
) -> Result<(), StoreFailure> {
    let turns = all.iter().map(|it| turn_rows(it, 0)).collect::<Result<Vec<_>, _>>()?.concat();
    let links = all.iter().map(|it| link_rows(it, 0)).collect::<Result<Vec<_>, _>>()?.concat();
    add(conn, &turns, &links).await
}

async fn add(
    conn: &mut AsyncPgConnection,
    turns: &[HoldingRow],
    links: &[LinkRow],
) -> Result<(), StoreFailure> {
    for rows in turns.chunks(ROWS_A_STATEMENT) {
        diesel::insert_into(holding::table).values(rows).execute(conn).await?;
    }
    for rows in links.chunks(ROWS_A_STATEMENT) {
        diesel::insert_into(escalation_link::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// The rows of the turns of an escalation from this position on.
fn turn_rows(it: &Escalation, from: usize) -> Result<Vec<HoldingRow>, StoreFailure> {
    let turns = it.holdings.iter().enumerate().skip(from);
    turns
        .map(|(index, turn)| {
            Ok(HoldingRow {
                partnership_id: it.partnership.0,
                escalation_id: it.id.0,
                position: position(index)?,
                holder: turn.holder.into(),
                agency_id: turn.agency.map(|agency| agency.0),
                from_at: turn.from.into(),
                to_at: turn.to.into(),
                until_at: turn.until.into(),
            })
        })
        .collect()
}

/// The rows of the links of an escalation from this position on.
fn link_rows(it: &Escalation, from: usize) -> Result<Vec<LinkRow>, StoreFailure> {
    let links = it.links.iter().enumerate().skip(from);
    links
        .map(|(index, link)| {
            Ok(LinkRow {
                partnership_id: it.partnership.0,
                escalation_id: it.id.0,
                position: position(index)?,
                kind: link.kind.into(),
                to_escalation_id: link.to.0,
                linked_at: link.at.into(),
            })
        })
        .collect()
}

/// Stores what acts changed: the end of the last turn that was known, and what came after it.
pub(super) async fn save(
    conn: &mut AsyncPgConnection,
    before: &Escalation,
    after: &Escalation,
) -> Result<(), StoreFailure> {
    for (index, (was, is)) in before.holdings.iter().zip(&after.holdings).enumerate() {
        if was.to != is.to {
            let key = (after.partnership.0, after.id.0, position(index)?);
            diesel::update(holding::table.find(key))
                .set(holding::to_at.eq(NullableTimestamp::from(is.to)))
                .execute(conn)
                .await?;
        }
    }
    let turns = turn_rows(after, before.holdings.len())?;
    let links = link_rows(after, before.links.len())?;
    add(conn, &turns, &links).await
}

/// The turns and the links of escalations, each oldest first.
pub(super) async fn of_many(
    conn: &mut AsyncPgConnection,
    partnership: Uuid,
    escalations: &[Uuid],
) -> Result<HashMap<Uuid, (Vec<Holding>, Vec<Link>)>, StoreFailure> {
    let turns: Vec<HoldingRow> = holding::table
        .filter(holding::partnership_id.eq(partnership))
        .filter(holding::escalation_id.eq_any(escalations))
        .order(holding::position)
        .select(HoldingRow::as_select())
        .load(conn)
        .await?;
    let links: Vec<LinkRow> = escalation_link::table
        .filter(escalation_link::partnership_id.eq(partnership))
        .filter(escalation_link::escalation_id.eq_any(escalations))
        .order(escalation_link::position)
        .select(LinkRow::as_select())
        .load(conn)
        .await?;
    let mut found: HashMap<Uuid, (Vec<Holding>, Vec<Link>)> = HashMap::new();
    for row in turns {
        found.entry(row.escalation_id).or_default().0.push(row.into_domain()?);
    }
    for row in links {
        let link = Link {
            kind: code(&row.kind, "escalation_link.kind")?,
            to: EscalationId(row.to_escalation_id),
            at: row.linked_at.to_jiff(),
        };
        found.entry(row.escalation_id).or_default().1.push(link);
    }
    Ok(found)
}

impl HoldingRow {
    fn into_domain(self) -> Result<Holding, StoreFailure> {
        Ok(Holding {
            holder: code(&self.holder, "holding.holder")?,
            agency: self.agency_id.map(AgencyId),
            from: self.from_at.to_jiff(),
            to: self.to_at.to_jiff(),
            until: self.until_at.to_jiff(),
        })
    }
}
