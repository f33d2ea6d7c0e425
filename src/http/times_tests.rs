//! B62 and B65 to B75 of the catalogue of bad inputs, tried on the readers of times alone.

use super::*;

fn code(text: &str) -> &'static str {
    Instant::parse(text).map_or_else(FieldCode::code, |_| "ok")
}

#[test]
fn an_instant_has_exactly_one_form() {
    for (text, expected) in [
        ("2025-02-30T00:00:00Z", "invalid_date"), // B65
        ("2025-02-29T00:00:00Z", "invalid_date"),
        ("2026-13-01T00:00:00Z", "invalid_date"),
        ("2026-00-10T00:00:00Z", "invalid_date"),
        ("2024-02-29T00:00:00Z", "ok"),
        ("2026-01-01T24:00:00Z", "invalid_datetime"), // B66
        ("2026-01-01T23:59:60Z", "invalid_datetime"),
        ("2026-01-01T25:00Z", "invalid_datetime"),
        ("2026-01-01T25:00", "invalid_datetime"),
        ("2026-01-01T10:00:00", "offset_required"), // B67
        ("2026-01-01T10:00:00.5", "offset_required"),
        ("2026-01-01T10:00:00-00:00", "invalid_datetime"),
        ("2026-01-01T10:00:00+99:00", "invalid_datetime"),
        ("2026-01-01T10:00:00+23:59", "invalid_datetime"),
        ("2026-01-01T10:00:00+14:01", "invalid_datetime"),
        ("2026-01-01T10:00:00+01:60", "invalid_datetime"),
        ("2026-01-01T10:00:00+1:00", "invalid_datetime"),
        ("2026-01-01T10:00:00+0100", "invalid_datetime"),
        ("2026-01-01T10:00:00+14:00", "ok"),
        ("2026-01-01T10:00:00-14:00", "ok"),
        ("2026-01-01T10:00:00+00:00", "ok"),
        ("-0001-01-01T00:00:00Z", "out_of_range"), // B70
        ("0000-01-01T00:00:00Z", "out_of_range"),
        ("+10000-01-01T00:00:00Z", "out_of_range"),
        ("10000-01-01T00:00:00Z", "out_of_range"),
        ("1899-12-31T23:59:59Z", "out_of_range"),
        ("9999-12-31T00:00:00Z", "out_of_range"),
        ("1900-01-01T00:00:00+14:00", "ok"),
        ("9998-12-31T23:59:59-14:00", "ok"),
        ("infinity", "invalid_datetime"), // B71
        ("now", "invalid_datetime"),
        ("today", "invalid_datetime"),
        ("epoch", "invalid_datetime"),
        ("allballs", "invalid_datetime"),
        ("", "invalid_datetime"),
        ("2026-1-1T0:0:0Z", "invalid_datetime"), // B72
        ("2026-01-01 00:00:00Z", "invalid_datetime"),
        ("20260101T000000Z", "invalid_datetime"),
        ("2026-W01-1", "invalid_datetime"),
        ("2026-001T00:00:00Z", "invalid_datetime"),
        ("01/02/2026", "invalid_datetime"),
        ("1767225600", "invalid_datetime"),
        ("2026-01-01", "invalid_datetime"),
        ("2026-01-01t00:00:00Z", "invalid_datetime"),
        ("2026-01-01T00:00:00z", "invalid_datetime"),
        (" 2026-01-01T00:00:00Z", "invalid_datetime"),
        ("2026-01-01T00:00:00Z ", "invalid_datetime"),
        ("2026-01-01T00:00:00Z[Europe/London]", "invalid_datetime"),
        ("2026-01-01T00:00:00,5Z", "invalid_datetime"),
        ("2026-01-01T00:00:00.Z", "invalid_datetime"),
        ("２０２６-01-01T00:00:00Z", "invalid_datetime"),
        ("2026-01-0é", "invalid_datetime"),
        ("2026-01-01T00:00:00.123456789Z", "ok"), // B73
        ("2026-01-01T00:00:00.1234567890Z", "invalid_datetime"),
    ] {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn fractions_are_cut_to_microseconds_and_offsets_applied() {
    let read = |text| Instant::parse(text).unwrap().0.to_string();
    assert_eq!(read("2026-01-01T00:00:00.123456789Z"), "2026-01-01T00:00:00.123456Z");
    assert_eq!(read("2026-01-01T00:00:00.9999999Z"), "2026-01-01T00:00:00.999999Z");
    assert_eq!(read("2026-01-01T00:30:00.5+01:00"), "2025-12-31T23:30:00.5Z");
}

#[test]
fn days_and_weeks_must_exist() {
    for (text, expected) in [
        ("2026-02-28", "ok"),
        ("2026-02-30", "invalid_date"),
        ("2026-1-1", "invalid_date"),
        ("46082", "invalid_date"),
        ("5/6/2026", "invalid_date"),
        ("2026-02-28T00:00:00Z", "invalid_date"),
        ("1899-01-01", "out_of_range"),
    ] {
        assert_eq!(Day::parse(text).map_or_else(FieldCode::code, |_| "ok"), expected, "{text}");
    }
    for (text, expected) in [
        ("2026-W53", "ok"), // B62
        ("2025-W53", "invalid_week"),
        ("2026-W54", "invalid_week"),
        ("2026-W00", "invalid_week"),
        ("2026-w10", "invalid_week"),
        ("2026W10", "invalid_week"),
        ("2026-W1", "invalid_week"),
        ("1800-W10", "out_of_range"),
    ] {
        assert_eq!(parse_week(text).map_or_else(FieldCode::code, |_| "ok"), expected, "{text}");
    }
    assert_eq!(parse_week("2026-W53").unwrap().date().to_string(), "2026-12-28");
}
