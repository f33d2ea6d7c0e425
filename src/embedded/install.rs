//! Installs PostgreSQL where there is none, by the means that the machine offers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::binaries::{self, Binaries, OLDEST, Search};
use super::log::last_lines;
use super::{npm, system_calls};

const CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.conf";

/// Installs a server of the `needed` major version, or of any that will do.
///
/// On failure the text tells what was tried, each on a line of its own.
pub(super) fn install(
    base: &Path,
    needed: Option<u32>,
    tell: &mut dyn FnMut(&str),
) -> Result<Binaries, String> {
    let mut tried = String::new();
    if system_calls::effective_user() == 0 && on_path("apt-get") {
        match with_apt(base, needed, tell) {
            Ok(found) => return Ok(found),
            Err(reason) => tried.push_str(&format!("\nTried apt-get: {reason}.")),
        }
    }
    if !on_path("npm") {
        return Err(format!("{tried}\nThere is no npm to fetch it with."));
    }
    npm::install(base, needed, tell).map_err(|reason| format!("{tried}\nTried npm: {reason}."))
}

fn with_apt(
    base: &Path,
    needed: Option<u32>,
    tell: &mut dyn FnMut(&str),
) -> Result<Binaries, String> {
    let package =
        needed.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql-{major}"));
    let mut offered = offered_major(&package);
    if offered.is_none() {
        tell("asking apt-get for the list of packages");
        apt(&["update"])?;
        offered = offered_major(&package);
    }
    match offered {
        None => return Err(format!("it knows no package {package}")),
        Some(major) if major < OLDEST => return Err(format!("its {package} is version {major}")),
        Some(_) => {}
    }
    tell(&format!("installing the package {package} with apt-get"));
    let settings = forbid_main_cluster()?;
    let install = ["install", "-y", "--no-install-recommends", &package];
    // A list of packages from last week names files that the mirror no longer has.
    let done = apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)));
    if let Err(reason) = done {
        if let Some(settings) = settings {
            // Best effort: what failed is what must be told.
            let _ = fs::remove_file(settings);
        }
        return Err(reason);
    }
    match binaries::search(&npm::programs(base), needed) {
        Search { fitting: Some(found), .. } => Ok(found),
        Search { unfit, .. } => {
            Err(format!("{package} was installed, but holds no server:{unfit}"))
        }
    }
}

/// Debian would at once create and start a cluster of its own, which nobody asked for.
fn forbid_main_cluster() -> Result<Option<PathBuf>, String> {
    let path = Path::new(CLUSTER_SETTINGS);
    if path.exists() {
        return Ok(None);
    }
    let text = "# Written so that installing PostgreSQL starts no server of its own.\n\
                create_main_cluster = false\n";
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("cannot write {CLUSTER_SETTINGS}: {error}"))?;
    Ok(Some(path.to_owned()))
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=1"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("UCF_FORCE_CONFFOLD", "1");
    output_of(&mut command).map(drop)
}

/// The major version of the package that apt would install, by its name or its number.
fn offered_major(package: &str) -> Option<u32> {
    let policy = output_of(Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C"));
    candidate_major(&policy.ok()?)
}

fn candidate_major(policy: &str) -> Option<u32> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    let digits: String = candidate.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Runs a program to its end; its last words become the reason when it fails.
pub(super) fn output_of(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} does not run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = last_lines(&String::from_utf8_lossy(&output.stderr), 3);
    Err(format!("{name} failed ({}): {words}", output.status))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|place| place.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_version_is_read_from_the_policy() {
        let policy =
            "postgresql:\n  Installed: (none)\n  Candidate: 15+248+deb12u1\n  Version table:\n";
        assert_eq!(candidate_major(policy), Some(15));
        assert_eq!(candidate_major("postgresql-17:\n  Candidate: 17.5-1.pgdg\n"), Some(17));
        assert_eq!(candidate_major("postgresql:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate_major(""), None);
    }

    #[test]
    fn a_failing_program_gives_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo why >&2; exit 3"]);
        let reason = output_of(&mut command).unwrap_err();
        assert!(reason.contains("why") && reason.contains('3'), "{reason}");
        assert!(output_of(&mut Command::new("no-such-program")).is_err());
    }
}
