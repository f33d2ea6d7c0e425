//! Which references are accepted, and that none of them leaks.

use super::*;

fn all_schemes() -> SchemePolicy {
    SchemePolicy { allowed: Scheme::ALL.iter().copied().collect(), test_range_allowed: false }
}

fn outcome(scheme: Scheme, text: &str, policy: &SchemePolicy) -> String {
    match ChildReference::parse(scheme, text, policy) {
        Ok(reference) => reference.lookup_text(),
        Err(error) => error.code().to_owned(),
    }
}

#[test]
fn nhs_numbers_pass_only_with_their_check_digit() {
    for (text, expected) in [
        ("943 476 5919", "nhs_number:9434765919"),
        ("401-023-2137", "nhs_number:4010232137"),
        ("９４３ ４７６ ５９１９", "nhs_number:9434765919"),
        ("943\u{A0}476\u{2011}5919", "nhs_number:9434765919"),
        ("999 000 0018", "test_range"),
        ("999 000 0026", "test_range"),
        ("999 000 0123", "test_range"),
        ("000 000 0000", "check_digit"),
        ("943 476 5918", "check_digit"),
        ("943 476 591", "too_short"),
        ("943 476 59190", "too_long"),
        ("943 476 591A", "pattern"),
        ("NHS 943 476 5919", "pattern"),
        ("", "too_short"),
    ] {
        assert_eq!(outcome(Scheme::NhsNumber, text, &all_schemes()), expected, "{text:?}");
    }
    let synthetic = SchemePolicy { test_range_allowed: true, ..all_schemes() };
    assert_eq!(outcome(Scheme::NhsNumber, "999 000 0018", &synthetic), "nhs_number:9990000018");
}

#[test]
fn nhs_numbers_are_off_until_the_partnership_decides() {
    let policy = SchemePolicy::default();
    for text in ["943 476 5919", "not even a number", ""] {
        assert_eq!(outcome(Scheme::NhsNumber, text, &policy), "scheme_not_allowed");
    }
    for scheme in Scheme::ALL.iter().filter(|scheme| **scheme != Scheme::NhsNumber) {
        assert!(policy.allowed.contains(scheme), "{scheme}");
    }
}

#[test]
fn pupil_numbers_pass_only_with_their_letter() {
    for (text, expected) in [
        ("B801200005001", "upn:B801200005001"),
        ("b801200005001", "upn:B801200005001"),
        ("B 801 2000 05 001", "upn:B801200005001"),
        ("M80120000500A", "upn:M80120000500A"),
        ("D870000025001", "upn:D870000025001"),
        ("T870000025002", "upn:T870000025002"),
        ("G870000025003", "upn:G870000025003"),
        ("P207000016049", "upn:P207000016049"),
        ("Q207000016049", "check_digit"),
        ("A801200005001", "check_digit"),
        ("I801200005001", "pattern"),
        ("8012000050011", "pattern"),
        ("B80120000500", "too_short"),
        ("B8012000050012", "too_long"),
    ] {
        assert_eq!(outcome(Scheme::Upn, text, &all_schemes()), expected, "{text:?}");
    }
}

#[test]
fn identifiers_are_normalised_so_that_one_child_has_one_key() {
    for (text, expected) in [
        ("R1234567", "la_child_id:R1234567"),
        (" r-123 4567 ", "la_child_id:R1234567"),
        ("ｒ１２３４５６７", "la_child_id:R1234567"),
        ("r\u{2013}1234567", "la_child_id:R1234567"),
        ("2026/0099#1_a.b", "la_child_id:2026/0099#1_A.B"),
        ("7", "la_child_id:7"),
        ("", "too_short"),
        (" - ", "too_short"),
    ] {
        assert_eq!(outcome(Scheme::LaChildId, text, &all_schemes()), expected, "{text:?}");
    }
    let longest = "1".repeat(40);
    assert_eq!(
        outcome(Scheme::LaChildId, &longest, &all_schemes()),
        format!("la_child_id:{longest}")
    );
    for len in [41, 200, 201, 100_000] {
        assert_eq!(outcome(Scheme::LaChildId, &"1".repeat(len), &all_schemes()), "too_long");
    }
}

#[test]
fn names_and_look_alikes_are_no_identifiers() {
    for text in [
        "Sam Jones",
        "SAMJONES",
        "Sam Jones 2015-02-01",
        "O'Brien 2015",
        "Zoë 12",
        "Р1234567",
        "R123456７Ⅷ़",
        "R123@example.org",
        "R123\u{301}",
        "child: 123",
        "<script>1</script>",
        "R123;DROP",
        "٣١٢٣٤",
    ] {
        assert_eq!(outcome(Scheme::LaChildId, text, &all_schemes()), "pattern", "{text:?}");
    }
}

#[test]
fn characters_that_cannot_be_seen_are_refused() {
    for hidden in [
        '\u{0}',
        '\u{7}',
        '\t',
        '\n',
        '\u{7F}',
        '\u{85}',
        '\u{AD}',
        '\u{200B}',
        '\u{200D}',
        '\u{200E}',
        '\u{202A}',
        '\u{202E}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{FEFF}',
        '\u{E0001}',
        '\u{E0041}',
        '\u{FE0F}',
    ] {
        let text = format!("R123{hidden}4567");
        let told = outcome(Scheme::LaChildId, &text, &all_schemes());
        assert_eq!(told, "disallowed_character", "{hidden:?}");
    }
}

#[test]
fn an_opaque_value_does_not_smuggle_an_nhs_number() {
    for (text, expected) in [
        ("943 476 5919", "pattern"),
        ("943.476.5919", "pattern"),
        ("NHS 943 476 5919", "pattern"),
        ("nhs-no:9434765919", "pattern"),
        ("NHSNO9434765919", "pattern"),
        ("999 000 0018", "pattern"),
        ("943 476 5918", "opaque:9434765918"),
        ("X9434765919", "opaque:X9434765919"),
        ("a1b2c3d4e5f6", "opaque:A1B2C3D4E5F6"),
    ] {
        assert_eq!(outcome(Scheme::Opaque, text, &all_schemes()), expected, "{text:?}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_the_value() {
    let reference =
        ChildReference::parse(Scheme::LaChildId, "R1234567", &all_schemes()).expect("accepted");
    assert_eq!(format!("{reference:?}"), "ChildReference { scheme: LaChildId, .. }");
    let refused = ChildReference::parse(Scheme::NhsNumber, "9434765918", &all_schemes())
        .expect_err("wrong digit");
    assert!(!format!("{refused} {refused:?}").contains("943"));
    assert_eq!(ChildReference::restore(Scheme::LaChildId, "R1234567".to_owned()), reference);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it_and_normalising_is_final(text in "\\PC{0,60}", pick in 0usize..8) {
        let scheme = Scheme::ALL[pick];
        if let Ok(reference) = ChildReference::parse(scheme, &text, &all_schemes()) {
            let again = ChildReference::parse(scheme, reference.value(), &all_schemes());
            proptest::prop_assert_eq!(again, Ok(reference));
        }
    }
}
