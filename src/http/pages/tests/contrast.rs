//! Every pair of colours in which the style sheet sets something, by the formula of WCAG 2.2.

use std::collections::BTreeMap;

use super::super::assets::STYLE;

/// Text needs 4.5 to 1, shapes and lines that carry meaning 3 to 1.
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

const PAIRS: &[(&str, &str, f64)] = &[
    ("ink", "paper", TEXT),
    ("ink", "soft", TEXT),
    ("ink", "demo", TEXT),
    ("ink", "focus", TEXT),
    ("mute", "paper", TEXT),
    ("mute", "soft", TEXT),
    ("faint", "paper", TEXT),
    ("link", "paper", TEXT),
    ("link", "soft", TEXT),
    ("paper", "link", TEXT),
    ("paper", "brand", TEXT),
    ("paper", "ink", TEXT),
    ("usual", "paper", TEXT),
    ("worse", "paper", TEXT),
    ("signal", "paper", TEXT),
    ("target", "paper", TEXT),
    ("grey-ink", "paper", TEXT),
    ("grey-ink", "band", TEXT),
    ("ink", "heat-1", TEXT),
    ("ink", "heat-2", TEXT),
    ("paper", "heat-3", TEXT),
    ("paper", "heat-4", TEXT),
    ("red-ink", "red-tag", TEXT),
    ("orange-ink", "orange-tag", TEXT),
    ("purple-ink", "purple-tag", TEXT),
    ("grey-ink", "grey-tag", TEXT),
    ("green-ink", "green-tag", TEXT),
    ("blue-ink", "blue-tag", TEXT),
    ("usual", "band", SHAPE),
    ("better", "paper", SHAPE),
    ("better", "band", SHAPE),
    ("better", "soft", SHAPE),
    ("worse", "band", SHAPE),
    ("worse", "soft", SHAPE),
    ("signal", "band", SHAPE),
    ("signal", "soft", SHAPE),
    ("target", "band", SHAPE),
    ("limit", "band", SHAPE),
    ("trace", "band", SHAPE),
    ("ink", "band", SHAPE),
    ("rule", "paper", SHAPE),
];

fn style() -> &'static str {
    std::str::from_utf8(STYLE).expect("UTF-8")
}

fn tokens() -> BTreeMap<&'static str, [f64; 3]> {
    let root = style().split_once(":root {").expect(":root").1.split_once('}').expect("}").0;
    root.split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
        .map(|(name, hex)| {
            let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect(hex);
            (name, [0, 2, 4].map(|at| luminance(f64::from(part(at)) / 255.0)))
        })
        .collect()
}

fn luminance(share: f64) -> f64 {
    if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let light = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    let (one, other) = (light(one), light(other));
    one.max(other) / one.min(other)
}

#[test]
fn every_pair_has_enough_contrast() {
    let tokens = tokens();
    assert!(tokens.len() > 30);
    let faults: Vec<String> = PAIRS
        .iter()
        .map(|(one, other, least)| (one, other, least, contrast(tokens[one], tokens[other])))
        .filter(|(_, _, least, found)| found < least)
        .map(|(one, other, least, found)| format!("{one} on {other}: {found:.2} < {least}"))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_formula_gives_the_known_values() {
    let tokens = tokens();
    for (one, other, known) in [
        ("mute", "paper", "8.33"),
        ("link", "paper", "6.62"),
        ("paper", "heat-3", "4.95"),
        ("paper", "heat-4", "10.25"),
        ("usual", "paper", "5.76"),
        ("signal", "paper", "9.06"),
    ] {
        assert_eq!(format!("{:.2}", contrast(tokens[one], tokens[other])), known, "{one} {other}");
    }
}

#[test]
fn colours_are_named_once_and_fetch_nothing() {
    let rules = style().split_once('}').expect("a rule").1;
    // A margin box of a page knows no properties of the document.
    let loose: Vec<&str> =
        rules.lines().filter(|line| line.contains(": #") && !line.contains("@bottom")).collect();
    assert!(loose.is_empty() && !rules.contains("rgb("), "{loose:?}");
    assert!(!style().contains("url(") && !style().contains("@import"));
    for property in style().split("var(--").skip(1) {
        let name = property.split(')').next().expect("a name");
        assert!(tokens().contains_key(name), "{name} is no property");
    }
}

#[test]
fn paper_narrow_pages_and_forced_colours_have_rules_of_their_own() {
    for part in [
        "@page {\n  size: A4 portrait;",
        "counter(page) \" of \" counter(pages)",
        "@media print {",
        "break-before: page",
        "@media (forced-colors: active)",
        "@media (max-width: 640px)",
        ":focus-visible",
    ] {
        assert!(style().contains(part), "{part}");
    }
}

#[test]
fn no_text_on_the_screen_is_smaller_than_13_px() {
    let screen = style().split_once("@page {").expect("@page").0;
    for size in screen.split("font-size: ").skip(1) {
        let size = size.split(';').next().expect("a size");
        let pixels: f64 = size.strip_suffix("px").expect(size).parse().expect(size);
        assert!(pixels >= 13.0, "{size}");
    }
}
