//! The README's tour, line by line, against the demonstration that its first command starts.

use std::process::Command;

use super::support::program::{DataDir, Program};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_escalation-tracker");

/// An address on which nobody listens now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The blocks of the README that are marked as the tour.
fn blocks() -> Vec<String> {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    readme
        .split("```bash tour\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_line_of_the_tour_does_what_the_readme_says() {
    assert!(
        Command::new("curl").arg("--version").output().is_ok(),
        "the tour is told with curl; install it: apt-get install curl"
    );
    let dir = DataDir::new("tour");
    // The port of the README may be somebody else's here.
    let receiver = free_address();
    let demo = ["demo", "--listen", "127.0.0.1:0", "--webhook-allow-hosts", &receiver];
    let demo = Program::start(&demo, &dir.0);
    let lines = demo.wait_for("Stop with Ctrl-C");
    let exports: Vec<_> =
        lines.iter().filter(|line| line.starts_with("export ")).cloned().collect();
    assert_eq!(exports.len(), 4, "{lines:?}");
    let tries: Vec<_> = lines.iter().filter(|line| line.starts_with("curl ")).cloned().collect();
    assert_eq!(tries.len(), 3, "{lines:?}");

    let blocks = blocks();
    assert_eq!(blocks.len(), 10);
    let week = "curl -sf $URL/v1/themes/weekly?theme=strategy_meeting_late -H \"Authorization: Bearer $DIRECTOR\" \
                -H 'Accept: text/csv' | tail -1";
    let mut script = vec!["set -eu".to_owned()];
    // The program is built already; `cargo run -q --` in front of its words means it.
    script.push(format!("cargo() {{ shift 3; {PROGRAM} \"$@\"; }}"));
    script.extend(exports);
    script.push(format!("echo before; {week}"));
    for (number, block) in blocks.iter().enumerate() {
        script.push(format!("echo; echo block {number}"));
        let block = block.replace("http://127.0.0.1:9900/", &format!("http://{receiver}/"));
        script.push(
            block.replace("webhook receive", &format!("webhook receive --listen {receiver}")),
        );
    }
    script.push(format!("echo; echo after; {week}"));
    script.push("echo tries".to_owned());
    script.extend(tries.iter().map(|line| line.replace("curl -s ", "curl -sf ")));
    let output =
        Command::new("bash").arg("-c").arg(script.join("\n")).current_dir(ROOT).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));

    let part = |name: &str, end: &str| {
        let rest = told.split(&format!("{name}\n")).nth(1).unwrap_or_default();
        rest.split(end).next().unwrap().to_owned()
    };
    assert!(part("block 1", "block 2").contains("\"result\":\"created\""));
    let told = part("block 2", "block 3");
    assert!(told.contains("\"kind\":\"raised\"") && told.contains(" genuine\n"), "{told}");
    assert!(part("block 3", "block 4").contains("\"result\":\"unchanged\""));
    assert!(part("block 6", "block 7").contains("\"status\":\"resolved\""));
    let history = part("block 7", "block 8");
    for kind in ["raised", "acknowledged", "answered", "accepted", "resolved"] {
        assert!(history.contains(&format!("\"type\":\"{kind}\"")), "{kind}: {history}");
    }
    assert!(part("block 8", "block 9").contains("records_url"));
    let refused = part("block 9", "after");
    for fault in ["#/urgency", "#/colour", "#/raised_with_agency", "#/desired_outcome"] {
        assert!(refused.contains(fault), "{fault}: {refused}");
    }
    // The last line of both tables is this week's line of the theme; raised is its eighth column.
    let raised = |line: &str| -> i64 {
        line.split("\",\"").nth(7).unwrap_or_else(|| panic!("{line}")).parse().unwrap()
    };
    let before = part("before", "block 0");
    let after = part("after", "tries");
    assert_eq!(raised(after.trim()) - raised(before.trim()), 1, "{before}\n{after}");
    assert!(part("tries", "never").contains("ESC-ANY-"));
    demo.stop();
}
