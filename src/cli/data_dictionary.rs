//! `data-dictionary`: prints what the columns of the reporting views mean, from the comments of the database.

use std::io::Write;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::database::Database;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::report_dictionary::{COLUMNS, lines, markdown};
use crate::http::csv_answer::{Cell, table};
use crate::settings::DatabaseSettings;
use crate::usecases::{Deps, reports};
use crate::vault::Vault;

/// Prints the data dictionary of the reporting views.
#[derive(Debug, Args)]
pub struct DataDictionary {
    /// The form in which it is printed.
    #[arg(long, value_enum, default_value = "markdown")]
    format: Form,

    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// As docs/reporting.md has it.
    Markdown,
    /// One line for each column.
    Csv,
}

impl DataDictionary {
    /// Prints it and nothing else.
    pub async fn run(self) -> Outcome {
        let database = Database::open(&self.database).await?;
        let vault = Arc::new(Vault::without_secret());
        let deps = Deps::new(database.pool().await?, vault, SchemePolicy::default());
        let views = reports::views(&deps).await;
        deps.pool.close();
        database.close().await?;
        let views = views?;
        let text = match self.format {
            Form::Markdown => markdown(&views).into_bytes(),
            Form::Csv => {
                let rows = lines(&views).into_iter().map(|line| line.map(Cell::Text).to_vec());
                table(COLUMNS, rows)?
            }
        };
        std::io::stdout().write_all(&text)?;
        Ok(())
    }
}
