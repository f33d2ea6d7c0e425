//! The keys of one partnership: for finding children, for repeated requests, for its files and its webhooks.

use std::fmt;

use uuid::Uuid;

use super::seal::{UNDER_THE_PARTNERSHIPS, key_of, opened, sealed};
use super::{CannotOpen, Key, SECRET_LENGTH, keyed_hash};
use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::ids::{EscalationId, ImportId, PartnershipId};

/// What the keys are for, in the order in which they are kept. The words are those with which they were derived while
/// they were not stored.
const PURPOSES: [&[u8]; 5] =
    [b"child-index", b"request", b"import-seal", b"webhook-seal", b"child-seal"];

/// The first byte of the whole: which keys follow.
const VERSION: u8 = 1;

/// The keys of one partnership. They stay as they are when a root secret takes another's place.
pub struct PartnershipKeys {
    partnership: PartnershipId,
    children: Key,
    requests: Key,
    rows: Key,
    webhooks: Key,
    references: Key,
}

impl fmt::Debug for PartnershipKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartnershipKeys(…)")
    }
}

impl PartnershipKeys {
    /// The keys that `make` gives for each purpose.
    pub(super) fn from_each(
        partnership: PartnershipId,
        make: impl Fn(&[u8]) -> Result<Key, CannotOpen>,
    ) -> Result<Self, CannotOpen> {
        let [children, requests, rows, webhooks, references] = PURPOSES.map(make);
        Ok(Self {
            partnership,
            children: children?,
            requests: requests?,
            rows: rows?,
            webhooks: webhooks?,
            references: references?,
        })
    }

    /// Whose they are.
    pub(super) const fn partnership(&self) -> PartnershipId {
        self.partnership
    }

    /// All of them as one, to be sealed.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let keys =
            [self.children, self.requests, self.rows, self.webhooks, self.references].concat();
        [&[VERSION], keys.as_slice()].concat()
    }

    /// What [`Self::bytes`] gave.
    pub(super) fn read(partnership: PartnershipId, bytes: &[u8]) -> Result<Self, CannotOpen> {
        let keys = bytes.strip_prefix(&[VERSION]).ok_or(CannotOpen::Changed)?;
        let (keys, []) = keys.as_chunks::<SECRET_LENGTH>() else { return Err(CannotOpen::Changed) };
        let [children, requests, rows, webhooks, references] = *keys else {
            return Err(CannotOpen::Changed);
        };
        Ok(Self { partnership, children, requests, rows, webhooks, references })
    }

    /// The keyed hash that finds a child: HMAC-SHA-256 over scheme and normalised value. Keys differ between
    /// partnerships, so the same child cannot be followed across them.
    #[must_use]
    pub fn child_key(&self, child: &ChildReference) -> Vec<u8> {
        keyed_hash(&self.children, child.lookup_text().as_bytes())
    }

    /// A keyed hash of a request or of a part of it, told apart by where each part ends.
    #[must_use]
    pub fn request_hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut text = Vec::new();
        for part in parts {
            text.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            text.extend_from_slice(part);
        }
        keyed_hash(&self.requests, &text)
    }

    /// The seed of the key that signs the partnership's checkpoints. It is derived, so that it stays the same as long as these
    /// keys; no request can make it, because the hash of a request begins with the length of its first part.
    #[must_use]
    pub fn checkpoint_seed(&self) -> Key {
        let text = b"escalation-tracker checkpoint signing key v1";
        let mut seed = [0; SECRET_LENGTH];
        for (to, from) in seed.iter_mut().zip(keyed_hash(&self.requests, text)) {
            *to = from;
        }
        seed
    }

    /// Opens a child's reference that was sealed before children had data keys.
    ///
    /// # Errors
    /// It was changed, moved, or sealed with another key.
    pub fn open_old(
        &self,
        escalation: EscalationId,
        scheme: Scheme,
        stored: &[u8],
    ) -> Result<ChildReference, CannotOpen> {
        let place = self.old_place(escalation, scheme);
        let value = opened(&key_of(&self.references)?, &HEAD, &place, stored)?;
        let value = String::from_utf8(value).map_err(|_| CannotOpen::Changed)?;
        Ok(ChildReference::restore(scheme, value))
    }

    /// Seals a row of a file for its place in one import; moved elsewhere it does not open.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn seal_row(&self, row: (ImportId, i32), text: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        sealed(&key_of(&self.rows)?, &HEAD, &self.place_of_row(row), text)
    }

    /// Opens what [`Self::seal_row`] made for the same place.
    ///
    /// # Errors
    /// It was changed, moved, or sealed with another key.
    pub fn open_row(&self, row: (ImportId, i32), stored: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        opened(&key_of(&self.rows)?, &HEAD, &self.place_of_row(row), stored)
    }

    /// Seals the key of a webhook endpoint for its own row.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn seal_webhook_key(&self, row: Uuid, key: &str) -> Result<Vec<u8>, CannotOpen> {
        sealed(&key_of(&self.webhooks)?, &HEAD, row.as_bytes(), key.as_bytes())
    }

    /// Opens what [`Self::seal_webhook_key`] made for the same row.
    ///
    /// # Errors
    /// It was changed, moved, or sealed with another key.
    pub fn open_webhook_key(&self, row: Uuid, stored: &[u8]) -> Result<String, CannotOpen> {
        let key = opened(&key_of(&self.webhooks)?, &HEAD, row.as_bytes(), stored)?;
        String::from_utf8(key).map_err(|_| CannotOpen::Changed)
    }

    fn old_place(&self, escalation: EscalationId, scheme: Scheme) -> Vec<u8> {
        [
            b"escalation_child.ciphertext".as_slice(),
            self.partnership.0.as_bytes(),
            escalation.0.as_bytes(),
            scheme.code().as_bytes(),
        ]
        .concat()
    }

    fn place_of_row(&self, (import, number): (ImportId, i32)) -> Vec<u8> {
        [
            b"import_row.payload".as_slice(),
            self.partnership.0.as_bytes(),
            import.0.as_bytes(),
            &number.to_be_bytes(),
        ]
        .concat()
    }
}

/// The head of everything that is sealed under these keys.
const HEAD: [u8; 1] = [UNDER_THE_PARTNERSHIPS];
