//! The feed: everything that happened in one order, for the systems of partners that keep a copy or act on it.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::accept::Format;
use super::answers::ReadProblems;
use super::feed_views::{CloudEvent, EventFeed, FeedLinks, sequence};
use super::field_errors::{FieldCode, FieldErrors};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::state::AppState;
use crate::domain::feed::FeedType;
use crate::usecases::feed::{self, FeedRequest, Start};

/// How much is answered when the caller does not say.
const USUAL_LIMIT: u32 = 100;
/// The most that is answered.
const MOST: u32 = 1_000;
/// The longest wait, in seconds: shorter than the patience of the proxies on the way.
const LONGEST_WAIT: u32 = 25;

/// Instead of a position: only what happens from now on.
const LATEST: &str = "latest";

const PARAMETERS: &[&str] = &["after", "limit", "types", "wait"];

/// Read the feed
///
/// Everything that happened to escalations, and everything that came due, in one order for the whole partnership: an
/// agency gets what is for it. Begin with `after=0`, handle the items in order, and go on with `links.next`, which is
/// always there; keep it, or the `sequence` of the last item that was handled, in one transaction with what was done.
///
/// - **At least once.** After a broken answer ask again with the same `after`; an item that comes again has the same `id`.
/// - **In order.** A position is given to what is committed, and never changes: nothing appears before what was answered.
///   The events of one escalation come by rising `version`.
/// - **Nothing is missed.** A page that is not full, or empty, can be followed by more: what counts is `links.next`.
/// - **For ever.** Every position stays readable; at least 400 days are promised.
/// - **What comes later.** Of an escalation that comes to an agency later, a reader that is up to date is told from about
///   the event on by which it came; read the escalation and its history for what was before.
///
/// An item says what the history of the escalation says to this caller, without texts and without the child: enough, in
/// order, to rebuild each escalation. With `wait` an answer that would be empty waits for something to happen, and ends at
/// once when the service is being stopped. `Accept: application/cloudevents-batch+json` gives the items alone, with the
/// next address in `Link`.
#[utoipa::path(
    tag = "feed",
    operation_id = "read_feed",
    params(
        ("after" = Option<String>, Query, description = "The `sequence` of the last item that you have, with or without its zeros; `0`, or nothing, for all; `latest` for what happens from now on."),
        ("limit" = Option<u32>, Query, description = "Items, 1 to 1,000; 100 when not said.", minimum = 1, maximum = 1000),
        ("types" = Option<String>, Query, description = "Only these, separated by commas: `type`s as they stand in the items."),
        ("wait" = Option<u32>, Query, description = "For how many seconds to wait when there is nothing, 0 to 25; 0 when not said.", minimum = 0, maximum = 25),
    ),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "What happened.", content(
            (EventFeed = "application/json"),
            (Vec<CloudEvent> = "application/cloudevents-batch+json"))),
        ReadProblems,
    ),
)]
#[get("/v1/events")]
pub async fn read_feed(
    by: Allowed<needs::Feed>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
    let asked = FeedRequest {
        after: start(&mut query).unwrap_or(Start::After(0)),
        limit: i64::from(query.integer("limit", 1, MOST).unwrap_or(USUAL_LIMIT)),
        types: types(&mut query),
        wait: Duration::from_secs(u64::from(query.integer("wait", 0, LONGEST_WAIT).unwrap_or(0))),
    };
    query.finish()?;
    let asked_after = asked.after;
    let page = feed::read(&state.deps, &by, asked).await?;
    if matches!(asked_after, Start::After(position) if position > page.head) {
        // To wait for it would be to miss everything until then: it comes from elsewhere, or from before a restore.
        let mut fault = FieldErrors::new();
        let advice = format!("The feed has come to {}; begin again with after=0.", page.head);
        fault.push_with("?after", FieldCode::OutOfRange, advice);
        return Err(Problem::new(ProblemType::InvalidParameter).errors(fault));
    }
    let links = FeedLinks { this: request.uri().to_string(), next: next(&request, page.next) };
    let items = CloudEvent::all(page, &by);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "accept"));
    answer.append_header((header::LINK, format!("<{}>; rel=\"self\"", links.this)));
    answer.append_header((header::LINK, format!("<{}>; rel=\"next\"", links.next)));
    if by.format() == Format::CloudEvents {
        answer.content_type(Format::CloudEvents.content_type());
        return Ok(answer.json(items));
    }
    Ok(answer.json(EventFeed { items, links }))
}

/// `after`: `latest`, or up to 20 digits, with or without zeros in front.
fn start(query: &mut QueryReader) -> Option<Start> {
    let text = query.raw("after")?;
    if text == LATEST {
        return Some(Start::Latest);
    }
    let plain = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let position = text.parse().ok().filter(|_| plain);
    if position.is_none() {
        let code = if plain { FieldCode::OutOfRange } else { FieldCode::WrongType };
        let advice =
            "Use the sequence of the last item that you have, at most 20 plain digits, or latest.";
        query.refuse_with("after", code, advice.to_owned());
    }
    position.map(Start::After)
}

/// `types`: names, separated by commas.
fn types(query: &mut QueryReader) -> Vec<FeedType> {
    let Some(text) = query.raw("types") else { return Vec::new() };
    let read: Result<Vec<FeedType>, _> = text.split(',').map(str::parse).collect();
    read.unwrap_or_else(|_| {
        let known: Vec<String> = FeedType::all().map(|kind| kind.to_string()).collect();
        let advice = format!("Separate types by commas. Known: {}.", known.join(", "));
        query.refuse_with("types", FieldCode::UnknownCode, advice);
        Vec::new()
    })
}

/// The same question, after this position.
fn next(request: &HttpRequest, position: i64) -> String {
    let rest = request.query_string().split('&');
    let rest = rest.filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
    let mut next = format!("{}?after={}", request.path(), sequence(position));
    for pair in rest {
        next.push('&');
        next.push_str(pair);
    }
    next
}
