//! Which registration a person's claims choose; what that registration may, the registry says.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

use crate::domain::access::Role;

/// Names of the provider's, each with what it is called here: `theirs=ours,theirs=ours`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| match pair.split_once('=') {
            Some((theirs, ours)) => Ok((theirs.trim().to_owned(), ours.trim().to_owned())),
            None => Err(format!("{pair:?} must be NAME=CODE")),
        };
        pairs.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Names {
    /// What is ours for a name of theirs; the same where no other is said.
    fn ours<'a>(&'a self, theirs: &'a str) -> &'a str {
        self.0.get(theirs).map_or(theirs, String::as_str)
    }

    /// What all names become.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// How roles and agencies are found in an identity token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRules {
    /// JSON pointer to the role or roles.
    pub roles: String,
    /// What the provider's roles are called here.
    pub role_names: Names,
    /// JSON pointer to the agency.
    pub agency: String,
    /// What the provider's agencies are called here.
    pub agency_names: Names,
}

impl ClaimRules {
    /// The `client_id` under which a person with these claims must be registered: that of the pages, then the role, then
    /// for an agency's people the agency. Nothing when the claims name no role of ours, or an agency's person without
    /// exactly one agency. Who has several roles comes in with the first of the list of roles that is not an agency's.
    #[must_use]
    pub fn registration(&self, client_id: &str, claims: &Value) -> Option<String> {
        let texts = |pointer: &str| -> Vec<&str> {
            match claims.pointer(pointer) {
                Some(Value::String(one)) => vec![one],
                Some(Value::Array(some)) => some.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            }
        };
        let theirs = texts(&self.roles);
        let ours: Vec<Role> =
            theirs.iter().filter_map(|name| self.role_names.ours(name).parse().ok()).collect();
        // The one that decides most first; an agency's last, because it is the narrowest.
        let order = [
            Role::Director,
            Role::ServiceLead,
            Role::Analyst,
            Role::Auditor,
            Role::PrivacyOfficer,
            Role::Operator,
            Role::Agency,
        ];
        let role = order.into_iter().find(|role| ours.contains(role))?;
        if role != Role::Agency {
            return Some(format!("{client_id}/{role}"));
        }
        match texts(&self.agency).as_slice() {
            [agency] => Some(format!("{client_id}/{role}/{}", self.agency_names.ours(agency))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_choose_a_registration_or_none() {
        let rules = ClaimRules {
            roles: "/resource_access/pages/roles".to_owned(),
            role_names: "Escalations.Director=director, Escalations.Reporter=agency"
                .parse()
                .unwrap(),
            agency: "/organisation".to_owned(),
            agency_names: "Valeshire Police=valeshire_police".parse().unwrap(),
        };
        let of = |roles: Value, organisation: Value| {
            let claims = json!({
                "resource_access": {"pages": {"roles": roles}}, "organisation": organisation,
            });
            rules.registration("web", &claims)
        };
        let director = Some("web/director".to_owned());
        let police = Some("web/agency/valeshire_police".to_owned());
        assert_eq!(of(json!(["Escalations.Director"]), json!(null)), director);
        assert_eq!(of(json!("director"), json!(null)), director);
        assert_eq!(of(json!(["agency", "other", "director"]), json!("x")), director);
        assert_eq!(of(json!(["Escalations.Reporter"]), json!("Valeshire Police")), police);
        assert_eq!(of(json!(["agency"]), json!(["valeshire_police"])), police);
        for nobody in [
            of(json!(["Director"]), json!(null)),
            of(json!([]), json!("x")),
            of(json!(["agency"]), json!(null)),
            of(json!(["agency"]), json!(["a", "b"])),
            of(json!({"director": true}), json!(null)),
        ] {
            assert_eq!(nobody, None);
        }
    }
}
