//! Other programs that some tests need, such as Node.js and what npm brings: there, installed, or named with what to type.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// The oldest Node.js that these programs run on.
const OLDEST: u32 = 18;

/// The folder `name` of `tests/api`, put where npm has brought its packages, checked against the hashes of the lock
/// file. Brought once.
pub fn installed(name: &str) -> PathBuf {
    // Two at once would install in each other's way.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    node();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api").join(name);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&place).unwrap();
    for entry in std::fs::read_dir(&from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
    }
    let lock = std::fs::read(from.join("package-lock.json")).unwrap();
    let stamp = place.join("installed-lock.json");
    if std::fs::read(&stamp).ok().as_ref() != Some(&lock) {
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&place));
        std::fs::write(&stamp, &lock).unwrap();
    }
    place
}

/// Makes sure that there is Node.js; or says what to type.
fn node() {
    let good = || {
        let output = Command::new("node").arg("--version").output().ok()?;
        let version = String::from_utf8(output.stdout).ok()?;
        let major: u32 = version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()?;
        let npm = Command::new("npm").arg("--version").output().ok()?;
        (major >= OLDEST && npm.status.success()).then_some(())
    };
    if good().is_none() {
        install(&["nodejs", "npm"]);
    }
    assert!(
        good().is_some(),
        "this test needs Node.js {OLDEST} or later with npm; on Debian and Ubuntu type: apt-get install nodejs npm"
    );
}

/// Where Chromium, or Chrome, is; installed where that is possible, or else it says what to type.
pub fn chromium() -> PathBuf {
    let found = || {
        let named = std::env::var_os("CHROME").map(PathBuf::from);
        let usual = [
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ];
        named.into_iter().chain(usual.map(PathBuf::from)).find(|path| path.exists())
    };
    if found().is_none() {
        // What a page takes on paper depends on its letters: without these, Arial is shown in much wider ones.
        install(&["chromium", "fonts-liberation"]);
    }
    found().expect(
        "this test looks at the pages with Chromium or Chrome; on Debian type: apt-get install chromium fonts-liberation; \
         elsewhere say where it is: CHROME=/path/to/chrome",
    )
}

/// Makes sure that there is a Python; installed where that is possible, or else it says what to type.
pub fn python_ready() {
    let there =
        || Command::new("python3").arg("--version").output().is_ok_and(|it| it.status.success());
    if !there() {
        install(&["python3"]);
    }
    assert!(
        there(),
        "this test runs Python programs of the examples; on Debian and Ubuntu type: apt-get install python3"
    );
}

/// Installs Debian packages, where that is possible.
fn install(packages: &[&str]) {
    let root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n");
    if root && Command::new("apt-get").arg("--version").output().is_ok() {
        eprintln!("installing {}, which a test needs", packages.join(" and "));
        run(Command::new("apt-get").args(["update", "-q"]));
        run(Command::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"));
    }
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
