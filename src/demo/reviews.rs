//! The meetings of the last weeks: signed reviews with what was decided, what was learnt and what is to be done, and one
//! week that nobody signed.

use std::collections::HashMap;

use jiff::civil::{Date, Time, time};
use jiff::{Timestamp, ToSpan};

use super::DemoError;
use super::frame::{Frame, local};
use super::script::Deed;
use crate::domain::access::Caller;
use crate::domain::action::{ActionUpdate, ImpactRating, NewAction, Progress};
use crate::domain::ids::ActionId;
use crate::domain::learning::{Expected, ExpectedDirection, ExpectedFigure, NewLearning};
use crate::domain::meeting::{Attendance, CheckAnswer, MeetingCheck, Presence, checks};
use crate::domain::review::{Pack, ReviewNoticeKind};
use crate::domain::sign_off::{Disposition, NoticeAnswer, Signing};
use crate::domain::week::IsoWeek;
use crate::usecases::{Deps, Failure, actions, review};

/// The meeting begins on the Monday after its week.
const MEETING: Time = time(10, 0, 0, 0);
/// It signs at its end.
const SIGNING: Time = time(10, 50, 0, 0);

/// Who comes, by agency and role.
const ROLES: [(&str, &str); 6] = [
    ("anyborough_cs", "Head of front door"),
    ("valeshire_police", "Detective chief inspector"),
    ("health_community", "Designated nurse"),
    ("health_acute", "Named midwife"),
    ("probation", "Head of delivery unit"),
    ("otherton_cs", "Service manager"),
];

/// What the meetings decided, by how many weeks before the last their week lies. The third is missed.
const DECISIONS: [(i32, &[&str]); 5] = [
    (
        -6,
        &[
            "One inbox for requests to the police, from next month.",
            "The notification template goes to every practice.",
        ],
    ),
    (-5, &["Community health sets up an on-call rota for same-day meetings."]),
    (-4, &["Threshold sessions for the leads of all schools before the end of term."]),
    (
        -2,
        &[
            "Last week’s review was not held; both weeks were looked at together.",
            "Housing says who receives notifications.",
        ],
    ),
    (
        -1,
        &[
            "The Probation Service is asked in person why nothing was raised.",
            "Overdue matters at stage 3 come to the Director each Thursday.",
            "The on-call rota starts with one trust if the other has not agreed by Friday.",
        ],
    ),
];

/// What happens at a meeting.
#[derive(Debug, Clone)]
pub enum MeetingDeed {
    /// Something is learnt.
    Learn(Box<NewLearning>),
    /// An action is agreed, which goes by this number.
    Agree(u8, Box<NewAction>),
    /// Somebody says how that action goes.
    Update(u8, Box<ActionUpdate>),
    /// The week is signed, with these decisions.
    Sign {
        /// The week.
        week: IsoWeek,
        /// What was decided.
        decisions: &'static [&'static str],
        /// The day of the next meeting.
        next: Date,
    },
}

/// All of the meetings, with when each thing happens, in no order. A short series has none.
pub(super) fn write(frame: &Frame) -> Result<Vec<(Timestamp, Deed)>, DemoError> {
    if frame.weeks < 20 {
        return Ok(Vec::new());
    }
    let weeks = i32::try_from(frame.weeks).map_err(|_| DemoError::TooManyWeeks)?;
    let last = frame.first.plus_weeks(weeks - 1);
    let week = |before: i32| last.plus_weeks(before);
    let meeting = |before: i32, minutes: i64| {
        local(week(before).next().monday(), MEETING) + jiff::SignedDuration::from_mins(minutes)
    };
    let due = |after: i32, day: i32| last.plus_weeks(after).monday().saturating_add(day.days());
    let mut deeds = Vec::new();
    let mut add = |at: Timestamp, deed: MeetingDeed| deeds.push((at, Deed::Meet(deed)));
    for (before, decisions) in DECISIONS {
        let next = week(before + 1).next().monday();
        let week = week(before);
        add(local(week.next().monday(), SIGNING), MeetingDeed::Sign { week, decisions, next });
    }
    for (number, before, title, owner, plan, due_on) in [
        (1, -6, "Share the notification template with every practice", 3, "3.1", due(-2, 4)),
        (2, -5, "Health on-call rota for same-day meetings", 2, "2.4", due(1, 4)),
        (3, -4, "Threshold sessions for the leads of schools", 0, "4.1", due(3, 4)),
        (4, -6, "One police inbox for requests", 1, "2.2", due(0, 4)),
        (5, -2, "Say who in housing receives notifications", 5, "3.2", due(-1, 3)),
    ] {
        let (agency, role) = ROLES.get(owner).ok_or(DemoError::NothingToChoose)?;
        let action = NewAction {
            week: week(before),
            title: text(title)?,
            owner_agency: (*agency).to_owned(),
            owner_role: text(role)?,
            due_on,
            progress: Progress::OnTrack,
            impact: None,
            plan_reference: Some(text(plan)?),
            learning: None,
        };
        add(meeting(before, 20 + i64::from(number)), MeetingDeed::Agree(number, Box::new(action)));
    }
    let says = |progress, impact, note: &str| -> Result<ActionUpdate, DemoError> {
        Ok(ActionUpdate { progress, impact, due_on: None, note: Some(text(note)?), evidence: None })
    };
    let attention = says(
        Progress::AttentionNeeded,
        Some(ImpactRating::Amber),
        "The rota is drafted; one of two trusts has still to agree.",
    )?;
    let urgent = says(
        Progress::Urgent,
        None,
        "Half of the practices have it; nobody sends it to the others.",
    )?;
    let on_track = says(Progress::OnTrack, None, "Two of six sessions are held.")?;
    add(meeting(-2, 30), MeetingDeed::Update(1, Box::new(urgent)));
    add(meeting(-1, 10), MeetingDeed::Update(2, Box::new(attention)));
    add(meeting(-1, 12), MeetingDeed::Update(3, Box::new(on_track)));
    let done = ActionUpdate {
        progress: Progress::Completed,
        impact: Some(ImpactRating::Green),
        due_on: None,
        note: None,
        evidence: Some(text(
            "No request has waited for the right desk since; strategy meetings got their police reply the same day.",
        )?),
    };
    let wednesday = local(due(0, 2), time(15, 30, 0, 0));
    add(wednesday, MeetingDeed::Update(4, Box::new(done)));
    for (before, what, theme, owner, plan, measured) in [
        (
            -5,
            "Same-day meetings need a named health lead.",
            "strategy_meeting_late",
            2,
            "2.4",
            Some(13),
        ),
        (
            -1,
            "Schools read the threshold for repeat exposure differently.",
            "threshold_disagreement",
            0,
            "4.1",
            None,
        ),
    ] {
        let (agency, role) = ROLES.get(owner).ok_or(DemoError::NothingToChoose)?;
        let learning = NewLearning {
            week: week(before),
            text: text(what)?,
            group: None,
            theme: Some(theme.to_owned()),
            escalations: Vec::new(),
            said_by_agency: (*agency).to_owned(),
            said_by_role: text(role)?,
            plan_reference: Some(text(plan)?),
            expected: measured.map(|after| Expected {
                figure: ExpectedFigure::Raised,
                direction: ExpectedDirection::Lower,
                remeasure: week(after),
            }),
        };
        add(meeting(before, 5), MeetingDeed::Learn(Box::new(learning)));
    }
    Ok(deeds)
}

fn text<const MAX: usize>(
    sentence: &str,
) -> Result<crate::domain::free_text::FreeText<MAX>, DemoError> {
    Ok(crate::domain::free_text::FreeText::parse(sentence)?)
}

/// Does it.
pub(super) async fn play(
    deps: &Deps,
    caller: &Caller,
    deed: MeetingDeed,
    known: &mut HashMap<u8, ActionId>,
) -> Result<(), DemoError> {
    match deed {
        MeetingDeed::Learn(said) => drop(actions::learn(deps, caller, *said).await?),
        MeetingDeed::Agree(number, said) => {
            let (action, _) = actions::agree(deps, caller, *said).await?;
            known.insert(number, action.id);
        }
        MeetingDeed::Update(number, said) => {
            let id = known.get(&number).copied().ok_or(DemoError::NothingToChoose)?;
            let (action, _) = actions::one(deps, caller, id).await?;
            actions::update(deps, caller, id, action.state.version, *said).await?;
        }
        MeetingDeed::Sign { week, decisions, next } => {
            let shown = review::shown(deps, caller, week, None).await?;
            let pack: Pack =
                serde_json::from_str(&shown.text).map_err(|_| Failure::NotSetUp("review"))?;
            let said = signing(&pack, decisions, next)?;
            review::sign(deps, caller, week, (pack.data_to, &shown.sha256), said).await?;
        }
    }
    Ok(())
}

/// What the Director says of a week.
fn signing(pack: &Pack, decisions: &[&str], next: Date) -> Result<Signing, DemoError> {
    let answers = pack.notices.iter().map(|notice| {
        use Disposition::{Act, Explained, Watch};
        let (disposition, reason) = match notice.kind {
            ReviewNoticeKind::OverdueWithoutOwner => {
                (Act, "The front door names an owner for each of them today.")
            }
            ReviewNoticeKind::Overdue => {
                (Act, "Each owner says by Thursday what stands in the way.")
            }
            ReviewNoticeKind::UnusualCell => {
                (Watch, "Raised with the lead of the agency; looked at again in two weeks.")
            }
            ReviewNoticeKind::Signal if notice.key == "signal:raised" => {
                (Explained, "People speak up more since the policy was relaunched.")
            }
            ReviewNoticeKind::Signal => {
                (Watch, "Since answers come sooner; whether it lasts is to be seen.")
            }
            ReviewNoticeKind::QuietAgency => {
                (Watch, "The safeguarding lead of the agency is asked in person.")
            }
            ReviewNoticeKind::NotConnected => {
                (Act, "The agency’s system team is asked to repair the connection.")
            }
        };
        Ok(NoticeAnswer { key: notice.key.clone(), disposition, reason: text(reason)? })
    });
    let unmet = checks(pack).into_iter().filter(|it| !it.met);
    let said = unmet.map(|it| {
        let (confirmed, reason) = match it.check {
            MeetingCheck::LateRecordsSeen | MeetingCheck::QuietAgenciesContacted => (true, None),
            MeetingCheck::OverdueOwned => (false, Some("Owners are named today.")),
            MeetingCheck::ThemesSet => {
                (false, Some("The raising agencies are asked for the theme."))
            }
            MeetingCheck::ActionsUpdated => {
                (false, Some("Two owners were away; they report at the next meeting."))
            }
        };
        Ok(CheckAnswer { check: it.check, confirmed, reason: reason.map(text).transpose()? })
    });
    let attendance = (0..).zip(ROLES).map(|(place, (agency, role))| {
        let presence = match place {
            4 => Presence::Absent,
            5 => Presence::Deputy,
            _ => Presence::Present,
        };
        Ok(Attendance { agency: agency.to_owned(), role: text(role)?, presence })
    });
    Ok(Signing {
        answers: answers.collect::<Result<_, DemoError>>()?,
        decisions: decisions.iter().map(|it| text(it)).collect::<Result<_, _>>()?,
        as_deputy: false,
        reason: None,
        attendance: attendance.collect::<Result<_, DemoError>>()?,
        checks: said.collect::<Result<_, DemoError>>()?,
        next_meeting_on: Some(next),
    })
}
