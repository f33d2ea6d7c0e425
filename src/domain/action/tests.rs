//! That an action keeps its history, closes with its effect, and is shown where it belongs.

use super::*;
use crate::domain::ids::PartnershipId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn week() -> IsoWeek {
    "2026-W46".parse().unwrap()
}

fn director() -> Caller {
    Caller {
        partnership: PartnershipId(uuid::Uuid::nil()),
        agency: None,
        predecessors: Vec::new(),
        role: Role::Director,
        client: ClientId(uuid::Uuid::nil()),
        subject: "somebody".to_owned(),
        call: None,
    }
}

fn action(progress: Progress, due_on: &str) -> ReviewAction {
    ReviewAction {
        id: ActionId(uuid::Uuid::nil()),
        week: week(),
        title: FreeText::parse("Health joins the rota").unwrap(),
        owner_agency: AgencyId(uuid::Uuid::nil()),
        owner_role: FreeText::parse("Designated nurse").unwrap(),
        plan_reference: None,
        learning: None,
        state: ActionState {
            version: 1,
            progress,
            impact: None,
            due_on: due_on.parse().unwrap(),
            note: None,
            evidence: None,
            recorded: Recorded::by(&director(), at("2026-11-16T10:00:00Z")),
        },
        earlier: Vec::new(),
    }
}

fn says(progress: Progress, evidence: Option<&str>) -> ActionUpdate {
    let evidence = evidence.map(|text| FreeText::parse(text).unwrap());
    ActionUpdate { progress, impact: None, due_on: None, note: None, evidence }
}

#[test]
fn an_action_closes_with_evidence_once_and_on_the_version_that_was_read() {
    let open = action(Progress::OnTrack, "2026-11-30");
    let now = at("2026-11-23T10:00:00Z");
    let update = |it: &ReviewAction, said, version| it.updated(said, version, &director(), now);
    assert_eq!(update(&open, says(Progress::Urgent, None), 2), Err(CannotUpdate::Stale));
    let field = |rule| Err(CannotUpdate::Broken(BrokenRule::field("evidence", rule)));
    assert_eq!(update(&open, says(Progress::Completed, None), 1), field(FieldRule::Required));
    assert_eq!(update(&open, says(Progress::Urgent, Some("x")), 1), field(FieldRule::Inconsistent));
    let done =
        update(&open, says(Progress::Completed, Some("Every meeting had a nurse.")), 1).unwrap();
    assert_eq!((done.version, done.recorded.at), (2, now));
    let closed = ReviewAction { state: done, earlier: vec![open.state.clone()], ..open };
    assert_eq!(update(&closed, says(Progress::OnTrack, None), 2), Err(CannotUpdate::Completed));
    // A completed one is shown once: in the week in which it was completed.
    let shown = |it: &ReviewAction, week: &str| it.shown_in(week.parse().unwrap());
    assert!(
        !shown(&closed, "2026-W47") && shown(&closed, "2026-W48") && !shown(&closed, "2026-W49")
    );
    let open = action(Progress::OnTrack, "2026-11-30");
    assert!(shown(&open, "2026-W47") && shown(&open, "2027-W20"), "open ones are carried over");
}

#[test]
fn overdue_is_told_beside_the_word_and_the_order_is_urgent_overdue_soon_the_rest() {
    let partnership = Partnership {
        id: PartnershipId(uuid::Uuid::nil()),
        code: "ANY".to_owned(),
        name: "Anyborough".to_owned(),
        agencies: Vec::new(),
        themes: Vec::new(),
        timescales: Vec::new(),
        policies: Vec::new(),
        calendars: Vec::new(),
    };
    let today: Date = "2026-11-23".parse().unwrap();
    let line = |progress, due_on| ActionLine::new(&action(progress, due_on), &partnership, today);
    let mut lines = [
        line(Progress::Completed, "2026-11-01"),
        line(Progress::OnTrack, "2026-12-24"),
        line(Progress::OnTrack, "2026-11-23"),
        line(Progress::OnTrack, "2026-11-22"),
        line(Progress::Urgent, "2026-12-01"),
    ];
    lines.sort_by_key(|it| it.order(today));
    let told: Vec<(Progress, bool, String)> =
        lines.iter().map(|it| (it.progress, it.overdue, it.due_on.to_string())).collect();
    let expected = [
        (Progress::Urgent, false, "2026-12-01"),
        // Late, though somebody calls it on track.
        (Progress::OnTrack, true, "2026-11-22"),
        (Progress::OnTrack, false, "2026-11-23"),
        (Progress::OnTrack, false, "2026-12-24"),
        (Progress::Completed, false, "2026-11-01"),
    ];
    assert_eq!(told, expected.map(|(word, late, due)| (word, late, due.to_owned())));
}
