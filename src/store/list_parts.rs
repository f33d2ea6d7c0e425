//! What the lists share: the conditions on an escalation, its line, and the cutting of pages.

use diesel::pg::Pg;
use diesel::prelude::*;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::escalation;
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::listing::{After, EscalationSummary, Page, PageRequest};
use crate::domain::theme::ThemeCode;

/// The conditions of a filter on the escalation alone.
macro_rules! escalation_filters {
    ($query:expr, $partnership:expr, $filter:expr) => {{
        let filter: &EscalationFilter = $filter;
        let mut query = $query.filter(escalation::partnership_id.eq($partnership.0));
        if let Some(status) = filter.status {
            query = query.filter(escalation::status.eq(String::from(status)));
        }
        if let Some(themes) = &filter.themes {
            query = query.filter(escalation::theme_code.eq_any(themes.clone()));
        }
        if let Some(urgency) = filter.urgency {
            query = query.filter(escalation::urgency.eq(String::from(urgency)));
        }
        if let Some(agency) = filter.raised_by {
            query = query.filter(escalation::raised_by_agency_id.eq(agency.0));
        }
        if let Some(agency) = filter.raised_with {
            query = query.filter(escalation::raised_with_agency_id.eq(agency.0));
        }
        if let Some(from) = filter.raised.from {
            query = query.filter(escalation::raised_at.ge(SqlTimestamp::from(from)));
        }
        if let Some(to) = filter.raised.to {
            query = query.filter(escalation::raised_at.lt(SqlTimestamp::from(to)));
        }
        if let Some(late) = filter.received_late {
            let is_late = diesel::dsl::sql::<Bool>(super::weekly::RECEIVED_LATE);
            query = query.filter(is_late.eq(late));
        }
        if let Some(excluded) = filter.excluded {
            let is_left_out = diesel::dsl::sql::<Bool>(super::exclusions::LEFT_OUT);
            query = query.filter(is_left_out.eq(excluded));
        }
        if let Some(kind) = filter.next_due_clock {
            query = query.filter(escalation::next_due_kind.eq(String::from(kind)));
        }
        if let Some(from) = filter.next_due.from {
            query = query.filter(escalation::next_due_at.ge(NullableTimestamp::from(Some(from))));
        }
        if let Some(to) = filter.next_due.to {
            query = query.filter(escalation::next_due_at.lt(NullableTimestamp::from(Some(to))));
        }
        let asks_who = filter.raised_by.is_some()
            || filter.source.is_some()
            || filter.external_reference.is_some();
        if let Some(own) = filter.protected_from.as_ref().filter(|_| asks_who) {
            let own: Vec<Uuid> = own.iter().map(|agency| agency.0).collect();
            query = query.filter(
                escalation::raiser_visibility
                    .eq(RaiserVisibility::Named.code())
                    .or(escalation::raised_by_agency_id.eq_any(own)),
            );
        }
        if let Some(source) = &filter.source {
            query = query.filter(escalation::source.eq(source.clone()));
        }
        if let Some(reference) = &filter.external_reference {
            query = query.filter(escalation::external_reference.eq(reference.clone()));
        }
        query
    }};
}
pub(super) use escalation_filters;

#[derive(Queryable, Selectable)]
#[diesel(table_name = escalation, check_for_backend(Pg))]
pub(super) struct SummaryRow {
    id: Uuid,
    reference: String,
    version: i32,
    status: String,
    stage: i16,
    episode: i16,
    scope: String,
    urgency: String,
    theme_code: String,
    raised_by_agency_id: Uuid,
    raised_with_agency_id: Uuid,
    raised_at: SqlTimestamp,
    received_at: SqlTimestamp,
    child_count: i32,
    changed_at: SqlTimestamp,
    next_due_at: NullableTimestamp,
    next_due_kind: Option<String>,
}

impl SummaryRow {
    pub(super) fn into_domain(self) -> Result<EscalationSummary, StoreFailure> {
        Ok(EscalationSummary {
            id: EscalationId(self.id),
            reference: self.reference,
            version: self.version,
            status: code(&self.status, "escalation.status")?,
            stage: u8::try_from(self.stage).map_err(|_| StoreFailure::Corrupt("stage"))?,
            episode: u16::try_from(self.episode).map_err(|_| StoreFailure::Corrupt("episode"))?,
            scope: code(&self.scope, "escalation.scope")?,
            urgency: code(&self.urgency, "escalation.urgency")?,
            theme: ThemeCode(self.theme_code),
            raised_by: AgencyId(self.raised_by_agency_id),
            raised_with: AgencyId(self.raised_with_agency_id),
            raised_at: self.raised_at.to_jiff(),
            received_at: self.received_at.to_jiff(),
            child_count: self.child_count,
            changed_at: self.changed_at.to_jiff(),
            next_due_at: self.next_due_at.to_jiff(),
            next_due_clock: self
                .next_due_kind
                .map(|kind| code(&kind, "escalation.next_due_kind"))
                .transpose()?,
            erased: false,
            standing: None,
            sight: None,
        })
    }
}

/// Splits off the line that was read only to learn whether there is a next page.
pub(super) fn page<T>(
    mut items: Vec<T>,
    request: PageRequest,
    key: impl Fn(&T) -> After,
) -> Page<T> {
    let wanted = usize::try_from(request.limit).unwrap_or(0);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = if more { items.last().map(key) } else { None };
    Page { items, next }
}
