//! Numbers and dates as people read them, in the one place where a page makes them.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::london::london;
use crate::domain::week::IsoWeek;

/// A whole number: `1,204`.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("\u{2212}{text}") } else { text }
}

/// A number with at most one decimal: `1.5`, `2`.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A share as a percentage without its sign. Rounded down, so that only all of them are 100.
pub(super) fn percent(share: f64) -> String {
    // A hair more than nothing, because 0.29 times 100 is a hair less than 29.
    format!("{:.0}", (share * 100.0 + 1e-9).floor())
}

/// A number and its noun: `1 day`, `2 days`.
pub(super) fn counted(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `3 November 2025`
pub(super) fn long_date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// `3 Nov 2025`
pub(super) fn short_date(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// `Thu 30 Oct`, with the year where it is another than that of the review.
pub(super) fn day(date: Date, review: IsoWeek) -> String {
    let form = if date.year() == review.sunday().year() { "%a %-d %b" } else { "%a %-d %b %Y" };
    date.strftime(form).to_string()
}

/// `Monday 10 November 2025, 6:00am`, on a London clock.
pub(super) fn instant(at: Timestamp) -> String {
    london().to_datetime(at).strftime("%A %-d %B %Y, %-I:%M%P").to_string()
}

/// `Monday 3 to Sunday 9 November 2025`: no more of the first day than differs from the last.
pub(super) fn week_span(week: IsoWeek) -> String {
    let (first, last) = (week.monday(), week.sunday());
    let form = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => "%A %-d",
        (true, false) => "%A %-d %B",
        (false, _) => "%A %-d %B %Y",
    };
    format!("{} to {}", first.strftime(form), last.strftime("%A %-d %B %Y"))
}

/// What is usual for a number of things: whole numbers, because a count between them cannot be, and
/// one beyond the limit is a signal however near it lies.
pub(super) fn usual_counts(lower: Option<f64>, upper: Option<f64>) -> Option<String> {
    let lower = lower.map(|it| format!("{:.0}", it.ceil().max(0.0)));
    let upper = upper.map(|it| format!("{:.0}", it.floor()));
    range(lower, upper)
}

/// What is usual for a measure.
pub(super) fn usual_measures(lower: Option<f64>, upper: Option<f64>) -> Option<String> {
    range(lower.map(number), upper.map(number))
}

fn range(lower: Option<String>, upper: Option<String>) -> Option<String> {
    match (lower, upper) {
        (Some(lower), Some(upper)) => Some(format!("{lower} to {upper}")),
        (None, Some(upper)) => Some(format!("up to {upper}")),
        (Some(lower), None) => Some(format!("{lower} or more")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> IsoWeek {
        text.parse().expect(text)
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (value, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (-12_345_678, "−12,345,678")]
        {
            assert_eq!(count(value), text);
        }
        assert_eq!(count(i64::MIN), "−9,223,372,036,854,775,808");
        for (value, text) in [(1.5, "1.5"), (2.0, "2"), (16.84, "16.8"), (0.04, "0"), (9.96, "10")]
        {
            assert_eq!(number(value), text);
        }
        for (share, text) in [(1.0, "100"), (0.999, "99"), (0.29, "29"), (0.0, "0"), (0.84, "84")] {
            assert_eq!(percent(share), text);
        }
        assert_eq!(counted(1, "day", "days"), "1 day");
        assert_eq!(counted(0, "day", "days"), "0 days");
    }

    #[test]
    fn a_week_says_no_month_and_no_year_twice() {
        for (name, words) in [
            ("2025-W45", "Monday 3 to Sunday 9 November 2025"),
            ("2025-W44", "Monday 27 October to Sunday 2 November 2025"),
            ("2026-W53", "Monday 28 December 2026 to Sunday 3 January 2027"),
        ] {
            assert_eq!(week_span(week(name)), words);
        }
    }

    #[test]
    fn an_instant_is_shown_on_a_london_clock() {
        let words = |text: &str| instant(text.parse().expect(text));
        assert_eq!(words("2025-11-10T06:00:00Z"), "Monday 10 November 2025, 6:00am");
        assert_eq!(words("2026-07-05T23:30:00Z"), "Monday 6 July 2026, 12:30am");
        assert_eq!(words("2026-07-06T11:05:00Z"), "Monday 6 July 2026, 12:05pm");
    }

    #[test]
    fn a_day_of_another_year_says_so() {
        let date = |text: &str| text.parse::<Date>().expect(text);
        assert_eq!(day(date("2025-10-30"), week("2025-W45")), "Thu 30 Oct");
        assert_eq!(day(date("2025-12-24"), week("2026-W01")), "Wed 24 Dec 2025");
        assert_eq!(short_date(date("2025-11-03")), "3 Nov 2025");
        assert_eq!(long_date(date("2025-11-03")), "3 November 2025");
    }

    #[test]
    fn what_is_usual_leaves_out_every_count_that_would_be_a_signal() {
        assert_eq!(usual_counts(Some(7.6), Some(25.9)).as_deref(), Some("8 to 25"));
        assert_eq!(usual_counts(Some(8.0), Some(26.0)).as_deref(), Some("8 to 26"));
        assert_eq!(usual_counts(None, Some(11.4)).as_deref(), Some("up to 11"));
        assert_eq!(usual_measures(Some(1.05), Some(5.0)).as_deref(), Some("1.1 to 5"));
        assert_eq!(usual_measures(Some(1.0), None).as_deref(), Some("1 or more"));
        assert_eq!(usual_counts(None, None), None);
    }
}
