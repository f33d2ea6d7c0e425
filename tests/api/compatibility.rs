//! No change takes anything from a client: the contract is compared with the last one that was released.

use escalation_tracker::http::contract;
use serde_json::{Value, json};

use super::support::breaking::{Breaking, breaking};

/// The contract as it was released last. A release copies `openapi/openapi.json` here; nothing else does.
const RELEASED: &str = include_str!("../../openapi/released/v1.json");

fn released() -> Value {
    RELEASED.parse().unwrap()
}

#[test]
fn nothing_is_taken_from_a_client_of_the_last_release() {
    let now = contract::text().parse().unwrap();
    let today = jiff::Timestamp::try_from(std::time::SystemTime::now()).unwrap().to_string();
    let found = unannounced(&released(), &now, &today);
    let told: Vec<_> = found.iter().map(|it| format!("{}: {}", it.kind, it.at)).collect();
    assert!(
        found.is_empty(),
        "this breaks clients of the last release (openapi/released/v1.json):\n{}\n\
         Add beside it instead, and take the old away with notice: docs/api-conventions.md",
        told.join("\n")
    );
}

/// What breaks a client, but for operations whose last day, told in the released contract, has come.
fn unannounced(old: &Value, new: &Value, today: &str) -> Vec<Breaking> {
    let over = |it: &Breaking| {
        let (method, path) = it.at.split_once(' ').unwrap_or(("", &it.at));
        let ended =
            |operation: &Value| operation["x-sunset"].as_str().is_some_and(|day| day <= today);
        let item = old["paths"][path].as_object();
        match it.kind {
            "operation removed" => ended(&old["paths"][path][method.to_lowercase()]),
            "path removed" => item.is_some_and(|all| all.values().all(ended)),
            _ => false,
        }
    };
    breaking(old, new).into_iter().filter(|it| !over(it)).collect()
}

#[test]
fn what_was_announced_can_be_taken_away_from_its_last_day_on() {
    let mut old = released();
    Set("/paths/~1v1~1heartbeat/post/x-sunset", json!("2028-02-01")).make(&mut old);
    let mut new = old.clone();
    Remove("/paths/~1v1~1heartbeat").make(&mut new);
    assert_eq!(unannounced(&old, &new, "2028-01-31T23:59:59Z").len(), 1);
    assert_eq!(unannounced(&old, &new, "2028-02-01T00:00:00Z"), []);
    Remove("/paths/~1v1~1escalations/post").make(&mut new);
    assert_eq!(unannounced(&old, &new, "2028-02-01T00:00:00Z").len(), 1);
}

/// A change of a contract.
enum Edit {
    /// The member or item at the pointer goes.
    Remove(&'static str),
    /// The member at the pointer becomes this.
    Set(&'static str, Value),
    /// The list at the pointer gets this.
    Push(&'static str, Value),
    /// The list at the pointer loses this.
    Take(&'static str, &'static str),
}
use Edit::{Push, Remove, Set, Take};

impl Edit {
    fn make(&self, contract: &mut Value) {
        let list = |contract: &mut Value, at: &str, edit: &dyn Fn(&mut Vec<Value>)| {
            let list = contract.pointer_mut(at).unwrap_or_else(|| panic!("no {at}"));
            edit(list.as_array_mut().unwrap_or_else(|| panic!("{at} is no list")));
        };
        match self {
            Remove(at) => {
                let (holder, name) = at.rsplit_once('/').unwrap();
                let name = name.replace("~1", "/");
                let holder = contract.pointer_mut(holder).unwrap_or_else(|| panic!("no {at}"));
                match holder {
                    Value::Array(list) => drop(list.remove(name.parse().unwrap())),
                    other => {
                        assert!(other.as_object_mut().unwrap().remove(&name).is_some(), "no {at}");
                    }
                }
            }
            Set(at, value) => {
                let (holder, name) = at.rsplit_once('/').unwrap();
                let holder = contract.pointer_mut(holder).unwrap_or_else(|| panic!("no {at}"));
                match holder {
                    Value::Array(list) => list[name.parse::<usize>().unwrap()] = value.clone(),
                    other => other[name.replace("~1", "/")] = value.clone(),
                }
            }
            Push(at, value) => list(contract, at, &|list| list.push(value.clone())),
            Take(at, value) => list(contract, at, &|list| {
                let before = list.len();
                list.retain(|it| it != value);
                assert_eq!(list.len() + 1, before, "{at} has no {value}");
            }),
        }
    }
}

/// Changes that break somebody, each with the name of its kind.
#[rustfmt::skip]
fn breaks() -> Vec<(&'static str, Edit)> {
    vec![
        ("path removed", Remove("/paths/~1v1~1heartbeat")),
        ("operation removed", Remove("/paths/~1v1~1escalations/post")),
        ("operation renamed", Set("/paths/~1v1~1escalations/post/operationId", json!("create"))),
        ("security tightened", Set("/paths/~1livez/get/security", json!([{"bearer": ["read_escalation"]}]))),
        ("security tightened", Set("/paths/~1v1~1escalations/get/security/0/bearer/0", json!("sign_review"))),
        ("parameter removed", Remove("/paths/~1v1~1escalations/get/parameters/0")),
        ("parameter made required", Set("/paths/~1v1~1escalations/get/parameters/0/required", json!(true))),
        ("parameter written otherwise", Set("/paths/~1v1~1escalations/get/parameters/0/explode", json!(true))),
        ("required parameter added", Push("/paths/~1v1~1escalations/get/parameters",
            json!({"name": "purpose", "in": "query", "required": true, "schema": {"type": "string"}}))),
        ("body made required", Set("/paths/~1v1~1heartbeat/post/requestBody",
            json!({"required": true, "content": {"application/json": {"schema": {"type": "object"}}}}))),
        ("media type of a body removed", Remove("/paths/~1v1~1escalations/post/requestBody/content/application~1json")),
        ("response removed", Remove("/paths/~1v1~1escalations/post/responses/201")),
        ("response removed", Remove("/paths/~1v1~1escalations/post/responses/409")),
        ("header of an answer removed", Remove("/paths/~1v1~1escalations/post/responses/201/headers/Location")),
        ("media type of an answer removed", Remove("/paths/~1v1~1escalations/get/responses/200/content/text~1csv")),
        ("required member added", Set("/components/schemas/AddNote/required", json!(["note", "audience"]))),
        ("member made required", Push("/components/schemas/RaiseEscalation/required", json!("delay"))),
        ("member removed", Remove("/components/schemas/RaiseEscalation/properties/concern")),
        ("member removed", Remove("/components/schemas/Escalation/properties/stage")),
        ("a member of an answer can be missing", Take("/components/schemas/Escalation/required", "stage")),
        ("an answer can be null", Set("/components/schemas/Problem/properties/title/type", json!(["string", "null"]))),
        ("null no longer accepted", Set("/components/schemas/RaiseEscalation/properties/concern",
            json!({"$ref": "#/components/schemas/Text2000"}))),
        ("code removed", Take("/components/schemas/Urgency/enum", "urgent")),
        ("only certain codes", Set("/components/schemas/Identifier/enum", json!(["a", "b"]))),
        ("type changed", Set("/components/schemas/Problem/properties/status/type", json!("string"))),
        ("type changed", Set("/components/schemas/Identifier/type", json!("integer"))),
        ("format changed", Set("/components/schemas/Instant/format", json!("date"))),
        ("format changed", Set("/components/schemas/Identifier/format", json!("uuid"))),
        ("limit tightened", Set("/components/schemas/Text2000/maxLength", json!(1000))),
        ("limit tightened", Set("/components/schemas/Text2000/minLength", json!(20))),
        ("limit tightened", Set("/components/schemas/ListOf20_ChildReferenceInput/maxItems", json!(19))),
        ("limit tightened", Set("/components/schemas/ListOf20_ChildReferenceInput/minItems", json!(1))),
        ("limit tightened", Set("/components/schemas/ListOf20_ChildReferenceInput/uniqueItems", json!(true))),
        ("limit tightened", Set("/components/schemas/SourceVersion/maximum", json!(99))),
        ("limit tightened", Set("/components/schemas/SourceVersion/minimum", json!(2))),
        ("pattern changed", Set("/components/schemas/Identifier/pattern", json!("^[a-z]+$"))),
        ("alternative added to an answer", Push("/components/schemas/EscalationOrDryRun/oneOf",
            json!({"$ref": "#/components/schemas/Heartbeat"}))),
        ("alternative removed", Remove("/components/schemas/EscalationOrDryRun/oneOf/1")),
    ]
}

/// Changes that break nobody.
#[rustfmt::skip]
fn additions() -> Vec<Edit> {
    vec![
        Set("/paths/~1v1~1new", json!({"get": {"operationId": "new", "responses": {}}})),
        Set("/paths/~1v1~1escalations/delete", json!({"operationId": "remove", "responses": {}})),
        Set("/paths/~1v1~1escalations/post/description", json!("In other words.")),
        Set("/paths/~1v1~1escalations/post/security", json!([])),
        Set("/paths/~1v1~1escalations/post/deprecated", json!(true)),
        Push("/paths/~1v1~1escalations/get/parameters",
            json!({"name": "region", "in": "query", "required": false, "schema": {"type": "string"}})),
        Set("/paths/~1v1~1escalations/post/requestBody/content/application~1cbor", json!({"schema": {}})),
        Set("/paths/~1v1~1escalations/get/responses/200/content/application~1ndjson", json!({"schema": {}})),
        Set("/paths/~1v1~1escalations/post/responses/201/headers/X-More", json!({"schema": {"type": "string"}})),
        Set("/paths/~1v1~1escalations/get/responses/429", json!({"description": "Too many."})),
        Set("/components/schemas/RaiseEscalation/properties/region", json!({"type": "string"})),
        Set("/components/schemas/Escalation/properties/region", json!({"type": "string"})),
        Push("/components/schemas/Escalation/required", json!("concern")),
        Take("/components/schemas/RaiseEscalation/required", "urgency"),
        Push("/components/schemas/Urgency/enum", json!("whenever")),
        Push("/components/schemas/Status/enum", json!("parked")),
        Set("/components/schemas/Text2000/maxLength", json!(4000)),
        Remove("/components/schemas/Text2000/minLength"),
        Remove("/components/schemas/Identifier/pattern"),
        Set("/components/schemas/ListOf20_ChildReferenceInput/minItems", json!(0)),
        Set("/components/schemas/RaiseEscalation/properties/theme", json!({"oneOf": [
            {"$ref": "#/components/schemas/Identifier"}, {"type": "null"}]})),
        Remove("/components/schemas/RaiseEscalation/additionalProperties"),
    ]
}

#[test]
fn every_kind_of_breaking_change_is_detected() {
    let contract = released();
    assert_eq!(breaking(&contract, &contract), []);
    let mut kinds = std::collections::BTreeSet::new();
    for (number, (kind, edit)) in breaks().into_iter().enumerate() {
        let mut changed = contract.clone();
        edit.make(&mut changed);
        let found = breaking(&contract, &changed);
        assert!(found.iter().any(|it| it.kind == kind), "{number}, {kind}: {found:?}");
        kinds.insert(kind);
    }
    // The same backwards, because every request of ours refuses other members already.
    let mut open = contract.clone();
    Remove("/components/schemas/AddNote/additionalProperties").make(&mut open);
    let found = breaking(&open, &contract);
    assert!(!found.is_empty() && found.iter().all(|it| it.kind == "other members are refused"));
    kinds.insert("other members are refused");
    // Every kind that the comparison can tell is seeded here.
    let told = include_str!("support/breaking.rs");
    for kind in told.split("self.tell(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(kinds.contains(kind), "{kind} is not seeded");
    }
    assert!(kinds.len() >= 25, "{}", kinds.len());
}

#[test]
fn what_is_added_breaks_nobody() {
    let contract = released();
    for (number, edit) in additions().into_iter().enumerate() {
        let mut changed = contract.clone();
        edit.make(&mut changed);
        assert_ne!(contract, changed, "{number}");
        assert_eq!(breaking(&contract, &changed), [], "{number}");
    }
}

#[test]
fn a_schema_that_is_renamed_breaks_nobody() {
    let named = "\"#/components/schemas/Identifier\"";
    let text = RELEASED.replace(named, "\"#/components/schemas/Name\"");
    assert_ne!(text, RELEASED);
    let mut changed: Value = text.parse().unwrap();
    let schemas = changed.pointer_mut("/components/schemas").unwrap().as_object_mut().unwrap();
    let was = schemas.remove("Identifier").unwrap();
    schemas.insert("Name".to_owned(), was);
    assert_eq!(breaking(&released(), &changed), []);
}
