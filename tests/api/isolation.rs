//! Eight agencies that ask at random over one pool of connections: nobody is shown a row of a matter that is not theirs, not
//! even where a query forgets to ask for whom.

use std::collections::BTreeSet;

use escalation_tracker::domain::access::Reach;
use escalation_tracker::domain::access::Role;
use escalation_tracker::domain::agency::AgencyType;
use escalation_tracker::domain::free_text_policy::FreeTextPolicy;
use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::domain::listing::{EscalationFilter, PageRequest};
use escalation_tracker::domain::practice::PracticeFilter;
use escalation_tracker::store::session::{Stated, transaction};
use escalation_tracker::store::{
    StoreFailure, escalations, events, exports, external_ids, feed_pages, finding, lists, practice,
};
use escalation_tracker::usecases::deps::Clock;
use escalation_tracker::usecases::registry;
use escalation_tracker::usecases::setup::{self, PlannedAgency};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::row_security::{count, state};
use super::support::people::{self, Answer, raise_body};
use super::support::tokens::ISSUER;
use super::support::{TestApp, thorough};

const AGENCIES: [&str; 8] = [
    "valeshire_police",
    "anyborough_cs",
    "health_community",
    "anyborough_school",
    "valeshire_probation",
    "anyborough_housing",
    "anyborough_midwives",
    "valeshire_ambulance",
];

/// Something that only some agencies may be shown.
struct Secret {
    /// Whose it is, by their places in [`AGENCIES`].
    parties: BTreeSet<usize>,
    /// What gives it away where it is shown: names of its own, and words that stand nowhere else.
    words: Vec<String>,
}

struct World {
    app: TestApp,
    /// The escalations: identifiers, spoken references, children.
    matters: Vec<(String, String, String)>,
    endpoints: Vec<String>,
    secrets: Vec<Secret>,
}

fn client(agency: usize) -> String {
    format!("eight-{agency}")
}

/// Letters that stand for a number, so that nothing in a text looks like somebody's number.
fn word(number: usize) -> String {
    let letter = |n: usize| char::from(b"bcdfghjklm"[n % 10]);
    format!("qx{}{}{}xq", letter(number / 100), letter(number / 10), letter(number))
}

impl World {
    async fn new(seed: u64) -> Self {
        let app = TestApp::start_with(async |deps| {
            let mut plan = people::anyborough();
            for code in &AGENCIES[3..] {
                plan.agencies.push(PlannedAgency {
                    code: (*code).to_owned(),
                    name: (*code).to_owned(),
                    agency_type: AgencyType::Voluntary,
                    aliases: Vec::new(),
                    valid_from: "2015-01-01".parse().unwrap(),
                    valid_to: None,
                    successor: None,
                    free_text: FreeTextPolicy::Refuse,
                    agreements: Vec::new(),
                });
            }
            for (place, code) in AGENCIES.iter().enumerate() {
                plan.clients.push(people::client(&client(place), Role::Agency, Some(code)));
            }
            let partnership = setup::apply(deps, &plan).await.unwrap();
            setup::apply(deps, &people::elsewhere()).await.unwrap();
            partnership
        })
        .await;
        let mut it = Self { app, matters: Vec::new(), endpoints: Vec::new(), secrets: Vec::new() };
        let mut rng = StdRng::seed_from_u64(seed);
        for by in 0..AGENCIES.len() {
            for turn in 0..5 {
                // The first goes round, so that everybody has something to answer.
                let other = if turn == 0 { 1 } else { rng.random_range(1..AGENCIES.len()) };
                it.matter(by, (by + other) % AGENCIES.len(), &mut rng).await;
            }
            let word = word(500 + by);
            let about = (by + 3) % AGENCIES.len();
            let body = json!({"about_agency": AGENCIES[about], "theme": "icpc_late", "note": format!("Well done, {word}.")});
            let person = it.app.person(&client(by));
            let made = person.post("/v1/commendations", &body).await.expect(201);
            it.secrets.push(Secret { parties: [by, about].into(), words: vec![made.id(), word] });
            let url = format!("https://{}.example.org/", self::word(600 + by));
            let made = person.post("/v1/webhook-endpoints", &json!({"url": url})).await.expect(201);
            it.endpoints.push(made.id());
            let words = vec![made.id(), self::word(600 + by)];
            it.secrets.push(Secret { parties: [by].into(), words });
        }
        let elsewhere =
            json!({"raised_with_agency": "elsewhere_cs", "desired_outcome": "Hold it, qxelsexq."});
        let id = it.app.person("else-police").raises(elsewhere).await;
        it.secrets
            .push(Secret { parties: BTreeSet::new(), words: vec![id, "qxelsexq".to_owned()] });
        it.app.sequence().await;
        it
    }

    /// Raised by one agency with another, with words of its own, and with a name that the raiser gives it.
    async fn matter(&mut self, by: usize, with: usize, rng: &mut StdRng) {
        let number = self.matters.len();
        let (text, child) = (word(number), format!("SYN{}", 500_000 + number));
        let urgency = ["standard", "urgent", "immediate"].choose(rng).unwrap();
        let body = raise_body(json!({
            "raised_with_agency": AGENCIES[with],
            "urgency": urgency,
            "child_references": [{"scheme": "la_child_id", "value": child}],
            "desired_outcome": format!("Hold the meeting, {text}."),
            "source": "eight",
            "external_reference": format!("X-{text}"),
        }));
        let person = self.app.person(&client(by));
        let raised = person.post("/v1/escalations", &body).await.expect(201);
        let reference = raised.json["reference"].as_str().unwrap().to_owned();
        let name = word(700 + number);
        let path = format!("/v1/escalations/{}/external-ids", raised.id());
        let own = json!({"system": "mosaic", "type": "referral", "value": name});
        person.post(&path, &own).await.expect(201);
        if rng.random_bool(0.5) {
            self.app.person(&client(with)).agrees(&raised.id()).await;
        }
        self.secrets.push(Secret { parties: [by].into(), words: vec![name] });
        let words = vec![raised.id(), reference.clone(), child.clone(), text];
        self.secrets.push(Secret { parties: [by, with].into(), words });
        self.matters.push((raised.id(), reference, child));
    }

    /// The words in a text that give away what this agency must not know of; and how many it does know of are in it.
    fn given_away(&self, agency: usize, text: &str) -> (Vec<&str>, usize) {
        let (mut foreign, mut own) = (Vec::new(), 0);
        for secret in &self.secrets {
            let found = secret.words.iter().filter(|word| text.contains(word.as_str()));
            if secret.parties.contains(&agency) {
                own += found.count();
            } else {
                foreign.extend(found.map(String::as_str));
            }
        }
        (foreign, own)
    }

    /// The escalations that this agency takes part in.
    fn of(&self, agency: usize) -> BTreeSet<String> {
        let ids: BTreeSet<&String> = self.matters.iter().map(|(id, ..)| id).collect();
        let own = self.secrets.iter().filter(|secret| secret.parties.contains(&agency));
        let words = own.flat_map(|secret| &secret.words);
        words.filter(|word| ids.contains(word)).cloned().collect()
    }

    /// A request of chance: what is asked, and with which body.
    fn request(&self, rng: &mut StdRng) -> (Method, String, Option<Value>) {
        let (id, reference, child) = self.matters.choose(rng).unwrap();
        let number = rng.random_range(0..self.matters.len());
        let endpoint = self.endpoints.choose(rng).unwrap();
        let other = AGENCIES.choose(rng).unwrap();
        let limit = rng.random_range(1..=200);
        let list = ["escalations", "episodes", "clocks"].choose(rng).unwrap();
        let filter = [
            String::new(),
            format!("&raised_by_agency={other}"),
            format!("&raised_with_agency={other}"),
            format!("&source=eight&external_reference=X-{}", word(number)),
            "&sort=oldest_first".to_owned(),
            "&as_of=2026-11-18T10:00:00Z".to_owned(),
        ];
        let filter = filter.choose(rng).unwrap();
        let get = |path: String| (Method::GET, path, None);
        let post = |path: String, body: Value| (Method::POST, path, Some(body));
        match rng.random_range(0..26) {
            0..=3 => get(format!("/v1/{list}?limit={limit}{filter}")),
            4 | 5 => get(format!("/v1/escalations/{id}")),
            6 => get(format!("/v1/escalations/{id}?as_of=2026-11-18T10:00:00Z")),
            7 => get(format!("/v1/escalations/{id}/events")),
            8 => get(format!("/v1/escalations/{id}/case-note")),
            9 => get(format!("/v1/escalations/{id}/external-ids")),
            10 => get(format!("/v1/sources/eight/escalations/X-{}", word(number))),
            11 => get(format!("/v1/events?limit={limit}")),
            12 => get(format!("/v1/notices?limit={limit}")),
            13 => get(format!("/v1/practice-records?limit={limit}")),
            14 => get("/v1/webhook-endpoints".to_owned()),
            15 => get(format!("/v1/webhook-endpoints/{endpoint}")),
            16 => get(format!("/v1/webhook-endpoints/{endpoint}/deliveries")),
            17 => get("/v1/reviews/2026-W47".to_owned()),
            18 => get("/v1/themes/weekly?from_week=2026-W46&to_week=2026-W47".to_owned()),
            19 => get("/v1/exports".to_owned()),
            20 => post(
                "/v1/searches".to_owned(),
                json!({"child_reference": {"scheme": "la_child_id", "value": child}}),
            ),
            21 => post(
                "/v1/searches/external-ids".to_owned(),
                json!({"system": "mosaic", "type": "referral", "value": word(700 + number)}),
            ),
            22 => post("/v1/exports/escalations?purpose=inspection".to_owned(), json!(null)),
            23 => post(format!("/v1/escalations/{id}/notes"), json!({"note": "Spoken to."})),
            24 => post(format!("/v1/escalations/{id}/acknowledgement"), json!({})),
            _ => get(format!("/v1/escalations/{id}/links?reference={reference}")),
        }
    }

    async fn ask(
        &self,
        agency: usize,
        (method, path, body): &(Method, String, Option<Value>),
    ) -> Answer {
        let person = self.app.person(&client(agency));
        let json = [("content-type", "application/json")];
        match body {
            None => person.send(method.clone(), path, &[], "").await,
            Some(Value::Null) => person.send(method.clone(), path, &[], "").await,
            Some(body) => person.send(method.clone(), path, &json, body.to_string()).await,
        }
    }
}

/// T-RLS3.
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_to_random_requests_of_eight_agencies_shows_a_row_of_others() {
    let world = World::new(8).await;
    let each = thorough(1_000, 10_000) / AGENCIES.len();
    let asked = (0..AGENCIES.len()).map(|agency| {
        let world = &world;
        async move {
            let mut rng = StdRng::seed_from_u64(u64::try_from(agency).unwrap());
            let (mut good, mut shown, mut refused) = (0, 0, 0);
            for _ in 0..each {
                let request = world.request(&mut rng);
                let answer = world.ask(agency, &request).await;
                let text = format!("{:?} {}", answer.headers, answer.text);
                let place = format!("{} {} {}", AGENCIES[agency], request.0, request.1);
                let (mut foreign, own) = world.given_away(agency, &text);
                // The address that was asked for is told again; every secret has other words besides.
                foreign.retain(|word| !request.1.contains(word));
                assert!(foreign.is_empty(), "{place} shows {foreign:?}: {text}");
                assert!(answer.status < 500, "{place}: {text}");
                good += usize::from(answer.status < 300);
                refused += usize::from(answer.status == 404);
                shown += own;
            }
            (good, shown, refused)
        }
    });
    let all = join_all(asked).await;
    for (good, shown, refused) in &all {
        assert!(*good > each / 3 && *shown > each && *refused > each / 10, "{all:?}");
    }
    let good: usize = all.iter().map(|it| it.0).sum();
    let shown: usize = all.iter().map(|it| it.1).sum();
    eprintln!(
        "{} requests, {good} with success, {shown} words of one's own, none of others",
        each * AGENCIES.len()
    );
    // What is looked for is found where somebody may see it all.
    let everything = world.app.director().get("/v1/escalations?limit=200").await.expect(200);
    assert!(world.given_away(0, &everything.text).0.len() >= 40);
}

/// T-RLS4: no condition at all, on every table that there is.
#[tokio::test(flavor = "multi_thread")]
async fn no_table_shows_a_row_of_others_where_nothing_is_asked_of_it() {
    let world = World::new(9).await;
    let all = world.app.database.superuser().await;
    let service = world.app.database.connect("escalation_app").await;
    let sql = "select relname::text from pg_class
               where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'public'::regnamespace
                 and relname <> '__diesel_schema_migrations'";
    let tables: Vec<String> =
        all.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(tables.len() > 40, "{}", tables.len());
    let partnership = world.app.partnership.0.to_string();
    let mut telling = BTreeSet::new();
    for (place, code) in AGENCIES.iter().enumerate() {
        let id = "select id::text from agency where code = $1";
        let id: String = all.query_one(id, &[code]).await.unwrap().get(0);
        state(&service, &partnership, &id, Reach::OwnAgency).await;
        for table in &tables {
            let sql = format!("select coalesce(string_agg(it::text, ' '), '') from {table} it");
            let text: String = service.query_one(&sql, &[]).await.unwrap().get(0);
            let (foreign, _) = world.given_away(place, &text);
            assert!(foreign.is_empty(), "{table} shows {code} {foreign:?}");
            let everything: String = all.query_one(&sql, &[]).await.unwrap().get(0);
            if !world.given_away(place, &everything).0.is_empty() {
                telling.insert(table.clone());
            }
        }
        let own = i64::try_from(world.of(place).len()).unwrap();
        assert_eq!(count(&service, "escalation").await, own, "{code}");
        service.batch_execute("rollback").await.unwrap();
    }
    assert!(telling.len() >= 12, "tables that have anything to tell: {telling:?}");
}

/// T-RLS4: the service's own queries without the conditions that say for whom; only the transaction says it.
#[tokio::test(flavor = "multi_thread")]
async fn no_query_shows_a_row_of_others_when_it_forgets_to_ask_for_whom() {
    let world = World::new(10).await;
    let (deps, partnership) = (&world.app.deps, world.app.partnership);
    let every: Vec<EscalationId> =
        world.matters.iter().map(|(id, ..)| EscalationId(id.parse().unwrap())).collect();
    let now = world.app.clock.now();
    for (place, code) in AGENCIES.iter().enumerate() {
        let found = registry::find(deps, ISSUER, &client(place)).await.unwrap().unwrap();
        let caller = registry::caller(deps, &found, "somebody".to_owned()).await.unwrap();
        let seen = transaction(&deps.pool, Stated::by(&caller, Reach::OwnAgency), async |conn| {
            let mut seen: Vec<(&str, BTreeSet<String>)> = Vec::new();
            let whole =
                PageRequest { limit: 1_000, after: None, oldest_first: true, by_next_due: false };
            for by_next_due in [false, true] {
                let request = PageRequest { by_next_due, ..whole };
                let filter = EscalationFilter::default();
                let page = lists::escalations(conn, partnership, &filter, request, now).await?;
                let ids = page.items.iter().map(|it| it.id.0.to_string()).collect();
                seen.push((if by_next_due { "by due" } else { "list" }, ids));
            }
            let mut by_id = BTreeSet::new();
            let mut by_reference = BTreeSet::new();
            let mut with_history = BTreeSet::new();
            let mut with_texts = BTreeSet::new();
            let mut with_names = BTreeSet::new();
            for (id, (_, reference, _)) in every.iter().zip(&world.matters) {
                let name = id.0.to_string();
                if escalations::find(conn, partnership, *id).await?.is_some() {
                    by_id.insert(name.clone());
                }
                if finding::by_reference(conn, partnership, reference).await?.is_some() {
                    by_reference.insert(name.clone());
                }
                if !events::history(conn, partnership, *id).await?.is_empty() {
                    with_history.insert(name.clone());
                }
                if !events::texts(conn, partnership, *id).await?.is_empty() {
                    with_texts.insert(name.clone());
                }
                if !external_ids::of_escalation(conn, partnership, *id).await?.is_empty() {
                    with_names.insert(name);
                }
            }
            let wanted = feed_pages::Wanted { after: 0, until: i64::MAX, limit: 1_000, types: &[] };
            let feed = feed_pages::page(conn, partnership, wanted).await?;
            let feed = feed.iter().flat_map(|(_, it)| it.escalations()).map(|id| id.0.to_string());
            seen.push(("feed", feed.collect()));
            seen.push(("by id", by_id));
            seen.push(("by reference", by_reference));
            seen.push(("history", with_history));
            seen.push(("texts", with_texts));
            let any = PracticeFilter::default();
            // One that it recorded and one that is about it.
            assert_eq!(practice::list(conn, partnership, &any, whole).await?.items.len(), 2);
            assert!(exports::latest(conn, partnership, 1_000).await?.is_empty());
            Ok::<_, StoreFailure>((seen, with_names))
        });
        let (seen, with_names) = seen.await.unwrap();
        let own = world.of(place);
        assert!(own.len() >= 6 && own.len() < every.len() / 2, "{}", own.len());
        for (query, ids) in seen {
            // What has no clock running has nothing that is due.
            if query == "by due" {
                assert!(ids.is_subset(&own) && !ids.is_empty(), "{query} for {code}");
            } else {
                assert_eq!(ids, own, "{query} for {code}");
            }
        }
        // Only what it raised has a name of its own giving.
        assert_eq!(with_names.len(), 5, "names for {code}");
        assert!(with_names.is_subset(&own));
    }
}
