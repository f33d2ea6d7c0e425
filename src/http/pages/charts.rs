//! Charts as SVG, written out by the server: no script, no style attribute, nothing that was not escaped.
//!
//! A chart is three drawings side by side, so that its text keeps its size when the chart is narrow: the
//! scale, the weeks, and what the lines at the right are. Across, the weeks are placed in hundredths.

use std::fmt;

use askama::filters::HtmlSafe;

use super::scale::{HEIGHT, Px, Scale, Weeks, apart};
use super::words;
use crate::domain::review::{ChartPoint, RebaseLine};
use crate::domain::spc::Variation;

/// A drawing that is HTML already. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Svg(String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Svg {}

/// Text that cannot be taken for HTML, in an element or in a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The shape of a point, by name in `templates/shapes.html`: never told by colour alone.
pub(super) const fn shape(variation: Variation) -> &'static str {
    match variation {
        Variation::CommonCause => "m-usual",
        Variation::ImprovementHigh => "m-better-high",
        Variation::ImprovementLow => "m-better-low",
        Variation::ConcernHigh => "m-worse-high",
        Variation::ConcernLow => "m-worse-low",
        Variation::NeutralHigh | Variation::NeutralLow => "m-signal",
        Variation::NotEnoughData => "m-unjudged",
    }
}

/// What a chart of weeks is drawn from.
pub(super) struct Drawing<'a> {
    /// Names it on the page.
    pub(super) id: &'a str,
    /// What it shows.
    pub(super) title: &'a str,
    /// The same as its picture, in words.
    pub(super) description: &'a str,
    /// Its weeks, in order.
    pub(super) points: &'a [ChartPoint],
    /// The declared changes; those outside the weeks are left out.
    pub(super) rebases: &'a [RebaseLine],
    /// The target.
    pub(super) target: Option<f64>,
}

/// Successive weeks with the same lines.
struct Run {
    first: usize,
    last: usize,
    of: ChartPoint,
}

impl Drawing<'_> {
    /// The chart.
    pub(super) fn svg(&self) -> Svg {
        let scale = Scale::holding(
            self.points
                .iter()
                .flat_map(|point| [point.value, point.centre, point.upper])
                .chain([self.target])
                .flatten(),
        );
        let weeks = Weeks { count: self.points.len() };
        let mut out = format!("<svg class=\"axis\" height=\"{HEIGHT}\" aria-hidden=\"true\">");
        for step in scale.steps() {
            let (y, text) = (scale.y(step).down(4.5), words::number(step));
            out.push_str(&format!("<text x=\"100%\" y=\"{y}\" class=\"end\">{text}</text>"));
        }
        out.push_str(&format!(
            "</svg><svg class=\"plot\" height=\"{HEIGHT}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title>\
             <desc id=\"{id}-d\">{description}</desc>",
            id = escaped(self.id),
            title = escaped(self.title),
            description = escaped(self.description),
        ));
        self.ground(&mut out, scale, weeks);
        self.lines(&mut out, scale, weeks);
        self.values(&mut out, scale, weeks);
        self.flags(&mut out, weeks);
        out.push_str("</svg>");
        self.names(&mut out, scale);
        Svg(out)
    }

    fn ground(&self, out: &mut String, scale: Scale, weeks: Weeks) {
        for step in scale.steps() {
            across(out, "grid", (Px(0.0), Px(100.0)), scale.y(step));
        }
        for (labelled, (place, month)) in self.months().into_iter().enumerate() {
            let x = weeks.middle(place);
            let (from, to) = (Px::bottom(), Px::bottom().down(4.0));
            out.push_str(&format!(
                "<line x1=\"{x}%\" x2=\"{x}%\" y1=\"{from}\" y2=\"{to}\" class=\"tick\"/>"
            ));
            // On a narrow page every second month stays.
            let class = if labelled % 2 == 0 { "mid" } else { "mid spare" };
            let y = Px::bottom().down(18.0);
            out.push_str(&format!("<text x=\"{x}%\" y=\"{y}\" class=\"{class}\">{month}</text>"));
        }
    }

    /// The weeks in which a month begins, each month of a quarter and every second one of a year.
    fn months(&self) -> Vec<(usize, String)> {
        let every = if self.points.len() > 26 { 2 } else { 1 };
        let begins = |date: jiff::civil::Date| date.day() <= 7 && (date.month() - 1) % every == 0;
        let mut year = None;
        let mut months = Vec::new();
        for (place, point) in self.points.iter().enumerate() {
            let date = point.week.monday();
            if begins(date) {
                let form = if year == Some(date.year()) { "%b" } else { "%b %Y" };
                year = Some(date.year());
                months.push((place, date.strftime(form).to_string()));
            }
        }
        // The year is said once it changes, and at the first month only if it never does.
        if months.iter().filter(|(_, month)| month.contains(' ')).count() > 1
            && let Some((_, first)) = months.first_mut()
        {
            first.truncate(3);
        }
        months
    }

    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (place, point) in self.points.iter().enumerate() {
            let same = runs.last_mut().filter(|run| {
                (run.of.centre, run.of.lower, run.of.upper)
                    == (point.centre, point.lower, point.upper)
                    && !self.rebases.iter().any(|it| run.of.week < it.week && it.week <= point.week)
            });
            match same {
                Some(run) => run.last = place,
                None => runs.push(Run { first: place, last: place, of: *point }),
            }
        }
        runs
    }

    fn lines(&self, out: &mut String, scale: Scale, weeks: Weeks) {
        for run in self.runs() {
            let (from, to) = (weeks.start(run.first), weeks.start(run.last + 1));
            if run.of.upper.is_some() || run.of.lower.is_some() {
                let top = run.of.upper.map_or(Px::top(), |it| scale.y(it));
                let bottom = run.of.lower.map_or(Px::bottom(), |it| scale.y(it));
                let (width, height) = (Px(to.0 - from.0), Px(bottom.0 - top.0));
                out.push_str(&format!(
                    "<rect x=\"{from}%\" y=\"{top}\" width=\"{width}%\" height=\"{height}\" \
                     class=\"band\"/>"
                ));
            }
            for limit in [run.of.upper, run.of.lower].into_iter().flatten() {
                across(out, "limit", (from, to), scale.y(limit));
            }
            if let Some(centre) = run.of.centre {
                across(out, "centre", (from, to), scale.y(centre));
            }
        }
        if let Some(target) = self.target {
            across(out, "target", (Px(0.0), Px(100.0)), scale.y(target));
        }
    }

    fn values(&self, out: &mut String, scale: Scale, weeks: Weeks) {
        out.push_str(&format!(
            "<svg width=\"100%\" height=\"{HEIGHT}\" viewBox=\"0 0 100 {HEIGHT}\" \
             preserveAspectRatio=\"none\">"
        ));
        let mut line: Vec<String> = Vec::new();
        let mut end_line = |line: &mut Vec<String>| {
            if line.len() > 1 {
                let points = line.join(" ");
                out.push_str(&format!("<polyline points=\"{points}\" class=\"value\"/>"));
            }
            line.clear();
        };
        for (place, point) in self.points.iter().enumerate() {
            match point.value {
                Some(value) => {
                    line.push(format!("{:.2},{}", weeks.middle(place).0, scale.y(value)));
                }
                None => end_line(&mut line),
            }
        }
        end_line(&mut line);
        out.push_str("</svg>");
        let latest = self.points.iter().rposition(|point| point.value.is_some());
        for (place, point) in self.points.iter().enumerate() {
            let Some(value) = point.value else { continue };
            let (x, y) = (weeks.middle(place), scale.y(value));
            if latest == Some(place) {
                out.push_str(&format!("<circle cx=\"{x}%\" cy=\"{y}\" r=\"8\" class=\"now\"/>"));
            }
            out.push_str(&format!(
                "<use href=\"#{shape}\" x=\"{x}%\" y=\"{y}\"><title>Week of {date}: {value}. \
                 {words}</title></use>",
                shape = shape(point.variation),
                date = words::short_date(point.week.monday()),
                value = words::number(value),
                words = point.variation.words(),
            ));
        }
    }

    fn flags(&self, out: &mut String, weeks: Weeks) {
        let shown = self.rebases.iter().filter_map(|rebase| Some((rebase, self.place(rebase)?)));
        for (number, (rebase, place)) in shown.enumerate() {
            let x = weeks.start(place);
            // Two changes within a few weeks would write over each other.
            let top = if number % 2 == 0 { Px(4.0) } else { Px(16.0) };
            let (bottom, y) = (Px::bottom(), top.down(7.0));
            let (class, dx) = if x.0 > 50.0 { ("flag end", -5) } else { ("flag", 5) };
            let words = format!("From {}", rebase.week.monday().strftime("%-d %b"));
            out.push_str(&format!(
                "<line x1=\"{x}%\" x2=\"{x}%\" y1=\"{top}\" y2=\"{bottom}\" class=\"change\"/>\
                 <text x=\"{x}%\" y=\"{y}\" dx=\"{dx}\" class=\"{class}\">{words}</text>"
            ));
        }
    }

    /// The first shown week to which a change applies; none when all or no weeks lie after it.
    fn place(&self, rebase: &RebaseLine) -> Option<usize> {
        self.points.iter().position(|point| point.week >= rebase.week).filter(|place| *place > 0)
    }

    /// The changes that are drawn, in order.
    pub(super) fn changes(&self) -> Vec<&RebaseLine> {
        self.rebases.iter().filter(|rebase| self.place(rebase).is_some()).collect()
    }

    fn names(&self, out: &mut String, scale: Scale) {
        let last = self.points.last();
        let named = |value: Option<f64>, word: &str, class| {
            let value = value?;
            Some((scale.y(value).down(4.5), format!("{} {word}", words::number(value)), class))
        };
        let labels = [
            named(last.and_then(|it| it.upper), "upper", "name"),
            named(last.and_then(|it| it.centre), "average", "name"),
            named(last.and_then(|it| it.lower), "lower", "name"),
            named(self.target, "target", "name aim"),
        ];
        out.push_str(&format!("<svg class=\"names\" height=\"{HEIGHT}\" aria-hidden=\"true\">"));
        for (y, text, class) in apart(labels.into_iter().flatten().collect()) {
            out.push_str(&format!("<text x=\"0\" y=\"{y}\" class=\"{class}\">{text}</text>"));
        }
        out.push_str("</svg>");
    }
}

fn across(out: &mut String, class: &str, (from, to): (Px, Px), y: Px) {
    out.push_str(&format!(
        "<line x1=\"{from}%\" x2=\"{to}%\" y1=\"{y}\" y2=\"{y}\" class=\"{class}\"/>"
    ));
}

/// A small line without scale: the number beside it carries the meaning.
pub(super) fn sparkline(weeks: &[i64]) -> Svg {
    let highest = weeks.iter().copied().max().unwrap_or(0).max(1);
    let share = |value: i64| {
        let thousandths = value.max(0).saturating_mul(1000) / highest;
        f64::from(i32::try_from(thousandths).unwrap_or(i32::MAX)) / 1000.0
    };
    let place = Weeks { count: weeks.len() };
    let at = |(number, value): (usize, &i64)| {
        // 70 wide and 20 high, with room for the last point.
        (Px(place.middle(number).0 * 0.66), Px(17.0 - share(*value) * 14.0))
    };
    let points: Vec<String> =
        weeks.iter().enumerate().map(at).map(|(x, y)| format!("{x},{y}")).collect();
    let last = weeks.iter().enumerate().next_back().map(at);
    let dot = last
        .map_or_else(String::new, |(x, y)| format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2.4\"/>"));
    Svg(format!(
        "<svg class=\"spark\" viewBox=\"0 0 68 20\" aria-hidden=\"true\"><polyline points=\"{}\"/>{dot}</svg>",
        points.join(" ")
    ))
}
