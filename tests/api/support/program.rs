//! The program itself, as somebody would start it: a process that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_escalation-tracker");

/// A directory for the data of one test, removed with it.
pub struct DataDir(pub PathBuf);

impl DataDir {
    /// An empty one.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("escalation-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running program. Dropping it ends it.
pub struct Program {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Program {
    /// Starts a command of the program.
    pub fn start(arguments: &[&str], data_dir: &Path) -> Self {
        Self::of(command(arguments, data_dir))
    }

    /// Starts this command.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let send_too = send.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).all(|line| send.send(line).is_ok())
        });
        std::thread::spawn(move || {
            BufReader::new(err)
                .lines()
                .map_while(Result::ok)
                .all(|line| send_too.send(line).is_ok())
        });
        Self { child, lines }
    }

    /// Waits for a line with this text, and gives all lines up to it.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(180)) {
                Ok(line) => {
                    let found = line.contains(text);
                    seen.push(line);
                    if found {
                        return seen;
                    }
                }
                Err(error) => panic!("no line with {text:?}: {error}\n{}", seen.join("\n")),
            }
        }
    }

    /// Waits until it listens, and says where.
    #[track_caller]
    pub fn url(&self) -> String {
        let line = self.wait_for("listening on ").pop().unwrap();
        line.split("listening on ").nth(1).unwrap().trim().to_owned()
    }

    /// Waits until it ends by itself, and gives its exit status and all lines that nobody has waited for.
    pub fn ended(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().unwrap();
        (status.code(), self.lines.iter().collect())
    }

    /// Kills it so that it can do nothing more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The most memory that it has had so far, and what it has now, in KiB.
    pub fn memory(&self) -> (u64, u64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (of("VmHWM:"), of("VmRSS:"))
    }

    /// Asks it to stop, and gives all lines that nobody has waited for.
    pub fn stopped(self) -> Vec<String> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let (status, lines) = self.ended();
        assert_eq!(status, Some(0));
        lines
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the program to its end, and gives what it printed.
#[track_caller]
pub fn run(arguments: &[&str], data_dir: &Path) -> String {
    let output = command(arguments, data_dir).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{out}\n{err}");
    out.trim().to_owned()
}

/// A command with no settings but those given.
pub fn command(arguments: &[&str], data_dir: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--data-dir").arg(data_dir).stdin(Stdio::null());
    for name in [
        "DATABASE_URL",
        "OWNER_DATABASE_URL",
        "DATA_DIR",
        "LISTEN",
        "MODE",
        "TOKEN_ISSUER",
        "TOKEN_JWKS",
        "TOKEN_AUDIENCE",
        "ROOT_SECRET_FILE",
        "OTHER_ROOT_SECRET_FILES",
        "LOG",
        "LOG_FORMAT",
        "PG_BIN_DIR",
        "SWEEP_SECONDS",
        "PARTNERSHIP",
        "PUBLIC_URL",
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET_FILE",
    ] {
        command.env_remove(name);
    }
    // Programs of several tests run side by side.
    command.env("METRICS_LISTEN", "127.0.0.1:0");
    command.env("PG_BIN_DIR", super::cluster::programs());
    command
}
