//! A real OpenID provider, from npm, started for one test.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use super::oidc::{CLIENT, SECRET};

/// The oldest Node.js that the provider runs on.
const OLDEST_NODE: u32 = 18;

/// A running provider. Dropping it ends it.
pub struct RealProvider {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Its issuer.
    pub issuer: String,
}

impl RealProvider {
    /// Starts it; it serves once it has been told of the service.
    pub fn start() -> Self {
        let place = installed();
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut it = Self { child, lines, issuer: String::new() };
        it.issuer = it.line().strip_prefix("issuer ").unwrap().to_owned();
        it
    }

    /// Tells it where the service is.
    pub fn serve(&mut self, url: &str) {
        let told = json!([url, CLIENT, SECRET]).to_string();
        writeln!(self.child.stdin.as_mut().unwrap(), "{told}").unwrap();
        while self.line() != "ready" {}
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.lines.read_line(&mut line).unwrap() > 0, "the provider ended");
        line.trim().to_owned()
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the provider is, brought there once by npm and checked against the hashes of the lock file.
fn installed() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        node();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/provider");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("provider");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::copy(from.join("provider.mjs"), place.join("provider.mjs")).unwrap();
        let lock = std::fs::read(from.join("package-lock.json")).unwrap();
        let stamp = place.join("installed-lock.json");
        if std::fs::read(&stamp).ok().as_ref() != Some(&lock) {
            for name in ["package.json", "package-lock.json"] {
                std::fs::copy(from.join(name), place.join(name)).unwrap();
            }
            run(Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(&place));
            std::fs::write(&stamp, &lock).unwrap();
        }
        place
    })
}

/// Makes sure that there is Node.js, which the provider is written for; or says what to type.
fn node() {
    let good = || {
        let output = Command::new("node").arg("--version").output().ok()?;
        let version = String::from_utf8(output.stdout).ok()?;
        let major: u32 = version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()?;
        let npm = Command::new("npm").arg("--version").output().ok()?;
        (major >= OLDEST_NODE && npm.status.success()).then_some(())
    };
    if good().is_some() {
        return;
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n");
    if root && Command::new("apt-get").arg("--version").output().is_ok() {
        eprintln!("installing Node.js, which the OpenID provider of this test runs on");
        run(Command::new("apt-get").args(["update", "-q"]));
        run(Command::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends", "nodejs", "npm"])
            .env("DEBIAN_FRONTEND", "noninteractive"));
    }
    assert!(
        good().is_some(),
        "this test signs in at a real OpenID provider, which needs Node.js {OLDEST_NODE} or later with npm; \
         on Debian and Ubuntu type: apt-get install nodejs npm"
    );
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed; it needs the npm or Debian registry\n{told}"
    );
}
