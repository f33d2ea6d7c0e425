//! Identity tokens: whether the provider says, to us and for this very attempt, who the person is.

use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::Value;

use crate::domain::sign_in::is_fresh;
use crate::http::key_set::KeySet;
use crate::http::token::BadToken;

/// Longer tokens are not even looked at.
const MOST_BYTES: usize = 32 * 1024;
/// How far the provider's clock and ours may differ, in seconds.
const LEEWAY: i64 = 30;

/// What an identity token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who issues it.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// The tenant, where one issuer has several.
    pub tenant: Option<&'a str>,
    /// The attempt that it answers.
    pub nonce: &'a str,
    /// Whether the person must have proved within the last minutes who they are.
    pub must_be_fresh: bool,
}

/// What a good identity token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The person, as the issuer names them.
    pub subject: String,
    /// The person's name.
    pub display_name: Option<String>,
    /// When the person proved who they are.
    pub auth_time: Option<Timestamp>,
    /// All claims.
    pub claims: Value,
}

/// Checks an identity token at `now`.
///
/// # Errors
/// It is not what was expected; why is for the log.
pub async fn check(
    token: &str,
    keys: &KeySet,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<Told, BadToken> {
    if token.len() > MOST_BYTES {
        return Err(BadToken("too long"));
    }
    let header = decode_header(token).map_err(|_| BadToken("no readable header"))?;
    if header.alg != keys.algorithm() {
        return Err(BadToken("another algorithm"));
    }
    let key_id = header.kid.ok_or(BadToken("no key id"))?;
    let key = keys.key(&key_id).await.ok_or(BadToken("unknown key id"))?;
    let mut validation = Validation::new(keys.algorithm());
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // Times are checked below, against the clock that the rest of the service works with.
    validation.validate_exp = false;
    let claims = decode::<Value>(token, &key, &validation)
        .map_err(|_| BadToken("signature, issuer, audience or claims"))?
        .claims;
    check_claims(claims, expected, now)
}

fn check_claims(claims: Value, expected: Expected<'_>, now: Timestamp) -> Result<Told, BadToken> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let second = |name: &str| claims.get(name).and_then(Value::as_i64);
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    if text("azp").map_or(several, |azp| azp != expected.client_id) {
        return Err(BadToken("another authorised party"));
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(BadToken("another nonce"));
    }
    if expected.tenant.is_some() && text("tid") != expected.tenant {
        return Err(BadToken("another tenant"));
    }
    let expires = second("exp").ok_or(BadToken("no expiry"))?;
    if expires.saturating_add(LEEWAY) < now.as_second() {
        return Err(BadToken("expired"));
    }
    let issued = second("iat").ok_or(BadToken("no time of issue"))?;
    if issued.saturating_sub(LEEWAY) > now.as_second() {
        return Err(BadToken("made in the future"));
    }
    let auth_time = second("auth_time").and_then(|at| Timestamp::from_second(at).ok());
    if auth_time.is_some_and(|at| at.as_second().saturating_sub(LEEWAY) > now.as_second()) {
        return Err(BadToken("proved in the future"));
    }
    if expected.must_be_fresh && !auth_time.is_some_and(|at| is_fresh(at, now)) {
        return Err(BadToken("not proved recently"));
    }
    // At Entra ID `sub` differs from program to program; `oid` is the person in the tenant.
    let subject = if expected.tenant.is_some() { text("oid").or(text("sub")) } else { text("sub") };
    let plain = |name: &&str| {
        (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    let subject = subject.filter(plain).ok_or(BadToken("no usable subject"))?.to_owned();
    let display_name = text("name").or(text("preferred_username")).filter(plain).map(str::to_owned);
    // A clock that is ahead of ours must not make a proof younger than it is.
    let auth_time = auth_time.map(|at| at.min(now));
    Ok(Told { subject, display_name, auth_time, claims })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tenant_that_is_asked_for_must_be_named_and_names_people_by_their_oid() {
        let now = Timestamp::from_second(1_000).unwrap();
        let expected = |tenant| Expected {
            issuer: "i",
            client_id: "pages",
            tenant,
            nonce: "n",
            must_be_fresh: false,
        };
        let claims = |tid: Value| json!({"aud": "pages", "nonce": "n", "exp": 1_100, "iat": 990, "sub": "s", "oid": "o", "tid": tid});
        let check =
            |tid, tenant| check_claims(claims(tid), expected(tenant), now).map(|told| told.subject);
        assert_eq!(check(json!("t"), Some("t")), Ok("o".to_owned()));
        assert_eq!(check(json!("other"), Some("t")), Err(BadToken("another tenant")));
        assert_eq!(check(json!(null), Some("t")), Err(BadToken("another tenant")));
        assert_eq!(check(json!("other"), None), Ok("s".to_owned()));
    }
}
