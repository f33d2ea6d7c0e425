//! A file whose service is killed half-way is taken in whole after the next start, each row once.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::imports::{file, row};
use super::support::program::{DataDir, Program, run};

const SERVE: &[&str] = &["serve", "--mode", "development", "--listen", "127.0.0.1:0"];

/// Sends a file with `rows` rows, of which `bad` are not valid, kills the service half-way, and reads the report in the end.
async fn killed_half_way(dir: &Path, rows: usize, bad: usize) {
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
    run(&["setup", setup], dir);
    let step = rows / bad;
    let is_bad = |number: usize| number % step == 3 && number / step < bad;
    let all: Vec<String> = (0..rows)
        .map(|number| {
            let row = row(&format!("OCC-{number}"));
            match (is_bad(number), number % 3) {
                (false, _) => row,
                (true, 0) => row.replace("urgent", "quickly"),
                (true, 1) => row.replace("2026-11-16T09:30:00Z", "46082"),
                (true, _) => row.replace("anyborough_cs", "nobody_knows"),
            }
        })
        .collect();
    let body = file(&all);
    let began = Instant::now();
    let mut program = Program::start(SERVE, dir);
    let mut url = program.url();
    let token = run(&["token", "--client", "example-police"], dir);
    let http = reqwest::Client::new();
    let ask = async |url: &str, path: &str| -> Value {
        let answer = http.get(format!("{url}{path}")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    let send = async |url: &str| {
        let request = http.post(format!("{url}/v1/imports?dry_run=false&source=kill-test"));
        let request = request.bearer_auth(&token).header("idempotency-key", "file-1");
        let answer =
            request.header("content-type", "text/csv").body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let path = send(&url).await;
    for part in [rows / 3, 2 * rows / 3] {
        loop {
            let waiting =
                ask(&url, &format!("{path}?limit=1")).await["counts"]["waiting"].as_u64().unwrap();
            assert!(waiting > 0, "it ended before it could be killed");
            if rows - usize::try_from(waiting).unwrap() > part {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        program.kill();
        program = Program::start(SERVE, dir);
        url = program.url();
        assert_eq!(send(&url).await, path, "the same file is the same import");
    }
    loop {
        let report = ask(&url, &format!("{path}?limit=1")).await;
        if report["state"] == "succeeded" {
            let counts = &report["counts"];
            assert_eq!(counts["created"], rows - bad, "{counts}");
            assert_eq!(
                (&counts["rejected"], &counts["unchanged"]),
                (&bad.into(), &0.into()),
                "{counts}"
            );
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(1_800), "{report}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    eprintln!("{rows} rows in {:?}", began.elapsed());
    let refused = ask(&url, &format!("{path}?status=rejected")).await;
    let lines: Vec<usize> = refused["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| usize::try_from(row["line"].as_u64().unwrap()).unwrap())
        .collect();
    let expected: Vec<usize> = (0..rows).filter(|it| is_bad(*it)).map(|it| it + 2).collect();
    assert_eq!((lines.len(), lines), (bad, expected));
    // As many as were created, and no number more: nothing was stored and forgotten.
    let mut next = Some("/v1/escalations?source=kill-test&limit=200".to_owned());
    let mut stored = std::collections::BTreeSet::new();
    let mut seen = 0;
    while let Some(path) = next {
        let page = ask(&url, &path).await;
        for item in page["items"].as_array().unwrap() {
            stored.insert(item["id"].as_str().unwrap().to_owned());
            seen += 1;
        }
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!((stored.len(), seen), (rows - bad, rows - bad));
    program.stop();
}

/// B153.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_broken_off_twice_is_taken_in_whole_and_nothing_twice() {
    let dir = DataDir::new("import-kill");
    killed_half_way(&dir.0, 240, 7).await;
}

/// The same at full size: `cargo test --test api -- --ignored ten_thousand_rows`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: its command is in the README"]
async fn ten_thousand_rows_of_which_thirty_seven_are_bad() {
    let dir = DataDir::new("import-kill-large");
    killed_half_way(&dir.0, 10_000, 37).await;
}
