//! What a text that was accepted appears to hold: what, where, and nothing of the text.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::free_text_policy::TextWarning;
use crate::domain::identifier_scan::FindingKind;

/// That a text which was accepted appears to hold somebody's details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextWarning)]
pub struct TextWarningView {
    /// What it appears to hold. `person_name` and `long_number` are hints: they are never refused.
    pub code: FindingKind,
    /// The member that holds the text, as a JSON Pointer.
    #[schema(example = "#/concern")]
    pub pointer: String,
    /// Its first character in the text, counted in Unicode code points from 0, in the text as it is stored: without
    /// blanks at its beginning, and with one character for each line break.
    #[schema(example = 14)]
    pub start: usize,
    /// How many characters it has.
    #[schema(example = 12)]
    pub length: usize,
}

/// Each as it is shown.
pub(super) fn shown(warnings: &[TextWarning]) -> Vec<TextWarningView> {
    warnings
        .iter()
        .map(|it| TextWarningView {
            code: it.kind,
            pointer: format!("#/{}", it.field),
            start: it.start,
            length: it.length,
        })
        .collect()
}
