//! Pages of lists: what part is wanted, and where the next one is.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{self, Position};
use super::field_errors::FieldCode;
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use crate::domain::access::Caller;
use crate::domain::codes::codes;
use crate::domain::listing::{After, PageRequest};

/// How many lines a page has when the caller does not say.
const USUAL_LIMIT: u32 = 50;
/// The most lines of a page.
const MOST: u32 = 200;

codes! {
    /// The order of a list.
    pub enum Sort {
        /// Newest first.
        NewestFirst => "newest_first",
        /// Oldest first.
        OldestFirst => "oldest_first",
        /// What is due next first, and of that the most overdue; only what has something due.
        NextDue => "next_due",
    }
}

codes! {
    /// The order of a list in which nothing falls due.
    pub enum SortByAge {
        /// Newest first.
        NewestFirst => "newest_first",
        /// Oldest first.
        OldestFirst => "oldest_first",
    }
}

/// Where to go on from a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageLinks {
    /// This page.
    #[serde(rename = "self")]
    pub this: String,
    /// The next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The part of a list that a request asks for.
pub struct Paging {
    /// For the store.
    pub request: PageRequest,
    path: String,
    /// The query without its cursor, which the next page repeats.
    rest: String,
    binding: Vec<u8>,
}

/// Reads `limit`, `sort` and `cursor`.
///
/// # Errors
/// The cursor was altered, has expired, or belongs to another caller, filter or order. Faults of
/// the other parameters are noted in `query`.
pub fn read(
    query: &mut QueryReader,
    request: &HttpRequest,
    state: &AppState,
    caller: &Caller,
) -> Result<Paging, Problem> {
    let limit = query.integer("limit", 1, MOST).unwrap_or(USUAL_LIMIT);
    let sort: Sort = query.code("sort").unwrap_or(Sort::NewestFirst);
    let mut rest: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .collect();
    rest.sort_unstable();
    let rest = rest.join("&");
    let path = request.path().to_owned();
    // The page size may change along the way; nothing else may.
    let filters: Vec<&str> = rest.split('&').filter(|pair| !pair.starts_with("limit=")).collect();
    let binding =
        format!("{}\n{}\n{}\n{}", caller.partnership, caller.client, path, filters.join("&"))
            .into_bytes();
    let after = match query.raw("cursor") {
        None => None,
        Some(text) => {
            let now = state.deps.clock.now();
            let position = cursor::open(&state.cursors, &binding, text, now)?;
            Some(After { at: position.at, id: position.id })
        }
    };
    Ok(Paging {
        request: PageRequest {
            limit: i64::from(limit),
            after,
            oldest_first: sort != Sort::NewestFirst,
            by_next_due: sort == Sort::NextDue,
        },
        path,
        rest,
        binding,
    })
}

/// The same for a list in which nothing falls due, so that `sort` is a [`SortByAge`].
///
/// # Errors
/// As [`read`].
pub fn read_by_age(
    query: &mut QueryReader,
    request: &HttpRequest,
    state: &AppState,
    caller: &Caller,
) -> Result<Paging, Problem> {
    let paging = read(query, request, state, caller)?;
    if paging.request.by_next_due {
        query.refuse("sort", FieldCode::UnknownCode);
    }
    Ok(paging)
}

impl Paging {
    /// The links of the page that ends before `next`.
    pub fn links(&self, request: &HttpRequest, state: &AppState, next: Option<After>) -> PageLinks {
        let next = next.map(|after| {
            let position = Position { at: after.at, id: after.id };
            let now = state.deps.clock.now();
            let cursor = cursor::seal(&state.cursors, &self.binding, position, now);
            let joint = if self.rest.is_empty() { "" } else { "&" };
            format!("{}?{}{joint}cursor={cursor}", self.path, self.rest)
        });
        PageLinks { this: request.uri().to_string(), next }
    }
}
