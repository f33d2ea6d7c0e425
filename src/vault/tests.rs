//! What opens, what does not, and that no two things sealed share a nonce.

use std::collections::HashSet;

use super::*;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::ids::ImportId;

const HERE: PartnershipId = PartnershipId(Uuid::from_u128(1));
const THERE: PartnershipId = PartnershipId(Uuid::from_u128(2));
const THIS: EscalationId = EscalationId(Uuid::from_u128(3));
const OTHER: EscalationId = EscalationId(Uuid::from_u128(4));

const PLACE: ChildPlace = ChildPlace { partnership: HERE, escalation: THIS, position: 0 };

fn child(value: &str) -> ChildReference {
    ChildReference::parse(Scheme::LaChildId, value, &SchemePolicy::default()).unwrap()
}

fn keys(vault: &Vault, partnership: PartnershipId) -> PartnershipKeys {
    vault.derived_keys(partnership, vault.newest().unwrap()).unwrap()
}

fn two(first: u8, second: u8) -> Vault {
    Vault::kept_by(Arc::new(Secrets::new(vec![[first; 32], [second; 32]])))
}

#[test]
fn the_same_child_is_found_in_one_partnership_and_not_in_two() {
    let vault = Vault::new([7; 32]);
    let here = keys(&vault, HERE);
    let found = here.child_key(&child("SYN-100 234"));
    assert_eq!(found, here.child_key(&child("syn100234")));
    assert_ne!(found, keys(&vault, THERE).child_key(&child("SYN100234")));
    assert_ne!(found, here.child_key(&child("SYN100235")));
    assert_ne!(found, keys(&Vault::new([8; 32]), HERE).child_key(&child("SYN100234")));
    assert_ne!(found, vault.fresh_keys(HERE).unwrap().child_key(&child("SYN100234")));
}

#[test]
fn requests_are_told_apart_by_every_part_and_partnership() {
    let vault = Vault::new([7; 32]);
    let here = keys(&vault, HERE);
    let hash = here.request_hash(&[b"ab", b"c"]);
    assert_eq!((hash.len(), &hash), (32, &here.request_hash(&[b"ab", b"c"])));
    assert_ne!(hash, here.request_hash(&[b"a", b"bc"]));
    assert_ne!(hash, keys(&vault, THERE).request_hash(&[b"ab", b"c"]));
    assert_ne!(hash, keys(&Vault::new([8; 32]), HERE).request_hash(&[b"ab", b"c"]));
}

#[test]
fn a_reference_opens_in_its_own_place_and_unchanged_only() {
    let vault = Vault::new([7; 32]);
    let key = vault.new_data_key(HERE).unwrap();
    let other = vault.new_data_key(HERE).unwrap();
    let sealed = vault.seal(PLACE, &key, &child("SYN100234")).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"100234"));
    assert_eq!(data_key_of(&sealed), Ok(Some(key.id)));
    let open = |place, scheme, key: &DataKey, stored: &[u8]| vault.open(place, scheme, key, stored);
    assert_eq!(open(PLACE, Scheme::LaChildId, &key, &sealed).unwrap().value(), "SYN100234");
    let changed = Err(CannotOpen::Changed);
    for place in [
        ChildPlace { escalation: OTHER, ..PLACE },
        ChildPlace { position: 1, ..PLACE },
        ChildPlace { partnership: THERE, ..PLACE },
    ] {
        assert_eq!(open(place, Scheme::LaChildId, &key, &sealed), changed, "{place:?}");
    }
    assert_eq!(open(PLACE, Scheme::Opaque, &key, &sealed), changed);
    assert_eq!(open(PLACE, Scheme::LaChildId, &other, &sealed), changed);
    let renamed = DataKey { id: key.id, ..other };
    assert_eq!(open(PLACE, Scheme::LaChildId, &renamed, &sealed), changed);
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(PLACE, Scheme::LaChildId, &key, &flipped), changed, "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(open(PLACE, Scheme::LaChildId, &key, &sealed[..length]), changed, "{length}");
    }
}

#[test]
fn what_was_sealed_before_children_had_keys_still_opens() {
    let vault = Vault::new([7; 32]);
    let own = keys(&vault, HERE);
    // Made by another program (Python's cryptography) as the one before did: HKDF of the root secret, AES-256-GCM.
    let old = [
        1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 241, 251, 183, 103, 191, 81, 229, 193, 22, 62,
        175, 230, 179, 18, 38, 220, 247, 78, 117, 148, 195, 197, 159, 202, 75,
    ];
    assert_eq!(data_key_of(&old), Ok(None));
    assert_eq!(own.open_old(THIS, Scheme::LaChildId, &old).unwrap().value(), "SYN100234");
    assert!(own.open_old(OTHER, Scheme::LaChildId, &old).is_err());
    assert!(keys(&Vault::new([8; 32]), HERE).open_old(THIS, Scheme::LaChildId, &old).is_err());
    for stored in [&[][..], &[2], &[3, 1], &[2; 16]] {
        assert_eq!(data_key_of(stored), Err(CannotOpen::Changed), "{stored:?}");
    }
}

#[test]
fn a_key_sealed_anew_opens_without_the_secret_that_went() {
    let (before, during, after) = (Vault::new([7; 32]), two(8, 7), Vault::new([8; 32]));
    assert_eq!(during.newest(), after.newest());
    assert_eq!(during.roots(), [after.newest().unwrap(), before.newest().unwrap()]);
    let key = before.new_data_key(HERE).unwrap();
    let sealed = before.seal(PLACE, &key, &child("SYN100234")).unwrap();
    let open = |vault: &Vault, key: &DataKey| vault.open(PLACE, Scheme::LaChildId, key, &sealed);
    assert_eq!(open(&after, &key), Err(CannotOpen::NoKey));
    assert_eq!(open(&during, &key).unwrap().value(), "SYN100234");
    let anew = during.wrap_anew(HERE, &key).unwrap();
    assert_eq!((anew.id, anew.wrapped.root), (key.id, after.newest().unwrap()));
    assert_eq!(open(&after, &anew).unwrap().value(), "SYN100234");
    assert_eq!(open(&before, &anew), Err(CannotOpen::NoKey));
    assert_eq!(after.wrap_anew(HERE, &key), Err(CannotOpen::NoKey));
    assert_eq!(during.wrap_anew(THERE, &key), Err(CannotOpen::Changed));

    let own = keys(&before, HERE);
    let wrapped = before.wrap_keys(&own).unwrap();
    let again = during.unwrap_keys(HERE, &wrapped).unwrap();
    let anew = during.wrap_keys(&again).unwrap();
    let last = after.unwrap_keys(HERE, &anew).unwrap();
    assert_eq!(last.child_key(&child("SYN100234")), own.child_key(&child("SYN100234")));
    assert_eq!(after.unwrap_keys(THERE, &anew).unwrap_err(), CannotOpen::Changed);
    assert_eq!(after.unwrap_keys(HERE, &wrapped).unwrap_err(), CannotOpen::NoKey);
    assert_eq!(Vault::without_secret().wrap_keys(&own), Err(CannotOpen::NoKey));
}

#[test]
fn a_root_secret_is_named_by_what_it_is() {
    let name = Vault::new([7; 32]).newest().unwrap();
    assert_eq!(name.to_string().parse(), Ok(name));
    assert_eq!(name.to_string().len(), 8);
    assert_ne!(name, Vault::new([8; 32]).newest().unwrap());
    assert_ne!(name.bytes(), [7; 4]);
    assert_eq!("".parse::<RootId>(), Err(CannotOpen::Changed));
    assert_eq!(two(7, 8).cursor_keys().unwrap().len(), 2);
    assert_eq!(two(7, 8).cursor_keys().unwrap()[0], Vault::new([7; 32]).cursor_keys().unwrap()[0]);
}

/// T-ENC5: a data key never seals two texts with the same nonce.
#[test]
fn no_nonce_is_used_twice_under_one_key_in_a_million() {
    const TEXTS: usize = 1_000_000;
    let key = key_of(&[9; 32]).unwrap();
    let mut seen = HashSet::with_capacity(TEXTS);
    for _ in 0..TEXTS {
        let stored = sealed(&key, &[UNDER_A_DATA_KEY], b"place", b"SYN100234").unwrap();
        let nonce: [u8; 12] = stored[1..13].try_into().unwrap();
        assert!(seen.insert(nonce));
    }
    assert_eq!(seen.len(), TEXTS);
}

#[test]
fn a_row_opens_in_its_own_place_only() {
    let vault = Vault::new([7; 32]);
    let (here, there) = (keys(&vault, HERE), keys(&vault, THERE));
    let (this, other) = (ImportId(Uuid::from_u128(3)), ImportId(Uuid::from_u128(4)));
    let stored = here.seal_row((this, 1), b"SYN100234").unwrap();
    assert!(!stored.windows(6).any(|window| window == b"100234"));
    assert_eq!(here.open_row((this, 1), &stored).unwrap(), b"SYN100234");
    for (keys, import, number) in [(&here, this, 2), (&here, other, 1), (&there, this, 1)] {
        assert!(keys.open_row((import, number), &stored).is_err());
    }
}

#[test]
fn a_webhook_key_opens_in_its_own_row_only() {
    let vault = Vault::new([7; 32]);
    let here = keys(&vault, HERE);
    let (row, other) = (Uuid::from_u128(5), Uuid::from_u128(6));
    let sealed = here.seal_webhook_key(row, "whsec_abc").unwrap();
    assert!(!sealed.windows(3).any(|window| window == b"abc"));
    assert_eq!(here.open_webhook_key(row, &sealed).unwrap(), "whsec_abc");
    assert!(here.open_webhook_key(other, &sealed).is_err());
    assert!(keys(&vault, THERE).open_webhook_key(row, &sealed).is_err());
    assert!(keys(&Vault::new([8; 32]), HERE).open_webhook_key(row, &sealed).is_err());
    assert_ne!(vault.fresh().unwrap(), vault.fresh().unwrap());
}
