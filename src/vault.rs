//! The keys: how a child's reference is found without being readable, and read by those who may.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;

use uuid::Uuid;

use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::ids::{EscalationId, ImportId, PartnershipId};

/// How many bytes the root secret has.
pub const SECRET_LENGTH: usize = 32;

/// The first byte of every ciphertext: which way of sealing it is.
const SEAL_VERSION: u8 = 1;
const NONCE_LENGTH: usize = 12;

/// Something stored could not be opened: it was changed, moved to another row, or sealed with another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("something sealed cannot be opened")]
pub struct CannotOpen;

/// Everything that needs the root secret. Each use has a key of its own, derived from it.
pub struct Vault {
    root: [u8; SECRET_LENGTH],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        SECRET_LENGTH
    }
}

impl Vault {
    /// A vault with this root secret.
    #[must_use]
    pub const fn new(root: [u8; SECRET_LENGTH]) -> Self {
        Self { root }
    }

    /// The key with which page cursors are authenticated.
    #[must_use]
    pub fn cursor_key(&self) -> [u8; SECRET_LENGTH] {
        self.derive(&[b"cursor"])
    }

    /// The keyed hash that finds a child in one partnership: HMAC-SHA-256 over scheme and normalised
    /// value. Keys differ between partnerships, so the same child cannot be followed across them.
    #[must_use]
    pub fn child_key(&self, partnership: PartnershipId, child: &ChildReference) -> Vec<u8> {
        let key = self.derive(&[b"child-index", partnership.0.as_bytes()]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        hmac::sign(&key, child.lookup_text().as_bytes()).as_ref().to_vec()
    }

    /// A keyed hash of a request or of a part of it, told apart by where each part ends.
    #[must_use]
    pub fn request_hash(&self, partnership: PartnershipId, parts: &[&[u8]]) -> Vec<u8> {
        let key = self.derive(&[b"request", partnership.0.as_bytes()]);
        let mut text = Vec::new();
        for part in parts {
            text.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            text.extend_from_slice(part);
        }
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &text).as_ref().to_vec()
    }

    /// Seals a child's reference for its place in one row; moved elsewhere it does not open.
    ///
    /// # Errors
    /// The cipher fails, which means that no randomness is to be had.
    pub fn seal(
        &self,
        partnership: PartnershipId,
        escalation: EscalationId,
        child: &ChildReference,
    ) -> Result<Vec<u8>, CannotOpen> {
        let aad = place(partnership, escalation, child.scheme());
        sealed(&self.sealing_key(partnership)?, &aad, child.value().as_bytes())
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// It was changed, moved, or sealed with another secret.
    pub fn open(
        &self,
        partnership: PartnershipId,
        escalation: EscalationId,
        scheme: Scheme,
        stored: &[u8],
    ) -> Result<ChildReference, CannotOpen> {
        let aad = place(partnership, escalation, scheme);
        let value = opened(&self.sealing_key(partnership)?, &aad, stored)?;
        let value = String::from_utf8(value).map_err(|_| CannotOpen)?;
        Ok(ChildReference::restore(scheme, value))
    }

    /// Seals a row of a file for its place in one import; moved elsewhere it does not open.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_row(
        &self,
        partnership: PartnershipId,
        (import, number): (ImportId, i32),
        row: &[u8],
    ) -> Result<Vec<u8>, CannotOpen> {
        sealed(&self.row_key(partnership)?, &place_of_row(partnership, import, number), row)
    }

    /// Opens what [`Self::seal_row`] made for the same place.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_row(
        &self,
        partnership: PartnershipId,
        (import, number): (ImportId, i32),
        stored: &[u8],
    ) -> Result<Vec<u8>, CannotOpen> {
        opened(&self.row_key(partnership)?, &place_of_row(partnership, import, number), stored)
    }

    /// Thirty-two bytes that nobody can guess, for a key that is sealed before it is stored.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn fresh(&self) -> Result<[u8; SECRET_LENGTH], CannotOpen> {
        let mut random = [0; SECRET_LENGTH];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| CannotOpen)?;
        Ok(random)
    }

    /// Seals the key of a webhook endpoint for its own row.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn seal_webhook_key(
        &self,
        partnership: PartnershipId,
        row: Uuid,
        key: &str,
    ) -> Result<Vec<u8>, CannotOpen> {
        sealed(&self.webhook_key(partnership)?, row.as_bytes(), key.as_bytes())
    }

    /// Opens what [`Self::seal_webhook_key`] made for the same row.
    ///
    /// # Errors
    /// It was changed, moved, or sealed with another secret.
    pub fn open_webhook_key(
        &self,
        partnership: PartnershipId,
        row: Uuid,
        stored: &[u8],
    ) -> Result<String, CannotOpen> {
        let key = opened(&self.webhook_key(partnership)?, row.as_bytes(), stored)?;
        String::from_utf8(key).map_err(|_| CannotOpen)
    }

    fn webhook_key(&self, partnership: PartnershipId) -> Result<RandomizedNonceKey, CannotOpen> {
        let key = self.derive(&[b"webhook-seal", partnership.0.as_bytes()]);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| CannotOpen)
    }

    fn row_key(&self, partnership: PartnershipId) -> Result<RandomizedNonceKey, CannotOpen> {
        let key = self.derive(&[b"import-seal", partnership.0.as_bytes()]);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| CannotOpen)
    }

    fn sealing_key(&self, partnership: PartnershipId) -> Result<RandomizedNonceKey, CannotOpen> {
        let key = self.derive(&[b"child-seal", partnership.0.as_bytes()]);
        RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| CannotOpen)
    }

    fn derive(&self, purpose: &[&[u8]]) -> [u8; SECRET_LENGTH] {
        let mut key = [0; SECRET_LENGTH];
        // Both steps fail only for lengths that HKDF cannot make, and 32 bytes is not one of them.
        let filled = Salt::new(HKDF_SHA256, b"escalation-tracker/v1")
            .extract(&self.root)
            .expand(purpose, Length)
            .and_then(|okm| okm.fill(&mut key));
        assert!(filled.is_ok(), "HKDF-SHA-256 makes 32 bytes");
        key
    }
}

fn sealed(key: &RandomizedNonceKey, place: &[u8], text: &[u8]) -> Result<Vec<u8>, CannotOpen> {
    let mut sealed = text.to_vec();
    let nonce =
        key.seal_in_place_append_tag(Aad::from(place), &mut sealed).map_err(|_| CannotOpen)?;
    let mut stored = Vec::with_capacity(1 + NONCE_LENGTH + sealed.len());
    stored.push(SEAL_VERSION);
    stored.extend_from_slice(nonce.as_ref());
    stored.extend_from_slice(&sealed);
    Ok(stored)
}

fn opened(key: &RandomizedNonceKey, place: &[u8], stored: &[u8]) -> Result<Vec<u8>, CannotOpen> {
    let (version, rest) = stored.split_first().ok_or(CannotOpen)?;
    if *version != SEAL_VERSION {
        return Err(CannotOpen);
    }
    let (nonce, sealed) = rest.split_at_checked(NONCE_LENGTH).ok_or(CannotOpen)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
    let mut sealed = sealed.to_vec();
    let text = key.open_in_place(nonce, Aad::from(place), &mut sealed).map_err(|_| CannotOpen)?;
    Ok(text.to_vec())
}

fn place_of_row(partnership: PartnershipId, import: ImportId, number: i32) -> Vec<u8> {
    let mut aad = b"import_row.payload".to_vec();
    aad.extend_from_slice(partnership.0.as_bytes());
    aad.extend_from_slice(import.0.as_bytes());
    aad.extend_from_slice(&number.to_be_bytes());
    aad
}

fn place(partnership: PartnershipId, escalation: EscalationId, scheme: Scheme) -> Vec<u8> {
    let mut aad = Vec::with_capacity(64);
    aad.extend_from_slice(b"escalation_child.ciphertext");
    aad.extend_from_slice(partnership.0.as_bytes());
    aad.extend_from_slice(escalation.0.as_bytes());
    aad.extend_from_slice(scheme.code().as_bytes());
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::child_reference::SchemePolicy;
    use uuid::Uuid;

    const HERE: PartnershipId = PartnershipId(Uuid::from_u128(1));
    const THERE: PartnershipId = PartnershipId(Uuid::from_u128(2));
    const THIS: EscalationId = EscalationId(Uuid::from_u128(3));
    const OTHER: EscalationId = EscalationId(Uuid::from_u128(4));

    fn child(value: &str) -> ChildReference {
        ChildReference::parse(Scheme::LaChildId, value, &SchemePolicy::default()).unwrap()
    }

    #[test]
    fn the_same_child_is_found_in_one_partnership_and_not_in_two() {
        let vault = Vault::new([7; 32]);
        let found = vault.child_key(HERE, &child("SYN-100 234"));
        assert_eq!(found, vault.child_key(HERE, &child("syn100234")));
        assert_ne!(found, vault.child_key(THERE, &child("SYN100234")));
        assert_ne!(found, vault.child_key(HERE, &child("SYN100235")));
        assert_ne!(found, Vault::new([8; 32]).child_key(HERE, &child("SYN100234")));
    }

    #[test]
    fn requests_are_told_apart_by_every_part_and_partnership() {
        let vault = Vault::new([7; 32]);
        let hash = vault.request_hash(HERE, &[b"ab", b"c"]);
        assert_eq!((hash.len(), &hash), (32, &vault.request_hash(HERE, &[b"ab", b"c"])));
        assert_ne!(hash, vault.request_hash(HERE, &[b"a", b"bc"]));
        assert_ne!(hash, vault.request_hash(THERE, &[b"ab", b"c"]));
        assert_ne!(hash, Vault::new([8; 32]).request_hash(HERE, &[b"ab", b"c"]));
    }

    #[test]
    fn a_reference_opens_in_its_own_place_only() {
        let vault = Vault::new([7; 32]);
        let sealed = vault.seal(HERE, THIS, &child("SYN100234")).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"100234"));
        let opened = vault.open(HERE, THIS, Scheme::LaChildId, &sealed).unwrap();
        assert_eq!(opened.value(), "SYN100234");
        assert!(vault.open(HERE, OTHER, Scheme::LaChildId, &sealed).is_err());
        assert!(vault.open(THERE, THIS, Scheme::LaChildId, &sealed).is_err());
        assert!(vault.open(HERE, THIS, Scheme::Opaque, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(HERE, THIS, Scheme::LaChildId, &changed).is_err(), "byte {at}");
        }
        assert!(vault.open(HERE, THIS, Scheme::LaChildId, &sealed[..10]).is_err());
    }
    #[test]
    fn a_row_opens_in_its_own_place_only() {
        let vault = Vault::new([7; 32]);
        let (this, other) = (ImportId(Uuid::from_u128(3)), ImportId(Uuid::from_u128(4)));
        let stored = vault.seal_row(HERE, (this, 1), b"SYN100234").unwrap();
        assert!(!stored.windows(6).any(|window| window == b"100234"));
        assert_eq!(vault.open_row(HERE, (this, 1), &stored).unwrap(), b"SYN100234");
        for (partnership, import, number) in [(HERE, this, 2), (HERE, other, 1), (THERE, this, 1)] {
            assert!(vault.open_row(partnership, (import, number), &stored).is_err());
        }
    }

    #[test]
    fn a_webhook_key_opens_in_its_own_row_only() {
        let vault = Vault::new([7; 32]);
        let (row, other) = (Uuid::from_u128(5), Uuid::from_u128(6));
        let sealed = vault.seal_webhook_key(HERE, row, "whsec_abc").unwrap();
        assert!(!sealed.windows(3).any(|window| window == b"abc"));
        assert_eq!(vault.open_webhook_key(HERE, row, &sealed).unwrap(), "whsec_abc");
        assert!(vault.open_webhook_key(HERE, other, &sealed).is_err());
        assert!(vault.open_webhook_key(THERE, row, &sealed).is_err());
        assert!(Vault::new([8; 32]).open_webhook_key(HERE, row, &sealed).is_err());
        assert_ne!(vault.fresh().unwrap(), vault.fresh().unwrap());
    }
}
