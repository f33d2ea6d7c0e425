//! What changed, from `CHANGELOG.md`: a page for people, and a feed for their readers.

use std::fmt::Write as _;

use super::prose::{Block, Piece, anchor, blocks};

/// The changelog of this program.
const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");

/// Its blocks, without the title that the page itself has.
pub fn shown() -> Vec<Block> {
    let mut all = blocks(CHANGELOG);
    for (number, block) in all.iter_mut().enumerate() {
        // "Added" stands under each release.
        if let Block::Heading { anchor, .. } = block {
            *anchor = format!("{anchor}-{number}");
        }
    }
    all.into_iter().filter(|it| !matches!(it, Block::Heading { depth: 1, .. })).collect()
}

/// An Atom feed (RFC 4287) with one entry for each release, and one for what is not released yet. `base` is the address of
/// the service as its caller knows it. An entry without a date has the day on which this version of the service was made
/// known first, because a feed must name one.
pub fn feed(base: &str) -> String {
    let base = escaped(base);
    let mut entries = String::new();
    let mut latest = String::new();
    for release in CHANGELOG.split("\n## ").skip(1) {
        let (title, rest) = release.split_once('\n').unwrap_or((release, ""));
        // A release says when it was made: `## 1.2.0 – 2027-01-31`.
        let day = title.rsplit(' ').next().filter(|it| it.parse::<jiff::civil::Date>().is_ok());
        let updated = format!("{}T00:00:00Z", day.unwrap_or(FIRST));
        if updated > latest {
            latest.clone_from(&updated);
        }
        let words: Vec<String> = blocks(rest).iter().map(plain).collect();
        // Writing into a String cannot fail.
        let _ = writeln!(
            entries,
            "<entry><title>{title}</title><id>{base}/docs/changelog#{id}</id><updated>{updated}</updated>\
             <link href=\"{base}/docs/changelog\"/><content type=\"text\">{words}</content></entry>",
            title = escaped(title),
            id = anchor(title),
            words = escaped(words.join("\n").trim()),
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <title>Escalation tracker: what changed</title><id>{base}/docs/changelog</id><updated>{latest}</updated>\
         <author><name>Escalation tracker</name></author><link rel=\"self\" href=\"{base}/docs/changelog.atom\"/>\n{entries}</feed>\n"
    )
}

/// The day on which the contract was kept first.
const FIRST: &str = "2026-11-22";

fn plain(block: &Block) -> String {
    let run = |pieces: &[Piece]| -> String {
        let word = |piece: &Piece| match piece {
            Piece::Text(words) | Piece::Code(words) | Piece::Strong(words) => words.clone(),
            Piece::Link { words, .. } => words.clone(),
        };
        pieces.iter().map(word).collect()
    };
    match block {
        Block::Heading { text, .. } => format!("\n{}:", run(text)),
        Block::Paragraph(text) => run(text),
        Block::Points(points) => {
            let points: Vec<_> = points.iter().map(|it| format!("- {}", run(it))).collect();
            points.join("\n")
        }
        Block::Lines(lines) => lines.clone(),
        Block::Table { .. } => String::new(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_has_an_entry_for_each_part_of_the_changelog() {
        let feed = feed("https://tracker.example");
        let parts = CHANGELOG.lines().filter(|line| line.starts_with("## ")).count();
        assert!(parts > 0);
        assert_eq!(feed.matches("<entry>").count(), parts);
        assert_eq!(feed.matches("</content></entry>").count(), parts);
        assert!(feed.contains("<id>https://tracker.example/docs/changelog#unreleased</id>"));
        assert!(!feed.contains("`POST"), "marks of the text are not words");
    }
}
