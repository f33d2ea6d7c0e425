//! What leaves the partnership: nothing that is hidden can be computed from it, and a release is made once, by one who
//! may, and for ever.

use std::collections::BTreeMap;

use escalation_tracker::domain::disclosure::{Profile, ProtectedTable, Shown};
use jiff::SignedDuration;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::raise_page::assert_sound;
use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::support::people::Answer;
use super::support::recount_check::rows_behind;
use attacker::Attacker;

#[path = "../../src/domain/disclosure/tests/attacker.rs"]
mod attacker;

const COPY: &str = "/v1/reviews/2026-W46/board-copy";
const PACK: &str = "/v1/public-packs/2026-Q3";

/// The table of a paper as whoever reads it has it; none where it has no rows.
fn read(counts: &Value) -> Option<ProtectedTable> {
    let profile: Profile = counts["profile"].as_str().unwrap().parse().unwrap();
    let shown = |it: &Value| match it["value"].as_f64() {
        Some(value) => {
            assert_eq!(it["text"], format!("{value}"));
            let number: u32 = it["text"].as_str().unwrap().parse().unwrap();
            match profile {
                Profile::NhsSubNational if number > 0 => Shown::Rounded(number),
                _ => Shown::Exact(number),
            }
        }
        None if it["text"] == profile.withheld_mark() => Shown::Withheld,
        None => Shown::Hidden,
    };
    let all = |of: &Value| of.as_array().unwrap().iter().map(shown).collect::<Vec<_>>();
    let themes = &counts["themes"];
    let rows = themes["rows"].as_array().unwrap();
    (!rows.is_empty()).then(|| ProtectedTable {
        profile,
        cells: rows.iter().map(|row| all(&row["cells"])).collect(),
        row_totals: rows.iter().map(|row| shown(&row["total"])).collect(),
        column_totals: all(&themes["totals"]),
        grand_total: shown(&themes["total"]),
    })
}

/// The counts behind a paper, from the lists as of the same instant.
async fn truth(get: &impl AsyncFn(&str) -> Value, counts: &Value) -> Vec<Vec<u32>> {
    let (from, to) = (counts["from"].as_str().unwrap(), counts["to"].as_str().unwrap());
    let weeks =
        get(&format!("/v1/themes/weekly?from_week={from}&to_week={to}")).await["weeks"].clone();
    let (starts, ends) =
        (&weeks[0]["starts_at"], &weeks.as_array().unwrap().last().unwrap()["ends_at"]);
    let agencies = get("/v1/reference/agencies").await;
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for agency in agencies["items"].as_array().unwrap() {
        let (code, kind) = (agency["code"].as_str().unwrap(), agency["type"].as_str().unwrap());
        let rolled = ["education", "health_gp", "voluntary"].contains(&kind);
        of.entry(if rolled { kind } else { code }.to_owned()).or_default().push(code.to_owned());
    }
    let mut table = Vec::new();
    for row in counts["themes"]["rows"].as_array().unwrap() {
        let mut cells = Vec::new();
        for column in counts["themes"]["columns"].as_array().unwrap() {
            let mut number = 0;
            for agency in &of[column["code"].as_str().unwrap()] {
                let url = format!(
                    "/v1/escalations?raised_from={}&raised_to={}&as_of={}&group={}&raised_with_agency={agency}",
                    starts.as_str().unwrap(),
                    ends.as_str().unwrap(),
                    counts["data_to"].as_str().unwrap(),
                    row["group"].as_str().unwrap()
                );
                number += rows_behind(get, &url).await.len();
            }
            cells.push(u32::try_from(number).unwrap());
        }
        table.push(cells);
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hidden_can_be_computed_from_what_leaves_of_random_histories() {
    let app = TestApp::start().await;
    app.clock.set("2026-05-04T09:00:00Z");
    let mut it = Histories::new(&app, 47).await;
    for _ in 0..260 {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(6_000..90_000)));
        if it.known.len() < 8 || it.rng.random_bool(0.5) {
            it.raise(Raising::default()).await;
        } else {
            it.act_on_any().await;
        }
    }
    app.clock.set("2026-11-18T10:00:00Z");
    let director = app.director();
    let get = async |path: &str| director.get(path).await.expect(200).json;
    let mut hidden = 0;
    // The weeks are of three quarters, and each copy is about the last that was over.
    for (week, quarter) in
        [("2026-W26", "2026-Q2"), ("2026-W38", "2026-Q2"), ("2026-W46", "2026-Q3")]
    {
        let mut readers = Vec::new();
        let copy = format!("/v1/reviews/{week}/board-copy");
        let public = get(&format!("/v1/public-packs/{quarter}")).await["counts"].clone();
        let board = get(&copy).await["counts"].clone();
        assert_eq!((&board["quarter"], &public["quarter"]), (&json!(quarter), &json!(quarter)));
        assert_eq!(get(&format!("{copy}?profile=nhs_sub_national")).await["counts"], public);
        let counted = truth(&get, &board).await;
        assert!(counted.iter().flatten().sum::<u32>() > 20, "{counted:?}");
        for counts in [&board, &public] {
            let table = read(counts).unwrap();
            hidden += table.cells.iter().flatten().filter(|it| **it == Shown::Hidden).count();
            for (cells, numbers) in table.cells.iter().zip(&counted) {
                for (shown, number) in cells.iter().zip(numbers) {
                    assert_eq!(*shown == Shown::Exact(0), *number == 0);
                    assert!(*shown == Shown::Hidden || !(1..=5).contains(number), "{counted:?}");
                }
            }
            let reader = Attacker::new(&table);
            assert!(reader.allows(&counted), "{counted:?} {counts}");
            assert!(reader.solved().is_empty(), "{counts}");
            readers.push(reader);
        }
        let both = readers[0].and(&readers[1]);
        let small = both.small(&counted, 5);
        assert!(!both.solved().iter().any(|at| small.contains(at)), "{counted:?}");
    }
    assert!(hidden > 10, "{hidden}");
    // Copies of different weeks are the same table, so that their difference is nothing.
    let counts =
        async |week: &str| get(&format!("/v1/reviews/{week}/board-copy")).await["counts"].clone();
    assert_eq!(counts("2026-W26").await, counts("2026-W33").await);
    assert_eq!(counts("2026-W39").await, counts("2026-W46").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_copy_names_what_it_is_of_and_nobody_and_says_the_same_in_every_form() {
    let app = start().await;
    for day in 1..=9 {
        app.police().raises(json!({"raised_at": format!("2026-09-{day:02}T10:00:00Z"), "raised_by_role": "custody sergeant"})).await;
    }
    app.clock.set("2026-11-18T10:00:00Z");
    let review = app.director().get("/v1/reviews/2026-W46").await.expect(200);
    let copy = app.director().get(COPY).await.expect(200);
    let made_from = &copy.json["made_from"];
    assert_eq!(review.header("etag"), format!("\"{}\"", made_from["sha256"].as_str().unwrap()));
    assert_eq!(
        (&made_from["data_to"], &made_from["version"]),
        (&review.json["data_to"], &Value::Null)
    );
    assert_eq!(copy.json["counts"]["profile"], "dfe_cin");
    // They were raised in September and recorded in November: the quarter's data were taken before.
    assert_eq!(copy.json["counts"]["headlines"]["raised"]["text"], "0");
    for secret in ["ESC-", "SYN", "custody", "person-at"] {
        assert!(!copy.text.contains(secret), "{secret}");
    }
    let headers = [("accept", "text/csv")];
    let table = app.director().send(Method::GET, COPY, &headers, "").await.expect(200);
    let mut reader = csv::Reader::from_reader(table.text.as_bytes());
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let raised = lines.iter().find(|it| (&it[6], &it[7]) == ("headlines", "raised")).unwrap();
    assert_eq!((&raised[3], &raised[9]), (made_from["sha256"].as_str().unwrap(), "0"));
    let mut browser = signed_in(&app, "test-director").await;
    let page =
        browser.get(&format!("{}/review/2026-W46/board-copy", app.url)).await.expect(200).text;
    assert_sound(&page);
    for told in [made_from["sha256"].as_str().unwrap(), "2026-Q3", "not signed yet", "dfe_cin"] {
        assert!(page.contains(told), "{told} in {page}");
    }
    for line in copy.json["method"].as_array().unwrap() {
        assert!(page.contains(line.as_str().unwrap().split('\'').next().unwrap()), "{line}");
    }
    let review = browser.get(&format!("{}/review/2026-W46", app.url)).await.expect(200).text;
    assert!(review.contains("href=\"/review/2026-W46/board-copy\""));
    // Of a week that is not over there is no copy, and agencies read none.
    app.director().get("/v1/reviews/2026-W47/board-copy").await.expect(409);
    app.director().get("/v1/reviews/2026-W99/board-copy").await.expect(404);
    app.director().get(&format!("{COPY}?profile=none")).await.expect(400);
    app.police().get(COPY).await.expect(403);
    app.clock.set("2026-11-23T05:59:59Z");
    app.director().get("/v1/reviews/2026-W47/board-copy").await.expect(409);
    app.clock.set("2026-11-23T06:00:00Z");
    app.director().get("/v1/reviews/2026-W47/board-copy").await.expect(200);
}

async fn releases(app: &TestApp, client: &str, read: &Answer, changed: Value) -> Answer {
    let mut body = json!({"releaser": "Director", "checked": "Every table, by two people."});
    for (name, value) in changed.as_object().unwrap() {
        body[name] = value.clone();
    }
    let headers = [("content-type", "application/json"), ("if-match", read.header("etag"))];
    app.person(client)
        .send(Method::POST, &format!("{PACK}/release"), &headers, body.to_string())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_public_when_the_director_released_it_and_never_changes_or_comes_twice() {
    let app = TestApp::start().await;
    app.clock.set("2026-09-08T10:00:00Z");
    for _ in 0..9 {
        app.police().raises(json!({})).await;
    }
    app.director().get(PACK).await.expect(409);
    app.clock.set("2026-11-18T10:00:00Z");
    for person in [app.police(), app.person("test-operator")] {
        person.get(PACK).await.expect(404);
        assert_eq!(person.get("/v1/public-packs").await.expect(200).json["items"], json!([]));
    }
    let read = app.director().get(PACK).await.expect(200);
    assert_eq!(read.json["counts"]["headlines"]["raised"]["text"], "10");
    releases(&app, "test-service_lead", &read, json!({})).await.expect(403);
    releases(&app, "test-police", &read, json!({})).await.expect(403);
    let body = json!({"releaser": "Director", "checked": "All."});
    app.director().post(&format!("{PACK}/release"), &body).await.expect(428);
    for (changed, pointer, code) in [
        (json!({"checked": " "}), "#/checked", "too_short"),
        (json!({"checked": null}), "#/checked", "required"),
        (json!({"releaser": ""}), "#/releaser", "too_short"),
        (json!({"profile": "none"}), "#/profile", "unknown_code"),
    ] {
        let answer = releases(&app, "test-director", &read, changed.clone()).await.expect(422);
        assert_eq!(answer.problem().1, [(pointer.to_owned(), code.to_owned())], "{changed}");
    }
    // Another profile than was read is another pack.
    releases(&app, "test-director", &read, json!({"profile": "dfe_cin"})).await.expect(412);
    let (one, other) = tokio::join!(
        releases(&app, "test-director", &read, json!({})),
        releases(&app, "test-director", &read, json!({}))
    );
    let (done, refused) = if one.status == 201 { (one, other) } else { (other, one) };
    let released = done.expect(201).json;
    assert_eq!(refused.expect(409).problem().0, "invalid-transition");
    assert_eq!(format!("\"{}\"", released["sha256"].as_str().unwrap()), read.header("etag"));
    assert_eq!(
        (&released["releaser"], &released["released_by_role"], &released["profile"]),
        (&json!("Director"), &json!("director"), &json!("nhs_sub_national"))
    );
    // What came late changes nothing, whoever reads and whatever profile they name.
    app.police().raises(json!({"raised_at": "2026-09-10T10:00:00Z"})).await;
    for person in [app.police(), app.person("test-operator"), app.director()] {
        for path in [PACK.to_owned(), format!("{PACK}?profile=dfe_cin")] {
            assert_eq!(person.get(&path).await.expect(200).text, read.text);
        }
        assert_eq!(
            person.get("/v1/public-packs").await.expect(200).json["items"],
            json!([released])
        );
    }
    app.person("else-director").get("/v1/public-packs").await.expect(200);
    let elsewhere = app.person("else-director").get("/v1/public-packs").await.json;
    assert_eq!(elsewhere["items"], json!([]), "another partnership's");
    let owner = app.database.superuser().await;
    for statement in ["update public_release set pack = '{}'", "delete from public_release"] {
        assert!(owner.batch_execute(statement).await.is_err(), "{statement}");
    }
    for path in ["/v1/public-packs/2026-Q5", "/v1/public-packs/2026", "/v1/public-packs/2026-W39"] {
        app.director().get(path).await.expect(404);
    }
}
