//! Every setting: read once from the command line or the environment, checked before anything starts.

use std::collections::BTreeSet;
use std::net::{AddrParseError, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jsonwebtoken::Algorithm;

use crate::webhook::address::{BadListed, Listed};

/// The issuer of tokens made by this program itself. Production refuses it.
pub const LOCAL_ISSUER: &str = "urn:escalation-tracker:local";

/// Where the data are.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// PostgreSQL 15 or later, as the application role. Without it the program runs its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// The same database, as the role that owns the tables; only `migrate` uses it.
    #[arg(long, env = "OWNER_DATABASE_URL", hide_env_values = true)]
    pub owner_database_url: Option<String>,

    /// PEM file with certificates of the database's authority, besides those of the system.
    #[arg(long, env = "DATABASE_ROOT_CERTIFICATES")]
    pub database_root_certificates: Option<PathBuf>,

    /// The most database connections at once.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub database_connections: u16,

    /// How long one database statement may run, in seconds.
    #[arg(long, env = "STATEMENT_TIMEOUT_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub statement_timeout_seconds: u64,

    /// Where the program keeps its own PostgreSQL, its keys and its secrets.
    #[arg(long, env = "DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,

    /// Where the PostgreSQL server programs are, if not where the system puts them.
    #[arg(long, env = "PG_BIN_DIR")]
    pub pg_bin_dir: Option<PathBuf>,
}

impl DatabaseSettings {
    /// How long one statement may run.
    #[must_use]
    pub const fn statement_timeout(&self) -> Duration {
        Duration::from_secs(self.statement_timeout_seconds)
    }
}

/// What the service is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Real data: tokens of a real issuer only, and a secret that somebody keeps.
    Production,
    /// Made-up data on one machine: tokens of this program, and a secret that it makes itself.
    Development,
}

/// How signatures of tokens are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenAlgorithm {
    /// RSA with SHA-256, as Entra ID and Keycloak use by default.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl From<TokenAlgorithm> for Algorithm {
    fn from(algorithm: TokenAlgorithm) -> Self {
        match algorithm {
            TokenAlgorithm::Rs256 => Self::RS256,
            TokenAlgorithm::Es256 => Self::ES256,
            TokenAlgorithm::EdDsa => Self::EdDSA,
        }
    }
}

/// Whose tokens are accepted.
#[derive(Debug, Clone, Args)]
pub struct TokenSettings {
    /// The issuer of access tokens, exactly as they name it (`iss`).
    #[arg(long, env = "TOKEN_ISSUER")]
    pub token_issuer: Option<String>,

    /// The audience that access tokens must name (`aud`).
    #[arg(long, env = "TOKEN_AUDIENCE", default_value = "escalation-tracker")]
    pub token_audience: String,

    /// The one algorithm that signatures may have.
    #[arg(long, env = "TOKEN_ALGORITHM", value_enum, default_value_t = TokenAlgorithm::Rs256)]
    pub token_algorithm: TokenAlgorithm,

    /// The issuer's public keys (JWKS): a file, or an https address.
    #[arg(long, env = "TOKEN_JWKS")]
    pub token_jwks: Option<String>,
}

/// How people sign in to the pages.
#[derive(Debug, Clone, Args)]
pub struct SignInSettings {
    /// The partnership whose people sign in, by its code.
    #[arg(long, env = "PARTNERSHIP")]
    pub partnership: Option<String>,

    /// The address of this service that browsers know, without a path: https, but for development.
    #[arg(long, env = "PUBLIC_URL")]
    pub public_url: Option<String>,

    /// The issuer that signs people in, exactly as it names itself. Without it nobody can, but in development.
    #[arg(long, env = "OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,

    /// What this service is called there.
    #[arg(long, env = "OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,

    /// A file with the secret that proves it.
    #[arg(long, env = "OIDC_CLIENT_SECRET_FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,

    /// The one algorithm that identity tokens may be signed with.
    #[arg(long, env = "OIDC_ALGORITHM", value_enum, default_value_t = TokenAlgorithm::Rs256)]
    pub oidc_algorithm: TokenAlgorithm,

    /// What is asked for.
    #[arg(long, env = "OIDC_SCOPE", default_value = "openid profile email")]
    pub oidc_scope: String,

    /// The tenant that identity tokens must name (`tid`), for Entra ID; people are then known by `oid`.
    #[arg(long, env = "OIDC_TENANT")]
    pub oidc_tenant: Option<String>,

    /// Where a person's roles are in the identity token, as a JSON pointer.
    #[arg(long, env = "OIDC_ROLES_CLAIM", default_value = "/roles")]
    pub oidc_roles_claim: String,

    /// What the issuer's roles are called here: `Escalations.Director=director,…`. The same where nothing is said.
    #[arg(long, env = "OIDC_ROLE_NAMES", default_value = "")]
    pub oidc_role_names: String,

    /// Where the agency of an agency's person is, as a JSON pointer.
    #[arg(long, env = "OIDC_AGENCY_CLAIM", default_value = "/agency")]
    pub oidc_agency_claim: String,

    /// What the issuer's agencies are called here: `Valeshire Police=valeshire_police,…`.
    #[arg(long, env = "OIDC_AGENCY_NAMES", default_value = "")]
    pub oidc_agency_names: String,
}

/// Under which secrets keys are sealed.
#[derive(Debug, Clone, Default, Args)]
pub struct SecretSettings {
    /// A file with the root secret: 32 random bytes in base64. Keep it apart from the database, and back it up:
    /// without it no child reference can be found or read again.
    #[arg(long, env = "ROOT_SECRET_FILE")]
    pub root_secret_file: Option<PathBuf>,

    /// Files with other root secrets, with commas between them: they open, and seal nothing. The former one until
    /// `keys rotate` is done; or the next one, before it takes the place.
    #[arg(long, env = "OTHER_ROOT_SECRET_FILES", value_delimiter = ',')]
    pub other_root_secret_files: Vec<PathBuf>,
}

/// How the service is reached and what it accepts.
#[derive(Debug, Clone, Args)]
pub struct ServiceSettings {
    /// What the service is run for.
    #[arg(long, env = "MODE", value_enum, default_value_t = Mode::Production)]
    pub mode: Mode,

    /// Production may keep its data in the program's own PostgreSQL. Without this it needs DATABASE_URL, so that a
    /// forgotten variable does not put real data beside the program.
    #[arg(long, env = "OWN_POSTGRESQL")]
    pub own_postgresql: bool,

    /// The address to listen on. TLS is a proxy's work.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// How many threads answer requests; one for each core when not said.
    #[arg(long, env = "WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// How long `/readyz` says "not ready" before the service stops to accept, in seconds.
    #[arg(long, env = "DRAIN_DELAY_SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=300))]
    pub drain_delay_seconds: u64,

    /// How often it is looked for what has come due, in seconds.
    #[arg(long, env = "SWEEP_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub sweep_seconds: u64,

    /// The address for `/metrics`, in the form that Prometheus reads; empty for none. It asks for no token, so keep it
    /// away from the public.
    #[arg(long, env = "METRICS_LISTEN", default_value = "127.0.0.1:9464")]
    pub metrics_listen: MetricsListen,

    /// How many requests a minute one client may send, of reading and of changing each.
    #[arg(long, env = "CLIENT_REQUESTS_PER_MINUTE", default_value_t = USUAL_CLIENT_QUOTA)]
    pub client_requests_per_minute: NonZeroU32,

    /// How many all clients of one agency may send together, of reading and of changing each.
    #[arg(long, env = "AGENCY_REQUESTS_PER_MINUTE", default_value_t = USUAL_AGENCY_QUOTA)]
    pub agency_requests_per_minute: NonZeroU32,

    /// The root secrets.
    #[command(flatten)]
    pub secrets: SecretSettings,

    /// Receivers of webhooks that may be called though they are inside: `host:port,…`, exactly. In development without
    /// TLS too. None when nothing is said: then only public https addresses are called.
    #[arg(long, env = "WEBHOOK_ALLOW_HOSTS", default_value = "")]
    pub webhook_allow_hosts: ListedReceivers,

    /// PEM file with certificates of receivers' authorities, besides those of the system.
    #[arg(long, env = "WEBHOOK_ROOT_CERTIFICATES")]
    pub webhook_root_certificates: Option<PathBuf>,

    /// A folder outside the service's own reach, such as a share that keeps what it once took: every signed checkpoint of the
    /// record is written there as a file of its own.
    #[arg(long, env = "CHECKPOINT_DIR")]
    pub checkpoint_dir: Option<PathBuf>,

    /// How many days backups of the database are kept. A certificate of erasure says until when one of them may still hold
    /// what was destroyed: set it to what is true.
    #[arg(long, env = "BACKUP_DAYS", default_value_t = 35, value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub backup_days: u16,

    /// Accept NHS numbers as child references. Off until the partnership has decided on it.
    #[arg(long, env = "ACCEPT_NHS_NUMBERS")]
    pub accept_nhs_numbers: bool,
}

/// Requests a minute of one client: several times what a nightly job of an agency sends.
pub const USUAL_CLIENT_QUOTA: NonZeroU32 = NonZeroU32::new(6_000).unwrap();
/// Requests a minute of all clients of one agency.
pub const USUAL_AGENCY_QUOTA: NonZeroU32 = NonZeroU32::new(12_000).unwrap();

impl ServiceSettings {
    /// How often it is looked for what has come due.
    #[must_use]
    pub const fn sweep_every(&self) -> Duration {
        Duration::from_secs(self.sweep_seconds)
    }
}

/// Where metrics are served, if they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsListen(pub Option<SocketAddr>);

impl FromStr for MetricsListen {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Ok(Self(None)) } else { Ok(Self(Some(text.parse()?))) }
    }
}

/// Receivers of webhooks that somebody listed, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedReceivers(pub BTreeSet<Listed>);

impl FromStr for ListedReceivers {
    type Err = BadListed;

    fn from_str(text: &str) -> Result<Self, BadListed> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// How the log is written.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// What is logged, for example `info` or `escalation_tracker=debug`.
    #[arg(long, env = "LOG", default_value = "info,actix_server=warn", global = true)]
    pub log: String,

    /// How it is written.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
}

/// A form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_served_somewhere_or_nowhere_and_not_by_mistake() {
        assert_eq!("".parse(), Ok(MetricsListen(None)));
        let address = "[::1]:9464".parse().ok();
        assert_eq!("[::1]:9464".parse(), Ok(MetricsListen(address)));
        assert!(address.is_some());
        for wrong in ["9464", "localhost:9464", "127.0.0.1", " "] {
            assert!(wrong.parse::<MetricsListen>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn receivers_are_listed_exactly_or_not_at_all() {
        assert_eq!("".parse(), Ok(ListedReceivers::default()));
        let two: ListedReceivers = "127.0.0.1:9000, hooks.inside.internal:8443".parse().unwrap();
        assert_eq!(two.0.len(), 2);
        for wrong in ["127.0.0.1", "*", "hooks.inside.internal", "https://a.b:1", "a.b:x"] {
            assert!(wrong.parse::<ListedReceivers>().is_err(), "{wrong:?}");
        }
    }
}
