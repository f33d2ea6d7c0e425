//! What was recorded after a week was signed and changes what was signed: each record by itself, and each figure.
//!
//! Nothing that was signed moves. What moved beside it is found by telling the same history twice: as it was known when
//! the data were taken, and with one record more. A record that leaves no figure and no row of that week another is
//! none of these.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Pack, ThemeTable};
use crate::domain::event::{Event, EventType};
use crate::domain::exclusion::Exclusion;
use crate::domain::ids::{EscalationId, PartnershipId};
use crate::domain::week::IsoWeek;
use history::changed_records;

mod history;

/// What changed beside a signed review since its data were taken.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReviewChanges)]
pub struct Changes {
    /// The week.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// The signed version that is compared.
    pub version: i32,
    /// The instant to which its data reach.
    #[schema(value_type = String, format = DateTime)]
    pub signed_data_to: Timestamp,
    /// What had been recorded by this instant is compared with it.
    #[schema(value_type = String, format = DateTime)]
    pub known_at: Timestamp,
    /// The version of the definitions of the signed figures.
    pub signed_definitions_version: u32,
    /// The version of the definitions of the figures now. Another one can be the reason of a difference.
    pub definitions_version: u32,
    /// Every record that changes a figure or a row of the signed week, the first first.
    pub records: Vec<ChangedRecord>,
    /// Every signed figure that is another now.
    pub figures: Vec<FigureChange>,
}

impl Changes {
    /// Every escalation that it names.
    #[must_use]
    pub fn escalations(&self) -> Vec<EscalationId> {
        self.records.iter().map(|it| it.escalation).collect()
    }
}

/// One record that came later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReviewChangedRecord)]
pub struct ChangedRecord {
    /// The escalation.
    pub escalation: EscalationId,
    /// Its spoken reference.
    pub reference: String,
    /// The number of the record in its history; none for a decision about the figures, which is no act on it.
    pub version: Option<i32>,
    /// What was recorded.
    pub what: RecordKind,
    /// When it happened, as its agency says.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// When the service received it.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// Whether it changes a figure.
    pub changes_figures: bool,
    /// Whether it changes a line of a list of open escalations.
    pub changes_rows: bool,
}

/// What a record is: an act on an escalation, or a decision whether it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// An act, by its code.
    Act(EventType),
    /// It was left out of the figures: `left_out`.
    LeftOut,
    /// It counts again: `counted_again`.
    CountedAgain,
}

impl RecordKind {
    /// The code under which it is published.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Act(what) => what.code(),
            Self::LeftOut => "left_out",
            Self::CountedAgain => "counted_again",
        }
    }
}

impl Serialize for RecordKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl utoipa::PartialSchema for RecordKind {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let acts = EventType::ALL.iter().map(|what| Self::Act(*what));
        let codes = acts.chain([Self::LeftOut, Self::CountedAgain]).map(Self::code);
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "What a record is: an act on an escalation, or a decision whether it counts.",
            ))
            .enum_values(Some(codes))
            .into()
    }
}

impl ToSchema for RecordKind {
    fn name() -> std::borrow::Cow<'static, str> {
        "ReviewRecordKind".into()
    }
}

/// An escalation of which something came later: its history, and the decisions whether it counts.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Its acts, the first first.
    pub acts: Vec<Event>,
    /// The decisions, the first first.
    pub exclusions: Vec<Exclusion>,
}

/// One figure that is another now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReviewFigureChange)]
pub struct FigureChange {
    /// Where the figure stands in the review, by names of members and codes.
    pub figure: String,
    /// The same in words.
    pub words: String,
    /// What was signed; none where there was no value.
    pub signed: Option<f64>,
    /// What it is with all that is known now.
    pub now: Option<f64>,
    /// The second less the first, where both are there.
    pub difference: Option<f64>,
}

/// What a signed review is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The signed version.
    pub version: i32,
    /// The pack.
    pub pack: &'a Pack,
}

/// Compares a signed review with what is known now: with the pack of the same week made of all that is known, with how
/// many answers were late when the signed data were taken, and with the histories of which something came later.
#[must_use]
pub fn changes(
    signed: Signed<'_>,
    now: &Pack,
    overdue_now: i64,
    partnership: PartnershipId,
    histories: &[History],
) -> Changes {
    let (pack, week) = (signed.pack, signed.pack.week);
    let mut records: Vec<ChangedRecord> = histories
        .iter()
        .flat_map(|history| changed_records(history, partnership, week, pack.data_to))
        .collect();
    records.sort_by(|one, other| {
        (one.recorded_at, &one.reference, one.version).cmp(&(
            other.recorded_at,
            &other.reference,
            other.version,
        ))
    });
    let mut known = figures(now);
    known.insert(
        OVERDUE.to_owned(),
        (OVERDUE_WORDS.to_owned(), Some(super::assemble::real(overdue_now))),
    );
    Changes {
        week,
        version: signed.version,
        signed_data_to: pack.data_to,
        known_at: now.data_to,
        signed_definitions_version: pack.definitions_version,
        definitions_version: now.definitions_version,
        records,
        figures: compared(&figures(pack), &known),
    }
}

const OVERDUE: &str = "tiles.overdue.value";
const OVERDUE_WORDS: &str = "Overdue when the data were taken";

type Named = BTreeMap<String, (String, Option<f64>)>;

fn compared(signed: &Named, now: &Named) -> Vec<FigureChange> {
    let names: BTreeSet<&String> = signed.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (one, other) = (signed.get(name), now.get(name));
            // A cell without a line in the table counts nothing.
            let value = |found: Option<&(String, Option<f64>)>| found.map_or(Some(0.0), |it| it.1);
            let (signed, now) = (value(one), value(other));
            let words = one.or(other).map(|it| it.0.clone()).unwrap_or_default();
            let difference = signed.zip(now).map(|(signed, now)| now - signed);
            (signed != now).then(|| FigureChange {
                figure: name.clone(),
                words,
                signed,
                now,
                difference,
            })
        })
        .collect()
}

/// Every figure of a pack that is about times of the week or before, and so can be counted again later.
fn figures(pack: &Pack) -> Named {
    let mut all = Named::new();
    let mut add = |name: String, words: String, value: Option<f64>| {
        all.insert(name, (words, value));
    };
    let whole = |number: i64| Some(super::assemble::real(number));
    let (line, tiles) = (&pack.reconciliation, &pack.tiles);
    for (name, words, value) in [
        ("reconciliation.open_at_start", "Open when the week began", whole(line.open_at_start)),
        ("reconciliation.reopened", "Opened again", whole(line.reopened)),
        ("reconciliation.ended", "Ended", whole(line.ended)),
        ("received_late", "Received late", whole(pack.received_late)),
        ("excluded", "Left out of the figures", whole(pack.excluded)),
        ("tiles.new.value", "New this week", whole(tiles.new.value)),
        ("tiles.open.value", "Open when the week ended", whole(tiles.open.value)),
        (OVERDUE, OVERDUE_WORDS, whole(tiles.overdue.value)),
        ("tiles.in_time.in_time", "Answers in time", whole(tiles.in_time.in_time)),
        ("tiles.in_time.due", "Answers that fell due", whole(tiles.in_time.due)),
        ("tiles.median_days.n", "Resolved", whole(tiles.median_days.n)),
        ("tiles.median_days.median", "Median working days to resolve", tiles.median_days.median),
        ("tiles.median_days.p90", "90th percentile of working days", tiles.median_days.p90),
        (
            "tiles.median_days.child_median",
            "Median days for which children had waited",
            tiles.median_days.child_median,
        ),
    ] {
        add(name.to_owned(), words.to_owned(), value);
    }
    for (name, words, chart) in [
        ("raised", "New escalations", &pack.raised),
        ("median_days", "Median working days to resolve", &pack.median_days),
    ] {
        // The review week itself is a tile.
        for point in chart.points.iter().filter(|point| point.week < pack.week) {
            add(format!("{name}.{}", point.week), format!("{words}, {}", point.week), point.value);
        }
    }
    for (name, words, table) in
        [("asked", "asked to respond", &pack.asked), ("raised_by", "raised by", &pack.raised_by)]
    {
        cells(name, words, table, &mut add);
    }
    all
}

fn cells(
    name: &str,
    words: &str,
    table: &ThemeTable,
    add: &mut impl FnMut(String, String, Option<f64>),
) {
    let whole = |number: i64| Some(super::assemble::real(number));
    for row in &table.rows {
        for (cell, column) in
            row.cells.iter().zip(&table.columns).filter(|(cell, _)| cell.value > 0)
        {
            add(
                format!("{name}.{}.{}", row.group, column.code),
                format!("{}, {}, {words}, 4 weeks", row.label, column.label),
                whole(cell.value),
            );
        }
    }
    add(format!("{name}.total"), format!("All themes, {words}, 4 weeks"), whole(table.total));
}
