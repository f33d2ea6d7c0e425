//! The operations and schemas of the contract, as the pages of the reference show them.

use serde_json::Value;

use super::lines::{Lines, example, lines};
use super::members::{Flat, Row, list, map, text};
use super::prose::{Block, blocks};
use crate::domain::access::{Action, Role, permits};
use crate::http::problem_types::ProblemType;

/// The operations of one tag.
pub struct Group {
    /// What they are about.
    pub name: String,
    /// In a sentence.
    pub text: Vec<Block>,
    /// Each with its address.
    pub operations: Vec<Entry>,
}

/// An operation in a list.
pub struct Entry {
    /// Its name in the contract.
    pub id: String,
    /// What it does, in a few words.
    pub summary: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Whether it is on its way out.
    pub deprecated: bool,
}

/// Everything that the page of an operation says.
pub struct Operation {
    /// What stands in lists.
    pub entry: Entry,
    /// What it does.
    pub text: Vec<Block>,
    /// Who may call it, in words; empty for anybody.
    pub callers: Vec<&'static str>,
    /// Its parameters.
    pub parameters: Vec<Row>,
    /// Its body: media types, example and members.
    pub body: Option<Sent>,
    /// The answers that are no errors.
    pub answers: Vec<Answer>,
    /// The errors.
    pub errors: Vec<Refusal>,
    /// How to type it.
    pub lines: Lines,
    /// From when on it is not to be used, and when it ends.
    pub sunset: Option<String>,
}

/// What is sent.
pub struct Sent {
    /// Its media types.
    pub kinds: Vec<String>,
    /// The example of the contract.
    pub example: Option<String>,
    /// Its tables: the body first, then what is inside.
    pub tables: Vec<Table>,
}

/// The members of a schema.
pub struct Table {
    /// The schema's name.
    pub name: String,
    /// What it means.
    pub text: Vec<Block>,
    /// Its members.
    pub rows: Vec<Row>,
    /// The names of the shapes of which it has one.
    pub alternatives: Vec<String>,
}

/// An answer that is no error.
pub struct Answer {
    /// Its status.
    pub status: String,
    /// What it means.
    pub text: Vec<Block>,
    /// Its media types.
    pub kinds: Vec<String>,
    /// Its headers, each with what it says.
    pub headers: Vec<(String, String)>,
    /// The body's schema, where it has one.
    pub table: Option<Table>,
    /// The example of the contract, where it has one.
    pub example: Option<String>,
}

/// An error, and the types of problem that it can be.
pub struct Refusal {
    /// Its status.
    pub status: String,
    /// What it means.
    pub text: Vec<Block>,
    /// The types with this status.
    pub types: Vec<ProblemType>,
}

/// The operations of the contract by tag, in the contract's order of tags.
pub fn groups(contract: &Value) -> Vec<Group> {
    let tags = list(contract, "tags").iter();
    let group = |tag: &Value| {
        let name = text(tag, "name").unwrap_or_default();
        let of_tag = entries(contract).filter(|(_, operation)| {
            list(operation, "tags").iter().any(|it| it.as_str() == Some(name))
        });
        Group {
            name: capital(name),
            text: blocks(text(tag, "description").unwrap_or_default()),
            operations: of_tag.map(|(entry, _)| entry).collect(),
        }
    };
    tags.map(group).filter(|group| !group.operations.is_empty()).collect()
}

/// The operation with this name.
pub fn operation(contract: &Value, id: &str) -> Option<Operation> {
    let (entry, told) = entries(contract).find(|(entry, _)| entry.id == id)?;
    let (refused, answered): (Vec<_>, Vec<_>) = map(told, "responses")
        .partition(|(status, _)| status.starts_with(['4', '5']) || *status == "default");
    Some(Operation {
        text: blocks(text(told, "description").unwrap_or_default()),
        callers: callers(told),
        parameters: parameters(told, contract),
        body: sent(told, contract),
        answers: answered.into_iter().map(|(status, it)| answer(status, it, contract)).collect(),
        errors: refused.into_iter().map(|(status, it)| refusal(status, it)).collect(),
        lines: lines(&entry.method, &entry.path, told),
        sunset: text(told, "x-sunset").map(str::to_owned),
        entry,
    })
}

/// The schema with this name; none when it has no members.
pub fn schema(contract: &Value, name: &str) -> Option<Table> {
    let schema = contract.get("components")?.get("schemas")?.get(name)?;
    let flat = Flat::of(schema, contract);
    flat.is_object().then(|| table(name, &flat, contract))
}

fn entries(contract: &Value) -> impl Iterator<Item = (Entry, &Value)> {
    map(contract, "paths").flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().filter_map(move |(method, operation)| {
            let entry = Entry {
                id: text(operation, "operationId")?.to_owned(),
                summary: text(operation, "summary").unwrap_or_default().to_owned(),
                method: method.to_uppercase(),
                path: path.to_owned(),
                deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
            };
            Some((entry, operation))
        })
    })
}

/// The roles that may do what the operation needs, as the access table says.
fn callers(operation: &Value) -> Vec<&'static str> {
    let needed = operation.pointer("/security/0/bearer/0").and_then(Value::as_str);
    let Some(action) = needed.and_then(|it| it.parse::<Action>().ok()) else { return Vec::new() };
    let may = |role: &&Role| permits(**role, action).is_some();
    Role::ALL.iter().filter(may).map(|role| words(*role)).collect()
}

const fn words(role: Role) -> &'static str {
    match role {
        Role::Agency => "agencies",
        Role::ServiceLead => "service leads",
        Role::Director => "the Director",
        Role::Analyst => "analysts",
        Role::Auditor => "auditors",
        Role::PrivacyOfficer => "privacy officers",
        Role::Operator => "operators",
    }
}

fn parameters(operation: &Value, contract: &Value) -> Vec<Row> {
    let row = |it: &Value| {
        let schema = it.get("schema")?;
        let required = it.get("required") == Some(&Value::Bool(true));
        let mut row = Flat::of(schema, contract).row(text(it, "name")?, required, contract);
        row.place = text(it, "in").unwrap_or_default().to_owned();
        row.deprecated |= it.get("deprecated") == Some(&Value::Bool(true));
        if let Some(words) = text(it, "description") {
            row.text = blocks(words);
        }
        Some(row)
    };
    list(operation, "parameters").iter().filter_map(row).collect()
}

fn sent(operation: &Value, contract: &Value) -> Option<Sent> {
    let body = operation.get("requestBody")?;
    let kinds: Vec<_> = map(body, "content").map(|(kind, _)| kind.to_owned()).collect();
    let mut tables: Vec<Table> = Vec::new();
    let mut wanted: Vec<Table> = map(body, "content")
        .filter_map(|(_, content)| shown(content.get("schema")?, contract))
        .take(1)
        .collect();
    // What is sent is told whole on the page: the body, and each object in it once.
    while let Some(next) = wanted.pop() {
        if tables.iter().any(|known| known.name == next.name) {
            continue;
        }
        let inside = next.rows.iter().filter_map(|row| row.inside.as_deref());
        let more: Vec<_> = inside.filter_map(|name| schema(contract, name)).collect();
        wanted.extend(more.into_iter().rev());
        tables.push(next);
    }
    Some(Sent { kinds, example: example(operation).map(|(_, json)| json), tables })
}

fn answer(status: &str, told: &Value, contract: &Value) -> Answer {
    let bodies = || map(told, "content").map(|(_, content)| content);
    let examples = bodies().filter_map(|it| serde_json::to_string_pretty(it.get("example")?).ok());
    Answer {
        status: status.to_owned(),
        text: blocks(text(told, "description").unwrap_or_default()),
        kinds: map(told, "content").map(|(kind, _)| kind.to_owned()).collect(),
        headers: map(told, "headers")
            .map(|(name, it)| {
                (name.to_owned(), text(it, "description").unwrap_or_default().to_owned())
            })
            .collect(),
        table: bodies().find_map(|it| shown(it.get("schema")?, contract)),
        example: examples.into_iter().next(),
    }
}

fn refusal(status: &str, told: &Value) -> Refusal {
    let known = ProblemType::ALL.iter().filter(|it| it.status().as_str() == status);
    Refusal {
        status: if status == "default" { "any other".to_owned() } else { status.to_owned() },
        text: blocks(text(told, "description").unwrap_or_default()),
        types: known.copied().collect(),
    }
}

fn shown(schema: &Value, contract: &Value) -> Option<Table> {
    let flat = Flat::of(schema, contract);
    flat.is_object().then(|| table(flat.name.unwrap_or("body"), &flat, contract))
}

fn table(name: &str, flat: &Flat<'_>, contract: &Value) -> Table {
    let named = flat.alternatives.iter().filter_map(|it| Flat::of(it, contract).name);
    Table {
        name: name.to_owned(),
        text: blocks(flat.text.unwrap_or_default()),
        rows: flat.rows(contract),
        alternatives: named.map(str::to_owned).collect(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
