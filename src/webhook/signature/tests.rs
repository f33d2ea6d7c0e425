//! The published vectors of Standard Webhooks, and everything that must be refused.

use super::*;

// The published vectors: those of the reference libraries for v1, that of Svix's server for v1a.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const V1: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const V1A: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_614_265_330 + second).unwrap()
}

fn headers<'a>(id: &'a str, timestamp: &'a str, signature: &'a str) -> SignedHeaders<'a> {
    SignedHeaders { id: Some(id), timestamp: Some(timestamp), signature: Some(signature) }
}

fn keys() -> Vec<VerifyingKey> {
    [SECRET, PUBLIC].map(|text| VerifyingKey::parse(text).unwrap()).to_vec()
}

#[test]
fn the_published_vectors_come_out() {
    for (key, made) in [(SECRET, V1), (PRIVATE, V1A)] {
        let key = SigningKey::parse(key).unwrap();
        assert_eq!(key.sign(MESSAGE, at(0), BODY).unwrap(), made);
    }
    let private = SigningKey::parse(PRIVATE).unwrap();
    assert_eq!(private.verifying_key().unwrap().text(), PUBLIC);
    // A fraction of a second is no part of what is signed.
    let later = at(0).checked_add(SignedDuration::from_millis(900)).unwrap();
    assert_eq!(private.sign(MESSAGE, later, BODY).unwrap(), V1A);
}

#[test]
fn whatever_is_changed_is_refused() {
    for (key, signature) in [(SECRET, V1), (PUBLIC, V1A)] {
        let key = [VerifyingKey::parse(key).unwrap()];
        let ask = |id: &str, timestamp: &str, body: &[u8]| {
            verify(&key, headers(id, timestamp, signature), body, at(0))
        };
        assert_eq!(ask(MESSAGE, "1614265330", BODY), Ok(()));
        assert_eq!(ask("msg_p5jXN8AQM9LWM0D4loKWxJel", "1614265330", BODY), Err(Refused::NoFit));
        assert_eq!(ask(MESSAGE, "1614265331", BODY), Err(Refused::NoFit));
        for at in 0..BODY.len() {
            let mut changed = BODY.to_vec();
            changed[at] ^= 1;
            assert_eq!(ask(MESSAGE, "1614265330", &changed), Err(Refused::NoFit), "byte {at}");
        }
    }
    let other = SigningKey::from_random(SigningScheme::HmacSha256, [9; 32]);
    let other = [other.verifying_key().unwrap()];
    let known = headers(MESSAGE, "1614265330", V1);
    assert_eq!(verify(&other, known, BODY, at(0)), Err(Refused::NoFit));
}

#[test]
fn five_minutes_are_the_limit_on_both_sides() {
    for (second, answer) in [
        (299, Ok(())),
        (300, Ok(())),
        (301, Err(Refused::TooOld)),
        (-299, Ok(())),
        (-301, Err(Refused::TooNew)),
    ] {
        let sent = headers(MESSAGE, "1614265330", V1);
        assert_eq!(verify(&keys(), sent, BODY, at(second)), answer, "{second}");
    }
}

#[test]
fn one_of_several_signatures_and_keys_is_enough() {
    let old = SigningKey::from_random(SigningScheme::Ed25519, [1; 32]);
    let new = SigningKey::from_random(SigningScheme::Ed25519, [2; 32]);
    let both = sign_all(&[new.clone(), old.clone()], MESSAGE, at(0), BODY).unwrap();
    assert_eq!(both.split(' ').count(), 2);
    for key in [&old, &new] {
        let key = [key.verifying_key().unwrap()];
        let sent = headers(MESSAGE, "1614265330", &both);
        assert_eq!(verify(&key, sent, BODY, at(0)), Ok(()));
    }
    assert_eq!(sign_all(&[], MESSAGE, at(0), BODY), None);
    let beside = format!("v9,AAAA {V1}");
    let sent = headers(MESSAGE, "1614265330", &beside);
    assert_eq!(verify(&keys(), sent, BODY, at(0)), Ok(()));
}

#[test]
fn it_is_told_which_part_is_wrong() {
    let now = at(0);
    let good = headers(MESSAGE, "1614265330", V1);
    for (sent, refused) in [
        (SignedHeaders { id: None, ..good }, Refused::Header(ID)),
        (SignedHeaders { id: Some("a.b"), ..good }, Refused::Header(ID)),
        (SignedHeaders { timestamp: None, ..good }, Refused::Header(TIMESTAMP)),
        (SignedHeaders { timestamp: Some("+1614265330"), ..good }, Refused::Header(TIMESTAMP)),
        (SignedHeaders { timestamp: Some("today"), ..good }, Refused::Header(TIMESTAMP)),
        (SignedHeaders { signature: None, ..good }, Refused::Header(SIGNATURE)),
        (SignedHeaders { signature: Some("v1"), ..good }, Refused::Header(SIGNATURE)),
        (SignedHeaders { signature: Some("v1,???"), ..good }, Refused::OtherKind),
        (SignedHeaders { signature: Some("v2,AAAA"), ..good }, Refused::OtherKind),
        (SignedHeaders { signature: Some("v1,AAAA"), ..good }, Refused::NoFit),
    ] {
        assert_eq!(verify(&keys(), sent, BODY, now), Err(refused), "{sent:?}");
    }
}

#[test]
fn keys_are_read_exactly_and_never_shown_by_chance() {
    for text in [SECRET, "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc="] {
        let key = SigningKey::parse(text).unwrap();
        assert_eq!(key.secret_text(), text);
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
    for (text, why) in [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", BadKey::Prefix),
        (PUBLIC, BadKey::Prefix),
        ("whsec_%", BadKey::Bytes),
        ("whsec_AAAA", BadKey::Bytes),
        ("whsk_AAAA", BadKey::Bytes),
        (
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlaaaaaaaaaaAJ6p9lMicMFs6Kvg==",
            BadKey::Pair,
        ),
    ] {
        assert_eq!(SigningKey::parse(text), Err(why), "{text}");
    }
    assert_eq!(VerifyingKey::parse(PRIVATE), Err(BadKey::Prefix));
    assert_eq!(VerifyingKey::parse("whpk_AAAA"), Err(BadKey::Bytes));
    assert!(!format!("{:?}", VerifyingKey::parse(SECRET).unwrap()).contains("MfKQ"));
    let key = SigningKey::parse(SECRET).unwrap();
    assert_eq!(key.sign("a.b", at(0), BODY), None);
}
