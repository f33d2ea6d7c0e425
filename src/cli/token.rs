//! `token`: makes an access token for development, signed with the key of a data directory.

use clap::Args;

use super::Outcome;
use super::local_issuer::LocalIssuer;
use super::terminal::answer;
use crate::usecases::deps::{Clock, SystemClock};

/// Makes a token. A service in production does not accept it.
#[derive(Debug, Args)]
pub struct Token {
    /// The client to be, for example `demo-valeshire_police`. It must be registered.
    #[arg(long)]
    client: String,

    /// The person or system in whose name; the client itself when not said.
    #[arg(long)]
    subject: Option<String>,

    /// How many hours it is good for.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(i64).range(1..=24))]
    hours: i64,

    /// The audience that the service expects.
    #[arg(long, env = "TOKEN_AUDIENCE", default_value = "escalation-tracker")]
    audience: String,

    /// The data directory of the service.
    #[arg(long, env = "DATA_DIR", default_value = ".data")]
    data_dir: std::path::PathBuf,
}

impl Token {
    /// Prints the token and nothing else.
    pub fn run(self) -> Outcome {
        let subject = self.subject.as_deref().unwrap_or(&self.client);
        let now = SystemClock.now();
        let issuer = LocalIssuer::existing(&self.data_dir)?;
        answer(&issuer.token(&self.audience, &self.client, subject, now, self.hours * 3_600)?);
        Ok(())
    }
}
