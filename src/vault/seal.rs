//! Sealing bytes so that they open under one key and in one place only, and the head that says under which.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use uuid::Uuid;

use super::CannotOpen;

/// Sealed under a key of the whole partnership.
pub const UNDER_THE_PARTNERSHIPS: u8 = 1;
/// Sealed under the data key whose identifier follows.
pub const UNDER_A_DATA_KEY: u8 = 2;

const NONCE_LENGTH: usize = 12;

/// The cipher with this key.
pub fn key_of(key: &[u8]) -> Result<RandomizedNonceKey, CannotOpen> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CannotOpen::Changed)
}

/// Seals `text` for `place`, behind a head and the nonce. The nonce is 96 random bits: a data key seals a handful of texts
/// and a partnership's keys some thousands, far below the 2^32 at which chance would repeat one.
pub fn sealed(
    key: &RandomizedNonceKey,
    head: &[u8],
    place: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, CannotOpen> {
    let mut sealed = text.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(place), &mut sealed)
        .map_err(|_| CannotOpen::NoChance)?;
    Ok([head, nonce.as_ref().as_slice(), &sealed].concat())
}

/// Opens what [`sealed`] made with the same head and place.
pub fn opened(
    key: &RandomizedNonceKey,
    head: &[u8],
    place: &[u8],
    stored: &[u8],
) -> Result<Vec<u8>, CannotOpen> {
    let rest = stored.strip_prefix(head).ok_or(CannotOpen::Changed)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LENGTH).ok_or(CannotOpen::Changed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen::Changed)?;
    let mut sealed = sealed.to_vec();
    let text =
        key.open_in_place(nonce, Aad::from(place), &mut sealed).map_err(|_| CannotOpen::Changed)?;
    Ok(text.to_vec())
}

/// Under which data key a child's reference is sealed; none when it is sealed under a key of the whole partnership.
///
/// # Errors
/// It has no head that this program writes.
pub fn data_key_of(stored: &[u8]) -> Result<Option<Uuid>, CannotOpen> {
    match stored.split_first() {
        Some((&UNDER_THE_PARTNERSHIPS, _)) => Ok(None),
        Some((&UNDER_A_DATA_KEY, rest)) => {
            let (id, _) = rest.split_first_chunk::<16>().ok_or(CannotOpen::Changed)?;
            Ok(Some(Uuid::from_bytes(*id)))
        }
        _ => Err(CannotOpen::Changed),
    }
}
