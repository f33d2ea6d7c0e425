//! Which declarations are taken, and which of them hold for a figure.

use super::*;
use crate::domain::ids::{ClientId, PartnershipId};

const NOW: &str = "2026-11-18T10:00:00Z";

fn caller(role: Role) -> Caller {
    Caller {
        partnership: PartnershipId(uuid::Uuid::nil()),
        agency: None,
        predecessors: Vec::new(),
        role,
        client: ClientId(uuid::Uuid::nil()),
        subject: "somebody".to_owned(),
        call: None,
    }
}

fn declares(
    charts: &[ChartName],
    week: &str,
    reason: &str,
    known: &[DeclaredRebase],
) -> Result<DeclaredRebase, Vec<String>> {
    let said = RebaseStatement {
        charts: charts.to_vec(),
        first_week: week.parse().unwrap(),
        reason: reason.to_owned(),
    };
    let id = RebaseId(uuid::Uuid::nil());
    let made = DeclaredRebase::new(id, said, known, &caller(Role::Director), NOW.parse().unwrap());
    made.map_err(|broken| match broken {
        BrokenRule::Fields(all) => {
            all.iter().map(|it| format!("{} {}", it.field, it.rule)).collect()
        }
        other => panic!("{other}"),
    })
}

#[test]
fn a_change_names_figures_a_week_that_has_begun_and_a_reason_without_persons() {
    use ChartName::{MedianDays, Open, Raised};
    let relaunch = declares(&[Raised, MedianDays], "2026-W47", "Relaunched.", &[]).unwrap();
    assert_eq!(relaunch.recorded.role, Role::Director);
    for (charts, week, reason, wrong) in [
        (vec![], "2026-W40", "Why.", vec!["charts required"]),
        (vec![Open, Open], "2026-W40", "Why.", vec!["charts not_unique"]),
        (vec![Open], "2026-W48", "Why.", vec!["first_week in_future"]),
        (
            vec![Open, Open],
            "2026-W48",
            "Ring NHS number 999 000 0018",
            vec!["charts not_unique", "first_week in_future", "reason personal_data"],
        ),
        (vec![Open, Raised], "2026-W47", "Again.", vec!["first_week not_unique"]),
    ] {
        let refused = declares(&charts, week, reason, std::slice::from_ref(&relaunch));
        assert_eq!(refused.unwrap_err(), wrong);
    }
    let known = [relaunch];
    assert!(declares(&[Open], "2026-W47", "Another figure.", &known).is_ok());
    assert!(declares(&[Raised], "2026-W46", "Another week.", &known).is_ok());
}

#[test]
fn what_was_withdrawn_no_longer_holds_and_can_be_declared_anew() {
    use ChartName::{Open, Raised};
    let one = declares(&[Raised, Open], "2026-W40", "Relaunched.", &[]).unwrap();
    let now = NOW.parse().unwrap();
    let why = RebaseWithdrawal::new("Too early.".to_owned(), &caller(Role::Director), now).unwrap();
    let withdrawn = DeclaredRebase { withdrawn: Some(why), ..one.clone() };
    assert!(
        declares(&[Raised], "2026-W40", "Once more.", std::slice::from_ref(&withdrawn)).is_ok()
    );
    let other = declares(&[Raised], "2026-W44", "Moved.", &[]).unwrap();
    let held = rebases_of(&[one, other.clone()], Raised);
    let weeks: Vec<String> = held.iter().map(|it| it.from().to_string()).collect();
    assert_eq!(weeks, ["2026-W40", "2026-W44"]);
    assert_eq!((held[0].by(), held[0].declared_at()), ("Director", Some(now)));
    assert_eq!(rebases_of(&[withdrawn, other], Open), []);
    let personal = RebaseWithdrawal::new(
        "Ring NHS number 999 000 0018".to_owned(),
        &caller(Role::Director),
        now,
    );
    assert!(personal.is_err());
}
