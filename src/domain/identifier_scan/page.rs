//! A text with the few questions that every detector asks of it.

/// The characters of a text as a reader sees them.
#[derive(Clone, Copy)]
pub(super) struct Page<'text>(pub(super) &'text [char]);

impl<'text> Page<'text> {
    pub(super) fn get(self, at: usize) -> Option<char> {
        self.0.get(at).copied()
    }

    pub(super) fn before(self, at: usize) -> Option<char> {
        at.checked_sub(1).and_then(|before| self.get(before))
    }

    /// The characters from `at` on that satisfy `fits`.
    pub(super) fn run(self, at: usize, fits: impl Fn(char) -> bool) -> &'text [char] {
        let rest = self.0.get(at..).unwrap_or_default();
        let len = rest.iter().position(|c| !fits(*c)).unwrap_or(rest.len());
        rest.get(..len).unwrap_or_default()
    }

    /// The letters and digits that begin at `at`, in upper case.
    pub(super) fn token(self, at: usize) -> String {
        let token = self.run(at, char::is_alphanumeric).iter();
        token.flat_map(|c| c.to_uppercase()).collect()
    }

    /// Whether no letter or digit stands directly before `at`.
    pub(super) fn starts_word(self, at: usize) -> bool {
        !self.before(at).is_some_and(char::is_alphanumeric)
    }

    /// Whether `at` begins something that is not the later part of a longer reference such as
    /// `NICHE-2026-0118` or a decimal: no letter or digit before it, nor one joined to it by a
    /// mark. After small letters a mark is punctuation, as in "mum-07700 900123".
    pub(super) fn starts_alone(self, at: usize) -> bool {
        let joined = |fits: fn(char) -> bool| self.before(at - 1).is_some_and(fits);
        match self.before(at) {
            Some(c) if c.is_alphanumeric() => false,
            Some('.') => !joined(char::is_numeric),
            Some('-' | '_') => !joined(|c| c.is_numeric() || c.is_uppercase()),
            _ => true,
        }
    }

    /// Whether what ends before `end` does not go on as a longer reference or a decimal.
    pub(super) fn ends_alone(self, end: usize) -> bool {
        match self.get(end) {
            Some(c) if c.is_alphanumeric() || c == '_' => false,
            Some('-' | '.') => !self.get(end + 1).is_some_and(char::is_numeric),
            _ => true,
        }
    }
}
