//! Page cursors that nobody can alter or move to another caller, filter or order.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::problem::Problem;
use super::problem_types::ProblemType;

const VERSION: u8 = 1;
const LIFE: SignedDuration = SignedDuration::from_hours(24);
const PAYLOAD: usize = 1 + 8 + 8 + 16;
const TAG: usize = 32;
/// The length of 65 bytes in base64 without padding. Longer texts are not even decoded.
const TEXT: usize = 87;

/// The secret that authenticates cursors, and those before it, whose cursors still count.
pub struct CursorKey {
    newest: hmac::Key,
    earlier: Vec<hmac::Key>,
}

impl CursorKey {
    /// Takes the secret, which should be 32 random bytes that all instances share.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self { newest: hmac::Key::new(hmac::HMAC_SHA256, secret), earlier: Vec::new() }
    }

    /// The same with secrets that authenticate what was made with them, and nothing new.
    #[must_use]
    pub fn and_earlier<S: AsRef<[u8]>>(mut self, secrets: &[S]) -> Self {
        let keys = secrets.iter().map(|it| hmac::Key::new(hmac::HMAC_SHA256, it.as_ref()));
        self.earlier.extend(keys);
        self
    }

    fn verifies(&self, text: &[u8], tag: &[u8]) -> bool {
        let mut keys = std::iter::once(&self.newest).chain(&self.earlier);
        keys.any(|key| hmac::verify(key, text, tag).is_ok())
    }
}

/// The last item of a page: where the next page goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The value that the list is sorted by, to the microsecond.
    pub at: Timestamp,
    /// The id that settles ties.
    pub id: Uuid,
}

/// Why a cursor is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorFault {
    /// Altered, or made for another caller, filter or order.
    #[error("the cursor is not valid here")]
    Invalid,
    /// Older than 24 hours.
    #[error("the cursor has expired")]
    Expired,
}

impl From<CursorFault> for Problem {
    fn from(fault: CursorFault) -> Self {
        match fault {
            CursorFault::Invalid => ProblemType::InvalidCursor.into(),
            CursorFault::Expired => ProblemType::CursorExpired.into(),
        }
    }
}

/// Makes a cursor. `binding` says what it may be used for: caller, filters and order, in a form in
/// which different ones never look the same.
#[must_use]
pub fn seal(key: &CursorKey, binding: &[u8], position: Position, now: Timestamp) -> String {
    let mut bytes = Vec::with_capacity(PAYLOAD + TAG);
    bytes.push(VERSION);
    bytes.extend_from_slice(&now.as_second().to_be_bytes());
    bytes.extend_from_slice(&position.at.as_microsecond().to_be_bytes());
    bytes.extend_from_slice(position.id.as_bytes());
    let tag = hmac::sign(&key.newest, &signed(binding, &bytes));
    bytes.extend_from_slice(tag.as_ref());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor that was made with the same key and binding.
///
/// # Errors
/// [`CursorFault::Invalid`] unless it is unaltered and made for this binding; only then is its age
/// looked at, so [`CursorFault::Expired`] tells nothing to others.
pub fn open(
    key: &CursorKey,
    binding: &[u8],
    cursor: &str,
    now: Timestamp,
) -> Result<Position, CursorFault> {
    if cursor.len() != TEXT {
        return Err(CursorFault::Invalid);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorFault::Invalid)?;
    let (payload, tag) = bytes.split_at_checked(PAYLOAD).ok_or(CursorFault::Invalid)?;
    if !key.verifies(&signed(binding, payload), tag) {
        return Err(CursorFault::Invalid);
    }
    let (issued, position) = unpacked(payload).ok_or(CursorFault::Invalid)?;
    if now.duration_since(issued) > LIFE {
        return Err(CursorFault::Expired);
    }
    Ok(position)
}

/// What the tag covers. The payload has a fixed length, so nothing can move between the two.
fn signed(binding: &[u8], payload: &[u8]) -> Vec<u8> {
    [b"page cursor".as_slice(), payload, binding].concat()
}

fn unpacked(payload: &[u8]) -> Option<(Timestamp, Position)> {
    let (version, rest) = payload.split_first()?;
    let (issued, rest) = rest.split_first_chunk()?;
    let (at, id) = rest.split_first_chunk()?;
    if *version != VERSION {
        return None;
    }
    let issued = Timestamp::from_second(i64::from_be_bytes(*issued)).ok()?;
    let at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?;
    let id = Uuid::from_slice(id).ok()?;
    Some((issued, Position { at, id }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> CursorKey {
        CursorKey::new(&[7; 32])
    }

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn sample(at: i64, id: u128) -> Position {
        Position { at: Timestamp::from_microsecond(at).unwrap(), id: Uuid::from_u128(id) }
    }

    #[test]
    fn a_cursor_lives_for_a_day() {
        let cursor = seal(&key(), b"caller", sample(5, 6), now());
        assert_eq!(cursor.len(), TEXT);
        for (hours, expected) in
            [(0, Ok(sample(5, 6))), (24, Ok(sample(5, 6))), (25, Err(CursorFault::Expired))]
        {
            let later = now() + SignedDuration::from_hours(hours);
            assert_eq!(open(&key(), b"caller", &cursor, later), expected);
        }
        // An expired cursor of somebody else is not even called expired.
        let later = now() + SignedDuration::from_hours(25);
        assert_eq!(open(&key(), b"other", &cursor, later), Err(CursorFault::Invalid));
        assert_eq!(Problem::from(CursorFault::Expired).kind().status(), 410);
    }

    #[test]
    fn other_texts_are_not_cursors() {
        let cursor = seal(&key(), b"caller", sample(5, 6), now());
        let truncated = cursor.get(..cursor.len() - 1).unwrap();
        let long = "A".repeat(10_240);
        let padded = format!("{cursor}=");
        for text in ["", "x", truncated, &long, &padded, &"A".repeat(TEXT), &"é".repeat(TEXT)] {
            assert_eq!(open(&key(), b"caller", text, now()), Err(CursorFault::Invalid));
        }
        let other_key = CursorKey::new(&[8; 32]);
        assert_eq!(open(&other_key, b"caller", &cursor, now()), Err(CursorFault::Invalid));
    }

    proptest! {
        #[test]
        fn what_is_sealed_can_be_opened(
            at in -2_000_000_000_000_000_i64..250_000_000_000_000_000,
            id: u128,
            binding: Vec<u8>,
        ) {
            let cursor = seal(&key(), &binding, sample(at, id), now());
            prop_assert_eq!(open(&key(), &binding, &cursor, now()), Ok(sample(at, id)));
        }

        #[test]
        fn no_altered_cursor_is_accepted(place in 0..TEXT, letter in "[A-Za-z0-9_=+/ -]") {
            let cursor = seal(&key(), b"caller", sample(5, 6), now());
            let mut altered = cursor.clone();
            altered.replace_range(place..=place, &letter);
            prop_assume!(altered != cursor);
            prop_assert_eq!(open(&key(), b"caller", &altered, now()), Err(CursorFault::Invalid));
        }

        #[test]
        fn a_cursor_is_bound(one: Vec<u8>, other: Vec<u8>) {
            prop_assume!(one != other);
            let cursor = seal(&key(), &one, sample(5, 6), now());
            prop_assert_eq!(open(&key(), &other, &cursor, now()), Err(CursorFault::Invalid));
        }
    }
}
