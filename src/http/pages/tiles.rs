//! The six headline figures as tiles: a number, how it stands in words, and what it stands beside.

use super::links::List;
use super::words::{self, counted};
use crate::domain::figures::Reconciliation;
use crate::domain::review::{
    AgencyLine, CountTile, DaysTile, OverdueTile, Pack, Reading, ShareTile,
};
use crate::domain::silence::Hearing;
use crate::domain::spc::{Assurance, Basis, Variation};

/// A tile.
pub(super) struct Tile {
    pub(super) title: &'static str,
    /// The entry of the dictionary that says what is counted.
    pub(super) metric: &'static str,
    pub(super) number: String,
    pub(super) unit: String,
    pub(super) href: String,
    /// The class of its colour.
    pub(super) tone: &'static str,
    /// Its icon in `templates/shapes.html`.
    pub(super) icon: &'static str,
    pub(super) state: String,
    /// What stands beside the number.
    pub(super) lines: Vec<String>,
}

const CONCERN: &str = "concern";
const COMMON: &str = "common";

/// The tiles in their order.
pub(super) fn tiles(pack: &Pack) -> [Tile; 6] {
    let tiles = &pack.tiles;
    [
        raised(pack, &tiles.new),
        open(pack, &tiles.open),
        overdue(pack, &tiles.overdue),
        in_time(pack, &tiles.in_time),
        median_days(pack, &tiles.median_days),
        ask(pack),
    ]
}

fn tone(variation: Variation) -> (&'static str, &'static str) {
    match variation {
        Variation::CommonCause => (COMMON, "i-usual"),
        Variation::ImprovementHigh => ("better", "i-up"),
        Variation::ImprovementLow => ("better", "i-down"),
        Variation::ConcernHigh => (CONCERN, "i-up"),
        Variation::ConcernLow => (CONCERN, "i-down"),
        Variation::NeutralHigh => ("signal", "i-up"),
        Variation::NeutralLow => ("signal", "i-down"),
        Variation::NotEnoughData => (COMMON, "i-few"),
    }
}

/// What is usual, and whether that still moves.
fn usual(reading: &Reading, range: Option<String>) -> Option<String> {
    let range = range?;
    let trial = reading.basis == Some(Basis::TrialLimits);
    Some(if trial { format!("Usual {range} (trial)") } else { format!("Usual {range}") })
}

fn usual_count(reading: &Reading) -> Option<String> {
    usual(reading, words::usual_counts(reading.lower, reading.upper))
}

/// Parts of a line as short sentences.
fn line(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(". ")
}

fn lines(all: impl IntoIterator<Item = String>) -> Vec<String> {
    all.into_iter().filter(|line| !line.is_empty()).collect()
}

fn raised(pack: &Pack, tile: &CountTile) -> Tile {
    let (tone, icon) = tone(tile.reading.variation);
    let late = (pack.received_late > 0)
        .then(|| format!("{} received more than 5 days later", words::count(pack.received_late)));
    Tile {
        title: "New this week",
        metric: "raised",
        number: words::count(tile.value),
        unit: String::new(),
        href: List::of(pack).between("raised", pack.starts_at, pack.ends_at).address(),
        tone,
        icon,
        state: tile.reading.variation.words().to_owned(),
        lines: lines([
            line([
                usual_count(&tile.reading),
                Some(format!("Last week {}", words::count(tile.last_week))),
            ]),
            line([late]),
        ]),
    }
}

/// How the number of open escalations came about, as one sum.
fn sum(it: &Reconciliation) -> String {
    let mut text =
        format!("{} + {} raised", words::count(it.open_at_start), words::count(it.raised));
    if it.reopened != 0 {
        text.push_str(&format!(" + {} reopened", words::count(it.reopened)));
    }
    text.push_str(&format!(" \u{2212} {} ended", words::count(it.ended)));
    if !it.balances {
        text.push_str(": does not add up");
    }
    text
}

fn open(pack: &Pack, tile: &CountTile) -> Tile {
    let (tone, icon) = tone(tile.reading.variation);
    let at = pack.ends_at.min(pack.data_to).to_string();
    Tile {
        title: if pack.part { "Open now" } else { "Open at close" },
        metric: "open_at_end",
        number: words::count(tile.value),
        unit: String::new(),
        href: List::of(pack).with("open_at", &at).address(),
        tone,
        icon,
        state: tile.reading.variation.words().to_owned(),
        lines: lines([
            line([
                usual_count(&tile.reading),
                Some(format!("Last week {}", words::count(tile.last_week))),
            ]),
            sum(&pack.reconciliation),
        ]),
    }
}

fn overdue(pack: &Pack, tile: &OverdueTile) -> Tile {
    let own = tone(tile.reading.variation);
    // What wants attention comes before how the number stands, which an average would hide.
    let ((tone, icon), state) = if tile.without_owner > 0 {
        let verb = if tile.without_owner == 1 { "has" } else { "have" };
        let state = format!("{} {verb} no owner", words::count(tile.without_owner));
        ((CONCERN, "i-attention"), state)
    } else if tile.high_stage > 0 {
        let state = format!("{} at stage 3 or higher", words::count(tile.high_stage));
        ((CONCERN, "i-attention"), state)
    } else if tile.value == 0 {
        ((COMMON, "i-usual"), "Nothing is late".to_owned())
    } else {
        (own, tile.reading.variation.words().to_owned())
    };
    let high = (tile.without_owner > 0 && tile.high_stage > 0)
        .then(|| format!("{} at stage 3 or higher", words::count(tile.high_stage)));
    let longest = tile
        .longest_working_days
        .map(|days| format!("Longest {} late", counted(days, "working day", "working days")));
    Tile {
        title: "Overdue",
        metric: "overdue",
        number: words::count(tile.value),
        unit: String::new(),
        href: List::of(pack).with("overdue", "true").address(),
        tone,
        icon,
        state,
        lines: lines([line([longest]), line([high, usual_count(&tile.reading)])]),
    }
}

fn target(value: &str, assurance: Option<Assurance>) -> String {
    match assurance {
        Some(assurance) => format!("Target {value}: {}", assurance.words().to_lowercase()),
        None => format!("Target {value}"),
    }
}

/// How a figure moves. Where it moves well and its target is still missed, that is said in the same breath.
fn beside_target(reading: &Reading, missed: bool) -> String {
    let words = reading.variation.words();
    let improves =
        matches!(reading.variation, Variation::ImprovementHigh | Variation::ImprovementLow);
    if missed && improves { format!("{words}, target missed") } else { words.to_owned() }
}

fn in_time(pack: &Pack, tile: &ShareTile) -> Tile {
    let (tone, icon) = tone(tile.reading.variation);
    let (number, unit, beside) = match tile.value {
        Some(share) => (
            words::percent(share),
            "%".to_owned(),
            Some(format!("{} of {} due", words::count(tile.in_time), words::count(tile.due))),
        ),
        None => (
            words::count(tile.in_time),
            format!("of {} due", words::count(tile.due)),
            Some("Fewer than 5: no percentage".to_owned()),
        ),
    };
    let share = |value: Option<f64>| value.map(|it| it * 100.0);
    let range = words::usual_measures(share(tile.reading.lower), share(tile.reading.upper))
        .map(|it| format!("{it}%"));
    Tile {
        title: "Answered in time",
        metric: "answered_in_time",
        number,
        unit,
        href: List::of(pack).between("due", pack.starts_at, pack.ends_at).address(),
        tone,
        icon,
        state: beside_target(&tile.reading, tile.value.is_some_and(|it| it < tile.target)),
        lines: lines([
            target(&format!("{}%", words::number(tile.target * 100.0)), tile.assurance),
            line([beside, usual(&tile.reading, range)]),
        ]),
    }
}

fn median_days(pack: &Pack, tile: &DaysTile) -> Tile {
    let (tone, icon) = tone(tile.reading.variation);
    let (number, unit) = match tile.median {
        Some(median) => (words::number(median), "days".to_owned()),
        None => (words::count(tile.n), "resolved: no median below 5".to_owned()),
    };
    let of = tile.median.map(|_| format!("Of {}, in working days", words::count(tile.n)));
    let most = tile.p90.map(|it| format!("9 in 10 within {}", words::number(it)));
    let children = tile.child_median.map(|it| format!("Children {} days", words::number(it)));
    let ended = List::of(pack).between("ended", pack.starts_at, pack.ends_at);
    let days = words::number(tile.target);
    Tile {
        title: "Median time to resolve",
        metric: "working_days_to_resolve",
        number,
        unit,
        href: ended.with("resolved", "true").address(),
        tone,
        icon,
        state: beside_target(&tile.reading, tile.median.is_some_and(|it| it > tile.target)),
        lines: lines([line([Some(target(&days, tile.assurance)), most]), line([of, children])]),
    }
}

fn ask(pack: &Pack) -> Tile {
    let tile = &pack.tiles.ask;
    let cut_off = |it: &&AgencyLine| it.ask && it.hearing == Hearing::NotConnected;
    let cut_off = pack.agencies.iter().filter(cut_off).count();
    let asked = pack.agencies.iter().filter(|it| it.ask).count();
    let names: Vec<&str> =
        pack.agencies.iter().filter(|it| it.ask).map(|it| it.name.as_str()).collect();
    let state = match (tile.value, cut_off) {
        (0, _) => "Nobody is quiet",
        (_, 0) => "Quiet",
        (_, cut_off) if cut_off == asked => "Not connected",
        _ => "Quiet or not connected",
    };
    let (tone, icon) = if tile.value > 0 { (CONCERN, "i-ask") } else { (COMMON, "i-usual") };
    let named = match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one}. {two}"),
        [one, two, more @ ..] => format!("{one}. {two}. And {} more", more.len()),
    };
    Tile {
        title: "Agencies to ask",
        metric: "agencies_to_ask",
        number: words::count(tile.value),
        unit: format!("of {}", words::count(tile.of)),
        href: "#hearing".to_owned(),
        tone,
        icon,
        state: state.to_owned(),
        lines: lines([named]),
    }
}
