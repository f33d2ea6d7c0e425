//! Calendars of any years for tests, made by the rules of the bank holidays and not from a list.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

use super::{Calendar, Nation};

/// England and Wales: the Banking and Financial Dealings Act 1971, with the days that were moved or
/// added by proclamation up to 2023.
pub fn england_and_wales(years: RangeInclusive<i16>) -> Calendar {
    calendar(Nation::EnglandAndWales, years)
}

/// Scotland: 2 January and St Andrew's Day too, no Easter Monday, and August's holiday begins the month.
pub fn scotland(years: RangeInclusive<i16>) -> Calendar {
    calendar(Nation::Scotland, years)
}

fn calendar(nation: Nation, years: RangeInclusive<i16>) -> Calendar {
    let mut days = BTreeMap::new();
    for year in years.clone() {
        of_year(nation, year, &mut days);
    }
    Calendar::new(format!("{nation}-by-rule"), nation, years, days).expect("all inside")
}

fn of_year(nation: Nation, year: i16, days: &mut BTreeMap<Date, String>) {
    let scottish = nation == Nation::Scotland;
    let on = |month, day| date(year, month, day);
    let mut fixed = vec![
        (on(1, 1), "New Year's Day"),
        (on(12, 25), "Christmas Day"),
        (on(12, 26), "Boxing Day"),
    ];
    if scottish {
        fixed.push((on(1, 2), "2nd January"));
        fixed.push((on(11, 30), "St Andrew's Day"));
    }
    let easter = easter_sunday(year);
    days.insert(easter.saturating_sub(2.days()), "Good Friday".to_owned());
    if !scottish {
        days.insert(easter.saturating_add(1.day()), "Easter Monday".to_owned());
    }
    match year {
        2020 => days.insert(on(5, 8), "Early May bank holiday (VE day)".to_owned()),
        _ => days.insert(monday_from(on(5, 1)), "Early May bank holiday".to_owned()),
    };
    match year {
        2022 => days.insert(on(6, 2), "Spring bank holiday".to_owned()),
        _ => days.insert(monday_from(on(5, 25)), "Spring bank holiday".to_owned()),
    };
    let summer = if scottish { on(8, 1) } else { on(8, 25) };
    days.insert(monday_from(summer), "Summer bank holiday".to_owned());
    for (day, name) in [
        (on(6, 3), "Platinum Jubilee bank holiday"),
        (on(9, 19), "Bank Holiday for the State Funeral of Queen Elizabeth II"),
    ] {
        if year == 2022 {
            days.insert(day, name.to_owned());
        }
    }
    if year == 2023 {
        let name = "Bank holiday for the coronation of King Charles III";
        days.insert(on(5, 8), name.to_owned());
    }
    // A day that falls on a week-end moves to the next day that is neither one nor taken.
    let weekend = |day: Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    fixed.sort_by_key(|(day, _)| (weekend(*day), *day));
    for (day, name) in fixed {
        let mut kept = day;
        while weekend(kept) || days.contains_key(&kept) {
            kept = kept.saturating_add(1.day());
        }
        let name = if kept == day { name.to_owned() } else { format!("{name} (substitute day)") };
        days.insert(kept, name);
    }
}

/// The first Monday on or after a day.
fn monday_from(day: Date) -> Date {
    let into_week = day.weekday().to_monday_zero_offset();
    day.saturating_add(((7 - into_week) % 7).days())
}

/// Easter Sunday of the Gregorian calendar, by the algorithm that is named Anonymous (Meeus,
/// *Astronomical Algorithms*, chapter 8).
fn easter_sunday(year: i16) -> Date {
    let year = i32::from(year);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let of_march = h + l - 7 * m + 114;
    let small = |number: i32| i8::try_from(number).expect("a month or a day");
    let year = i16::try_from(year).expect("a year");
    date(year, small(of_march / 31), small(of_march % 31 + 1))
}
