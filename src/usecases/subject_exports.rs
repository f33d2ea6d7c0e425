//! Everything that is held about one child, in one reading of one state: nothing of it leaves unless it is on record who
//! took it, and what for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::{keys, open_children};
use super::reading::{Shown, read};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{AccessPurpose, FieldsShown, Seen};
use crate::domain::child_reference::ChildReference;
use crate::domain::escalation::Escalation;
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::subject_export::{
    Around, Decision, Found, TABLES, TableDecision, withdrawn, without_columns,
};
use crate::store::session::Connection;
use crate::store::subject_exports::{Subject, rows};
use crate::store::{access_events, escalations};

/// The rows of one table.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// The table, with its heading.
    pub table: &'static TableDecision,
    /// Its rows, without what is withheld.
    pub rows: Vec<Value>,
}

/// One escalation of the child.
#[derive(Debug, Clone)]
pub struct SubjectEscalation {
    /// Its identifier.
    pub id: EscalationId,
    /// The reference by which people speak of it.
    pub reference: String,
    /// What is held, table by table.
    pub tables: Vec<TableRows>,
}

/// Everything that is held about a child.
#[derive(Debug, Clone)]
pub struct SubjectExport {
    /// The escalations, in the order in which they were recorded.
    pub escalations: Vec<SubjectEscalation>,
    /// What belongs to no single one: learning, signed reviews, who was shown them.
    pub beside: Vec<TableRows>,
}

/// Everything that is held about this child. That it was asked for is on record, also where nothing is held.
///
/// # Errors
/// The caller may not; a reference does not open; or the database fails, also at recording who took it.
pub async fn of_child(
    deps: &Deps,
    caller: &Caller,
    child: &ChildReference,
    purpose: AccessPurpose,
) -> Result<SubjectExport, Failure> {
    let reach = caller.may(Action::ExportSubject).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let key = keys(deps, caller.partnership).await?.child_key(child);
    let mut caller = caller.clone();
    if let Some(call) = &mut caller.call {
        call.purpose = Some(purpose);
    }
    read(deps, &caller, reach, async |conn| {
        let ids = access_events::escalations_of_child(conn, caller.partnership, &key).await?;
        let subject =
            Subject { partnership: caller.partnership, child_key: &key, escalations: &ids };
        let around = around(deps, conn, &agreed, child, &ids).await?;
        let export = gather(conn, subject, around).await?;
        let seen = Seen::of(ids.clone(), FieldsShown::WithChildReferences).searched();
        Ok(Shown::so(export, seen))
    })
    .await
}

/// What has to be known of each escalation to show its rows.
async fn around(
    deps: &Deps,
    conn: &mut Connection,
    agreed: &Partnership,
    child: &ChildReference,
    ids: &[EscalationId],
) -> Result<BTreeMap<EscalationId, Around>, Failure> {
    let own: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    let agencies: BTreeSet<String> = agreed.agencies.iter().map(|it| it.id.to_string()).collect();
    let whole = escalations::many(conn, agreed.id, ids).await?;
    let mut all = BTreeMap::new();
    for id in ids {
        let escalation: &Escalation = whole.get(id).ok_or(Failure::NotFound)?;
        let stored = escalations::children(conn, agreed.id, *id).await?;
        let opened = open_children(deps, conn, (agreed.id, *id), &stored).await?;
        let siblings = opened.iter().filter(|it| *it != child).map(|it| it.value().to_owned());
        let it = Around {
            visibility: Some(escalation.facts.raiser_visibility),
            raiser: raiser(deps, agreed, escalation.facts.raised_by),
            siblings: siblings.collect(),
            own: own.clone(),
            agencies: agencies.clone(),
            withdrawn: BTreeSet::new(),
        };
        all.insert(*id, it);
    }
    Ok(all)
}

/// Whatever names the raising agency: its identifier, and those of agencies that took over its duties.
fn raiser(deps: &Deps, agreed: &Partnership, raised_by: AgencyId) -> BTreeSet<String> {
    let today = local_date(deps.clock.now());
    let took_over = agreed
        .agencies
        .iter()
        .filter(|it| agreed.predecessors_of(it.id, today).contains(&raised_by))
        .map(|it| it.id);
    took_over.chain([raised_by]).map(|it| it.to_string()).collect()
}

async fn gather(
    conn: &mut Connection,
    subject: Subject<'_>,
    mut around: BTreeMap<EscalationId, Around>,
) -> Result<SubjectExport, Failure> {
    let mut of: BTreeMap<EscalationId, Vec<TableRows>> = BTreeMap::new();
    let mut order: Vec<(EscalationId, String)> = Vec::new();
    let mut beside = Vec::new();
    let events = rows(conn, subject, "event", Found::OfEscalation).await?;
    for (id, it) in &mut around {
        let own: Vec<Value> =
            events.iter().filter(|row| names(row, "escalation_id", *id)).cloned().collect();
        it.withdrawn =
            it.visibility.map(|visibility| withdrawn(visibility, &own)).unwrap_or_default();
    }
    for table in TABLES {
        let Decision::Exported(found) = table.decision else { continue };
        let stored = match table.table {
            "event" => events.clone(),
            name => rows(conn, subject, name, found).await?,
        };
        let by = match found {
            Found::Escalation => "id",
            Found::OfEscalation | Found::Children => "escalation_id",
            Found::Learning
            | Found::LearningResult
            | Found::Reviews
            | Found::Reads
            | Found::Disposal
            | Found::HoldLift
            | Found::ErasureDecision => {
                let shown = stored.into_iter().map(|row| beside_shown(&around, table, row));
                beside.push(TableRows { table, rows: shown.collect() });
                continue;
            }
        };
        for (id, it) in &around {
            let own = stored.iter().filter(|row| names(row, by, *id));
            if found == Found::Escalation {
                let reference = own.clone().find_map(|row| row.get("reference")?.as_str());
                order.extend(reference.map(|it| (*id, it.to_owned())));
            }
            let shown = own.map(|row| it.shown(table.table, without_columns(row.clone())));
            let rows: Vec<Value> = shown.collect();
            if !rows.is_empty() {
                of.entry(*id).or_default().push(TableRows { table, rows });
            }
        }
    }
    // Identifiers are made in the order of time.
    let escalations = order.into_iter().map(|(id, reference)| SubjectEscalation {
        id,
        reference,
        tables: of.remove(&id).unwrap_or_default(),
    });
    Ok(SubjectExport { escalations: escalations.collect(), beside })
}

fn names(row: &Value, column: &str, id: EscalationId) -> bool {
    row.get(column).and_then(Value::as_str) == Some(id.to_string().as_str())
}

/// A row that may name several escalations: what is withheld for one of them is withheld.
fn beside_shown(
    around: &BTreeMap<EscalationId, Around>,
    table: &TableDecision,
    row: Value,
) -> Value {
    let named = row.get("escalation_ids").or_else(|| row.get("escalations")).cloned();
    let row = without_columns(row);
    let Some(Value::Array(named)) = named else {
        // It names none: all of them count.
        return around.values().fold(row, |row, it| it.shown(table.table, row));
    };
    let mut of = around.iter().filter(|(id, _)| named.iter().any(|it| *it == id.to_string()));
    of.next().map_or(row.clone(), |(_, first)| {
        of.fold(first.shown(table.table, row), |row, (_, it)| it.shown(table.table, row))
    })
}
