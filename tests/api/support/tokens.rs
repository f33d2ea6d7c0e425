//! Access tokens of a made-up issuer, good and bad.

use std::sync::OnceLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use escalation_tracker::http::key_set::{KeySet, KeySource};
use escalation_tracker::http::token::Verifier;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// The issuer of the tests' tokens.
pub const ISSUER: &str = "https://issuer.example";
/// The audience that the service expects.
pub const AUDIENCE: &str = "escalation-tracker";
/// The id of the one key.
pub const KEY_ID: &str = "test-key";

fn key() -> &'static Vec<u8> {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(|| Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref().to_vec())
}

/// A key set document with the tests' key.
pub fn jwks() -> Value {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key()).unwrap();
    json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID,
        "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
    }]})
}

/// A verifier that knows the tests' issuer.
pub async fn verifier() -> Verifier {
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("jwks-{}.json", std::process::id()));
    static WRITTEN: OnceLock<()> = OnceLock::new();
    WRITTEN.get_or_init(|| std::fs::write(&path, jwks().to_string()).unwrap());
    let keys = KeySet::new(KeySource::File(path), Algorithm::EdDSA).unwrap();
    keys.read().await.unwrap();
    Verifier::new(ISSUER.to_owned(), AUDIENCE.to_owned(), keys)
}

/// A token to be signed; good unless it is changed.
pub struct Token {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Value,
}

impl Token {
    /// A token of a client.
    pub fn of(client_id: &str) -> Self {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        header.typ = Some("at+jwt".to_owned());
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": format!("person-at-{client_id}"),
            "client_id": client_id,
        });
        Self { header, claims }
    }

    /// Good for an hour from this instant.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.claims["iat"] = now.as_second().into();
        self.claims["exp"] = (now.as_second() + 3_600).into();
        self
    }

    /// With another value, or without it when that is null.
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        if value.is_null() {
            self.claims.as_object_mut().unwrap().remove(claim);
        } else {
            self.claims[claim] = value;
        }
        self
    }

    /// The token as it is sent.
    pub fn signed(&self) -> String {
        encode(&self.header, &self.claims, &EncodingKey::from_ed_der(key())).unwrap()
    }
}

/// Any header and payload, signed with the tests' key as if they were good.
pub fn raw(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key()).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
