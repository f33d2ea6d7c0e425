//! What the review page promises: it says the pack's numbers, it cannot be written into, and everybody can read it.

use askama::Template;

use super::{Frame, Place, ReviewPage, Side, View, Weeks, Who};
use crate::domain::review::Pack;
use fixture::{empty_pack, pack, week};

mod contrast;
mod fixture;
mod hostile;
mod numbers;
mod rules;

fn frame() -> Frame {
    Frame {
        raises: false,
        made_up: true,
        who: Some(Who {
            name: "Demo Director".to_owned(),
            role: "Director",
            csrf: "token".to_owned(),
        }),
        partnership: Some("Anyborough Safeguarding Children Partnership".to_owned()),
        place: Place::Review,
    }
}

fn render(pack: &Pack, view: &View, frame: &Frame) -> Result<String, askama::Error> {
    ReviewPage::new(pack, view, frame.clone()).render()
}

fn view() -> View {
    View { weeks: Weeks::FiftyTwo, side: Side::Asked, previous: Some(week("2025-W44")), next: None }
}

fn page_of(pack: &Pack) -> String {
    render(pack, &view(), &frame()).expect("renders")
}

/// The pages that every rule is tried on.
fn pages() -> Vec<String> {
    let mut long = pack();
    long.overdue = long.overdue.iter().cycle().take(30).cloned().collect();
    let narrow = View {
        weeks: Weeks::Thirteen,
        side: Side::RaisedBy,
        previous: None,
        next: Some(week("2025-W46")),
    };
    let stranger = Frame { who: None, made_up: false, place: Place::Elsewhere, ..frame() };
    vec![
        page_of(&pack()),
        page_of(&empty_pack()),
        page_of(&long),
        render(&pack(), &narrow, &stranger).expect("renders"),
    ]
}

/// The places of `<name` in a page, each with the text of its start tag.
fn tags<'a>(html: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .filter(|(at, _)| html[at + open.len()..].starts_with([' ', '>', '\n', '/']))
        .map(|(at, _)| (at, &html[at..at + html[at..].find('>').expect("a tag ends") + 1]))
        .collect()
}

/// The text of an element's inside, without tags, with single blanks.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            other if !inside => out.push(other),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For looking at: written below `target`, where nothing is kept.
#[test]
fn the_pages_can_be_looked_at() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages/assets");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("style.css"), super::assets::STYLE).unwrap();
    for (page, name) in pages().iter().zip(["full", "empty", "long", "narrow"]) {
        std::fs::write(folder.with_file_name(format!("{name}.html")), page).unwrap();
    }
}
