//! Access tokens, good and bad: one table, through the whole service.

use std::net::TcpListener;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use escalation_tracker::http::key_set::{KeySet, KeySource};
use escalation_tracker::http::state::AppState;
use escalation_tracker::http::token::Verifier;
use escalation_tracker::usecases::deps::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::tokens::{AUDIENCE, ISSUER, KEY_ID, Token, jwks, raw};

const PATH: &str = "/v1/reference/themes";

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// The header of a good token with some members changed; null removes.
fn header(changed: Value) -> String {
    let mut header = json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "at+jwt"});
    for (name, value) in changed.as_object().unwrap() {
        if value.is_null() {
            header.as_object_mut().unwrap().remove(name);
        } else {
            header[name] = value.clone();
        }
    }
    header.to_string()
}

/// Sends each token, and tells all that were answered otherwise than expected.
async fn try_all(app: &TestApp, cases: &[(&str, String, u16)]) {
    let mut wrong = Vec::new();
    for (what, token, expected) in cases {
        let answer = app.bearer(token.clone()).get(PATH).await;
        if answer.status != *expected {
            wrong.push(format!("{what}: {} instead of {expected}", answer.status));
        } else if *expected == 401 && answer.problem().0 != "invalid-token" {
            wrong.push(format!("{what}: {}", answer.text));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_one_bearer_token_in_one_header() {
    let app = TestApp::start().await;
    let token = Token::of("test-police").at(app.clock.now()).signed();
    let bearer = format!("Bearer {token}");
    let (lower, basic, twice) =
        (format!("bearer {token}"), format!("Basic {token}"), format!("Bearer  {token}"));
    let bound = format!("DPoP {token}");
    let in_query = format!("{PATH}?access_token={token}");
    // J1
    for (path, headers, expected) in [
        (PATH, vec![("authorization", bearer.as_str())], 200),
        (PATH, vec![("authorization", &lower)], 200),
        (PATH, vec![], 401),
        (PATH, vec![("authorization", &bearer), ("authorization", &bearer)], 401),
        (PATH, vec![("authorization", &basic)], 401),
        (PATH, vec![("authorization", &twice)], 401),
        // J26: a proof beside it changes nothing, and the scheme is not offered.
        (PATH, vec![("authorization", &bound)], 401),
        (PATH, vec![("authorization", &bound), ("dpop", &token)], 401),
        (PATH, vec![("authorization", &token)], 401),
        (PATH, vec![("authorization", "Bearer")], 401),
        (PATH, vec![("authorization", "Bearer ")], 401),
        (PATH, vec![("authorization", "")], 401),
        (PATH, vec![("authorization", "Negotiate x")], 401),
        (PATH, vec![("x-authorization", &bearer)], 401),
        (PATH, vec![("cookie", &bearer)], 401),
        (&in_query, vec![], 401),
    ] {
        let answer = app.stranger().send(Method::GET, path, &headers, "").await;
        let what = format!(
            "{:?}",
            headers.iter().map(|it| &it.1[..it.1.len().min(9)]).collect::<Vec<_>>()
        );
        assert_eq!(answer.status, expected, "{what} {}", answer.text);
        if expected == 401 {
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_issuers_key_and_algorithm_count() {
    let app = TestApp::start().await;
    // Whoever is asked for a key hears of it here.
    let attacker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/keys", attacker.local_addr().unwrap());
    let now = app.clock.now();
    let good = Token::of("test-police").at(now);
    let claims = good.claims.to_string();
    let with = |changed: Value| raw(&header(changed), &claims);
    let unsigned = |alg: &str, signature: &[u8]| {
        let header = header(json!({"alg": alg}));
        format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode(signature))
    };
    let hs = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(KEY_ID.to_owned());
        encode(&header, &good.claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let set = jwks();
    let x = set["keys"][0]["x"].as_str().unwrap();
    let other = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let foreign = EncodingKey::from_ed_der(other.to_pkcs8v1().unwrap().as_ref());
    let mut jwk = set["keys"][0].clone();
    jwk["x"] =
        URL_SAFE_NO_PAD.encode(aws_lc_rs::signature::KeyPair::public_key(&other).as_ref()).into();
    let mut own_key = good.header.clone();
    own_key.jwk = Some(serde_json::from_value(jwk).unwrap());
    let mut own_address = good.header.clone();
    own_address.jku = Some(url.clone());
    own_address.x5u = Some(url.clone());
    let signed_by_other = |header: &Header| encode(header, &good.claims, &foreign).unwrap();
    let spki = hs(&[
        &[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0],
        URL_SAFE_NO_PAD.decode(x).unwrap().as_slice(),
    ]
    .concat());

    try_all(
        &app,
        &[
            ("as it should be", good.signed(), 200),
            ("J2 none", unsigned("none", b""), 401),
            ("J2 None", unsigned("None", b""), 401),
            ("J2 nOnE", unsigned("nOnE", b""), 401),
            ("J2 no signature", unsigned("EdDSA", b""), 401),
            ("J2 no alg", with(json!({"alg": null})), 401),
            ("J3 the public key as a secret", hs(&URL_SAFE_NO_PAD.decode(x).unwrap()), 401),
            ("J3 its text as a secret", hs(x.as_bytes()), 401),
            ("J3 its DER as a secret", spki, 401),
            ("J3 the key set as a secret", hs(set.to_string().as_bytes()), 401),
            ("J3 no secret", hs(b""), 401),
            ("J4 RS256", unsigned("RS256", &[1; 256]), 401),
            ("J4 ES256 with zeroes", unsigned("ES256", &[0; 64]), 401),
            ("J4 zeroes", unsigned("EdDSA", &[0; 64]), 401),
            ("J4 good signature under RS256", with(json!({"alg": "RS256"})), 401),
            ("J4 good signature under eddsa", with(json!({"alg": "eddsa"})), 401),
            ("J5 own key in the header", signed_by_other(&own_key), 401),
            ("J5 own key's address", signed_by_other(&own_address), 401),
            ("J5 another key under our id", signed_by_other(&good.header), 401),
            ("J6 crit", with(json!({"crit": ["exp"]})), 401),
            ("J6 unknown crit", with(json!({"crit": ["x"], "x": true})), 401),
            ("J6 empty crit", with(json!({"crit": []})), 401),
            (
                "J6 crit null",
                raw(&format!("{{\"crit\":null,{}", &header(json!({}))[1..]), &claims),
                401,
            ),
            ("J7 no kid", with(json!({"kid": null})), 401),
            ("J7 long kid", with(json!({"kid": "k".repeat(10_000)})), 401),
            ("J7 path as kid", with(json!({"kid": "../../dev/null"})), 401),
            ("J7 SQL as kid", with(json!({"kid": "' or 1=1"})), 401),
            ("J7 number as kid", with(json!({"kid": 1})), 401),
            ("J7 empty kid", with(json!({"kid": ""})), 401),
            ("J7 other case", with(json!({"kid": KEY_ID.to_uppercase()})), 401),
        ],
    )
    .await;
    attacker.set_nonblocking(true).unwrap();
    assert!(attacker.accept().is_err(), "a key was asked for where the token said");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_claim_is_there_has_its_type_and_means_us() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let t = now.as_second();
    let good = || Token::of("test-police").at(now);
    let with = |claim: &str, value: Value| good().with(claim, value).signed();
    let raw_claim = |from: &str, to: &str| {
        let claims = good().claims.to_string();
        assert!(claims.contains(from), "{claims}");
        raw(&header(json!({})), &claims.replacen(from, to, 1))
    };
    let exp = format!("\"exp\":{}", t + 3_600);
    try_all(
        &app,
        &[
            ("J13 exp 29 s ago", with("exp", json!(t - 29)), 200),
            ("J13 exp 31 s ago", with("exp", json!(t - 31)), 401),
            ("J14 exp absent", with("exp", Value::Null), 401),
            ("J14 exp string", with("exp", json!((t + 60).to_string())), 401),
            ("J14 exp float", raw_claim(&exp, &format!("\"exp\":{}.5", t + 60)), 401),
            ("J14 exp negative", with("exp", json!(-1)), 401),
            ("J14 exp huge", raw_claim(&exp, "\"exp\":1e400"), 401),
            ("J14 exp past i64", raw_claim(&exp, "\"exp\":9223372036854775808"), 401),
            ("J14 exp null", raw_claim(&exp, "\"exp\":null"), 401),
            ("J14 good for a day", with("exp", json!(t + 86_400)), 200),
            ("J14 good for longer", with("exp", json!(t + 86_401)), 401),
            ("J14 good for ever", with("exp", json!(i64::MAX)), 401),
            ("J15 nbf in 29 s", with("nbf", json!(t + 29)), 200),
            ("J15 nbf in 31 s", with("nbf", json!(t + 31)), 401),
            ("J15 nbf string", with("nbf", json!("0")), 401),
            ("J15 nbf float", with("nbf", json!(0.5)), 401),
            ("J15 iat in 29 s", with("iat", json!(t + 29)), 200),
            ("J15 iat in 31 s", with("iat", json!(t + 31)), 401),
            ("J15 iat string", with("iat", json!(t.to_string())), 401),
            ("J15 iat absent", with("iat", Value::Null), 200),
            ("J16 aud absent", with("aud", Value::Null), 401),
            ("J16 aud other", with("aud", json!("other")), 401),
            ("J16 aud among others", with("aud", json!(["other", AUDIENCE])), 200),
            ("J16 aud only others", with("aud", json!(["other", "another"])), 401),
            ("J16 aud empty list", with("aud", json!([])), 401),
            ("J16 aud empty", with("aud", json!("")), 401),
            ("J16 aud as prefix", with("aud", json!(format!("{AUDIENCE}-x"))), 401),
            ("J16 aud as suffix", with("aud", json!(format!("x-{AUDIENCE}"))), 401),
            ("J16 aud other case", with("aud", json!(AUDIENCE.to_uppercase())), 401),
            ("J16 aud of Keycloak", with("aud", json!("account")), 401),
            ("J16 aud object", with("aud", json!({"a": AUDIENCE})), 401),
            ("J16 aud number", with("aud", json!(1)), 401),
            ("J27 bound to a key", with("cnf", json!({"jkt": "0ZcOCORZNYy"})), 401),
            ("J25 bound to a certificate", with("cnf", json!({"x5t#S256": "bwcK0esc3AC"})), 401),
            ("control character in the subject", with("sub", json!("a\u{0}b")), 401),
            ("control character in the client", with("client_id", json!("a\u{0}b")), 401),
            ("long client", with("client_id", json!("a".repeat(201))), 401),
            ("J17 iss absent", with("iss", Value::Null), 401),
            ("J17 iss with a slash", with("iss", json!(format!("{ISSUER}/"))), 401),
            ("J17 iss http", with("iss", json!(ISSUER.replace("https", "http"))), 401),
            ("J17 iss other case", with("iss", json!(ISSUER.to_uppercase())), 401),
            ("J17 iss v1 of Entra", with("iss", json!("https://sts.windows.net/tid/")), 401),
            ("J17 iss other tenant", with("iss", json!(format!("{ISSUER}/common"))), 401),
            ("J17 iss list", with("iss", json!([ISSUER])), 401),
            (
                "J17 iss list with others",
                with("iss", json!(["https://other.example", ISSUER])),
                401,
            ),
            ("J17 iss empty", with("iss", json!("")), 401),
            ("sub absent", with("sub", Value::Null), 401),
            ("sub empty", with("sub", json!("")), 401),
            ("sub long", with("sub", json!("x".repeat(201))), 401),
            ("sub number", with("sub", json!(5)), 401),
            ("no client", with("client_id", Value::Null), 401),
            ("client number", with("client_id", json!(5)), 401),
            (
                "azp",
                good().with("client_id", Value::Null).with("azp", json!("test-police")).signed(),
                200,
            ),
            (
                "appid",
                good().with("client_id", Value::Null).with("appid", json!("test-police")).signed(),
                200,
            ),
            ("an unknown client", with("client_id", json!("nobody")), 403),
            ("a client of another case", with("client_id", json!("TEST-POLICE")), 403),
            ("roles that the token gives itself", with("roles", json!(["director"])), 200),
            ("J21 aud twice", raw_claim("\"aud\":", "\"aud\":\"other\",\"aud\":"), 401),
            ("J21 sub twice", raw_claim("\"sub\":", "\"sub\":\"other\",\"sub\":"), 401),
            ("J21 iss twice", raw_claim("\"iss\":", "\"iss\":\"other\",\"iss\":"), 401),
            ("J21 exp twice", raw_claim("\"exp\":", "\"exp\":1,\"exp\":"), 401),
            (
                "J21 client_id twice",
                raw_claim("\"client_id\":", "\"client_id\":\"x\",\"client_id\":"),
                401,
            ),
            (
                "J21 the same escaped",
                raw_claim("\"client_id\":", "\"client\\u005fid\":\"x\",\"client_id\":"),
                401,
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_kinds_of_tokens_and_other_forms_are_no_access_tokens() {
    let app = TestApp::start().await;
    let good = Token::of("test-police").at(app.clock.now());
    let claims = good.claims.to_string();
    let typ = |typ: Value| raw(&header(json!({"typ": typ})), &claims);
    let token = good.signed();
    let parts: Vec<&str> = token.split('.').collect();
    let (head, body, signature) = (parts[0], parts[1], parts[2]);
    let padded = format!("{head}.{body}.{signature}==");
    let json_form = json!({"payload": body, "protected": head, "signature": signature}).to_string();
    let standard = signature.replace('-', "+").replace('_', "/");
    let mut last = signature.as_bytes().to_vec();
    // The last character carries four bits of nothing; another one would be the same signature spelt otherwise.
    let end = last.len() - 1;
    last[end] = if last[end] == b'Q' { b'R' } else { last[end] + 1 };
    let respelt = String::from_utf8(last).unwrap();
    let id_token = good_with(&good, "aud", json!("test-police"));
    let mut cases = vec![
        ("J18 ID token", id_token, 401),
        ("J18 DPoP proof", typ(json!("dpop+jwt")), 401),
        ("J18 logout token", typ(json!("logout+jwt")), 401),
        ("J18 refresh token", typ(json!("Refresh")), 401),
        ("J18 security event", typ(json!("secevent+jwt")), 401),
        ("J19 ID token by its typ", typ(json!("id+jwt")), 401),
        ("J19 JOSE", typ(json!("JOSE")), 401),
        ("J19 number", typ(json!(1)), 401),
        ("J19 empty", typ(json!("")), 401),
        ("J19 JWT", typ(json!("JWT")), 200),
        ("J19 AT+JWT", typ(json!("AT+JWT")), 200),
        ("J19 application/at+jwt", typ(json!("application/at+jwt")), 200),
        ("J19 no typ", typ(Value::Null), 200),
        ("J20 five parts", format!("{token}.x.y"), 401),
        ("J20 five empty parts", "....".to_owned(), 401),
        ("J20 four parts", format!("{token}."), 401),
        ("J20 two parts", format!("{head}.{body}"), 401),
        ("J20 two parts and a dot", format!("{head}.{body}."), 401),
        ("J20 one part", head.to_owned(), 401),
        ("J20 JSON form", json_form, 401),
        ("J20 padded", padded, 401),
        ("J20 padded body", format!("{head}.{body}=.{signature}"), 401),
        ("J20 another spelling of the signature", format!("{head}.{body}.{respelt}"), 401),
        ("J20 a blank inside", format!("{head}.{body} .{signature}"), 401),
        ("J20 a tab inside", format!("{head}.\t{body}.{signature}"), 401),
        ("J20 not of the alphabet", format!("{head}.{body}.*{}", &signature[1..]), 401),
        ("J20 64 KB", format!("{head}.{}.{signature}", "A".repeat(64 * 1024)), 431),
        ("J20 more than 8 KiB", good_with(&good, "x", json!("x".repeat(8_000))), 401),
        ("less than 8 KiB", good_with(&good, "x", json!("x".repeat(4_000))), 200),
        ("header no JSON", format!("{}.{body}.{signature}", part("x")), 401),
        ("header a list", raw("[\"EdDSA\"]", &claims), 401),
        ("claims a list", raw(&header(json!({})), "[1]"), 401),
        ("claims no JSON", raw(&header(json!({})), "x"), 401),
        ("claims of another token", format!("{head}.{}.{signature}", part("{}")), 401),
        ("kid twice", raw(&format!("{{\"kid\":\"x\",{}", &header(json!({}))[1..]), &claims), 401),
        (
            "alg twice",
            raw(&format!("{{\"alg\":\"none\",{}", &header(json!({}))[1..]), &claims),
            401,
        ),
        ("typ twice", raw(&format!("{{\"typ\":\"x\",{}", &header(json!({}))[1..]), &claims), 401),
    ];
    if standard != signature {
        cases.push(("J20 the other alphabet", format!("{head}.{body}.{standard}"), 401));
    }
    try_all(&app, &cases).await;
}

/// J11.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_issuer_is_away_its_known_keys_serve_and_others_are_refused() {
    let name = format!("issuer-away-{}.json", std::process::id());
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, jwks().to_string()).unwrap();
    let keys = KeySet::new(KeySource::File(path.clone()), Algorithm::EdDSA).unwrap();
    keys.read().await.unwrap();
    let verifier = Verifier::new(ISSUER.to_owned(), AUDIENCE.to_owned(), keys);
    let app = TestApp::start_as(TestApp::usual, |state, _| AppState { verifier, ..state }).await;
    std::fs::remove_file(path).unwrap();
    // Longer than a file is not read again.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let good = Token::of("test-police").at(app.clock.now());
    let unknown = raw(&header(json!({"kid": "another"})), &good.claims.to_string());
    for _ in 0..3 {
        let cases = [("known", good.signed(), 200), ("unknown", unknown.clone(), 401)];
        try_all(&app, &cases).await;
    }
}

fn good_with(good: &Token, claim: &str, value: Value) -> String {
    let mut claims = good.claims.clone();
    claims[claim] = value;
    raw(&header(json!({})), &claims.to_string())
}
