//! B1 to B15 of the catalogue of bad inputs, tried on the reader alone.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn slug(bytes: &[u8]) -> &'static str {
    match parse(bytes, JsonLimits::default()) {
        Ok(_) => "ok",
        Err(fault) => Problem::from(fault).kind().slug(),
    }
}

#[test]
fn bodies_that_are_not_one_json_document_are_malformed() {
    let long = "9".repeat(100_000);
    let long_fraction = format!("{{\"a\":0.{long}}}");
    for body in [
        "",
        " ",
        "{} x",
        "{}{}",
        "{\"a\":1,}",
        "[1,]",
        "{/**/}",
        "{'a':1}",
        "{a:1}", // B1, B4
        "NaN",
        "Infinity",
        "-Infinity",
        "+1",
        "012",
        ".5",
        "0x10",
        "1.",
        "--1", // B5
        "1e400",
        "-1e400",
        &long,
        &long_fraction, // B6
        "\"a\0b\"",
        "\"a\tb\"",
        "\"a\nb\"", // B14
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800x\"", // B15
        "\"open",
        "\"open\\",
        "{\"a\"",
        "nul",
        "]",
        "}{",
    ] {
        let shown: String = body.chars().take(20).collect();
        assert_eq!(slug(body.as_bytes()), "malformed-json", "{shown:?}");
    }
}

#[test]
fn names_are_compared_after_unescaping_at_every_level() {
    for body in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"m":[{"x":{"b":1,"b":2}}]}"#] {
        assert_eq!(slug(body.as_bytes()), "duplicate-member", "{body}");
    }
    assert_eq!(slug(br#"{"a":{"a":[{"a":1},{"a":1}]},"A":2}"#), "ok");
}

#[test]
fn deep_and_long_bodies_are_refused_at_once() {
    let deep = [
        "[".repeat(128) + &"]".repeat(128),
        "[".repeat(200_000),
        "{\"a\":[".repeat(100_000),
        "[".repeat(33) + &"]".repeat(33),
    ];
    let start = Instant::now();
    for body in &deep {
        assert_eq!(slug(body.as_bytes()), "too-deep");
    }
    assert_eq!(slug("9".repeat(100_000).as_bytes()), "malformed-json");
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    assert_eq!(slug(("[".repeat(32) + &"]".repeat(32)).as_bytes()), "ok");
    let many_strings = format!("[{}1]", "\"\",".repeat(60_000));
    assert_eq!(slug(many_strings.as_bytes()), "ok");
    assert_eq!(slug(format!("\"{}\"", "[\\\"{".repeat(1_000)).as_bytes()), "ok");
}

#[test]
fn only_plain_utf8_is_read() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| {
            if big { unit.to_be_bytes() } else { unit.to_le_bytes() }
        };
        text.encode_utf16().flat_map(bytes).collect()
    };
    for body in [
        b"\xEF\xBB\xBF{}".to_vec(),
        utf16("{\"a\":1}", true),
        utf16("{\"a\":1}", false),
        utf16("\u{FEFF}{}", true),
        utf16("\u{FEFF}{}", false),
        b"{\0\0\0}\0\0\0".to_vec(),
        b"\0\0\0{\0\0\0}".to_vec(),
        b"\xFF\xFE".to_vec(),
        b"\"\xC0\xAF\"".to_vec(),
        b"\"\xED\xA0\x80\"".to_vec(),
        b"\"\xE2\x82".to_vec(),
    ] {
        assert_eq!(slug(&body), "invalid-encoding", "{body:?}");
    }
}

#[test]
fn a_number_too_small_does_not_become_zero() {
    let read = parse(b"[0, 1e-400, -1e-400, 0.0, 0e-400, 5]", JsonLimits::default()).unwrap();
    let numbers: Vec<f64> = read.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    let tiny = f64::MIN_POSITIVE;
    assert_eq!(numbers, [0.0, tiny, -tiny, 0.0, 0.0, 5.0]);
}

#[test]
fn a_fault_says_where() {
    let fault = parse(b"{\n \"a\": x}", JsonLimits::default()).unwrap_err();
    assert_eq!(fault, JsonFault::Malformed { line: 2, column: 7 });
    let detail = Problem::from(fault).document().detail.clone();
    assert!(detail.ends_with("line 2, column 7."), "{detail}");
}

proptest! {
    #[test]
    fn what_serde_reads_without_repetition_is_read_alike(text in "[\\[\\]{}\",:0-9a-e. \\\\-]{0,40}") {
        let ours = parse(text.as_bytes(), JsonLimits::default());
        match (serde_json::from_str::<Value>(&text), ours) {
            (Ok(theirs), Ok(ours)) => prop_assert_eq!(theirs, ours),
            (Err(_), Ok(_)) => prop_assert!(false, "more lenient than the parser"),
            (_, Err(_)) => {}
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, JsonLimits::default());
    }
}
