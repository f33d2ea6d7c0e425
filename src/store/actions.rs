//! Actions of reviews: appended with each thing that was said of them, and read back as they stood.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Date as SqlDate, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{review_action, review_action_state};
use crate::domain::action::{ActionState, Recorded, ReviewAction};
use crate::domain::free_text::FreeText;
use crate::domain::ids::{ActionId, AgencyId, ClientId, LearningId, PartnershipId};
use crate::domain::week::IsoWeek;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_action, check_for_backend(Pg), treat_none_as_default_value = false)]
struct ActionRow {
    partnership_id: Uuid,
    id: Uuid,
    week: SqlDate,
    title: String,
    owner_agency_id: Uuid,
    owner_role: String,
    plan_reference: Option<String>,
    learning_id: Option<Uuid>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = review_action_state, check_for_backend(Pg), treat_none_as_default_value = false)]
struct StateRow {
    partnership_id: Uuid,
    action_id: Uuid,
    version: i32,
    progress: String,
    impact: Option<String>,
    due_on: SqlDate,
    note: Option<String>,
    evidence: Option<String>,
    recorded_at: SqlTimestamp,
    recorded_by_role: String,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
}

/// A text that the table holds, as free text.
pub(super) fn stored<const MAX: usize>(
    text: &str,
    column: &'static str,
) -> Result<FreeText<MAX>, StoreFailure> {
    FreeText::parse(text).map_err(|_| StoreFailure::Corrupt(column))
}

impl StateRow {
    fn of(partnership: PartnershipId, action: ActionId, it: &ActionState) -> Self {
        Self {
            partnership_id: partnership.0,
            action_id: action.0,
            version: it.version,
            progress: it.progress.into(),
            impact: it.impact.map(Into::into),
            due_on: it.due_on.into(),
            note: it.note.clone().map(Into::into),
            evidence: it.evidence.clone().map(Into::into),
            recorded_at: it.recorded.at.into(),
            recorded_by_role: it.recorded.role.into(),
            recorded_by_client_id: it.recorded.client.0,
            recorded_by_subject: it.recorded.subject.clone(),
        }
    }

    fn into_domain(self) -> Result<ActionState, StoreFailure> {
        let text = |text: Option<String>, column| {
            text.as_deref().map(|text| stored(text, column)).transpose()
        };
        Ok(ActionState {
            version: self.version,
            progress: code(&self.progress, "review_action_state.progress")?,
            impact: self.impact.map(|it| code(&it, "review_action_state.impact")).transpose()?,
            due_on: self.due_on.to_jiff(),
            note: text(self.note, "review_action_state.note")?,
            evidence: text(self.evidence, "review_action_state.evidence")?,
            recorded: Recorded {
                at: self.recorded_at.to_jiff(),
                role: code(&self.recorded_by_role, "review_action_state.recorded_by_role")?,
                client: ClientId(self.recorded_by_client_id),
                subject: self.recorded_by_subject,
            },
        })
    }
}

/// Stores an action as it was agreed.
///
/// # Errors
/// The constraint of a foreign key; the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    it: &ReviewAction,
) -> Result<(), StoreFailure> {
    let row = ActionRow {
        partnership_id: partnership.0,
        id: it.id.0,
        week: it.week.monday().into(),
        title: it.title.as_str().to_owned(),
        owner_agency_id: it.owner_agency.0,
        owner_role: it.owner_role.as_str().to_owned(),
        plan_reference: it.plan_reference.clone().map(Into::into),
        learning_id: it.learning.map(|it| it.0),
    };
    diesel::insert_into(review_action::table).values(row).execute(conn).await?;
    append(conn, partnership, it.id, &it.state).await
}

/// Appends how an action stands.
///
/// # Errors
/// The constraint `review_action_state_pkey` when somebody else has just said something of it; the database fails.
pub async fn append(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    action: ActionId,
    it: &ActionState,
) -> Result<(), StoreFailure> {
    let row = StateRow::of(partnership, action, it);
    diesel::insert_into(review_action_state::table).values(row).execute(conn).await?;
    Ok(())
}

/// Every action as it stood at an instant, with all that was said of it before; those agreed later are not among them.
///
/// # Errors
/// The database fails.
pub async fn known_at(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    at: Timestamp,
) -> Result<Vec<ReviewAction>, StoreFailure> {
    let rows: Vec<StateRow> = review_action_state::table
        .filter(review_action_state::partnership_id.eq(partnership.0))
        .filter(review_action_state::recorded_at.le(SqlTimestamp::from(at)))
        .order((review_action_state::action_id, review_action_state::version))
        .select(StateRow::as_select())
        .load(conn)
        .await?;
    let mut states: BTreeMap<Uuid, Vec<ActionState>> = BTreeMap::new();
    for row in rows {
        states.entry(row.action_id).or_default().push(row.into_domain()?);
    }
    let rows: Vec<ActionRow> = review_action::table
        .filter(review_action::partnership_id.eq(partnership.0))
        .order(review_action::id)
        .select(ActionRow::as_select())
        .load(conn)
        .await?;
    let mut actions = Vec::new();
    for row in rows {
        let Some(mut earlier) = states.remove(&row.id) else { continue };
        let Some(state) = earlier.pop() else { continue };
        let plan = row.plan_reference.as_deref();
        actions.push(ReviewAction {
            id: ActionId(row.id),
            week: IsoWeek::of_date(row.week.to_jiff()),
            title: stored(&row.title, "review_action.title")?,
            owner_agency: AgencyId(row.owner_agency_id),
            owner_role: stored(&row.owner_role, "review_action.owner_role")?,
            plan_reference: plan
                .map(|it| stored(it, "review_action.plan_reference"))
                .transpose()?,
            learning: row.learning_id.map(LearningId),
            state,
            earlier,
        });
    }
    Ok(actions)
}
