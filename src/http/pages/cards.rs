//! What to notice, and the two charts with their tables.

use super::charts::{Drawing, Svg, shape};
use super::links::List;
use super::{Side, View, words};
use crate::domain::london::local_date;
use crate::domain::review::{ChartPoint, Notice, Pack, RebaseLine, ReviewNoticeKind, WeekChart};

/// One thing to notice.
pub(super) struct NoticeRow {
    pub(super) shape: &'static str,
    pub(super) words: String,
    /// Where its rows are.
    pub(super) href: String,
    /// What is there.
    pub(super) action: &'static str,
}

/// So many notices are shown at once: a page that points at everything points at nothing.
const NOTICES_SHOWN: usize = 4;

/// What to notice, the most important first; the rest is folded away.
pub(super) struct Notices {
    pub(super) aside: Option<String>,
    pub(super) shown: Vec<NoticeRow>,
    pub(super) folded: Vec<NoticeRow>,
}

/// The notices in the order of the pack.
pub(super) fn notices(pack: &Pack) -> Notices {
    let mut shown: Vec<_> = pack.notices.iter().map(|notice| notice_row(pack, notice)).collect();
    let folded = shown.split_off(NOTICES_SHOWN.min(shown.len()));
    // Each wants an answer, and paper shows the first ones only.
    let aside = (!folded.is_empty())
        .then(|| format!("the first {NOTICES_SHOWN} of {}", pack.notices.len()));
    Notices { aside, shown, folded }
}

fn notice_row(pack: &Pack, notice: &Notice) -> NoticeRow {
    let attention = match notice.kind {
        ReviewNoticeKind::OverdueWithoutOwner | ReviewNoticeKind::Overdue => "m-attention",
        ReviewNoticeKind::QuietAgency | ReviewNoticeKind::NotConnected => "m-ask",
        ReviewNoticeKind::UnusualCell | ReviewNoticeKind::Signal => "m-signal",
    };
    let (href, action) = match notice.kind {
        ReviewNoticeKind::OverdueWithoutOwner | ReviewNoticeKind::Overdue => {
            ("#overdue".to_owned(), "Who holds what")
        }
        ReviewNoticeKind::QuietAgency | ReviewNoticeKind::NotConnected => {
            ("#hearing".to_owned(), "What it means")
        }
        ReviewNoticeKind::Signal => ("#charts".to_owned(), "Charts"),
        ReviewNoticeKind::UnusualCell => (cell_rows(pack, notice), "Its escalations"),
    };
    NoticeRow {
        shape: notice.variation.map_or(attention, shape),
        words: notice.words.clone(),
        href,
        action,
    }
}

/// The escalations of an unusual cell. It is one of the table of agencies that were asked.
fn cell_rows(pack: &Pack, notice: &Notice) -> String {
    let mut list =
        List::of(pack).between("raised", pack.asked.from.starts_at(), pack.week.ends_at());
    if let Some(group) = &notice.group {
        list = list.with("group", group);
    }
    if let Some(code) = &notice.agency {
        let column = pack.asked.columns.iter().find(|column| column.code == *code);
        let one = [code.clone()];
        list = list.agencies(Side::Asked, column.map_or(&one, |column| &column.agencies));
    }
    list.address()
}

/// A chart, what it says, and the same as a table.
pub(super) struct ChartCard {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) aside: String,
    pub(super) message: String,
    pub(super) svg: Svg,
    pub(super) method: String,
    /// The declared changes that are drawn.
    pub(super) changes: Vec<Change>,
    pub(super) caption: String,
    pub(super) unit: &'static str,
    pub(super) rows: Vec<PointRow>,
}

/// A declared change, in sentences.
pub(super) struct Change {
    pub(super) what: String,
    pub(super) by: String,
}

/// A week of a chart's table.
pub(super) struct PointRow {
    pub(super) week: String,
    pub(super) value: String,
    pub(super) average: String,
    pub(super) usual: String,
    pub(super) state: &'static str,
}

/// The two charts.
pub(super) fn charts(pack: &Pack, view: &View) -> [ChartCard; 2] {
    [
        chart(
            pack,
            view,
            &pack.raised,
            ("raised", "New escalations each week", "", "New escalations"),
        ),
        chart(
            pack,
            view,
            &pack.median_days,
            ("days", "Median working days to resolve", ", by week resolved", "Median working days"),
        ),
    ]
}

fn chart(
    pack: &Pack,
    view: &View,
    of: &WeekChart,
    (id, heading, by, unit): (&'static str, &'static str, &str, &'static str),
) -> ChartCard {
    let from = of.points.len().saturating_sub(view.weeks.count());
    let points = of.points.get(from..).unwrap_or_default();
    let weeks = points.len();
    let title = format!("{heading}{by}, {weeks} weeks to {}", words::long_date(pack.week.sunday()));
    let description = description(of, points);
    let drawing = Drawing {
        id,
        title: &title,
        description: &description,
        points,
        rebases: &of.rebases,
        target: of.target,
    };
    let mut drawn = drawing.changes();
    if drawn.is_empty() {
        // What the limits rest on is said even where the change itself lies before the weeks that are shown.
        let first = points.first().map(|point| point.week);
        drawn.extend(of.rebases.iter().rfind(|it| first.is_some_and(|first| it.week <= first)));
    }
    let changes: Vec<Change> = drawn.into_iter().map(change).collect();
    ChartCard {
        id,
        heading,
        aside: format!("{weeks} weeks"),
        message: of.message.clone(),
        svg: drawing.svg(),
        method: of.method.clone(),
        changes,
        caption: format!("{title}, the latest first"),
        unit,
        rows: points.iter().rev().map(row).collect(),
    }
}

fn change(rebase: &RebaseLine) -> Change {
    let from = words::long_date(rebase.week.monday());
    Change {
        what: format!("From {from}: {}.", sentence(&rebase.reason)),
        by: match rebase.declared_at.map(local_date) {
            Some(on) => {
                let on = words::long_date(on);
                format!("Declared by {} on {on}.", sentence(&rebase.by))
            }
            None => format!("Declared by {}.", sentence(&rebase.by)),
        },
    }
}

/// A text to which a full stop is added.
fn sentence(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

fn description(of: &WeekChart, points: &[ChartPoint]) -> String {
    let mut text = of.message.clone();
    if let Some((point, value)) = points.iter().rev().find_map(|it| Some((it, it.value?))) {
        let date = words::long_date(point.week.monday());
        text.push_str(&format!(" The week of {date} has {}", words::number(value)));
        if let Some(usual) = words::usual_measures(point.lower, point.upper) {
            text.push_str(&format!("; usual is {usual}"));
        }
        text.push('.');
    }
    if let Some(target) = of.target {
        text.push_str(&format!(" The target is {}.", words::number(target)));
    }
    text
}

fn row(point: &ChartPoint) -> PointRow {
    let shown = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), words::number);
    PointRow {
        week: words::short_date(point.week.monday()),
        value: shown(point.value),
        average: shown(point.centre),
        usual: words::usual_measures(point.lower, point.upper).unwrap_or_else(|| "none".to_owned()),
        state: point.variation.words(),
    }
}
