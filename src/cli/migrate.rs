//! `migrate`: brings the database's schema up to date.

use clap::Args;

use super::Outcome;
use super::database::Database;
use super::terminal::answer;
use crate::settings::DatabaseSettings;

/// Brings the schema up to date.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    database: DatabaseSettings,
}

impl Migrate {
    /// Runs the migrations that are missing; two programs that do so at once wait for each other.
    pub async fn run(self) -> Outcome {
        let database = Database::open(&self.database).await?;
        let ran = database.migrate().await;
        database.close().await?;
        let ran = ran?;
        if ran.is_empty() {
            answer("the schema is up to date");
        }
        for version in ran {
            answer(&format!("ran {version}"));
        }
        Ok(())
    }
}
