//! Everything that is held about one child, for whoever has the right to ask (UK GDPR Article 15): which tables it comes
//! from, and what of a row is withheld, each time with a reason.
//!
//! A row is shown as it is stored, so that a column that nobody thought of is in the file and not forgotten. What is not
//! about the child is taken out by name or by value, never by leaving out a table in silence.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::codes::codes;
use super::facts::RaiserVisibility;

mod tables;

pub use tables::{Decision, Found, TABLES, TableDecision};

codes! {
    /// Why something that is stored is not in a subject export (Data Protection Act 2018, Schedule 2 Part 3 and Schedule 3).
    pub enum WithheldReason {
        /// It is about another child: a sibling on the same escalation, or another matter that this one is linked with.
        OtherChild => "other_child",
        /// It would tell who raised a concern under protection.
        ProtectedRaiser => "protected_raiser",
        /// The pseudonym by which an identity provider knows a member of staff. Agency and role are disclosed; the agency can
        /// say who it was.
        StaffPseudonym => "staff_pseudonym",
        /// A key, a hash or a note of the service to itself, which says nothing of the child.
        ServiceInternal => "service_internal",
    }
}

impl WithheldReason {
    /// What it means, for whoever reads the file.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::OtherChild => {
                "About another child: on the same escalation, or in another matter that this one is linked with."
            }
            Self::ProtectedRaiser => "It would tell who raised a concern under protection.",
            Self::StaffPseudonym => {
                "The pseudonym of a member of staff. Agency and role are shown; the agency can say who it was."
            }
            Self::ServiceInternal => {
                "A key, a hash or a note of the service to itself, which says nothing of the child."
            }
        }
    }

    /// What stands in the place of what is withheld.
    #[must_use]
    pub fn mark(self) -> Value {
        json!({ "withheld": self.code() })
    }

    fn words_in_text(self) -> String {
        format!("[withheld: {}]", self.code())
    }
}

/// What has to be known of one escalation to show its rows.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// How the raiser is protected; none for rows of no single escalation.
    pub visibility: Option<RaiserVisibility>,
    /// The raiser's identifiers: the agency's, and those of agencies that took over its duties, which would give it away.
    pub raiser: BTreeSet<String>,
    /// References of the other children, normalised.
    pub siblings: Vec<String>,
    /// The escalations of this child.
    pub own: BTreeSet<String>,
    /// The partnership's agencies, so that an agency is never taken for another escalation.
    pub agencies: BTreeSet<String>,
    /// The versions at which it was taken back, whose reasons are kept from whoever had to answer.
    pub withdrawn: BTreeSet<i64>,
}

/// Members that the rules need and that hold pseudonyms; what they say is in the history.
const PSEUDONYMS: &[&str] = &["rule_state"];
/// Members that name the raiser, its system or its reason for taking a matter back.
const OF_RAISER: &[&str] =
    &["raised_by", "raised_by_agency_id", "source", "external_reference", "withdrawal_reason"];
/// Members that name another escalation.
const OF_OTHER: &[&str] = &["to_escalation_id", "to", "of"];
/// Members in which somebody wrote.
const WRITTEN: &[&str] =
    &["body", "value", "external_reference", "reason", "note", "raised_by_role", "held_by_role"];

impl Around {
    fn hides_raiser(&self) -> bool {
        self.visibility.is_some_and(|it| it != RaiserVisibility::Named)
    }

    /// The row of a table, without what is withheld of it.
    #[must_use]
    pub fn shown(&self, table: &str, row: Value) -> Value {
        let mut row = row;
        if table == "escalation_child" && row.get("this_child") != Some(&Value::Bool(true)) {
            return WithheldReason::OtherChild.mark();
        }
        if table == "external_id" && self.hides_raiser() && self.is_raisers(row.get("agency_id")) {
            for name in ["system", "kind", "value"] {
                self.replace(&mut row, name);
            }
        }
        let version = row.get("version").and_then(Value::as_i64);
        if table == "event_text" && version.is_some_and(|it| self.withdrawn.contains(&it)) {
            self.replace(&mut row, "body");
        }
        self.look_through(None, &mut row);
        row
    }

    fn replace(&self, row: &mut Value, name: &str) {
        if let Some(found) = row.get_mut(name) {
            *found = WithheldReason::ProtectedRaiser.mark();
        }
    }

    fn is_raisers(&self, value: Option<&Value>) -> bool {
        value.and_then(Value::as_str).is_some_and(|it| self.raiser.contains(it))
    }

    fn look_through(&self, name: Option<&str>, value: &mut Value) {
        if let Some(reason) = name.and_then(|name| self.withheld(name, value)) {
            *value = reason.mark();
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members.iter_mut() {
                    self.look_through(Some(name), value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|it| self.look_through(name, it)),
            Value::String(text) => {
                if self.hides_raiser() && self.raiser.contains(text.as_str()) {
                    *value = WithheldReason::ProtectedRaiser.mark();
                } else if name.is_some_and(|name| WRITTEN.contains(&name)) {
                    for sibling in &self.siblings {
                        *text = without(text, sibling, &WithheldReason::OtherChild.words_in_text());
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn withheld(&self, name: &str, value: &Value) -> Option<WithheldReason> {
        if value.is_null() {
            return None;
        }
        let pseudonym =
            name.ends_with("subject") || name.ends_with("client_id") || PSEUDONYMS.contains(&name);
        if pseudonym {
            return Some(WithheldReason::StaffPseudonym);
        }
        let pressed = name == "withdrawal_reason" && value == "pressured";
        let role = name == "raised_by_role" && self.visibility == Some(RaiserVisibility::Protected);
        if pressed || role || (self.hides_raiser() && OF_RAISER.contains(&name)) {
            return Some(WithheldReason::ProtectedRaiser);
        }
        let text = value.as_str()?;
        let identifier = text.len() == 36 && text.bytes().filter(|it| *it == b'-').count() == 4;
        let other = identifier && !self.own.contains(text) && !self.agencies.contains(text);
        (OF_OTHER.contains(&name) && other).then_some(WithheldReason::OtherChild)
    }
}

/// The versions of an escalation's history at which it was taken back for a reason that is withheld.
#[must_use]
pub fn withdrawn(visibility: RaiserVisibility, events: &[Value]) -> BTreeSet<i64> {
    let hidden = |event: &&Value| {
        let why = event.pointer("/data/ending/withdrawal_reason").and_then(Value::as_str);
        why.is_some_and(|why| why == "pressured" || visibility != RaiserVisibility::Named)
    };
    events.iter().filter(hidden).filter_map(|it| it.get("version")?.as_i64()).collect()
}

/// A text without this reference, however its characters are set apart. It is found as a whole only: a short number does
/// not eat a part of a longer one.
fn without(text: &str, reference: &str, instead: &str) -> String {
    let wanted: Vec<char> = reference.chars().flat_map(char::to_uppercase).collect();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((_, letter)) = letters.get(at) {
        let begins = at == 0 || letters.get(at - 1).is_none_or(|(_, it)| !it.is_alphanumeric());
        match begins.then(|| end_of(&letters, at, &wanted)).flatten() {
            Some(end) => {
                kept.push_str(instead);
                at = end;
            }
            None => {
                kept.push(*letter);
                at += 1;
            }
        }
    }
    kept
}

/// Where the reference that begins at `at` ends, if it does.
fn end_of(letters: &[(usize, char)], at: usize, wanted: &[char]) -> Option<usize> {
    let mut left = wanted;
    let mut place = at;
    while let Some((first, rest)) = left.split_first() {
        let (_, letter) = letters.get(place)?;
        if letter.to_uppercase().eq(std::iter::once(*first)) {
            left = rest;
        } else if place == at || letter.is_alphanumeric() {
            return None;
        }
        place += 1;
    }
    let goes_on = letters.get(place).is_some_and(|(_, it)| it.is_alphanumeric());
    (place > at && !goes_on).then_some(place)
}

/// A row without the columns that are left out of all rows of its table, which the file names once.
#[must_use]
pub fn without_columns(row: Value) -> Value {
    match row {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| column_withheld(name).is_none());
            Value::Object(kept.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Why a column is left out of all rows, if it is.
#[must_use]
pub fn column_withheld(column: &str) -> Option<WithheldReason> {
    COLUMNS.iter().find(|(name, _)| *name == column).map(|(_, reason)| *reason)
}

/// Columns that are left out of all rows, each with its reason.
pub const COLUMNS: &[(&str, WithheldReason)] = &[
    ("partnership_id", WithheldReason::ServiceInternal),
    ("leaf", WithheldReason::ServiceInternal),
    ("salt", WithheldReason::ServiceInternal),
    ("text_hashes", WithheldReason::ServiceInternal),
    ("child_key", WithheldReason::ServiceInternal),
    ("ciphertext", WithheldReason::ServiceInternal),
    ("baseline", WithheldReason::ServiceInternal),
    ("sha256", WithheldReason::ServiceInternal),
    // A signed review tells of all matters of its week, and what was answered and checked is about them.
    ("pack", WithheldReason::OtherChild),
    ("answers", WithheldReason::OtherChild),
    ("checks", WithheldReason::OtherChild),
    ("attendance", WithheldReason::StaffPseudonym),
];

#[cfg(test)]
mod tests;
