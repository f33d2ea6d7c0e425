//! The cluster on disk: created whole or not at all, and never opened by the wrong version.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};

use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::identity::Identity;
use super::log::ServerLog;
use super::{Durability, SUPERUSER};

/// `C.UTF-8` sorts by code point and knows letters beyond ASCII; some systems lack it.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// The directory that `base` keeps its cluster in.
pub(super) fn directory(base: &Path) -> PathBuf {
    base.join("data")
}

/// The major version of the server that wrote the cluster, if there is one.
pub(super) fn major(cluster: &Path) -> Result<Option<u32>, EmbeddedError> {
    match fs::symlink_metadata(cluster) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(EmbeddedError::file("read", cluster)(error)),
        Ok(_) => {}
    }
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(EmbeddedError::file("read", &path)(error))
        }
        text => text
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .map(Some)
            .ok_or_else(|| EmbeddedError::NotACluster(cluster.to_owned())),
    }
}

/// Creates the cluster under another name and renames it, so that a crash leaves nothing half done.
pub(super) fn create(
    base: &Path,
    binaries: &Binaries,
    identity: &Identity,
    durability: Durability,
    log: &ServerLog,
) -> Result<(), EmbeddedError> {
    let unfinished = base.join("data.new");
    let mut created = false;
    for locale in LOCALES {
        empty(&unfinished, identity)?;
        created = initdb(base, &unfinished, binaries, identity, durability, locale, log)?;
        if created || !log.last_words().contains("locale") {
            break;
        }
    }
    if !created {
        let failure = EmbeddedError::Create { path: unfinished.clone(), log: log.last_words() };
        // Best effort: the next start empties it anyway.
        let _ = fs::remove_dir_all(&unfinished);
        return Err(failure);
    }
    let cluster = directory(base);
    fs::rename(&unfinished, &cluster).map_err(EmbeddedError::file("create", &cluster))?;
    File::open(base)
        .and_then(|folder| folder.sync_all())
        .map_err(EmbeddedError::file("write", base))
}

fn initdb(
    base: &Path,
    into: &Path,
    binaries: &Binaries,
    identity: &Identity,
    durability: Durability,
    locale: &str,
    log: &ServerLog,
) -> Result<bool, EmbeddedError> {
    let program = binaries.initdb();
    let mut command = identity.command(&program, base);
    command
        .arg("-D")
        .arg(into)
        .args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--data-checksums"])
        .arg("--locale-provider=libc")
        .arg(format!("--locale={locale}"))
        .stdout(log.stdio()?)
        .stderr(log.stdio()?);
    if durability == Durability::Disposable {
        command.arg("--no-sync");
    }
    let status = command.status().map_err(EmbeddedError::file("run", &program))?;
    Ok(status.success())
}

/// The folder above belongs to this process's user, so the server's user cannot make its own.
fn empty(folder: &Path, identity: &Identity) -> Result<(), EmbeddedError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(EmbeddedError::file("remove", folder)(error));
        }
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(folder).map_err(EmbeddedError::file("create", folder))?;
    match identity.owner() {
        Some((user, group)) => {
            chown(folder, Some(user), Some(group)).map_err(EmbeddedError::file("hand over", folder))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cluster_has_a_version() {
        let base = std::env::temp_dir().join(format!("embedded-cluster-{}", std::process::id()));
        let cluster = directory(&base);
        assert_eq!(major(&cluster).unwrap(), None);
        fs::create_dir_all(&cluster).unwrap();
        assert!(matches!(major(&cluster), Err(EmbeddedError::NotACluster(_))));
        fs::write(cluster.join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(major(&cluster).unwrap(), Some(15));
        fs::remove_dir_all(&base).unwrap();
    }
}
