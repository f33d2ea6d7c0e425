//! How much the search finds, and how often it cries wolf, measured on made-up narratives in which everything is marked.
//!
//! A mark is `[[kind:text]]`; an empty line ends a narrative. What is held out was written before the rules were, and no
//! rule is changed because of it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Finding, FindingKind, findings};

mod generator;

/// A file of narratives: its name, and whether it is held out.
const PARTS: [(&str, &str, bool); 4] = [
    ("written", include_str!("corpus/written.txt"), false),
    ("generated", include_str!("corpus/generated.txt"), false),
    ("written_held_out", include_str!("corpus/written_held_out.txt"), true),
    ("generated_held_out", include_str!("corpus/generated_held_out.txt"), true),
];

/// The least recall of what has a form of its own.
const RECALL: f64 = 0.95;
/// The least recall of names.
const RECALL_OF_NAMES: f64 = 0.60;
/// The most false findings in a narrative, on average.
const FALSE_IN_ONE: f64 = 0.2;
/// How often a kind must be marked in a part for its recall to mean something.
const ENOUGH: u32 = 10;

struct Narrative {
    text: String,
    marks: Vec<(FindingKind, Range<usize>)>,
}

fn narratives(file: &str) -> Vec<Narrative> {
    file.split("\n\n").map(str::trim).filter(|it| !it.is_empty()).map(read).collect()
}

fn read(marked: &str) -> Narrative {
    let mut parts = marked.split("[[");
    let mut text = parts.next().unwrap().to_owned();
    let mut marks = Vec::new();
    for part in parts {
        let (mark, rest) = part.split_once("]]").unwrap();
        let (kind, held) = mark.split_once(':').unwrap();
        let start = text.chars().count();
        text.push_str(held);
        marks.push((kind.parse().unwrap(), start..text.chars().count()));
        text.push_str(rest);
    }
    Narrative { text, marks }
}

fn meets(finding: &Finding, (kind, place): &(FindingKind, Range<usize>)) -> bool {
    finding.kind == *kind && finding.start < place.end && place.start < finding.end
}

#[derive(Default, Clone, Copy)]
struct Count {
    marked: u32,
    found: u32,
    wrong: u32,
}

impl Count {
    fn recall(self) -> f64 {
        f64::from(self.found) / f64::from(self.marked.max(1))
    }

    fn precision(self) -> f64 {
        let right = f64::from(self.found);
        if self.found + self.wrong == 0 { 1.0 } else { right / (right + f64::from(self.wrong)) }
    }
}

/// The counts of each kind in these narratives; with `lists`, what is missed and what is wrong is printed.
fn measured(all: &[Narrative], lists: bool) -> BTreeMap<FindingKind, Count> {
    let mut counts: BTreeMap<FindingKind, Count> =
        FindingKind::ALL.iter().map(|kind| (*kind, Count::default())).collect();
    for narrative in all {
        let found = findings(&narrative.text);
        let part = |place: Range<usize>| -> String {
            narrative.text.chars().skip(place.start).take(place.len()).collect()
        };
        for mark in &narrative.marks {
            let count = counts.get_mut(&mark.0).unwrap();
            count.marked += 1;
            if found.iter().any(|finding| meets(finding, mark)) {
                count.found += 1;
            } else if lists {
                println!("  missed {}: {}", mark.0, part(mark.1.clone()));
            }
        }
        for finding in &found {
            if !narrative.marks.iter().any(|mark| meets(finding, mark)) {
                counts.get_mut(&finding.kind).unwrap().wrong += 1;
                if lists {
                    println!("  wrong {}: {}", finding.kind, part(finding.start..finding.end));
                }
            }
        }
    }
    counts
}

fn part(held_out: bool) -> Vec<Narrative> {
    PARTS.iter().filter(|it| it.2 == held_out).flat_map(|it| narratives(it.1)).collect()
}

#[test]
fn what_is_found_and_what_is_not() {
    let mut below = Vec::new();
    for held_out in [false, true] {
        let all = part(held_out);
        let counts = measured(&all, !held_out);
        let title = if held_out { "held out" } else { "known to the rules" };
        println!("\n{} narratives, {title}\n", all.len());
        println!("| kind | marked | found | recall | false | precision |");
        println!("|---|---:|---:|---:|---:|---:|");
        let mut wrong = 0;
        for (kind, count) in &counts {
            println!(
                "| `{kind}` | {} | {} | {:.3} | {} | {:.3} |",
                count.marked,
                count.found,
                count.recall(),
                count.wrong,
                count.precision()
            );
            let bar = if *kind == FindingKind::PersonName { RECALL_OF_NAMES } else { RECALL };
            if count.marked < ENOUGH || count.recall() < bar {
                below.push(format!("{title}: {kind}"));
            }
            wrong += count.wrong;
        }
        let each = f64::from(wrong) / f64::from(u32::try_from(all.len()).unwrap());
        println!("\nfalse findings in a narrative: {each:.3}");
        if each > FALSE_IN_ONE {
            below.push(format!("{title}: false findings"));
        }
    }
    assert_eq!(below, Vec::<String>::new(), "below the bar, or too seldom marked to say");
}

#[test]
fn there_are_enough_narratives_and_the_written_ones_are_many() {
    let count = |name: &str| narratives(PARTS.iter().find(|it| it.0 == name).unwrap().1).len();
    assert!(count("written") + count("written_held_out") >= 60);
    assert!(PARTS.iter().map(|it| narratives(it.1).len()).sum::<usize>() >= 300);
}

#[test]
fn no_narrative_is_in_both_parts() {
    let texts = |held_out: bool| part(held_out).into_iter().map(|it| it.text);
    let known: std::collections::BTreeSet<String> = texts(false).collect();
    assert!(texts(true).all(|text| !known.contains(&text)));
}

#[test]
fn no_number_is_of_a_range_that_is_given_out() {
    for (name, file, _) in PARTS {
        for narrative in narratives(file) {
            for (kind, place) in narrative.marks {
                let held: String =
                    narrative.text.chars().skip(place.start).take(place.len()).collect();
                let plain: String = held
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect::<String>()
                    .to_uppercase();
                let made_up = match kind {
                    FindingKind::NhsNumber => plain.starts_with("999"),
                    FindingKind::Upn => plain[1..].starts_with("999"),
                    FindingKind::NationalInsurance => plain.starts_with("PZ"),
                    FindingKind::Phone => {
                        ["07700900", "447700900", "01632960", "01134960", "02079460", "08081570"]
                            .iter()
                            .any(|range| plain.starts_with(range))
                    }
                    FindingKind::Email => {
                        held.rsplit('.').next() == Some("example") || held.contains("example.")
                    }
                    // Districts 90 to 97 of these areas do not exist.
                    FindingKind::Postcode => {
                        ["RG9", "OX9", "TA9", "DT9", "HR9", "LD9"]
                            .iter()
                            .any(|area| plain.starts_with(area))
                            && plain.len() == 7
                    }
                    FindingKind::LongNumber => {
                        plain.starts_with("999") && !super::is_nhs_number(&plain)
                    }
                    FindingKind::DateOfBirth | FindingKind::PersonName => true,
                };
                assert!(made_up, "{name}: {kind} {held}");
            }
        }
    }
}

#[test]
fn the_generated_parts_are_what_the_generator_makes() {
    let parts = [("generated", generator::KNOWN), ("generated_held_out", generator::HELD_OUT)];
    for (name, stock) in parts {
        let made = stock.text();
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain/identifier_scan/corpus/");
            std::fs::write(format!("{place}{name}.txt"), &made).unwrap();
            continue;
        }
        let kept = PARTS.iter().find(|it| it.0 == name).unwrap().1;
        assert_eq!(kept, made, "write it again with UPDATE_CORPUS=1");
    }
}
