//! How one version of the rules differs from another, in words for those who decide on it.
//!
//! The documents themselves are compared, member by member, so that a rule that is added later cannot be forgotten
//! here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::limit::{Direction, Limit, LimitUnit};
use super::stage_policy::StagePolicy;
use super::timescale::Timescale;
use super::working_days::DayZero;

impl StagePolicy {
    /// What changes when this version takes over from `was`: one line for each member that differs, stages first.
    /// The name of the version is no difference.
    #[must_use]
    pub fn changes_since(&self, was: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        let numbers: BTreeSet<u8> =
            was.stages.iter().chain(&self.stages).map(|stage| stage.number).collect();
        for number in numbers {
            let place = format!("stage {number}");
            match (was.stage(number), self.stage(number)) {
                (Some(before), Some(after)) => {
                    compare(&place, &document(before), &document(after), &mut lines);
                }
                (None, Some(after)) => {
                    lines.push(format!("{place} ({}): new", after.label));
                    list(&place, &document(after), &mut lines);
                }
                (Some(before), None) => {
                    lines.push(format!("{place} ({}): is no longer there", before.label));
                }
                (None, None) => {}
            }
        }
        compare("", &rules(was), &rules(self), &mut lines);
        lines
    }
}

impl Timescale {
    /// What changes when this version takes over from `was`, one line for each member that differs.
    #[must_use]
    pub fn changes_since(&self, was: &Self) -> Vec<String> {
        let limit = |it: &Self| it.limit.map_or_else(|| "none".to_owned(), |it| it.in_words());
        let checked = |it: &Self| yes(it.verified_against_wt2026).to_owned();
        [
            ("label", was.label.clone(), self.label.clone()),
            ("limit", limit(was), limit(self)),
            ("starts", was.starts.clone(), self.starts.clone()),
            ("stops", was.stops.clone(), self.stops.clone()),
            ("basis", was.basis.clone(), self.basis.clone()),
            ("source", was.source.clone(), self.source.clone()),
            ("verified against WT2026", checked(was), checked(self)),
        ]
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(member, before, after)| format!("{member}: {before} → {after}"))
        .collect()
    }
}

impl Limit {
    /// The limit as people say it, for example `2 working days`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = match (self.unit, self.amount) {
            (LimitUnit::SameDay, _) | (LimitUnit::WorkingDay, 0) => "the same day".to_owned(),
            (unit, 1) => format!("1 {}", unit.code().replace('_', " ")),
            (unit, amount) => format!("{amount} {}s", unit.code().replace('_', " ")),
        };
        if self.day_zero == DayZero::IncludeStart {
            words.push_str(", its own day counted");
        }
        if self.direction == Direction::Before {
            words.push_str(" before");
        }
        words
    }
}

fn document<T: serde::Serialize>(it: &T) -> Value {
    // What is stored as JSON all the time can be written as JSON.
    serde_json::to_value(it).unwrap_or(Value::Null)
}

/// The document without its stages and its name.
fn rules(policy: &StagePolicy) -> Value {
    let mut all = document(policy);
    if let Value::Object(members) = &mut all {
        members.remove("stages");
        members.remove("version");
    }
    all
}

/// One line for each leaf that differs. A limit is a leaf, and so is a list of codes.
fn compare(place: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    if before == after {
        return;
    }
    let members = |it: &Value| -> Vec<String> {
        it.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    let is_leaf = |it: &Value| !it.is_object() || limit_of(it).is_some();
    if is_leaf(before) && is_leaf(after) {
        lines.push(format!("{place}: {} → {}", words(before), words(after)));
        return;
    }
    let names: BTreeSet<String> = members(before).into_iter().chain(members(after)).collect();
    for name in names {
        let inner = name.replace('_', " ");
        let inner = if place.is_empty() { inner } else { format!("{place}, {inner}") };
        let of = |it: &Value| it.get(&name).cloned().unwrap_or(Value::Null);
        compare(&inner, &of(before), &of(after), lines);
    }
}

/// One line for each member that a new stage has, besides what names it.
fn list(place: &str, stage: &Value, lines: &mut Vec<String>) {
    let members = stage.as_object().into_iter().flatten();
    let said = members.filter(|(name, value)| {
        !value.is_null() && !["number", "code", "label"].contains(&name.as_str())
    });
    for (name, value) in said {
        lines.push(format!("{place}, {}: {}", name.replace('_', " "), words(value)));
    }
}

fn limit_of(value: &Value) -> Option<Limit> {
    serde_json::from_value(value.clone()).ok()
}

fn words(value: &Value) -> String {
    if let Some(limit) = limit_of(value) {
        return limit.in_words();
    }
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(it) => yes(*it).to_owned(),
        Value::String(it) => format!("“{it}”"),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        other => other.to_string(),
    }
}

const fn yes(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}

#[cfg(test)]
mod tests;
