//! Counts a due date again from nothing but its explanation, with arithmetic of its own.

use serde_json::Value;

const SECOND: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A due date as an explanation leads to it, in nanoseconds since 1970, or where it leads astray.
pub fn recompute(explanation: &Value) -> Result<i128, String> {
    let limit = Limit::read(&explanation["limit"])?;
    let mut due = None;
    for step in list(&explanation["steps"])? {
        let reached = match text(&step["step"])? {
            "counted" => counted(step, &limit)?,
            "at_once" => {
                let started = local(&explanation["started"])?.at;
                due.filter(|due| *due < started).ok_or("it is not due before it starts")?;
                started
            }
            // What was agreed is a fact and not a result.
            "agreed" => {
                let agreed = local(&step["due"])?.at;
                same("agreed time is more time", agreed > local(&step["previous"])?.at, true)?;
                agreed
            }
            "paused" => paused(step, &limit)?,
            "earlier" => {
                let counted = due.ok_or("nothing was counted before")?;
                same("the counted one", local(&step["counted"])?.at, counted)?;
                counted.min(local(&step["previous"])?.at)
            }
            other => return Err(format!("an unknown step {other}")),
        };
        same("what a step arrives at", local(&step["due"])?.at, reached)?;
        due = Some(reached);
    }
    let due = due.ok_or("there is no step")?;
    same(
        "whether it agrees",
        explanation["agrees"].as_bool(),
        Some(local(&explanation["due"])?.at == due),
    )?;
    Ok(due)
}

/// An instant in nanoseconds since 1970.
pub fn instant(text: &str) -> Result<i128, String> {
    let (date, time) = text.split_once('T').ok_or("no time")?;
    let time = time.strip_suffix('Z').ok_or("not in UTC")?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut seconds = day_number(date)? * DAY;
    for (part, worth) in clock.split(':').zip([3_600, 60, 1]) {
        seconds += number(part)? * worth;
    }
    let nanos = number(&format!("{fraction:0<9}"))?;
    Ok(i128::from(seconds) * SECOND + i128::from(nanos))
}

struct Limit {
    amount: i64,
    unit: String,
    own_day: bool,
    step: i64,
}

impl Limit {
    fn read(limit: &Value) -> Result<Self, String> {
        let amount = limit["amount"].as_i64().ok_or("no amount")?;
        Ok(Self {
            amount,
            unit: text(&limit["unit"])?.to_owned(),
            own_day: text(&limit["day_zero"])? == "include_start" && amount > 0,
            step: if text(&limit["direction"])? == "before" { -1 } else { 1 },
        })
    }
}

struct Local {
    at: i128,
    date: i64,
    offset: i64,
}

/// An instant with the date that follows from its offset.
fn local(value: &Value) -> Result<Local, String> {
    let at = instant(text(&value["at"])?)?;
    let offset = text(&value["utc_offset"])?;
    let (hours, minutes) = offset[1..].split_once(':').ok_or("no offset")?;
    let seconds = number(hours)? * 3_600 + number(minutes)? * 60;
    let offset = if offset.starts_with('-') { -seconds } else { seconds };
    let date = (at + i128::from(offset) * SECOND).div_euclid(i128::from(DAY) * SECOND);
    let date = i64::try_from(date).map_err(|_| "far away")?;
    same("the local date", day_number(text(&value["local_date"])?)?, date)?;
    Ok(Local { at, date, offset })
}

fn counted(step: &Value, limit: &Limit) -> Result<i128, String> {
    let from = local(&step["from"])?;
    let days = list(&step["days"])?;
    if limit.unit == "hour" {
        same("days of hours", days.len(), 0)?;
        return Ok(from.at + i128::from(limit.step * limit.amount * 3_600) * SECOND);
    }
    let last = last_counted(days, from.date, limit.step, limit.own_day, &limit.unit)?;
    let wanted = match limit.unit.as_str() {
        "same_day" => from.date,
        "week" => from.date + limit.step * (limit.amount * 7 - i64::from(limit.own_day)),
        "calendar_day" => from.date + limit.step * (limit.amount - i64::from(limit.own_day)),
        "month" => {
            let ends = list(&step["months"])?;
            same("the number of months", ends.len(), usize::try_from(limit.amount).unwrap())?;
            for (end, months) in ends.iter().zip(1..) {
                let listed = day_number(end.as_str().ok_or("no day")?)?;
                same("the end of a month", listed, months_on(from.date, months, limit))?;
            }
            months_on(from.date, limit.amount, limit)
        }
        _ => {
            same("the number of working days", last.counted, limit.amount)?;
            // It ends with the day that completes it, and not with one that was skipped after it.
            same("the last day is counted", last.is_counted, limit.amount > 0)?;
            last.date
        }
    };
    same("the last day", last.date, wanted)?;
    end_of_day(wanted, &step["due"])
}

fn paused(step: &Value, limit: &Limit) -> Result<i128, String> {
    let (previous, from) = (local(&step["previous"])?, local(&step["from"])?);
    let until = local(&step["until"])?;
    let (during, after) = (list(&step["days_paused"])?, list(&step["days_after"])?);
    if limit.unit == "hour" {
        same("days of hours", (during.len(), after.len(), step.get("days_gained")), (0, 0, None))?;
        return Ok(previous.at + (until.at - from.at).max(0));
    }
    let during = last_counted(during, from.date, 1, false, &limit.unit)?;
    same("the last day of the pause", during.date, until.date.max(from.date))?;
    same("the days gained", step["days_gained"].as_i64(), Some(during.counted))?;
    let after = last_counted(after, previous.date, 1, false, &limit.unit)?;
    same("the days given back", after.counted, during.counted)?;
    same("the last day is counted", after.is_counted, during.counted > 0)?;
    if during.counted == 0 {
        Ok(previous.at)
    } else {
        same_time(&previous, after.date, &step["due"])
    }
}

/// The time of day of one instant on another day, with the offset that is told for it.
fn same_time(of: &Local, date: i64, due: &Value) -> Result<i128, String> {
    let time = of.at + i128::from(of.offset - of.date * DAY) * SECOND;
    let (_, month, day) = civil(date);
    // 1 January 1970 was a Thursday.
    let clocks_go_forward = month == 3 && day > 24 && (date + 4).rem_euclid(7) == 0;
    let hour = 3_600 * SECOND;
    let skipped = clocks_go_forward && (hour..2 * hour).contains(&time);
    let offset = if skipped { 0 } else { local(due)?.offset };
    Ok(time + i128::from(date * DAY - offset) * SECOND)
}

struct Last {
    date: i64,
    counted: i64,
    is_counted: bool,
}

/// Walks over a list of days from day zero on, and counts.
fn last_counted(
    days: &[Value],
    zero: i64,
    step: i64,
    own_day: bool,
    unit: &str,
) -> Result<Last, String> {
    let mut last = Last { date: zero - step, counted: 0, is_counted: false };
    for day in days {
        let date = day_number(text(&day["date"])?)?;
        same("one day after the other", date, last.date + step)?;
        // 1 January 1970 was a Thursday.
        let weekday = (date + 3).rem_euclid(7);
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        same("the weekday", text(&day["weekday"])?, names[usize::try_from(weekday).unwrap()])?;
        let skipped = date == zero && !own_day;
        let why = match unit {
            _ if skipped => "day_zero",
            "working_day" if weekday >= 5 => "week_end",
            "working_day" if day.get("holiday").is_some() => "bank_holiday",
            "working_day" => "working_day",
            _ => "every_day",
        };
        same("why", text(&day["why"])?, why)?;
        let counts = matches!(why, "working_day" | "every_day");
        same("whether it counts", day["counted"].as_bool(), Some(counts))?;
        last.counted += i64::from(counts);
        let number = counts.then_some(last.counted);
        same("its number", day.get("number").and_then(Value::as_i64), number)?;
        (last.date, last.is_counted) = (date, counts);
    }
    same("there are days", days.is_empty(), false)?;
    Ok(last)
}

/// So many months before or after a day, at the latest on the last of its month.
fn months_on(from: i64, months: i64, limit: &Limit) -> i64 {
    let (year, month, day) = civil(from);
    let all = year * 12 + month - 1 + limit.step * months;
    let (year, month) = (all.div_euclid(12), all.rem_euclid(12) + 1);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    days_of(year, month, day.min(length)) - limit.step * i64::from(limit.own_day)
}

/// 23:59:59.999 local time of a day, with the offset that is told for it.
fn end_of_day(date: i64, due: &Value) -> Result<i128, String> {
    let offset = local(due)?.offset;
    Ok(i128::from((date + 1) * DAY - offset) * SECOND - 1_000_000)
}

fn day_number(date: &str) -> Result<i64, String> {
    let parts = date.split('-').map(number).collect::<Result<Vec<_>, _>>()?;
    let [year, month, day] = parts[..] else { return Err(format!("{date} is no date")) };
    Ok(days_of(year, month, day))
}

/// Days since 1970 (Hinnant, *chrono-Compatible Low-Level Date Algorithms*), for years after 0.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{value} is no list"))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, told: T, found: T) -> Result<(), String> {
    if told == found { Ok(()) } else { Err(format!("{what}: told {told:?}, found {found:?}")) }
}
