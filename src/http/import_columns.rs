//! The columns of a file of escalations: found under every spelling that is certain, and told apart before any row is read.

use serde_json::{Map, Value, json};

use super::field_errors::{FieldCode, FieldErrors};
use super::problem::Problem;
use crate::domain::child_reference::Scheme;
use crate::domain::import::ColumnNote;

/// What a cell becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// Several texts, with `|` between them.
    List,
    /// Children: `scheme:value`, with `|` between siblings; without a scheme the local authority's identifier.
    Children,
}

/// A column that is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The member of the record, with a point before a member of a member.
    pub name: &'static str,
    /// What its cells become.
    pub kind: Kind,
    /// Whether a file must have it.
    pub required: bool,
}

const fn column(name: &'static str, kind: Kind, required: bool) -> Column {
    Column { name, kind, required }
}

/// Every column, in the order of the template.
pub const COLUMNS: &[Column] = &[
    column("external_reference", Kind::Text, true),
    column("raised_with_agency", Kind::Text, true),
    column("theme", Kind::Text, true),
    column("urgency", Kind::Text, true),
    column("child_references", Kind::Children, false),
    column("desired_outcome", Kind::Text, true),
    column("concern", Kind::Text, false),
    column("raised_at", Kind::Text, false),
    column("concern_arose_at", Kind::Text, false),
    column("delay.timescale", Kind::Text, false),
    column("delay.started_at", Kind::Text, false),
    column("delay.occurred_at", Kind::Text, false),
    column("delay.cause", Kind::Text, false),
    column("secondary_themes", Kind::List, false),
    column("child_impact", Kind::Text, false),
    column("interim_safety", Kind::Text, false),
    column("emergency_action_taken_at", Kind::Text, false),
    column("raised_by_role", Kind::Text, false),
    column("raiser_visibility", Kind::Text, false),
    column("scope", Kind::Text, false),
    column("stage", Kind::Whole, false),
    column("skip_reason", Kind::Text, false),
    column("source", Kind::Text, false),
    column("source_version", Kind::Whole, false),
];

/// The raising agency is the caller's. A row that names one is refused, and told so.
const READ_ONLY: Column = column("raised_by_agency", Kind::Text, false);

/// Names of the Standard Safeguarding Dataset (Data to Insight) for what is a column here.
const OF_CASE_SYSTEMS: &[(&str, &str)] = &[
    ("pers_person_id", "child_references"),
    ("s47e_s47_enquiry_id", "external_reference"),
    ("icpc_icpc_id", "external_reference"),
    ("cine_referral_id", "external_reference"),
    ("cppl_cp_plan_id", "external_reference"),
];

/// What a report adds to the rows that it repeats.
pub const OF_REPORTS: &[&str] =
    &["row_number", "status", "code", "message", "fix", "escalation_ref"];

/// Which cell of a row is which column, and how that was found out.
#[derive(Debug)]
pub struct Header {
    columns: Vec<Option<&'static Column>>,
    /// What there is to say of each column.
    pub notes: Vec<ColumnNote>,
}

/// A name without what people and programs change in it.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn named(name: &str) -> Option<&'static Column> {
    let plain = plain(name);
    COLUMNS.iter().chain([&READ_ONLY]).find(|it| self::plain(it.name) == plain)
}

impl Header {
    /// Reads the first row of a file. `source_is_given` says whether the request names the sending system.
    ///
    /// # Errors
    /// `validation-failed` with every column that is missing, twice there, or not known. Nothing of the header is repeated:
    /// what stands first in a file without a header is a row.
    pub fn read(cells: &[String], source_is_given: bool) -> Result<Self, Problem> {
        let mut faults = FieldErrors::new();
        let mut header = Self { columns: Vec::new(), notes: Vec::new() };
        let has_own_reference = cells.iter().any(|it| plain(it) == "externalreference");
        for (at, cell) in (1_u32..).zip(cells) {
            let pointer = format!("#/columns/{at}");
            let mut note = None;
            let mut known = named(cell);
            if let Some(known) = known {
                note = (cell != known.name).then(|| {
                    format!("We expected {}. This is written otherwise; we matched it.", known.name)
                });
            } else if let Some((_, ours)) =
                OF_CASE_SYSTEMS.iter().find(|(name, _)| plain(name) == plain(cell))
            {
                known = named(ours);
                let told =
                    format!("A name of the Standard Safeguarding Dataset; we read it as {ours}.");
                note = Some(told);
                let taken = header.columns.iter().flatten().any(|it| it.name == *ours);
                if *ours == "external_reference" && (has_own_reference || taken) {
                    known = None;
                    note = Some(
                        "A name of the Standard Safeguarding Dataset. It is not read, because another column \
                         is the external_reference."
                            .to_owned(),
                    );
                }
            } else if plain(cell).is_empty() || OF_REPORTS.iter().any(|it| plain(it) == plain(cell))
            {
                note = Some("It is not read.".to_owned());
            } else {
                let near = nearest(cell);
                let detail = near.map_or_else(
                    || {
                        format!(
                            "Column {at} is not known. Leave it out, or name it as in the template."
                        )
                    },
                    |near| format!("Column {at} is not known. Did you mean {}?", near.name),
                );
                faults.push_with(&pointer, FieldCode::UnknownField, detail);
            }
            if let Some(known) = known
                && header.columns.iter().flatten().any(|it| it.name == known.name)
            {
                let detail = format!("Column {at} is {} a second time; leave one out.", known.name);
                faults.push_with(&pointer, FieldCode::NotUnique, detail);
            }
            header.notes.push(ColumnNote {
                position: at,
                column: known.map(|it| it.name.to_owned()),
                note,
            });
            header.columns.push(known);
        }
        for needed in COLUMNS {
            let required = needed.required || (needed.name == "source" && !source_is_given);
            let there = header.columns.iter().flatten().any(|it| it.name == needed.name);
            if required && !there {
                let pointer = format!("#/columns/{}", needed.name);
                let detail = if needed.name == "source" {
                    "Name the sending system, in a column source or as ?source= for the whole file."
                        .to_owned()
                } else {
                    format!(
                        "There is no column {}. The first row must name the columns, as in the template.",
                        needed.name
                    )
                };
                faults.push_with(&pointer, FieldCode::Required, detail);
            }
        }
        faults.into_result()?;
        Ok(header)
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// A row as the record that it stands for. What cannot be right is left as it was written, for the record's own
    /// reader to refuse.
    pub fn record(&self, cells: &[String], source: Option<&str>) -> Map<String, Value> {
        let mut record = Map::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let (Some(column), cell) = (column, undone(cell.trim())) else { continue };
            if cell.is_empty() {
                continue;
            }
            let value = match column.kind {
                Kind::Text => Value::from(cell),
                Kind::Whole => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
                Kind::List => cell.split('|').map(|it| Value::from(it.trim())).collect(),
                Kind::Children => cell.split('|').map(child).collect(),
            };
            match column.name.split_once('.') {
                None => drop(record.insert(column.name.to_owned(), value)),
                Some((whole, part)) => {
                    let inner = record.entry(whole).or_insert_with(|| json!({}));
                    if let Some(inner) = inner.as_object_mut() {
                        inner.insert(part.to_owned(), value);
                    }
                }
            }
        }
        if let Some(source) = source {
            record.entry("source").or_insert_with(|| source.into());
        }
        record
    }
}

/// The apostrophe that our own files put before what could be a formula is taken away again.
fn undone(cell: &str) -> &str {
    let rest =
        cell.strip_prefix('\'').filter(|it| it.starts_with(super::csv_answer::FORMULA_STARTS));
    rest.unwrap_or(cell)
}

fn child(text: &str) -> Value {
    let text = text.trim();
    let (scheme, value) = match text.split_once(':') {
        Some((scheme, value)) if scheme.trim().parse::<Scheme>().is_ok() => {
            (scheme.trim(), value.trim())
        }
        _ => (Scheme::LaChildId.code(), text),
    };
    json!({"scheme": scheme, "value": value})
}

/// The column in which a member stands, for a pointer into a record.
pub fn of_pointer(pointer: &str) -> Option<&'static str> {
    let path = pointer.strip_prefix("#/")?;
    let mut parts = path.split('/');
    let (first, second) = (parts.next()?, parts.next());
    let fits = |it: &&Column| match (it.name.split_once('.'), second) {
        (None, _) => it.name == first,
        (Some((whole, part)), Some(second)) => whole == first && part == second,
        (Some((whole, _)), None) => whole == first,
    };
    COLUMNS.iter().chain([&READ_ONLY]).find(fits).map(|it| it.name)
}

/// The cell of a column that a record came from, or would come from.
pub fn cell(record: &Value, column: &Column) -> Option<String> {
    let mut at = record;
    for part in column.name.split('.') {
        at = at.get(part)?;
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let joined = |of: &dyn Fn(&Value) -> String| {
        at.as_array()
            .map_or_else(|| text(at), |all| all.iter().map(of).collect::<Vec<_>>().join("|"))
    };
    Some(match column.kind {
        Kind::Text | Kind::Whole => text(at),
        Kind::List => joined(&text),
        Kind::Children => joined(&|child| {
            let part = |name: &str| child.get(name).map(text).unwrap_or_default();
            format!("{}:{}", part("scheme"), part("value"))
        }),
    })
}

/// The column whose name is the least changed, if that is certain enough to say.
fn nearest(cell: &str) -> Option<&'static Column> {
    let plain = plain(cell);
    let far = |it: &Column| distance(&plain, &self::plain(it.name));
    let best = COLUMNS.iter().min_by_key(|it| far(it))?;
    let near = far(best) * 3 <= plain.chars().count().max(3);
    near.then_some(best)
}

/// How many letters have to be changed, added or taken away (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (place, same) in row.iter_mut().skip(1).zip(&other) {
            let changed = before + usize::from(*same != letter);
            before = *place;
            *place = changed.min(before + 1).min(left + 1);
            left = *place;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    const LEAST: &str =
        "External Reference,raised-with agency,THEME,urgency, Desired_Outcome ,delay started at";

    #[test]
    fn names_are_found_under_every_spelling_that_is_certain() {
        let header = Header::read(&cells(LEAST), true).unwrap();
        let found: Vec<_> = header.notes.iter().map(|it| it.column.as_deref().unwrap()).collect();
        let ours = [
            "external_reference",
            "raised_with_agency",
            "theme",
            "urgency",
            "desired_outcome",
            "delay.started_at",
        ];
        assert_eq!(found, ours);
        assert!(
            header.notes[0].note.as_deref().unwrap().contains("We expected external_reference")
        );
        assert_eq!(header.notes[3].note, None);
        let ssd = "s47e_s47_enquiry_id,icpc_icpc_id,pers_person_id,raised_with_agency,theme,urgency,desired_outcome,status";
        let header = Header::read(&cells(ssd), true).unwrap();
        let found: Vec<_> = header.notes.iter().map(|it| it.column.as_deref()).collect();
        assert_eq!(found[..3], [Some("external_reference"), None, Some("child_references")]);
        assert_eq!(found[7], None);
    }

    #[test]
    fn missing_double_and_unknown_columns_are_told_at_once_without_repeating_them() {
        let header = "external_reference,external reference,raised_wth_agency,SYN100234,urgency,desired_outcome";
        let problem = Header::read(&cells(header), false).unwrap_err();
        let told: Vec<_> = problem
            .document()
            .errors
            .iter()
            .map(|it| format!("{} {} {}", it.pointer, it.code, it.detail))
            .collect();
        let told = told.join("\n");
        for part in [
            "#/columns/2 not_unique",
            "#/columns/3 unknown_field Column 3 is not known. Did you mean raised_with_agency?",
            "#/columns/4 unknown_field Column 4 is not known. Leave it out",
            "#/columns/raised_with_agency required",
            "#/columns/theme required",
            "#/columns/source required",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("SYN100234"));
    }

    #[test]
    fn a_row_becomes_a_record_and_a_record_its_cells_again() {
        let header = "external_reference,raised_with_agency,theme,urgency,desired_outcome,child_references,stage,\
                      secondary_themes,delay.timescale";
        let header = Header::read(&cells(header), true).unwrap();
        let row = ["A-1", "cs", "x", "urgent", "'=1+1", "SYN1 | upn:A1", "2", "a|b", ""];
        let record = header.record(&row.map(str::to_owned), Some("niche"));
        let expected = json!({
            "external_reference": "A-1", "raised_with_agency": "cs", "theme": "x", "urgency": "urgent",
            "desired_outcome": "=1+1", "stage": 2, "secondary_themes": ["a", "b"], "source": "niche",
            "child_references": [{"scheme": "la_child_id", "value": "SYN1"}, {"scheme": "upn", "value": "A1"}],
        });
        let record = Value::Object(record);
        assert_eq!(record, expected);
        let told: Vec<_> = COLUMNS.iter().filter_map(|it| cell(&record, it)).collect();
        let again =
            ["A-1", "cs", "x", "urgent", "la_child_id:SYN1|upn:A1", "=1+1", "a|b", "2", "niche"];
        assert_eq!(told, again);
    }

    #[test]
    fn a_pointer_leads_to_its_column() {
        for (pointer, column) in [
            ("#/theme", Some("theme")),
            ("#/delay/started_at", Some("delay.started_at")),
            ("#/delay", Some("delay.timescale")),
            ("#/child_references/0/value", Some("child_references")),
            ("#/raised_by_agency", Some("raised_by_agency")),
            ("#/nothing", None),
            ("#", None),
        ] {
            assert_eq!(of_pointer(pointer), column, "{pointer}");
        }
    }
}
