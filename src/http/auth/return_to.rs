//! Where somebody goes after signing in: a path of this service, never another place.

use reqwest::Url;

use crate::http::pages::HOME;

/// Longer ones are forgotten, and so are those with anything that a browser might read as the name of a host.
const LONGEST: usize = 1_000;

/// What was asked for if it is a local path, or the home page.
#[must_use]
pub fn local(wanted: &str) -> &str {
    let plain = wanted.len() <= LONGEST
        && wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rooted = wanted.starts_with('/') && !wanted.starts_with("//");
    // Back to the door itself would be a loop.
    let to_the_door = wanted.starts_with("/auth/");
    if plain && rooted && !to_the_door { wanted } else { HOME }
}

/// The address at which sign-in begins.
#[must_use]
pub fn login(return_to: &str, must_be_fresh: bool) -> String {
    with_query("/auth/login", &[("return_to", local(return_to))], must_be_fresh)
}

fn with_query(path: &str, pairs: &[(&str, &str)], must_be_fresh: bool) -> String {
    let mut address = path.to_owned();
    // The library encodes; the host is never seen.
    if let Ok(mut url) = Url::parse("http://localhost/") {
        url.query_pairs_mut().extend_pairs(pairs);
        if must_be_fresh {
            url.query_pairs_mut().append_pair("fresh", "1");
        }
        address.push('?');
        address.push_str(url.query().unwrap_or_default());
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_local_path_is_gone_on_to() {
        for good in ["/review/2026-W47", "/review?view=raised&weeks=13", "/a//b", "/?x=https://y"] {
            assert_eq!(local(good), good);
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "review",
            "//evil.example",
            "///evil.example",
            "https://evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=y",
            "javascript:alert(1)",
            "/auth/login",
            "/auth/callback?code=x",
            "/ä",
            &long,
        ] {
            assert_eq!(local(bad), HOME, "{bad:?}");
        }
    }

    #[test]
    fn what_was_asked_for_stays_one_parameter() {
        let address = login("/review?a=b&c=d", true);
        assert_eq!(address, "/auth/login?return_to=%2Freview%3Fa%3Db%26c%3Dd&fresh=1");
    }
}
