//! Questions to reporting views as statements: text of our own, names from the catalogue, and every value bound.

use std::fmt::Write;

use crate::domain::report::{
    ColumnKind, Comparison, Condition, DatePart, Operand, ReportColumn, ReportOrder,
    ReportQuestion, ReportValue, ReportView, WordTest,
};

/// A statement and the values that are bound to it, all as text that the statement converts.
#[derive(Debug, Default)]
pub(super) struct Statement {
    text: String,
    values: Vec<Option<String>>,
}

impl Statement {
    /// The values by which rows are ordered, of the row with this key.
    pub(super) fn place(question: &ReportQuestion, key: &ReportValue) -> Self {
        let mut it = Self::default();
        let order = order_of(question);
        let cells: Vec<String> = order.iter().map(|by| cell(&by.column)).collect();
        let column = question.view.key();
        let key = it.bind(Some(written(key)), cast(column.kind()));
        it.text = format!(
            "select array[{}]::text[] as cells from {} where {} = {key}",
            cells.join(", "),
            from(&question.view),
            name(column)
        );
        it
    }

    /// The rows, each with its key behind the columns asked for, and one row more than asked for when there is one.
    /// `after` are the values by which the last row before was ordered.
    pub(super) fn rows(question: &ReportQuestion, after: &[Option<String>]) -> Self {
        let mut it = Self::default();
        let order = order_of(question);
        let mut cells: Vec<String> = question.columns.iter().map(cell).collect();
        cells.push(cell(question.view.key()));
        let wanted = it.wanted(question);
        let later = if after.is_empty() { "true".to_owned() } else { it.later(&order, after) };
        let by: Vec<String> = order.iter().map(ordered).collect();
        it.text = format!(
            "select array[{}]::text[] as cells from {} where {wanted} and {later} order by {} limit {} offset {}",
            cells.join(", "),
            from(&question.view),
            by.join(", "),
            question.limit.saturating_add(1),
            question.skip
        );
        it
    }

    /// How many rows there are in all.
    pub(super) fn count(question: &ReportQuestion) -> Self {
        let mut it = Self::default();
        let wanted = it.wanted(question);
        it.text = format!("select count(*) as number from {} where {wanted}", from(&question.view));
        it
    }

    /// The text and the values.
    pub(super) fn into_parts(self) -> (String, Vec<Option<String>>) {
        (self.text, self.values)
    }

    fn bind(&mut self, value: Option<String>, kind: &str) -> String {
        self.values.push(value);
        format!("cast(${} as {kind})", self.values.len())
    }

    fn wanted(&mut self, question: &ReportQuestion) -> String {
        match &question.condition {
            None => "true".to_owned(),
            Some(condition) => self.condition(condition),
        }
    }

    /// The rows that come after these values: they are beyond in one column, and the same in all before it.
    fn later(&mut self, order: &[ReportOrder], after: &[Option<String>]) -> String {
        let mut ways = Vec::new();
        let mut same = String::new();
        for (by, value) in order.iter().zip(after) {
            let column = name(&by.column);
            let bound =
                value.as_ref().map(|value| self.bind(Some(value.clone()), cast(by.column.kind())));
            let beyond = match (&bound, by.descending) {
                (None, false) => format!("{column} is not null"),
                (None, true) => "false".to_owned(),
                (Some(value), false) => format!("{column} > {value}"),
                (Some(value), true) => format!("({column} < {value} or {column} is null)"),
            };
            ways.push(format!("({same}{beyond})"));
            let equal = match &bound {
                None => format!("{column} is null and "),
                Some(value) => format!("{column} = {value} and "),
            };
            same.push_str(&equal);
        }
        format!("({})", ways.join(" or "))
    }

    fn condition(&mut self, it: &Condition) -> String {
        match it {
            Condition::And(one, other) => {
                format!("({} and {})", self.condition(one), self.condition(other))
            }
            Condition::Or(one, other) => {
                format!("({} or {})", self.condition(one), self.condition(other))
            }
            Condition::Not(it) => format!("(not {})", self.condition(it)),
            Condition::IsTrue(column) => format!("coalesce({}, false)", name(column)),
            Condition::Words(test, column, words) => {
                let column = name(column);
                let words = self.bind(Some(words.clone()), "text");
                let found = match test {
                    WordTest::Contains => format!("strpos({column}, {words}) > 0"),
                    WordTest::StartsWith => format!("starts_with({column}, {words})"),
                    WordTest::EndsWith => {
                        format!("right({column}, char_length({words})) = {words}")
                    }
                };
                format!("coalesce({found}, false)")
            }
            Condition::Compare(how, one, other) => self.compare(*how, one, other),
        }
    }

    fn compare(&mut self, how: Comparison, one: &Operand, other: &Operand) -> String {
        let value = |it: &Operand| matches!(it, Operand::Value(_));
        let mut terms = Vec::new();
        for it in [one, other] {
            let term = match it {
                Operand::Null => "null".to_owned(),
                Operand::Column(column) => name(column),
                Operand::Part(part, column) => date_part(*part, column),
                Operand::Value(value) => self.bind(Some(written(value)), value_cast(value)),
            };
            terms.push(term);
        }
        let (one_term, other_term) = match terms.as_slice() {
            [one, other] => (one.as_str(), other.as_str()),
            _ => return "false".to_owned(),
        };
        let null = matches!(one, Operand::Null) || matches!(other, Operand::Null);
        match how {
            // Two columns that say nothing are the same; a value is never nothing, and this form can use an index.
            Comparison::Equal if !null && (value(one) || value(other)) => {
                format!(
                    "({one_term} = {other_term} and {one_term} is not null and {other_term} is not null)"
                )
            }
            Comparison::Equal => format!("({one_term} is not distinct from {other_term})"),
            Comparison::NotEqual => format!("({one_term} is distinct from {other_term})"),
            _ if null => "false".to_owned(),
            Comparison::Greater => format!("coalesce({one_term} > {other_term}, false)"),
            Comparison::GreaterOrEqual => format!("coalesce({one_term} >= {other_term}, false)"),
            Comparison::Less => format!("coalesce({one_term} < {other_term}, false)"),
            Comparison::LessOrEqual => format!("coalesce({one_term} <= {other_term}, false)"),
        }
    }
}

fn order_of(question: &ReportQuestion) -> Vec<ReportOrder> {
    let key = question.view.key();
    let mut order: Vec<ReportOrder> = Vec::new();
    for by in &question.order {
        if order.iter().all(|known| known.column != by.column) {
            order.push(by.clone());
        }
    }
    if order.iter().all(|by| by.column != *key) {
        order.push(ReportOrder { column: key.clone(), descending: false });
    }
    order
}

fn ordered(by: &ReportOrder) -> String {
    // What is not said comes first, as OData has it; PostgreSQL has it last.
    let how = if by.descending { "desc nulls last" } else { "asc nulls first" };
    format!("{} {how}", name(&by.column))
}

fn from(view: &ReportView) -> String {
    format!("reporting_v1.{} it", quoted(view.name()))
}

fn name(column: &ReportColumn) -> String {
    format!("it.{}", quoted(column.name()))
}

fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    // Writing to a text does not fail.
    let _ = write!(text, "\"{}\"", name.replace('"', "\"\""));
    text
}

fn cell(column: &ReportColumn) -> String {
    let name = name(column);
    match column.kind() {
        ColumnKind::Instant => {
            format!("to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
        ColumnKind::Date => format!("to_char({name}, 'YYYY-MM-DD')"),
        _ => format!("{name}::text"),
    }
}

fn date_part(part: DatePart, column: &ReportColumn) -> String {
    let part = match part {
        DatePart::Year => "year",
        DatePart::Month => "month",
        DatePart::Day => "day",
    };
    let name = name(column);
    match column.kind() {
        ColumnKind::Instant => format!("extract({part} from {name} at time zone 'UTC')"),
        _ => format!("extract({part} from {name})"),
    }
}

const fn cast(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Guid => "uuid",
        // A whole number may be compared with one that no column could hold.
        ColumnKind::Int | ColumnKind::Decimal => "numeric",
        ColumnKind::Bool => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Instant => "timestamptz",
    }
}

const fn value_cast(value: &ReportValue) -> &'static str {
    match value {
        ReportValue::Text(_) => cast(ColumnKind::Text),
        ReportValue::Number(_) => cast(ColumnKind::Decimal),
        ReportValue::Bool(_) => cast(ColumnKind::Bool),
        ReportValue::Date(_) => cast(ColumnKind::Date),
        ReportValue::Instant(_) => cast(ColumnKind::Instant),
        ReportValue::Guid(_) => cast(ColumnKind::Guid),
    }
}

fn written(value: &ReportValue) -> String {
    match value {
        ReportValue::Text(text) | ReportValue::Number(text) => text.clone(),
        ReportValue::Bool(it) => it.to_string(),
        ReportValue::Date(it) => it.to_string(),
        ReportValue::Instant(it) => it.to_string(),
        ReportValue::Guid(it) => it.to_string(),
    }
}
