//! The arithmetic that tells an NHS number or a pupil number from any other string of the same
//! shape.

/// The 23 letters of a pupil number's check letter, in order of their value; I, O and S are
/// left out because they look like digits.
const UPN_LETTERS: &str = "ABCDEFGHJKLMNPQRTUVWXYZ";

/// Whether ten digits, without blanks, are a well-formed NHS number.
///
/// Source: NHS Data Dictionary, modulus 11: digits 1 to 9 are weighted 10 to 2 and summed; the
/// remainder of the sum by 11 is subtracted from 11; 11 becomes 0 and 10 cannot occur; the result
/// is digit 10. `0000000000` satisfies the arithmetic and is nobody's number. True proves the
/// form, never that the person exists.
#[must_use]
pub fn is_nhs_number(text: &str) -> bool {
    let Some(digits) = digits_of(text) else {
        return false;
    };
    if digits.len() != 10 || digits.iter().all(|digit| *digit == 0) {
        return false;
    }
    let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        11 => 0,
        check => check,
    };
    digits.last() == Some(&check)
}

/// Whether a well-formed NHS number lies in the range that is only ever used for tests.
///
/// Source: the 999 range that NHS England reserves for synthetic records.
#[must_use]
pub fn is_nhs_test_number(text: &str) -> bool {
    text.starts_with("999")
}

/// Whether 13 characters have the form of a unique pupil number: a letter, eleven digits, and a
/// digit or, for a temporary number, a letter.
#[must_use]
pub fn has_upn_form(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next().and_then(upn_value);
    let last = characters.next_back();
    let middle = characters.as_str();
    first.is_some()
        && middle.len() == 11
        && middle.bytes().all(|byte| byte.is_ascii_digit())
        && last.is_some_and(|c| c.is_ascii_digit() || upn_value(c).is_some())
}

/// Whether 13 upper-case characters are a well-formed unique pupil number, permanent or temporary.
///
/// Source: Department for Education, unique pupil numbers: characters 2 to 13 are multiplied by
/// their position and summed; the remainder by 23 picks the first letter. A temporary number ends
/// in a letter, which counts with its value.
#[must_use]
pub fn is_upn(text: &str) -> bool {
    if !has_upn_form(text) {
        return false;
    }
    let mut characters = text.chars();
    let letter = characters.next();
    let sum: u32 = characters
        .zip(2..)
        .filter_map(|(c, position)| Some(c.to_digit(10).or_else(|| upn_value(c))? * position))
        .sum();
    letter.and_then(upn_value) == Some(sum % 23)
}

fn upn_value(c: char) -> Option<u32> {
    (0..).zip(UPN_LETTERS.chars()).find_map(|(value, letter)| (letter == c).then_some(value))
}

fn digits_of(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nhs_numbers_are_told_by_modulus_11() {
        for valid in ["9434765919", "4010232137", "9990000018", "9990000026", "9990000123"] {
            assert!(is_nhs_number(valid), "{valid}");
        }
        for wrong in [
            "0000000000",
            "9434765918",
            "943476591",
            "94347659190",
            "943476591a",
            "",
            "943 476 5919",
        ] {
            assert!(!is_nhs_number(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_remainder_that_gives_ten_has_no_check_digit() {
        for last in 0..10 {
            assert!(!is_nhs_number(&format!("999000000{last}")), "{last}");
        }
    }

    #[test]
    fn pupil_numbers_are_told_by_modulus_23() {
        for valid in [
            "B801200005001",
            "M80120000500A",
            "D870000025001",
            "T870000025002",
            "G870000025003",
            "P207000016049",
        ] {
            assert!(is_upn(valid), "{valid}");
        }
        for wrong in [
            // The worked example on two vendors' help pages adds up to 267; the sum is 266.
            "Q207000016049",
            "A801200005001",
            "B80120000500",
            "B8012000050011",
            "I801200005001",
            "B80120000500O",
            "b801200005001",
            "B8012O0005001",
            "",
        ] {
            assert!(!is_upn(wrong), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_prefix_of_nine_digits_has_at_most_one_nhs_number(prefix in 1u32..1_000_000_000) {
            let fitting = (0..10)
                .filter(|last| is_nhs_number(&format!("{prefix:09}{last}")))
                .count();
            proptest::prop_assert!(fitting <= 1);
        }

        #[test]
        fn a_pupil_number_has_exactly_one_letter(body in 0u64..1_000_000_000_000) {
            let fitting = UPN_LETTERS
                .chars()
                .filter(|letter| is_upn(&format!("{letter}{body:012}")))
                .count();
            proptest::prop_assert_eq!(fitting, 1);
        }
    }
}
