//! What a schema of the contract says, as rows of a table.

use std::collections::BTreeSet;

use serde_json::Value;

use super::prose::{Block, blocks};

/// A member of an object, or a parameter.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Where a parameter stands: `path`, `query` or `header`; empty for a member.
    pub place: String,
    /// Its type in words.
    pub kind: String,
    /// The schema page that tells what is inside.
    pub inside: Option<String>,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub text: Vec<Block>,
    /// Its limits in words.
    pub limits: Vec<String>,
    /// The codes that it can have.
    pub codes: Vec<String>,
    /// Since when it is on its way out.
    pub deprecated: bool,
}

/// A schema with everything that it is made of put together.
#[derive(Default)]
pub struct Flat<'a> {
    /// Its name in the contract, or that of what it is made of.
    pub name: Option<&'a str>,
    /// What it means; the nearest word counts.
    pub text: Option<&'a str>,
    kinds: Vec<&'a str>,
    null: bool,
    /// Names and schemas of its members, in the contract's order.
    members: Vec<(&'a str, &'a Value)>,
    required: BTreeSet<&'a str>,
    /// The shapes of which it has one.
    pub alternatives: Vec<&'a Value>,
    says: Vec<(&'a str, &'a Value)>,
    deprecated: bool,
}

impl<'a> Flat<'a> {
    /// Puts a schema together.
    pub fn of(schema: &'a Value, root: &'a Value) -> Self {
        let mut flat = Self::default();
        flat.add(schema, root, 0);
        flat
    }

    fn add(&mut self, schema: &'a Value, root: &'a Value, depth: usize) {
        // Our own contract is not nested more deeply; a schema that holds itself would be.
        if depth > 12 {
            return;
        }
        self.text = self.text.or_else(|| text(schema, "description"));
        self.deprecated |= schema.get("deprecated") == Some(&Value::Bool(true));
        if let Some(target) = text(schema, "$ref") {
            let name = target.rsplit('/').next();
            self.name = self.name.or(name);
            let there = name.and_then(|name| root.pointer(&format!("/components/schemas/{name}")));
            if let Some(there) = there {
                self.add(there, root, depth + 1);
            }
        }
        for part in list(schema, "allOf") {
            self.add(part, root, depth + 1);
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.kinds.push(kind),
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                let (null, others): (Vec<_>, Vec<_>) = kinds.partition(|it| *it == "null");
                self.null |= !null.is_empty();
                self.kinds.extend(others);
            }
            _ => {}
        }
        for (name, member) in map(schema, "properties") {
            self.members.push((name, member));
        }
        self.required.extend(list(schema, "required").iter().filter_map(Value::as_str));
        let one_of = list(schema, "oneOf");
        let others = one_of.iter().filter(|it| text(it, "type") != Some("null"));
        self.null |= one_of.iter().any(|it| text(it, "type") == Some("null"));
        match others.clone().count() {
            1 => others.for_each(|it| self.add(it, root, depth + 1)),
            _ => self.alternatives.extend(others),
        }
        self.says
            .extend(schema.as_object().into_iter().flatten().map(|(name, it)| (name.as_str(), it)));
    }

    fn says(&self, name: &str) -> Option<&'a Value> {
        self.says.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> Option<String> {
        self.says(name).and_then(Value::as_f64).map(|it| it.to_string())
    }

    /// Whether it has members to tell.
    pub fn is_object(&self) -> bool {
        !self.members.is_empty() || !self.alternatives.is_empty()
    }

    /// Its members.
    pub fn rows(&self, root: &'a Value) -> Vec<Row> {
        let told = |(name, schema): &(&'a str, &'a Value)| {
            let required = self.required.contains(name);
            Flat::of(schema, root).row(name, required, root)
        };
        self.members.iter().map(told).collect()
    }

    /// What is said of a member with this name.
    pub fn row(&self, name: &str, required: bool, root: &'a Value) -> Row {
        let item = self.says("items").map(|item| Flat::of(item, root));
        let (kind, inside) = match &item {
            Some(item) => (format!("list of {}", item.kind()), item.page()),
            None => (self.kind(), self.page()),
        };
        let codes = item.as_ref().unwrap_or(self).says("enum").and_then(Value::as_array);
        let codes = codes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Row {
            name: name.to_owned(),
            place: String::new(),
            kind,
            inside,
            required,
            text: blocks(self.text.unwrap_or_default()),
            limits: self.limits(),
            codes: codes.collect(),
            deprecated: self.deprecated,
        }
    }

    fn page(&self) -> Option<String> {
        let name = self.name.filter(|_| self.is_object())?;
        Some(name.to_owned())
    }

    fn kind(&self) -> String {
        let kinds = if self.kinds.is_empty() {
            "object"
        } else {
            self.kinds.first().copied().unwrap_or_default()
        };
        let format = self.says("format").and_then(Value::as_str);
        match (kinds, format) {
            ("object", _) if !self.is_object() => "any JSON".to_owned(),
            ("string", _) if self.says("enum").is_some() => "code".to_owned(),
            ("string", Some(format)) => format!("string, {format}"),
            (kind, _) => kind.to_owned(),
        }
    }

    fn limits(&self) -> Vec<String> {
        let mut told = Vec::new();
        let ranges = [
            ("minLength", "maxLength", " characters"),
            ("minItems", "maxItems", " items"),
            ("minimum", "maximum", ""),
        ];
        for (lowest, highest, of) in ranges {
            match (self.number(lowest), self.number(highest)) {
                (Some(low), Some(high)) => told.push(format!("{low} to {high}{of}")),
                (Some(low), None) => told.push(format!("at least {low}{of}")),
                (None, Some(high)) => told.push(format!("at most {high}{of}")),
                (None, None) => {}
            }
        }
        told.extend(self.number("exclusiveMinimum").map(|above| format!("above {above}")));
        told.extend(self.says("pattern").and_then(Value::as_str).map(|it| format!("matches {it}")));
        told.extend(self.says("default").map(|it| format!("{it} when it is left out")));
        if self.null {
            told.push("may be null".to_owned());
        }
        told
    }
}

/// The text at a member.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// The list at a member; an empty one when there is none.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The members of the object at a member.
pub fn map<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let object = value.get(name).and_then(Value::as_object);
    object.into_iter().flatten().map(|(name, it)| (name.as_str(), it))
}
