//! `setup`: makes a partnership from a reviewed file, or brings it up to date.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;
use serde::Deserialize;

use super::Outcome;
use super::database::Database;
use super::terminal::answer;
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::free_text_policy::FreeTextPolicy;
use crate::domain::london::local_date;
use crate::reference::{AgreedFile, CalendarFile, StagePolicyFile};
use crate::settings::DatabaseSettings;
use crate::usecases::policies::{self, Proposal};
use crate::usecases::setup::{self, PlannedAgency, PlannedClient, SetupPlan};
use crate::usecases::{Deps, shipped};
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
    valid_from: Date,
    valid_to: Option<Date>,
    successor: Option<String>,
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
        let plan = shipped::plan(
            file.code,
            file.name,
            file.agencies.into_iter().map(PlannedAgency::from).collect(),
            file.clients.into_iter().map(PlannedClient::from).collect(),
        )?;
        let database = Database::open(&self.database).await?;
        if database.is_own() {
            database.migrate().await?;
        }
        // Setting up touches no child, so it needs no secret.
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let done = apply(&deps, &plan, rules).await;
        database.close().await?;
        done?;
        answer(&format!("{code} is set up with {agencies} agencies and {clients} clients"));
        Ok(())
    }
}

async fn apply(deps: &Deps, plan: &SetupPlan, rules: Vec<Proposal>) -> Outcome {
    let today = local_date(deps.clock.now());
    // Before the first change, so that a slip in the last of them leaves nothing half done.
    for proposal in &rules {
        proposal.check(today)?;
    }
    let id = setup::apply(deps, plan).await?;
    for proposal in rules {
        policies::apply(deps, id, vec![proposal]).await?;
    }
    Ok(())
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
            valid_from: it.valid_from,
            valid_to: it.valid_to,
            successor: it.successor,
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
