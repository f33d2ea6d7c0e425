//! The OpenID provider: found when it is first needed, asked with PKCE, and never waited for at the start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::claims::ClaimRules;
use super::id_token::{self, Expected, Told};
use crate::domain::sign_in::{FRESH, LoginAttempt};
use crate::http::key_set::{KeySet, KeySource};

/// How long what the provider says about itself is good.
const MOST_BETWEEN_READS: Duration = Duration::from_secs(3_600);
/// A provider that does not answer is not asked again sooner: each asking makes somebody wait.
const LEAST_BETWEEN_TRIES: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any provider says.
const MOST_BYTES: usize = 256 * 1024;

/// What has to be known of the provider.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The issuer, exactly as it names itself.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: String,
    /// The one algorithm that identity tokens may be signed with.
    pub algorithm: Algorithm,
    /// What is asked for.
    pub scope: String,
    /// The tenant, where one issuer has several.
    pub tenant: Option<String>,
    /// The address of this service that browsers know.
    pub public_url: String,
    /// Where roles and agencies are.
    pub claims: ClaimRules,
    /// Whether addresses without TLS are accepted: for a provider on the developer's own machine.
    pub plain_http: bool,
}

/// Why the provider cannot say who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as a provider does.
    #[error("the provider does not answer: {0}")]
    Away(String),
    /// It answers, and what it says is not accepted.
    #[error("not accepted: {0}")]
    Refused(&'static str),
}

/// The provider.
pub struct Provider {
    settings: ProviderSettings,
    http: reqwest::Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tried: Option<Instant>,
    read: Option<Instant>,
    found: Option<Arc<Found>>,
}

/// What the provider says about itself.
struct Found {
    authorization: Url,
    token: Url,
    end_session: Option<Url>,
    basic: bool,
    keys: KeySet,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// A provider that has not been asked yet.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(settings: ProviderSettings) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { settings, http, known: Mutex::default() })
    }

    /// What it was told to be.
    #[must_use]
    pub const fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// The provider does not answer.
    pub async fn authorization(&self, attempt: &LoginAttempt) -> Result<String, ProviderError> {
        let mut url = self.found().await?.authorization.clone();
        let challenge =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, attempt.pkce_verifier.as_bytes());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.local("/auth/callback"))
            .append_pair("scope", &self.settings.scope)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        if attempt.must_be_fresh {
            url.query_pairs_mut().append_pair("max_age", &FRESH.as_secs().to_string());
        }
        Ok(url.into())
    }

    /// Who the person is for whom this code was given in answer to `attempt`.
    ///
    /// # Errors
    /// The provider does not answer, or its answer is not accepted.
    pub async fn redeem(
        &self,
        code: &str,
        attempt: &LoginAttempt,
        now: Timestamp,
    ) -> Result<Told, ProviderError> {
        let found = self.found().await?;
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        let redirect = self.local("/auth/callback");
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", &attempt.pkce_verifier),
        ];
        let mut request = self.http.post(found.token.clone());
        if found.basic {
            let pair = format!("{}:{}", encoded(id), encoded(secret));
            request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        } else {
            fields.extend([("client_id", id.as_str()), ("client_secret", secret)]);
        }
        let request =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form(&fields));
        let (ok, answer) = read(request).await?;
        if !ok {
            return Err(ProviderError::Refused("the provider does not redeem the code"));
        }
        let tokens: Tokens = serde_json::from_slice(&answer)
            .map_err(|_| ProviderError::Refused("there is no identity token"))?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: id,
            tenant: self.settings.tenant.as_deref(),
            nonce: &attempt.nonce,
            must_be_fresh: attempt.must_be_fresh,
        };
        let told = id_token::check(&tokens.id_token, &found.keys, expected, now).await;
        told.map_err(|bad| ProviderError::Refused(bad.0))
    }

    /// Where the browser goes to sign out of the provider too, if it offers that and answers.
    pub async fn end_session(&self) -> Option<String> {
        let mut url = self.found().await.ok()?.end_session.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &self.local("/auth/signed-out"));
        Some(url.into())
    }

    fn local(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url.trim_end_matches('/'))
    }

    async fn found(&self) -> Result<Arc<Found>, ProviderError> {
        let mut known = self.known.lock().await;
        let recent = |at: Option<Instant>, life| at.is_some_and(|at| at.elapsed() < life);
        if recent(known.read, MOST_BETWEEN_READS) || recent(known.tried, LEAST_BETWEEN_TRIES) {
            let away = || ProviderError::Away("it did not a moment ago".to_owned());
            return known.found.clone().ok_or_else(away);
        }
        known.tried = Some(Instant::now());
        match self.discover().await {
            Ok(found) => {
                let found = Arc::new(found);
                known.read = Some(Instant::now());
                known.found = Some(Arc::clone(&found));
                Ok(found)
            }
            Err(error) => {
                tracing::warn!(%error, "the sign-in provider could not be asked");
                known.found.clone().ok_or(error)
            }
        }
    }

    async fn discover(&self) -> Result<Found, ProviderError> {
        let away = |what: &str| ProviderError::Away(what.to_owned());
        let issuer = self.settings.issuer.trim_end_matches('/');
        let address = self.address(&format!("{issuer}/.well-known/openid-configuration"))?;
        let (ok, answer) = read(self.http.get(address)).await?;
        if !ok {
            return Err(away("its description is not there"));
        }
        let document: Document =
            serde_json::from_slice(&answer).map_err(|_| away("its description cannot be read"))?;
        if document.issuer != self.settings.issuer {
            return Err(away("it names itself otherwise than OIDC_ISSUER"));
        }
        let jwks = self.address(&document.jwks_uri)?;
        let keys = KeySet::new(KeySource::Url(jwks.into()), self.settings.algorithm)
            .map_err(|error| ProviderError::Away(error.to_string()))?;
        let methods = document.token_endpoint_auth_methods_supported;
        Ok(Found {
            authorization: self.address(&document.authorization_endpoint)?,
            token: self.address(&document.token_endpoint)?,
            end_session: document.end_session_endpoint.map(|it| self.address(&it)).transpose()?,
            // The standard's default where nothing is said.
            basic: methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic")),
            keys,
        })
    }

    fn address(&self, text: &str) -> Result<Url, ProviderError> {
        let good = |url: &Url| url.scheme() == "https" || self.settings.plain_http;
        let url = Url::parse(text).ok().filter(good);
        url.ok_or_else(|| ProviderError::Away("one of its addresses is not https".to_owned()))
    }
}

/// Sends a request, and gives whether it succeeded and what was answered.
async fn read(request: reqwest::RequestBuilder) -> Result<(bool, Vec<u8>), ProviderError> {
    let failed = |error: reqwest::Error| ProviderError::Away(error.without_url().to_string());
    let mut response = request.send().await.map_err(failed)?;
    if response.status().is_server_error() {
        return Err(ProviderError::Away(format!("it answers {}", response.status())));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        text.extend_from_slice(&chunk);
        if text.len() > MOST_BYTES {
            return Err(ProviderError::Away("its answer is too long".to_owned()));
        }
    }
    Ok((response.status().is_success(), text))
}

/// A form's body. The library encodes; the host is never seen.
fn form(fields: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("http://localhost/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// A name or secret as RFC 6749, section 2.3.1, wants it in a Basic header.
fn encoded(text: &str) -> String {
    form(&[(text, "")]).trim_end_matches('=').to_owned()
}
