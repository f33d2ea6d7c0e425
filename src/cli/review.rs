//! `review`: prints the review of a week at a terminal, for a registered reader and through the same use case as the
//! page.
//!
//! Access to the database is no right to read a review. So the command acts as a registered client whose role may
//! review, and is refused what that client would be refused; the operator of the service may not.

use std::io::Write;
use std::sync::Arc;

use clap::Args;

use super::Outcome;
use super::database::Database;
use super::review_text::text;
use super::terminal::answer;
use crate::domain::access_event::Call;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::review::Pack;
use crate::domain::week::IsoWeek;
use crate::http::csv_answer::table;
use crate::http::review_file::{COLUMNS, rows};
use crate::settings::{DatabaseSettings, LOCAL_ISSUER};
use crate::usecases::deps::{Clock, SystemClock};
use crate::usecases::review::{self, Shown};
use crate::usecases::{Deps, registry};
use crate::vault::Vault;

/// Prints the review of a week.
#[derive(Debug, Args)]
pub struct Review {
    /// The ISO week, for example 2026-W47; the last one that is over when not said.
    week: Option<IsoWeek>,

    /// The registered client as which it is read, for example `demo-director`. Its role must allow the review.
    #[arg(long)]
    client: String,

    /// The issuer under which that client is registered.
    #[arg(long, env = "TOKEN_ISSUER", default_value = LOCAL_ISSUER)]
    issuer: String,

    /// Print the JSON text, whose SHA-256 is what is signed.
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print one line for each number.
    #[arg(long)]
    csv: bool,

    #[command(flatten)]
    database: DatabaseSettings,
}

impl Review {
    /// Prints it and nothing else.
    pub async fn run(self) -> Outcome {
        let database = Database::open(&self.database).await?;
        // A review shows no child, so this needs no secret.
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let shown = self.read(&deps).await;
        deps.pool.close();
        database.close().await?;
        let (week, shown) = shown?;
        if self.json {
            answer(&shown.text);
            return Ok(());
        }
        let pack: Pack = serde_json::from_str(&shown.text).map_err(|_| {
            format!("the review of {week} was signed in an older form; --json prints it as it was signed")
        })?;
        if self.csv {
            std::io::stdout().write_all(&table(COLUMNS, rows(&pack))?)?;
            return Ok(());
        }
        for line in text(&pack, &shown.sha256, shown.version) {
            answer(&line);
        }
        Ok(())
    }

    async fn read(
        &self,
        deps: &Deps,
    ) -> Result<(IsoWeek, Shown), Box<dyn std::error::Error + Send + Sync>> {
        let now = SystemClock.now();
        let week = self.week.unwrap_or_else(|| IsoWeek::containing(now).previous());
        if week.starts_at() > now {
            return Err(format!("{week} has not begun").into());
        }
        let client = &self.client;
        let unknown = || {
            format!(
                "no client {client:?} of the issuer {} is registered, or it is switched off",
                self.issuer
            )
        };
        let registration = registry::find(deps, &self.issuer, client).await?;
        let registration = registration.filter(|it| !it.disabled).ok_or_else(unknown)?;
        // Whose hands were on the keyboard the program cannot know; it says that it was the command line.
        let mut caller =
            registry::caller(deps, &registration, format!("command line as {client}")).await?;
        caller.call = Some(Call {
            operation: "command line: review".to_owned(),
            purpose: None,
            request_id: "-".to_owned(),
        });
        let shown = review::shown(deps, &caller, week, None).await;
        let shown = shown.map_err(|failure| format!("{client}: {failure}"))?;
        Ok((week, shown))
    }
}
