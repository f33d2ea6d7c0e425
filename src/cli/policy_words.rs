//! What a change of rules means, in words for those who decide on it.

use crate::usecases::policies::{CalendarStep, Plan, PolicyStep, Step, TimescalesStep};

/// The plan, line by line.
pub fn words(partnership: &str, plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("Partnership {partnership}, {}", plan.today)];
    for step in &plan.steps {
        lines.push(String::new());
        match step {
            Step::Policy(it) => policy(it, &mut lines),
            Step::Timescales(it) => timescales(it, &mut lines),
            Step::Calendar(it) => calendar(it, &mut lines),
        }
    }
    lines.push(String::new());
    let open: i64 = plan.open.iter().map(|it| it.open).sum();
    if open == 0 {
        lines.push("No escalation is open.".to_owned());
    } else {
        lines.push(format!(
            "Escalations that are open now: {open}. Each runs on under the stage policy that it has, with the due \
             dates that it has:"
        ));
        for it in &plan.open {
            lines.push(format!("  {}: {} under {}", it.agency, it.open, it.policy_version));
        }
    }
    lines.push(String::new());
    lines
}

fn policy(it: &PolicyStep, lines: &mut Vec<String>) {
    let from = it.effective_from;
    lines.push(if it.already_there {
        format!("Stage policy {}: already there, with {from} as its first day", it.version)
    } else {
        format!("Stage policy {}: new, for escalations raised from {from} on", it.version)
    });
    match &it.until {
        Some((day, other)) if *day == from => lines.push(format!(
            "  It is never used: {other} has the same first day and was agreed on later."
        )),
        Some((day, other)) => lines.push(format!("  From {day} on {other} is used.")),
        None => {}
    }
    match &it.in_force {
        None => lines.push("  No other policy is in force.".to_owned()),
        Some((now, _)) if *now == it.version => lines.push("  It is in force now.".to_owned()),
        Some((now, since)) => {
            differences(&format!("{now}, in force since {since}"), &it.changes, lines);
        }
    }
}

fn timescales(it: &TimescalesStep, lines: &mut Vec<String>) {
    if it.new.is_empty() {
        lines.push(format!("Timescales {}: already there, all {}", it.set, it.unchanged));
        return;
    }
    lines.push(format!(
        "Timescales {}: {} new, for processes that start from {} on; {} already there",
        it.set,
        it.new.len(),
        it.effective_from,
        it.unchanged
    ));
    for new in &it.new {
        lines.push(format!("  {} {}: {}", new.code, new.version, new.limit));
        match &new.in_force {
            None => lines.push("  No version of it is in force now.".to_owned()),
            Some(now) => differences(now, &new.changes, lines),
        }
        for kept in &new.waiting {
            lines.push(format!(
                "  Delays that wait keep theirs: {} under {}",
                kept.running, kept.version
            ));
        }
    }
}

fn calendar(it: &CalendarStep, lines: &mut Vec<String>) {
    let in_use = it.in_use.as_ref().map(|(version, _)| version.as_str());
    let standing = match (it.already_there, in_use == Some(it.version.as_str())) {
        (false, _) => "new, for every date that is counted once it is applied".to_owned(),
        (true, true) => "already there, and in use".to_owned(),
        (true, false) => format!(
            "already there, and not in use: {} was loaded later. To use these dates again, give them another version",
            in_use.unwrap_or("none")
        ),
    };
    lines.push(format!("Calendar {}: {standing}", it.version));
    let (first, last) = it.years;
    lines.push(format!(
        "  Bank holidays of {}, {first} to {last}; SHA-256 {}",
        it.nation, it.dates_sha256
    ));
    if let Some((version, hash)) = it.in_use.as_ref().filter(|(version, _)| *version != it.version)
    {
        differences(&format!("{version}, in use now (SHA-256 {hash})"), &it.changes, lines);
    }
    for kept in &it.running {
        lines
            .push(format!("  Running clocks keep theirs: {} under {}", kept.running, kept.version));
    }
}

fn differences(from: &str, told: &[String], lines: &mut Vec<String>) {
    if told.is_empty() {
        lines.push(format!("  It does not differ from {from}."));
        return;
    }
    lines.push(format!("  It differs from {from}:"));
    lines.extend(told.iter().map(|line| format!("    {line}")));
}
