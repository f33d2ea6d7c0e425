//! The part of the catalogue that is about HTTP and about values in addresses and times.

use serde_json::json;

use super::bad_input_cases::Expected::{self, Fault, Parameter, Problem};
use super::bad_input_cases::{Case, MARKER, bytes, fault, stored, valid, with};

fn get(number: &'static str, target: &str, expected: Expected) -> Case {
    let request = format!("GET {target}");
    Case { number, request, headers: Vec::new(), body: Vec::new(), expected }
}

fn sent_as(number: &'static str, headers: &[(&'static str, &str)], slug: &'static str) -> Case {
    let mut case = bytes(number, valid().to_string(), Problem(415, slug));
    case.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    case
}

/// B32 to B38 and B48: codings, media types, methods.
pub fn framing() -> Vec<Case> {
    let json = ("content-type", "application/json");
    // B33: there is no import, and no operation takes a compressed body.
    let mut cases = Vec::new();
    for (number, coding) in
        [("B32", "gzip"), ("B34", "gzip, gzip"), ("B34", "br"), ("B34", "deflate"), ("B34", MARKER)]
    {
        cases.push(sent_as(number, &[json, ("content-encoding", coding)], "unsupported-encoding"));
    }
    cases.push(sent_as("B35", &[], "unsupported-media-type"));
    for kind in [
        "text/plain",
        "application/json; charset=latin1",
        "application",
        "application/json;",
        MARKER,
    ] {
        cases.push(sent_as("B35", &[("content-type", kind)], "unsupported-media-type"));
    }
    for kind in [
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/xml",
        "text/csv",
    ] {
        cases.push(sent_as("B36", &[("content-type", kind)], "unsupported-media-type"));
    }
    cases.push(sent_as(
        "B37",
        &[("content-type", "application/merge-patch+json")],
        "unsupported-media-type",
    ));
    for kind in ["application/json-patch+json", "application/json"] {
        let mut case = sent_as(
            "B37",
            &[("content-type", kind), ("if-match", "\"1\"")],
            "unsupported-media-type",
        );
        case.request = "PATCH /v1/escalations/{id}".to_owned();
        cases.push(case);
    }
    for (target, accept) in [
        ("/v1/escalations/{id}", "image/png"),
        ("/v1/escalations/{id}", "text/csv"),
        ("/v1/escalations/{id}/events", "text/csv"),
        ("/v1/escalations", "image/png"),
        ("/v1/escalations", MARKER),
    ] {
        let mut case = get("B38", target, Problem(406, "not-acceptable"));
        case.headers = vec![("accept", accept.to_owned())];
        cases.push(case);
    }
    // CONNECT is not for origin servers, and clients do not send it to one.
    for method in ["TRACE", "FOO", "PUT", "DELETE"] {
        let mut case = get("B48", "", Problem(405, "method-not-allowed"));
        case.request = format!("{method} /v1/escalations/{{id}}");
        cases.push(case);
    }
    cases
}

/// B56 to B63: identifiers and parameters.
pub fn queries() -> Vec<Case> {
    let mut cases = Vec::new();
    for id in [
        "x",
        "0190A1B2-0000-7000-8000-00000000000A",
        "urn:uuid:0190a1b2-0000-7000-8000-00000000000a",
        "0190a1b200007000800000000000000a",
        "0190a1b2-0000-7000-8000-00000000000a",
    ] {
        cases.push(get("B56", &format!("/v1/escalations/{id}"), Problem(404, "not-found")));
        cases.push(get("B56", &format!("/v1/escalations/{id}/events"), Problem(404, "not-found")));
    }
    // B57: other agencies, and events under other escalations, are in the test of agencies: no operation reads one event.
    for (query, pointer, code) in [
        ("unknown=1", "?unknown", "unknown_parameter"),
        ("limit=1&limit=1", "?limit", "repeated_parameter"),
        ("limit=0", "?limit", "out_of_range"),
        ("limit=201", "?limit", "out_of_range"),
        ("limit=-1", "?limit", "wrong_type"),
        ("limit=abc", "?limit", "wrong_type"),
        ("limit=1e2", "?limit", "wrong_type"),
        ("limit=Zq7mark", "?limit", "wrong_type"),
        ("status=Zq7mark", "?status", "unknown_code"),
        ("raised_by_agency=Zq7mark", "?raised_by_agency", "unknown_reference"),
        ("overdue=Zq7mark", "?overdue", "wrong_type"),
    ] {
        cases.push(get("B58", &format!("/v1/escalations?{query}"), Parameter(pointer, code)));
    }
    // B59 and B60 need cursors that were given out; they are in the test of lists.
    for cursor in ["x".to_owned(), "A".repeat(87), "A".repeat(7_000)] {
        cases.push(get(
            "B59",
            &format!("/v1/escalations?cursor={cursor}"),
            Problem(400, "invalid-cursor"),
        ));
    }
    cases.push(get(
        "B59",
        &format!("/v1/escalations?cursor={}", "A".repeat(10_240)),
        Problem(414, "uri-too-long"),
    ));
    cases.push(get(
        "B61",
        "/v1/escalations?sort=raised_at;drop%20table",
        Parameter("?sort", "unknown_code"),
    ));
    let injected = "/v1/escalations?filter[x]=1)or(1=1";
    cases.push(get("B61", injected, Parameter("?filter%5Bx%5D", "unknown_parameter")));
    // B62: weeks are the figures'; they are in the test of the aggregation. A list may span any time.
    let reversed =
        "/v1/escalations?raised_from=2026-02-01T00:00:00Z&raised_to=2026-01-01T00:00:00Z";
    cases.push(get("B62", reversed, Parameter("?raised_to", "inconsistent")));
    for name in ["child_reference", "nhs_number", "child"] {
        let target = format!("/v1/escalations?{name}={MARKER}");
        let pointer = match name {
            "child_reference" => "?child_reference",
            "nhs_number" => "?nhs_number",
            _ => "?child",
        };
        cases.push(get("B63", &target, Parameter(pointer, "unknown_parameter")));
    }
    cases.push(get("B64", "/v1/escalations/", Problem(404, "not-found")));
    cases.push(get("B64", "/v1/escalations;jsessionid=1", Problem(404, "not-found")));
    cases
}

/// B65 to B76: instants.
pub fn instants() -> Vec<Case> {
    let at = "/raised_at";
    let mut cases = Vec::new();
    let mut refused = |number, code, all: &[&str]| {
        for text in all {
            cases.push(fault(number, at, json!(text), code));
            cases.push(fault(number, "/delay/started_at", json!(text), code));
        }
    };
    let days = [
        "2025-02-30T09:00:00Z",
        "2025-02-29T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-00-10T09:00:00Z",
    ];
    refused("B65", "invalid_date", &days);
    let times = [
        "2026-11-01T24:00:00Z",
        "2026-11-01T23:59:60Z",
        "2026-11-01T25:00:00Z",
        "2026-11-01T25:00Z",
    ];
    refused("B66", "invalid_datetime", &times);
    refused("B67", "offset_required", &["2026-11-01T09:00:00"]);
    let offsets =
        ["2026-11-01T09:00:00-00:00", "2026-11-01T09:00:00+99:00", "2026-11-01T09:00:00+23:59"];
    refused("B67", "invalid_datetime", &offsets);
    // B68 and B69: every instant is sent with its offset, so no local time can be missing or twofold.
    refused("B68", "offset_required", &["2026-03-29T01:30:00"]);
    refused("B69", "offset_required", &["2026-10-25T01:30:00"]);
    let years = [
        "-0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "1899-12-31T00:00:00Z",
        "9999-01-01T00:00:00Z",
    ];
    refused("B70", "out_of_range", &years);
    refused("B71", "invalid_datetime", &["infinity", "now", "today", "epoch", "allballs", MARKER]);
    let forms = [
        "2026-1-1T0:0:0Z",
        "2026-01-01 00:00:00Z",
        "20260101T000000Z",
        "2026-W01-1",
        "01/02/2026",
        "2026-11-01T09:00Z",
        "2026-11-01t09:00:00z",
    ];
    refused("B72", "invalid_datetime", &forms);
    refused(
        "B73",
        "invalid_datetime",
        &["2026-11-01T09:00:00.0123456789Z", "2026-11-01T09:00:00.Z"],
    );
    cases.push(fault("B72", at, json!(1_767_225_600), "wrong_type"));
    let cut = json!("2026-11-01T09:00:00.123456Z");
    cases.push(stored("B73", at, json!("2026-11-01T09:00:00.123456789Z"), cut.clone()));
    cases.push(stored("B73", at, json!("2026-11-01T10:00:00.123456+01:00"), cut));
    // It is 2026-11-18 10:00 UTC; clocks of others may be five minutes ahead.
    cases.push(fault("B74", at, json!("2026-11-18T10:06:00Z"), "in_future"));
    cases.push(stored("B74", at, json!("2026-11-18T10:04:00Z"), json!("2026-11-18T10:04:00Z")));
    for (name, code) in
        [("concern_arose_at", "in_future"), ("emergency_action_taken_at", "in_future")]
    {
        let body = with(&format!("/{name}"), json!("2026-11-18T10:06:00Z"));
        if name == "emergency_action_taken_at" {
            cases.push(bytes("B74", body.to_string(), Fault(format!("#/{name}"), code)));
        }
    }
    cases.push(fault("B75", "/concern_arose_at", json!("1999-12-31T23:59:59Z"), "too_old"));
    cases.push(fault("B75", "/concern_arose_at", json!("2008-11-18T09:59:59Z"), "too_old"));
    let oldest = json!("2008-11-18T10:00:00Z");
    cases.push(stored("B75", "/concern_arose_at", oldest.clone(), oldest));
    // Not too old, but before the calendar: no due instant can be counted, and none is guessed.
    let uncounted = with(at, json!("2016-11-18T10:00:00Z"));
    cases.push(bytes("B75", uncounted.to_string(), Problem(422, "no-calendar")));
    // B76: a delay has no length of its own to contradict, and an ending without outcome cannot be written.
    cases.push(fault("B76", "/delay/occurred_at", json!("2026-11-16T08:59:59Z"), "inconsistent"));
    cases.push(fault("B76", "/concern_arose_at", json!("2026-11-18T10:00:01Z"), "inconsistent"));
    cases
}
