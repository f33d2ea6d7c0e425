//! The program: chooses the command.

use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match escalation_tracker::cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "escalation-tracker: {error}");
            escalation_tracker::cli::exit_code(&*error)
        }
    }
}
