//! What a chart says in one word: how the latest point stands, and whether a target can be relied on.

use super::{Basis, Chart, ChartKind, Point, SignalSide};
use crate::domain::codes::codes;

codes! {
    /// Which way is better. Neither is for the number raised: a rise may be a culture that improves,
    /// and nought may be a warning.
    pub enum Goodness {
        /// Higher is better, as for the share in time.
        Higher => "higher",
        /// Lower is better, as for days to resolve and for what is overdue.
        Lower => "lower",
        /// Neither is better.
        Neutral => "neutral",
    }
}

codes! {
    /// How the latest point of a chart stands.
    pub enum Variation {
        /// No signal: what differs from the weeks before is chance.
        CommonCause => "common_cause",
        /// A signal on the high side, where high is better.
        ImprovementHigh => "improvement_high",
        /// A signal on the low side, where low is better.
        ImprovementLow => "improvement_low",
        /// A signal on the high side, where low is better.
        ConcernHigh => "concern_high",
        /// A signal on the low side, where high is better.
        ConcernLow => "concern_low",
        /// A signal on the high side, where neither is better.
        NeutralHigh => "neutral_high",
        /// A signal on the low side, where neither is better.
        NeutralLow => "neutral_low",
        /// Too few points to say anything: no icon and no colour.
        NotEnoughData => "not_enough_data",
    }
}

codes! {
    /// Whether a process as it is now can be relied on to meet a target.
    pub enum Assurance {
        /// The target lies beyond the limits on the good side.
        ConsistentlyPasses => "consistently_passes",
        /// The target lies beyond the limits on the bad side.
        ConsistentlyFails => "consistently_fails",
        /// The target lies within the limits: whether a week meets it is chance.
        HitAndMiss => "hit_and_miss",
    }
}

impl Variation {
    /// The words of a tile, of a chart and of a file: the same everywhere.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::CommonCause => "Usual variation",
            Self::ImprovementHigh | Self::ImprovementLow => "Improving",
            Self::ConcernHigh | Self::ConcernLow => "Worsening",
            Self::NeutralHigh => "Higher than usual",
            Self::NeutralLow => "Lower than usual",
            Self::NotEnoughData => "Not enough data",
        }
    }

    /// What a signal on this side means where that direction is better.
    #[must_use]
    pub const fn of(side: SignalSide, better: Goodness) -> Self {
        match (side, better) {
            (SignalSide::High, Goodness::Higher) => Self::ImprovementHigh,
            (SignalSide::High, Goodness::Lower) => Self::ConcernHigh,
            (SignalSide::High, Goodness::Neutral) => Self::NeutralHigh,
            (SignalSide::Low, Goodness::Higher) => Self::ConcernLow,
            (SignalSide::Low, Goodness::Lower) => Self::ImprovementLow,
            (SignalSide::Low, Goodness::Neutral) => Self::NeutralLow,
        }
    }
}

impl Assurance {
    /// The words of a tile, of a chart and of a file: the same everywhere.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ConsistentlyPasses => "Always met",
            Self::ConsistentlyFails => "Not met",
            Self::HitAndMiss => "Sometimes met",
        }
    }
}

impl Chart {
    /// The latest point that has a value. It may be older than the latest week: say which week it is.
    #[must_use]
    pub fn latest(&self) -> Option<&Point> {
        self.points.iter().rev().find(|point| point.value.is_some())
    }

    /// How the latest point stands.
    ///
    /// Of several signals the first labels it; a rising trend below the centre points high. Time and
    /// occasions between events are neutral, whatever `better` says.
    #[must_use]
    pub fn variation(&self, better: Goodness) -> Variation {
        let better = match self.kind {
            ChartKind::T | ChartKind::G => Goodness::Neutral,
            ChartKind::Xmr | ChartKind::C | ChartKind::U => better,
        };
        if !self.can_be_read() {
            return Variation::NotEnoughData;
        }
        self.latest()
            .and_then(Point::label)
            .map_or(Variation::CommonCause, |signal| Variation::of(signal.side, better))
    }

    /// Whether the process can be relied on to meet `target`, in the unit of the values, by the limits
    /// of its latest point; the value of that point plays no part.
    ///
    /// None where neither direction is better and where there are too few points. A target on a
    /// limit is hit and miss.
    #[must_use]
    pub fn assurance(&self, target: f64, better: Goodness) -> Option<Assurance> {
        let lines = self.latest().filter(|_| self.can_be_read())?.lines?;
        let (passes, fails) = match better {
            Goodness::Higher => (target < lines.lower, target > lines.upper),
            Goodness::Lower => (target > lines.upper, target < lines.lower),
            Goodness::Neutral => return None,
        };
        Some(match (passes, fails) {
            (true, _) => Assurance::ConsistentlyPasses,
            (_, true) => Assurance::ConsistentlyFails,
            _ => Assurance::HitAndMiss,
        })
    }

    /// Whether the latest segment has enough points to be judged.
    fn can_be_read(&self) -> bool {
        self.segments.last().is_some_and(|segment| segment.basis != Basis::NotEnoughData)
    }
}
