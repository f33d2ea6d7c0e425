//! `policy`: shows what a file with rules would change and for whom, and puts it into force.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::Outcome;
use super::database::Database;
use super::policy_words::words;
use super::terminal::answer;
use crate::domain::child_reference::SchemePolicy;
use crate::reference::{AgreedFile, FILES};
use crate::settings::DatabaseSettings;
use crate::usecases::policies::{self, Plan, Proposal, Refusal};
use crate::usecases::{Deps, shipped};
use crate::vault::Vault;

/// Changes a partnership's rules.
#[derive(Debug, Args)]
pub struct Policy {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say what the files would change and for whom. Changes nothing.
    Plan(Files),
    /// Put the files into force, all of them or none. What is there already stays as it is.
    Apply(Files),
    /// Print a shipped file to start from, or the names of all.
    Shipped {
        /// Its name, for example `calendar_scotland.json`.
        name: Option<String>,
    },
}

/// The files and whose rules they are.
#[derive(Debug, Args)]
struct Files {
    /// Stage policies ("stages"), limits of the child's process ("timescales") and at most one calendar ("holidays").
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The code of the partnership.
    #[arg(long)]
    partnership: String,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl Policy {
    /// Does what was typed.
    pub async fn run(self) -> Outcome {
        match self.command {
            PolicyCommand::Plan(files) => files.run(false).await,
            PolicyCommand::Apply(files) => files.run(true).await,
            PolicyCommand::Shipped { name } => print_shipped(name.as_deref()),
        }
    }
}

impl Files {
    async fn run(self, apply: bool) -> Outcome {
        let proposals: Vec<Proposal> =
            self.files.iter().map(read).collect::<Result<_, Box<_>>>()?;
        let database = Database::open(&self.database).await?;
        // Rules touch no child, so this needs no secret.
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let done = change(&deps, &self.partnership, proposals, apply).await;
        database.close().await?;
        let plan = done?;
        for line in words(&self.partnership, &plan) {
            answer(&line);
        }
        answer(if apply { "applied" } else { "Nothing was changed; `policy apply` does it." });
        Ok(())
    }
}

async fn change(
    deps: &Deps,
    partnership: &str,
    proposals: Vec<Proposal>,
    apply: bool,
) -> Result<Plan, Refusal> {
    let id = policies::partnership_called(deps, partnership).await?;
    if apply {
        policies::apply(deps, id, proposals).await
    } else {
        policies::plan(deps, id, proposals).await
    }
}

fn read(path: &PathBuf) -> Result<Proposal, Box<dyn std::error::Error + Send + Sync>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let file = AgreedFile::parse(&text).map_err(|error| format!("{} {error}", path.display()))?;
    Ok(shipped::proposal(file).map_err(|error| format!("{}: {error}", path.display()))?)
}

fn print_shipped(name: Option<&str>) -> Outcome {
    let rules = FILES.iter().filter(|(_, text)| AgreedFile::parse(text).is_ok());
    match name {
        None => rules.for_each(|(name, _)| answer(name)),
        Some(name) => {
            let known: Vec<&str> = rules.clone().map(|(name, _)| *name).collect();
            let (_, text) = rules.clone().find(|(known, _)| *known == name).ok_or_else(|| {
                format!("there is no shipped file {name:?}; there are {}", known.join(", "))
            })?;
            answer(text.trim_end());
        }
    }
    Ok(())
}
