//! What the sets are, as CSDL: entity types with keys and properties, one container, and what each means.
//!
//! No enumerations, no navigation, no reference to another vocabulary: what Power BI and Excel trip over is left out.

use crate::domain::report::{ColumnKind, ReportView};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>\
    <Schema Namespace=\"Escalations\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">";
const TAIL: &str = "</Schema></edmx:DataServices></edmx:Edmx>\n";

/// The document.
pub fn document(views: &[ReportView]) -> String {
    let mut text = HEAD.to_owned();
    for view in views {
        text.push_str(&entity_type(view));
    }
    text.push_str("<EntityContainer Name=\"Container\">");
    for view in views {
        let (name, of) = (view.name(), type_name(view.name()));
        text.push_str(&format!("<EntitySet Name=\"{name}\" EntityType=\"Escalations.{of}\"/>"));
    }
    text.push_str("</EntityContainer>");
    text.push_str(TAIL);
    text
}

fn entity_type(view: &ReportView) -> String {
    let key = view.key().name();
    let mut text = format!(
        "<EntityType Name=\"{}\"><Key><PropertyRef Name=\"{key}\"/></Key>",
        type_name(view.name())
    );
    for column in view.columns() {
        let name = column.name();
        let nullable = if name == key { " Nullable=\"false\"" } else { "" };
        let kind = edm(column.kind());
        let meaning = described(column.comment());
        text.push_str(&format!(
            "<Property Name=\"{name}\" Type={kind}{nullable}>{meaning}</Property>"
        ));
    }
    text.push_str(&described(view.comment()));
    text.push_str("</EntityType>");
    text
}

fn described(comment: &str) -> String {
    let comment = escaped(comment);
    format!("<Annotation Term=\"Org.OData.Core.V1.Description\" String=\"{comment}\"/>")
}

/// `weekly_theme_agency` as `WeeklyThemeAgency`.
fn type_name(view: &str) -> String {
    view.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

const fn edm(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "\"Edm.String\"",
        ColumnKind::Guid => "\"Edm.Guid\"",
        ColumnKind::Int => "\"Edm.Int32\"",
        ColumnKind::Decimal => "\"Edm.Decimal\" Scale=\"variable\"",
        ColumnKind::Bool => "\"Edm.Boolean\"",
        ColumnKind::Date => "\"Edm.Date\"",
        ColumnKind::Instant => "\"Edm.DateTimeOffset\" Precision=\"6\"",
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter => safe.push(letter),
        }
    }
    safe
}
