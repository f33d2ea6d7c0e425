//! The Director's weekly review as a page.

use askama::Template;

use super::cards::{ChartCard, Notices, charts, notices};
use super::links::{self, List};
use super::lists::{Agencies, Open, agencies, besides, overdue};
use super::record_card::{LastCard, RecordCard, last_card, record_card};
use super::review_changes::{Changed, SignedCard, changed};
use super::themes::{Themes, themes};
use super::tiles::{Tile, tiles};
use super::{Frame, Side, View, Weeks, words};
use crate::domain::meeting::{CheckState, checks};
use crate::domain::review::Pack;
use crate::domain::review::changes::Changes;
use crate::domain::week::IsoWeek;

/// A link to another view of the same thing, or the view that is shown.
struct Choice {
    label: &'static str,
    href: String,
    shown: bool,
}

/// A link to another week.
struct OtherWeek {
    label: String,
    href: String,
}

/// The page, ready to be written.
#[derive(Template)]
#[template(path = "review.html", whitespace = "minimize")]
pub struct ReviewPage {
    frame: Frame,
    signed: Option<SignedCard>,
    changed: Option<Changed>,
    missed: bool,
    record: RecordCard,
    last: Option<LastCard>,
    checks: Vec<CheckState>,
    sign: Option<String>,
    week_name: String,
    week_span: String,
    part: bool,
    previous: Option<OtherWeek>,
    next: Option<OtherWeek>,
    not_begun: String,
    data_to: String,
    arrived_since: Option<String>,
    /// How many are left out of the figures, and where they are.
    excluded: Option<(String, String)>,
    csv: String,
    xlsx: String,
    json: String,
    board_copy: Option<String>,
    notices: Notices,
    tiles: [Tile; 6],
    charts: [ChartCard; 2],
    periods: [Choice; 2],
    sides: [Choice; 2],
    themes: Themes,
    overdue: Open,
    urgent: Open,
    high: Open,
    oldest: Open,
    agencies: Agencies,
}

impl ReviewPage {
    /// The page of a pack, looked at in one way, inside a frame.
    pub fn new(pack: &Pack, view: &View, frame: Frame) -> Self {
        let week = pack.week;
        let other =
            |week: IsoWeek| OtherWeek { label: name(week), href: links::other_week(week, view) };
        let arrived = (pack.arrived_since > 0).then(|| {
            let records = words::counted(pack.arrived_since, "record", "records");
            format!("{records} arrived since, not counted here")
        });
        let [urgent, high, oldest] = besides(pack);
        Self {
            frame,
            signed: None,
            changed: None,
            missed: false,
            record: record_card(pack),
            last: last_card(pack),
            checks: checks(pack),
            sign: None,
            week_name: name(week),
            week_span: words::week_span(week),
            part: pack.part,
            previous: view.previous.map(other),
            next: view.next.map(other),
            not_begun: name(week.next()),
            data_to: words::instant(pack.data_to),
            arrived_since: arrived,
            excluded: (pack.excluded > 0).then(|| {
                let left_out = List::left_out(pack).between("raised", pack.starts_at, pack.ends_at);
                (format!("{} left out of the figures", pack.excluded), left_out.address())
            }),
            csv: format!("/review/{week}.csv"),
            xlsx: format!("/review/{week}.xlsx"),
            json: format!("/review/{week}.json"),
            board_copy: (!pack.part).then(|| format!("/review/{week}/board-copy")),
            notices: notices(pack),
            tiles: tiles(pack),
            charts: charts(pack, view),
            periods: [("13 weeks", Weeks::Thirteen), ("52 weeks", Weeks::FiftyTwo)].map(
                |(label, weeks)| Choice {
                    label,
                    href: links::review(week, weeks, view.side),
                    shown: weeks == view.weeks,
                },
            ),
            sides: [("Asked to respond", Side::Asked), ("Raised by", Side::RaisedBy)].map(
                |(label, side)| Choice {
                    label,
                    href: links::review(week, view.weeks, side),
                    shown: side == view.side,
                },
            ),
            themes: themes(pack, view),
            overdue: overdue(pack),
            urgent,
            high,
            oldest,
            agencies: agencies(pack),
        }
    }

    /// The same page of a week that was signed, with what changed beside it since. What arrived is told by what is
    /// known now, because the signed text cannot know it.
    #[must_use]
    pub(super) fn signed(self, card: SignedCard, since: &Changes) -> Self {
        let (arrived_since, changed) = changed(since);
        let (csv, json) = if card.superseded {
            let of = |address: &str| format!("{address}?version={}", since.version);
            (of(&self.csv), of(&self.json))
        } else {
            (self.csv, self.json)
        };
        Self { signed: Some(card), changed, arrived_since, csv, json, ..self }
    }

    /// The same page with what was agreed after its data were taken, and the way to adding more for those who may.
    #[must_use]
    pub(super) fn with_record(mut self, since: Vec<String>, add: Option<String>) -> Self {
        (self.record.since, self.record.add) = (since, add);
        self
    }

    /// The same page of a week that nobody signed in time.
    #[must_use]
    pub fn missed(self, missed: bool) -> Self {
        Self { missed, ..self }
    }

    /// The same page with the way to its signing.
    #[must_use]
    pub fn with_signing(self, week: IsoWeek) -> Self {
        Self { sign: Some(format!("/review/{week}/sign-off")), ..self }
    }
}

/// `Week 45`
fn name(week: IsoWeek) -> String {
    format!("Week {}", week.week())
}
