//! The commands: one file each, and what they share.

mod api_client;
mod audit;
mod data_dictionary;
mod database;
mod demo;
mod doors;
mod import;
mod import_client;
mod import_map;
mod import_watch;
mod keys;
mod local_issuer;
mod migrate;
mod openapi;
mod policy;
mod policy_words;
mod report_token;
mod review;
mod review_text;
mod secret;
mod serve;
mod service;
mod setup;
mod terminal;
mod token;
mod webhook;
mod webhook_forward;
mod webhook_listen;
mod webhook_receive;
mod webhook_trigger;
mod webhook_verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::LogSettings;
use crate::telemetry;

/// What a command ends with; the message is for the person who typed it.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Records multi-agency child-safeguarding escalations, keeps their clocks, and gives the Director the weekly
/// theme review.
#[derive(Debug, Parser)]
#[command(name = "escalation-tracker", version, about)]
pub struct Cli {
    #[command(flatten)]
    log: LogSettings,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a demonstration: two years of made-up data, the service, and tokens to try it with.
    Demo(demo::Demo),
    /// Run the service.
    Serve(Box<serve::Serve>),
    /// Bring the database's schema up to date.
    Migrate(migrate::Migrate),
    /// Set a partnership up from a file: its agencies and the clients that may call.
    Setup(setup::Setup),
    /// Change a partnership's rules: stage policies, timescales and calendars, from reviewed files.
    Policy(policy::Policy),
    /// Send a file of escalations to a service.
    Import(Box<import::Import>),
    /// Try a receiver of webhooks out, on your own machine.
    Webhook(Box<webhook::Webhook>),
    /// Print the review of a week.
    Review(review::Review),
    /// Make an access token for development.
    Token(token::Token),
    /// Make and revoke the tokens with which Power BI and Excel read reports.
    ReportToken(report_token::ReportToken),
    /// Show and change under which root secrets everything is sealed.
    Keys(Box<keys::Keys>),
    /// Check that the record was not written anew, or give it away so that others can.
    Audit(Box<audit::Audit>),
    /// Print what the columns of the reporting views mean.
    DataDictionary(data_dictionary::DataDictionary),
    /// Print the OpenAPI contract.
    Openapi,
}

/// Runs the command that was typed.
///
/// # Errors
/// What went wrong, in words for the person who typed it.
pub async fn run() -> Outcome {
    let cli = Cli::try_parse().unwrap_or_else(|error| told(&error));
    telemetry::start(&cli.log)?;
    match cli.command {
        Command::Demo(command) => command.run().await,
        Command::Serve(command) => command.run().await,
        Command::Migrate(command) => command.run().await,
        Command::Setup(command) => command.run().await,
        Command::Policy(command) => command.run().await,
        Command::Import(command) => Box::pin(command.run()).await,
        Command::Webhook(command) => Box::pin(command.run()).await,
        Command::Review(command) => command.run().await,
        Command::Token(command) => command.run(),
        Command::ReportToken(command) => command.run().await,
        Command::Keys(command) => Box::pin(command.run()).await,
        Command::Audit(command) => Box::pin(command.run()).await,
        Command::DataDictionary(command) => command.run().await,
        Command::Openapi => openapi::run(),
    }
}

/// Tells what is wrong with what was typed, or gives the help that was asked for. `audit` ends with 1 then: its 2 means that
/// an entry is missing, and no mistake in typing may look like that.
fn told(error: &clap::Error) -> ! {
    let of_audit = std::env::args_os().nth(1).is_some_and(|it| it == "audit");
    if of_audit && error.use_stderr() {
        let _ = error.print();
        std::process::exit(1);
    }
    error.exit()
}

/// The exit status for what a command ended with.
#[must_use]
pub fn exit_code(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ExitCode {
    if let Some(found) = error.downcast_ref::<audit::DoesNotHold>() {
        return ExitCode::from(found.exit_code());
    }
    match error.downcast_ref::<import::Ended>() {
        Some(import::Ended::NotRun(_)) => ExitCode::from(2),
        Some(import::Ended::RowsRefused(_)) | None => ExitCode::FAILURE,
    }
}
