//! Escalations for people: the rows behind a number, and one escalation with its history.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use jiff::Timestamp;

use super::error::PageError;
use super::{Frame, Place, page, words};
use crate::domain::access::{Action, Caller};
use crate::domain::listing::{
    ClockFilter, EpisodeFilter, EscalationFilter, EscalationSummary, PageRequest,
};
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::ClockKind;
use crate::http::auth::signed_in::SignedIn;
use crate::http::escalations::escalation_id;
use crate::http::filters::{COMMON, PAGE, clock_filter, episode_filter, escalation_filter};
use crate::http::history::events_shown;
use crate::http::lines::EscalationLine;
use crate::http::lists::{OF_CLOCKS, OF_EPISODES, OF_ESCALATIONS};
use crate::http::query::QueryReader;
use crate::http::state::AppState;
use crate::usecases::deps::Deps;
use crate::usecases::failure::Failure;
use crate::usecases::{read, reference};

/// The most rows that a page shows of each agency of a column.
const MOST: i64 = 200;

/// The parameters that may be there several times: a column of the review can stand for several agencies.
const SEVERAL: [&str; 2] = ["raised_by_agency", "raised_with_agency"];

/// The rows of a list.
struct Rows {
    of: EscalationFilter,
    kind: Kind,
}

/// What they are rows of.
enum Kind {
    Escalations,
    Episodes(EpisodeFilter),
    Clocks(ClockFilter),
}

struct Line {
    href: String,
    reference: String,
    theme: String,
    agencies: String,
    stage: u8,
    status: String,
    urgency: String,
    raised: String,
    due: String,
    late: bool,
    waited: String,
}

#[derive(Template)]
#[template(path = "escalations.html", whitespace = "minimize")]
struct ListPage {
    frame: Frame,
    heading: String,
    known_at: Option<String>,
    more: bool,
    lines: Vec<Line>,
}

/// The rows behind a number; all that the reader may see when nothing is asked for.
#[get("/escalations")]
pub async fn list(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ListEscalations)?;
    let failed = |failure| PageError::of(&request, failure);
    let agreed =
        reference::partnership(&state.deps, by.caller.partnership).await.map_err(failed)?;
    let now = state.deps.clock.now();
    let mut found: Vec<EscalationSummary> = Vec::new();
    let (mut as_of, mut more) = (None, false);
    for query in one_agency_each(request.query_string()) {
        let rows =
            rows(&query, &agreed, now).map_err(|problem| PageError::of(&request, *problem))?;
        as_of = rows.of.as_of;
        let (lines, is_more) = first_of(&rows, &state.deps, &by.caller).await.map_err(failed)?;
        found.extend(lines);
        more |= is_more;
    }
    let at = as_of.unwrap_or(now);
    let lines: Vec<Line> = found.iter().map(|it| line(it, &agreed, at)).collect();
    let number = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    Ok(page(
        StatusCode::OK,
        &ListPage {
            frame: frame(&by),
            heading: words::counted(number, "escalation", "escalations"),
            known_at: as_of.map(words::instant),
            more,
            lines,
        },
    ))
}

/// The first escalations of a list, and whether there are more.
async fn first_of(
    rows: &Rows,
    deps: &Deps,
    caller: &Caller,
) -> Result<(Vec<EscalationSummary>, bool), Failure> {
    let first = PageRequest { limit: MOST, after: None, oldest_first: false, by_next_due: false };
    Ok(match &rows.kind {
        Kind::Escalations => {
            let page = read::escalations(deps, caller, &rows.of, first).await?;
            (page.items, page.next.is_some())
        }
        Kind::Episodes(filter) => {
            let page = read::episodes(deps, caller, &rows.of, filter, first).await?;
            (page.items.into_iter().map(|it| it.escalation).collect(), page.next.is_some())
        }
        Kind::Clocks(filter) => {
            let page = read::clocks(deps, caller, &rows.of, filter, first).await?;
            (page.items.into_iter().map(|it| it.escalation).collect(), page.next.is_some())
        }
    })
}

/// The query once for each agency that it names on a side, because a list is about one agency on each.
fn one_agency_each(query: &str) -> Vec<String> {
    let named = |pair: &&str| SEVERAL.iter().any(|name| pair.split('=').next() == Some(*name));
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let rest: Vec<&str> = pairs.iter().copied().filter(|pair| !named(pair)).collect();
    let agencies: BTreeSet<&str> = pairs.iter().copied().filter(named).collect();
    if agencies.len() < 2 {
        return vec![query.to_owned()];
    }
    agencies
        .into_iter()
        .map(|agency| rest.iter().copied().chain([agency]).collect::<Vec<_>>().join("&"))
        .collect()
}

/// Which list a query is about, from the filters that only one of them has.
fn rows(
    query: &str,
    agreed: &Partnership,
    now: Timestamp,
) -> Result<Rows, Box<crate::http::problem::Problem>> {
    let has = |names: &[&str]| {
        query.split('&').any(|pair| names.iter().any(|name| pair.split('=').next() == Some(*name)))
    };
    let reader_of = |own| QueryReader::with(query, &[COMMON, PAGE, own]);
    let (mut reader, of, kind);
    if has(OF_CLOCKS) {
        reader = reader_of(OF_CLOCKS);
        of = escalation_filter(&mut reader, agreed, false, now);
        let filter = clock_filter(&mut reader);
        // The review counts answers, and those that fell due at all.
        let answers = filter.kind.or(Some(ClockKind::Answer));
        let counted = filter.counted.or(Some(true));
        kind = Kind::Clocks(ClockFilter { kind: answers, counted, ..filter });
    } else if has(OF_EPISODES) {
        reader = reader_of(OF_EPISODES);
        of = escalation_filter(&mut reader, agreed, false, now);
        kind = Kind::Episodes(episode_filter(&mut reader));
    } else {
        reader = reader_of(OF_ESCALATIONS);
        of = escalation_filter(&mut reader, agreed, true, now);
        kind = Kind::Escalations;
    }
    reader.finish().map_err(Box::new)?;
    Ok(Rows { of, kind })
}

fn line(it: &EscalationSummary, agreed: &Partnership, at: Timestamp) -> Line {
    let shown = EscalationLine::new(it, agreed, at);
    let name =
        |code: &str| agreed.agency(code).map_or_else(|| code.to_owned(), |it| it.name.clone());
    let raiser = shown.raised_by_agency.as_deref().map_or_else(|| "Not shown".to_owned(), name);
    let waits = if shown.child_waits == Some(true) { "" } else { " until it ended" };
    Line {
        href: format!("/escalations/{}", it.id),
        theme: agreed
            .theme(&it.theme.0)
            .map_or_else(|| it.theme.to_string(), |it| it.label.clone()),
        agencies: format!("{raiser} → {}", name(&shown.raised_with_agency)),
        stage: it.stage,
        status: it.status.to_string(),
        urgency: it.urgency.to_string(),
        raised: words::instant(it.raised_at),
        due: it.next_due_at.map(words::instant).unwrap_or_default(),
        late: shown.past_due,
        waited: shown.child_seconds.map_or_else(String::new, |seconds| {
            format!("{}{waits}", words::counted(seconds / 86_400, "day", "days"))
        }),
        reference: shown.reference,
    }
}

struct Step {
    at: String,
    what: String,
    who: String,
    texts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "escalation.html", whitespace = "minimize")]
struct DetailPage {
    frame: Frame,
    line: Line,
    ended: Option<String>,
    left_out: bool,
    children_wait: String,
    steps: Vec<Step>,
}

/// One escalation, with its history.
#[get("/escalations/{id}")]
pub async fn detail(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadEscalation)?;
    let id = escalation_id(&id).map_err(|problem| PageError::of(&request, problem))?;
    let past = read::history(&state.deps, &by.caller, id).await;
    let past = past.map_err(|failure| PageError::of(&request, failure))?;
    let it = &past.escalation;
    let name = |id| {
        past.partnership.agency_by_id(id).map_or_else(String::new, |agency| agency.name.clone())
    };
    let raiser = if past.sight.raiser { name(it.facts.raised_by) } else { "Not shown".to_owned() };
    let child = it.child_time(past.now);
    let due = it.next_due();
    let theme = past.partnership.theme(&it.facts.theme.0);
    let named = |code: &str| {
        past.partnership.agency(code).map_or_else(|| code.to_owned(), |agency| agency.name.clone())
    };
    let steps = events_shown(&past)
        .into_iter()
        .map(|event| Step {
            at: words::instant(event.occurred_at.0),
            what: event.kind.to_string().replace('_', " "),
            who: match &event.agency {
                Some(code) => named(code),
                None => event.role.to_string().replace('_', " "),
            },
            texts: event
                .texts
                .into_iter()
                .map(|it| (it.field.to_string().replace('_', " "), it.text))
                .collect(),
        })
        .collect();
    let line = Line {
        href: format!("/v1/escalations/{}", it.id),
        reference: it.facts.reference.clone(),
        theme: theme.map_or_else(|| it.facts.theme.to_string(), |theme| theme.label.clone()),
        agencies: format!("{raiser} → {}", name(it.facts.raised_with)),
        stage: it.stage,
        status: it.status.to_string(),
        urgency: it.facts.urgency.to_string(),
        raised: words::instant(it.facts.raised_at),
        due: due.map(|clock| words::instant(clock.due_at)).unwrap_or_default(),
        late: it.is_overdue(past.now),
        waited: words::counted(child.seconds() / 86_400, "day", "days"),
    };
    let ended = it.episode.ending.as_ref().map(|ending| {
        format!(
            "{}, on {}",
            ending.outcome.to_string().replace('_', " "),
            words::instant(ending.at)
        )
    });
    let left_out = past.left_out;
    let children_wait = if child.ended.is_none() { "still waiting" } else { "over" }.to_owned();
    Ok(page(
        StatusCode::OK,
        &DetailPage { frame: frame(&by), line, ended, left_out, children_wait, steps },
    ))
}

fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Escalations, ..by.frame() }
}

#[cfg(test)]
mod tests {
    use super::one_agency_each;

    #[test]
    fn a_column_of_several_agencies_is_asked_agency_by_agency() {
        for (query, each) in [
            ("", vec![""]),
            ("group=x&raised_by_agency=a", vec!["group=x&raised_by_agency=a"]),
            (
                "raised_by_agency=b&group=x&raised_by_agency=a&raised_by_agency=b",
                vec!["group=x&raised_by_agency=a", "group=x&raised_by_agency=b"],
            ),
        ] {
            assert_eq!(one_agency_each(query), each, "{query}");
        }
    }
}
