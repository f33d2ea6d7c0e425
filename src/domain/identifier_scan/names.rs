//! Names of persons, told by the words around them; hints only, because nothing in a name itself is certain.

use std::ops::Range;

use super::page::Page;
use super::vocabulary::{Meaning, meaning};

/// The most words of a name; a longer row of capitals is a heading.
const MAX_WORDS: usize = 4;
/// The most characters between a name and the word that tells it.
const MAX_GAP: usize = 3;
/// The most words like "is" between a name and the word that tells it.
const MAX_FILLERS: usize = 3;

/// Where names of persons appear to stand, in order. Every word is looked at a bounded number of times.
pub(super) fn names(page: Page<'_>) -> Vec<Range<usize>> {
    let words = words(page);
    let text = Text { page, words: &words };
    let mut found = Vec::new();
    let mut joined_to_name = false;
    let mut and_is_next = false;
    let mut at = 0;
    while at < words.len() {
        let end = text.end_of_run(at);
        if end == at {
            // The "and" itself; after any other word the names before are forgotten.
            joined_to_name = joined_to_name && std::mem::take(&mut and_is_next);
            at += 1;
            continue;
        }
        let run = Run { first: at, end };
        let told = text.is_name(run) || (joined_to_name && text.follows_name(run));
        if told && let Some(place) = text.place(run) {
            found.push(place);
        }
        joined_to_name = told && text.goes_on_with_another(end);
        and_is_next = joined_to_name;
        at = end;
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `Anna`, `O'Neil`, `McKay`, `Hart-Moss`.
    Proper,
    /// `ANNA`.
    Capitals,
    /// `A`.
    Initial,
    /// Anything else.
    Other,
}

struct Word {
    start: usize,
    /// Behind the last letter of the name itself.
    end: usize,
    /// Behind the `'s`, where there is one.
    full_end: usize,
    shape: Shape,
    capital: bool,
    possessive: bool,
    meaning: Meaning,
}

#[derive(Clone, Copy)]
struct Run {
    first: usize,
    end: usize,
}

impl Run {
    const fn is_pair(self) -> bool {
        self.end - self.first >= 2
    }
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// Letters and digits, with apostrophes and hyphens between letters.
fn words(page: Page<'_>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = page.get(at) {
        if !c.is_alphanumeric() {
            at += 1;
            continue;
        }
        let start = at;
        while let Some(c) = page.get(at) {
            let joins = (is_apostrophe(c) || c == '-')
                && page.before(at).is_some_and(char::is_alphabetic)
                && page.get(at + 1).is_some_and(char::is_alphabetic);
            if !c.is_alphanumeric() && !joins {
                break;
            }
            at += 1;
        }
        words.push(Word::new(page, start, at));
    }
    words
}

impl Word {
    fn new(page: Page<'_>, start: usize, end: usize) -> Self {
        let before_last = |back: usize| end.checked_sub(back).filter(|at| *at > start);
        let ends_in_s =
            before_last(1).and_then(|at| page.get(at)).is_some_and(|c| c == 's' || c == 'S');
        let possessive =
            ends_in_s && before_last(2).and_then(|at| page.get(at)).is_some_and(is_apostrophe);
        let full_end = end;
        let end = if possessive { end - 2 } else { end };
        let letters = || (start..end).filter_map(|at| page.get(at));
        let capital = page.get(start).is_some_and(char::is_uppercase);
        let plain = letters().all(|c| c.is_alphabetic() || is_apostrophe(c) || c == '-');
        let shape = if !capital || !plain {
            Shape::Other
        } else if end - start == 1 {
            Shape::Initial
        } else if letters().any(char::is_lowercase) {
            Shape::Proper
        } else {
            Shape::Capitals
        };
        let key: String =
            letters().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        Self { start, end, full_end, shape, capital, possessive, meaning: meaning(&key) }
    }

    fn may_be_name(&self) -> bool {
        self.shape != Shape::Other && self.meaning == Meaning::Unknown
    }
}

#[derive(Clone, Copy)]
struct Text<'text> {
    page: Page<'text>,
    words: &'text [Word],
}

impl<'text> Text<'text> {
    fn meaning(self, at: usize) -> Option<Meaning> {
        self.words.get(at).map(|word| word.meaning)
    }

    /// What stands between the word before `at` and the word at `at`.
    fn gap_before(self, at: usize) -> Option<&'text [char]> {
        let before = self.words.get(at.checked_sub(1)?)?;
        self.page.0.get(before.full_end..self.words.get(at)?.start)
    }

    /// Whether the word at `at` follows its neighbour as in one name.
    fn is_joined(self, at: usize) -> bool {
        let after_initial = at
            .checked_sub(1)
            .and_then(|before| self.words.get(before))
            .is_some_and(|it| it.shape == Shape::Initial);
        match self.gap_before(at) {
            Some([' ']) => true,
            Some(['.'] | ['.', ' ']) => after_initial,
            _ => false,
        }
    }

    /// Whether only blanks and light marks stand there, so that both belong to one phrase.
    fn is_near(self, at: usize) -> bool {
        let light = |c: &char| " ,(:-/\"'\u{2018}\u{2019}\u{201C}\u{201D}".contains(*c);
        self.gap_before(at).is_some_and(|gap| gap.len() <= MAX_GAP && gap.iter().all(light))
    }

    /// The end of the words from `first` on that may be one name; `first` itself when there are none.
    fn end_of_run(self, first: usize) -> usize {
        let fits = |at: usize| self.words.get(at).is_some_and(Word::may_be_name);
        let mut end = first;
        while fits(end) && (end == first || self.is_joined(end)) {
            end += 1;
            // What stands behind a possessive is what somebody has.
            if self.words.get(end - 1).is_some_and(|word| word.possessive) {
                break;
            }
        }
        end
    }

    fn place(self, run: Run) -> Option<Range<usize>> {
        Some(self.words.get(run.first)?.start..self.words.get(run.end.checked_sub(1)?)?.end)
    }

    fn in_run(self, run: Run) -> &'text [Word] {
        self.words.get(run.first..run.end).unwrap_or_default()
    }

    /// Whether it can be one at all: capitals alone are abbreviations, and names of agencies have words of the work.
    fn could_be_name(self, run: Run, capitals: bool) -> bool {
        let words = self.in_run(run);
        let named = |word: &Word| {
            word.shape == Shape::Proper
                || (capitals && word.shape == Shape::Capitals && word.end - word.start > 2)
        };
        // "Reading BC", "Unique ID".
        let short = |word: &Word| word.shape == Shape::Capitals && word.end - word.start <= 2;
        words.len() <= MAX_WORDS
            && words.iter().any(named)
            && !words.iter().any(short)
            && !self.is_of_work(run.first.checked_sub(1), run.first, true)
            && (words.last().is_some_and(|word| word.possessive)
                || !self.is_of_work(Some(run.end), run.end, false))
    }

    /// Whether a neighbour, joined at `joint`, makes it the name of an agency or a place.
    fn is_of_work(self, neighbour: Option<usize>, joint: usize, only_capital: bool) -> bool {
        let word = neighbour.and_then(|at| self.words.get(at));
        word.is_some_and(|word| word.meaning == Meaning::Work && (word.capital || !only_capital))
            && self.is_joined(joint)
    }

    fn is_name(self, run: Run) -> bool {
        if self.is_addressed(run) {
            return self.could_be_name(run, true);
        }
        self.could_be_name(run, false)
            && (self.is_introduced(run) || self.is_explained(run) || self.is_possessor(run))
    }

    /// After "Mr", "Dr", "PC".
    fn is_addressed(self, run: Run) -> bool {
        let title = run.first.checked_sub(1);
        let is_title = title.and_then(|at| self.words.get(at)).is_some_and(|word| {
            word.meaning == Meaning::Title && (word.capital || self.is_title_in_small_letters(word))
        });
        is_title && matches!(self.gap_before(run.first), Some([' '] | ['.'] | ['.', ' ']))
    }

    /// "mr" and "dr"; "ms" is a thousandth of a second, "miss" a verb.
    fn is_title_in_small_letters(self, word: &Word) -> bool {
        matches!(self.page.0.get(word.start..word.full_end), Some(['m' | 'd', 'r']))
    }

    /// After a word that a name follows, with words like "is" between them.
    fn is_introduced(self, run: Run) -> bool {
        let mut at = run.first;
        let mut fillers = 0;
        loop {
            if !self.is_near(at) {
                return false;
            }
            let Some(before) = at.checked_sub(1) else { return false };
            match self.meaning(before) {
                Some(Meaning::Filler) if fillers < MAX_FILLERS => {
                    fillers += 1;
                    at = before;
                }
                Some(meaning) => return self.fits_introduction(meaning, before, run, fillers),
                None => return false,
            }
        }
    }

    fn fits_introduction(self, meaning: Meaning, cue: usize, run: Run, fillers: usize) -> bool {
        let directly = fillers == 0;
        match meaning {
            Meaning::Introduction => {
                !self.gap_before(run.first).is_some_and(|gap| gap.contains(&'('))
            }
            // "Known as", "goes by": the filler is the second word.
            Meaning::Known => !directly,
            Meaning::Called => {
                // "Is called", "a boy called": without article it is who rang whom.
                let back = |by| cue.checked_sub(by).and_then(|at| self.meaning(at));
                let somebody = matches!(back(1), Some(Meaning::Person | Meaning::PersonOfWork))
                    && matches!(back(2), Some(Meaning::Filler | Meaning::Common));
                run.is_pair() || back(1) == Some(Meaning::Filler) || somebody
            }
            Meaning::Person => run.is_pair() || (directly && self.is_close(run)),
            Meaning::PersonOfWork => {
                let capital = self.words.get(cue).is_some_and(|word| word.capital);
                run.is_pair() || (directly && !capital && self.is_close(run))
            }
            Meaning::Professional => run.is_pair(),
            Meaning::Pronoun => run.is_pair() && !directly,
            _ => false,
        }
    }

    /// One word only: directly behind, or in brackets.
    fn is_close(self, run: Run) -> bool {
        matches!(self.gap_before(run.first), Some([' '] | [' ', '('] | ['(']))
    }

    /// Before a word that says who it is: "Anna Testwood (mother)", "Anna Testwood, aged 9".
    fn is_explained(self, run: Run) -> bool {
        let mut at = run.end;
        for _ in 0..=MAX_FILLERS {
            if !self.is_near(at) {
                return false;
            }
            let bracket = self.gap_before(at).is_some_and(|gap| gap.contains(&'('));
            match self.meaning(at) {
                Some(Meaning::Filler) => at += 1,
                Some(Meaning::Age) => return run.is_pair(),
                Some(Meaning::Person | Meaning::PersonOfWork) => {
                    return run.is_pair() || (bracket && self.closes(at));
                }
                Some(Meaning::Professional) => {
                    let marked = self.gap_before(at).is_some_and(|gap| gap != [' ']);
                    return run.is_pair() && marked;
                }
                Some(Meaning::Unknown) => {
                    return run.is_pair() && bracket && self.is_age(at) && self.closes(at);
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether the bracket ends behind the word.
    fn closes(self, at: usize) -> bool {
        self.words.get(at).and_then(|word| self.page.get(word.full_end)) == Some(')')
    }

    /// One or two digits.
    fn is_age(self, at: usize) -> bool {
        self.words.get(at).is_some_and(|word| {
            word.end - word.start <= 2
                && (word.start..word.end)
                    .all(|at| self.page.get(at).is_some_and(|c| c.is_ascii_digit()))
        })
    }

    /// "Anna's mother".
    fn is_possessor(self, run: Run) -> bool {
        let possessive = self.in_run(run).last().is_some_and(|word| word.possessive);
        possessive && self.is_joined(run.end) && self.meaning(run.end) == Some(Meaning::Person)
    }

    /// Whether "and" follows, so that the next name belongs to the same words.
    fn goes_on_with_another(self, end: usize) -> bool {
        if self.gap_before(end).is_some_and(|gap| gap == [' ', '&', ' ']) {
            return true;
        }
        let and =
            self.words.get(end).is_some_and(|word| word.end - word.start == 3 && !word.capital);
        and && self.is_joined(end)
            && self.is_joined(end + 1)
            && self.words.get(end).is_some_and(|word| {
                (word.start..word.end)
                    .zip("and".chars())
                    .all(|(at, c)| self.page.get(at) == Some(c))
            })
    }

    /// The second of two: "Anna and Tom".
    fn follows_name(self, run: Run) -> bool {
        self.could_be_name(run, false)
    }
}
