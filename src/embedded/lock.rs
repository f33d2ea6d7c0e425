//! One data directory, one instance: a lock that the kernel releases even when the holder is killed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// A killed predecessor holds its lock until the kernel has taken it apart.
const PATIENCE: Duration = Duration::from_secs(3);

/// Held for as long as the data directory is in use.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of `base`, waiting a little for a predecessor that is just ending.
pub(super) fn take(base: &Path) -> Result<Lock, EmbeddedError> {
    take_within(base, PATIENCE)
}

fn take_within(base: &Path, patience: Duration) -> Result<Lock, EmbeddedError> {
    let path = base.join("lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(EmbeddedError::file("open", &path))?;
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(EmbeddedError::InUse {
                    path: base.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(EmbeddedError::File { action: "lock", path, source });
            }
        }
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(EmbeddedError::file("write", &path))?;
    Ok(Lock { _file: file })
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text).is_ok();
    match text.trim().parse::<u32>() {
        Ok(pid) if read => format!(" (process {pid})"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_holder_is_told_who_the_first_is() {
        let base = std::env::temp_dir().join(format!("embedded-lock-{}", std::process::id()));
        std::fs::create_dir_all(&base).unwrap();
        let first = take(&base).unwrap();
        let error = take_within(&base, Duration::from_millis(50)).unwrap_err().to_string();
        assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
        drop(first);
        take(&base).unwrap();
        std::fs::remove_dir_all(&base).unwrap();
    }
}
