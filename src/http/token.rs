//! Access tokens: who is calling, as the configured issuer says and signs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::key_set::KeySet;

/// Longer tokens are not even looked at.
const MOST_BYTES: usize = 8 * 1024;
/// How far the issuer's clock and ours may differ, in seconds.
const LEEWAY: i64 = 30;
/// A token that is good for longer than a day was not made for a person or system at work.
const LONGEST_LIFE: i64 = 24 * 3_600;

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who issued it.
    pub issuer: String,
    /// The program that called.
    pub client_id: String,
    /// The person or system in whose name.
    pub subject: String,
}

/// The token is not accepted. Why is not told to the caller, only logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadToken(pub &'static str);

/// Checks tokens of one issuer for one audience.
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: KeySet,
}

// A struct, because it refuses members that are given twice.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    client_id: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
    cnf: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct HeaderMembers {
    /// Whether it is there in any form, also as null.
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
    typ: Option<String>,
}

fn is_there<'de, D: Deserializer<'de>>(member: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(member).map(|_| true)
}

impl Verifier {
    /// A verifier for tokens that `issuer` made for `audience`.
    #[must_use]
    pub const fn new(issuer: String, audience: String, keys: KeySet) -> Self {
        Self { issuer, audience, keys }
    }

    /// Checks a token at `now`.
    ///
    /// # Errors
    /// It is not a token of the configured issuer and algorithm, for this audience, good at `now`.
    pub async fn check(&self, token: &str, now: Timestamp) -> Result<Identity, BadToken> {
        if token.len() > MOST_BYTES {
            return Err(BadToken("too long"));
        }
        check_header(token)?;
        let header = decode_header(token).map_err(|_| BadToken("no readable header"))?;
        if header.alg != self.keys.algorithm() {
            return Err(BadToken("another algorithm"));
        }
        let key_id = header.kid.ok_or(BadToken("no key id"))?;
        let key = self.keys.key(&key_id).await.ok_or(BadToken("unknown key id"))?;

        let mut validation = Validation::new(self.keys.algorithm());
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked below, against the clock that the rest of the service works with.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, &key, &validation)
            .map_err(|_| BadToken("signature, issuer, audience or claims"))?
            .claims;
        check_times(&claims, now.as_second())?;
        // A token bound to a key or certificate is no bearer token; taking it as one would undo the binding.
        if claims.cnf.is_some() {
            return Err(BadToken("bound to its sender"));
        }
        let client_id =
            claims.client_id.or(claims.azp).or(claims.appid).ok_or(BadToken("names no client"))?;
        if !is_name(&claims.sub) || !is_name(&client_id) {
            return Err(BadToken("no usable subject or client"));
        }
        Ok(Identity { issuer: claims.iss, client_id, subject: claims.sub })
    }
}

/// Whether a name can be stored and looked up: of a sensible length, and without control characters.
fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// What the library does not look at: extensions that we must understand, and the kind of token.
fn check_header(token: &str) -> Result<(), BadToken> {
    let unreadable = BadToken("no readable header");
    let (header, _) = token.split_once('.').ok_or(unreadable)?;
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| unreadable)?;
    let header: HeaderMembers = serde_json::from_slice(&header).map_err(|_| unreadable)?;
    if header.crit {
        return Err(BadToken("a critical extension"));
    }
    let access_token = header.typ.as_deref().is_none_or(|typ| {
        ["at+jwt", "application/at+jwt", "jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known))
    });
    if access_token { Ok(()) } else { Err(BadToken("no access token")) }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), BadToken> {
    if claims.exp.saturating_add(LEEWAY) < now {
        return Err(BadToken("expired"));
    }
    if claims.nbf.is_some_and(|from| from.saturating_sub(LEEWAY) > now) {
        return Err(BadToken("not good yet"));
    }
    if claims.iat.is_some_and(|made| made.saturating_sub(LEEWAY) > now) {
        return Err(BadToken("made in the future"));
    }
    let from = claims.iat.unwrap_or(now);
    if claims.exp.saturating_sub(from) > LONGEST_LIFE {
        return Err(BadToken("good for too long"));
    }
    Ok(())
}
