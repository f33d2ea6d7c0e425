//! The catalogue of bad inputs as data: what is sent, and what must be answered.

use serde_json::{Value, json};

use super::support::people::raise_body;

/// Stands in values that are sent. No answer to a refused request may contain it.
pub const MARKER: &str = "Zq7mark";

/// What must be answered.
#[derive(Debug, Clone)]
pub enum Expected {
    /// This status with this problem.
    Problem(u16, &'static str),
    /// 422 with exactly this fault: pointer and code.
    Fault(String, &'static str),
    /// 400 with exactly this fault of a parameter.
    Parameter(&'static str, &'static str),
    /// 201, and what is read afterwards has these members, by JSON pointer.
    Stored(Vec<(&'static str, Value)>),
}

use Expected::{Fault, Problem, Stored};

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its number in the catalogue.
    pub number: &'static str,
    /// `METHOD target`; `{id}` stands for an escalation that the police raised.
    pub request: String,
    /// The headers besides the token.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What must be answered.
    pub expected: Expected,
}

/// The body that all cases start from.
pub fn valid() -> Value {
    raise_body(json!({"desired_outcome": format!("Hold a meeting, {MARKER}.")}))
}

/// The body with the member at a JSON pointer set.
pub fn with(at: &str, value: Value) -> Value {
    let mut body = valid();
    if at.starts_with("/delay/") {
        body["delay"] =
            json!({"timescale": "strategy_meeting", "started_at": "2026-11-16T09:00:00Z"});
    }
    let (parent, name) = at.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        _ => parent[name] = value,
    }
    body
}

/// A body sent to raise an escalation.
pub fn bytes(number: &'static str, body: impl Into<Vec<u8>>, expected: Expected) -> Case {
    let headers = vec![("content-type", "application/json".to_owned())];
    Case {
        number,
        request: "POST /v1/escalations".to_owned(),
        headers,
        body: body.into(),
        expected,
    }
}

/// One member has a value, and is at fault for it.
pub fn fault(number: &'static str, at: &str, value: Value, code: &'static str) -> Case {
    bytes(number, with(at, value).to_string(), Fault(format!("#{at}"), code))
}

/// As [`fault`], with the value as JSON text that no parser would write.
pub fn literal(number: &'static str, at: &str, text: &str, expected: Expected) -> Case {
    bytes(number, with(at, json!("@@")).to_string().replace("\"@@\"", text), expected)
}

/// One member has a value, and is read back as another.
pub fn stored(number: &'static str, at: &'static str, sent: Value, shown: Value) -> Case {
    bytes(number, with(at, sent).to_string(), Stored(vec![(at, shown)]))
}

/// B1 to B15: what is no JSON, or no certain JSON.
pub fn json_text() -> Vec<Case> {
    let malformed = || Problem(400, "malformed-json");
    let valid = valid().to_string();
    let mut cases = vec![bytes("B1", "", malformed())];
    for top in ["null", "true", "\"x\"", "7"] {
        cases.push(bytes("B2", top, Fault("#".to_owned(), "wrong_type")));
    }
    cases.push(bytes("B3", r#"["police",5]"#, Fault("#".to_owned(), "wrong_type")));
    for (from, to) in [
        ("}", "} x"),
        ("}", "}{}"),
        ("}", ",}"),
        ("{", "{/*x*/"),
        ("\"", "'"),
        ("\"theme\"", "theme"),
    ] {
        let body = if from == "}" {
            format!("{}{to}", valid.strip_suffix('}').unwrap())
        } else {
            valid.replace(from, to)
        };
        cases.push(bytes("B4", body, malformed()));
    }
    for number in ["NaN", "Infinity", "+1", "012", ".5", "0x10", "1."] {
        cases.push(literal("B5", "/stage", number, malformed()));
    }
    cases.push(literal("B6", "/stage", "1e400", malformed()));
    cases.push(literal("B6", "/stage", &"9".repeat(100_000), malformed()));
    // B7: no member of this contract is a decimal, so a number with an exponent is of the wrong type.
    cases.push(literal("B7", "/stage", "1e-400", Fault("#/stage".to_owned(), "wrong_type")));
    let repeated = || Problem(400, "duplicate-member");
    cases.push(bytes("B8", valid.replacen('{', r#"{"urgency":"urgent","#, 1), repeated()));
    // B9: no map of this contract is free in form; the members of an inner object stand for it.
    for twice in [r#"{"scheme":"upn","scheme":"upn","value":"x"}"#, r#"{"a":1,"\u0061":2}"#] {
        cases.push(literal("B9", "/child_references/0", twice, repeated()));
    }
    let deep = || Problem(400, "too-deep");
    cases.push(literal(
        "B10",
        "/delay",
        &format!("{}{}", "[".repeat(128), "]".repeat(128)),
        deep(),
    ));
    cases.push(bytes("B10", "[".repeat(200_000), deep()));
    cases.push(bytes("B10", r#"{"a":["#.repeat(40_000), deep()));
    let encoding = || Problem(400, "invalid-encoding");
    cases.push(bytes("B11", [b"\xEF\xBB\xBF", valid.as_bytes()].concat(), encoding()));
    let units: Vec<u16> = valid.encode_utf16().collect();
    cases.push(bytes(
        "B12",
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>(),
        encoding(),
    ));
    cases.push(bytes(
        "B12",
        units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>(),
        encoding(),
    ));
    let wide = valid.chars().flat_map(|letter| u32::from(letter).to_le_bytes());
    cases.push(bytes("B12", wide.collect::<Vec<_>>(), encoding()));
    for wrong in [&b"\xFF\xFE"[..], b"\xC0\xAF", b"\xED\xA0\x80", b"\xE2\x82", b"\xF0\x9F\x98"] {
        let (before, after) = valid.split_once(MARKER).unwrap();
        cases.push(bytes("B13", [before.as_bytes(), wrong, after.as_bytes()].concat(), encoding()));
    }
    for control in ["\u{0}", "\t", "\n"] {
        cases.push(literal("B14", "/concern", &format!("\"a{control}b\""), malformed()));
    }
    for surrogate in ["\\ud800", "\\udc00", "\\udc00\\ud800"] {
        cases.push(literal("B15", "/concern", &format!("\"a{surrogate}b\""), malformed()));
    }
    cases
}

/// B16 to B27: JSON with members that are not right.
pub fn members() -> Vec<Case> {
    let mut cases = Vec::new();
    for at in [
        "/desired_outcome",
        "/concern",
        "/theme",
        "/raised_with_agency",
        "/child_references/0/value",
    ] {
        cases.push(fault("B16", at, json!(format!("a\u{0}{MARKER}")), "control_character"));
    }
    for code in (1..=0x1F_u8).filter(|code| !b"\t\n\r".contains(code)).chain(0x7F..=0x9F) {
        cases.push(fault(
            "B17",
            "/desired_outcome",
            json!(format!("a{}b", char::from(code))),
            "control_character",
        ));
    }
    for name in ["x", "__proto__", "constructor", "Theme", "raised_by"] {
        cases.push(fault("B18", &format!("/{name}"), json!(MARKER), "unknown_field"));
        cases.push(fault("B18", &format!("/delay/{name}"), json!(MARKER), "unknown_field"));
    }
    // The raising agency, too, is the token's.
    for name in ["agency_id", "raised_by_agency"] {
        cases.push(fault("B128", &format!("/{name}"), json!(MARKER), "read_only_field"));
    }
    for name in [
        "id",
        "agency_id",
        "version",
        "created_at",
        "status",
        "audit_id",
        "raised_by_agency",
        "due_at",
    ] {
        cases.push(fault("B19", &format!("/{name}"), json!(MARKER), "read_only_field"));
    }
    for name in ["raised_with_agency", "theme", "urgency", "desired_outcome", "child_references"] {
        let mut body = valid();
        body.as_object_mut().unwrap().remove(name);
        cases.push(bytes("B20", body.to_string(), Fault(format!("#/{name}"), "required")));
        cases.push(fault("B20", &format!("/{name}"), Value::Null, "required"));
    }
    cases.push(fault("B20", "/child_references", json!([]), "required"));
    for blank in ["", "  \t\n", "\u{200B}\u{200D}\u{FEFF}", "\u{2060} \u{AD}"] {
        cases.push(fault("B20", "/desired_outcome", json!(blank), "too_short"));
        cases.push(fault("B20", "/raised_with_agency", json!(blank), "too_short"));
    }
    cases.push(fault("B20", "/theme", json!(""), "too_short"));
    for wrong in ["\"1\"", "1.0", "1e2", "-0", "true", "\"\u{665}\"", "[1]", "{}"] {
        cases.push(literal("B21", "/stage", wrong, Fault("#/stage".to_owned(), "wrong_type")));
    }
    for far in ["2147483648", "9223372036854775808", "-9223372036854775809"] {
        cases.push(literal("B22", "/stage", far, Fault("#/stage".to_owned(), "out_of_range")));
    }
    // B23: a delay is sent as two instants, never as a number; a stage is the only number.
    for far in [-1, 10] {
        cases.push(fault("B23", "/stage", json!(far), "out_of_range"));
    }
    for wrong in ["routine", "Urgent", " urgent", "urgent ", "", MARKER] {
        cases.push(fault("B24", "/urgency", json!(wrong), "unknown_code"));
        cases.push(fault("B24", "/child_references/0/scheme", json!(wrong), "unknown_code"));
    }
    // Agencies, themes and timescales are the partnership's own lists, so theirs are references.
    for wrong in [" anyborough_cs", "Anyborough_cs", "elsewhere_cs", MARKER] {
        cases.push(fault("B24", "/raised_with_agency", json!(wrong), "unknown_reference"));
    }
    cases.push(fault("B24", "/theme", json!("Icpc_late"), "unknown_reference"));
    cases.push(fault("B24", "/theme", json!(" icpc_late"), "pattern"));
    cases.push(fault("B24", "/delay/timescale", json!(MARKER), "unknown_reference"));
    // The test retires this theme and this agency first.
    cases.push(fault("B24", "/theme", json!("governance_gap"), "retired_code"));
    cases.push(fault("B24", "/secondary_themes", json!(["governance_gap"]), "retired_code"));
    cases.push(fault("B24", "/raised_with_agency", json!("health_community"), "retired_code"));
    cases.push(fault("B24", "/raised_with_agency", json!("business_unit"), "not_permitted"));
    cases.push(fault("B25", "/secondary_themes", json!(vec!["other"; 10_001]), "too_many_items"));
    cases.push(fault("B25", "/secondary_themes", json!(["other", "other"]), "not_unique"));
    cases.push(fault("B25", "/secondary_themes", json!(["strategy_meeting_late"]), "not_unique"));
    let child = json!({"scheme": "la_child_id", "value": "SYN100234"});
    cases.push(fault("B25", "/child_references", json!(vec![&child; 21]), "too_many_items"));
    let twice = with(
        "/child_references",
        json!([child, {"scheme": "la_child_id", "value": "syn-100 234"}]),
    );
    cases.push(bytes(
        "B25",
        twice.to_string(),
        Fault("#/child_references/1".to_owned(), "not_unique"),
    ));
    // B26: texts have at most 2,000 characters here.
    for long in ["x".repeat(2_001), "x".repeat(20_001), format!("e{}", "\u{301}".repeat(20_001))] {
        cases.push(fault("B26", "/desired_outcome", json!(long), "too_long"));
    }
    for (at, most) in
        [("/raised_by_role", 80), ("/raised_with_agency", 100), ("/child_references/0/value", 100)]
    {
        cases.push(fault("B26", at, json!("x".repeat(most + 1)), "too_long"));
    }
    for at in ["/external_reference", "/source", "/theme", "/delay/timescale"] {
        cases.push(fault("B26", at, json!("x".repeat(65)), "too_long"));
    }
    for at in ["/delay/started_at", "/delay/cause", "/child_references/0/value", "/raised_by_role"]
    {
        cases.push(fault("B27", at, json!({"a": MARKER}), "wrong_type"));
    }
    cases.push(fault("B27", "/delay", json!([MARKER]), "wrong_type"));
    cases
}

/// B78 to B87: identifiers and texts.
pub fn texts() -> Vec<Case> {
    let mut cases = Vec::new();
    for hidden in [
        "\u{202A}",
        "\u{202E}",
        "\u{2066}",
        "\u{2069}",
        "\u{200B}",
        "\u{200D}",
        "\u{AD}",
        "\u{E0041}",
    ] {
        for at in ["/child_references/0/value", "/external_reference", "/theme"] {
            cases.push(fault(
                "B78",
                at,
                json!(format!("SYN1{hidden}00234")),
                "disallowed_character",
            ));
        }
    }
    for alike in ["SYN1\u{430}00234", "SYN1\u{3BF}00234", "S\u{443}N100234"] {
        for at in ["/child_references/0/value", "/external_reference"] {
            cases.push(fault("B79", at, json!(alike), "pattern"));
        }
    }
    let long = "é".repeat(2_000);
    for (number, text) in [
        ("B80", "a \u{202E}right\u{202C} to left, a zero\u{200B}width"),
        ("B81", "👩‍👩‍👧‍👦 and 𐍈"),
        ("B81", "مرحبا עברית"),
        ("B81", "ŵŷ Ŵŷ e\u{301}"),
        ("B81", "a\u{FFFD}b\u{FFFE}c\u{10FFFF}d"),
        ("B82", "'; DROP TABLE escalation; --"),
        ("B82", "$1 %s %n {{7*7}} ${jndi:ldap://x} <script>alert(1)</script>"),
        ("B83", "one\n{\"level\":\"ERROR\"}"),
        ("B84", "=HYPERLINK(\"x\")"),
        ("B84", "+"),
        ("B84", "-1+1"),
        ("B84", "@SUM(A1)"),
        ("B84", "\u{FF1D}1+1"),
        ("B84", "\"="),
        ("B26", &long),
    ] {
        for at in ["/desired_outcome", "/concern"] {
            cases.push(stored(number, at, json!(text), json!(text)));
        }
    }
    // Blanks at the ends mean nothing and are dropped, and CR LF is one line break.
    cases.push(stored(
        "B83",
        "/concern",
        json!("a\r\n{\"level\":\"ERROR\"}"),
        json!("a\n{\"level\":\"ERROR\"}"),
    ));
    cases.push(stored("B84", "/concern", json!("\t=1+1\r\n"), json!("=1+1")));
    cases.push(fault("B83", "/concern", json!("\u{1B}[31mred"), "control_character"));
    // B85: NHS numbers are no permitted scheme; pupil numbers have a check letter.
    let child = |scheme: &str, value: &str| json!([{"scheme": scheme, "value": value}]);
    let refused = |number, scheme: &str, value: &str, code| {
        let body = with("/child_references", child(scheme, value));
        bytes(number, body.to_string(), Fault("#/child_references/0/value".to_owned(), code))
    };
    cases.push(refused("B85", "upn", "B820200001001", "check_digit"));
    cases.push(refused("B86", "nhs_number", "9434765919", "scheme_not_allowed"));
    cases.push(refused("B86", "nhs_number", "9434765910", "scheme_not_allowed"));
    cases.push(refused("B86", "opaque", "943 476 5919", "pattern"));
    cases.push(refused("B86", "la_child_id", "Anna Smith", "pattern"));
    cases.push(refused("B86", "la_child_id", "Anna Smith 2019", "pattern"));
    cases.push(refused("B86", "opaque", "Smith", "pattern"));
    // B87: strict unless an agency's set-up says otherwise, because nothing takes a number out of a history again.
    for text in ["Lives at SW1A 1AA", "NHS 943 476 5919", "mother@example.org"] {
        cases.push(fault("B87", "/concern", json!(text), "personal_data"));
        cases.push(fault("B87", "/desired_outcome", json!(text), "personal_data"));
    }
    cases
}
