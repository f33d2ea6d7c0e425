//! The filters of lists, read from a query. An unknown code is a fault, never an empty list.

use jiff::Timestamp;
use utoipa::IntoParams;

use super::field_codes::FieldCode;
use super::paging::Sort;
use super::query::QueryReader;
use crate::domain::escalation::Status;
use crate::domain::ids::AgencyId;
use crate::domain::listing::{ClockFilter, EpisodeFilter, EscalationFilter, Span};
use crate::domain::partnership::Partnership;
use crate::domain::urgency::Urgency;

/// The filters that every list has. `stage` is the stage reached, in a list of clocks the stage that set the limit.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the contract reads it")]
pub struct CommonParameters {
    /// Where the escalation stands.
    status: Option<Status>,
    /// Code of its primary theme.
    theme: Option<String>,
    /// Code of the group of its primary theme.
    group: Option<String>,
    /// The stage that it reached; in a list of clocks, the stage that set the limit.
    #[param(minimum = 0, maximum = 9)]
    stage: Option<u8>,
    /// Its urgency.
    urgency: Option<Urgency>,
    /// Code of the agency that raised it.
    raised_by_agency: Option<String>,
    /// Code of the agency that must answer.
    raised_with_agency: Option<String>,
    /// The sending system.
    source: Option<String>,
    /// The sending system's reference.
    external_reference: Option<String>,
    /// Whether it was received more than 5 times 24 hours after it was raised.
    received_late: Option<bool>,
    /// Whether it is left out of the figures, because two people decided so.
    excluded: Option<bool>,
    /// What had been recorded by this instant, as it stood then. Not in the future.
    as_of: Option<super::times::Instant>,
}

/// The parameters of the order and part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the contract reads it")]
pub struct PageParameters {
    /// The order: by `raised_at`, of episodes by `opened_at`, of clocks by `due_at`.
    sort: Option<Sort>,
    /// Lines of a page, 1 to 200; 50 when not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// From `links.next`; good for 24 hours.
    cursor: Option<String>,
}

/// The parameter that asks for what was known then.
pub const AS_OF: &str = "as_of";

/// The names of [`PageParameters`].
pub const PAGE: &[&str] = &["sort", "limit", "cursor"];

/// The names of [`CommonParameters`].
pub const COMMON: &[&str] = &[
    "status",
    "theme",
    "group",
    "stage",
    "urgency",
    "raised_by_agency",
    "raised_with_agency",
    "source",
    "external_reference",
    "received_late",
    "excluded",
    AS_OF,
];

/// Which escalations. `by_raising` adds the parameters that only their own list has.
pub fn escalation_filter(
    query: &mut QueryReader,
    agreed: &Partnership,
    by_raising: bool,
    now: Timestamp,
) -> EscalationFilter {
    let mut filter = EscalationFilter {
        status: query.code("status"),
        themes: themes(query, agreed),
        stage: query.integer("stage", 0, 9).and_then(|stage| u8::try_from(stage).ok()),
        urgency: query.code("urgency"),
        raised_by: agency(query, agreed, "raised_by_agency"),
        raised_with: agency(query, agreed, "raised_with_agency"),
        received_late: query.flag("received_late"),
        excluded: query.flag("excluded"),
        source: query.identifier("source").map(|it| it.into_string()),
        external_reference: query.identifier("external_reference").map(|it| it.into_string()),
        as_of: as_of(query, now),
        ..EscalationFilter::default()
    };
    if by_raising {
        filter.raised = span(query, "raised_from", "raised_to");
        filter.overdue = query.flag("overdue");
        filter.next_due = span(query, "next_due_from", "next_due_to");
        filter.next_due_clock = query.code("next_due_clock");
    }
    filter
}

/// The instant whose knowledge is asked for. What will be known in the future nobody can say.
pub fn as_of(query: &mut QueryReader, now: Timestamp) -> Option<Timestamp> {
    let at = query.instant(AS_OF)?.0;
    if at <= now {
        return Some(at);
    }
    let detail = "It lies in the future; what will be known then cannot be said.".to_owned();
    query.refuse_with(AS_OF, FieldCode::OutOfRange, detail);
    None
}

/// Which episodes.
pub fn episode_filter(query: &mut QueryReader) -> EpisodeFilter {
    EpisodeFilter {
        opened: span(query, "opened_from", "opened_to"),
        ended: span(query, "ended_from", "ended_to"),
        reopened: query.flag("reopened"),
        resolved: query.flag("resolved"),
        same_day: query.flag("same_day"),
        open_at: query.instant("open_at").map(|at| at.0),
    }
}

/// Which clocks.
pub fn clock_filter(query: &mut QueryReader) -> ClockFilter {
    ClockFilter {
        kind: query.code("kind"),
        due: span(query, "due_from", "due_to"),
        counted: query.flag("counted"),
        in_time: query.flag("in_time"),
        overdue_at: query.instant("overdue_at").map(|at| at.0),
    }
}

/// The agency that a parameter names, by code or alias.
pub fn agency(query: &mut QueryReader, agreed: &Partnership, name: &str) -> Option<AgencyId> {
    let found = agreed.agency(query.raw(name)?).map(|agency| agency.id);
    if found.is_none() {
        let detail = "This partnership has no such agency; see /v1/reference/agencies.".to_owned();
        query.refuse_with(name, FieldCode::UnknownReference, detail);
    }
    found
}

/// The theme that a parameter names.
pub fn theme(query: &mut QueryReader, agreed: &Partnership) -> Option<String> {
    let found = agreed.theme(query.raw("theme")?).map(|theme| theme.code.clone());
    if found.is_none() {
        let detail = "This partnership has no such theme; see /v1/reference/themes.".to_owned();
        query.refuse_with("theme", FieldCode::UnknownReference, detail);
    }
    found
}

/// The themes that `theme` and `group` leave; a theme outside the group leaves none.
pub fn themes(query: &mut QueryReader, agreed: &Partnership) -> Option<Vec<String>> {
    let one = theme(query, agreed);
    let group = query.raw("group").map(str::to_owned);
    let of_group = group.map(|group| {
        agreed
            .themes
            .iter()
            .filter(|theme| theme.group_code == group)
            .map(|theme| theme.code.clone())
            .collect::<Vec<_>>()
    });
    if of_group.as_ref().is_some_and(Vec::is_empty) {
        let detail = "This partnership has no such group; see /v1/reference/themes.".to_owned();
        query.refuse_with("group", FieldCode::UnknownReference, detail);
    }
    match (one, of_group) {
        (None, of_group) => of_group,
        (Some(one), None) => Some(vec![one]),
        (Some(one), Some(of_group)) => {
            Some(of_group.into_iter().filter(|code| *code == one).collect())
        }
    }
}

/// The span between two parameters, the first instant in it and the last not.
pub fn span(query: &mut QueryReader, from: &str, to: &str) -> Span {
    let span =
        Span { from: query.instant(from).map(|at| at.0), to: query.instant(to).map(|at| at.0) };
    if span.from.zip(span.to).is_some_and(|(from, to)| from > to) {
        query.refuse(to, FieldCode::Inconsistent);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_what_is_read() {
        let published = CommonParameters::into_params(|| None);
        let published: Vec<_> = published.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(published, COMMON);
        let published = PageParameters::into_params(|| None);
        let published: Vec<_> = published.iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(published, PAGE);
    }
}
