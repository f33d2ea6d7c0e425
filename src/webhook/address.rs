//! The guard: which addresses may be called. Checked on the text as it was sent, on what it is read as, and on every
//! address that its name leads to.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use futures_util::future::BoxFuture;
use reqwest::Url;

use crate::domain::public_address::is_public;

/// The most characters of an address.
pub const MOST_CHARACTERS: usize = 2_048;
/// The ports that may be called: those of HTTPS.
const PORTS: [u16; 2] = [443, 8443];
/// Names that are never on the public internet (RFC 6761, RFC 8375, and what networks use inside).
const INSIDE: [&str; 12] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "onion",
    "invalid",
    "test",
];

/// Why an address may not be called. It never names what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// A letter that no address needs; readers of addresses drop or change some of them silently.
    #[error(
        "Use visible ASCII characters only, without blanks, line breaks or backslashes; write other letters of a name in its xn-- form."
    )]
    Characters,
    /// Too long.
    #[error("Use at most 2048 characters.")]
    TooLong,
    /// No https address.
    #[error("Use an https address with a host, for example https://hooks.example.org/escalations.")]
    NotHttps,
    /// User information, or a fragment.
    #[error("Leave out user name, password and fragment: the signature tells who sends.")]
    Parts,
    /// Another port.
    #[error("Use port 443 or 8443.")]
    Port,
    /// An IP address instead of a name.
    #[error("Use a host name: an address in numbers has no certificate, and may be an inside one.")]
    Number,
    /// No public name.
    #[error(
        "Use a public host name of at least two labels, and none that is reserved for inside networks."
    )]
    Name,
    /// The service itself.
    #[error("This is the service itself; name the receiver.")]
    Own,
    /// The name leads nowhere.
    #[error("The name does not lead to an address now; check it, or publish it first.")]
    Unresolved,
    /// The name leads to an address that is not public.
    #[error(
        "The name leads to an address that is not on the public internet; every address of it must be."
    )]
    Inside,
}

/// Where the addresses of names come from.
pub trait Names: Send + Sync {
    /// Every address of a name now.
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 443)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A receiver that may be called though the rules speak against it: `host:port`, exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    host: String,
    port: u16,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A text that is no `host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("each receiver is a host and a port, for example hooks.inside.example:8443")]
pub struct BadListed;

impl FromStr for Listed {
    type Err = BadListed;

    fn from_str(text: &str) -> Result<Self, BadListed> {
        let (host, port) = text.rsplit_once(':').ok_or(BadListed)?;
        let port = port.parse().map_err(|_| BadListed)?;
        let read = Url::parse(&format!("https://{host}:{port}/")).map_err(|_| BadListed)?;
        let same = read.host_str().is_some_and(|read| read == host.to_ascii_lowercase());
        if !same || host.is_empty() || port == 0 {
            return Err(BadListed);
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

/// What may be called besides public https addresses, and what may not.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Receivers that an administrator listed.
    pub listed: BTreeSet<Listed>,
    /// Whether those may be called without TLS.
    pub listed_without_tls: bool,
    /// The hosts under which this service is known, without port.
    pub own: BTreeSet<String>,
}

/// An address that passed, with where its connection goes.
#[derive(Debug, Clone)]
pub struct Vetted {
    /// The address.
    pub url: Url,
    /// The only addresses that may be connected to.
    pub connect: Vec<SocketAddr>,
}

impl Rules {
    fn is_listed(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let port = url.port_or_known_default().unwrap_or(0);
        self.listed.contains(&Listed { host, port })
    }

    /// Reads an address, and checks everything that can be known without asking anybody.
    ///
    /// # Errors
    /// What speaks against it.
    pub fn read(&self, text: &str) -> Result<Url, NotAllowed> {
        if text.len() > MOST_CHARACTERS {
            return Err(NotAllowed::TooLong);
        }
        // Readers of addresses strip tabs and line breaks, and take a backslash for a slash.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(NotAllowed::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NotAllowed::NotHttps)?;
        let with_tls = scheme.eq_ignore_ascii_case("https");
        let without = scheme.eq_ignore_ascii_case("http") && self.listed_without_tls;
        if !(with_tls || without) || rest.is_empty() || rest.starts_with(['/', '?', '#', ':']) {
            return Err(NotAllowed::NotHttps);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') || rest.contains('#') {
            return Err(NotAllowed::Parts);
        }
        let url = Url::parse(text).map_err(|_| NotAllowed::Name)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(NotAllowed::Parts);
        }
        if self.is_listed(&url) {
            return Ok(url);
        }
        if !with_tls {
            return Err(NotAllowed::NotHttps);
        }
        if !url.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
            return Err(NotAllowed::Port);
        }
        let host = url.domain().ok_or(NotAllowed::Number)?;
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if self.own.contains(&host) {
            return Err(NotAllowed::Own);
        }
        if is_public_name(&host) { Ok(url) } else { Err(NotAllowed::Name) }
    }

    /// Reads an address and asks where its name leads now. Every address must be public, so that nothing depends on
    /// which of them is taken.
    ///
    /// # Errors
    /// What speaks against it.
    pub async fn vet(&self, text: &str, names: &dyn Names) -> Result<Vetted, NotAllowed> {
        let url = self.read(text)?;
        let listed = self.is_listed(&url);
        let port = url.port_or_known_default().ok_or(NotAllowed::Port)?;
        let host = url.host_str().ok_or(NotAllowed::Name)?;
        let number: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let found = match number {
            Some(number) => vec![number],
            None => names.addresses(host).await.map_err(|_| NotAllowed::Unresolved)?,
        };
        if found.is_empty() {
            return Err(NotAllowed::Unresolved);
        }
        if !listed && !found.iter().all(|address| is_public(*address)) {
            return Err(NotAllowed::Inside);
        }
        let connect = found.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        Ok(Vetted { url, connect })
    }
}

/// The host of an address, as [`Rules::own`] has it.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(|host| host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase())
}

/// At least two labels of letters, digits and hyphens, of which the last is no number and not kept for the inside.
fn is_public_name(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let well_formed = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2
        && host.len() <= 253
        && labels.iter().all(well_formed)
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !INSIDE.contains(&last)
}

#[cfg(test)]
mod tests;
