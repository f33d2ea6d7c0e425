//! When a nil return is taken, and which agreement about a feed holds.

use super::*;
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::ids::{ClientId, PartnershipId};

const WEEK: &str = "2026-W46";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn week() -> IsoWeek {
    WEEK.parse().unwrap()
}

fn caller() -> Caller {
    Caller {
        partnership: PartnershipId(uuid::Uuid::nil()),
        agency: Some(AgencyId(uuid::Uuid::max())),
        predecessors: Vec::new(),
        role: Role::Agency,
        client: ClientId(uuid::Uuid::nil()),
        subject: "somebody".to_owned(),
        call: None,
    }
}

fn agency(from: &str, to: Option<&str>) -> Agency {
    Agency {
        id: AgencyId(uuid::Uuid::max()),
        code: "housing".to_owned(),
        name: "Housing".to_owned(),
        agency_type: AgencyType::Housing,
        aliases: Vec::new(),
        may_raise: true,
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        sharing: crate::domain::sharing_agreement::Sharing::default(),
        may_respond: true,
        valid_from: from.parse().unwrap(),
        valid_to: to.map(|to| to.parse().unwrap()),
        successor: None,
    }
}

fn says(agency: &Agency, role: &str, raised: bool, now: &str) -> Result<NilReturn, Vec<String>> {
    let said = (agency, week(), role.to_owned());
    NilReturn::new(said, &caller(), raised, at(now)).map_err(|broken| match broken {
        BrokenRule::Fields(faults) => {
            faults.iter().map(|it| format!("{} {}", it.field, it.rule)).collect()
        }
        other => panic!("{other}"),
    })
}

#[test]
fn a_nil_return_is_taken_from_friday_on_for_a_week_in_which_nothing_was_raised() {
    let housing = agency("2020-01-01", None);
    // Friday the 13th begins at midnight in London.
    let early = says(&housing, "Manager", false, "2026-11-12T23:59:59Z");
    assert_eq!(early.unwrap_err(), ["week in_future"]);
    let given = says(&housing, "Manager", false, "2026-11-13T00:00:00Z").unwrap();
    assert_eq!((given.week, given.signed_as.as_str()), (week(), "Manager"));
    assert_eq!(given.recorded.at, at("2026-11-13T00:00:00Z"));
    // Long after as well: what is recorded late is known late.
    assert!(says(&housing, "Manager", false, "2027-01-01T00:00:00Z").is_ok());
    let raised = says(&housing, "NHS number 999 000 0018", true, "2026-11-16T09:00:00Z");
    assert_eq!(raised.unwrap_err(), ["week inconsistent", "signed_as personal_data"]);
}

#[test]
fn who_took_no_part_in_a_week_has_nothing_to_say_of_it() {
    for (from, to, fine) in [
        ("2026-11-15", None, true),
        ("2026-11-16", None, false),
        ("2020-01-01", Some("2026-11-09"), true),
        ("2020-01-01", Some("2026-11-08"), false),
    ] {
        let told = says(&agency(from, to), "Manager", false, "2026-11-16T09:00:00Z");
        assert_eq!(told.is_ok(), fine, "{from} {to:?}");
    }
}

fn statement(version: i32, hours: Option<i64>, recorded_at: &str) -> FeedAgreement {
    FeedAgreement {
        version,
        every: hours.map(SignedDuration::from_hours),
        reason: "Agreed.".to_owned(),
        recorded: Recorded::by(&caller(), at(recorded_at)),
    }
}

#[test]
fn the_last_statement_holds_and_a_renewed_agreement_is_as_old_as_its_first() {
    let (one, two) = (
        statement(1, Some(24), "2026-01-01T09:00:00Z"),
        statement(2, Some(48), "2026-06-01T09:00:00Z"),
    );
    let end = statement(3, None, "2026-07-01T09:00:00Z");
    let again = statement(4, Some(12), "2026-08-01T09:00:00Z");
    assert_eq!(agreed_feed(&[]), None);
    let held = agreed_feed(&[one.clone(), two.clone()]).unwrap();
    assert_eq!((held.every, held.since), (SignedDuration::from_hours(48), one.recorded.at));
    assert_eq!(agreed_feed(&[one.clone(), two.clone(), end.clone()]), None);
    let held = agreed_feed(&[one, two, end, again.clone()]).unwrap();
    assert_eq!((held.every, held.since), (SignedDuration::from_hours(12), again.recorded.at));
}

#[test]
fn an_interval_that_nobody_says_is_the_usual_one_and_an_end_has_none() {
    let usual = SignedDuration::from_hours(24);
    let say = |state, hours: Option<i64>, reason: &str| {
        let every = hours.map(SignedDuration::from_hours);
        FeedStatement { state, every, reason: reason.to_owned() }.every(usual)
    };
    assert_eq!(say(FeedState::Agreed, None, "Agreed."), Ok(Some(usual)));
    let week = SignedDuration::from_hours(168);
    assert_eq!(say(FeedState::Agreed, Some(168), "Agreed."), Ok(Some(week)));
    assert_eq!(say(FeedState::Ended, None, "They type."), Ok(None));
    assert!(say(FeedState::Ended, Some(24), "They type.").is_err());
    assert!(say(FeedState::Agreed, None, "Ring NHS number 999 000 0018").is_err());
}
