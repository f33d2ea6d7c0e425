//! Which characters a reader cannot see, because a reference or a text that only looks right
//! would slip past every other check.

use unicode_normalization::UnicodeNormalization;

/// Whether a character leaves no mark on the page though it is no blank: soft hyphen, joiners,
/// text-direction marks, variation selectors, tag characters, fillers.
///
/// Source: the default-ignorable code points of the Unicode standard, with the interlinear
/// annotation marks.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a character is a hyphen, a dash or a minus sign, however it was typed.
#[must_use]
pub const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

/// The text as a reader sees it, each character with the place where it stands in the original,
/// counted in characters: invisible ones left out, compatibility forms (full-width digits,
/// mathematical letters) replaced by the ordinary ones, dashes by `-`, blanks by one blank sort.
pub fn as_seen(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.chars()
        .enumerate()
        .filter(|(_, c)| !is_invisible(*c))
        .flat_map(|(at, c)| std::iter::once(c).nfkc().map(move |seen| (at, seen)))
        .map(|(at, c)| match c {
            '\n' | '\r' => (at, '\n'),
            c if c.is_whitespace() => (at, ' '),
            c if is_dash(c) => (at, '-'),
            c => (at, c),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_left_out_and_places_stay_true() {
        let seen: Vec<(usize, char)> = as_seen("a\u{200B}９\u{2011}\u{A0}z").collect();
        assert_eq!(seen, [(0, 'a'), (2, '9'), (3, '-'), (4, ' '), (5, 'z')]);
    }

    #[test]
    fn letters_blanks_and_accents_can_be_seen() {
        for c in ['a', 'É', ' ', '\u{301}', '中', '-', '😀'] {
            assert!(!is_invisible(c), "{c:?}");
        }
        for c in ['\u{AD}', '\u{200D}', '\u{202E}', '\u{2069}', '\u{FEFF}', '\u{E0041}'] {
            assert!(is_invisible(c), "{c:?}");
        }
    }
}
