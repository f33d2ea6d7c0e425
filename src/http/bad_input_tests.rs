//! The catalogue of bad bodies (B1 to B28, B65 to B79), tried on one request as operations have it.

use serde_json::{Value, json};

use super::fields::read;
use super::problem::Problem;
use super::sample_request::{RaiseEscalation, Urgency, valid};

/// The valid body with one member set, `at` being a plain JSON pointer.
fn with(at: &str, value: Value) -> Value {
    let mut body = valid();
    let (parent, name) = at.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        _ => parent[name] = value,
    }
    body
}

fn answer(body: &[u8]) -> Result<RaiseEscalation, Problem> {
    let read: RaiseEscalation = read(body)?;
    read.check()?;
    Ok(read)
}

/// `slug`, or for a validation failure every `pointer code`.
fn outcome(body: &[u8]) -> Vec<String> {
    match answer(body) {
        Ok(_) => vec!["ok".to_owned()],
        Err(problem) if problem.document().errors.is_empty() => {
            vec![problem.kind().slug().to_owned()]
        }
        Err(problem) => {
            assert_eq!(problem.kind().slug(), "validation-failed");
            let errors = &problem.document().errors;
            errors.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
    }
}

#[track_caller]
fn expect(at: &str, value: Value, code: &str) {
    let expected = if code == "ok" { code.to_owned() } else { format!("#{at} {code}") };
    let body = with(at, value).to_string();
    let shown: String = body.chars().take(300).collect();
    assert_eq!(outcome(body.as_bytes()), [expected], "{shown}");
}

#[test]
fn bodies_that_are_no_object_have_the_wrong_type() {
    assert_eq!(outcome(valid().to_string().as_bytes()), ["ok"]);
    for body in ["null", "true", "\"x\"", "7", "[\"police\",5]", "[]", "-1", "1.5"] {
        assert_eq!(outcome(body.as_bytes()), ["# wrong_type"], "{body}"); // B2, B3
    }
    assert_eq!(outcome(b""), ["malformed-json"]); // B1
    let twice = valid().to_string().replacen('{', "{\"urgency\":\"routine\",", 1);
    assert_eq!(outcome(twice.as_bytes()), ["duplicate-member"]); // B8
}

#[test]
fn text_is_refused_only_for_what_harms() {
    let at = "/desired_outcome";
    for bad in ["a\u{0}", "\u{1}", "\u{1F}", "\u{1B}[31m", "\u{7F}", "\u{85}", "\u{9F}"] {
        expect(at, json!(bad), "control_character"); // B16, B17
    }
    for blank in ["", " ", "\n\t", "\u{A0}\u{3000}", "\u{200B}\u{200D}", "\u{FEFF}", "\u{2060} "] {
        expect(at, json!(blank), "too_short"); // B20
    }
    expect(at, Value::Null, "required");
    expect(at, json!("x".repeat(20_001)), "too_long"); // B26
    expect(at, json!(format!("e{}", "\u{301}".repeat(20_001))), "too_long");
    expect(at, json!("é".repeat(20_000)), "ok");
    for good in [
        "a\r\nb\tc",
        "\u{202E}abc\u{202C}",
        "a\u{200B}b",
        "👩‍👩‍👧",
        "𐍈",
        "مرحبا",
        "ŵŷ", // B80, B81
        "\u{FFFD}\u{FFFE}\u{10FFFF}",
        "'; DROP TABLE",
        "${jndi:x}",
        "<script>",
        "=HYPERLINK(1)",
    ] {
        let read = answer(with(at, json!(good)).to_string().as_bytes()).unwrap();
        assert_eq!(read.desired_outcome.as_str(), good);
    }
}

#[test]
fn members_that_are_not_the_callers_are_refused() {
    for name in ["x", "__proto__", "constructor", "Urgency", "urgency "] {
        let pointer = format!("#/{} unknown_field", name.replace(' ', "%20")); // B18
        assert_eq!(outcome(with(&format!("/{name}"), json!(1)).to_string().as_bytes()), [pointer]);
    }
    for name in ["id", "agency_id", "version", "created_at", "status", "audit_trail", "links"] {
        expect(&format!("/{name}"), json!(1), "read_only_field"); // B19, B128
        expect(&format!("/delay/{name}"), json!(1), "read_only_field");
    }
    let long = "ä/~".repeat(100);
    let found = outcome(
        with("/a", json!({})).to_string().replace("\"a\"", &format!("\"{long}\"")).as_bytes(),
    );
    let shown =
        format!("#/{} unknown_field", "%C3%A4~1~0".repeat(34).strip_suffix("~1~0").unwrap());
    assert_eq!(found, [shown]);
}

#[test]
fn required_members_may_be_neither_absent_nor_null() {
    for name in valid().as_object().unwrap().keys() {
        let mut body = valid();
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(outcome(body.to_string().as_bytes()), [format!("#/{name} required")]); // B20
        expect(&format!("/{name}"), Value::Null, "required");
    }
    for name in ["external_reference", "raised_at", "review_on", "source_version", "follows"] {
        expect(&format!("/{name}"), Value::Null, "ok");
    }
    expect("/delay/started_at", Value::Null, "required");
    expect("/child_references/0/value", Value::Null, "required");
}

#[test]
fn numbers_are_whole_and_in_range() {
    for wrong in ["1.0", "1e2", "-0", "\"5\"", "true", "\"٥\"", "[1]", "{}", "1e-400"] {
        let body = with("/source_version", json!("@")).to_string().replace("\"@\"", wrong);
        assert_eq!(outcome(body.as_bytes()), ["#/source_version wrong_type"], "{wrong}"); // B21
    }
    for far in
        ["2147483648", "9223372036854775808", "18446744073709551616", "-1", "-9223372036854775809"]
    {
        let body = with("/source_version", json!("@")).to_string().replace("\"@\"", far);
        assert_eq!(outcome(body.as_bytes()), ["#/source_version out_of_range"], "{far}"); // B22
    }
    expect("/source_version", json!(i32::MAX), "ok");
    expect("/delay/hours", json!(-1), "out_of_range"); // B23
    expect("/delay/hours", json!(8_761), "out_of_range");
    expect("/delay/hours", json!(8_760), "ok");
    for wrong in [json!(0), json!("true"), json!([])] {
        expect("/urgent_contact", wrong, "wrong_type");
    }
}

#[test]
fn codes_and_lists_are_exact() {
    for wrong in ["police", "Routine", " routine", "routine ", ""] {
        expect("/urgency", json!(wrong), "unknown_code"); // B24
    }
    expect("/urgency", json!(1), "wrong_type");
    expect("/themes", json!(vec!["delay"; 10_001]), "too_many_items"); // B25
    expect("/themes/0", json!("x"), "unknown_code");
    expect("/themes", json!("delay"), "wrong_type");
    let twice = with("/themes", json!(["delay", "silence", "delay"]));
    assert_eq!(outcome(twice.to_string().as_bytes()), ["#/themes/2 not_unique"]);
    let deep = with("/delay/place", json!({"name": {"a": 1}}));
    assert_eq!(outcome(deep.to_string().as_bytes()), ["#/delay/place/name wrong_type"]); // B27
}

#[test]
fn identifiers_are_plain() {
    let at = "/external_reference";
    for hidden in [
        "a\u{202A}b",
        "a\u{202E}",
        "\u{2066}a",
        "a\u{2069}",
        "a\u{200B}b",
        "a\u{AD}b",
        "a\u{E0041}",
    ] {
        expect(at, json!(hidden), "disallowed_character"); // B78
    }
    for unlike in ["\u{0430}bc", "\u{03BF}k", "a b", " a", "é", "a\\b", "a?", "a%41"] {
        expect(at, json!(unlike), "pattern"); // B79
    }
    expect(at, json!("a\nb"), "control_character");
    expect(at, json!(""), "too_short");
    expect(at, json!("  "), "too_short");
    expect(at, json!("x".repeat(65)), "too_long");
    expect(at, json!("x".repeat(64)), "ok");
    expect(at, json!("SYS-1/2026:77#a_b.c"), "ok");
    expect("/follows", json!("0190a1b2-0000-7000-8000-00000000000a"), "ok");
    for other in ["0190A1B2-0000-7000-8000-00000000000A", "0190a1b200007000800000000000000a", "x"] {
        expect("/follows", json!(other), "pattern");
    }
}

#[test]
fn times_are_read_where_they_stand() {
    expect("/delay/started_at", json!("2026-01-01T09:00:00"), "offset_required");
    expect("/delay/started_at", json!("2026-02-30T09:00:00Z"), "invalid_date");
    expect("/delay/started_at", json!(1_767_225_600), "wrong_type");
    expect("/review_on", json!("2026-02-30"), "invalid_date");
    expect("/delay/occurred_at", json!("2025-01-01T00:00:00Z"), "inconsistent"); // B76
}

#[test]
fn all_faults_come_at_once_sorted_and_cut() {
    let body = json!({
        "zz": 1, "urgency": "secret", "themes": ["delay", 5], "raised_with_agency": null,
        "child_references": [{"scheme": "a", "value": "b"}, {"scheme": "ä", "more": 1}],
        "delay": {"started_at": "secret"}, "desired_outcome": "",
    });
    assert_eq!(
        outcome(body.to_string().as_bytes()),
        [
            "#/child_references/1/more unknown_field",
            "#/child_references/1/scheme pattern",
            "#/child_references/1/value required",
            "#/delay/started_at invalid_datetime",
            "#/desired_outcome too_short",
            "#/raised_with_agency required",
            "#/themes/1 wrong_type",
            "#/urgency unknown_code",
            "#/zz unknown_field",
        ]
    );
    let problem = answer(body.to_string().as_bytes()).unwrap_err();
    let sent = serde_json::to_string(problem.document()).unwrap();
    assert!(!sent.contains("secret") && sent.contains("immediate, routine"), "{sent}");

    for faults in [150, 50_000] {
        let mut body = valid();
        for index in 0..faults {
            body[format!("x{index}")] = json!(1);
        }
        let problem = answer(body.to_string().as_bytes()).unwrap_err(); // B28
        assert_eq!(problem.document().errors.len(), 100);
        assert!(problem.document().truncated);
    }
}

#[test]
fn what_is_accepted_arrives() {
    let RaiseEscalation {
        raised_with_agency,
        urgency,
        themes,
        child_references,
        delay,
        desired_outcome,
        external_reference,
        raised_at,
        review_on,
        source_version,
        urgent_contact,
        follows,
        notes,
    } = answer(valid().to_string().as_bytes()).unwrap();
    assert_eq!(raised_with_agency.as_str(), "nhs-trust");
    assert_eq!(urgency, Urgency::Routine);
    assert_eq!(themes.into_vec().len(), 1);
    let child = child_references.into_vec().pop().unwrap();
    assert_eq!((child.scheme.into_string(), child.value.as_str()), ("mosaic".to_owned(), "É 12"));
    assert_eq!(delay.started_at.0.to_string(), "2026-01-01T09:00:00Z");
    assert!(delay.occurred_at.is_none() && delay.hours.is_none() && delay.place.is_none());
    assert_eq!(format!("{desired_outcome:?}"), "Text(…)");
    assert_eq!(desired_outcome.into_string(), "An answer.\nSoon.");
    assert!(external_reference.is_none() && raised_at.is_none() && review_on.is_none());
    assert!(source_version.is_none() && urgent_contact.is_none() && follows.is_none());
    assert!(notes.is_none());
    let whole =
        json!({"started_at": "2026-01-01T09:00:00Z", "hours": 7, "place": {"name": "Ward"}});
    let delay = answer(with("/delay", whole).to_string().as_bytes()).unwrap().delay;
    assert_eq!(delay.hours.unwrap().get(), 7);
    assert_eq!(delay.place.unwrap().name.as_str(), "Ward");
}
