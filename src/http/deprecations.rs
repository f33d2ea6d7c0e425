//! What of the contract is on its way out: one table, from which the contract, the answers and the pages say it.

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{Deprecated, HeaderBuilder, ObjectBuilder, OpenApi, RefOr, Type};

/// Everything that is deprecated. Nothing is taken away within `/v1` without a line here, and not before its last day.
pub const DEPRECATIONS: &[Deprecation] = &[];

const NOTICE_MONTHS: i32 = 12;
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// An operation, or a query parameter of one, that is to end.
#[derive(Debug, Clone, Copy)]
pub struct Deprecation {
    /// The operation's `operationId`.
    pub operation: &'static str,
    /// The query parameter, where the rest of the operation stays.
    pub parameter: Option<&'static str>,
    /// Since when it is not to be used in new programs.
    pub since: Date,
    /// The day on which it can be gone.
    pub sunset: Date,
    /// What to use instead, as a sentence.
    pub instead: &'static str,
}

/// What the answers of one operation say about it.
#[derive(Debug, Clone)]
pub struct Announced {
    method: Method,
    path: String,
    parameter: Option<&'static str>,
    headers: [(HeaderName, HeaderValue); 3],
}

/// Writes the table into the contract, and gives what the answers are to say.
///
/// # Errors
/// What is wrong with a line: what it names is not there, or twelve months' notice are not kept.
pub fn announce(contract: &mut OpenApi, table: &[Deprecation]) -> Result<Vec<Announced>, String> {
    table.iter().map(|line| line.announce(contract)).collect()
}

/// Adds what `announced` says to an answer of this method, path pattern and query.
pub fn tell(
    announced: &[Announced],
    method: &Method,
    pattern: Option<&str>,
    query: &str,
    headers: &mut HeaderMap,
) {
    let named = |parameter: &str| {
        query.split('&').any(|it| it.split('=').next().is_some_and(|name| name == parameter))
    };
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let fits = |it: &&Announced| {
        it.method == *method && pattern == Some(it.path.as_str()) && it.parameter.is_none_or(named)
    };
    // Where both the operation and a parameter end, the operation's dates are those to plan by.
    let whole_first = announced.iter().filter(fits).min_by_key(|it| it.parameter.is_some());
    for (name, value) in whole_first.into_iter().flat_map(|it| &it.headers) {
        // A list has links of its own in the same header.
        headers.append(name.clone(), value.clone());
    }
}

impl Deprecation {
    fn announce(&self, contract: &mut OpenApi) -> Result<Announced, String> {
        let earliest = self.since.checked_add(NOTICE_MONTHS.months());
        if !earliest.is_ok_and(|earliest| self.sunset >= earliest) {
            return Err(format!("{}: twelve months' notice are promised", self.operation));
        }
        let missing = || format!("{}: the contract has no such operation", self.operation);
        let paths = contract.paths.paths.iter_mut();
        let mut all = paths.flat_map(|(path, item)| operations(item).map(move |it| (path, it)));
        let found = all.find(|(_, (_, it))| it.operation_id.as_deref() == Some(self.operation));
        let (path, (method, operation)) = found.ok_or_else(missing)?;
        self.mark(operation)?;
        let headers = self.headers().map_err(|error| format!("{}: {error}", self.operation))?;
        Ok(Announced { method, path: path.clone(), parameter: self.parameter, headers })
    }

    fn mark(&self, operation: &mut Operation) -> Result<(), String> {
        let words = format!(
            "Deprecated since {}; it can be gone from {} on. {}",
            self.since, self.sunset, self.instead
        );
        if let Some(name) = self.parameter {
            let all = operation.parameters.iter_mut().flatten();
            let mut all = all.filter_map(|it| match it {
                RefOr::T(it) => Some(it),
                RefOr::Ref(_) => None,
            });
            let found = all.find(|it| it.name == name && it.parameter_in == ParameterIn::Query);
            let found = found.ok_or_else(|| format!("{}: it has no {name}", self.operation))?;
            found.deprecated = Some(Deprecated::True);
            let before = found.description.take().unwrap_or_default();
            found.description = Some(format!("{before} {words}").trim().to_owned());
            return Ok(());
        }
        operation.deprecated = Some(Deprecated::True);
        let before = operation.description.take().unwrap_or_default();
        operation.description = Some(format!("{words}\n\n{before}").trim().to_owned());
        let sunset = ExtensionsBuilder::new().add("x-sunset", self.sunset.to_string()).build();
        operation.extensions.get_or_insert_default().merge(sunset);
        for answer in operation.responses.responses.values_mut() {
            let RefOr::T(answer) = answer else { continue };
            for (name, means) in [
                ("Deprecation", "Since when it is deprecated: `@` and Unix seconds (RFC 9745)."),
                ("Sunset", "From when on it can be gone (RFC 8594)."),
                ("Link", "`rel=\"deprecation\"`: where that is told."),
            ] {
                let text = ObjectBuilder::new().schema_type(Type::String);
                let header =
                    HeaderBuilder::new().schema(Some(text)).description(Some(means)).build();
                answer.headers.entry(name.to_owned()).or_insert(header.into());
            }
        }
        Ok(())
    }

    fn headers(&self) -> Result<[(HeaderName, HeaderValue); 3], Box<dyn std::error::Error>> {
        let begins = |day: Date| -> Result<Timestamp, jiff::Error> {
            Ok(day.to_zoned(TimeZone::UTC)?.timestamp())
        };
        let since = format!("@{}", begins(self.since)?.as_second());
        let sunset = begins(self.sunset)?.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let page = format!("</docs/operations/{}>; rel=\"deprecation\"", self.operation);
        Ok([
            (DEPRECATION, HeaderValue::from_str(&since)?),
            (SUNSET, HeaderValue::from_str(&sunset)?),
            (actix_web::http::header::LINK, HeaderValue::from_str(&page)?),
        ])
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, item.get.as_mut()),
        (Method::PUT, item.put.as_mut()),
        (Method::POST, item.post.as_mut()),
        (Method::PATCH, item.patch.as_mut()),
        (Method::DELETE, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|it| (method, it)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::http::contract::document_with;

    const LINE: Deprecation = Deprecation {
        operation: "list_notices",
        parameter: None,
        since: date(2027, 1, 31),
        sunset: date(2028, 1, 31),
        instead: "Use another.",
    };

    #[test]
    fn what_is_deprecated_now_is_in_the_contract_and_keeps_its_notice() {
        assert_eq!(document_with(DEPRECATIONS).err(), None);
    }

    #[test]
    fn a_line_with_too_little_notice_or_a_wrong_name_is_refused() {
        let early = Deprecation { sunset: date(2028, 1, 30), ..LINE };
        let unknown = Deprecation { operation: "no_such", ..LINE };
        let other = Deprecation { parameter: Some("no_such"), ..LINE };
        for (line, word) in [(early, "twelve months"), (unknown, "no such"), (other, "has no")] {
            let refused = document_with(&[line]).err().unwrap_or_default();
            assert!(refused.contains(word), "{refused}");
        }
        assert_eq!(document_with(&[LINE]).err(), None);
    }
}
