//! The review as a workbook: one sheet for each of its tables.

use super::csv_answer::Cell;
use super::problem::Problem;
use super::workbook::{Sheet, bytes, codes, definitions, read_me};
use crate::domain::review::{OpenLine, Pack, ThemeTable};

/// The workbook of a review whose text has this hash. Made from the pack alone, so that a signed review makes the same
/// bytes for ever.
///
/// # Errors
/// A table that no spreadsheet can hold.
pub fn review_book(pack: &Pack, sha256: &str, version: Option<i32>) -> Result<Vec<u8>, Problem> {
    let signed = version.map_or("not signed".to_owned(), |it| format!("signed, version {it}"));
    let title = format!("Weekly escalation review {}", pack.week);
    let sheets = [
        read_me(&[
            ("what", format!("{title}, {}", pack.partnership)),
            ("week", pack.week.to_string()),
            ("from", pack.starts_at.to_string()),
            ("to", pack.ends_at.to_string()),
            ("data_to", pack.data_to.to_string()),
            ("state", if pack.part { "part of a week, ".to_owned() + &signed } else { signed }),
            ("sha256", sha256.to_owned()),
            ("sha256_of", "The JSON text of this review, as GET /v1/reviews/{week} answers it.".to_owned()),
            ("pack_version", pack.pack_version.to_string()),
            ("definitions_version", pack.definitions_version.to_string()),
            (
                "method",
                "Counts are escalations, not children. Usual: what chance alone explains, by process control charts; \
                 the sheet Weeks has the limits. Small numbers are shown: do not publish this file or pass it on."
                    .to_owned(),
            ),
            ("raised_chart", pack.raised.method.clone()),
            ("median_days_chart", pack.median_days.method.clone()),
        ]),
        figures(pack),
        notices(pack),
        themes("Themes asked", &pack.asked),
        themes("Themes raised by", &pack.raised_by),
        weeks(pack),
        agencies(pack),
        open(pack),
        actions(pack),
        definitions(),
        codes(codes_in(pack)),
    ];
    bytes(&title, pack.data_to, &sheets)
}

fn text(of: impl ToString) -> Cell {
    Cell::Text(of.to_string())
}

fn count(of: Option<i64>) -> Cell {
    of.map_or(Cell::Empty, Cell::Count)
}

fn figures(pack: &Pack) -> Sheet {
    let (line, tiles) = (&pack.reconciliation, &pack.tiles);
    let one = |figure: &str, member: &str, value: Cell| {
        vec![text(figure), text(member), value, Cell::Empty]
    };
    let mut rows = vec![
        one("reconciliation", "open_at_start", Cell::Count(line.open_at_start)),
        one("reconciliation", "raised", Cell::Count(line.raised)),
        one("reconciliation", "reopened", Cell::Count(line.reopened)),
        one("reconciliation", "ended", Cell::Count(line.ended)),
        one("reconciliation", "open_at_end", Cell::Count(line.open_at_end)),
        one("late", "received_late", Cell::Count(pack.received_late)),
        one("late", "excluded", Cell::Count(pack.excluded)),
        one("late", "arrived_since", Cell::Count(pack.arrived_since)),
    ];
    let overdue = &tiles.overdue;
    rows.extend([
        one("new", "value", Cell::Count(tiles.new.value)),
        one("new", "last_week", Cell::Count(tiles.new.last_week)),
        one("open", "value", Cell::Count(tiles.open.value)),
        one("open", "last_week", Cell::Count(tiles.open.last_week)),
        one("overdue", "value", Cell::Count(overdue.value)),
        one("overdue", "without_owner", Cell::Count(overdue.without_owner)),
        one("overdue", "high_stage", Cell::Count(overdue.high_stage)),
        one("overdue", "longest_working_days", count(overdue.longest_working_days)),
        one("overdue", "longest_child_days", Cell::number(overdue.longest_child_days)),
        one("in_time", "in_time", Cell::Count(tiles.in_time.in_time)),
        one("in_time", "due", Cell::Count(tiles.in_time.due)),
        one("in_time", "value", Cell::number(tiles.in_time.value)),
        one("in_time", "target", Cell::Number(tiles.in_time.target)),
        one("median_days", "median", Cell::number(tiles.median_days.median)),
        one("median_days", "p90", Cell::number(tiles.median_days.p90)),
        one("median_days", "child_median", Cell::number(tiles.median_days.child_median)),
        one("median_days", "n", Cell::Count(tiles.median_days.n)),
        one("median_days", "target", Cell::Number(tiles.median_days.target)),
        one("ask", "value", Cell::Count(tiles.ask.value)),
        one("ask", "of", Cell::Count(tiles.ask.of)),
        one("ages", "open", Cell::Count(pack.ages.open)),
        one("ages", "median_working_days", Cell::number(pack.ages.median_working_days)),
        one("ages", "longest_working_days", Cell::number(pack.ages.longest_working_days)),
        one("ages", "median_child_days", Cell::number(pack.ages.median_child_days)),
        one("ages", "longest_child_days", Cell::number(pack.ages.longest_child_days)),
        one("ages", "over_ten_working_days", Cell::Count(pack.ages.over_ten_working_days)),
    ]);
    for (figure, reading) in [
        ("new", tiles.new.reading),
        ("open", tiles.open.reading),
        ("overdue", overdue.reading),
        ("in_time", tiles.in_time.reading),
        ("median_days", tiles.median_days.reading),
    ] {
        rows.push(one(figure, "usual_lower", Cell::number(reading.lower)));
        rows.push(one(figure, "usual_upper", Cell::number(reading.upper)));
        let words = text(reading.variation.words());
        rows.push(vec![text(figure), text("variation"), Cell::Empty, words]);
    }
    Sheet::new("Figures", &["figure", "member", "value", "words"], rows)
}

fn actions(pack: &Pack) -> Sheet {
    let rows = pack.record.actions.iter().map(|it| {
        vec![
            text(it.id),
            text(&it.title),
            text(&it.owner_agency),
            text(&it.owner_role),
            text(it.due_on),
            text(it.progress),
            text(it.overdue),
            text(it.agreed_in),
        ]
    });
    let columns =
        ["id", "title", "owner_agency", "owner_role", "due_on", "progress", "overdue", "agreed_in"];
    Sheet::new("Actions", &columns, rows.collect())
}

fn notices(pack: &Pack) -> Sheet {
    let rows = pack.notices.iter().map(|it| {
        vec![
            text(it.kind),
            text(&it.key),
            text(&it.words),
            Cell::optional(it.group.as_ref()),
            Cell::optional(it.agency.as_ref()),
        ]
    });
    Sheet::new("To notice", &["kind", "key", "words", "theme_group", "agency"], rows.collect())
}

fn themes(name: &'static str, table: &ThemeTable) -> Sheet {
    let columns = table.columns.iter().map(|it| it.code.clone());
    let rows = table.rows.iter().map(|row| {
        [text(&row.group), text(&row.label)]
            .into_iter()
            .chain(row.cells.iter().map(|cell| Cell::Count(cell.value)))
            .chain([Cell::Count(row.total), Cell::number(row.median_days)])
            .collect::<Vec<_>>()
    });
    let totals = [text("all"), text("All")]
        .into_iter()
        .chain(table.totals.iter().map(|it| Cell::Count(*it)))
        .chain([Cell::Count(table.total), Cell::Empty]);
    Sheet {
        name,
        columns: ["theme_group", "label"]
            .map(str::to_owned)
            .into_iter()
            .chain(columns)
            .chain(["all", "median_days"].map(str::to_owned))
            .collect(),
        rows: rows.chain([totals.collect()]).collect(),
    }
}

fn weeks(pack: &Pack) -> Sheet {
    let columns = ["series", "week", "value", "average", "usual_lower", "usual_upper", "variation"];
    let series = [("raised", &pack.raised), ("median_days", &pack.median_days)];
    let rows = series.into_iter().flat_map(|(name, chart)| {
        chart.points.iter().map(move |it| {
            vec![
                text(name),
                text(it.week),
                Cell::number(it.value),
                Cell::number(it.centre),
                Cell::number(it.lower),
                Cell::number(it.upper),
                text(it.variation),
            ]
        })
    });
    Sheet::new("Weeks", &columns, rows.collect())
}

fn agencies(pack: &Pack) -> Sheet {
    let rows = pack.agencies.iter().map(|it| {
        vec![
            text(&it.code),
            text(&it.name),
            Cell::Count(it.raised),
            Cell::number(it.usual),
            text(it.hearing),
            text(&it.meaning),
            text(if it.ask { "yes" } else { "no" }),
            Cell::optional(it.last_contact),
        ]
    });
    let columns =
        ["agency", "name", "raised", "usual", "hearing", "meaning", "to_ask", "last_contact"];
    Sheet::new("Agencies", &columns, rows.collect())
}

fn open(pack: &Pack) -> Sheet {
    let lists: [(&str, &Vec<OpenLine>); 4] = [
        ("overdue", &pack.overdue),
        ("urgent", &pack.urgent),
        ("high_stages", &pack.high_stages),
        ("oldest", &pack.oldest),
    ];
    let rows = lists.into_iter().flat_map(|(list, lines)| {
        lines.iter().map(move |it| {
            vec![
                text(list),
                text(&it.reference),
                text(it.id),
                text(&it.theme),
                text(&it.raised_by),
                text(&it.raised_with),
                Cell::Count(i64::from(it.stage)),
                text(it.urgency),
                text(it.raised_at),
                Cell::optional(it.due_at),
                count(it.working_days_late),
                Cell::Number(it.child_days),
                text(if it.child_waits { "yes" } else { "no" }),
                Cell::optional(it.owner.as_ref()),
                Cell::optional(it.next_step.as_ref()),
            ]
        })
    });
    let columns = [
        "list",
        "reference",
        "id",
        "theme",
        "raised_by",
        "raised_with",
        "stage",
        "urgency",
        "raised_at",
        "due_at",
        "working_days_late",
        "child_days",
        "child_waits",
        "owner",
        "next_step",
    ];
    Sheet::new("Escalations", &columns, rows.collect())
}

/// What the codes in this workbook stand for, from the pack itself.
fn codes_in(pack: &Pack) -> Vec<[String; 3]> {
    let line = |list: &str, code: &str, words: &str| [list, code, words].map(str::to_owned);
    let tables = [&pack.asked, &pack.raised_by];
    let mut all = Vec::new();
    for table in tables {
        for row in &table.rows {
            all.push(line("theme_group", &row.group, &row.label));
            all.extend(row.themes.iter().map(|it| line("theme", &it.code, &it.label)));
        }
        all.extend(table.columns.iter().map(|it| line("agency_or_sector", &it.code, &it.label)));
    }
    let lists = [&pack.overdue, &pack.urgent, &pack.high_stages, &pack.oldest];
    all.extend(lists.into_iter().flatten().map(|it| line("theme", &it.theme, &it.theme_label)));
    all.extend(pack.agencies.iter().map(|it| line("agency", &it.code, &it.name)));
    all.extend(pack.agencies.iter().map(|it| line("hearing", it.hearing.code(), &it.tag)));
    all.sort();
    all.dedup();
    all
}
