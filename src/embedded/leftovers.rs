//! Clears what a killed server left behind, without ever touching a living one that is not ours.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;
use super::server::LADDER;
use super::system_calls::{self, Signal};

/// The server writes it while it lives; a killed one leaves it.
pub(super) const PID_FILE: &str = "postmaster.pid";

/// Makes `cluster` ready for a new server. The caller holds the lock, so no other instance lives.
///
/// A killed server stays a zombie until its parent takes notice, in some containers for ever, and
/// PostgreSQL itself then refuses to start because the process in its file "exists".
pub(super) fn clear(cluster: &Path, tell: &mut dyn FnMut(&str)) -> Result<(), EmbeddedError> {
    let path = cluster.join(PID_FILE);
    let Some(pid) = recorded(&path)? else {
        return wait_for_parts(cluster);
    };
    match standing(pid, cluster) {
        Standing::Gone => {}
        Standing::Works => {
            tell(&format!("stopping the server of an earlier start (process {pid})"));
            stop(pid, cluster, &LADDER)?;
        }
        Standing::Unknown => {
            return Err(EmbeddedError::StillRunning { pid, path: cluster.to_owned() });
        }
    }
    wait_for_parts(cluster)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EmbeddedError::file("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

/// The first line of the file; 0, which is no process, when it cannot be read as a number.
fn recorded(path: &Path) -> Result<Option<u32>, EmbeddedError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            Ok(Some(text.lines().next().and_then(|line| line.trim().parse().ok()).unwrap_or(0)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedError::file("read", path)(error)),
    }
}

/// How a process stands to a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Dead, a zombie, or somebody else's process with a number used again.
    Gone,
    /// A server, or a part of one, on this cluster.
    Works,
    /// A server whose cluster this process may not ask for.
    Unknown,
}

fn stop(pid: u32, cluster: &Path, ladder: &[(Signal, Duration)]) -> Result<(), EmbeddedError> {
    for &(signal, patience) in ladder {
        // An error means that it has just ended, or that the wait below ends in one.
        let _ = system_calls::send(pid, signal);
        if within(patience, || standing(pid, cluster) == Standing::Gone) {
            return Ok(());
        }
    }
    Err(EmbeddedError::StillRunning { pid, path: cluster.to_owned() })
}

/// The parts of a killed server notice its death and end; one that is deep in a statement does not.
fn wait_for_parts(cluster: &Path) -> Result<(), EmbeddedError> {
    if within(Duration::from_secs(1), || parts(cluster).is_empty()) {
        return Ok(());
    }
    for pid in parts(cluster) {
        // To a part "fast" means to give up the statement, not to end.
        stop(pid, cluster, LADDER.get(1..).unwrap_or_default())?;
    }
    match parts(cluster).first() {
        None => Ok(()),
        Some(pid) => Err(EmbeddedError::StillRunning { pid: *pid, path: cluster.to_owned() }),
    }
}

fn within(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Every server process works in its cluster's directory; a person's shell there is not one.
#[cfg(target_os = "linux")]
fn standing(pid: u32, cluster: &Path) -> Standing {
    let process = Path::new("/proc").join(pid.to_string());
    let Ok(stat) = fs::read_to_string(process.join("stat")) else {
        return Standing::Gone;
    };
    let Some((name, state)) = name_and_state(&stat) else {
        return Standing::Gone;
    };
    if matches!(state, 'Z' | 'X') || !matches!(name, "postgres" | "postmaster") {
        return Standing::Gone;
    }
    match fs::read_link(process.join("cwd")) {
        Ok(place) if place == cluster => Standing::Works,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Standing::Unknown,
        _ => Standing::Gone,
    }
}

/// Reads `123 (postgres) S …`; the name may hold spaces and parentheses itself.
#[cfg(target_os = "linux")]
fn name_and_state(stat: &str) -> Option<(&str, char)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    Some((name, after.trim_start().chars().next()?))
}

#[cfg(target_os = "linux")]
fn parts(cluster: &Path) -> Vec<u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| standing(*pid, cluster) == Standing::Works)
        .collect()
}

/// Without `/proc` the program's name has to do.
#[cfg(not(target_os = "linux"))]
fn standing(pid: u32, _cluster: &Path) -> Standing {
    let asked = std::process::Command::new("ps")
        .args(["-o", "stat=,comm=", "-p", &pid.to_string()])
        .output();
    let Ok(answer) = asked else {
        return Standing::Unknown;
    };
    let line = String::from_utf8_lossy(&answer.stdout);
    let serves = line.trim_end().ends_with("postgres") && !line.trim_start().starts_with('Z');
    if serves && system_calls::exists(pid) { Standing::Works } else { Standing::Gone }
}

#[cfg(not(target_os = "linux"))]
fn parts(_cluster: &Path) -> Vec<u32> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_are_read_whole() {
        assert_eq!(name_and_state("7 (postgres) S 1 7"), Some(("postgres", 'S')));
        assert_eq!(name_and_state("7 (a) Z (b) Z 1 7"), Some(("a) Z (b", 'Z')));
        assert_eq!(name_and_state("7"), None);
    }

    #[test]
    fn a_living_process_that_is_no_server_does_not_count() {
        // A place of its own: other tests start servers in the directory of the tests, for an instant.
        let here = std::env::temp_dir().join(format!("embedded-leftovers-{}", std::process::id()));
        fs::create_dir_all(&here).unwrap();
        let place = here.canonicalize().unwrap();
        let mut sleeper =
            std::process::Command::new("sleep").arg("60").current_dir(&place).spawn().unwrap();
        let verdict = (standing(sleeper.id(), &place), parts(&place));
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        fs::remove_dir(&here).unwrap();
        assert_eq!(verdict, (Standing::Gone, Vec::new()));
    }
}
