//! `demo`: a made-up partnership with two years of data, the service, and tokens to try it with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jsonwebtoken::Algorithm;

use super::Outcome;
use super::database::Database;
use super::doors;
use super::local_issuer::LocalIssuer;
use super::secret;
use super::service;
use super::terminal::{answer, note};
use crate::demo::{self, DemoOptions};
use crate::domain::child_reference::SchemePolicy;
use crate::domain::week::IsoWeek;
use crate::http::key_set::{KeySet, KeySource};
use crate::http::pages::HOME;
use crate::http::state::AppState;
use crate::http::token::Verifier;
use crate::settings::{
    DatabaseSettings, LOCAL_ISSUER, ListedReceivers, MetricsListen, Mode, SecretSettings,
    ServiceSettings, USUAL_AGENCY_QUOTA, USUAL_CLIENT_QUOTA,
};
use crate::usecases::Deps;
use crate::usecases::chain::sequence_all;
use crate::usecases::deps::{Clock, SystemClock};

/// The audience of the demonstration's tokens.
const AUDIENCE: &str = "escalation-tracker";
/// A demonstration lasts a day at most.
const TOKEN_SECONDS: i64 = 24 * 3_600;

/// Runs the demonstration.
#[derive(Debug, Args)]
pub struct Demo {
    /// The address to listen on.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    listen: std::net::SocketAddr,

    /// The address for `/metrics`; none when not said.
    #[arg(long, default_value = "")]
    metrics_listen: MetricsListen,

    /// Where the demonstration keeps its PostgreSQL and its keys. Remove it to begin anew.
    #[arg(long, default_value = ".data/demo")]
    data_dir: PathBuf,

    /// Where the PostgreSQL server programs are, if not where the system puts them.
    #[arg(long, env = "PG_BIN_DIR")]
    pg_bin_dir: Option<PathBuf>,

    /// The seed of the made-up data; the same seed gives the same data.
    #[arg(long)]
    seed: Option<u64>,

    /// The last week with data, for example 2026-W46; the last complete one when not said.
    #[arg(long)]
    last_week: Option<IsoWeek>,

    /// Receivers of webhooks on this machine that may be called: `webhook receive` listens at the first.
    #[arg(long, default_value = "127.0.0.1:9900,localhost:9900")]
    webhook_allow_hosts: ListedReceivers,

    /// Make the data and stop.
    #[arg(long)]
    load_only: bool,
}

/// How many tenths are done, where that is more than what was told last.
fn new_tenth(done: u64, total: u64, told: u64) -> Option<u64> {
    let tenths = done.saturating_mul(10).checked_div(total)?;
    (tenths > told).then_some(tenths)
}

impl Demo {
    /// Starts everything, makes the data if they are not there, says how to try it, and serves.
    pub async fn run(self) -> Outcome {
        let interrupted = self.claim_directory()?;
        let service = self.service();
        let listeners = if self.load_only { None } else { Some(service::listen(&service)?) };
        let database = Database::open(&self.database()).await?;
        if interrupted {
            note("the last demonstration was stopped while its data were made; making them anew");
            database.recreate().await?;
        }
        database.migrate().await?;
        let issuer = LocalIssuer::open(&self.data_dir)?;
        let vault = Arc::new(secret::own_vault(&self.data_dir.join("root.secret"))?);
        let schemes = SchemePolicy { test_range_allowed: true, ..SchemePolicy::default() };
        let mut deps = Deps::new(database.pool().await?, vault, schemes);
        deps.outside = service::outside(&service, None)?;
        self.load(&deps).await?;
        // The feed comes to the present before anybody asks for what happens from now on.
        sequence_all(&deps).await?;
        let Some(listeners) = listeners else {
            deps.pool.close();
            database.close().await?;
            return Ok(());
        };
        let source = KeySource::File(issuer.jwks().to_owned());
        let keys = KeySet::new(source, Algorithm::EdDSA)?;
        keys.read().await?;
        let verifier = Verifier::new(LOCAL_ISSUER.to_owned(), AUDIENCE.to_owned(), keys);
        let url = format!("http://{}", listeners.service.local_addr()?);
        self.introduce(&issuer, &url)?;
        let state =
            AppState::new(deps, verifier, true).with_doors(doors::choice(demo::PARTNERSHIP));
        service::run(state, listeners, &service, database).await
    }

    /// Makes sure that the directory is a demonstration's, and tells whether its data are half made.
    fn claim_directory(&self) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        let (begun, done) = (self.data_dir.join("demo-begun"), self.data_dir.join("demo-loaded"));
        if self.data_dir.join("postgres").exists() && !begun.exists() {
            return Err(format!(
                "{} holds data that no demonstration made; name another directory with --data-dir",
                self.data_dir.display()
            )
            .into());
        }
        let interrupted = begun.exists() && !done.exists();
        std::fs::create_dir_all(&self.data_dir)?;
        std::fs::write(&begun, "Made-up data only; this directory can be removed.\n")?;
        Ok(interrupted)
    }

    async fn load(&self, deps: &Deps) -> Outcome {
        let this_week = IsoWeek::containing(SystemClock.now());
        let last_week = self.last_week.unwrap_or_else(|| this_week.previous());
        if last_week >= this_week {
            return Err("--last-week must lie before the present week".into());
        }
        let mut options = DemoOptions::two_years(last_week, LOCAL_ISSUER.to_owned());
        options.seed = self.seed.unwrap_or(options.seed);
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(
            "making up two years {bar:40} {pos}/{len} {eta}",
        )?);
        bar.enable_steady_tick(Duration::from_millis(200));
        // Where no bar can be drawn, in a log or a container, a line at each tenth says that it goes on.
        let lines = bar.is_hidden();
        let mut told = 0;
        let report = demo::load(deps, &options, &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            if lines && let Some(tenth) = new_tenth(done, total, told) {
                told = tenth;
                note(&format!("making up two years: {} %", tenth * 10));
            }
        })
        .await?;
        bar.finish_and_clear();
        std::fs::write(self.data_dir.join("demo-loaded"), "All made-up data are there.\n")?;
        if report.already_there {
            note("the made-up data are already there");
        } else {
            let acts: u64 = report.acts.values().sum();
            let practice: u64 = report.practice.values().sum();
            let refused: u64 = report.refused.values().sum();
            note(&format!(
                "made up {} escalations with {acts} acts, and {practice} records of what went well without one; \
                 {refused} faulty inputs were refused, as they should be; {} heartbeats and {} nil returns tell silences \
                 apart",
                report.raised, report.heartbeats, report.nil_returns
            ));
        }
        Ok(())
    }

    /// Says where it is and how to try it; each line can be copied.
    fn introduce(&self, issuer: &LocalIssuer, url: &str) -> Outcome {
        let now = SystemClock.now();
        let who = [
            ("POLICE", "demo-valeshire_police"),
            ("SERVICES", "demo-anyborough_cs"),
            ("DIRECTOR", "demo-director"),
        ];
        answer("");
        answer(&format!(
            "The escalation tracker answers at {url} with made-up data of Anyborough."
        ));
        answer(&format!(
            "The weekly review, in a browser, as whoever you choose to be: {url}{HOME}"
        ));
        answer(&format!("Its operations, to read and to try: {url}/docs/"));
        answer("");
        answer("Copy these into another terminal; the tokens are good for a day:");
        answer("");
        answer(&format!("export URL={url}"));
        for (name, client) in who {
            let token = issuer.token(AUDIENCE, client, client, now, TOKEN_SECONDS)?;
            answer(&format!("export {name}={token}"));
        }
        answer("");
        answer("What the police raised and must answer, newest first:");
        answer("curl -s \"$URL/v1/escalations?limit=5\" -H \"Authorization: Bearer $POLICE\"");
        answer("Raise an escalation with children's services:");
        answer(
            "curl -s $URL/v1/escalations -H \"Authorization: Bearer $POLICE\" -H 'Content-Type: application/json' \
             -d '{\"raised_with_agency\":\"anyborough_cs\",\"theme\":\"strategy_meeting_late\",\"urgency\":\"urgent\",\
             \"child_references\":[{\"scheme\":\"la_child_id\",\"value\":\"SYN100234\"}],\
             \"desired_outcome\":\"Hold a quorate strategy meeting today.\"}'",
        );
        answer("The weekly theme aggregation, as a table:");
        answer(
            "curl -s $URL/v1/themes/weekly -H \"Authorization: Bearer $DIRECTOR\" -H 'Accept: text/csv'",
        );
        answer("");
        answer(
            "Stop with Ctrl-C; start again with the same command, and everything is still there.",
        );
        Ok(())
    }

    fn database(&self) -> DatabaseSettings {
        DatabaseSettings {
            // The demonstration never touches a database that somebody named for something else.
            database_url: None,
            owner_database_url: None,
            database_root_certificates: None,
            database_connections: 16,
            statement_timeout_seconds: 10,
            data_dir: self.data_dir.clone(),
            pg_bin_dir: self.pg_bin_dir.clone(),
        }
    }

    fn service(&self) -> ServiceSettings {
        ServiceSettings {
            mode: Mode::Development,
            own_postgresql: true,
            listen: self.listen,
            workers: None,
            drain_delay_seconds: 0,
            secrets: SecretSettings::default(),
            checkpoint_dir: None,
            backup_days: 35,
            accept_nhs_numbers: false,
            webhook_allow_hosts: self.webhook_allow_hosts.clone(),
            webhook_root_certificates: None,
            sweep_seconds: 15,
            metrics_listen: self.metrics_listen,
            client_requests_per_minute: USUAL_CLIENT_QUOTA,
            agency_requests_per_minute: USUAL_AGENCY_QUOTA,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::new_tenth;

    #[test]
    fn each_tenth_is_told_once() {
        let mut told = Vec::new();
        for done in 0..=634 {
            told.extend(new_tenth(done, 634, told.last().copied().unwrap_or_default()));
        }
        assert_eq!(told, (1..=10).collect::<Vec<_>>());
        assert_eq!(new_tenth(0, 0, 0), None);
    }
}
