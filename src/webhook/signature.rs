//! Standard Webhooks 1.0.0: what a message is signed with, and how a receiver knows that it is genuine and new.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::domain::webhook::SigningScheme;

/// The header with the message's identifier: the same at every attempt.
pub const ID: &str = "webhook-id";
/// The header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with one signature for each key that is in use, with a blank between them.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the time of an attempt may be from the receiver's, as the reference libraries have it.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

const HMAC_PREFIX: &str = "whsec_";
const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
const SEED_LENGTH: usize = 32;

/// A text that is no key, or no identifier of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Another prefix.
    #[error("a key begins with whsec_, whsk_ or whpk_")]
    Prefix,
    /// No base64, or not as many bytes as the kind of key has.
    #[error(
        "after its prefix a key is base64: of 24 to 64 bytes for whsec_, 32 or 64 for whsk_, 32 for whpk_"
    )]
    Bytes,
    /// The two halves of a private key are no pair.
    #[error("the public half of the key is not that of its private half")]
    Pair,
}

/// Why a message is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing, or is not of its form.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// The message was sent too long ago: it may be an old one that somebody repeats.
    #[error(
        "webhook-timestamp is more than five minutes ago: compare the clocks, or it is a repeated message"
    )]
    TooOld,
    /// The message comes from the future.
    #[error("webhook-timestamp is more than five minutes ahead: compare the clocks")]
    TooNew,
    /// No signature is one of the kind that the keys make.
    #[error(
        "webhook-signature has no signature of the kind of your key: v1 for whsec_, v1a for whpk_"
    )]
    OtherKind,
    /// No signature fits: body, identifier or time were changed on the way, or the key is another one.
    #[error(
        "no signature fits: verify the body's bytes as they came, with the key of this endpoint"
    )]
    NoFit,
}

/// What messages to an endpoint are signed with.
#[derive(Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A secret of 24 to 64 bytes that both sides hold.
    Hmac(Vec<u8>),
    /// The seed of an Ed25519 key pair.
    Ed25519([u8; SEED_LENGTH]),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// A key of this kind from 32 random bytes.
    #[must_use]
    pub fn from_random(scheme: SigningScheme, random: [u8; SEED_LENGTH]) -> Self {
        match scheme {
            SigningScheme::HmacSha256 => Self::Hmac(random.to_vec()),
            SigningScheme::Ed25519 => Self::Ed25519(random),
        }
    }

    /// Reads `whsec_…` or `whsk_…`. A private key may carry its public half, as Svix writes it.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        if let Some(rest) = text.strip_prefix(HMAC_PREFIX) {
            return Ok(Self::Hmac(secret_bytes(rest)?));
        }
        let rest = text.strip_prefix(PRIVATE_PREFIX).ok_or(BadKey::Prefix)?;
        let bytes = STANDARD.decode(rest).map_err(|_| BadKey::Bytes)?;
        let (seed, public) = bytes.split_first_chunk::<SEED_LENGTH>().ok_or(BadKey::Bytes)?;
        match public.len() {
            0 => {}
            SEED_LENGTH => {
                Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|_| BadKey::Pair)?;
            }
            _ => return Err(BadKey::Bytes),
        }
        Ok(Self::Ed25519(*seed))
    }

    /// Which kind it is.
    #[must_use]
    pub const fn scheme(&self) -> SigningScheme {
        match self {
            Self::Hmac(_) => SigningScheme::HmacSha256,
            Self::Ed25519(_) => SigningScheme::Ed25519,
        }
    }

    /// The key as [`Self::parse`] reads it. Whoever has it can sign.
    #[must_use]
    pub fn secret_text(&self) -> String {
        match self {
            Self::Hmac(secret) => format!("{HMAC_PREFIX}{}", STANDARD.encode(secret)),
            Self::Ed25519(seed) => format!("{PRIVATE_PREFIX}{}", STANDARD.encode(seed)),
        }
    }

    /// What a receiver verifies with; none when the seed is no key, which no seed is.
    #[must_use]
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        match self {
            Self::Hmac(secret) => Some(VerifyingKey::Hmac(secret.clone())),
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
                let public = <[u8; SEED_LENGTH]>::try_from(pair.public_key().as_ref()).ok()?;
                Some(VerifyingKey::Ed25519(public))
            }
        }
    }

    /// The signature of one attempt, with its version. `id` must hold no dot, or the text that is signed could be read
    /// in two ways; then there is none.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
        if id.is_empty() || id.contains('.') {
            return None;
        }
        let text = signed_text(id, &at.as_second().to_string(), body);
        match self {
            Self::Hmac(secret) => {
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &text);
                Some(format!("v1,{}", STANDARD.encode(tag.as_ref())))
            }
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
                Some(format!("v1a,{}", STANDARD.encode(pair.sign(&text).as_ref())))
            }
        }
    }
}

/// The value of `webhook-signature`: one signature of each key.
#[must_use]
pub fn sign_all(keys: &[SigningKey], id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
    let made: Option<Vec<String>> = keys.iter().map(|key| key.sign(id, at, body)).collect();
    made.filter(|made| !made.is_empty()).map(|made| made.join(" "))
}

/// What a receiver verifies with.
#[derive(Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    /// The shared secret.
    Hmac(Vec<u8>),
    /// The public key of a pair.
    Ed25519([u8; SEED_LENGTH]),
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hmac(_) => f.write_str("VerifyingKey(…)"),
            Self::Ed25519(_) => f.write_str(&self.text()),
        }
    }
}

impl VerifyingKey {
    /// Reads `whsec_…` or `whpk_…`.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        if let Some(rest) = text.strip_prefix(HMAC_PREFIX) {
            return Ok(Self::Hmac(secret_bytes(rest)?));
        }
        let rest = text.strip_prefix(PUBLIC_PREFIX).ok_or(BadKey::Prefix)?;
        let bytes = STANDARD.decode(rest).map_err(|_| BadKey::Bytes)?;
        Ok(Self::Ed25519(bytes.try_into().map_err(|_| BadKey::Bytes)?))
    }

    /// The key as [`Self::parse`] reads it: a secret for HMAC, a public key for Ed25519.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Hmac(secret) => format!("{HMAC_PREFIX}{}", STANDARD.encode(secret)),
            Self::Ed25519(public) => format!("{PUBLIC_PREFIX}{}", STANDARD.encode(public)),
        }
    }

    const fn version(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "v1",
            Self::Ed25519(_) => "v1a",
        }
    }

    /// Compared in constant time.
    fn fits(&self, text: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::verify(&key, text, signature).is_ok()
            }
            Self::Ed25519(public) => {
                UnparsedPublicKey::new(&ED25519, public).verify(text, signature).is_ok()
            }
        }
    }
}

/// The three headers of a message, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Whether one of these keys signed this message, just now.
///
/// # Errors
/// It was not, or not all of it is there.
pub fn verify(
    keys: &[VerifyingKey],
    headers: SignedHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    let id = headers.id.filter(|id| !id.is_empty() && !id.contains('.'));
    let id = id.ok_or(Refused::Header(ID))?;
    let timestamp = headers.timestamp.ok_or(Refused::Header(TIMESTAMP))?;
    let plain = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let at = timestamp.parse().ok().filter(|_| plain);
    let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = at.ok_or(Refused::Header(TIMESTAMP))?;
    let signature = headers.signature.ok_or(Refused::Header(SIGNATURE))?;
    let age = now.duration_since(at);
    if age > TOLERANCE {
        return Err(Refused::TooOld);
    }
    if -age > TOLERANCE {
        return Err(Refused::TooNew);
    }
    let text = signed_text(id, timestamp, body);
    let mut of_kind = false;
    let mut fits = false;
    for part in signature.split(' ').filter(|part| !part.is_empty()) {
        let (version, encoded) = part.split_once(',').ok_or(Refused::Header(SIGNATURE))?;
        let Ok(bytes) = STANDARD.decode(encoded) else { continue };
        for key in keys.iter().filter(|key| key.version() == version) {
            of_kind = true;
            // All are tried, so that the time does not tell which key fits.
            fits |= key.fits(&text, &bytes);
        }
    }
    match (of_kind, fits) {
        (_, true) => Ok(()),
        (true, false) => Err(Refused::NoFit),
        (false, false) => Err(Refused::OtherKind),
    }
}

fn secret_bytes(encoded: &str) -> Result<Vec<u8>, BadKey> {
    let bytes = STANDARD.decode(encoded).map_err(|_| BadKey::Bytes)?;
    if (24..=64).contains(&bytes.len()) { Ok(bytes) } else { Err(BadKey::Bytes) }
}

fn signed_text(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(id.len() + timestamp.len() + 2 + body.len());
    text.extend_from_slice(id.as_bytes());
    text.push(b'.');
    text.extend_from_slice(timestamp.as_bytes());
    text.push(b'.');
    text.extend_from_slice(body);
    text
}

#[cfg(test)]
mod tests;
