//! A story that is told as requests and answers in Markdown, read into steps that a test can take.

use std::collections::BTreeMap;

use escalation_tracker::domain::london::london;
use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use reqwest::Method;
use serde_json::Value;

/// Stands for any value; in a list, for any number of elements that are not shown.
const ANYTHING: &str = "…";

/// One request of the story, and what is answered.
#[derive(Debug)]
pub struct Step {
    /// The line of the document at which it begins.
    pub line: usize,
    /// Its heading.
    pub title: String,
    /// When it happens.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path, perhaps with names in braces.
    pub path: String,
    /// Whose token it is, as the variable that the README's tour has for it.
    pub who: String,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The body, empty where there is none.
    pub body: String,
    /// The status that is answered.
    pub status: u16,
    /// What the answer contains.
    pub answer: Value,
}

/// The steps of a story, in order.
///
/// A step is a heading of the third level, a line with a London date and time in italics, a block `http`, a sentence
/// that begins "The service answers" with the status, and a block `json`. Nothing that looks like a part of a step may
/// be left over: what is not read is not tested.
pub fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = Lines { document: document.lines().enumerate() };
    while let Some((line, text)) = lines.next() {
        assert!(!text.starts_with("```"), "{line}: a block that belongs to no step");
        let Some(title) = text.strip_prefix("### ") else { continue };
        let number = steps.len() + 1;
        assert!(title.starts_with(&format!("{number}. ")), "{line}: step {number} is {title:?}");
        let at = lines.until(title, |text| text.strip_prefix('*')?.strip_suffix('*').map(instant));
        lines.until(title, |text| (text == "```http").then_some(()));
        let request = lines.block(title);
        let status = lines.until(title, |text| {
            let rest = text.strip_prefix("The service answers `")?;
            rest.split(' ').next().unwrap().parse().ok()
        });
        lines.until(title, |text| (text == "```json").then_some(()));
        let answer = lines.block(title);
        let answer = serde_json::from_str(&answer).unwrap_or_else(|it| panic!("{title}: {it}"));
        steps.push(step((line, title), at, &request, (status, answer)));
    }
    steps
}

struct Lines<'a> {
    document: std::iter::Enumerate<std::str::Lines<'a>>,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        self.document.next().map(|(number, text)| (number + 1, text))
    }

    /// The first line that is what is looked for, before another step or another block begins.
    #[track_caller]
    fn until<T>(&mut self, title: &str, find: impl Fn(&str) -> Option<T>) -> T {
        loop {
            let (line, text) = self.next().unwrap_or_else(|| panic!("{title}: it is not whole"));
            if let Some(found) = find(text) {
                return found;
            }
            let other = text.starts_with("```") || text.starts_with('#');
            assert!(!other, "{line}: {title}: something is missing before {text:?}");
        }
    }

    fn block(&mut self, title: &str) -> String {
        let mut block = String::new();
        loop {
            let (_, text) = self.next().unwrap_or_else(|| panic!("{title}: a block does not end"));
            if text == "```" {
                return block;
            }
            block.push_str(text);
            block.push('\n');
        }
    }
}

/// A London time as people write it; a day of the week that is wrong is refused.
fn instant(text: &str) -> Timestamp {
    BrokenDownTime::parse("%A %d %B %Y, %H:%M", text)
        .and_then(|told| told.to_datetime()?.to_zoned(london().clone()))
        .unwrap_or_else(|it| panic!("{text}: {it}"))
        .timestamp()
}

fn step(
    (line, title): (usize, &str),
    at: Timestamp,
    request: &str,
    (status, answer): (u16, Value),
) -> Step {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut head = head.lines();
    let (method, path) = head.next().and_then(|it| it.split_once(' ')).expect(title);
    let mut headers: Vec<(String, String)> = head
        .map(|it| it.split_once(": ").expect(title))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let (_, bearer) = headers.remove(0);
    let who = bearer.strip_prefix("Bearer $").unwrap_or_else(|| panic!("{title}: {bearer}"));
    Step {
        line,
        title: title.to_owned(),
        at,
        method: method.parse().expect(title),
        path: path.trim().to_owned(),
        who: who.to_owned(),
        headers,
        body: body.to_owned(),
        status,
        answer,
    }
}

/// What earlier answers gave names to.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The text with every name in braces replaced by what it stands for.
    pub fn fill(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        self.0.iter().fold(text.to_owned(), fill)
    }

    /// Where the answer lacks what was told, as sentences. A name in braces that is new is learnt.
    ///
    /// An object may have more members than are told; a list has exactly the elements that are told, but where one of
    /// them stands for others; `null` is a member that is absent.
    pub fn lacks(&mut self, told: &Value, answered: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.compare("", told, answered, &mut found);
        found
    }

    fn compare(&mut self, at: &str, told: &Value, answered: &Value, found: &mut Vec<String>) {
        match (told, answered) {
            (Value::Object(told), Value::Object(answered)) => {
                for (name, value) in told {
                    let there = answered.get(name).unwrap_or(&Value::Null);
                    self.compare(&format!("{at}/{name}"), value, there, found);
                }
            }
            (Value::Array(told), Value::Array(answered)) => {
                self.compare_lists(at, told, answered, found);
            }
            (Value::String(text), _) if text == ANYTHING && !answered.is_null() => {}
            (Value::String(text), Value::String(answered)) => {
                let filled = self.fill(text);
                let name = filled.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                if let Some(name) = name {
                    self.0.insert(name.to_owned(), answered.clone());
                } else if filled != *answered {
                    found.push(format!("{at}: told {filled:?}, answered {answered:?}"));
                }
            }
            _ if told == answered => {}
            _ => found.push(format!("{at}: told {told}, answered {answered}")),
        }
    }

    fn compare_lists(
        &mut self,
        at: &str,
        told: &[Value],
        answered: &[Value],
        found: &mut Vec<String>,
    ) {
        let gap = told.iter().position(|it| it == ANYTHING);
        let shown = told.len() - usize::from(gap.is_some());
        let fits = if gap.is_some() { shown <= answered.len() } else { shown == answered.len() };
        if !fits {
            let lengths = format!("told {shown} elements, answered {}", answered.len());
            found.push(format!("{at}: {lengths}"));
            return;
        }
        let skipped = answered.len() - shown;
        for (number, value) in told.iter().enumerate() {
            match gap {
                Some(gap) if number == gap => {}
                Some(gap) if number > gap => {
                    let there = number - 1 + skipped;
                    self.compare(&format!("{at}/{there}"), value, &answered[there], found);
                }
                _ => self.compare(&format!("{at}/{number}"), value, &answered[number], found),
            }
        }
    }
}
