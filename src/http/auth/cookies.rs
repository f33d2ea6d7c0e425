//! The two cookies: one for an attempt to sign in, one for the session that comes of it.

use actix_web::HttpRequest;
use actix_web::http::header;
use aws_lc_rs::rand::fill;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One of the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Binds an attempt to the browser that began it.
    Attempt,
    /// The session.
    Session,
}

impl Cookie {
    /// Its name. `__Host-` makes browsers refuse it from another host, for a narrower path, or without TLS. Browsers
    /// take no such cookie over plain http (some make an exception for the own machine, some do not), so that the
    /// demonstration, which has no TLS, does without.
    #[must_use]
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Attempt, true) => "__Host-pre",
            (Self::Attempt, false) => "pre",
            (Self::Session, true) => "__Host-s",
            (Self::Session, false) => "s",
        }
    }

    /// Its value in a request, if there is exactly one and it can be ours.
    #[must_use]
    pub fn of(self, request: &HttpRequest, secure: bool) -> Option<String> {
        let name = self.name(secure);
        let mut found = request
            .headers()
            .get_all(header::COOKIE)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value);
        let value = found.next().filter(|value| value.len() == 43)?;
        if found.next().is_some() { None } else { Some(value.to_owned()) }
    }

    /// The header that sets it. A session's has no age: it goes with the browser, and here after its time.
    ///
    /// Lax, because the provider sends the browser back from another site, and a strict cookie would be left behind:
    /// the way into an endless loop.
    #[must_use]
    pub fn set(self, value: &str, secure: bool) -> String {
        let age = match self {
            Self::Attempt => "; Max-Age=600",
            Self::Session => "",
        };
        format!("{}={value}{}{age}", self.name(secure), attributes(secure))
    }

    /// The header that takes it away.
    #[must_use]
    pub fn clear(self, secure: bool) -> String {
        format!("{}={}; Max-Age=0", self.name(secure), attributes(secure))
    }
}

const fn attributes(secure: bool) -> &'static str {
    if secure {
        "; Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Lax"
    }
}

/// 256 random bits that nobody can guess, as text. They are keys, not identifiers, and so do not come from the source
/// of identifiers.
#[must_use]
pub fn secret() -> String {
    let mut random = [0; 32];
    let filled = fill(&mut random);
    assert!(filled.is_ok(), "the operating system gives randomness");
    URL_SAFE_NO_PAD.encode(random)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn one_cookie_of_the_right_length_is_found_and_two_are_none() {
        let value = secret();
        let of = |header: String| {
            let request = TestRequest::default().insert_header((header::COOKIE, header));
            Cookie::Session.of(&request.to_http_request(), true)
        };
        assert_eq!(of(format!("a=b; __Host-s={value}; c=d")), Some(value.clone()));
        assert_eq!(of(format!("s={value}")), None);
        assert_eq!(of("__Host-s=short".to_owned()), None);
        assert_eq!(of(format!("__Host-s={value}; __Host-s={value}")), None);
    }
}
