//! When a person who signed in still is: the rules of sessions, and of the attempts that lead to them.

use jiff::{SignedDuration, Timestamp};

use super::access::Role;
use super::ids::{AgencyId, PartnershipId};

/// How long somebody may take at the provider.
pub const ATTEMPT: SignedDuration = SignedDuration::from_mins(10);
/// After how long without a request a session is over.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// After how long a session is over in any case: a working day.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(10);
/// How recently a person must have proved who they are for what cannot be taken back.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);

/// A sign-in under way.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginAttempt {
    /// What the provider must send back.
    pub state: String,
    /// What the identity token must name.
    pub nonce: String,
    /// What proves to the provider that the code is redeemed by who asked for it.
    pub pkce_verifier: String,
    /// The local path to go on to.
    pub return_to: String,
    /// Whether the person must prove again who they are.
    pub must_be_fresh: bool,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// A person's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSession {
    /// The partnership whose pages it opens.
    pub partnership: PartnershipId,
    /// Who says who the person is.
    pub issuer: String,
    /// The person, as the issuer names them; a pseudonym.
    pub subject: String,
    /// The `client_id` of the registration that lets the person in.
    pub registered_as: String,
    /// What the registration trusted the person to do at sign-in.
    pub role: Role,
    /// The agency that the registration named at sign-in.
    pub agency: Option<AgencyId>,
    /// The person's name, to be shown to that person; no key of anything.
    pub display_name: String,
    /// When the person proved who they are, if the issuer says.
    pub auth_time: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
}

impl WebSession {
    /// Whether it is still good at `now`.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) < IDLE
            && now.duration_since(self.created_at) < LONGEST
    }

    /// Whether the person proved recently who they are.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.auth_time.is_some_and(|at| is_fresh(at, now))
    }
}

/// Whether a proof at `auth_time` is recent at `now`.
#[must_use]
pub fn is_fresh(auth_time: Timestamp, now: Timestamp) -> bool {
    now.duration_since(auth_time) < FRESH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn session(last_seen: &str, auth_time: Option<&str>) -> WebSession {
        WebSession {
            partnership: PartnershipId(uuid::Uuid::nil()),
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            registered_as: "c".to_owned(),
            role: Role::Director,
            agency: None,
            display_name: "D".to_owned(),
            auth_time: auth_time.map(at),
            created_at: at("2026-11-18T09:00:00Z"),
            last_seen_at: at(last_seen),
        }
    }

    #[test]
    fn a_session_ends_by_disuse_and_by_age() {
        let used = session("2026-11-18T10:00:00Z", None);
        assert!(used.is_alive(at("2026-11-18T10:29:59Z")));
        assert!(!used.is_alive(at("2026-11-18T10:30:00Z")));
        let busy = session("2026-11-18T18:59:00Z", None);
        assert!(busy.is_alive(at("2026-11-18T18:59:59Z")));
        assert!(!busy.is_alive(at("2026-11-18T19:00:00Z")));
    }

    #[test]
    fn a_proof_is_fresh_for_a_quarter_of_an_hour_and_never_when_nobody_says() {
        let proved = session("2026-11-18T10:00:00Z", Some("2026-11-18T10:00:00Z"));
        assert!(proved.is_fresh(at("2026-11-18T10:14:59Z")));
        assert!(!proved.is_fresh(at("2026-11-18T10:15:00Z")));
        assert!(!session("2026-11-18T10:00:00Z", None).is_fresh(at("2026-11-18T10:00:00Z")));
    }
}
