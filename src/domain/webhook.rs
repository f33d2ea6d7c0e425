//! Messages to agencies' systems: how they are signed, when they are tried again, and when a receiver is given up.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::codes::codes;
use super::feed::FeedType;
use super::ids::{AgencyId, EscalationId, PartnershipId, WebhookEndpointId};
use super::recorded::Recorded;

codes! {
    /// How messages to an endpoint are signed.
    pub enum SigningScheme {
        /// With a private key that never leaves the service; receivers hold the public one (`v1a`).
        Ed25519 => "ed25519",
        /// With a secret that both sides hold (`v1`).
        HmacSha256 => "hmac_sha256",
    }
}

codes! {
    /// Whether messages are sent to an endpoint.
    pub enum EndpointState {
        /// They are.
        Active => "active",
        /// They wait until it is enabled again.
        Disabled => "disabled",
    }
}

codes! {
    /// Why an endpoint was disabled. The service does it, and tells it here.
    pub enum DisabledBecause {
        /// The receiver answered 410: it is gone.
        Gone => "gone",
        /// Nothing but failures for five days.
        Failing => "failing",
    }
}

codes! {
    /// What somebody did about an endpoint.
    pub enum EndpointAct {
        /// Made it.
        Created => "created",
        /// Changed its address or types.
        Changed => "changed",
        /// Gave it a new key.
        KeyRotated => "key_rotated",
        /// Enabled it again.
        Enabled => "enabled",
        /// Had something delivered again.
        Replayed => "replayed",
        /// Tried it.
        Tested => "tested",
        /// Removed it.
        Removed => "removed",
    }
}

codes! {
    /// How far a delivery has come.
    pub enum DeliveryState {
        /// It is to be sent, or to be tried again.
        Waiting => "waiting",
        /// The receiver has answered 2xx.
        Delivered => "delivered",
        /// All attempts failed. It can be replayed.
        GivenUp => "given_up",
        /// The escalation was no longer for this agency to know of when it was to be sent.
        Withheld => "withheld",
    }
}

codes! {
    /// What came of one attempt.
    pub enum AttemptOutcome {
        /// The receiver answered 2xx.
        Delivered => "delivered",
        /// It answered with another status.
        Refused => "refused",
        /// It answered with a redirection, which is not followed.
        Redirected => "redirected",
        /// It answered 410: it wants no more messages.
        Gone => "gone",
        /// It did not answer in time.
        Timeout => "timeout",
        /// No connection, or it broke.
        Connection => "connection",
        /// The certificate is not valid, not for this name, or of an authority that is not known.
        Tls => "tls",
        /// The name led to no address.
        NameNotResolved => "name_not_resolved",
        /// The name led to an address that is not public; nothing was sent.
        AddressNotAllowed => "address_not_allowed",
        /// The answer was longer than is read.
        ReplyTooLarge => "reply_too_large",
        /// The answer is no HTTP.
        InvalidReply => "invalid_reply",
    }
}

/// How often a message is tried.
pub const ATTEMPTS: u16 = 10;
/// After this time of nothing but failures an endpoint is disabled.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How long the former key signs beside the new one.
pub const BOTH_KEYS: SignedDuration = SignedDuration::from_hours(24);
/// How many endpoints an agency may have.
pub const MOST_ENDPOINTS: usize = 100;
/// A receiver cannot put off a message for longer than the longest of our own waits.
const MOST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The waits after the first failure, the second, and so on: those of Standard Webhooks 1.0.0, three days in all.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// How long to wait after so many failed attempts, or nothing when that was the last one. `chance` spreads receivers'
/// load by a fifth on both sides; `asked` is what the receiver said in `Retry-After`.
#[must_use]
pub fn wait_after(
    failed: u16,
    chance: u16,
    asked: Option<SignedDuration>,
) -> Option<SignedDuration> {
    let ours = *WAITS.get(usize::from(failed).checked_sub(1)?)?;
    // From 800 to 1,200 thousandths.
    let share = 800 + i64::from(chance) * 400 / i64::from(u16::MAX);
    let ours = SignedDuration::from_millis(ours.as_secs().saturating_mul(share));
    Some(asked.map_or(ours, |asked| ours.max(asked.min(MOST_RETRY_AFTER))))
}

/// For how long an endpoint rests at which so many attempts failed one after another: not at all, then a second, then twice as
/// long each time, a minute at most. It is less than the waits of any one message; it spares the many.
#[must_use]
pub fn rest_after(failures: u32) -> SignedDuration {
    let seconds = failures.checked_sub(2).map_or(0, |exponent| 1_i64 << exponent.min(6));
    SignedDuration::from_secs(seconds.min(60))
}

/// Whether an endpoint that has failed since then, without one success, is disabled now.
#[must_use]
pub fn is_given_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(failing_since) >= PATIENCE
}

/// The types of events that an endpoint can be told of: those of the feed.
#[must_use]
pub fn event_types() -> Vec<String> {
    FeedType::all().map(|kind| kind.to_string()).collect()
}

/// Where an agency's system, or the partnership's own, is told of what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its identifier.
    pub id: WebhookEndpointId,
    /// Whose it is; none for the partnership's own.
    pub agency: Option<AgencyId>,
    /// The address.
    pub url: String,
    /// The types of events that it is told of; all when none is named.
    pub event_types: Option<Vec<String>>,
    /// How messages to it are signed.
    pub scheme: SigningScheme,
    /// Whether messages are sent.
    pub state: EndpointState,
    /// Why not, and since when.
    pub disabled: Option<(DisabledBecause, Timestamp)>,
    /// Its version.
    pub version: i32,
    /// Up to which position of the feed it was looked for what it is to be told.
    pub position: i64,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// When a message arrived last.
    pub last_delivered_at: Option<Timestamp>,
    /// Who made it, and when.
    pub recorded: Recorded,
}

/// A key that messages to an endpoint are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointKey {
    /// Its identifier.
    pub id: Uuid,
    /// The kind of key.
    pub scheme: SigningScheme,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// What receivers verify with, for a pair of keys.
    pub public: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to sign, once another has taken over.
    pub expires_at: Option<Timestamp>,
}

/// An endpoint for which there is something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The partnership.
    pub partnership: PartnershipId,
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// Whose it is; none for the partnership's own.
    pub agency: Option<AgencyId>,
    /// Whether the feed has gone on since it was looked for what it is to be told.
    pub behind: bool,
    /// Whether something is to be sent now.
    pub sends: bool,
    /// Whether every attempt has failed lately.
    pub failing: bool,
}

/// What a message tells, as thin as it can be: whoever wants more reads it with their own token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The event, or the timer that fired.
    pub id: Uuid,
    /// Its type in the feed.
    pub kind: String,
    /// Its position in the feed.
    pub position: i64,
    /// The escalation.
    pub escalation: EscalationId,
    /// Its spoken reference.
    pub reference: String,
    /// The version that the escalation has after it; none for what came due by itself.
    pub version: Option<i32>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A message that one sender has taken, for as long as its lease.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The escalation whose messages it holds back meanwhile.
    pub escalation: EscalationId,
    /// The delivery.
    pub delivery: i64,
    /// How many attempts failed before.
    pub failed: u16,
    /// Proves that it is still this sender's.
    pub lease: Uuid,
    /// Where it goes.
    pub url: String,
    /// What it tells.
    pub told: Told,
    /// What it is signed with.
    pub keys: Vec<EndpointKey>,
}

/// One attempt, as it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its identifier.
    pub id: Uuid,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: i32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
}

/// That an endpoint is, was or will be told of one position of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which delivery it is.
    pub number: i64,
    /// The position in the feed.
    pub position: i64,
    /// 0, or which repetition it is.
    pub replay: i32,
    /// The escalation.
    pub escalation: EscalationId,
    /// The event, or the timer that fired: the `webhook-id` of each attempt.
    pub message: Uuid,
    /// The type of the event.
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// When it was found that the endpoint is to be told.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub settled_at: Option<Timestamp>,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// Every attempt, the first first.
    pub attempts: Vec<Attempt>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_rests_longer_each_time_and_a_minute_at_most() {
        let rests: Vec<i64> = (0..10).map(|failures| rest_after(failures).as_secs()).collect();
        assert_eq!(rests, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(rest_after(u32::MAX).as_secs(), 60);
        // No message that waits for its next attempt is kept from it by what failed before it alone.
        for failed in 1..=9 {
            let wait = wait_after(failed, 0, None).unwrap();
            assert!(wait > rest_after(u32::from(failed)), "{failed}");
        }
    }

    #[test]
    fn the_waits_are_those_of_the_standard_within_a_fifth() {
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (failed, expected) in (1..).zip(seconds) {
            let wait = |chance| wait_after(failed, chance, None).unwrap().as_millis();
            assert_eq!(wait(0), expected * 800, "{failed}");
            assert_eq!(wait(u16::MAX), expected * 1_200, "{failed}");
            assert!((expected * 990..=expected * 1_010).contains(&wait(u16::MAX / 2)), "{failed}");
        }
        assert_eq!(wait_after(0, 0, None), None);
        assert_eq!(wait_after(ATTEMPTS, 0, None), None, "the tenth attempt is the last one");
        let whole: i64 = WAITS.iter().map(|wait| wait.as_secs()).sum();
        assert_eq!(whole, 272_105, "75.6 hours");
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_and_not_for_less() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(wait_after(1, 0, Some(hour)), Some(hour));
        assert_eq!(wait_after(1, 0, Some(SignedDuration::from_secs(1))).unwrap().as_secs(), 4);
        let year = SignedDuration::from_hours(24 * 365);
        assert_eq!(wait_after(1, 0, Some(year)), Some(MOST_RETRY_AFTER));
        assert_eq!(wait_after(ATTEMPTS, 0, Some(hour)), None);
    }

    #[test]
    fn five_days_of_nothing_but_failures_are_enough() {
        let began: Timestamp = "2026-11-18T10:00:00Z".parse().unwrap();
        let after = |hours| began.checked_add(SignedDuration::from_hours(hours)).unwrap();
        assert!(!is_given_up(began, after(119)));
        assert!(is_given_up(began, after(120)));
    }
}
