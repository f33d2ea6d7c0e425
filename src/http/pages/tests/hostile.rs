//! Nothing that somebody wrote can become part of the page.

use super::super::Who;
use super::{fixture::pack, frame, page_of, render, tags, view};
use crate::domain::review::Pack;

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></svg></table>",
    "A & B &lt; C",
    "\u{202e}gnirts\u{202c} \u{05e9}\u{05dc}\u{05d5}\u{05dd}",
    "{{ page.csrf }}",
];

/// A pack in which every text that comes from people is this one.
fn spoilt(text: &str) -> Pack {
    let mut pack = pack();
    let text = || text.to_owned();
    for notice in &mut pack.notices {
        (notice.words, notice.group, notice.agency) = (text(), Some(text()), Some(text()));
    }
    for chart in [&mut pack.raised, &mut pack.median_days] {
        (chart.message, chart.method) = (text(), text());
        (chart.rebases[0].reason, chart.rebases[0].by) = (text(), text());
    }
    for column in &mut pack.asked.columns {
        (column.code, column.label, column.short) = (text(), text(), text());
        column.agencies = vec![text()];
    }
    for row in &mut pack.asked.rows {
        (row.group, row.label) = (text(), text());
        (row.themes[0].code, row.themes[0].label) = (text(), text());
    }
    for line in &mut pack.agencies {
        (line.name, line.tag, line.meaning) = (text(), text(), text());
    }
    for line in pack.urgent.iter_mut().chain(&mut pack.overdue).chain(&mut pack.oldest) {
        (line.reference, line.theme_label) = (text(), text());
        (line.raised_by_name, line.raised_with_name) = (text(), text());
        (line.owner, line.next_step) = (Some(text()), Some(text()));
    }
    pack
}

/// The names of elements and attributes in order: what a browser takes for HTML.
fn skeleton(html: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let mut name = String::new();
        let (mut quoted, mut end) = (false, tag.len());
        for (place, c) in tag.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = place;
                    break;
                }
                other if !quoted => name.push(other),
                _ => {}
            }
        }
        names.push(name);
        rest = &tag[end..];
    }
    names
}

#[test]
fn no_text_changes_the_structure_of_the_page() {
    let plain = skeleton(&page_of(&spoilt("x")));
    assert!(plain.len() > 1_000);
    for text in HOSTILE {
        let mut frame = frame();
        frame.partnership = Some((*text).to_owned());
        frame.who =
            Some(Who { name: (*text).to_owned(), role: "Director", csrf: (*text).to_owned() });
        let page = render(&spoilt(text), &view(), &frame).expect("renders");
        assert!(skeleton(&page) == plain, "{text}");
        assert!(tags(&page, "script").is_empty() && tags(&page, "img").is_empty(), "{text}");
        assert!(!page.contains(text) || !text.contains(['<', '>', '"', '\'', '&']), "{text}");
    }
}

#[test]
fn a_text_that_turns_the_writing_round_stays_in_its_own_place() {
    let page = page_of(&spoilt(HOSTILE[5]));
    // Every agency has the same name here, so each escalation is within one.
    let within: Vec<_> = page.match_indices("Within ").collect();
    assert!(within.len() > 10);
    for (at, words) in within {
        assert!(page[at + words.len()..].starts_with("<bdi>"));
    }
    let others = page_of(&pack());
    let arrows: Vec<_> = others.match_indices(" → ").collect();
    assert!(arrows.len() > 5);
    for (at, arrow) in arrows {
        let after = &others[at + arrow.len()..];
        assert!(others[..at].ends_with("</bdi>") && after.starts_with("<bdi>"));
    }
}

#[test]
fn no_template_switches_escaping_off() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut seen = 0;
    let inside = |folder: std::path::PathBuf| {
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path())
    };
    let all = inside(folder.clone()).chain(inside(folder.join("auth")));
    for path in all.filter(|path| path.is_file()) {
        let template = std::fs::read_to_string(&path).unwrap();
        let off = ["safe", "escape", "autoescape"].iter().any(|it| {
            template.contains(&format!("|{it}")) || template.contains(&format!("| {it}"))
        });
        assert!(!off, "{}", path.display());
        assert!(template.lines().count() < 300, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 10);
}
