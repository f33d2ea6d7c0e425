//! How long a check of a long record takes; see `docs/audit.md`.

use std::num::NonZeroUsize;
use std::time::Instant;

use escalation_tracker::domain::chain::ChainName;
use escalation_tracker::usecases::audit::check;
use serde_json::json;

use super::support::TestApp;

/// One million events are checked in under ten seconds (`trust.md` §5.5), or as many as EVENTS says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long: a million events"]
async fn a_million_entries_are_verified_in_under_ten_seconds() {
    let wanted = std::env::var_os("EVENTS");
    let wanted: i64 = wanted.map_or(1_000_000, |it| it.to_str().unwrap().parse().unwrap());
    let app = TestApp::start().await;
    let of = 500;
    for _ in 0..of {
        app.police().raises(json!({})).await;
    }
    let each = wanted / of - 1;
    let all = app.database.superuser().await;
    // What an act leaves, by its size, under identifiers that grow with time as the service's do; the texts of one in four.
    let write = format!(
        "with written as (
            insert into event (partnership_id, id, escalation_id, version, event_type, occurred_at, recorded_at,
                               actor_agency_id, actor_role, actor_client_id, actor_subject, data)
            select e.partnership_id,
                   (lpad(to_hex(1000000000 + row_number() over (order by n, e.id)), 12, '0')
                    || '70008000000000000000')::uuid, e.id, 1 + n, 'noted', now(), now(), e.raised_by_agency_id,
                   'agency', (select id from client where client_id = 'test-police'), 'somebody.at.the.police@example.org',
                   '{{\"type\": \"noted\", \"padding\": \"0123456789012345678901234567890123456789012345678901234567890123456789\"}}'
            from escalation e cross join generate_series(1, {each}) n order by n, e.id
            returning partnership_id, escalation_id, version)
         insert into event_text (partnership_id, escalation_id, version, field, body)
         select partnership_id, escalation_id, version, 'note', repeat('A note of usual length. ', 8)
         from written where version % 4 = 0"
    );
    let begun = Instant::now();
    all.batch_execute(&write).await.unwrap();
    all.batch_execute("analyze event; analyze event_text; analyze feed_pending").await.unwrap();
    eprintln!("written in {:?}", begun.elapsed());
    let begun = Instant::now();
    let entries = i64::try_from(app.sequence().await).unwrap();
    assert!(entries >= each * of);
    for table in ["feed_entry", "event", "event_text"] {
        all.batch_execute(&format!("vacuum analyze {table}")).await.unwrap();
    }
    eprintln!("{entries} placed in {:?}", begun.elapsed());
    for lanes in [1, 2] {
        let lanes = NonZeroUsize::new(lanes).unwrap();
        let begun = Instant::now();
        let checked = check(&app.deps, app.partnership, ChainName::Events, lanes).await.unwrap();
        let took = begun.elapsed();
        assert_eq!((checked.fault, checked.head.position), (None, entries));
        eprintln!("{entries} entries checked in {took:?} with {lanes} at work");
        assert!(lanes.get() < 2 || took.as_secs_f64() < 10.0);
    }
}
