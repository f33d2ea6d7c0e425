//! The token issuer's keys: which of them count, and how often the issuer is asked.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use escalation_tracker::http::key_set::{KeyError, KeySet, KeySource};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::support::tokens::{KEY_ID, jwks};

fn file(text: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("keys-{}-{}.json", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn read(text: &str, algorithm: Algorithm) -> Result<KeySet, KeyError> {
    let path = file(text);
    let keys = KeySet::new(KeySource::File(path.clone()), algorithm).unwrap();
    let outcome = keys.read().await;
    std::fs::remove_file(path).unwrap();
    outcome.map(|()| keys)
}

/// The good key with some members changed; null removes.
fn key(changed: Value) -> Value {
    let mut key = jwks()["keys"][0].clone();
    for (name, value) in changed.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

fn rsa(bytes: usize) -> Value {
    json!({"kty": "RSA", "kid": "rsa", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes])})
}

#[tokio::test]
async fn only_public_signature_keys_of_the_configured_kind_count() {
    let ed = Algorithm::EdDSA;
    for (what, key, algorithm, good) in [
        ("as it should be", key(json!({})), ed, true),
        ("no use and no alg", key(json!({"use": null, "alg": null})), ed, true),
        ("key_ops verify", key(json!({"key_ops": ["verify"]})), ed, true),
        ("private", key(json!({"d": URL_SAFE_NO_PAD.encode([1; 32])})), ed, false),
        ("for encryption", key(json!({"use": "enc"})), ed, false),
        ("for something else", key(json!({"use": "other"})), ed, false),
        ("key_ops sign", key(json!({"key_ops": ["sign"]})), ed, false),
        ("another alg", key(json!({"alg": "RS256"})), ed, false),
        ("no id", key(json!({"kid": null})), ed, false),
        ("not configured", key(json!({})), Algorithm::RS256, false),
        ("a secret", json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"}), ed, false),
        (
            "a secret where secrets would do",
            json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"}),
            Algorithm::HS256,
            false,
        ),
        ("RSA of 2048 bits", rsa(256), Algorithm::RS256, true),
        ("RSA of 1024 bits", rsa(128), Algorithm::RS256, false),
        (
            "RSA padded to look long",
            {
                let mut it = rsa(128);
                it["n"] = URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0xff; 128]].concat()).into();
                it
            },
            Algorithm::RS256,
            false,
        ),
        ("RSA for EdDSA", rsa(256), ed, false),
        (
            "RSA without n",
            json!({"kty": "RSA", "kid": "rsa", "e": "AQAB"}),
            Algorithm::RS256,
            false,
        ),
        ("unknown kind", json!({"kty": "PQC", "kid": "x"}), ed, false),
        ("no object", json!("x"), ed, false),
    ] {
        let alone = read(&json!({"keys": [key.clone()]}).to_string(), algorithm).await;
        assert_eq!(alone.is_ok(), good, "{what}");
        if !good {
            assert!(matches!(alone, Err(KeyError::NoKey(_))), "{what}");
            // It does not make its neighbour unusable.
            let both = json!({"keys": [key, jwks()["keys"][0]]}).to_string();
            let both = read(&both, ed).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(both.key(KEY_ID).await.is_some(), "{what}");
        }
    }
}

#[tokio::test]
async fn what_is_no_key_set_is_refused_whole() {
    let many = vec![jwks()["keys"][0].clone(); 101];
    for text in [
        "",
        "x",
        "[]",
        "{}",
        "{\"keys\": {}}",
        &json!({"keys": many}).to_string(),
        &format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(300_000)),
    ] {
        let outcome = read(text, Algorithm::EdDSA).await;
        assert!(matches!(outcome, Err(KeyError::NotASet)), "{}", &text[..text.len().min(40)]);
    }
    let hundred = json!({"keys": vec![jwks()["keys"][0].clone(); 100]}).to_string();
    assert!(read(&hundred, Algorithm::EdDSA).await.is_ok());
}

#[tokio::test]
async fn a_bad_new_set_leaves_the_old_one_in_use() {
    let path = file(&jwks().to_string());
    let keys = KeySet::new(KeySource::File(path.clone()), Algorithm::EdDSA).unwrap();
    keys.read().await.unwrap();
    for text in ["x", "{\"keys\": []}"] {
        std::fs::write(&path, text).unwrap();
        assert!(keys.read().await.is_err());
        assert!(keys.key(KEY_ID).await.is_some());
    }
    std::fs::remove_file(&path).unwrap();
    assert!(keys.read().await.is_err());
    assert!(keys.key(KEY_ID).await.is_some());
    // A key that was taken back is gone as soon as the set is read.
    std::fs::write(&path, json!({"keys": [key(json!({"kid": "next"}))]}).to_string()).unwrap();
    keys.read().await.unwrap();
    assert!(keys.key(KEY_ID).await.is_none());
    assert!(keys.key("next").await.is_some());
    std::fs::remove_file(path).unwrap();
}

/// An issuer that gives this answer, slowly, and counts how often it was asked.
async fn issuer(answer: String) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4_096]).await;
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (url, asked)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_key_ids_make_us_ask_once_and_a_new_key_is_found_by_all_who_wait() {
    let (url, asked) = issuer(ok(&jwks().to_string())).await;
    let keys = Arc::new(KeySet::new(KeySource::Url(url), Algorithm::EdDSA).unwrap());
    // J8, J9: many at once, some with the key that only the new set has.
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move {
                let id = if n % 2 == 0 { KEY_ID.to_owned() } else { format!("made-up-{n}") };
                (n % 2 == 0, keys.key(&id).await.is_some())
            })
        })
        .collect();
    for task in tasks {
        let (real, found) = task.await.unwrap();
        assert_eq!(found, real, "a key that the set has is found by everybody who waits for it");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the issuer was asked more than once");
    for n in 0..100 {
        assert!(keys.key(&format!("made-up-too-{n}")).await.is_none());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_sends_elsewhere_or_too_much_is_not_believed() {
    let (target, reached) = issuer(ok(&jwks().to_string())).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    let large = ok(&format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(5_000_000)));
    let failed = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned();
    for answer in [redirect, large, failed, ok("<html>")] {
        let (url, _) = issuer(answer).await;
        let keys = KeySet::new(KeySource::Url(url), Algorithm::EdDSA).unwrap();
        assert!(keys.read().await.is_err());
        assert!(keys.key(KEY_ID).await.is_none());
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "a redirect was followed");
}
