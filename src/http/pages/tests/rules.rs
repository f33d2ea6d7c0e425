//! What holds for every page: the content policy, the structure, the names, the weight.

use std::collections::BTreeSet;

use super::{pages, tags, text};

/// What a page may weigh before it is packed. Packed it is a tenth of that; unpacked is measured
/// because it needs no packer.
const MOST_BYTES: usize = 220_000;

#[test]
fn nothing_on_a_page_needs_more_than_its_content_policy_allows() {
    for page in pages() {
        for forbidden in
            ["<script", "<style", "<iframe", "<img", "javascript:", " style=", "http:", "https:"]
        {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        for attribute in page.split(" on").skip(1) {
            let name: String = attribute.chars().take_while(char::is_ascii_lowercase).collect();
            assert!(!attribute[name.len()..].starts_with('='), "on{name}");
        }
    }
}

#[test]
fn every_table_has_a_caption_and_every_head_a_scope() {
    for page in pages() {
        for (at, _) in tags(&page, "table") {
            let inside = &page[at..];
            let start = inside.find('>').expect("ends") + 1;
            assert!(inside[start..].trim_start().starts_with("<caption"), "{:.80}", inside);
        }
        for (_, tag) in tags(&page, "th") {
            assert!(tag.contains("scope=\"col\"") || tag.contains("scope=\"row\""), "{tag}");
        }
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

#[test]
fn every_id_is_unique_and_every_reference_leads_to_one() {
    for page in pages() {
        let mut ids = BTreeSet::new();
        for id in page.split(" id=\"").skip(1).map(|it| it.split('"').next().expect("ends")) {
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
        let labels = page.split("aria-labelledby=\"").skip(1);
        let labels = labels.flat_map(|it| it.split('"').next().expect("ends").split(' '));
        let anchors = page.split("href=\"#").skip(1).map(|it| it.split('"').next().expect("ends"));
        for named in labels.chain(anchors) {
            assert!(ids.contains(named), "{named}");
        }
    }
}

#[test]
fn headings_begin_with_one_h1_and_skip_no_level() {
    for page in pages() {
        let mut headings: Vec<(usize, u32)> = (1..=6)
            .flat_map(|level| {
                tags(&page, &format!("h{level}")).into_iter().map(move |(at, _)| (at, level))
            })
            .collect();
        headings.sort_unstable();
        assert_eq!(headings.iter().filter(|(_, level)| *level == 1).count(), 1);
        assert_eq!(headings.first().map(|(_, level)| *level), Some(1));
        for pair in headings.windows(2) {
            assert!(pair[1].1 <= pair[0].1 + 1, "{pair:?}");
        }
    }
}

#[test]
fn a_page_says_its_language_its_title_and_how_to_skip_to_its_content() {
    for page in pages() {
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"));
        let title = page.split_once("<title>").expect("a title").1;
        assert!(title.starts_with(
            "Weekly escalation review, Week 45: Monday 3 to Sunday 9 November 2025 – Anyborough"
        ));
        assert!(page.contains("<a class=\"skip\" href=\"#main\">"));
        for name in ["header", "main", "footer", "nav"] {
            assert_eq!(tags(&page, name).len(), 1, "{name}");
        }
    }
}

#[test]
fn links_that_read_the_same_lead_to_the_same_place() {
    for page in pages() {
        let mut seen: Vec<(String, String)> = Vec::new();
        for (at, tag) in tags(&page, "a") {
            let end = at + page[at..].find("</a>").expect("ends");
            let words = text(&page[at..end]);
            let href = attribute(tag, "href").expect(tag).to_owned();
            // A number in a table is told apart by its row and its column.
            if words.len() > 6 && !words.starts_with("ESC-") {
                seen.push((words, href));
            }
        }
        assert!(seen.len() > 8);
        for (words, href) in &seen {
            let other = seen.iter().find(|(same, to)| same == words && to != href);
            assert!(other.is_none(), "{words}: {href} {other:?}");
        }
    }
}

#[test]
fn a_shape_stands_beside_a_word_and_never_alone() {
    for page in pages() {
        for (at, tag) in tags(&page, "svg") {
            let decorative = tag.contains("aria-hidden=\"true\"");
            let named = tag.contains("role=\"img\" aria-labelledby=");
            // The drawing of the line inside a chart belongs to it.
            assert!(decorative || named || tag.contains("preserveAspectRatio"), "{tag}");
            if tag.contains("class=\"shape\"") {
                let end = at + page[at..].find("</li>").expect("in a list");
                assert!(!text(&page[at..end]).is_empty(), "{tag}");
            }
        }
    }
}

#[test]
fn a_page_is_light() {
    for page in pages() {
        assert!(page.len() < MOST_BYTES, "{}", page.len());
    }
}

#[test]
fn nobody_signs_out_without_a_token_and_nobody_unknown_at_all() {
    let all = pages();
    let form = "<form method=\"post\" action=\"/auth/logout\"><input type=\"hidden\" name=\"csrf\" value=\"token\">";
    assert!(all[0].contains(form) && all[0].contains("class=\"demo\""));
    assert!(!all[3].contains("<form") && !all[3].contains("class=\"demo\""));
}
