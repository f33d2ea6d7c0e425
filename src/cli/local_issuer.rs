//! A token issuer for one machine: an Ed25519 key in the data directory, and the JWKS file beside it.

use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use super::secret::{SecretError, read_or_make};
use crate::settings::LOCAL_ISSUER;

/// The file with the key, in the data directory.
const KEY: &str = "token-key.pk8";

/// Why a token cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The key file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is no key file.
    #[error(
        "no service has made its key in {0}; name the service's directory with --data-dir (the demonstration's is .data/demo)"
    )]
    NoKey(String),
    /// The key file holds no key.
    #[error("{0} does not hold an Ed25519 key; remove it, and it is made anew")]
    NotAKey(String),
    /// The JWKS file cannot be written.
    #[error("the JWKS file cannot be written: {0}")]
    Jwks(std::io::Error),
    /// The token cannot be signed.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: i64,
    exp: i64,
}

/// The issuer of a data directory.
pub struct LocalIssuer {
    key: Vec<u8>,
    key_id: String,
    jwks: PathBuf,
}

impl LocalIssuer {
    /// The issuer of this data directory; its key is made when there is none.
    ///
    /// # Errors
    /// The key or the JWKS file cannot be read or written.
    pub fn open(data_dir: &Path) -> Result<Self, IssuerError> {
        let path = data_dir.join(KEY);
        let fresh = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
        let fresh = fresh.map_err(|_| SecretError::NoRandomness)?;
        let key = read_or_make(&path, || fresh.as_ref().to_vec())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key)
            .map_err(|_| IssuerError::NotAKey(path.display().to_string()))?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let key_id = format!("local-{}", x.chars().take(8).collect::<String>());
        let set = serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id, "x": x,
        }]});
        let jwks = data_dir.join("jwks.json");
        std::fs::write(&jwks, format!("{set:#}\n")).map_err(IssuerError::Jwks)?;
        Ok(Self { key, key_id, jwks })
    }

    /// The issuer of a data directory in which a service has run: a new key here would sign tokens that no service
    /// accepts.
    ///
    /// # Errors
    /// The directory has no key.
    pub fn existing(data_dir: &Path) -> Result<Self, IssuerError> {
        if data_dir.join(KEY).exists() {
            return Self::open(data_dir);
        }
        Err(IssuerError::NoKey(data_dir.display().to_string()))
    }

    /// Where its public keys are.
    pub fn jwks(&self) -> &Path {
        &self.jwks
    }

    /// A token for `client_id`, good for `seconds` from `now`.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn token(
        &self,
        audience: &str,
        client_id: &str,
        subject: &str,
        now: Timestamp,
        seconds: i64,
    ) -> Result<String, IssuerError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        header.typ = Some("at+jwt".to_owned());
        let claims = Claims {
            iss: LOCAL_ISSUER,
            aud: audience,
            sub: subject,
            client_id,
            iat: now.as_second(),
            exp: now.as_second().saturating_add(seconds),
        };
        Ok(encode(&header, &claims, &EncodingKey::from_ed_der(&self.key))?)
    }
}
