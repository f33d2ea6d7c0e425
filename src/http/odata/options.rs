//! The query options of a request, and the address of the page after it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::super::query::decoded;
use super::fault::Fault;
use super::filter::{column, condition};
use crate::domain::report::{
    ColumnKind, Condition, ReportColumn, ReportOrder, ReportQuestion, ReportValue, ReportView,
};

/// The most rows of a page.
pub const PAGE: i64 = 5_000;

/// What can be asked of a set.
const OF_A_SET: &[&str] =
    &["$select", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken", "$format"];
/// What can be asked of one row.
const OF_A_ROW: &[&str] = &["$select", "$format"];
/// What can be asked of a number of rows.
const OF_A_COUNT: &[&str] = &["$filter", "$format"];
/// What OData has besides, and is not served.
const NOT_SERVED: &[&str] = &[
    "$expand",
    "$apply",
    "$search",
    "$batch",
    "$compute",
    "$levels",
    "$deltatoken",
    "$schemaversion",
    "$index",
];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The rows of a set.
    Set,
    /// One row.
    Row,
    /// How many rows there are.
    Count,
}

/// The options of a request.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The columns that were named; none for all.
    pub select: Option<Vec<ReportColumn>>,
    /// Which rows.
    pub condition: Option<Condition>,
    /// In which order.
    pub order: Vec<ReportOrder>,
    /// At most so many in all.
    pub top: Option<i64>,
    /// After so many.
    pub skip: i64,
    /// Whether all are counted.
    pub count: bool,
    /// After the row with this key.
    pub after: Option<ReportValue>,
}

impl Options {
    /// The options of a query string. Options of somebody else's, without `$`, are passed over, as OData has it.
    ///
    /// # Errors
    /// An option is not known, not served, repeated or not understood.
    pub fn read(query: &str, asked: Asked, view: &ReportView) -> Result<Self, Fault> {
        let allowed = match asked {
            Asked::Set => OF_A_SET,
            Asked::Row => OF_A_ROW,
            Asked::Count => OF_A_COUNT,
        };
        let mut it = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs(query)? {
            if name.starts_with('@') {
                return Err(Fault::not_served("An alias for a value"));
            }
            if !name.starts_with('$') {
                continue;
            }
            if NOT_SERVED.contains(&name.as_str()) {
                return Err(Fault::not_served(&name));
            }
            let known = allowed.iter().find(|known| **known == name).ok_or_else(|| {
                Fault::bad(format!(
                    "An option is not known here. There are: {}.",
                    allowed.join(", ")
                ))
            })?;
            if seen.contains(known) {
                return Err(Fault::bad(format!("{known} is given twice.")));
            }
            seen.push(known);
            it.take(known, &value, view)?;
        }
        Ok(it)
    }

    fn take(&mut self, name: &str, value: &str, view: &ReportView) -> Result<(), Fault> {
        match name {
            "$select" => self.select = selected(value, view)?,
            "$filter" => self.condition = Some(condition(value, view)?),
            "$orderby" => self.order = ordered(value, view)?,
            "$top" => self.top = Some(number(value, "$top")?),
            "$skip" => self.skip = number(value, "$skip")?,
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Fault::bad("$count is true or false.")),
                }
            }
            "$skiptoken" => self.after = Some(opened(value, view)?),
            _ => {
                let json = value == "json" || value.starts_with("application/json");
                if !json {
                    return Err(Fault::bad("$format is json."));
                }
            }
        }
        Ok(())
    }

    /// The question for a page of at most `page` rows.
    pub fn question(&self, view: &ReportView, page: i64) -> ReportQuestion {
        ReportQuestion {
            view: view.clone(),
            columns: self.columns(view),
            condition: self.condition.clone(),
            order: self.order.clone(),
            after: self.after.clone(),
            // A page after another has passed over them already.
            skip: if self.after.is_some() { 0 } else { self.skip },
            limit: self.top.map_or(page, |top| top.min(page)),
            count: self.count,
        }
    }

    /// The columns of the answer.
    pub fn columns(&self, view: &ReportView) -> Vec<ReportColumn> {
        self.select.clone().unwrap_or_else(|| view.columns().cloned().collect())
    }
}

/// The query string that asks for the page after the row with this key, `shown` rows being on the page before.
pub fn next_query(query: &str, top: Option<i64>, shown: i64, key: &str) -> Option<String> {
    let left = top.map(|top| top - shown);
    if left.is_some_and(|left| left <= 0) {
        return None;
    }
    let replaced = ["$top", "$skip", "$skiptoken"];
    let mut kept: Vec<String> = query
        .split('&')
        .filter(|pair| {
            let name = decoded(pair.split_once('=').map_or(*pair, |(name, _)| name));
            !pair.is_empty() && name.is_none_or(|name| !replaced.contains(&name.as_str()))
        })
        .map(str::to_owned)
        .collect();
    kept.extend(left.map(|left| format!("$top={left}")));
    kept.push(format!("$skiptoken={}", URL_SAFE_NO_PAD.encode(key)));
    Some(kept.join("&"))
}

/// A key as it stands in an address, `'2026-W47/raised'` or without quotes for an identifier.
///
/// # Errors
/// It is no key of this view.
pub fn key(text: &str, view: &ReportView) -> Result<ReportValue, Fault> {
    let named = format!("{}=", view.key().name());
    let text = text.strip_prefix(named.as_str()).unwrap_or(text);
    let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let value = match (view.key().kind(), quoted) {
        (ColumnKind::Text, Some(text)) => value_of_key(&text.replace("''", "'"), view),
        (ColumnKind::Text, None) => None,
        (_, None) => value_of_key(text, view),
        (_, Some(_)) => None,
    };
    value.ok_or_else(|| {
        Fault::bad("The key in the address is none of this set: texts stand in quotes.")
    })
}

fn value_of_key(text: &str, view: &ReportView) -> Option<ReportValue> {
    match view.key().kind() {
        ColumnKind::Text => (!text.contains('\0')).then(|| ReportValue::Text(text.to_owned())),
        ColumnKind::Guid => Uuid::try_parse(text).ok().map(ReportValue::Guid),
        ColumnKind::Date => text
            .parse()
            .ok()
            .filter(|day: &jiff::civil::Date| day.year() > 0)
            .map(ReportValue::Date),
        _ => None,
    }
}

fn opened(token: &str, view: &ReportView) -> Result<ReportValue, Fault> {
    let key = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.and_then(|key| value_of_key(&key, view))
        .ok_or_else(|| Fault::bad("$skiptoken is none that was given. Begin again without it."))
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, Fault> {
    let undone = |text: &str| {
        decoded(&text.replace('+', " "))
            .ok_or_else(|| Fault::bad("The address is not encoded as UTF-8."))
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((undone(name)?, undone(value)?))
        })
        .collect()
}

fn selected(value: &str, view: &ReportView) -> Result<Option<Vec<ReportColumn>>, Fault> {
    let mut columns: Vec<ReportColumn> = Vec::new();
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name == "*" {
            return Ok(None);
        }
        let column = column(view, name)?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Ok((!columns.is_empty()).then_some(columns))
}

fn ordered(value: &str, view: &ReportView) -> Result<Vec<ReportOrder>, Fault> {
    value
        .split(',')
        .map(|by| {
            let mut words = by.split_whitespace();
            let name = words.next().unwrap_or_default();
            let descending = match (words.next(), words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => {
                    return Err(Fault::bad(
                        "$orderby names columns, each with asc or desc after it, or nothing.",
                    ));
                }
            };
            Ok(ReportOrder { column: column(view, name)?, descending })
        })
        .collect()
}

fn number(value: &str, name: &str) -> Result<i64, Fault> {
    let number: Option<u32> = value.parse().ok();
    number.map(i64::from).ok_or_else(|| Fault::bad(format!("{name} is a whole number from 0.")))
}
