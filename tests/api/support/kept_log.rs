//! The log of the whole test run, of which only lines with a marker are kept: nothing that was sent may be in it.

use std::io::Write;
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

/// Stand in what tests send, in lower case. A line of the log with one says again what was sent.
const MARKERS: [&str; 3] = ["zq7mark", "zqkept", "zqseal"];

static MARKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes each line to nowhere, unless it has the marker.
struct OnlyMarked;

impl Write for OnlyMarked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(bytes).into_owned();
        let small = line.to_lowercase();
        if MARKERS.iter().any(|marker| small.contains(marker)) {
            MARKED.lock().unwrap().push(line);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Listens from now on to every thread of the process, also those of servers: to all that the service logs, and to what
/// libraries log where nobody asked for more.
pub fn listen() {
    static LISTENS: OnceLock<()> = OnceLock::new();
    LISTENS.get_or_init(|| {
        let levels = Targets::new()
            .with_default(LevelFilter::INFO)
            .with_target("escalation_tracker", LevelFilter::TRACE);
        let lines = tracing_subscriber::fmt::layer().json().with_writer(|| OnlyMarked);
        let log = tracing_subscriber::registry().with(levels).with(lines);
        tracing::subscriber::set_global_default(log).unwrap();
    });
}

/// The lines with the marker, but for those with this word, of which there must be one: it was logged on purpose, and
/// shows that the log is heard.
#[track_caller]
pub fn marked_but_for(word: &str) -> Vec<String> {
    let lines = MARKED.lock().unwrap().clone();
    let ours = lines.into_iter().filter(|line| line.to_lowercase().contains(MARKERS[0]));
    let (wanted, others): (Vec<_>, Vec<_>) = ours.partition(|line| line.contains(word));
    assert!(!wanted.is_empty(), "the log of the service is not heard");
    others.into_iter().filter(|line| !line.contains("Zq7mark-heard-")).collect()
}

/// The lines with one of the other markers, but for those with this word, of which there must be one, as above.
#[track_caller]
pub fn with_others_but_for(word: &str) -> Vec<String> {
    let lines = MARKED.lock().unwrap().clone();
    let theirs = lines.into_iter().filter(|line| !line.to_lowercase().contains(MARKERS[0]));
    let (wanted, others): (Vec<_>, Vec<_>) = theirs.partition(|line| line.contains(word));
    assert!(!wanted.is_empty(), "the log of the service is not heard");
    others
}
