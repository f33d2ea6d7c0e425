//! Good practice as it is sent and shown: one record with its note, a line of a list without.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv_answer::Cell;
use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Identifier, Text};
use super::lines::text;
use super::problem::Problem;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::ids::PracticeRecordId;
use crate::domain::partnership::Partnership;
use crate::domain::practice::{
    ExternalReference, Practice, PracticeKind, PracticeNote, PracticeRecord, PracticeSummary,
};
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;

/// Something that was settled by talking. The recording agency is the caller's.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RecordInformalResolution {
    /// The agency with which it was settled: its code or an alias. Your own, if it was settled inside it.
    pub about_agency: Text<100>,
    /// What kind of thing was about to go wrong; see `/v1/reference/themes`.
    pub theme: Identifier,
    /// How urgent it was for the child.
    #[deserr(default)]
    pub urgency: Option<Urgency>,
    /// How it was settled. No names, addresses or numbers of persons.
    #[deserr(default)]
    pub note: Option<Text<500>>,
    /// When it was settled, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
    /// Your system's name. With `external_reference` it makes sending safe to repeat.
    #[deserr(default)]
    pub source: Option<Identifier>,
    /// Your system's own reference, unique within `source`.
    #[deserr(default)]
    pub external_reference: Option<Identifier>,
}

/// What another agency did well. The commending agency is the caller's.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RecordCommendation {
    /// The agency that challenged or responded well: its code or an alias. Not your own.
    pub about_agency: Text<100>,
    /// What it was about; see `/v1/reference/themes`.
    pub theme: Identifier,
    /// What was good about it. No names, addresses or numbers of persons.
    #[deserr(default)]
    pub note: Option<Text<500>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
    /// Your system's name. With `external_reference` it makes sending safe to repeat.
    #[deserr(default)]
    pub source: Option<Identifier>,
    /// Your system's own reference, unique within `source`.
    #[deserr(default)]
    pub external_reference: Option<Identifier>,
}

impl RecordInformalResolution {
    /// What the use case needs.
    pub fn into_practice(self) -> Result<Practice, Problem> {
        Ok(Practice {
            kind: PracticeKind::InformalResolution,
            about_agency: self.about_agency.into_string(),
            theme: self.theme.into_string(),
            urgency: self.urgency,
            note: note(self.note)?,
            occurred_at: self.occurred_at.map(|at| at.0),
            external: external(self.source, self.external_reference)?,
        })
    }
}

impl RecordCommendation {
    /// What the use case needs.
    pub fn into_practice(self) -> Result<Practice, Problem> {
        Ok(Practice {
            kind: PracticeKind::Commendation,
            about_agency: self.about_agency.into_string(),
            theme: self.theme.into_string(),
            urgency: None,
            note: note(self.note)?,
            occurred_at: self.occurred_at.map(|at| at.0),
            external: external(self.source, self.external_reference)?,
        })
    }
}

fn note(text: Option<Text<500>>) -> Result<Option<PracticeNote>, Problem> {
    text.map(|text| {
        PracticeNote::parse(text.as_str()).map_err(|error| {
            let code = error.code().parse().unwrap_or(FieldCode::Pattern);
            FieldErrors::single("#/note", code).into()
        })
    })
    .transpose()
}

/// Both names of a sender's reference, or neither.
fn external(
    source: Option<Identifier>,
    reference: Option<Identifier>,
) -> Result<Option<ExternalReference>, Problem> {
    let missing = match (source, reference) {
        (None, None) => return Ok(None),
        (Some(source), Some(reference)) => {
            return Ok(Some(ExternalReference {
                source: source.into_string(),
                reference: reference.into_string(),
            }));
        }
        (Some(_), None) => "#/external_reference",
        (None, Some(_)) => "#/source",
    };
    Err(FieldErrors::single(missing, FieldCode::Required).into())
}

/// An informal resolution or a commendation. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PracticeRecord)]
pub struct PracticeRecordView {
    /// Its identifier.
    pub id: PracticeRecordId,
    /// What kind it is.
    pub kind: PracticeKind,
    /// Code of the agency that recorded it.
    pub by_agency: String,
    /// Code of the agency with which it was settled, or which did well.
    pub about_agency: String,
    /// What it was about.
    pub theme: ThemeCode,
    /// How urgent what was settled was, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// What there is to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it happened.
    pub occurred_at: Instant,
    /// When the service received it.
    pub recorded_at: Instant,
    /// The sending system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
}

impl PracticeRecordView {
    /// The record as it is shown to those who may read its note.
    pub fn new(it: PracticeRecord, partnership: &Partnership) -> Self {
        let summary = it.summary;
        let (source, external_reference) = it.external.map(|it| (it.source, it.reference)).unzip();
        Self {
            id: summary.id,
            kind: summary.kind,
            by_agency: agency_code(partnership, summary.by),
            about_agency: agency_code(partnership, summary.about),
            theme: summary.theme,
            urgency: summary.urgency,
            note: it.note.map(Into::into),
            occurred_at: Instant(summary.occurred_at),
            recorded_at: Instant(summary.recorded_at),
            source,
            external_reference,
        }
    }
}

/// An informal resolution or a commendation in a list: never its note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PracticeRecordInList)]
pub struct PracticeLine {
    /// Its identifier.
    pub id: PracticeRecordId,
    /// What kind it is.
    pub kind: PracticeKind,
    /// Code of the agency that recorded it.
    pub by_agency: String,
    /// Code of the agency with which it was settled, or which did well.
    pub about_agency: String,
    /// What it was about.
    pub theme: ThemeCode,
    /// How urgent what was settled was, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// When it happened.
    pub occurred_at: Instant,
    /// When the service received it.
    pub recorded_at: Instant,
    /// Where it is.
    pub href: String,
}

/// The columns of a list.
pub const PRACTICE_COLUMNS: &[&str] =
    &["id", "kind", "by_agency", "about_agency", "theme", "urgency", "occurred_at", "recorded_at"];

impl PracticeLine {
    /// The line for one record.
    pub fn new(it: &PracticeSummary, partnership: &Partnership) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            by_agency: agency_code(partnership, it.by),
            about_agency: agency_code(partnership, it.about),
            theme: it.theme.clone(),
            urgency: it.urgency,
            occurred_at: Instant(it.occurred_at),
            recorded_at: Instant(it.recorded_at),
            href: format!("/v1/practice-records/{}", it.id),
        }
    }

    /// Its cells, in the order of [`PRACTICE_COLUMNS`].
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            text(self.id),
            text(self.kind),
            text(&self.by_agency),
            text(&self.about_agency),
            text(&self.theme),
            Cell::optional(self.urgency),
            text(self.occurred_at.0),
            text(self.recorded_at.0),
        ]
    }
}
