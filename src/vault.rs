//! The keys: how a child's reference is found without being readable, and read by those who may.

mod partnership;
mod roots;
mod seal;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::ids::{EscalationId, PartnershipId};

pub use partnership::PartnershipKeys;
pub use roots::{RootId, RootKeys, Secrets};
pub use seal::data_key_of;
use seal::{UNDER_A_DATA_KEY, key_of, opened, sealed};

/// How many bytes a secret has.
pub const SECRET_LENGTH: usize = 32;

/// A key as it is: never stored, never shown.
pub type Key = [u8; SECRET_LENGTH];

/// Why something sealed stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotOpen {
    /// It was changed, or moved to another row.
    #[error("something sealed was changed, or belongs to another row")]
    Changed,
    /// The key that it names is not here.
    #[error("the key that something is sealed under is not here")]
    NoKey,
    /// The root secrets cannot be asked now.
    #[error("the root secrets are not to be had")]
    Away,
    /// No randomness is to be had.
    #[error("there is no randomness for a key")]
    NoChance,
}

/// A key as it is stored: sealed under a root secret, for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The root secret.
    pub root: RootId,
    /// The sealed key.
    pub sealed: Vec<u8>,
}

/// A child's data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Which one it is; told in the clear by everything that is sealed under it.
    pub id: Uuid,
    /// The key, sealed.
    pub wrapped: Wrapped,
}

/// Where a child's reference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildPlace {
    /// The partnership.
    pub partnership: PartnershipId,
    /// The escalation.
    pub escalation: EscalationId,
    /// The place among its children.
    pub position: i16,
}

/// Everything that needs a root secret. What lasts lies under keys of its own, and only these lie under the root secret.
pub struct Vault {
    roots: Arc<dyn RootKeys>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault with one root secret.
    #[must_use]
    pub fn new(secret: Key) -> Self {
        Self::kept_by(Arc::new(Secrets::new(vec![secret])))
    }

    /// A vault whose root secrets somebody keeps.
    #[must_use]
    pub fn kept_by(roots: Arc<dyn RootKeys>) -> Self {
        Self { roots }
    }

    /// A vault for work that touches nothing sealed: it opens and seals nothing.
    #[must_use]
    pub fn without_secret() -> Self {
        Self::kept_by(Arc::new(Secrets::new(Vec::new())))
    }

    /// The root secrets that there are; the first is the one that seals.
    #[must_use]
    pub fn roots(&self) -> Vec<RootId> {
        self.roots.ids()
    }

    /// The root secret that seals.
    ///
    /// # Errors
    /// There is none.
    pub fn newest(&self) -> Result<RootId, CannotOpen> {
        self.roots.ids().first().copied().ok_or(CannotOpen::NoKey)
    }

    /// The keys with which page cursors are authenticated, the one for new ones first. Cursors live for a day, so that
    /// those of a root secret on its way out still count.
    ///
    /// # Errors
    /// The root secrets are not to be had.
    pub fn cursor_keys(&self) -> Result<Vec<Key>, CannotOpen> {
        self.roots.ids().into_iter().map(|root| self.roots.derive(root, &[b"cursor"])).collect()
    }

    /// Thirty-two bytes that nobody can guess, for a key that is sealed before it is stored.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn fresh(&self) -> Result<Key, CannotOpen> {
        let mut random = [0; SECRET_LENGTH];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| CannotOpen::NoChance)?;
        Ok(random)
    }

    /// Keys for a partnership that has none.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn fresh_keys(&self, partnership: PartnershipId) -> Result<PartnershipKeys, CannotOpen> {
        PartnershipKeys::from_each(partnership, |_| self.fresh())
    }

    /// The keys that a partnership had while they were not stored: derived from the one root secret.
    ///
    /// # Errors
    /// The root secret is not to be had.
    pub fn derived_keys(
        &self,
        partnership: PartnershipId,
        root: RootId,
    ) -> Result<PartnershipKeys, CannotOpen> {
        PartnershipKeys::from_each(partnership, |purpose| {
            self.roots.derive(root, &[purpose, partnership.0.as_bytes()])
        })
    }

    /// Seals a partnership's keys under the root secret that seals.
    ///
    /// # Errors
    /// The root secrets are not to be had.
    pub fn wrap_keys(&self, keys: &PartnershipKeys) -> Result<Wrapped, CannotOpen> {
        self.wrap(keys.partnership(), None, &keys.bytes())
    }

    /// Opens what [`Self::wrap_keys`] made for the same partnership.
    ///
    /// # Errors
    /// It was changed or moved, or its root secret is not to be had.
    pub fn unwrap_keys(
        &self,
        partnership: PartnershipId,
        wrapped: &Wrapped,
    ) -> Result<PartnershipKeys, CannotOpen> {
        PartnershipKeys::read(partnership, &self.unwrap(partnership, None, wrapped)?)
    }

    /// A new data key for a child.
    ///
    /// # Errors
    /// The root secrets or randomness are not to be had.
    pub fn new_data_key(&self, partnership: PartnershipId) -> Result<DataKey, CannotOpen> {
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| CannotOpen::NoChance)?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        Ok(DataKey { id, wrapped: self.wrap(partnership, Some(id), &self.fresh()?)? })
    }

    /// The same data key, sealed under the root secret that seals.
    ///
    /// # Errors
    /// It was changed or moved, or a root secret is not to be had.
    pub fn wrap_anew(
        &self,
        partnership: PartnershipId,
        key: &DataKey,
    ) -> Result<DataKey, CannotOpen> {
        let opened = self.unwrap(partnership, Some(key.id), &key.wrapped)?;
        Ok(DataKey { id: key.id, wrapped: self.wrap(partnership, Some(key.id), &opened)? })
    }

    /// Seals a child's reference under its data key, for its place in one row; moved elsewhere it does not open.
    ///
    /// # Errors
    /// The data key does not open.
    pub fn seal(
        &self,
        place: ChildPlace,
        key: &DataKey,
        child: &ChildReference,
    ) -> Result<Vec<u8>, CannotOpen> {
        let under = self.unwrap(place.partnership, Some(key.id), &key.wrapped)?;
        let mut head = vec![UNDER_A_DATA_KEY];
        head.extend_from_slice(key.id.as_bytes());
        let bound = bound(&head, place, child.scheme());
        sealed(&key_of(&under)?, &head, &bound, child.value().as_bytes())
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// It was changed or moved, or the data key does not open.
    pub fn open(
        &self,
        place: ChildPlace,
        scheme: Scheme,
        key: &DataKey,
        stored: &[u8],
    ) -> Result<ChildReference, CannotOpen> {
        let under = self.unwrap(place.partnership, Some(key.id), &key.wrapped)?;
        let mut head = vec![UNDER_A_DATA_KEY];
        head.extend_from_slice(key.id.as_bytes());
        let value = opened(&key_of(&under)?, &head, &bound(&head, place, scheme), stored)?;
        let value = String::from_utf8(value).map_err(|_| CannotOpen::Changed)?;
        Ok(ChildReference::restore(scheme, value))
    }

    fn wrap(
        &self,
        partnership: PartnershipId,
        row: Option<Uuid>,
        key: &[u8],
    ) -> Result<Wrapped, CannotOpen> {
        let root = self.newest()?;
        let under = self.roots.derive(root, &[b"wrap", partnership.0.as_bytes()])?;
        let sealed =
            sealed(&key_of(&under)?, &[WRAPPED], &wrapped_in(partnership, row, root), key)?;
        Ok(Wrapped { root, sealed })
    }

    fn unwrap(
        &self,
        partnership: PartnershipId,
        row: Option<Uuid>,
        wrapped: &Wrapped,
    ) -> Result<Vec<u8>, CannotOpen> {
        let root = wrapped.root;
        let under = self.roots.derive(root, &[b"wrap", partnership.0.as_bytes()])?;
        opened(&key_of(&under)?, &[WRAPPED], &wrapped_in(partnership, row, root), &wrapped.sealed)
    }
}

/// The first byte of every wrapped key: which way of sealing it is.
const WRAPPED: u8 = 1;

/// Where a wrapped key belongs: a partnership's keys, or one data key; and under which root secret.
fn wrapped_in(partnership: PartnershipId, row: Option<Uuid>, root: RootId) -> Vec<u8> {
    let table: &[u8] =
        if row.is_some() { b"child_data_key.wrapped" } else { b"partnership_key.wrapped" };
    let row = row.unwrap_or(partnership.0);
    [table, partnership.0.as_bytes(), row.as_bytes(), &root.bytes()].concat()
}

/// Where a child's reference belongs. The scheme comes last, because it is the only part whose length varies.
fn bound(head: &[u8], place: ChildPlace, scheme: Scheme) -> Vec<u8> {
    [
        b"escalation_child.ciphertext".as_slice(),
        head,
        place.partnership.0.as_bytes(),
        place.escalation.0.as_bytes(),
        &place.position.to_be_bytes(),
        scheme.code().as_bytes(),
    ]
    .concat()
}

/// A keyed hash.
fn keyed_hash(key: &Key, text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

#[cfg(test)]
mod tests;
