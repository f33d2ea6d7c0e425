//! A folder into which files are put: each is taken in once it is whole, and put away with its report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::api_client::{NotDone, Service};
use super::import::{Import, kind_of, summary};
use super::import_client::take_in;
use super::terminal::{answer, note};

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// For how long a file has to stay as it is before it counts as whole.
const WHOLE_AFTER: Duration = Duration::from_secs(4);

/// What a file looked like: its size, and when it was changed.
type Look = (u64, SystemTime);

/// Takes in what is put into `folder` until told to stop.
///
/// # Errors
/// The folder cannot be read or written.
pub async fn watch(command: &Import, service: &Service, folder: &Path) -> std::io::Result<()> {
    let (done, failed) = (folder.join("done"), folder.join("failed"));
    for place in [&done, &failed] {
        std::fs::create_dir_all(place)?;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut seen: BTreeMap<PathBuf, Look> = BTreeMap::new();
    note(&format!("watching {}", folder.display()));
    loop {
        for path in whole(folder, &mut seen)? {
            let one = take(command, service, &path, [&done, &failed]);
            tokio::select! {
                taken = one => taken?,
                // What was sent goes on without this program, and is found again by its key.
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
    }
}

/// The files that are whole: they look as they did before, and nobody has changed them for a while.
fn whole(folder: &Path, seen: &mut BTreeMap<PathBuf, Look>) -> std::io::Result<Vec<PathBuf>> {
    let mut now: BTreeMap<PathBuf, Look> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || kind_of(&path).is_none() {
            continue;
        }
        // Whoever moved it away meanwhile has it.
        let Ok(about) = std::fs::metadata(&path) else { continue };
        if about.is_file() {
            let changed = about.modified()?;
            now.insert(path, (about.len(), changed));
        }
    }
    let is_whole = |(path, look): &(&PathBuf, &Look)| {
        seen.get(*path) == Some(*look) && look.1.elapsed().is_ok_and(|since| since >= WHOLE_AFTER)
    };
    let found = now.iter().filter(is_whole).map(|(path, _)| path.clone()).collect();
    *seen = now;
    Ok(found)
}

async fn take(
    command: &Import,
    service: &Service,
    path: &Path,
    [done, failed]: [&Path; 2],
) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sent = command.to_send(path).map_err(NotDone::Refused);
    let taken = match sent {
        Ok(file) => take_in(service, &file).await,
        Err(refused) => Err(refused),
    };
    let (place, report, text) = match taken {
        Ok(taken) => {
            for line in summary(&taken) {
                answer(&format!("{name}: {line}"));
            }
            let well = taken.refused() == 0
                && taken.report.get("state").and_then(Value::as_str) == Some("succeeded");
            (if well { done } else { failed }, "report.csv", taken.file)
        }
        Err(NotDone::Away(why)) => {
            note(&format!("{name} is tried again: {why}"));
            return Ok(());
        }
        Err(NotDone::Refused(why)) => {
            note(&format!("{name}: {why}"));
            (failed, "error.txt", why.into_bytes())
        }
    };
    let target = free(place, &name);
    // The report first: a file that was put away has one.
    let mut beside = target.clone().into_os_string();
    beside.push(".");
    beside.push(report);
    std::fs::write(beside, text)?;
    std::fs::rename(path, target)
}

/// A name that nothing has there yet.
fn free(place: &Path, name: &str) -> PathBuf {
    let first = place.join(name);
    let mut others = (2_u32..).map(|number| place.join(format!("{number}-{name}")));
    if first.exists() { others.find(|it| !it.exists()).unwrap_or(first) } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_stays_as_it_is_is_whole() {
        let folder = std::env::temp_dir().join(format!("escalation-watch-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("done")).unwrap();
        let old = SystemTime::now() - Duration::from_secs(60);
        let put = |name: &str, changed: SystemTime| {
            let file = std::fs::File::create(folder.join(name)).unwrap();
            file.set_modified(changed).unwrap();
        };
        for name in ["a.csv", "b.csv.part", "c.tmp", ".d.csv", "e.txt", "f.ndjson", "done/g.csv"] {
            put(name, old);
        }
        put("new.csv", SystemTime::now());
        let mut seen = BTreeMap::new();
        assert!(whole(&folder, &mut seen).unwrap().is_empty(), "seen once");
        let names = |paths: Vec<PathBuf>| -> Vec<String> {
            paths.iter().map(|it| it.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(whole(&folder, &mut seen).unwrap()), ["a.csv", "f.ndjson"]);
        std::fs::write(folder.join("a.csv"), "more").unwrap();
        assert_eq!(names(whole(&folder, &mut seen).unwrap()), ["f.ndjson"]);
        assert_eq!(free(&folder, "a.csv"), folder.join("2-a.csv"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
