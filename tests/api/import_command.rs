//! `import`: a file sent from somebody's own machine, a folder that is watched, and what they end with.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::imports::{file, row};
use super::support::program::{DataDir, Program, run};

const SERVE: &[&str] = &["serve", "--mode", "development", "--listen", "127.0.0.1:0"];

struct Service {
    dir: DataDir,
    program: Program,
    url: String,
    token: String,
}

impl Service {
    fn start(name: &str) -> Self {
        let dir = DataDir::new(name);
        let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
        run(&["setup", setup], &dir.0);
        let program = Program::start(SERVE, &dir.0);
        let url = program.url();
        let token = run(&["token", "--client", "example-police"], &dir.0);
        Self { dir, program, url, token }
    }

    /// The command, as it is called with these words besides.
    fn import(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_escalation-tracker"));
        command.arg("import").args(words).env("ESCALATION_URL", &self.url);
        command
            .env("ESCALATION_TOKEN", &self.token)
            .env_remove("HTTPS_PROXY")
            .env_remove("http_proxy");
        command
    }

    fn path(&self, name: &str, text: &str) -> String {
        let path = self.dir.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_file_is_checked_then_done_and_the_exit_status_says_how() {
    let service = Service::start("import-command");
    let bad = file(&[row("A-1"), row("A-2").replace("urgent", "zq7"), row("A-3")]);
    let path = service.path("in.csv", &bad);
    let ask = |words: &[&str]| told(&service.import(words).output().unwrap());

    let (code, text) = ask(&[&path, "--source", "niche"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("only checked; add --commit to do it: 2 created, 1 rejected"), "{text}");
    assert!(text.contains("line 3, urgency: It is not one of the codes."), "{text}");
    let report = std::fs::read_to_string(format!("{path}.report.csv")).unwrap();
    let corrected = service.path("corrected.csv", &report.replace("zq7", "urgent"));
    let (code, text) = ask(&[&corrected, "--source", "niche", "--commit"]);
    assert_eq!((code, text.lines().next()), (Some(0), Some("3 created")), "{text}");
    // The same file again is the same import; as a new one, nothing in it is new.
    let (code, text) = ask(&[&corrected, "--source", "niche", "--commit"]);
    assert_eq!((code, text.lines().next()), (Some(0), Some("3 created")), "{text}");
    let other = service.path("other.csv", &report.replace("zq7", "urgent"));
    let (code, text) = ask(&[&other, "--source", "niche", "--commit", "--all-or-nothing"]);
    assert_eq!((code, text.lines().next()), (Some(0), Some("3 unchanged")), "{text}");

    // Somebody's own words.
    let own = "Occ No;What;Notes\r\nB-1;Strat;secret\r\n";
    let own = service.path("own.csv", own);
    let map = "[columns]\n\"Occ No\" = \"external_reference\"\nWhat = \"theme\"\nNotes = \"\"\n\
               [values.theme]\nStrat = \"strategy_meeting_late\"\n[fixed]\nraised_with_agency = \"anyborough_cs\"\n\
               urgency = \"urgent\"\ndesired_outcome = \"Hold the meeting.\"\nchild_references = \"SYN100234\"\n";
    let map = service.path("map.toml", map);
    let (code, text) = ask(&[&own, "--source", "niche", "--commit", "--map", &map]);
    assert_eq!((code, text.lines().next()), (Some(0), Some("1 created")), "{text}");

    // Not taken in at all.
    for words in [
        vec!["/nowhere.csv"],
        vec![path.as_str()],
        vec![path.as_str(), "--source", "niche", "--url", "http://escalations.example"],
        vec![path.as_str(), "--source", "niche", "--token", "nonsense"],
        vec![path.as_str(), "--source", "niche", "--url", "http://127.0.0.1:9"],
        vec![],
    ] {
        let (code, text) = ask(&words);
        assert_eq!(code, Some(2), "{words:?} {text}");
        assert!(!text.contains(&service.token), "{text}");
    }
    service.program.stop();
}

fn wait_for(path: &Path) {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", path.display());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_watched_folder_takes_what_is_whole_and_puts_it_away_with_its_report() {
    let service = Service::start("import-watch");
    let drop_dir = service.dir.0.join("drop");
    std::fs::create_dir_all(&drop_dir).unwrap();
    let folder = drop_dir.to_str().unwrap().to_owned();
    let words = ["--watch", folder.as_str(), "--source", "niche", "--commit"];
    let mut watcher = service.import(&words).spawn().unwrap();
    std::fs::write(drop_dir.join("a.csv"), file(&[row("A-1")])).unwrap();
    std::fs::write(drop_dir.join("b.csv.part"), file(&[row("B-1")])).unwrap();
    wait_for(&drop_dir.join("done/a.csv"));
    let report = std::fs::read_to_string(drop_dir.join("done/a.csv.report.csv")).unwrap();
    assert!(report.contains("\"created\""), "{report}");
    assert!(drop_dir.join("b.csv.part").exists());

    // Killed, and started again: what was put there meanwhile is taken, and nothing twice.
    watcher.kill().unwrap();
    watcher.wait().unwrap();
    std::fs::rename(drop_dir.join("done/a.csv"), drop_dir.join("a.csv")).unwrap();
    std::fs::rename(drop_dir.join("b.csv.part"), drop_dir.join("b.csv")).unwrap();
    std::fs::write(drop_dir.join("c.csv"), file(&[row("C-1").replace("urgent", "zq7")])).unwrap();
    std::fs::write(drop_dir.join("d.csv"), "no,columns\n").unwrap();
    let mut watcher = service.import(&words).spawn().unwrap();
    for name in ["done/a.csv", "done/b.csv", "failed/c.csv", "failed/d.csv"] {
        wait_for(&drop_dir.join(name));
    }
    let again = std::fs::read_to_string(drop_dir.join("done/a.csv.report.csv")).unwrap();
    assert_eq!(again, report, "it is the same import");
    assert!(drop_dir.join("failed/c.csv.report.csv").exists());
    let why = std::fs::read_to_string(drop_dir.join("failed/d.csv.error.txt")).unwrap();
    assert!(why.contains("There is no column raised_with_agency"), "{why}");
    let stopped = Command::new("kill").args(["-TERM", &watcher.id().to_string()]).status();
    assert!(stopped.unwrap().success());
    assert_eq!(watcher.wait().unwrap().code(), Some(0));
    service.program.stop();
}
