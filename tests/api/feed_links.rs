//! The links of the feed: they verify from the first to the last, and one changed byte of what is stored is found.

use std::num::NonZeroUsize;

use escalation_tracker::domain::chain::{ChainFault, ChainName, Head};
use escalation_tracker::usecases::audit::{Checked, check};
use jiff::SignedDuration;
use serde_json::json;

use super::support::TestApp;
use super::sweeper;

/// A service with acts of all kinds of text, and fired timers; all of it sequenced.
pub async fn told() -> (TestApp, i64) {
    let app = TestApp::start().await;
    let delay = json!({"timescale": "strategy_meeting", "started_at": "2026-11-16T15:10:00Z"});
    for urgency in ["urgent", "standard"] {
        let concern = "He has not been seen since Friday; \"ü\u{1f9d2}\" is made up.";
        let body = json!({"urgency": urgency, "delay": delay, "concern": concern});
        let id = app.police().raises(body).await;
        app.childrens_services().acknowledges(&id).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        app.childrens_services().resolves(&id).await;
    }
    app.police().raises(json!({"urgency": "urgent"})).await;
    app.clock.advance(SignedDuration::from_hours(24 * 30));
    sweeper::sweep(&app).await;
    let done = i64::try_from(app.sequence().await).unwrap();
    assert_eq!(app.sequence().await, 0);
    (app, done)
}

pub async fn checked(app: &TestApp) -> Checked {
    check(&app.deps, app.partnership, ChainName::Events, NonZeroUsize::MIN).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_verify_from_the_first_to_the_last() {
    let (app, done) = told().await;
    let all = app.database.superuser().await;
    let count: i64 = all
        .query_one(
            "select (select count(*) from event) + (select count(*) from timer where result = 'fired')",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert!(done > 15, "{done}");
    assert_eq!(count, done);
    let whole = checked(&app).await;
    assert_eq!((whole.fault, whole.head.position), (None, done));
    let notices: i64 =
        all.query_one("select count(timer_id) from feed_entry", &[]).await.unwrap().get(0);
    assert!(notices > 3, "{notices}");

    // What has no leaf of its own, because it is older than the feed, gets one when it is sequenced: the same.
    all.batch_execute(
        "alter table event disable trigger user; alter table feed_entry disable trigger user;
         create table before as select position, link from feed_entry;
         delete from feed_entry; delete from feed_head;
         update event set leaf = null, text_hashes = null;
         insert into feed_pending (partnership_id, escalation_id, event_id, timer_id)
         select e.partnership_id, e.escalation_id, e.id, null from event e order by e.escalation_id, e.version;
         alter table event enable trigger user; alter table feed_entry enable trigger user;",
    )
    .await
    .unwrap();
    let events = app.sequence().await;
    let again = checked(&app).await;
    assert_eq!((again.fault, again.head.position), (None, i64::try_from(events).unwrap()));
}

/// Whoever may do anything changes one thing; what is recomputed tells where. Each with what is to be found.
#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_is_found() {
    use ChainFault::{Content, Gap, Link, Tail};
    let (app, done) = told().await;
    let all = app.database.superuser().await;
    all.batch_execute(
        "create table kept_event as table event; create table kept_text as table event_text;
         create table kept_timer as table timer; create table kept_entry as table feed_entry;
         create table kept_head as table feed_head;",
    )
    .await
    .unwrap();
    let at =
        |position: i64| format!("(select event_id from feed_entry where position = {position})");
    let text = "(escalation_id, version) = (select escalation_id, version from event where id = ";
    let other = "'{\"type\": \"noted\"}'";
    let cases = [
        (
            3,
            Content,
            format!("update event set actor_subject = actor_subject || '.' where id = {}", at(3)),
        ),
        (3, Content, format!("update event set data = {other} where id = {}", at(3))),
        (3, Content, format!("update event set actor_role = 'director' where id = {}", at(3))),
        (3, Content, format!("update event set actor_agency_id = null where id = {}", at(3))),
        (
            3,
            Content,
            format!(
                "update event set occurred_at = occurred_at - interval '1 microsecond' where id = {}",
                at(3)
            ),
        ),
        (
            3,
            Content,
            format!(
                "update event set recorded_at = recorded_at + interval '1 microsecond' where id = {}",
                at(3)
            ),
        ),
        (3, Content, format!("update event set leaf = sha256('x') where id = {}", at(3))),
        (3, Content, format!("update event_text set body = body || '.' where {text}{})", at(3))),
        (
            3,
            Content,
            format!(
                "update event_text set salt = decode(repeat('00', 16), 'hex') where {text}{})",
                at(3)
            ),
        ),
        (3, Content, format!("update event set text_hashes = '{{}}' where id = {}", at(3))),
        (3, Content, "update feed_entry set leaf = sha256('x') where position = 3".to_owned()),
        (
            3,
            Content,
            "update feed_entry set escalation_id = gen_random_uuid() where position = 3".to_owned(),
        ),
        (3, Content, "update feed_entry set version = version + 40 where position = 3".to_owned()),
        (3, Link, "update feed_entry set link = sha256('x') where position = 3".to_owned()),
        (5, Gap, "delete from feed_entry where position = 5".to_owned()),
        (done, Tail, format!("delete from feed_entry where position = {done}")),
        (0, Content, "update timer set told = '{raiser}' where told is not null".to_owned()),
        (
            0,
            Content,
            "update timer set tell_at = tell_at + interval '1 second' where tell_at is not null"
                .to_owned(),
        ),
    ];
    for (place, fault, sql) in cases {
        all.batch_execute(&format!("set session_replication_role = replica; {sql}")).await.unwrap();
        let found = checked(&app).await;
        assert_eq!(found.fault, Some(fault), "{sql}");
        if place > 0 {
            assert_eq!(found.head.position, place - 1, "{sql}");
        }
        all.batch_execute(
            "delete from feed_entry; delete from event_text; delete from event; delete from timer; delete from feed_head;
             insert into event table kept_event; insert into event_text table kept_text;
             insert into timer table kept_timer; insert into feed_head table kept_head;
             insert into feed_entry (partnership_id, position, escalation_id, event_id, timer_id, version, leaf, link)
             select partnership_id, position, escalation_id, event_id, timer_id, version, leaf, link
             from kept_entry",
        )
        .await
        .unwrap();
        assert_eq!(checked(&app).await.fault, None);
    }
}

/// A text can be erased, and the event stays what it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_erased_breaks_no_link() {
    let (app, done) = told().await;
    let all = app.database.superuser().await;
    assert!(all.execute("delete from event_text", &[]).await.unwrap() > 5);
    let whole = checked(&app).await;
    assert_eq!((whole.fault, whole.head.position), (None, done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_nothing_holds() {
    let app = TestApp::start().await;
    assert_eq!(checked(&app).await, Checked { head: Head::START, fault: None });
    assert_eq!(app.sequence().await, 0);
}
