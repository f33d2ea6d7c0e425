//! The token issuer's public keys: read from a file or an address, and read again when they rotate.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::{Mutex, MutexGuard};

/// A caller with made-up key ids must not make us ask the issuer more often than this.
const LEAST_BETWEEN_READS: Duration = Duration::from_secs(60);
/// A file is cheap to read again.
const LEAST_BETWEEN_FILE_READS: Duration = Duration::from_secs(2);
/// A key that the issuer took back is refused after this at the latest.
const MOST_BETWEEN_READS: Duration = Duration::from_secs(3_600);
/// More than any issuer publishes.
const MOST_BYTES: usize = 256 * 1024;
const MOST_KEYS: usize = 100;
/// Smaller RSA keys can be broken.
const LEAST_RSA_BYTES: usize = 256;

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JWKS file.
    File(PathBuf),
    /// The issuer's JWKS address.
    Url(String),
}

/// Why the keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the JWKS file {0} cannot be read")]
    File(PathBuf),
    /// The address does not answer with a key set.
    #[error("the JWKS address does not answer: {0}")]
    Url(String),
    /// What was read is no key set, or too large.
    #[error("this is not a JWKS document of at most 256 KiB and 100 keys")]
    NotASet,
    /// It has no key that can be used with the configured algorithm.
    #[error("the JWKS has no public {0:?} signature key with a key id")]
    NoKey(Algorithm),
}

/// The keys in use, by key id.
pub struct KeySet {
    source: KeySource,
    algorithm: Algorithm,
    http: reqwest::Client,
    keys: RwLock<Arc<HashMap<String, DecodingKey>>>,
    last_read: Mutex<Option<Instant>>,
}

impl KeySet {
    /// A key set that has not been read yet.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(source: KeySource, algorithm: Algorithm) -> Result<Self, KeyError> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| KeyError::Url(error.to_string()))?;
        Ok(Self { source, algorithm, http, keys: RwLock::default(), last_read: Mutex::new(None) })
    }

    /// The one algorithm that tokens may be signed with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key with this id. An unknown id makes the set be read again, but not often; while the
    /// issuer is away, the keys known so far go on being good.
    pub async fn key(&self, id: &str) -> Option<DecodingKey> {
        if let Some(key) = self.known(id) {
            // Somebody else reading is good enough for a caller whose key is known.
            if let Ok(last) = self.last_read.try_lock() {
                self.refresh(last, MOST_BETWEEN_READS).await;
            }
            return Some(key);
        }
        let least = match self.source {
            KeySource::File(_) => LEAST_BETWEEN_FILE_READS,
            KeySource::Url(_) => LEAST_BETWEEN_READS,
        };
        // Who waited for another reader may find the key without reading again.
        let last = self.last_read.lock().await;
        self.refresh(last, least).await;
        self.known(id)
    }

    /// Reads the keys now; to be done once at the start, so that a wrong setting shows there.
    ///
    /// # Errors
    /// They cannot be read, or none can be used.
    pub async fn read(&self) -> Result<(), KeyError> {
        *self.last_read.lock().await = Some(Instant::now());
        self.read_now().await
    }

    async fn read_now(&self) -> Result<(), KeyError> {
        let text = match &self.source {
            KeySource::File(path) => {
                tokio::fs::read(path).await.map_err(|_| KeyError::File(path.clone()))?
            }
            KeySource::Url(url) => self.fetch(url).await?,
        };
        let keys = usable(&text, self.algorithm)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    fn known(&self, id: &str) -> Option<DecodingKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Reads again when the last reading is older than `age`; one reader at a time, who holds `last`.
    async fn refresh(&self, mut last: MutexGuard<'_, Option<Instant>>, age: Duration) {
        if last.is_some_and(|last| last.elapsed() < age) {
            return;
        }
        *last = Some(Instant::now());
        if let Err(error) = self.read_now().await {
            tracing::warn!(%error, "the token issuer's keys could not be read; the known ones stay");
        }
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, KeyError> {
        let failed = |error: reqwest::Error| KeyError::Url(error.without_url().to_string());
        let mut response = self
            .http
            .get(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(failed)?;
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            text.extend_from_slice(&chunk);
            if text.len() > MOST_BYTES {
                return Err(KeyError::NotASet);
            }
        }
        Ok(text)
    }
}

/// The keys of a set that may verify signatures of this algorithm.
fn usable(text: &[u8], algorithm: Algorithm) -> Result<HashMap<String, DecodingKey>, KeyError> {
    if text.len() > MOST_BYTES {
        return Err(KeyError::NotASet);
    }
    // Keys of kinds that this program does not know must not make the others unusable.
    let set: serde_json::Value = serde_json::from_slice(text).map_err(|_| KeyError::NotASet)?;
    let listed = set.get("keys").and_then(|keys| keys.as_array()).ok_or(KeyError::NotASet)?;
    if listed.len() > MOST_KEYS {
        return Err(KeyError::NotASet);
    }
    let mut keys = HashMap::new();
    for value in listed {
        // A published private key is no key at all.
        if value.get("d").is_some() {
            continue;
        }
        let Ok(jwk) = serde_json::from_value::<Jwk>(value.clone()) else { continue };
        if !fits(&jwk, algorithm) {
            continue;
        }
        if let (Some(id), Ok(key)) = (&jwk.common.key_id, DecodingKey::from_jwk(&jwk)) {
            keys.insert(id.clone(), key);
        }
    }
    if keys.is_empty() { Err(KeyError::NoKey(algorithm)) } else { Ok(keys) }
}

fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let for_signatures = !matches!(
        jwk.common.public_key_use,
        Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_))
    ) && jwk
        .common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    // An issuer may leave the algorithm out; a different one rules the key out.
    let same_algorithm = jwk.common.key_algorithm.is_none_or(|named| {
        named.to_string().parse::<Algorithm>().is_ok_and(|named| named == algorithm)
    });
    let right_kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            use base64::Engine;
            use base64::engine::general_purpose::URL_SAFE_NO_PAD;
            // Leading zeroes make a number longer to write, not larger.
            let length = URL_SAFE_NO_PAD
                .decode(&rsa.n)
                .map_or(0, |n| n.iter().skip_while(|byte| **byte == 0).count());
            matches!(algorithm, Algorithm::RS256 | Algorithm::PS256) && length >= LEAST_RSA_BYTES
        }
        AlgorithmParameters::EllipticCurve(_) => algorithm == Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
        _ => false,
    };
    for_signatures && same_algorithm && right_kind
}
