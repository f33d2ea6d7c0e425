//! The reporting views over OData 4.0, read only, for Power BI and Excel: a small part of it, and that part exactly.
//!
//! It has a form of its own, so it is served beside the operations, like pages, and `docs/odata.md` is its contract.

mod door;
mod fault;
pub(super) mod filter;
mod metadata;
mod options;
mod rows;
mod words;

use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::query::decoded;
use super::state::AppState;
use crate::domain::access::Caller;
use crate::domain::report::{Comparison, Condition, Operand, ReportQuestion, ReportView};
use crate::usecases::reports;
use fault::Fault;
use options::{Asked, Options, PAGE};

/// Serves everything under `/odata`.
pub fn serve(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/odata").to(answer))
        .service(web::resource("/odata/{tail:.*}").to(answer));
}

async fn answer(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    answered(&request, &state).await.unwrap_or_else(|fault| fault.answer())
}

/// What is asked for, by the path behind the root.
enum Target<'a> {
    Service,
    Metadata,
    Set(&'a str),
    Count(&'a str),
    Row(&'a str, &'a str),
}

fn target(path: &str) -> Result<Target<'_>, Fault> {
    let nothing = || {
        Fault::not_found("There is nothing under this address. The service begins at /odata/v1/.")
    };
    let path = path.strip_prefix("/odata/v1").ok_or_else(nothing)?;
    let path = match path.strip_prefix('/') {
        None if path.is_empty() => return Ok(Target::Service),
        None => return Err(nothing()),
        Some(path) => path,
    };
    match path {
        "" => Ok(Target::Service),
        "$metadata" => Ok(Target::Metadata),
        "$batch" => Err(Fault::not_served("$batch")),
        path if path.starts_with('$') => Err(nothing()),
        path => match (path.strip_suffix("/$count"), path.split_once('(')) {
            (Some(set), None) => Ok(Target::Count(set)),
            (None, Some((set, key))) => {
                Ok(Target::Row(set, key.strip_suffix(')').ok_or_else(nothing)?))
            }
            (None, None) => Ok(Target::Set(path)),
            (Some(_), Some(_)) => Err(nothing()),
        },
    }
}

async fn answered(request: &HttpRequest, state: &AppState) -> Result<HttpResponse, Fault> {
    let caller = door::caller(state, request).await?;
    let path = decoded(request.uri().path())
        .ok_or_else(|| Fault::bad("The address is not encoded as UTF-8."))?;
    let target = target(&path)?;
    if request.method() != Method::GET {
        return Err(Fault::read_only());
    }
    let views = reports::views(&state.deps).await?;
    let view = |name: &str| {
        let known = views.iter().find(|view| view.name() == name);
        known.ok_or_else(|| {
            Fault::not_found("There is no such set; /odata/v1/ lists those that are.")
        })
    };
    let call = Call { request, state, caller: &caller, root: root(request, state) };
    match target {
        Target::Service => Ok(call.service(&views)),
        Target::Metadata => Ok(HttpResponse::Ok()
            .insert_header(("odata-version", "4.0"))
            .content_type("application/xml")
            .body(metadata::document(&views))),
        Target::Set(set) => call.set(view(set)?).await,
        Target::Count(set) => call.count(view(set)?).await,
        Target::Row(set, key) => call.row(view(set)?, key).await,
    }
}

/// The address of the service, as the caller knows it.
fn root(request: &HttpRequest, state: &AppState) -> String {
    let origin = state.doors.origin(request);
    // Whoever ends TLS before us says so; a page after this one must not be asked for in clear.
    let origin = match (origin.strip_prefix("http://"), request.connection_info().scheme()) {
        (Some(host), "https") => format!("https://{host}"),
        _ => origin,
    };
    format!("{origin}/odata/v1/")
}

/// A request by somebody who is signed in.
struct Call<'a> {
    request: &'a HttpRequest,
    state: &'a AppState,
    caller: &'a Caller,
    root: String,
}

impl Call<'_> {
    fn service(&self, views: &[ReportView]) -> HttpResponse {
        let sets: Vec<String> = views
            .iter()
            .map(|view| {
                let name = rows::text(view.name());
                format!("{{\"name\":{name},\"kind\":\"EntitySet\",\"url\":{name}}}")
            })
            .collect();
        let context = rows::text(&format!("{}$metadata", self.root));
        json(format!("{{\"@odata.context\":{context},\"value\":[{}]}}", sets.join(",")))
    }

    async fn set(&self, view: &ReportView) -> Result<HttpResponse, Fault> {
        let query = self.request.query_string();
        let options = Options::read(query, Asked::Set, view)?;
        let preferred = preferred_page(self.request);
        let page = preferred.unwrap_or(PAGE).min(PAGE);
        let question = options.question(view, page);
        let found = reports::ask(&self.state.deps, self.caller, &question).await?;
        let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
        let mut body =
            format!("{{\"@odata.context\":{}", rows::text(&self.context(view, &options, "")));
        if let Some(count) = found.count {
            body.push_str(&format!(",\"@odata.count\":{count}"));
        }
        let rows: Vec<String> = found
            .rows
            .iter()
            .map(|cells| format!("{{{}}}", rows::members(&question.columns, cells)))
            .collect();
        body.push_str(&format!(",\"value\":[{}]", rows.join(",")));
        let next =
            found.last_key.and_then(|key| options::next_query(query, options.top, shown, &key));
        if let Some(next) = next {
            let next = format!("{}{}?{next}", self.root, view.name());
            body.push_str(&format!(",\"@odata.nextLink\":{}", rows::text(&next)));
        }
        body.push('}');
        let mut answer = json(body);
        if preferred.is_some() {
            let applied = format!("odata.maxpagesize={page}");
            if let Ok(value) = actix_web::http::header::HeaderValue::from_str(&applied) {
                let name = actix_web::http::header::HeaderName::from_static("preference-applied");
                answer.headers_mut().insert(name, value);
            }
        }
        Ok(answer)
    }

    async fn count(&self, view: &ReportView) -> Result<HttpResponse, Fault> {
        let options = Options::read(self.request.query_string(), Asked::Count, view)?;
        let question = ReportQuestion { count: true, limit: 0, ..options.question(view, 0) };
        let found = reports::ask(&self.state.deps, self.caller, &question).await?;
        Ok(HttpResponse::Ok()
            .insert_header(("odata-version", "4.0"))
            .content_type("text/plain;charset=utf-8")
            .body(found.count.unwrap_or_default().to_string()))
    }

    async fn row(&self, view: &ReportView, key: &str) -> Result<HttpResponse, Fault> {
        let options = Options::read(self.request.query_string(), Asked::Row, view)?;
        let key = Operand::Value(options::key(key, view)?);
        let is_it = Condition::Compare(Comparison::Equal, Operand::Column(view.key().clone()), key);
        let question = ReportQuestion { condition: Some(is_it), ..options.question(view, 1) };
        let found = reports::ask(&self.state.deps, self.caller, &question).await?;
        let row =
            found.rows.first().ok_or_else(|| Fault::not_found("There is no row with this key."))?;
        let context = rows::text(&self.context(view, &options, "/$entity"));
        let members = rows::members(&question.columns, row);
        Ok(json(format!("{{\"@odata.context\":{context},{members}}}")))
    }

    /// Where what the answer means is said, with the columns that were selected (OData 4.0, part 1, section 10.7).
    fn context(&self, view: &ReportView, options: &Options, tail: &str) -> String {
        let columns = options.select.as_ref().map_or_else(String::new, |columns| {
            let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
            format!("({})", names.join(","))
        });
        format!("{}$metadata#{}{columns}{tail}", self.root, view.name())
    }
}

/// The page that the caller would rather have (`Prefer: odata.maxpagesize`).
pub(super) fn preferred_page(request: &HttpRequest) -> Option<i64> {
    let said = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split([',', ';']))
        .filter_map(|one| {
            let size = one.trim().strip_prefix("odata.").unwrap_or(one.trim());
            size.strip_prefix("maxpagesize=")?.trim().parse().ok()
        })
        .find(|size| *size > 0)
}

fn json(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("odata-version", "4.0"))
        .content_type("application/json;odata.metadata=minimal;charset=utf-8")
        .body(body)
}
