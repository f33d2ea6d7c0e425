//! What somebody types to raise an escalation, and what is wrong with it, field by field.
//!
//! The form becomes the request of the API and takes its way through the same checks, so that a form and a system cannot
//! be held to different rules.

use serde_json::{Value, json};

use super::form::Wrongs;
use crate::domain::child_reference::{ChildReference, Scheme, SchemePolicy};
use crate::domain::london::instant_of;
use crate::http::auth::form::PageForm;
use crate::http::field_errors::{FieldCode, FieldError};
use crate::http::fields::{Identifier, read};
use crate::http::problem::Problem;
use crate::http::requests::{RaiseEscalation, child_fault};
use crate::usecases::raise::RaiseRequest;

/// What a form of ours is called as the source of an escalation. With the key of each form it makes sending twice safe.
pub(super) const SOURCE: &str = "raise_form";

/// The fields as they were typed. Never in an address or a log: one of them is a child's reference.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) key: String,
    pub(super) with: String,
    pub(super) scheme: String,
    pub(super) reference: String,
    pub(super) theme: String,
    pub(super) urgency: String,
    pub(super) outcome: String,
    pub(super) delay: String,
    pub(super) since: String,
    pub(super) role: String,
}

impl Typed {
    /// What was sent; a field that is missing is empty.
    pub(super) fn of(form: &PageForm) -> Self {
        let one = |name| form.all(name).next().unwrap_or_default().to_owned();
        Self {
            key: one("key"),
            with: one("with"),
            scheme: one("scheme"),
            reference: one("reference"),
            theme: one("theme"),
            urgency: one("urgency"),
            outcome: one("outcome"),
            delay: one("delay"),
            since: one("since"),
            role: one("role"),
        }
    }

    /// Whether the key is one that a page of ours can have made.
    pub(super) fn has_key(&self) -> bool {
        self.key.len() >= 32 && Identifier::parse(&self.key).is_ok()
    }

    /// The request, or everything that is wrong as far as it can be told before the partnership's rules are asked.
    pub(super) fn request(&self, schemes: &SchemePolicy) -> Result<RaiseRequest, Wrongs> {
        let mut wrong = self.missing();
        if let Some(words) = self.child_fault(schemes) {
            wrong.at("reference", words);
        }
        let read = read::<RaiseEscalation>(self.json().to_string().as_bytes());
        match read {
            Err(problem) => told(&mut wrong, &problem),
            Ok(input) if wrong.is_empty() => match input.into_request(schemes) {
                Ok(request) => return Ok(request),
                Err(problem) => told(&mut wrong, &problem),
            },
            Ok(_) => {}
        }
        Err(wrong)
    }

    fn json(&self) -> Value {
        let mut body = json!({"source": SOURCE, "external_reference": self.key});
        for (name, text) in [
            ("raised_with_agency", &self.with),
            ("theme", &self.theme),
            ("urgency", &self.urgency),
            ("desired_outcome", &self.outcome),
            ("raised_by_role", &self.role),
        ] {
            if let (false, Some(body)) = (text.trim().is_empty(), body.as_object_mut()) {
                body.insert(name.to_owned(), json!(text.trim()));
            }
        }
        let child = json!([{"scheme": self.scheme, "value": self.reference.trim()}]);
        let delay = self.started_at().map(|at| json!({"timescale": self.delay, "started_at": at}));
        if let Some(body) = body.as_object_mut() {
            if !self.scheme.is_empty() && !self.reference.trim().is_empty() {
                body.insert("child_references".to_owned(), child);
            }
            body.extend(delay.map(|delay| ("delay".to_owned(), delay)));
        }
        body
    }

    /// When the delayed process began, from a local time.
    fn started_at(&self) -> Option<String> {
        let local = self.since.trim().parse().ok()?;
        Some(instant_of(local).to_string()).filter(|_| !self.delay.is_empty())
    }

    fn missing(&self) -> Wrongs {
        let needed = [
            ("with", &self.with, "Choose the agency that must answer."),
            ("scheme", &self.scheme, "Choose whose number it is."),
            ("reference", &self.reference, "Write the child's number, never a name."),
            ("theme", &self.theme, "Choose what kind of thing went wrong."),
            ("urgency", &self.urgency, "Choose how urgent it is for the child."),
            ("outcome", &self.outcome, "Write what should happen."),
        ];
        let empty = needed.into_iter().filter(|(_, text, _)| text.trim().is_empty());
        let mut wrong = Wrongs::default();
        empty.for_each(|(field, _, words)| wrong.at(field, words));
        let (delay, since) = (!self.delay.is_empty(), !self.since.trim().is_empty());
        let since_words = "Say since when, as day and time, for example 16/11/2026 15:10.";
        match (delay, since) {
            (true, _) if self.started_at().is_none() => {
                wrong.at("since", since_words);
            }
            (false, true) => wrong.at("delay", "Choose what is late, or leave the time empty."),
            _ => {}
        }
        wrong
    }

    /// The child's number is checked at once, also when something else is missing.
    fn child_fault(&self, schemes: &SchemePolicy) -> Option<&'static str> {
        if self.reference.trim().is_empty() {
            return None;
        }
        let scheme: Scheme = self.scheme.parse().ok()?;
        let error = ChildReference::parse(scheme, self.reference.trim(), schemes).err()?;
        Some(match child_fault(error) {
            FieldCode::SchemeNotAllowed => "These numbers are not accepted here. Use another one.",
            FieldCode::CheckDigit => "There is a slip in this number: its check digit is wrong.",
            FieldCode::TooShort => "This number is too short.",
            FieldCode::TooLong => "This number is too long.",
            _ => "This is no number of that kind. A name is not accepted.",
        })
    }
}

/// The faults of a refusal at their fields. What belongs to no field of the form stands at its top.
pub(super) fn told(wrong: &mut Wrongs, problem: &Problem) {
    let document = problem.document();
    if document.errors.is_empty() {
        wrong.all(document.detail.clone());
    }
    for error in &document.errors {
        let words = words(error);
        match field(error) {
            Some(field) => wrong.at(field, words),
            None => wrong.all(words),
        }
    }
}

/// The field of the form at which a member of the request stands.
fn field(error: &FieldError) -> Option<&'static str> {
    let member = error.pointer.trim_start_matches("#/");
    Some(match member.split('/').next().unwrap_or_default() {
        "raised_with_agency" => "with",
        "child_references" => "reference",
        "theme" => "theme",
        "urgency" => "urgency",
        "desired_outcome" => "outcome",
        "delay" if member.ends_with("started_at") => "since",
        "delay" => "delay",
        "raised_by_role" => "role",
        _ => return None,
    })
}

fn words(error: &FieldError) -> String {
    match error.code {
        FieldCode::PersonalData => {
            "This looks like a name, an address or a number of a person. Leave it out.".to_owned()
        }
        FieldCode::UnknownReference | FieldCode::UnknownCode => {
            "Choose one from the list.".to_owned()
        }
        _ => error.detail.clone(),
    }
}
