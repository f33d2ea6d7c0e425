//! The words in which silence is told: what to do, and never that all is well.

use super::{AgencyHearing, Hearing};

impl Hearing {
    /// The short words of a tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::NotConnected => "Not connected",
            Self::NilReturn => "Said: nothing to raise",
            Self::Quiet => "Quiet: ask",
            Self::NeverReported => "Never reported",
            Self::LowerThanUsual => "Lower than usual",
            Self::TooFewToTell => "Too few to tell",
            Self::Usual => "Usual",
        }
    }

    /// What it means and what to do.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NotConnected => {
                "Its systems have not been heard: repair the connection. Read nothing into the \
                 silence."
            }
            Self::NilReturn => {
                "It said on record that there was nothing to raise. That is its word for this week, \
                 not a finding."
            }
            Self::Quiet => {
                "It has raised nothing for longer than chance explains: check confidence to raise."
            }
            Self::NeverReported => {
                "It has raised nothing since it joined: check that people know how to, and \
                 confidence to raise."
            }
            Self::LowerThanUsual => {
                "It raises fewer than its own past makes likely: check confidence to raise."
            }
            Self::TooFewToTell => {
                "So few are expected that silence would say nothing, in either direction."
            }
            Self::Usual => {
                "It raises about as many as before. Whether that is enough is not known."
            }
        }
    }
}

impl AgencyHearing {
    /// How rare this is by chance: once in so many times; none when the chance is not known.
    #[must_use]
    pub fn one_in(&self) -> Option<f64> {
        self.chance.map(|chance| chance.max(f64::MIN_POSITIVE).recip())
    }

    /// The chance in words; none when it is not known.
    #[must_use]
    pub fn chance_in_words(&self) -> Option<String> {
        let words = match self.one_in()? {
            often if often < 2.0 => "By chance more often than 1 in 2".to_owned(),
            rare if rare > 1000.0 => "By chance less often than 1 in 1,000".to_owned(),
            // Rounded down, so that it never sounds rarer than it is.
            between => format!("By chance 1 in {:.0}", between.floor()),
        };
        Some(words)
    }

    /// A sentence or two for the panel: what was seen, how likely it is by chance, and what to do.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        match (self.hearing, self.empty_weeks) {
            (Hearing::NotConnected, _) | (_, 0) => {}
            (_, 1) => words.push_str("Nothing raised for 1 week. "),
            (_, weeks) => words.push_str(&format!("Nothing raised for {weeks} weeks. ")),
        }
        if let Some(chance) = self.chance_in_words() {
            words.push_str(&chance);
            words.push_str(". ");
        }
        words.push_str(self.hearing.meaning());
        if self.hearing == Hearing::NilReturn && self.ask {
            words.push_str(&format!(
                " It has said so for {} weeks in a row: check confidence to raise.",
                self.nil_returns_in_a_row
            ));
        }
        words
    }
}
