//! What becomes of a text in which somebody's details are found: refused, or accepted with warnings that repeat nothing.

use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::event::{Event, Narrative};
use super::identifier_scan::{Finding, FindingKind};

codes! {
    /// What becomes of a free text that appears to hold an NHS number, a telephone number or the like.
    pub enum FreeTextPolicy {
        /// It is refused.
        Refuse => "refuse",
        /// It is accepted, with warnings.
        Warn => "warn",
    }
}

impl FreeTextPolicy {
    /// Whether `text` is refused. What is only a hint, such as a name, never is.
    #[must_use]
    pub fn refuses(self, text: &Narrative) -> bool {
        self == Self::Refuse && text.holds_identifier()
    }
}

/// That a text appears to hold somebody's details. It holds no part of the text, so that it can be kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextWarning {
    /// The member that holds the text.
    pub field: String,
    /// What it appears to hold.
    pub kind: FindingKind,
    /// Its first character, counted in Unicode scalar values from 0.
    pub start: usize,
    /// How many characters it has.
    pub length: usize,
}

impl TextWarning {
    /// The warnings about these texts, each with the member that holds it.
    #[must_use]
    pub fn about<'text>(
        texts: impl IntoIterator<Item = (&'static str, &'text Narrative)>,
    ) -> Vec<Self> {
        let each = texts.into_iter();
        each.flat_map(|(field, text)| {
            let found = text.findings().into_iter();
            found.map(move |Finding { kind, start, end }| Self {
                field: field.to_owned(),
                kind,
                start,
                length: end.saturating_sub(start),
            })
        })
        .collect()
    }

    /// The warnings about the texts that events brought.
    #[must_use]
    pub fn of_events(events: &[Event]) -> Vec<Self> {
        let texts = events.iter().flat_map(|event| &event.texts);
        Self::about(texts.map(|(field, text)| (field.code(), text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Narrative {
        Narrative::parse(text).expect(text)
    }

    #[test]
    fn only_what_is_sure_is_refused_and_only_where_the_agency_wants_it() {
        let (phone, name) = (text("Ring 07700 900123."), text("Mother Anna Testwood agreed."));
        assert!(FreeTextPolicy::Refuse.refuses(&phone));
        assert!(!FreeTextPolicy::Warn.refuses(&phone));
        assert!(!FreeTextPolicy::Refuse.refuses(&name));
    }

    #[test]
    fn a_warning_says_what_and_where_and_nothing_of_the_text() {
        let (one, two) = (text("Zoë: ring 07700 900123."), text("Hold the meeting."));
        let told = TextWarning::about([("concern", &one), ("desired_outcome", &two)]);
        let expected = TextWarning {
            field: "concern".to_owned(),
            kind: FindingKind::Phone,
            start: 10,
            length: 12,
        };
        assert_eq!(told, [expected]);
        assert!(!serde_json::to_string(&told).expect("writes").contains("07700"));
    }
}
