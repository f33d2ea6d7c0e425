//! The doors for people, as the settings say; what would be unsafe is refused before anything starts.

use crate::domain::access::Role;
use crate::http::auth::claims::{ClaimRules, Names};
use crate::http::auth::doors::{Doors, Way};
use crate::http::auth::provider::{Provider, ProviderSettings};
use crate::settings::{LOCAL_ISSUER, Mode, SignInSettings};

type Refused = Box<dyn std::error::Error + Send + Sync>;

/// Doors through which everybody comes as whom they choose, among the made-up clients of a partnership.
pub fn choice(partnership: &str) -> Doors {
    let way = Way::Choice { issuer: LOCAL_ISSUER.to_owned() };
    Doors::new(way, None, partnership.to_owned())
}

/// The doors that the settings ask for. The provider is not asked here: while it is away, the API works.
///
/// # Errors
/// A setting is missing, or would be unsafe.
pub fn doors(settings: &SignInSettings, mode: Mode) -> Result<Doors, Refused> {
    let development = mode == Mode::Development;
    let Some(issuer) = settings.oidc_issuer.clone() else {
        if settings.oidc_client_id.is_some() || settings.oidc_client_secret_file.is_some() {
            return Err("set OIDC_ISSUER too: who signs people in".into());
        }
        return Ok(match &settings.partnership {
            // Never in production: nobody proves anything there.
            Some(partnership) if development => choice(partnership),
            _ => Doors::closed(),
        });
    };
    let needed = |value: &Option<String>, name: &str| {
        value.clone().ok_or_else(|| format!("set {name} too: OIDC_ISSUER lets people sign in"))
    };
    let partnership = needed(&settings.partnership, "PARTNERSHIP")?;
    let client_id = needed(&settings.oidc_client_id, "OIDC_CLIENT_ID")?;
    let public_url = needed(&settings.public_url, "PUBLIC_URL")?;
    for (name, address) in [("OIDC_ISSUER", &issuer), ("PUBLIC_URL", &public_url)] {
        check(name, address, development)?;
    }
    let path = settings.oidc_client_secret_file.as_ref().ok_or(
        "set OIDC_CLIENT_SECRET_FILE to a file with the secret that the issuer gave this service",
    )?;
    let secret = std::fs::read_to_string(path)
        .map_err(|error| format!("the secret file {} cannot be read: {error}", path.display()))?;
    let role_names: Names = settings.oidc_role_names.parse().map_err(named("OIDC_ROLE_NAMES"))?;
    if let Some(unknown) = role_names.targets().find(|name| name.parse::<Role>().is_err()) {
        let known = Role::CODES.join(", ");
        return Err(format!("OIDC_ROLE_NAMES: {unknown:?} is none of {known}").into());
    }
    for (name, pointer) in [
        ("OIDC_ROLES_CLAIM", &settings.oidc_roles_claim),
        ("OIDC_AGENCY_CLAIM", &settings.oidc_agency_claim),
    ] {
        if !pointer.starts_with('/') {
            return Err(format!("{name} must be a JSON pointer, such as /roles").into());
        }
    }
    let provider = Provider::new(ProviderSettings {
        issuer,
        client_id,
        client_secret: secret.trim().to_owned(),
        algorithm: settings.oidc_algorithm.into(),
        scope: settings.oidc_scope.clone(),
        tenant: settings.oidc_tenant.clone(),
        public_url: public_url.clone(),
        claims: ClaimRules {
            roles: settings.oidc_roles_claim.clone(),
            role_names,
            agency: settings.oidc_agency_claim.clone(),
            agency_names: settings.oidc_agency_names.parse().map_err(named("OIDC_AGENCY_NAMES"))?,
        },
        plain_http: development,
    })?;
    Ok(Doors::new(Way::Provider(Box::new(provider)), Some(public_url), partnership))
}

fn named(name: &'static str) -> impl FnOnce(String) -> String {
    move |fault| format!("{name}: {fault}")
}

fn check(name: &str, address: &str, development: bool) -> Result<(), Refused> {
    let bad = |why: &str| Err(format!("{name} {why}").into());
    let Ok(url) = reqwest::Url::parse(address) else { return bad("is no address") };
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if development && local => {}
        _ => return bad("must be an https address; http is for development on one's own machine"),
    }
    if name == "PUBLIC_URL" && (url.path() != "/" || url.query().is_some()) {
        return bad("must have no path");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SignInSettings,
    }

    fn of(arguments: &[&str], mode: Mode) -> Result<Doors, String> {
        let line = Line::try_parse_from([&["x"], arguments].concat()).unwrap();
        doors(&line.settings, mode).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_chooses_who_they_are_in_production() {
        let named = ["--partnership", "ANY"];
        assert!(of(&named, Mode::Development).unwrap().made_up());
        assert!(!of(&named, Mode::Production).unwrap().made_up());
        assert!(matches!(of(&named, Mode::Production).unwrap().way(), Way::Closed));
    }

    #[test]
    fn a_provider_needs_all_of_its_settings_and_tls() {
        let secret = std::env::temp_dir().join(format!("oidc-secret-{}", std::process::id()));
        std::fs::write(&secret, "x\n").unwrap();
        let whole = |issuer: &'static str, url: &'static str| {
            vec![
                "--partnership",
                "ANY",
                "--oidc-issuer",
                issuer,
                "--oidc-client-id",
                "web",
                "--public-url",
                url,
                "--oidc-client-secret-file",
                secret.to_str().unwrap(),
            ]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        };
        let tried = |arguments: &[String], mode| {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            of(&arguments, mode).map(drop)
        };
        let good = whole("https://login.example/t", "https://escalations.example");
        assert_eq!(tried(&good, Mode::Production), Ok(()));
        for at in (0..good.len()).step_by(2) {
            let mut short = good.clone();
            short.drain(at..at + 2);
            assert!(tried(&short, Mode::Production).is_err(), "{short:?}");
        }
        let local = whole("http://127.0.0.1:9000", "http://localhost:8080/");
        assert_eq!(tried(&local, Mode::Development), Ok(()));
        assert!(tried(&local, Mode::Production).is_err());
        let path = whole("https://login.example", "https://escalations.example/app");
        assert!(tried(&path, Mode::Production).is_err());
        std::fs::remove_file(&secret).unwrap();
    }
}
