//! Filters: what they mean, what is refused, and that their text goes no further.

use proptest::prelude::*;

use super::*;

fn view() -> ReportView {
    let column = |name: &str, kind| ReportColumn::described(name.to_owned(), kind, String::new());
    let columns = vec![
        column("row_id", ColumnKind::Text),
        column("id", ColumnKind::Guid),
        column("theme", ColumnKind::Text),
        column("raised", ColumnKind::Int),
        column("value", ColumnKind::Decimal),
        column("open", ColumnKind::Bool),
        column("week_starts", ColumnKind::Date),
        column("raised_at", ColumnKind::Instant),
    ];
    ReportView::described("weekly".to_owned(), String::new(), columns).unwrap()
}

fn shape(it: &Condition) -> String {
    let operand = |it: &Operand| match it {
        Operand::Column(column) => column.name().to_owned(),
        Operand::Part(part, column) => format!("{part:?}({})", column.name()),
        Operand::Value(value) => format!("{value:?}"),
        Operand::Null => "null".to_owned(),
    };
    match it {
        Condition::And(one, other) => format!("[{} & {}]", shape(one), shape(other)),
        Condition::Or(one, other) => format!("[{} | {}]", shape(one), shape(other)),
        Condition::Not(it) => format!("!{}", shape(it)),
        Condition::Compare(how, one, other) => {
            format!("{} {how:?} {}", operand(one), operand(other))
        }
        Condition::Words(test, column, words) => format!("{test:?}({}, {words})", column.name()),
        Condition::IsTrue(column) => column.name().to_owned(),
    }
}

#[test]
fn operators_bind_as_the_standard_says() {
    for (filter, expected) in [
        ("raised gt 1", "raised Greater Number(\"1\")"),
        ("open", "open"),
        ("not open and open", "[!open & open]"),
        ("open or open and open", "[open | [open & open]]"),
        ("(open or open) and open", "[[open | open] & open]"),
        ("open or open or open", "[[open | open] | open]"),
        (
            "theme eq 'it''s' and value le -1.50",
            "[theme Equal Text(\"it's\") & value LessOrEqual Number(\"-1.50\")]",
        ),
        ("theme ne null", "theme NotEqual null"),
        ("year(raised_at) eq 2026", "Part"),
        ("not contains(theme,'a')", "!Contains(theme, a)"),
        ("startswith(theme, 'a') eq false", "!StartsWith(theme, a)"),
        ("endswith(theme,'') eq true", "EndsWith(theme, )"),
        ("week_starts ge 2026-11-16", "week_starts GreaterOrEqual Date(2026-11-16)"),
        ("raised_at lt 2026-11-16T00:00:00+01:00", "raised_at Less Instant(2026-11-15T23:00:00Z)"),
        (
            "id eq 0199a9b0-0000-7000-8000-000000000001",
            "id Equal Guid(0199a9b0-0000-7000-8000-000000000001)",
        ),
        (
            "id eq a199a9b0-0000-7000-8000-000000000001",
            "id Equal Guid(a199a9b0-0000-7000-8000-000000000001)",
        ),
        ("1 eq 1", "Number(\"1\") Equal Number(\"1\")"),
    ] {
        let made = shape(
            &condition(filter, &view()).unwrap_or_else(|fault| panic!("{filter}: {fault:?}")),
        );
        let made = if expected == "Part" {
            made.replace("Year(raised_at) Equal Number(\"2026\")", "Part")
        } else {
            made
        };
        assert_eq!(made, expected, "{filter}");
    }
}

#[test]
fn what_is_not_understood_is_refused_and_what_is_not_served_is_called_so() {
    let deep = format!("{}open{}", "(".repeat(100), ")".repeat(100));
    let long = vec!["open"; 2_000].join(" or ");
    for filter in [
        "",
        "raised",
        "raised gt",
        "gt 1",
        "raised gt 1 2",
        "raised gt 1)",
        "(raised gt 1",
        "unknown eq 1",
        "theme eq 1",
        "raised eq '1'",
        "week_starts eq 2026-11-16T00:00:00Z",
        "week_starts eq 2026-02-30",
        "raised_at gt 2026-11-16",
        "open gt true",
        "theme eq 'x",
        "theme eq \"x\"",
        "raised gt 1; drop table x",
        "raised gt 1 -- x",
        "year(theme) eq 1",
        "contains(raised,'1')",
        "contains(theme,theme)",
        "foo(theme)",
        "theme eq 'a\0b'",
        "raised gt 1e999",
        "raised gt 0x10",
        "raised_at gt 99999-01-01T00:00:00Z",
        "not raised",
        "theme eq it.theme",
        "null",
        "id eq 'x'",
        &deep,
        &long,
    ] {
        let fault = condition(filter, &view()).expect_err(filter);
        assert_eq!(fault.status, 400, "{filter}");
    }
    for filter in [
        "tolower(theme) eq 'a'",
        "raised add 1 eq 2",
        "theme in ('a')",
        "raised/x eq 1",
        "contains('a',theme)",
    ] {
        assert_eq!(condition(filter, &view()).expect_err(filter).status, 501, "{filter}");
    }
}

proptest! {
    #[test]
    fn no_filter_is_too_strange_to_be_answered(filter in "\\PC{0,200}") {
        let _ = condition(&filter, &view());
    }

    /// Words that filters are made of, in any order: what is understood has columns of the view only.
    #[test]
    fn made_of_filters_own_words_it_is_understood_or_refused(
        parts in proptest::collection::vec(prop::sample::select(vec![
            "theme", "raised", "open", "raised_at", "id", "eq", "ne", "gt", "and", "or", "not", "(", ")", ",", "null",
            "'x'", "'; drop table escalation; --'", "1", "-1.5", "true", "2026-11-16", "contains(", "year(", "$1", "\"",
        ]), 0..25)
    ) {
        let _ = condition(&parts.join(" "), &view());
    }
}
