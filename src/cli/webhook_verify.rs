//! `webhook verify`: whether a message is genuine and, where it is not, which part of it is wrong.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::Outcome;
use super::terminal::answer;
use crate::usecases::deps::{Clock, SystemClock};
use crate::webhook::signature::{
    ID, Refused, SIGNATURE, SignedHeaders, TIMESTAMP, VerifyingKey, verify,
};

/// Verifies one message, as a receiver does; its body comes on the standard input, byte for byte as it arrived. Ends with 0
/// when it is genuine.
#[derive(Debug, Args)]
pub struct Verify {
    /// A key of the endpoint, `whpk_…` or `whsec_…`; several while a key is being changed.
    #[arg(long, alias = "secret", required = true, value_parser = verifying_key, env = "ESCALATION_WEBHOOK_VERIFY_KEY",
        hide_env_values = true, value_delimiter = ',')]
    key: Vec<VerifyingKey>,

    /// A file with the headers as they came, one `name: value` a line.
    #[arg(long, conflicts_with_all = ["id", "timestamp", "signature"])]
    headers: Option<PathBuf>,

    /// The value of `webhook-id`.
    #[arg(long)]
    id: Option<String>,

    /// The value of `webhook-timestamp`.
    #[arg(long)]
    timestamp: Option<String>,

    /// The value of `webhook-signature`.
    #[arg(long)]
    signature: Option<String>,
}

/// Reads a key that verifies, and tells one that signs apart.
pub fn verifying_key(text: &str) -> Result<VerifyingKey, String> {
    if text.starts_with("whsk_") {
        return Err(
            "this is a private key, which signs; verify with the whpk_… beside it".to_owned()
        );
    }
    VerifyingKey::parse(text).map_err(|error| error.to_string())
}

/// What is wrong with a message, and what may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Why it is refused.
    pub refused: Refused,
    /// What else was found out about it.
    pub hint: Option<&'static str>,
}

/// Verifies a message and, where it is refused, tries what commonly happens to one on its way.
///
/// # Errors
/// It is not genuine, or not new.
pub fn examine(
    keys: &[VerifyingKey],
    headers: SignedHeaders<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Finding> {
    let refused = match verify(keys, headers, body, now) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    // Whether the signature fits when the time of the attempt is put aside.
    let then = headers.timestamp.and_then(|it| it.parse().ok());
    let then = then.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let fits = |body: &[u8]| then.is_some_and(|then| verify(keys, headers, body, then).is_ok());
    let hint = match refused {
        Refused::TooOld | Refused::TooNew if fits(body) => {
            Some("the signature fits: key, id and body are as they were sent; only the time is not")
        }
        Refused::TooOld | Refused::TooNew => Some("the signature does not fit either"),
        Refused::NoFit if body.is_empty() => {
            Some("the body is empty; it comes on the standard input: verify … < body")
        }
        Refused::NoFit => altered(body, &fits).or(Some(
            "id, timestamp or body is not as it was sent, or the key is not of this endpoint",
        )),
        Refused::Header(_) | Refused::OtherKind => None,
    };
    Err(Finding { refused, hint })
}

/// What happened to the body, where undoing it makes the signature fit.
fn altered(body: &[u8], fits: &dyn Fn(&[u8]) -> bool) -> Option<&'static str> {
    let trimmed = body.trim_ascii_end();
    if trimmed.len() < body.len() && fits(trimmed) {
        return Some(
            "the body has a line break at its end that was not sent (echo adds one; use printf %s)",
        );
    }
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf".as_slice())
        && (fits(rest) || fits(rest.trim_ascii_end()))
    {
        return Some("the body begins with a byte order mark that was not sent");
    }
    let read: serde_json::Value = serde_json::from_slice(body).ok()?;
    fits(read.to_string().as_bytes()).then_some(
        "the body was parsed and written anew; keep the bytes as they came, and verify before parsing",
    )
}

impl Verify {
    /// Says whether the message is genuine.
    pub fn run(self) -> Outcome {
        let mut body = Vec::new();
        std::io::stdin().lock().read_to_end(&mut body)?;
        let file = match &self.headers {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| format!("{}: {error}", path.display()))?,
            None => String::new(),
        };
        let header = |name: &str| {
            file.lines().filter_map(|line| line.split_once(':')).find_map(|(found, value)| {
                found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let id = self.id.clone().or_else(|| header(ID));
        let timestamp = self.timestamp.clone().or_else(|| header(TIMESTAMP));
        let signature = self.signature.clone().or_else(|| header(SIGNATURE));
        if id.is_none() && timestamp.is_none() && signature.is_none() {
            return Err(
                "say what the headers were: --headers FILE, or --id, --timestamp and --signature"
                    .into(),
            );
        }
        let headers = SignedHeaders {
            id: id.as_deref(),
            timestamp: timestamp.as_deref(),
            signature: signature.as_deref(),
        };
        match examine(&self.key, headers, &body, SystemClock.now()) {
            Ok(()) => {
                answer("genuine");
                Ok(())
            }
            Err(Finding { refused, hint }) => {
                let hint = hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
                Err(format!("not accepted: {refused}{hint}").into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::SigningScheme;
    use crate::webhook::signature::SigningKey;

    #[test]
    fn what_is_wrong_is_named() {
        let now: Timestamp = "2026-11-18T10:00:00Z".parse().unwrap();
        let later: Timestamp = "2026-11-18T10:05:01Z".parse().unwrap();
        for scheme in SigningScheme::ALL {
            let key = SigningKey::from_random(*scheme, [7; 32]);
            let other = SigningKey::from_random(*scheme, [8; 32]).verifying_key().unwrap();
            let keys = [key.verifying_key().unwrap()];
            let body = br#"{"a":1,"b":"x"}"#;
            let (at, made) = (now.as_second().to_string(), key.sign("1", now, body).unwrap());
            let headers =
                SignedHeaders { id: Some("1"), timestamp: Some(&at), signature: Some(&made) };
            let hint = |keys: &[VerifyingKey], body: &[u8], now| {
                examine(keys, headers, body, now).unwrap_err().hint.unwrap_or_default()
            };
            assert_eq!(examine(&keys, headers, body, now), Ok(()));
            assert!(hint(&keys, b"{\"a\":1,\"b\":\"x\"}\n", now).contains("line break"));
            assert!(
                hint(&keys, b"\xef\xbb\xbf{\"a\":1,\"b\":\"x\"}\n", now).contains("byte order")
            );
            assert!(hint(&keys, b"{\"b\": \"x\", \"a\": 1}", now).contains("written anew"));
            assert!(hint(&keys, b"{\"a\":2,\"b\":\"x\"}", now).contains("the key is not"));
            assert!(hint(std::slice::from_ref(&other), body, now).contains("the key is not"));
            assert!(hint(&keys, body, later).contains("the signature fits"));
            assert!(hint(&[other], body, later).contains("not fit either"));
            let without = SignedHeaders { id: None, ..headers };
            let found = examine(&keys, without, body, now).unwrap_err();
            assert_eq!(found, Finding { refused: Refused::Header(ID), hint: None });
        }
    }
}
