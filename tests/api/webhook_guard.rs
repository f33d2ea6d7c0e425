//! Webhooks never reach inside: what is refused when an endpoint is made, and what is refused at each attempt.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::receiver::{Receiver, TestNames, outside, outside_by};
use super::webhooks::{ENDPOINTS, deliver, deliveries, endpoint};

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_is_made_or_changed_to_what_must_not_be_called() {
    let names = Arc::new(TestNames::default());
    names.lead("inside.example.org", &["10.0.0.7"]);
    names.lead("mixed.example.org", &["93.184.215.14", "169.254.169.254"]);
    names.lead("nowhere.example.org", &[]);
    let app = TestApp::start_calling(outside(&[]).with_names(names)).await;
    let police = app.police();
    let made = endpoint(&police, "https://hooks.example.org/").await;
    let at = format!("{ENDPOINTS}/{}", made.id());
    for url in [
        "http://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://x.example/",
        "ftp://x.example/",
        "data:x,y",
        "//hooks.example.org",
        "https:hooks.example.org", // B130
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://[::]/",
        "https://[::1]/", // B131
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001::1]/", // B132
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/", // B133
        "https://localhost/",
        "https://localhost./",
        "https://a.internal/",
        "https://intranet/",
        "https://a..b/",
        "https://xn--a/",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://１２７.０.０.１/", // B134
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:5432/",
        "https://hooks.example.org:6379/",
        "https://a.example\\@127.0.0.1/", // B135
        "https://hooks.example.org/\r\nx",
        "https://hooks.exa\tmple.org/",
        "https://hooks.example.org/a b",
        " https://hooks.example.org/", // B136
        "https://inside.example.org/",
        "https://mixed.example.org/",
        "https://nowhere.example.org/",               // B137
        "https://tracker.example.org/v1/escalations", // B141
        "https://127.0.0.1:9/",
        "http://127.0.0.1:10/",
    ] {
        if url == "https://127.0.0.1:9/" {
            continue; // Listed.
        }
        for refused in [
            police.post(ENDPOINTS, &json!({"url": url})).await,
            police.patch(&at, 1, &json!({"url": url})).await,
        ] {
            let (code, errors) = refused.expect(422).problem();
            let expected = [("#/url".to_owned(), "url_not_allowed".to_owned())];
            assert_eq!(
                (code.as_str(), errors.as_slice()),
                ("validation-failed", &expected[..]),
                "{url:?}"
            );
        }
    }
    assert_eq!(police.get(ENDPOINTS).await.json["items"].as_array().unwrap().len(), 1);
}

async fn last_attempt(app: &TestApp, id: &str) -> Value {
    let all = deliveries(&app.police(), id).await;
    all[0]["attempts"].as_array().unwrap().last().unwrap()["outcome"].clone()
}

/// B138: public when it was made, inside when it is called.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_later_is_never_connected_to() {
    let bait = Receiver::good().await;
    let names = Arc::new(TestNames::default());
    let app = TestApp::start_calling(outside(&[]).with_names(names.clone())).await;
    let id = endpoint(&app.police(), "https://hooks.example.org:8443/").await.id();
    // Whoever asks twice would be given the public address first.
    names.lead("hooks.example.org", &["127.0.0.1"]);
    app.police().raises(json!({})).await;
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(last_attempt(&app, &id).await, "address_not_allowed");
    names.lead("hooks.example.org", &["93.184.215.14", "::1"]);
    app.clock.advance(jiff::SignedDuration::from_secs(10));
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(last_attempt(&app, &id).await, "address_not_allowed");
    names.lead("hooks.example.org", &[]);
    app.clock.advance(jiff::SignedDuration::from_mins(10));
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(last_attempt(&app, &id).await, "name_not_resolved");
    assert_eq!(bait.connections(), 0);
    let tested =
        app.police().send(reqwest::Method::POST, &format!("{ENDPOINTS}/{id}/test"), &[], "").await;
    assert_eq!(tested.json["outcome"], "name_not_resolved");
}

/// A receiver with TLS that answers 200 to whoever trusts its certificate. Gives its port.
fn tls_receiver(certificate: &str) -> u16 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/support/tls");
    let chain = CertificateDer::from_pem_file(format!("{folder}/{certificate}.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{folder}/{certificate}.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, stream.unwrap());
            let mut read = [0; 4096];
            if stream.read(&mut read).is_ok() {
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
                let _ = stream.flush();
            }
        }
    });
    port
}

/// B142.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_must_be_valid_for_the_name_and_of_a_known_authority() {
    let authority = include_bytes!("support/tls/authority.pem");
    for (certificate, outcome) in
        [("good", "delivered"), ("other", "tls"), ("expired", "tls"), ("self_signed", "tls")]
    {
        let port = tls_receiver(certificate);
        let names = Arc::new(TestNames::default());
        names.lead("hooks.example.org", &["127.0.0.1"]);
        let listed = vec![format!("hooks.example.org:{port}")];
        let calling = outside_by(listed, Some(authority)).with_names(names);
        let app = TestApp::start_calling(calling).await;
        let id = endpoint(&app.police(), &format!("https://hooks.example.org:{port}/")).await.id();
        app.police().raises(json!({})).await;
        assert_eq!(deliver(&app).await, 1);
        assert_eq!(last_attempt(&app, &id).await, outcome, "{certificate}");
    }
}
