//! Who read what: one entry for each read that shows single escalations, and what its place in the chain is taken of.

use jiff::Timestamp;

use super::access::{Caller, Role};
use super::chain::{Member, Said};
use super::codes::codes;
use super::export::ExportPurpose;
use super::ids::{AccessEventId, AgencyId, ClientId, EscalationId};

/// The first line of what is hashed.
const FORM: &str = "escalation-tracker access v1\n";

codes! {
    /// What somebody says that they read a child's matter for. What a file can be exported for is among it.
    pub enum AccessPurpose {
        /// To work on the matter: to raise it, answer it or decide it.
        DirectWork => "direct_work",
        /// To supervise those who do.
        Supervision => "supervision",
        /// Because a child may be in danger now.
        UrgentSafety => "urgent_safety",
        /// To prepare a meeting or a review.
        ReviewPreparation => "review_preparation",
        /// For an agency's or the partnership's own figures.
        PerformanceReporting => "performance_reporting",
        /// For an inspectorate.
        Inspection => "inspection",
        /// To check the quality of the work.
        QualityAudit => "quality_audit",
        /// To check the quality of the records.
        DataQuality => "data_quality",
        /// To bring the records into another system of the agency's.
        SystemTransfer => "system_transfer",
        /// To look into a complaint.
        Complaint => "complaint",
        /// To answer somebody who asks what is kept about them (UK GDPR, Article 15).
        SubjectAccess => "subject_access",
        /// To check who read what.
        AccessAudit => "access_audit",
    }
}

impl From<ExportPurpose> for AccessPurpose {
    fn from(purpose: ExportPurpose) -> Self {
        match purpose {
            ExportPurpose::ReviewPreparation => Self::ReviewPreparation,
            ExportPurpose::PerformanceReporting => Self::PerformanceReporting,
            ExportPurpose::Inspection => Self::Inspection,
            ExportPurpose::QualityAudit => Self::QualityAudit,
            ExportPurpose::DataQuality => Self::DataQuality,
            ExportPurpose::SystemTransfer => Self::SystemTransfer,
        }
    }
}

codes! {
    /// How much of escalations a read showed.
    pub enum FieldsShown {
        /// All, with the children's references deciphered.
        WithChildReferences => "with_child_references",
        /// What was written about them, without the children's references.
        Texts => "texts",
        /// Codes, dates and agencies, without texts.
        Lines => "lines",
        /// Rows of a reporting view.
        Report => "report",
        /// Not the escalations, but who read them.
        AccessLog => "access_log",
    }
}

/// The request by which somebody is shown something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation of the contract, or the page.
    pub operation: String,
    /// What the caller says that it is for.
    pub purpose: Option<AccessPurpose>,
    /// The request's identifier, as in the log.
    pub request_id: String,
}

/// What a read shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which escalations.
    pub escalations: Vec<EscalationId>,
    /// In how many rows.
    pub rows: usize,
    /// How much of them.
    pub fields: FieldsShown,
    /// Whether also a read that found nothing is recorded, because somebody looked for a certain child or person.
    pub even_nothing: bool,
}

impl Seen {
    /// These escalations, each in a row.
    #[must_use]
    pub fn of(escalations: Vec<EscalationId>, fields: FieldsShown) -> Self {
        Self { rows: escalations.len(), escalations, fields, even_nothing: false }
    }

    /// The same, recorded also where nothing was found.
    #[must_use]
    pub fn searched(mut self) -> Self {
        self.even_nothing = true;
        self
    }
}

/// One entry: who was shown what, when and what for. Never what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEvent {
    /// Its identifier.
    pub id: AccessEventId,
    /// When it was read.
    pub at: Timestamp,
    /// The agency that the reader acted for; none for the partnership's own roles.
    pub agency: Option<AgencyId>,
    /// In which role.
    pub role: Role,
    /// By which registered client.
    pub client: ClientId,
    /// The person or system, as the token or session names it.
    pub subject: String,
    /// The operation of the contract, or the page.
    pub operation: String,
    /// What for, if it was said.
    pub purpose: Option<AccessPurpose>,
    /// How much was shown.
    pub fields: FieldsShown,
    /// Which escalations, in the order of their identifiers, each once.
    pub escalations: Vec<EscalationId>,
    /// How many rows.
    pub rows: i32,
    /// The request, as the log names it.
    pub request_id: String,
}

impl AccessEvent {
    /// The entry for what this caller is shown. Nothing where nobody is shown anything: the service's own work answers
    /// no request.
    #[must_use]
    pub fn new(id: AccessEventId, at: Timestamp, caller: &Caller, seen: Seen) -> Option<Self> {
        let call = caller.call.as_ref()?;
        if seen.rows == 0 && seen.escalations.is_empty() && !seen.even_nothing {
            return None;
        }
        let mut escalations = seen.escalations;
        escalations.sort_unstable();
        escalations.dedup();
        Some(Self {
            id,
            at,
            agency: caller.agency,
            role: caller.role,
            client: caller.client,
            subject: caller.subject.clone(),
            operation: call.operation.clone(),
            purpose: call.purpose,
            fields: seen.fields,
            escalations,
            rows: i32::try_from(seen.rows).unwrap_or(i32::MAX),
            request_id: call.request_id.clone(),
        })
    }

    /// What is hashed of it: everything that is stored.
    #[must_use]
    pub fn said(&self) -> Said {
        let members = [
            ("actor_agency", Member::Id(self.agency.map(|it| it.0))),
            ("actor_client", Member::Id(Some(self.client.0))),
            ("actor_role", Member::Text(Some(self.role.code()))),
            ("actor_subject", Member::Text(Some(&self.subject))),
            ("at", Member::Number(Some(self.at.as_microsecond()))),
            ("escalations", Member::Ids(&self.escalations)),
            ("fields", Member::Text(Some(self.fields.code()))),
            ("id", Member::Id(Some(self.id.0))),
            ("operation", Member::Text(Some(&self.operation))),
            ("purpose", Member::Text(self.purpose.map(AccessPurpose::code))),
            ("request", Member::Text(Some(&self.request_id))),
            ("rows", Member::Number(Some(self.rows.into()))),
        ];
        Said::new(FORM, &members)
    }
}

/// The most escalations that a line names: as many as the largest page shows.
pub const MOST_NAMED: usize = 200;

/// An entry as it is told to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLine {
    /// The entry, with no more escalations than whoever asks needs to know of.
    pub event: AccessEvent,
    /// How many it has.
    pub escalations: usize,
}

impl AccessLine {
    /// The line of an entry: of those escalations that were asked for, or of the first ones.
    #[must_use]
    pub fn new(mut event: AccessEvent, asked: Option<&[EscalationId]>) -> Self {
        let escalations = event.escalations.len();
        match asked {
            Some(asked) => event.escalations.retain(|id| asked.contains(id)),
            None => event.escalations.truncate(MOST_NAMED),
        }
        Self { event, escalations }
    }
}

/// Which entries are asked for. Everything that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// One of these escalations was shown; any when none is named.
    pub escalations: Option<Vec<EscalationId>>,
    /// This person or system read.
    pub subject: Option<String>,
    /// By this registered client.
    pub client: Option<ClientId>,
    /// What for.
    pub purpose: Option<AccessPurpose>,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

#[cfg(test)]
mod tests;
