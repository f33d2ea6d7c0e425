//! The review as plain text in 80 columns, for a terminal, a letter or a screen reader.

use jiff::Timestamp;

use crate::domain::london::london;
use crate::domain::review::{OpenLine, Pack, Reading, TABLE_WEEKS, ThemeTable};

/// How wide a line may be.
const WIDTH: usize = 80;

/// How much of it the name of a row takes in a table.
const NAME: usize = 26;

/// How wide a column of numbers is.
const COLUMN: usize = 8;

/// The review, line by line.
pub(super) fn text(pack: &Pack, sha256: &str, version: Option<i32>) -> Vec<String> {
    let mut page = Page::default();
    let week = pack.week;
    page.title(&format!("Weekly escalation review {week}, {}", pack.partnership));
    page.say(&format!(
        "{} to {}. Data to {}{}.",
        week.monday().strftime("%A %-d %B %Y"),
        week.sunday().strftime("%A %-d %B %Y"),
        instant(pack.data_to),
        if pack.part { ": part of a week" } else { "" }
    ));
    match version {
        Some(version) => page.say(&format!("Signed off, version {version}.")),
        None => page.say("Not signed off."),
    }
    if pack.arrived_since > 0 {
        page.say(&format!("{} arrived since and not counted here.", pack.arrived_since));
    }
    page.say("Official-Sensitive. Counts are escalations, not children. Small numbers are shown.");
    headlines(&mut page, pack);
    page.heading("What to notice");
    for (number, notice) in (1..).zip(&pack.notices) {
        page.item(&format!("{number}."), &notice.words);
    }
    if pack.notices.is_empty() {
        page.say("Nothing stands out.");
    }
    themes(&mut page, "Themes by the agency asked", &pack.asked);
    themes(&mut page, "Themes by the agency that raised", &pack.raised_by);
    page.heading("Who we are not hearing from");
    for agency in pack.agencies.iter().filter(|it| it.ask) {
        let raised = format!("{} raised in {TABLE_WEEKS} weeks", agency.raised);
        page.item("-", &format!("{}: {}, {raised}. {}", agency.name, agency.tag, agency.meaning));
    }
    if pack.tiles.ask.value == 0 {
        page.say("Every agency is heard as usual.");
    }
    open(&mut page, "Overdue, the longest first", &pack.overdue);
    open(&mut page, "Immediate and urgent, the longest wait first", &pack.urgent);
    open(&mut page, "Open longest", &pack.oldest);
    page.heading("Hash");
    page.say(&format!("SHA-256 {sha256}"));
    page.lines
}

fn headlines(page: &mut Page, pack: &Pack) {
    let (tiles, line) = (&pack.tiles, &pack.reconciliation);
    page.heading("Headline figures");
    let new = &tiles.new;
    page.figure(
        "New this week",
        &new.value.to_string(),
        &stands(&new.reading, How::Count, Some(new.last_week)),
    );
    let open = &tiles.open;
    page.figure(
        "Open",
        &open.value.to_string(),
        &stands(&open.reading, How::Count, Some(open.last_week)),
    );
    let sum = format!(
        "{} + {} raised + {} reopened - {} ended = {}{}",
        line.open_at_start,
        line.raised,
        line.reopened,
        line.ended,
        line.open_at_end,
        if line.balances { "" } else { ": does not add up" }
    );
    page.figure("", "", &sum);
    let late = &tiles.overdue;
    let owners =
        format!("{} without owner, {} at stage 3 or higher", late.without_owner, late.high_stage);
    page.figure("Overdue", &late.value.to_string(), &stands(&late.reading, How::Count, None));
    page.figure("", "", &owners);
    let in_time = &tiles.in_time;
    // Rounded down, so that only all of them are 100.
    let share = in_time.value.map(|share| format!("{:.0}%, ", (share * 100.0 + 1e-9).floor()));
    let of = format!("{} of {}", in_time.in_time, in_time.due);
    let words =
        format!("{}{}", share.unwrap_or_default(), stands(&in_time.reading, How::Share, None));
    page.figure("Answered in time", &of, &words);
    let days = &tiles.median_days;
    let median = days.median.map_or_else(|| "-".to_owned(), number);
    let words = format!("{} resolved. {}", days.n, stands(&days.reading, How::Days, None));
    page.figure("Median working days", &median, &words);
    let ask = format!("{} of {}", tiles.ask.value, tiles.ask.of);
    page.figure("Agencies to ask", &ask, "quiet or not connected");
}

/// What a figure is.
#[derive(Clone, Copy)]
enum How {
    Count,
    Share,
    Days,
}

/// How a figure stands, what is usual, and what it was.
fn stands(reading: &Reading, how: How, last_week: Option<i64>) -> String {
    let mut parts = vec![reading.variation.words().to_owned()];
    // What is usual of counts are whole numbers: one beyond a limit is a signal however near it lies.
    let (lower, upper) = match how {
        How::Count => (reading.lower.map(f64::ceil), reading.upper.map(f64::floor)),
        How::Days => (reading.lower, reading.upper),
        How::Share => (reading.lower.map(|it| it * 100.0), reading.upper.map(|it| it * 100.0)),
    };
    match (lower, upper) {
        (Some(lower), Some(upper)) => {
            parts.push(format!("usual {} to {}", number(lower), number(upper)));
        }
        (None, Some(upper)) => parts.push(format!("usual up to {}", number(upper))),
        (Some(lower), None) => parts.push(format!("usual {} or more", number(lower))),
        (None, None) => {}
    }
    parts.extend(last_week.map(|it| format!("last week {it}")));
    parts.join(", ")
}

fn themes(page: &mut Page, title: &str, table: &ThemeTable) {
    page.heading(&format!("{title}, {TABLE_WEEKS} weeks"));
    if table.rows.is_empty() {
        return page.say("Nothing was raised.");
    }
    // As many columns side by side as there is room for, with their totals in the last block.
    let heads: Vec<&str> =
        table.columns.iter().map(|it| it.short.as_str()).chain(["All"]).collect();
    let blocks = (WIDTH - NAME) / COLUMN;
    for first in (0..heads.len()).step_by(blocks) {
        let part = |all: &[String]| -> String {
            all.iter()
                .skip(first)
                .take(blocks)
                .map(|it| format!("{:>COLUMN$}", cut(it, COLUMN - 1)))
                .collect()
        };
        let row =
            |name: &str, all: &[String]| format!("{:<NAME$}{}", cut(name, NAME - 1), part(all));
        let heads: Vec<String> = heads.iter().map(|it| (*it).to_owned()).collect();
        page.line(&row("", &heads));
        for it in &table.rows {
            let cells: Vec<String> = it
                .cells
                .iter()
                .map(|cell| cell.value)
                .chain([it.total])
                .map(|it| it.to_string())
                .collect();
            page.line(&row(&it.label, &cells));
        }
        let totals: Vec<String> =
            table.totals.iter().chain([&table.total]).map(ToString::to_string).collect();
        page.line(&row("All", &totals));
        page.line("");
    }
    let names = table.columns.iter().filter(|it| it.short != it.label);
    let names: Vec<String> = names.map(|it| format!("{}: {}", it.short, it.label)).collect();
    if !names.is_empty() {
        page.say(&names.join("; "));
    }
}

fn open(page: &mut Page, title: &str, lines: &[OpenLine]) {
    page.heading(&format!("{title} ({})", lines.len()));
    for it in lines {
        let late = it.working_days_late.map_or_else(String::new, |days| {
            format!(", {days} working {} late", if days == 1 { "day" } else { "days" })
        });
        let waits = if it.child_waits { "waits" } else { "waited" };
        page.item(
            &it.reference,
            &format!(
                "{}; {} to {}; stage {}, {}{late}; the child {waits} {} days; {}",
                it.theme_label,
                it.raised_by_name,
                it.raised_with_name,
                it.stage,
                it.urgency,
                number(it.child_days),
                it.owner
                    .as_ref()
                    .map_or_else(|| "NO OWNER".to_owned(), |it| format!("owner: {it}"))
            ),
        );
    }
    if lines.is_empty() {
        page.say("None.");
    }
}

fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn instant(at: Timestamp) -> String {
    london().to_datetime(at).strftime("%A %-d %B %Y, %-I:%M%P").to_string()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}.", kept.trim_end())
}

/// Lines that are never longer than [`WIDTH`], but for a single word that is.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
}

impl Page {
    /// What is written by people could move the cursor or colour the terminal: control characters become blanks.
    fn line(&mut self, text: &str) {
        let plain = text.replace(char::is_control, " ");
        self.lines.push(plain.trim_end().to_owned());
    }

    fn title(&mut self, text: &str) {
        self.say(text);
        self.line(&"=".repeat(WIDTH));
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.line(text);
        self.line(&"-".repeat(text.chars().count().min(WIDTH)));
    }

    fn say(&mut self, text: &str) {
        self.wrapped("", text);
    }

    fn item(&mut self, mark: &str, text: &str) {
        self.wrapped(&format!("{mark} "), text);
    }

    fn figure(&mut self, label: &str, value: &str, words: &str) {
        self.wrapped(&format!("{label:<22}{value:>9}  "), words);
    }

    /// A text behind a mark, its further lines below the first letter of the text.
    fn wrapped(&mut self, mark: &str, text: &str) {
        let indent = mark.chars().count().min(WIDTH / 2);
        let mut line = mark.to_owned();
        let mut empty = true;
        for word in text.split_whitespace() {
            let length = line.chars().count() + usize::from(!empty) + word.chars().count();
            if !empty && length > WIDTH {
                self.line(&line);
                line = " ".repeat(indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_below_itself_and_cannot_command_the_terminal() {
        let mut page = Page::default();
        page.item("ESC-1", &"word ".repeat(30));
        page.line("a\u{1b}[31mb");
        assert!(page.lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert!(page.lines[1].starts_with("      word"), "{:?}", page.lines);
        assert_eq!(page.lines.last().unwrap(), "a [31mb");
        assert_eq!(cut("Children's services", 8), "Childre.");
        assert_eq!(cut("Police", 8), "Police");
    }
}
