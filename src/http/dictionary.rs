//! The dictionary of figures: what each counts, and what it does not.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::escalations::no_parameters;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use crate::domain::dictionary::{Metric, Unit, metrics};
use crate::domain::figures::DEFINITIONS_VERSION;
use crate::domain::spc::{ChartKind, Goodness};

/// What every figure means.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricDictionary {
    /// The version of the definitions. Every answer with figures names it; figures of different versions are not to be
    /// compared.
    pub definitions_version: u32,
    /// The figures, in the order in which they are read.
    pub items: Vec<MetricView>,
}

/// What one figure means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Metric)]
pub struct MetricView {
    /// Its stable code.
    pub code: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What it is, in plain words.
    pub definition: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What is counted.
    pub counted: &'static str,
    /// What is not.
    pub left_out: &'static str,
    /// What it is a part of; absent where it is no share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denominator: Option<&'static str>,
    /// What becomes of escalations that are still open.
    pub still_open: &'static str,
    /// To which week, or which instant, it belongs.
    pub time: &'static str,
    /// Which way is better. Neither is for what is raised.
    pub better: Goodness,
    /// It is shown from so many cases on; with fewer only the numbers are said.
    pub shown_from: u32,
    /// The charts on which it is judged, the first that suits; none where it is not charted.
    pub charts: &'static [ChartKind],
    /// The first version of the definitions that has it as it is now.
    pub since_definitions_version: u32,
    /// Where it is shown: members of the weekly aggregation (`weekly:`, of each week) and of the review (`review:`).
    pub shown_in: &'static [&'static str],
}

impl MetricView {
    const fn new(it: &Metric) -> Self {
        Self {
            code: it.code,
            label: it.label,
            definition: it.definition,
            unit: it.unit,
            counted: it.counted,
            left_out: it.left_out,
            denominator: it.denominator,
            still_open: it.still_open,
            time: it.time,
            better: it.better,
            shown_from: it.shown_from,
            charts: it.charts,
            since_definitions_version: it.since,
            shown_in: it.shown_in,
        }
    }
}

/// Read what every figure means
///
/// Each figure of the weekly aggregation and of the review: what is counted and what is not, what becomes of what is
/// still open, to which week it belongs, which way is better, and from how many cases on it is shown. The same table
/// makes the page "How this page works".
#[utoipa::path(
    tag = "review",
    operation_id = "list_metrics",
    security(("bearer" = ["read_reference"])),
    responses((status = 200, description = "The dictionary.", body = MetricDictionary), ReadProblems),
)]
#[get("/v1/metrics")]
pub async fn list_metrics(
    _by: Allowed<needs::Reference>,
    _state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    Ok(HttpResponse::Ok().json(MetricDictionary {
        definitions_version: DEFINITIONS_VERSION,
        items: metrics().map(MetricView::new).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::http::contract;

    /// Numbers that are no figures: versions, stages, agreements, and what a figure is held against.
    fn is_no_figure(member: &str) -> bool {
        let names =
            ["pack_version", "definitions_version", "target", "stage", "agreed_hours", "version"];
        let lines = [
            ".reading.lower",
            ".reading.upper",
            ".points.centre",
            ".points.lower",
            ".points.upper",
        ];
        names.iter().any(|name| member.rsplit(['.', ':']).next() == Some(name))
            || lines.iter().any(|line| member.ends_with(line))
    }

    /// Every number of a schema, by the names of its members.
    fn numbers(all: &Value, schema: &Value, path: &str, found: &mut BTreeSet<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return numbers(all, &all[name], path, found);
        }
        for part in ["oneOf", "allOf", "anyOf"] {
            for one in schema[part].as_array().into_iter().flatten() {
                numbers(all, one, path, found);
            }
        }
        let is = |wanted: &str| match &schema["type"] {
            Value::String(kind) => kind == wanted,
            Value::Array(kinds) => kinds.iter().any(|kind| kind == wanted),
            _ => false,
        };
        if is("integer") || is("number") {
            found.insert(path.to_owned());
        }
        if !schema["items"].is_null() {
            numbers(all, &schema["items"], path, found);
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            numbers(all, member, &format!("{path}.{name}"), found);
        }
    }

    #[test]
    fn every_figure_of_the_contract_has_an_entry_and_none_is_left_over() {
        let contract = serde_json::to_value(contract::document()).expect("a contract");
        let all = &contract["components"]["schemas"];
        let mut found = BTreeSet::new();
        for (schema, name) in [("WeekView", "weekly:"), ("Review", "review:")] {
            assert!(!all[schema].is_null(), "{schema} is gone: name here what stands in its place");
            numbers(all, &all[schema], name, &mut found);
        }
        let members: BTreeSet<String> = found
            .iter()
            .map(|it| it.replace(":.", ":").replace("groups.figures.", "total."))
            .map(|it| it.replace("beside.groups.", "beside."))
            .filter(|it| !is_no_figure(it))
            .collect();
        let known: BTreeSet<String> =
            metrics().flat_map(|it| it.shown_in).map(|it| (*it).to_owned()).collect();
        let without: Vec<_> = members.difference(&known).collect();
        let left_over: Vec<_> = known.difference(&members).collect();
        assert!(
            without.is_empty() && left_over.is_empty(),
            "say in src/domain/dictionary what these are {without:#?}, and take these off {left_over:#?}"
        );
        assert!(members.len() > 60, "{}", members.len());
    }
}
