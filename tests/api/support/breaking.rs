//! What of a contract a client can rely on, and what of that a newer contract takes away.
//!
//! Schemas are compared by what they say, wherever they stand: a schema that is renamed breaks nobody. What is sent may be
//! restricted no further; what is answered must hold all that it held. Codes may be added to an answer, because the
//! contract says of itself that lists of codes grow.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What a change breaks: its kind, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breaking {
    /// The kind of change, in one of the names of this file.
    pub kind: &'static str,
    /// The operation and the place in it.
    pub at: String,
}

/// Everything in `new` that breaks a client of `old`.
pub fn breaking(old: &Value, new: &Value) -> Vec<Breaking> {
    let mut walk = Walk { old, new, seen: BTreeSet::new(), found: BTreeSet::new() };
    for (path, item) in members(&old["paths"]) {
        let now = &new["paths"][path];
        if now.is_null() {
            walk.tell("path removed", path);
            continue;
        }
        for (method, operation) in members(item) {
            let at = format!("{} {path}", method.to_uppercase());
            match &now[method] {
                Value::Null => walk.tell("operation removed", &at),
                there => walk.operation(operation, there, &at),
            }
        }
    }
    walk.found.into_iter().collect()
}

/// Who reads a schema: what is stricter for one is a gift to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Sent,
    Answered,
}

struct Walk<'a> {
    old: &'a Value,
    new: &'a Value,
    /// Pairs of named schemas that were compared, or are just being: schemas can hold themselves.
    seen: BTreeSet<(String, String, Way)>,
    found: BTreeSet<Breaking>,
}

const LOWEST: [&str; 4] = ["minLength", "minItems", "minimum", "exclusiveMinimum"];
const HIGHEST: [&str; 4] = ["maxLength", "maxItems", "maximum", "exclusiveMaximum"];

impl Walk<'_> {
    fn tell(&mut self, kind: &'static str, at: &str) {
        self.found.insert(Breaking { kind, at: at.to_owned() });
    }

    fn operation(&mut self, old: &Value, new: &Value, at: &str) {
        if old["operationId"] != new["operationId"] {
            self.tell("operation renamed", at);
        }
        for now in requirements(new) {
            if !requirements(old).contains(&now) {
                self.tell("security tightened", at);
            }
        }
        self.parameters(old, new, at);
        self.body(&old["requestBody"], &new["requestBody"], at);
        for (status, answer) in members(&old["responses"]) {
            let at = format!("{at} {status}");
            match &new["responses"][status] {
                Value::Null => self.tell("response removed", &at),
                there => self.answer(answer, there, &at),
            }
        }
    }

    fn parameters(&mut self, old: &Value, new: &Value, at: &str) {
        let same = |one: &Value, other: &Value| {
            let name = |it: &Value| it["name"].as_str().unwrap_or_default().to_lowercase();
            one["in"] == other["in"] && name(one) == name(other)
        };
        for was in items(&old["parameters"]) {
            let at = format!("{at} ?{}", was["name"].as_str().unwrap_or_default());
            let Some(now) = items(&new["parameters"]).iter().find(|it| same(was, it)) else {
                self.tell("parameter removed", &at);
                continue;
            };
            if is(now, "required") && !is(was, "required") {
                self.tell("parameter made required", &at);
            }
            if (&was["style"], &was["explode"]) != (&now["style"], &now["explode"]) {
                self.tell("parameter written otherwise", &at);
            }
            self.schema(&was["schema"], &now["schema"], Way::Sent, &at);
        }
        for now in items(&new["parameters"]).iter().filter(|it| is(it, "required")) {
            if !items(&old["parameters"]).iter().any(|was| same(was, now)) {
                let name = now["name"].as_str().unwrap_or_default();
                self.tell("required parameter added", &format!("{at} ?{name}"));
            }
        }
    }

    fn body(&mut self, old: &Value, new: &Value, at: &str) {
        if is(new, "required") && !is(old, "required") {
            self.tell("body made required", at);
        }
        for (kind, content) in members(&old["content"]) {
            match &new["content"][kind] {
                Value::Null => self.tell("media type of a body removed", &format!("{at} {kind}")),
                now => self.schema(&content["schema"], &now["schema"], Way::Sent, at),
            }
        }
    }

    fn answer(&mut self, old: &Value, new: &Value, at: &str) {
        for (name, _) in members(&old["headers"]) {
            if new["headers"][name].is_null() {
                self.tell("header of an answer removed", &format!("{at} {name}"));
            }
        }
        for (kind, content) in members(&old["content"]) {
            match &new["content"][kind] {
                Value::Null => {
                    self.tell("media type of an answer removed", &format!("{at} {kind}"))
                }
                now => self.schema(&content["schema"], &now["schema"], Way::Answered, at),
            }
        }
    }

    fn schema(&mut self, old: &Value, new: &Value, way: Way, at: &str) {
        if let (Some(one), Some(other)) = (old["$ref"].as_str(), new["$ref"].as_str())
            && !self.seen.insert((one.to_owned(), other.to_owned(), way))
        {
            return;
        }
        let (old, new) = (Shape::of(old, self.old), Shape::of(new, self.new));
        let sent = way == Way::Sent;
        if sent && old.null && !new.null {
            self.tell("null no longer accepted", at);
        }
        if !sent && new.null && !old.null {
            self.tell("an answer can be null", at);
        }
        if old.alternatives.len() + new.alternatives.len() > 0 {
            return self.alternatives(&old, &new, way, at);
        }
        let (before, after) = (&old.says, &new.says);
        if before.get("type") != after.get("type") {
            return self.tell("type changed", at);
        }
        if before.get("format") != after.get("format") {
            self.tell("format changed", at);
        }
        self.codes(before, after, at);
        if sent {
            self.limits(before, after, at);
        }
        if let Some(item) = before.get("items") {
            let none = Value::Null;
            let now = after.get("items").unwrap_or(&none);
            self.schema(item, now, way, &format!("{at}/*"));
        }
        self.members(&old, &new, way, at);
        if let Some(was) = before.get("additionalProperties") {
            match after.get("additionalProperties") {
                Some(now) if was.is_object() && now.is_object() => {
                    self.schema(was, now, way, &format!("{at}/*"));
                }
                now if *was != Value::Bool(false) && now == Some(&Value::Bool(false)) => {
                    self.tell("other members are refused", at);
                }
                _ => {}
            }
        } else if sent && after.get("additionalProperties") == Some(&Value::Bool(false)) {
            self.tell("other members are refused", at);
        }
    }

    fn codes(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, at: &str) {
        let none = Value::Null;
        let (was, now) = (old.get("enum").unwrap_or(&none), new.get("enum").unwrap_or(&none));
        if was.is_null() && !now.is_null() {
            self.tell("only certain codes", at);
        }
        if items(was).iter().any(|code| !now.is_null() && !items(now).contains(code)) {
            self.tell("code removed", at);
        }
    }

    fn limits(&mut self, old: &Map<String, Value>, new: &Map<String, Value>, at: &str) {
        let number = |says: &Map<String, Value>, name| says.get(name).and_then(Value::as_f64);
        for (names, rises) in [(LOWEST, true), (HIGHEST, false)] {
            for name in names {
                let narrowed = match (number(old, name), number(new, name)) {
                    (_, None) => false,
                    // No text and no list is shorter than nothing.
                    (None, Some(now)) => {
                        now != 0.0 || !name.starts_with("min") || name == "minimum"
                    }
                    (Some(was), Some(now)) => {
                        if rises {
                            was < now
                        } else {
                            was > now
                        }
                    }
                };
                if narrowed {
                    self.tell("limit tightened", &format!("{at} {name}"));
                }
            }
        }
        if new.contains_key("pattern") && new.get("pattern") != old.get("pattern") {
            self.tell("pattern changed", at);
        }
        let alone = |says: &Map<String, Value>| says.get("uniqueItems") == Some(&Value::Bool(true));
        if alone(new) && !alone(old) {
            self.tell("limit tightened", &format!("{at} uniqueItems"));
        }
    }

    fn members(&mut self, old: &Shape, new: &Shape, way: Way, at: &str) {
        for (name, was) in &old.members {
            let at = format!("{at}/{name}");
            match new.members.get(name) {
                None => self.tell("member removed", &at),
                Some(now) => self.schema(was, now, way, &at),
            }
        }
        let required = |shape: &Shape, name: &str| shape.required.contains(name);
        for name in &new.required {
            if way == Way::Sent && !required(old, name) {
                let kind = if old.members.contains_key(name) {
                    "member made required"
                } else {
                    "required member added"
                };
                self.tell(kind, &format!("{at}/{name}"));
            }
        }
        for name in &old.required {
            // A member that is gone was told already.
            if way == Way::Answered && !required(new, name) && new.members.contains_key(name) {
                self.tell("a member of an answer can be missing", &format!("{at}/{name}"));
            }
        }
    }

    /// One of several shapes. Of what is sent each shape must still be taken; of what is answered none may be new.
    fn alternatives(&mut self, old: &Shape, new: &Shape, way: Way, at: &str) {
        let (each, among, kind) = match way {
            Way::Sent => (old.variants(), new.variants(), "alternative removed"),
            Way::Answered => (new.variants(), old.variants(), "alternative added to an answer"),
        };
        for it in &each {
            let fits = among.iter().any(|other| {
                let (was, now) = if way == Way::Sent { (it, other) } else { (other, it) };
                let mut apart = Walk {
                    old: self.old,
                    new: self.new,
                    seen: self.seen.clone(),
                    found: BTreeSet::new(),
                };
                // A name that was compared before says nothing about this pair.
                apart.seen.retain(|(one, other, _)| one == other);
                apart.schema(was, now, way, at);
                apart.found.is_empty()
            });
            if !fits {
                self.tell(kind, at);
            }
        }
        if way == Way::Answered && each.len() < among.len() {
            self.tell("alternative removed", at);
        }
    }
}

/// What a schema says, with its references followed and its parts put together.
#[derive(Debug, Default)]
struct Shape {
    null: bool,
    says: Map<String, Value>,
    members: std::collections::BTreeMap<String, Value>,
    required: BTreeSet<String>,
    alternatives: Vec<Value>,
}

impl Shape {
    fn of(schema: &Value, root: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(schema, root);
        shape
    }

    fn add(&mut self, schema: &Value, root: &Value) {
        if let Some(target) = schema["$ref"].as_str() {
            let there = root.pointer(target.trim_start_matches('#'));
            self.add(there.unwrap_or_else(|| panic!("{target} leads nowhere")), root);
        }
        for part in items(&schema["allOf"]) {
            self.add(part, root);
        }
        for (name, value) in members(schema) {
            match name.as_str() {
                "$ref" | "allOf" | "description" | "example" | "examples" | "title"
                | "deprecated" => {}
                "properties" => {
                    let more = members(value).into_iter();
                    self.members.extend(more.map(|(name, it)| (name.clone(), it.clone())));
                }
                "required" => {
                    let more = items(value).iter().filter_map(Value::as_str);
                    self.required.extend(more.map(str::to_owned));
                }
                "type" => self.kind(value),
                "oneOf" | "anyOf" => self.one_of(items(value), root),
                _ => {
                    self.says.insert(name.clone(), value.clone());
                }
            }
        }
    }

    fn kind(&mut self, value: &Value) {
        let kinds = if value.is_array() { items(value) } else { std::slice::from_ref(value) };
        self.null |= kinds.iter().any(|it| it == "null");
        let others: Vec<Value> = kinds.iter().filter(|it| *it != "null").cloned().collect();
        if !others.is_empty() {
            self.says.insert("type".to_owned(), others.into());
        }
    }

    /// Something or null is that thing, and null besides.
    fn one_of(&mut self, parts: &[Value], root: &Value) {
        let (nulls, others): (Vec<&Value>, Vec<&Value>) =
            parts.iter().partition(|it| it["type"] == "null");
        self.null |= !nulls.is_empty();
        match others.as_slice() {
            [only] => self.add(only, root),
            several => self.alternatives.extend(several.iter().map(|it| (*it).clone())),
        }
    }

    /// The shapes that there are; a shape without alternatives is its only one.
    fn variants(&self) -> Vec<Value> {
        if !self.alternatives.is_empty() {
            return self.alternatives.clone();
        }
        let mut only = self.says.clone();
        only.insert("properties".to_owned(), self.members.clone().into_iter().collect());
        only.insert("required".to_owned(), self.required.iter().cloned().collect());
        vec![Value::Object(only)]
    }
}

/// What a caller must show. Nothing at all is a requirement that everybody meets.
fn requirements(operation: &Value) -> Vec<String> {
    items(&operation["security"]).iter().map(Value::to_string).collect()
}

fn members(value: &Value) -> Vec<(&String, &Value)> {
    value.as_object().into_iter().flatten().collect()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is(value: &Value, name: &str) -> bool {
    value[name] == Value::Bool(true)
}
