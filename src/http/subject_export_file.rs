//! The file of a subject export: the same content as JSON and as a page to be read, packed and encrypted.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::sync::Arc;

use askama::Template;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

use crate::domain::access_event::AccessPurpose;
use crate::domain::child_reference::ChildReference;
use crate::domain::partnership::Partnership;
use crate::domain::subject_export::{COLUMNS, Decision, TABLES, TableDecision, WithheldReason};
use crate::usecases::subject_exports::{SubjectExport, TableRows};

/// The form of the JSON. A change of it gets another number.
const FORM: &str = "escalation-tracker subject export 1";

/// What every file says of itself.
#[derive(Debug, Clone)]
pub struct Head {
    /// When it was made.
    pub made_at: Timestamp,
    /// The request by which it was asked for, as the log of reads names it.
    pub request_id: String,
    /// What for.
    pub purpose: AccessPurpose,
    /// Of whom.
    pub child: ChildReference,
    /// What the partnership has agreed on.
    pub partnership: Arc<Partnership>,
}

/// The archive.
///
/// # Errors
/// It cannot be packed, or the page not be written.
pub fn file(head: &Head, held: &SubjectExport, password: &str) -> Result<Vec<u8>, NotPacked> {
    let document = document(head, held);
    let page = Page::new(head, &document).render()?;
    let json = serde_json::to_vec_pretty(&document)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in
        [("what-is-held.html", page.as_bytes()), ("what-is-held.json", json.as_slice())]
    {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .with_aes_encryption(AesMode::Aes256, password);
        archive.start_file(name, options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Why a file could not be made. It never says anything of its content.
#[derive(Debug, thiserror::Error)]
pub enum NotPacked {
    /// The archive.
    #[error("the archive: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// Writing into it.
    #[error("writing: {0}")]
    Write(#[from] std::io::Error),
    /// The page.
    #[error("the page: {0}")]
    Page(#[from] askama::Error),
    /// The JSON.
    #[error("the JSON: {0}")]
    Json(#[from] serde_json::Error),
}

fn document(head: &Head, held: &SubjectExport) -> Value {
    let agreed = &head.partnership;
    let names: BTreeMap<String, &str> =
        agreed.agencies.iter().map(|it| (it.id.to_string(), it.code.as_str())).collect();
    let tables = |tables: &[TableRows]| -> Vec<Value> {
        let table = |it: &TableRows| {
            let rows: Vec<Value> = it.rows.iter().map(|row| named(row.clone(), &names)).collect();
            json!({"table": it.table.table, "heading": it.table.words, "rows": rows})
        };
        tables.iter().map(table).collect()
    };
    let escalations: Vec<Value> = held
        .escalations
        .iter()
        .map(|it| json!({"reference": it.reference, "id": it.id, "tables": tables(&it.tables)}))
        .collect();
    let reasons: Map<String, Value> =
        WithheldReason::ALL.iter().map(|it| (it.code().to_owned(), it.words().into())).collect();
    let columns: Map<String, Value> =
        COLUMNS.iter().map(|(name, why)| ((*name).to_owned(), why.code().into())).collect();
    let agencies: Map<String, Value> =
        agreed.agencies.iter().map(|it| (it.code.clone(), it.name.as_str().into())).collect();
    let themes: Map<String, Value> =
        agreed.themes.iter().map(|it| (it.code.clone(), it.label.as_str().into())).collect();
    json!({
        "form": FORM,
        "partnership": {"code": agreed.code, "name": agreed.name},
        "made_at": head.made_at.to_string(),
        "purpose": head.purpose,
        "request_id": head.request_id,
        "child_reference": {"scheme": head.child.scheme(), "value": head.child.value()},
        "escalations": escalations,
        "beside": tables(&held.beside),
        "withheld": {"reasons": reasons, "columns": columns, "tables": left_out()},
        "codes": {"agencies": agencies, "themes": themes},
    })
}

/// The tables that are not in the file, each with why.
fn left_out() -> Vec<Value> {
    let line = |it: &TableDecision| match it.decision {
        Decision::Exported(_) => None,
        Decision::Withheld(reason) => {
            Some(json!({"table": it.table, "reason": reason.code(), "why": it.words}))
        }
        Decision::NotOfTheChild => {
            Some(json!({"table": it.table, "reason": "not_about_the_child", "why": it.words}))
        }
    };
    TABLES.iter().filter_map(line).collect()
}

/// The same with agencies by their codes.
fn named(value: Value, names: &BTreeMap<String, &str>) -> Value {
    match value {
        Value::String(text) => match names.get(&text) {
            Some(code) => Value::String((*code).to_owned()),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|it| named(it, names)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, it)| (name, named(it, names))).collect()
        }
        other => other,
    }
}

#[derive(Template)]
#[template(path = "subject_export.html", whitespace = "minimize")]
struct Page {
    partnership: String,
    made_at: String,
    purpose: String,
    request_id: String,
    child: String,
    escalations: Vec<(String, Vec<Section>)>,
    beside: Vec<Section>,
    reasons: Vec<(String, String)>,
    agencies: Vec<(String, String)>,
    themes: Vec<(String, String)>,
    left_out: Vec<(String, String, String)>,
}

/// A heading and what stands under it: each row as names and words.
struct Section {
    heading: String,
    rows: Vec<Vec<(String, String)>>,
}

impl Page {
    fn new(head: &Head, document: &Value) -> Self {
        let escalations = items(document.get("escalations"));
        Self {
            partnership: head.partnership.name.clone(),
            made_at: head.made_at.to_string(),
            purpose: head.purpose.to_string(),
            request_id: head.request_id.clone(),
            child: format!("{}: {}", head.child.scheme(), head.child.value()),
            escalations: escalations
                .iter()
                .map(|it| (text_of(it, "reference"), sections(it.get("tables"))))
                .collect(),
            beside: sections(document.get("beside")),
            reasons: pairs(document.pointer("/withheld/reasons")),
            agencies: pairs(document.pointer("/codes/agencies")),
            themes: pairs(document.pointer("/codes/themes")),
            left_out: items(document.pointer("/withheld/tables"))
                .iter()
                .map(|it| (text_of(it, "table"), text_of(it, "reason"), text_of(it, "why")))
                .collect(),
        }
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn pairs(value: Option<&Value>) -> Vec<(String, String)> {
    let members = value.and_then(Value::as_object);
    members.into_iter().flatten().map(|(name, it)| (name.clone(), words(it))).collect()
}

fn sections(tables: Option<&Value>) -> Vec<Section> {
    let section = |it: &Value| {
        let rows = items(it.get("rows")).iter().map(|row| match row {
            Value::Object(members) => members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.replace('_', " "), words(value)))
                .collect(),
            other => vec![(String::new(), words(other))],
        });
        Section { heading: text_of(it, "heading"), rows: rows.collect() }
    };
    items(tables).iter().map(section).filter(|it| !it.rows.is_empty()).collect()
}

/// A value in a line that can be read.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join("; "),
        Value::Object(members) => members
            .iter()
            .filter(|(_, it)| !it.is_null())
            .map(|(name, it)| format!("{}: {}", name.replace('_', " "), words(it)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
