//! `report-token`: makes and revokes the tokens with which Power BI and Excel read reports.

use std::sync::Arc;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Outcome;
use super::database::Database;
use super::terminal::{answer, note};
use crate::domain::child_reference::SchemePolicy;
use crate::settings::{DatabaseSettings, LOCAL_ISSUER};
use crate::usecases::reports::{self, DAYS};
use crate::usecases::{Deps, registry};
use crate::vault::Vault;

/// Makes, lists and revokes tokens with which reports are read over OData, and nothing else is done.
#[derive(Debug, Args)]
pub struct ReportToken {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token. Its secret is printed once and kept nowhere.
    Create {
        #[command(flatten)]
        of: Of,

        /// How many days it holds.
        #[arg(long, default_value_t = DAYS, value_parser = clap::value_parser!(i64).range(1..=DAYS))]
        days: i64,

        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// List the tokens of a client.
    List {
        #[command(flatten)]
        of: Of,

        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// Revoke a token, from its next request on.
    Revoke {
        /// Its name.
        id: Uuid,

        #[command(flatten)]
        database: DatabaseSettings,
    },
}

/// Whose token it is.
#[derive(Debug, Args)]
struct Of {
    /// The registered client that it reads for, for example `demo-analyst`. Its role must allow reports.
    #[arg(long)]
    client: String,

    /// The issuer under which that client is registered.
    #[arg(long, env = "TOKEN_ISSUER", default_value = LOCAL_ISSUER)]
    issuer: String,
}

impl ReportToken {
    /// Does what was typed.
    pub async fn run(self) -> Outcome {
        let settings = match &self.command {
            TokenCommand::Create { database, .. }
            | TokenCommand::List { database, .. }
            | TokenCommand::Revoke { database, .. } => database,
        };
        let database = Database::open(settings).await?;
        // A report shows no child, so this needs no secret.
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let done = self.command.run(&deps).await;
        deps.pool.close();
        database.close().await?;
        done
    }
}

impl TokenCommand {
    async fn run(self, deps: &Deps) -> Outcome {
        match self {
            Self::Create { of, days, .. } => {
                let client = of.registration(deps).await?;
                let made = reports::create_token(deps, &client, days).await;
                let (token, secret) =
                    made.map_err(|failure| format!("{}: {failure}", of.client))?;
                answer(&format!("user      {}", token.id));
                answer(&format!("password  {secret}"));
                answer(&format!("until     {}", token.expires_at));
                note(
                    "The password is not kept. Sign in to /odata/v1/ with both, by the method \"Basic\".",
                );
            }
            Self::List { of, .. } => {
                let client = of.registration(deps).await?;
                let tokens = reports::tokens(deps, &client).await;
                for it in tokens.map_err(|failure| format!("{}: {failure}", of.client))? {
                    let revoked = it.revoked_at.map(|at| format!("  revoked {at}"));
                    answer(&format!(
                        "{}  made {}  until {}{}",
                        it.id,
                        it.created_at,
                        it.expires_at,
                        revoked.unwrap_or_default()
                    ));
                }
            }
            Self::Revoke { id, .. } => {
                reports::revoke_token(deps, id)
                    .await
                    .map_err(|failure| format!("{id}: {failure}"))?;
                answer("revoked");
            }
        }
        Ok(())
    }
}

impl Of {
    async fn registration(
        &self,
        deps: &Deps,
    ) -> Result<crate::store::clients::Registration, Box<dyn std::error::Error + Send + Sync>> {
        let found = registry::find(deps, &self.issuer, &self.client).await?;
        let unknown = || {
            format!(
                "no client {:?} of the issuer {} is registered, or it is switched off",
                self.client, self.issuer
            )
        };
        Ok(found.filter(|it| !it.disabled).ok_or_else(unknown)?)
    }
}
