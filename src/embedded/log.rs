//! The server's log file, so that a failure can be told in the server's own words.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::error::EmbeddedError;

/// One predecessor is kept; together they bound what a long-lived installation writes.
const LARGEST: u64 = 10 * 1024 * 1024;
const LAST_WORDS: usize = 15;

/// Where `initdb` and the server write, from this start on.
#[derive(Debug)]
pub(super) struct ServerLog {
    path: PathBuf,
    file: File,
    begin: u64,
}

impl ServerLog {
    /// Opens the log of `base`, setting an overgrown one aside.
    pub(super) fn open(base: &Path) -> Result<Self, EmbeddedError> {
        let path = base.join("postgres.log");
        if fs::metadata(&path).is_ok_and(|found| found.len() > LARGEST) {
            let old = base.join("postgres.log.old");
            fs::rename(&path, &old).map_err(EmbeddedError::file("rename", &path))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(EmbeddedError::file("open", &path))?;
        let begin = file.metadata().map_err(EmbeddedError::file("read", &path))?.len();
        Ok(Self { path, file, begin })
    }

    /// A handle for a child to write to.
    pub(super) fn stdio(&self) -> Result<Stdio, EmbeddedError> {
        Ok(self.file.try_clone().map_err(EmbeddedError::file("open", &self.path))?.into())
    }

    /// Where the log is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines written since this log was opened.
    pub(super) fn last_words(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.begin))?;
            file.read_to_end(&mut text)
        });
        match read {
            Ok(_) => last_lines(&String::from_utf8_lossy(&text), LAST_WORDS),
            Err(error) => format!("(the log cannot be read: {error})"),
        }
    }
}

/// The last `count` lines of a program's output.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}
