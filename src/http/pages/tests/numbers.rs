//! The numbers of the page are the pack's, read back from the HTML.

use super::super::{Side, View, Weeks};
use super::render;
use super::{fixture::empty_pack, fixture::pack, fixture::week, frame, page_of, tags, text, view};
use crate::domain::review::ThemeTable;

/// The part of a page between two texts.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split_once(from).unwrap_or_else(|| panic!("{from}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to}")).0
}

fn tile(page: &str, title: &str) -> String {
    text(between(page, &format!(">{title}</a></h3>"), "</li>"))
}

#[test]
fn tiles_say_the_number_the_state_and_what_stands_beside_them() {
    let page = page_of(&pack());
    for (title, words) in [
        (
            "New this week",
            "23 Usual variation Usual 8 to 25. Last week 19 2 received more than 5 days later",
        ),
        (
            "Open at close",
            "34 Usual variation Usual 22 to 41. Last week 30 30 + 23 raised + 1 reopened − 20 ended",
        ),
        (
            "Overdue",
            "7 1 has no owner Longest 7 working days late 2 at stage 3 or higher. Usual 2 to 9",
        ),
        (
            "Answered in time",
            "84 % Improving, target missed Target 90%: sometimes met 21 of 25 due. Usual 61 to 93%",
        ),
        (
            "Median time to resolve",
            "1.5 days Improving Target 2: sometimes met. 9 in 10 within 6.2 Of 19, in working days. Children 9.5 days",
        ),
        (
            "Agencies to ask",
            "2 of 17 Quiet or not connected Probation Service, Valeshire. Valeshire Homes",
        ),
    ] {
        assert_eq!(tile(&page, title), words, "{title}");
    }
}

#[test]
fn too_few_cases_are_told_as_numbers() {
    let page = page_of(&empty_pack());
    for (title, words) in [
        ("Open now", "0 Not enough data Last week 0"),
        ("Overdue", "0 Nothing is late"),
        ("Answered in time", "4 of 4 due Not enough data Target 90% Fewer than 5: no percentage"),
        ("Median time to resolve", "3 resolved: no median below 5 Not enough data Target 2"),
        ("Agencies to ask", "0 of 0 Nobody is quiet"),
    ] {
        assert!(tile(&page, title).starts_with(words), "{title}: {}", tile(&page, title));
    }
    for nothing in
        ["Nothing stands out", "Nothing is overdue.", "Part of a week", "No agency has joined"]
    {
        assert!(page.contains(nothing), "{nothing}");
    }
}

#[test]
fn a_sum_that_does_not_add_up_says_so() {
    let mut pack = pack();
    pack.reconciliation.balances = false;
    assert!(tile(&page_of(&pack), "Open at close").ends_with("20 ended: does not add up"));
}

/// The rows of the table of themes, each with its numbers.
fn rows(page: &str) -> Vec<(String, Vec<i64>)> {
    let body = between(page, "<table class=\"heat\">", "</table>");
    tags(body, "tr")
        .into_iter()
        .skip(1)
        .map(|(at, _)| {
            let row = body[at..].split("</tr>").next().expect("ends");
            let head = between(row, "scope=\"row\">", "</th>");
            let name = head
                .split_once("<summary>")
                .map_or(head, |(_, it)| it.split('<').next().expect("ends"));
            let cells = row.split("</th>").nth(1).expect("cells").split("</td>");
            let numbers =
                cells.filter(|cell| !cell.contains("spark13") && !cell.contains("\"days\""));
            let numbers = numbers.filter_map(|cell| text(cell).split(' ').next()?.parse().ok());
            (name.to_owned(), numbers.collect())
        })
        .collect()
}

fn expected(table: &ThemeTable) -> Vec<(String, Vec<i64>)> {
    let line = |label: &str, cells: Vec<i64>, total| {
        (label.to_owned(), cells.into_iter().chain([total]).collect())
    };
    let of_groups = table
        .rows
        .iter()
        .map(|row| line(&row.label, row.cells.iter().map(|cell| cell.value).collect(), row.total));
    of_groups.chain([line("All themes", table.totals.clone(), table.total)]).collect()
}

#[test]
fn the_table_of_themes_is_that_of_the_pack_on_either_side() {
    let mut pack = pack();
    pack.raised_by.rows[0].cells[3].value = 41;
    for (side, table) in [(Side::Asked, &pack.asked), (Side::RaisedBy, &pack.raised_by)] {
        let page = render(&pack, &View { side, ..view() }, &frame()).expect("renders");
        assert_eq!(rows(&page), expected(table));
        let unusual =
            between(&page, "<table class=\"heat\">", "</table>").matches(" odd\"").count();
        assert_eq!(unusual, if side == Side::Asked { 3 } else { 0 });
    }
}

#[test]
fn every_number_leads_to_its_rows_as_they_were_known() {
    let page = page_of(&pack());
    let window = "as_of=2025-11-10T06:00:00Z&#38;excluded=false&#38;raised_from=2025-10-12T23:00:00Z&#38;raised_to=2025-11-10T00:00:00Z";
    for (address, words) in [
        (format!("{window}&#38;group=strategy&#38;raised_with_agency=health_community"), "6"),
        (
            format!(
                "{window}&#38;group=information&#38;raised_with_agency=gp_anyborough&#38;raised_with_agency=gp_otherton"
            ),
            "3",
        ),
        (format!("{window}&#38;theme=strategy_late"), "Strategy meetings: held late"),
        (format!("{window}&#38;group=strategy"), "26"),
        (window.to_owned(), "82"),
        ("as_of=2025-11-10T06:00:00Z&#38;excluded=false&#38;overdue=true".to_owned(), "7"),
    ] {
        let link = format!("<a href=\"/escalations?{address}\">{words}<");
        assert!(page.contains(&link), "{link}");
    }
    let cells = between(&page, "<table class=\"heat\">", "</table>");
    assert!(!cells.contains("\">0</a>"), "nought leads nowhere");
}

#[test]
fn charts_show_the_weeks_that_are_asked_for_and_their_tables_say_the_same() {
    let pack = pack();
    for (weeks, count) in [(Weeks::Thirteen, 13), (Weeks::FiftyTwo, 52)] {
        let page = render(&pack, &View { weeks, ..view() }, &frame()).expect("renders");
        for (id, of) in [("h-raised", &pack.raised), ("h-days", &pack.median_days)] {
            let card = between(&page, &format!("<h2 id=\"{id}\">"), "</section>");
            assert_eq!(tags(card, "use").iter().filter(|(_, it)| it.contains("x=")).count(), count);
            let body = between(card, "<tbody>", "</tbody>");
            let shown: Vec<f64> = body
                .split("</tr>")
                .filter_map(|row| text(row.split("</td>").next()?).split(' ').nth(3)?.parse().ok())
                .collect();
            let values = of.points.iter().rev().take(count).filter_map(|point| point.value);
            assert_eq!(shown, values.collect::<Vec<_>>());
            assert!(card.contains(&of.message));
        }
    }
    let page = page_of(&pack);
    assert!(page.contains("Week of 3 Nov 2025: 23. Usual variation"));
    assert!(page.contains("From 7 July 2025: Escalation policy relaunched."));
}

#[test]
fn a_week_without_a_value_leaves_a_hole_in_the_line() {
    let mut pack = pack();
    pack.raised.points[40].value = None;
    let page = page_of(&pack);
    let card = between(&page, "<h2 id=\"h-raised\">", "</section>");
    assert_eq!(tags(card, "polyline").len(), 2);
    assert!(!card.contains("NaN") && !card.contains("inf"));
}

#[test]
fn late_escalations_have_an_owner_or_the_lack_of_one() {
    let mut pack = pack();
    let page = page_of(&pack);
    let body = between(&page, "id=\"overdue\"", "</section>");
    assert_eq!(body.matches("No owner").count(), 1);
    for line in &pack.overdue {
        assert!(
            body.contains(&format!("<a href=\"/escalations/{}\">{}</a>", line.id, line.reference))
        );
    }
    assert!(text(body).contains("7 days due Mon 27 Oct Named nurse Executive call Tue 11 Nov"));
    assert!(text(body).contains("<1") || text(body).contains("&#60;1 day"), "{}", text(body));
    pack.overdue = pack.overdue.iter().cycle().take(30).cloned().collect();
    let page = page_of(&pack);
    assert!(page.contains("30 past their due date, the 7 longest here"));
    assert!(page.contains("<summary>Show the other 23</summary>"));
    assert_eq!(between(&page, "id=\"overdue\"", "</section>").matches("scope=\"row\"").count(), 30);
}

#[test]
fn those_to_ask_are_never_folded_away() {
    let mut pack = pack();
    for line in pack.agencies.iter_mut().take(8) {
        line.ask = true;
    }
    let page = page_of(&pack);
    let shown = between(&page, "id=\"hearing\"", "<details");
    assert_eq!(shown.matches("scope=\"row\"").count(), 8);
    assert!(page.contains("Show the other 9 agencies"));
}

#[test]
fn four_notices_are_shown_and_the_rest_is_folded_away() {
    let four = page_of(&pack());
    assert!(!between(&four, "id=\"notices\"", "</section>").contains("<details"));
    let mut pack = pack();
    pack.notices.extend(pack.notices.clone());
    let page = page_of(&pack);
    let card = between(&page, "id=\"notices\"", "</section>");
    assert!(card.contains("<span>the first 4 of 8</span>"), "{card}");
    assert_eq!(between(card, "<ul>", "<details").matches("<li>").count(), 4);
    assert_eq!(between(card, "<details", "</details>").matches("<li>").count(), 4);
}

#[test]
fn the_view_and_the_week_are_kept_when_one_goes_on() {
    let view = View {
        weeks: Weeks::Thirteen,
        side: Side::RaisedBy,
        previous: Some(week("2025-W44")),
        next: Some(week("2025-W46")),
    };
    let page = render(&pack(), &view, &frame()).expect("renders");
    for link in [
        "<a rel=\"prev\" href=\"/review/2025-W44?weeks=13&#38;view=raised\">‹ Week 44</a>",
        "<a rel=\"next\" href=\"/review/2025-W46?weeks=13&#38;view=raised\">Week 46 ›</a>",
        "<a href=\"/review/2025-W45?view=raised\">52 weeks</a>",
        "<a href=\"/review/2025-W45?weeks=13\">Asked to respond</a>",
        "<a href=\"/review/2025-W45.csv\">CSV</a>",
    ] {
        assert!(page.contains(link), "{link}");
    }
    assert!(page_of(&pack()).contains("Week 46 has not begun"));
}
