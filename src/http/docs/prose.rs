//! The little Markdown that our own texts use, as blocks that a template writes out, each part escaped.

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading with its depth in the text, from 2, and the anchor that leads to it.
    Heading { depth: usize, anchor: String, text: Vec<Piece> },
    /// A paragraph.
    Paragraph(Vec<Piece>),
    /// A list of points.
    Points(Vec<Vec<Piece>>),
    /// Lines to be typed or read as they stand.
    Lines(String),
    /// A table: its head, and its rows.
    Table { head: Vec<Vec<Piece>>, rows: Vec<Vec<Vec<Piece>>> },
}

/// A run of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// A name of something in code.
    Code(String),
    /// Words that weigh more.
    Strong(String),
    /// Words that lead to another place of this service.
    Link { words: String, href: String },
}

/// The blocks of a text.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    reader.end();
    reader.done
}

/// One run of text as pieces.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut done = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = rest.find(['`', '*', '[']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        if let Some((piece, after)) = marked(from) {
            if !plain.is_empty() {
                done.push(Piece::Text(std::mem::take(&mut plain)));
            }
            done.push(piece);
            rest = after;
        } else {
            // Each of the signs is one byte.
            let (sign, after) = from.split_at(1);
            plain.push_str(sign);
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        done.push(Piece::Text(plain));
    }
    done
}

/// The piece that the text begins with, and what follows it.
fn marked(text: &str) -> Option<(Piece, &str)> {
    if let Some(inside) = text.strip_prefix('`') {
        let (code, after) = inside.split_once('`')?;
        return Some((Piece::Code(code.to_owned()), after));
    }
    if let Some(inside) = text.strip_prefix("**") {
        let (strong, after) = inside.split_once("**")?;
        return Some((Piece::Strong(strong.replace('`', "")), after));
    }
    if let Some(inside) = text.strip_prefix('*') {
        let (words, after) = inside.split_once('*')?;
        let close = !words.is_empty() && !words.starts_with(' ') && !words.ends_with(' ');
        return close.then(|| (Piece::Text(words.to_owned()), after));
    }
    let (words, after) = text.strip_prefix('[')?.split_once("](")?;
    let (href, after) = after.split_once(')')?;
    let words = words.replace('`', "");
    let here = href.starts_with('/') || href.starts_with('#');
    // What lies in the repository, or elsewhere, cannot be reached from a page that works without the internet.
    let piece =
        if here { Piece::Link { words, href: href.to_owned() } } else { Piece::Text(words) };
    Some((piece, after))
}

#[derive(Default)]
struct Reader {
    done: Vec<Block>,
    paragraph: String,
    points: Vec<String>,
    table: Vec<Vec<Vec<Piece>>>,
    lines: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if line.trim_start().starts_with("```") {
            match self.lines.take() {
                Some(lines) => self.done.push(Block::Lines(lines)),
                None => {
                    self.end();
                    self.lines = Some(String::new());
                }
            }
            return;
        }
        if let Some(lines) = &mut self.lines {
            lines.push_str(line);
            lines.push('\n');
            return;
        }
        let told = line.trim();
        let depth = told.chars().take_while(|it| *it == '#').count();
        if told.is_empty() {
            self.end();
        } else if (1..=4).contains(&depth) && told.chars().nth(depth) == Some(' ') {
            self.end();
            let text = told.trim_start_matches('#').trim();
            self.done.push(Block::Heading { depth, anchor: anchor(text), text: pieces(text) });
        } else if told.starts_with('|') {
            let cells = told.trim_matches('|').split('|').map(|cell| pieces(cell.trim()));
            self.table.push(cells.collect());
        } else if let Some(point) = told.strip_prefix("- ") {
            if !self.paragraph.is_empty() {
                self.end();
            }
            self.points.push(point.to_owned());
        } else if let Some(point) = self.points.last_mut() {
            point.push(' ');
            point.push_str(told);
        } else {
            if !self.paragraph.is_empty() {
                self.paragraph.push(' ');
            }
            self.paragraph.push_str(told);
        }
    }

    /// Ends what is being read.
    fn end(&mut self) {
        if !self.paragraph.is_empty() {
            let paragraph = std::mem::take(&mut self.paragraph);
            self.done.push(Block::Paragraph(pieces(&paragraph)));
        }
        if !self.points.is_empty() {
            let points = std::mem::take(&mut self.points);
            self.done.push(Block::Points(points.iter().map(|it| pieces(it)).collect()));
        }
        if !self.table.is_empty() {
            let mut rows = std::mem::take(&mut self.table);
            let head = rows.remove(0);
            // The second line of a table only rules it off.
            if !rows.is_empty() {
                rows.remove(0);
            }
            self.done.push(Block::Table { head, rows });
        }
        if let Some(lines) = self.lines.take() {
            self.done.push(Block::Lines(lines));
        }
    }
}

/// The anchor of a heading.
#[must_use]
pub fn anchor(text: &str) -> String {
    let kept = text.chars().filter_map(|it| match it {
        'a'..='z' | '0'..='9' | '-' => Some(it),
        'A'..='Z' => Some(it.to_ascii_lowercase()),
        ' ' => Some('-'),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Piece {
        Piece::Text(words.to_owned())
    }

    #[test]
    fn a_text_is_read_as_its_blocks() {
        let read = blocks(
            "# One `two`\n\nFirst\nline with `<b>`.\n\n- a point\n  that goes on\n- **another**\n\n```bash tour\ncurl \\\n  $URL\n```\n\
             | A | B |\n|---|---|\n| `x` | y |\n",
        );
        let wanted = vec![
            Block::Heading {
                depth: 1,
                anchor: "one-two".to_owned(),
                text: vec![text("One "), Piece::Code("two".to_owned())],
            },
            Block::Paragraph(vec![
                text("First line with "),
                Piece::Code("<b>".to_owned()),
                text("."),
            ]),
            Block::Points(vec![
                vec![text("a point that goes on")],
                vec![Piece::Strong("another".to_owned())],
            ]),
            Block::Lines("curl \\\n  $URL\n".to_owned()),
            Block::Table {
                head: vec![vec![text("A")], vec![text("B")]],
                rows: vec![vec![vec![Piece::Code("x".to_owned())], vec![text("y")]]],
            },
        ];
        assert_eq!(read, wanted);
    }

    #[test]
    fn only_what_is_on_this_service_is_linked() {
        let here = Piece::Link { words: "here".to_owned(), href: "/docs/".to_owned() };
        assert_eq!(
            pieces("[here](/docs/) and [there](docs/x.md)"),
            [here, text(" and "), text("there")]
        );
        assert_eq!(pieces("2 * 3 [x] `y"), [text("2 * 3 [x] `y")]);
    }
}
