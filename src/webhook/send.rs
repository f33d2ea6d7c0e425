//! The call: to a vetted address only, without redirections, with little patience and a short memory.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::address::{Listed, Names, NotAllowed, Rules, SystemNames, Vetted};
use super::message::MEDIA_TYPE;
use super::signature::{ID, SIGNATURE, TIMESTAMP};
use crate::domain::webhook::AttemptOutcome;

/// How long one attempt may take, from the name to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(15);
/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// How much of an answer is read. Nothing of it is kept.
const MOST_REPLY: usize = 64 * 1024;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The value of `webhook-id`.
    pub id: &'a str,
    /// The value of `webhook-timestamp`.
    pub at: Timestamp,
    /// The value of `webhook-signature`.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// In one word.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// For how long the receiver asked to be left alone.
    pub retry_after: Option<SignedDuration>,
}

impl Outcome {
    const fn without_answer(outcome: AttemptOutcome) -> Self {
        Self { outcome, status: None, retry_after: None }
    }
}

/// The way out of the service.
#[derive(Clone)]
pub struct Outside {
    rules: Arc<Rules>,
    names: Arc<dyn Names>,
    tls: Arc<rustls::ClientConfig>,
    deadline: Duration,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The TLS of the way out cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    /// A certificate is not one.
    #[error("the root certificates for webhooks are not PEM")]
    NotPem,
    /// The library refuses.
    #[error("TLS for webhooks: {0}")]
    Tls(#[from] rustls::Error),
}

/// The way to public addresses, with the certificates that TLS trusts when nobody says more.
impl Default for Outside {
    fn default() -> Self {
        let made = Self::new(Rules::default(), None);
        assert!(made.is_ok(), "the library's own defaults can be set up");
        made.unwrap_or_else(|_| unreachable!())
    }
}

impl Outside {
    /// A way out by these rules. `roots` are certificates in PEM that are trusted besides the system's.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub fn new(rules: Rules, roots: Option<&[u8]>) -> Result<Self, BadTls> {
        let mut trusted = rustls::RootCertStore::empty();
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = roots {
            use rustls::pki_types::pem::PemObject;
            for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(pem) {
                trusted.add(certificate.map_err(|_| BadTls::NotPem)?)?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let (rules, names, tls) = (Arc::new(rules), Arc::new(SystemNames), Arc::new(tls));
        Ok(Self { rules, names, tls, deadline: DEADLINE })
    }

    /// The same with another resolver.
    #[must_use]
    pub fn with_names(mut self, names: Arc<dyn Names>) -> Self {
        self.names = names;
        self
    }

    /// The same with another patience.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The receivers that may be called though the rules speak against them.
    #[must_use]
    pub fn listed(&self) -> &BTreeSet<Listed> {
        &self.rules.listed
    }

    /// Whether this address may be called now.
    ///
    /// # Errors
    /// What speaks against it.
    pub async fn vet(&self, url: &str) -> Result<Vetted, NotAllowed> {
        let asked = self.rules.vet(url, &*self.names);
        tokio::time::timeout(CONNECT, asked).await.unwrap_or(Err(NotAllowed::Unresolved))
    }

    /// Sends one message, once. The address is vetted anew, and the connection goes where it was vetted.
    pub async fn send(&self, url: &str, message: Message<'_>) -> Outcome {
        let vetted = match self.vet(url).await {
            Ok(vetted) => vetted,
            Err(NotAllowed::Unresolved) => {
                return Outcome::without_answer(AttemptOutcome::NameNotResolved);
            }
            Err(_) => return Outcome::without_answer(AttemptOutcome::AddressNotAllowed),
        };
        let Some(client) = self.client(&vetted) else {
            return Outcome::without_answer(AttemptOutcome::InvalidReply);
        };
        let sent = client
            .post(vetted.url)
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .header(USER_AGENT, concat!("escalation-tracker/", env!("CARGO_PKG_VERSION")))
            .header(ID, message.id)
            .header(TIMESTAMP, message.at.as_second())
            .header(SIGNATURE, message.signature)
            .body(message.body.to_vec())
            .send();
        match sent.await {
            Ok(answer) => read(answer, message.at).await,
            Err(error) => Outcome::without_answer(sorted(&error)),
        }
    }

    /// A client for one call: it knows no name but the vetted one, no proxy, no cookie and no other way to go.
    fn client(&self, vetted: &Vetted) -> Option<Client> {
        let host = vetted.url.host_str()?;
        Client::builder()
            .tls_backend_preconfigured((*self.tls).clone())
            .resolve_to_addrs(host, &vetted.connect)
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT)
            .timeout(self.deadline)
            .pool_max_idle_per_host(0)
            .retry(reqwest::retry::never())
            .build()
            .ok()
    }
}

/// Reads an answer to its end, or as far as it is read.
async fn read(mut answer: Response, now: Timestamp) -> Outcome {
    let status = answer.status().as_u16();
    let retry_after = retry_after(answer.headers(), now);
    let whole = async {
        let mut length = 0;
        while let Some(part) = answer.chunk().await? {
            length += part.len();
            if length > MOST_REPLY {
                return Ok(false);
            }
        }
        Ok::<_, reqwest::Error>(true)
    };
    let outcome = match whole.await {
        Ok(false) => AttemptOutcome::ReplyTooLarge,
        Err(error) => sorted(&error),
        Ok(true) => match status {
            200..=299 => AttemptOutcome::Delivered,
            300..=399 => AttemptOutcome::Redirected,
            410 => AttemptOutcome::Gone,
            _ => AttemptOutcome::Refused,
        },
    };
    Outcome { outcome, status: Some(status), retry_after }
}

/// Seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time all the same.
        return Some(SignedDuration::from_secs(text.parse().unwrap_or(i64::from(u32::MAX))));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(date.timestamp().duration_since(now)).filter(|wait| !wait.is_negative())
}

/// What kind of failure it was, from the chain of its causes.
fn sorted(error: &reqwest::Error) -> AttemptOutcome {
    if error.is_timeout() {
        return AttemptOutcome::Timeout;
    }
    let (tls, io) = causes(error);
    if tls {
        AttemptOutcome::Tls
    } else if io || error.is_connect() || error.is_body() {
        AttemptOutcome::Connection
    } else {
        AttemptOutcome::InvalidReply
    }
}

/// Whether TLS, and whether the connection, is among the causes. An error of the connection may hold another one, which
/// is not among its sources.
fn causes(error: &(dyn std::error::Error + 'static)) -> (bool, bool) {
    let io = error.downcast_ref::<std::io::Error>();
    let inner: Option<&(dyn std::error::Error + 'static)> =
        match io.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    let (tls, broke) = inner.map_or((false, false), causes);
    (tls || error.is::<rustls::Error>(), broke || io.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn a_receiver_asks_for_time_in_seconds_or_until_an_instant() {
        let now = "2026-11-18T10:00:00Z".parse().unwrap();
        for (text, asked) in [
            ("3600", Some(3_600)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(i64::from(u32::MAX))),
            ("Wed, 18 Nov 2026 11:00:00 GMT", Some(3_600)),
            ("Wed, 18 Nov 2026 09:00:00 GMT", None),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            assert_eq!(retry_after(&headers, now).map(|wait| wait.as_secs()), asked, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
