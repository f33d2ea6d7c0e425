//! What goes well without an escalation: a few calls that settle something each week, and a commendation or two.

use jiff::{SignedDuration, Timestamp};

use super::DemoError;
use super::agencies::{SILENT, Sides, sides, source_of};
use super::case::theme;
use super::chance::Chance;
use super::frame::{Frame, SILENCE};
use super::script::Deed;
use super::weeks::moment;
use crate::domain::london::local_date;
use crate::domain::practice::{ExternalReference, Practice, PracticeKind, PracticeNote};
use crate::domain::urgency::Urgency;

/// Keeps this stream of chance apart from that of the script, which must stay as it is without it.
const PRACTICE: u64 = 0x600d;

const SETTLED: &[&str] = &[
    "Rang the duty manager, who put it right the same afternoon.",
    "Talked it through after the meeting; a date was agreed at once.",
    "The information had been sent to an old address; it was there within the hour.",
    "Both managers looked at the record together and agreed on the next step.",
];

const COMMENDED: &[&str] = &[
    "Challenged our decision politely and with evidence; we looked again and changed it.",
    "Answered our concern the same day, with reasons and a name to ring.",
    "Brought the history that nobody else had read, and stayed until there was a plan.",
    "Sent a deputy at an hour's notice, so that the meeting could decide.",
];

/// All of the series, with when the service hears of each, in no order.
pub(super) fn write(seed: u64, frame: &Frame) -> Result<Vec<(Timestamp, Deed)>, DemoError> {
    let mut chance = Chance::new(seed ^ PRACTICE);
    let mut deeds = Vec::new();
    let mut week = frame.first;
    for number in 1..=frame.weeks {
        for (kind, count) in [
            (PracticeKind::InformalResolution, chance.whole(3..=6)),
            (PracticeKind::Commendation, chance.whole(1..=2)),
        ] {
            for _ in 0..count {
                let at = moment(week.monday(), frame, &mut chance)?;
                let made = deeds.len();
                deeds.push(record(kind, number, at, made, frame, &mut chance)?);
            }
        }
        week = week.next();
    }
    Ok(deeds)
}

fn record(
    kind: PracticeKind,
    week: i64,
    occurred_at: Timestamp,
    made: usize,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<(Timestamp, Deed), DemoError> {
    let day = local_date(occurred_at);
    let Sides { by, with } = match kind {
        PracticeKind::InformalResolution => sides(week, day, frame, chance)?,
        PracticeKind::Commendation => two_sides(week, day, frame, chance)?,
    };
    let (sentences, urgency) = match kind {
        PracticeKind::InformalResolution => {
            let urgency = chance.weighted(&[(Urgency::Standard, 0.8), (Urgency::Urgent, 0.2)])?;
            (SETTLED, chance.happens(0.8).then_some(urgency))
        }
        PracticeKind::Commendation => (COMMENDED, None),
    };
    let note = if chance.happens(0.6) {
        Some(PracticeNote::parse(chance.pick(sentences)?)?)
    } else {
        None
    };
    let said = Practice {
        kind,
        about_agency: with.to_owned(),
        theme: theme(week, chance)?.code.to_owned(),
        urgency,
        note,
        occurred_at: Some(occurred_at),
        external: source_of(by).filter(|_| chance.happens(0.6)).map(|(source, prefix)| {
            let reference = format!("{prefix}-GP-{}-{:05}", day.year(), 1_000 + made);
            ExternalReference { source: source.to_owned(), reference }
        }),
    };
    // Written down when there is a moment: the same hour, or at the end of the week.
    let minutes =
        if chance.happens(0.9) { chance.whole(5..=180) } else { chance.whole(600..=4_320) };
    let received_at = occurred_at + SignedDuration::from_mins(minutes);
    Ok((received_at, Deed::Record { by, said: Box::new(said) }))
}

/// Two different agencies: the one that commends, and the one that challenged or responded well.
fn two_sides(
    week: i64,
    day: jiff::civil::Date,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Sides, DemoError> {
    loop {
        let Sides { by, with } = sides(week, day, frame, chance)?;
        if by == with {
            continue;
        }
        // Half of it is praise of a challenge, by the agency that was challenged; but who is silent stays silent.
        let silent = with == SILENT && week >= SILENCE;
        if chance.happens(0.5) && !silent {
            return Ok(Sides { by: with, with: by });
        }
        return Ok(Sides { by, with });
    }
}
