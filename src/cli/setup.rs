//! `setup`: makes a partnership from a reviewed file, or brings it up to date.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;
use serde::Deserialize;

use super::Outcome;
use super::database::Database;
use super::terminal::{answer, note};
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::free_text_policy::FreeTextPolicy;
use crate::domain::london::local_date;
use crate::domain::sharing_agreement::{AgreementRule, AgreementState, LawfulBasis};
use crate::reference::{AgreedFile, CalendarFile, StagePolicyFile};
use crate::settings::DatabaseSettings;
use crate::usecases::policies::{self, Proposal};
use crate::usecases::setup::{self, PlannedAgency, PlannedAgreement, PlannedClient, SetupPlan};
use crate::usecases::{Deps, agreements, shipped};
use crate::vault::Vault;

/// Sets a partnership up.
#[derive(Debug, Args)]
pub struct Setup {
    /// The file: see `examples/partnership.json`. Run it again after each change; what it does not name stays.
    file: PathBuf,

    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    code: String,
    name: String,
    /// Whether an agency adds data only while an agreement of its own is in force, or agreements are only recorded.
    agreements: Option<AgreementRule>,
    agencies: Vec<FileAgency>,
    clients: Vec<FileClient>,
    /// Calendars of bank holidays besides the shipped one; the one loaded last counts new dates.
    #[serde(default)]
    calendars: Vec<CalendarFile>,
    /// Ladders besides the shipped one, each for escalations raised from its first day on.
    #[serde(default)]
    stage_policies: Vec<StagePolicyFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAgency {
    code: String,
    name: String,
    #[serde(rename = "type")]
    kind: AgencyType,
    #[serde(default)]
    aliases: Vec<String>,
    /// What becomes of a text with an NHS number, a telephone number or the like; refused when nothing is said.
    free_text: Option<FreeTextPolicy>,
    /// The dated agreements under which it shares data. Add renewals; what is recorded never changes.
    #[serde(default)]
    agreements: Vec<FileAgreement>,
    valid_from: Date,
    valid_to: Option<Date>,
    successor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAgreement {
    reference: String,
    lawful_basis: LawfulBasis,
    from: Date,
    until: Date,
    /// The reference of an agreement that was wrong or ended early.
    replaces: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileClient {
    issuer: String,
    client_id: String,
    agency: Option<String>,
    role: Role,
    name: String,
    /// Revocation: within seconds, every call of this client is refused.
    #[serde(default)]
    disabled: bool,
}

impl Setup {
    /// Reads the file, makes or changes what it names, and says so.
    pub async fn run(self) -> Outcome {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| format!("{} cannot be read: {error}", self.file.display()))?;
        let file: File = serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", self.file.display()))?;
        file.check().map_err(|fault| format!("{}: {fault}", self.file.display()))?;
        let (agencies, clients) = (file.agencies.len(), file.clients.len());
        let rules = file
            .calendars
            .into_iter()
            .map(AgreedFile::Calendar)
            .chain(file.stage_policies.into_iter().map(AgreedFile::StagePolicy))
            .map(shipped::proposal)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| format!("{}: {fault}", self.file.display()))?;
        let code = file.code.clone();
        let plan = SetupPlan {
            agreements: file.agreements,
            ..shipped::plan(
                file.code,
                file.name,
                file.agencies.into_iter().map(PlannedAgency::from).collect(),
                file.clients.into_iter().map(PlannedClient::from).collect(),
            )?
        };
        let database = Database::open(&self.database).await?;
        if database.is_own() {
            database.migrate().await?;
        }
        // Setting up touches no child, so it needs no secret.
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let done = apply(&deps, &plan, rules).await;
        database.close().await?;
        let notes = done?;
        answer(&format!("{code} is set up with {agencies} agencies and {clients} clients"));
        notes.iter().for_each(|it| note(it));
        Ok(())
    }
}

/// Sets up, and gives what somebody should know of agreements.
async fn apply(
    deps: &Deps,
    plan: &SetupPlan,
    rules: Vec<Proposal>,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let today = local_date(deps.clock.now());
    // Before the first change, so that a slip in the last of them leaves nothing half done.
    for proposal in &rules {
        proposal.check(today)?;
    }
    let id = setup::apply(deps, plan).await?;
    for proposal in rules {
        policies::apply(deps, id, vec![proposal]).await?;
    }
    Ok(notes(&agreements::of(deps, id).await?))
}

/// What agreements ask of whoever sets up: of each agency that could not add data, or soon cannot.
fn notes(it: &agreements::Looked) -> Vec<String> {
    let mut notes = Vec::new();
    if it.rule == AgreementRule::Recorded {
        notes.push(
            "Note: sharing agreements are only recorded here, and every agency adds data without one. Write \
             \"agreements\": \"required\" beside the code of the partnership to change that."
                .to_owned(),
        );
    }
    for agency in it.to_see_to() {
        let code = &agency.code;
        let until = agency.standing.until.map_or_else(String::new, |it| it.to_string());
        let then = match it.rule {
            AgreementRule::Required => {
                "; without one in force it can read and answer, and raises nothing new"
            }
            AgreementRule::Recorded => "",
        };
        notes.push(match agency.standing.state {
            AgreementState::EndsSoon => {
                format!("Note: the sharing agreement of {code} ends on {until}{then}.")
            }
            AgreementState::Lapsed => {
                format!("Note: the sharing agreement of {code} ended on {until}{then}.")
            }
            AgreementState::None | AgreementState::InForce => {
                format!("Note: {code} has no sharing agreement in force{then}.")
            }
        });
    }
    notes
}

impl File {
    /// What the database would refuse in words of its own.
    fn check(&self) -> Result<(), String> {
        let plain = |text: &str, from: usize, to: usize, good: fn(char) -> bool| {
            (from..=to).contains(&text.len()) && text.chars().all(good)
        };
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        if !plain(&self.code, 2, 12, upper)
            || !self.code.starts_with(|c: char| c.is_ascii_uppercase())
        {
            return Err(format!(
                "the partnership's code {:?} must be 2 to 12 capital letters and digits, a letter first",
                self.code
            ));
        }
        let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        for it in &self.agencies {
            if !plain(&it.code, 1, 40, lower)
                || !it.code.starts_with(|c: char| c.is_ascii_lowercase())
            {
                return Err(format!(
                    "the agency's code {:?} must be 1 to 40 small letters, digits and _, a letter first",
                    it.code
                ));
            }
        }
        let named = self
            .clients
            .iter()
            .filter_map(|it| it.agency.as_ref())
            .chain(self.agencies.iter().filter_map(|it| it.successor.as_ref()));
        for code in named {
            if !self.agencies.iter().any(|it| it.code == *code) {
                return Err(format!("{code:?} is not the code of any agency in this file"));
            }
        }
        match self.clients.iter().find(|it| (it.role == Role::Agency) != it.agency.is_some()) {
            Some(it) => Err(format!(
                "the client {:?} must name an agency if its role is \"agency\", and none otherwise",
                it.client_id
            )),
            None => Ok(()),
        }
    }
}

impl From<FileAgency> for PlannedAgency {
    fn from(it: FileAgency) -> Self {
        Self {
            code: it.code,
            name: it.name,
            agency_type: it.kind,
            aliases: it.aliases,
            free_text: it.free_text.unwrap_or(FreeTextPolicy::Refuse),
            agreements: it.agreements.into_iter().map(PlannedAgreement::from).collect(),
            valid_from: it.valid_from,
            valid_to: it.valid_to,
            successor: it.successor,
        }
    }
}

impl From<FileAgreement> for PlannedAgreement {
    fn from(it: FileAgreement) -> Self {
        Self {
            reference: it.reference,
            lawful_basis: it.lawful_basis,
            from: it.from,
            until: it.until,
            replaces: it.replaces,
        }
    }
}

impl From<FileClient> for PlannedClient {
    fn from(it: FileClient) -> Self {
        Self {
            issuer: it.issuer,
            client_id: it.client_id,
            agency: it.agency,
            role: it.role,
            name: it.name,
            disabled: it.disabled,
        }
    }
}
