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
use crate::settings::DatabaseSettings;
use crate::usecases::setup::{self, PlannedAgency, PlannedClient};
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
}

impl Setup {
    /// Reads the file, makes or changes what it names, and says so.
    pub async fn run(self) -> Outcome {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| format!("{} cannot be read: {error}", self.file.display()))?;
        let file: File = serde_json::from_str(&text)
            .map_err(|error| format!("{}: {error}", self.file.display()))?;
        let (agencies, clients) = (file.agencies.len(), file.clients.len());
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
        let vault = Arc::new(Vault::new([0; crate::vault::SECRET_LENGTH]));
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let done = setup::apply(&deps, &plan).await;
        database.close().await?;
        done?;
        answer(&format!("{code} is set up with {agencies} agencies and {clients} clients"));
        Ok(())
    }
}

impl From<FileAgency> for PlannedAgency {
    fn from(it: FileAgency) -> Self {
        Self {
            code: it.code,
            name: it.name,
            agency_type: it.kind,
            aliases: it.aliases,
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
        }
    }
}
