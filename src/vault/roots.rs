//! The root secrets: several while one takes another's place, each known by a name that tells nothing of it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};

use super::{CannotOpen, Key, SECRET_LENGTH};

/// Which root secret: four bytes that follow from it, so that nobody has to number secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootId([u8; 4]);

impl RootId {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Display for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl FromStr for RootId {
    type Err = CannotOpen;

    fn from_str(text: &str) -> Result<Self, CannotOpen> {
        let number = u32::from_str_radix(text, 16).map_err(|_| CannotOpen::Changed)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// Who keeps the root secrets: files today; a key service can stand here that derives keys without giving a secret out.
pub trait RootKeys: Send + Sync {
    /// The secrets that there are, the one that seals first.
    fn ids(&self) -> Vec<RootId>;

    /// The key that one of them gives for a purpose: the same each time, and nothing of the secret follows from it.
    ///
    /// # Errors
    /// [`CannotOpen::NoKey`] when there is no such secret, [`CannotOpen::Away`] when it cannot be asked now.
    fn derive(&self, root: RootId, purpose: &[&[u8]]) -> Result<Key, CannotOpen>;
}

/// Root secrets that were read from files.
pub struct Secrets(Vec<(RootId, Key)>);

impl Secrets {
    /// These secrets; the first one seals, all open.
    #[must_use]
    pub fn new(secrets: Vec<Key>) -> Self {
        Self(secrets.into_iter().map(|secret| (name_of(&secret), secret)).collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl RootKeys for Secrets {
    fn ids(&self) -> Vec<RootId> {
        self.0.iter().map(|(id, _)| *id).collect()
    }

    fn derive(&self, root: RootId, purpose: &[&[u8]]) -> Result<Key, CannotOpen> {
        let known = self.0.iter().find(|(id, _)| *id == root);
        known.map(|(_, secret)| derive(secret, purpose)).ok_or(CannotOpen::NoKey)
    }
}

fn name_of(secret: &Key) -> RootId {
    let [a, b, c, d, ..] = derive(secret, &[b"root-id"]);
    RootId([a, b, c, d])
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        SECRET_LENGTH
    }
}

fn derive(secret: &Key, purpose: &[&[u8]]) -> Key {
    let mut key = [0; SECRET_LENGTH];
    // Both steps fail only for lengths that HKDF cannot make, and 32 bytes is not one of them.
    let filled = Salt::new(HKDF_SHA256, b"escalation-tracker/v1")
        .extract(secret)
        .expand(purpose, Length)
        .and_then(|okm| okm.fill(&mut key));
    assert!(filled.is_ok(), "HKDF-SHA-256 makes 32 bytes");
    key
}
