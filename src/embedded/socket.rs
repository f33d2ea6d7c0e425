//! Where the server listens: a private folder whose path fits into a socket address.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use super::error::EmbeddedError;
use super::identity::Identity;
use super::system_calls;

/// A socket address holds 107 bytes on Linux and 103 on macOS; the file name takes 19 of them.
const LONGEST: usize = 80;

/// The port in the socket's name; no TCP port is opened.
pub(super) const PORT: u16 = 5432;

/// The socket file of the server that listens in `directory`.
pub(super) fn file(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}

/// Makes the folder for the socket, open to the server's identity alone.
///
/// The caller knows that no server works on `base` any more.
pub(super) fn prepare(base: &Path, identity: &Identity) -> Result<PathBuf, EmbeddedError> {
    let directory = choose(base, &std::env::temp_dir());
    match DirBuilder::new().mode(0o700).create(&directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(EmbeddedError::file("create", &directory)(error));
        }
        _ => check_private(&directory, identity)
            .map_err(EmbeddedError::file("use the socket folder", &directory))?,
    }
    if let Some((user, group)) = identity.owner() {
        chown(&directory, Some(user), Some(group))
            .map_err(EmbeddedError::file("hand over", &directory))?;
    }
    // The server refuses a lock file whose process "exists", which a zombie does.
    for leftover in [file(&directory), directory.join(format!(".s.PGSQL.{PORT}.lock"))] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EmbeddedError::file("remove", &leftover)(error));
            }
            _ => {}
        }
    }
    Ok(directory)
}

fn choose(base: &Path, temporary: &Path) -> PathBuf {
    let inside = base.join("socket");
    if fits(&inside) {
        return inside;
    }
    let mut hasher = DefaultHasher::new();
    base.hash(&mut hasher);
    let name =
        format!("escalation-tracker-{}-{:016x}", system_calls::effective_user(), hasher.finish());
    let outside = temporary.join(&name);
    if fits(&outside) { outside } else { Path::new("/tmp").join(name) }
}

/// A comma would read as a list of hosts in a connection string.
fn fits(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.len() <= LONGEST && !text.contains(','))
}

/// In a shared temporary folder anyone may have made this name first.
fn check_private(directory: &Path, identity: &Identity) -> io::Result<()> {
    let found = fs::symlink_metadata(directory)?;
    let ours = found.uid() == system_calls::effective_user()
        || identity.owner().is_some_and(|(user, _)| user == found.uid());
    if found.is_dir() && ours && found.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::other("it must be a real folder of this user with mode 700; remove it"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn short_paths_keep_the_socket_beside_the_data() {
        assert_eq!(choose(Path::new("/srv/pg"), Path::new("/tmp")), Path::new("/srv/pg/socket"));
    }

    #[test]
    fn long_or_awkward_paths_get_a_private_folder_of_their_own() {
        for awkward in [format!("/srv/{}", "x".repeat(90)), "/srv/a,b".to_owned()] {
            let one = choose(Path::new(&awkward), Path::new("/tmp"));
            assert!(one.starts_with("/tmp"), "{one:?}");
            assert!(file(&one).as_os_str().len() < 103, "{one:?}");
            assert_ne!(one, choose(Path::new(&format!("{awkward}2")), Path::new("/tmp")));
        }
    }

    #[test]
    fn an_open_folder_or_a_link_is_refused() {
        let base = std::env::temp_dir().join(format!("embedded-socket-{}", std::process::id()));
        fs::create_dir_all(&base).unwrap();
        let open = base.join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(check_private(&open, &Identity::Own).is_err());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(check_private(&open, &Identity::Own).is_ok());
        let link = base.join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(check_private(&link, &Identity::Own).is_err());
        fs::remove_dir_all(&base).unwrap();
    }
}
