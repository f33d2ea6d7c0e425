//! `serve`: runs the service, and refuses to when a setting would make it unsafe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jsonwebtoken::Algorithm;

use super::Outcome;
use super::database::Database;
use super::doors;
use super::local_issuer::LocalIssuer;
use super::secret;
use super::service;
use super::terminal::note;
use crate::domain::child_reference::{Scheme, SchemePolicy};
use crate::http::key_set::{KeySet, KeySource};
use crate::http::state::AppState;
use crate::http::token::Verifier;
use crate::settings::{
    DatabaseSettings, LOCAL_ISSUER, Mode, ServiceSettings, SignInSettings, TokenSettings,
};
use crate::usecases::{Deps, key_rotation};

/// Runs the service.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    token: TokenSettings,
    #[command(flatten)]
    service: ServiceSettings,
    #[command(flatten)]
    sign_in: SignInSettings,
}

impl Serve {
    /// Checks the settings, starts what is needed, and serves until told to stop.
    pub async fn run(self) -> Outcome {
        let production = self.service.mode == Mode::Production;
        if production && self.database.database_url.is_none() && !self.service.own_postgresql {
            return Err(
                "set DATABASE_URL: production keeps its data in a PostgreSQL that somebody \
                 looks after; if it is to be the program's own, say so with OWN_POSTGRESQL=true"
                    .into(),
            );
        }
        if self.takes_identity_tokens() {
            return Err(
                "OIDC_CLIENT_ID and TOKEN_AUDIENCE must differ where one issuer makes both kinds of tokens: an \
                 identity token names OIDC_CLIENT_ID, and would be taken for an access token"
                    .into(),
            );
        }
        if let Some(folder) = &self.service.checkpoint_dir
            && !folder.is_dir()
        {
            return Err(format!(
                "CHECKPOINT_DIR: {} is no folder; mount or make it first, so that no checkpoint stays inside unseen",
                folder.display()
            )
            .into());
        }
        let doors = doors::doors(&self.sign_in, self.service.mode)?;
        let listeners = service::listen(&self.service)?;
        let vault =
            secret::configured(&self.service.secrets, self.service.mode, &self.database.data_dir)?;
        let verifier = verifier(&self.token, self.service.mode, &self.database.data_dir).await?;
        let database = Database::open(&self.database).await?;
        if database.is_own() {
            // Nobody else can migrate it, and nobody else uses it.
            database.migrate().await?;
        }
        let pool = database.pool().await?;
        let mut deps = Deps::new(pool, Arc::new(vault), schemes(&self.service));
        deps.sweep_every = self.service.sweep_every();
        for root in key_rotation::missing(&deps).await? {
            note(&format!(
                "the root secret {root} is missing, under which keys lie: add its file to OTHER_ROOT_SECRET_FILES; \
                 until then no child's reference can be read"
            ));
        }
        deps.outside = service::outside(&self.service, self.sign_in.public_url.as_deref())?;
        deps.checkpoint_dir.clone_from(&self.service.checkpoint_dir);
        deps.backup_days = self.service.backup_days;
        note(&format!("listening on http://{}", listeners.service.local_addr()?));
        let state = AppState::new(deps, verifier, false).with_doors(doors);
        service::run(state, listeners, &self.service, database).await
    }

    /// Whether what tells this service who somebody is would pass as leave to call it (ASVS 5.0, 9.2.2).
    fn takes_identity_tokens(&self) -> bool {
        let (token, sign_in) = (&self.token, &self.sign_in);
        token.token_issuer.is_some()
            && token.token_issuer == sign_in.oidc_issuer
            && sign_in.oidc_client_id.as_ref() == Some(&token.token_audience)
    }
}

/// Which child references are accepted.
fn schemes(settings: &ServiceSettings) -> SchemePolicy {
    let mut policy = SchemePolicy::default();
    if settings.accept_nhs_numbers {
        policy.allowed.insert(Scheme::NhsNumber);
    }
    // Numbers kept for tests belong to made-up data.
    policy.test_range_allowed = settings.mode == Mode::Development;
    policy
}

/// Who checks tokens: the configured issuer, or in development this machine's own.
async fn verifier(
    settings: &TokenSettings,
    mode: Mode,
    data_dir: &Path,
) -> Result<Verifier, Box<dyn std::error::Error + Send + Sync>> {
    let audience = settings.token_audience.clone();
    let (issuer, source, algorithm) = match (&settings.token_issuer, &settings.token_jwks) {
        (Some(issuer), _) if issuer == LOCAL_ISSUER && mode == Mode::Production => {
            return Err("production does not accept tokens that this program makes itself; set \
                 TOKEN_ISSUER to a real issuer, or MODE=development for made-up data"
                .into());
        }
        (Some(issuer), Some(jwks)) => {
            (issuer.clone(), key_source(jwks, mode)?, Algorithm::from(settings.token_algorithm))
        }
        (None, None) if mode == Mode::Development => {
            let local = LocalIssuer::open(data_dir)?;
            let source = KeySource::File(local.jwks().to_owned());
            (LOCAL_ISSUER.to_owned(), source, Algorithm::EdDSA)
        }
        _ => {
            return Err("set both TOKEN_ISSUER and TOKEN_JWKS: whose tokens are accepted, and \
                 where that issuer publishes its keys"
                .into());
        }
    };
    let keys = KeySet::new(source, algorithm)?;
    keys.read().await?;
    Ok(Verifier::new(issuer, audience, keys))
}

fn key_source(
    jwks: &str,
    mode: Mode,
) -> Result<KeySource, Box<dyn std::error::Error + Send + Sync>> {
    if jwks.starts_with("https://") {
        return Ok(KeySource::Url(jwks.to_owned()));
    }
    if let Some(rest) = jwks.strip_prefix("http://") {
        let local = ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|host| rest.strip_prefix(host).is_some_and(|rest| rest.starts_with([':', '/'])));
        if local && mode == Mode::Development {
            return Ok(KeySource::Url(jwks.to_owned()));
        }
        return Err("TOKEN_JWKS must be a file or an https address: keys that anybody on the way \
             can change protect nothing"
            .into());
    }
    Ok(KeySource::File(PathBuf::from(jwks)))
}
