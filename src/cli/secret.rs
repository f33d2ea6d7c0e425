//! Files that only the service's own user may read: the root secret and the key of local tokens.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::settings::{Mode, SecretSettings};
use crate::vault::{Key, SECRET_LENGTH, Secrets, Vault};

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("the secret file {path} cannot be used: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// It does not hold a secret.
    #[error("{0} does not hold 32 bytes in base64; make one with: openssl rand -base64 32")]
    NotASecret(String),
    /// Production names none.
    #[error(
        "set ROOT_SECRET_FILE to a file with 32 random bytes in base64, made with: \
         openssl rand -base64 32; keep it apart from the database, and back it up"
    )]
    NoneNamed,
    /// There is no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness,
}

/// Reads a file, or makes it with `content` so that only this user can read it. The first of two programs that
/// make it at once wins, and both read what it wrote.
///
/// # Errors
/// The file cannot be read or written.
pub fn read_or_make(
    path: &Path,
    content: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, SecretError> {
    let failed = |error| SecretError::File { path: path.display().to_string(), error };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    if !path.exists() {
        let fresh = path.with_extension(format!("new-{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh).map_err(failed)?;
        file.write_all(&content()).and_then(|()| file.sync_all()).map_err(failed)?;
        // A hard link, unlike a rename, never replaces what another program has just made.
        let linked = fs::hard_link(&fresh, path);
        fs::remove_file(&fresh).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
    }
    fs::read(path).map_err(failed)
}

/// The vault with the root secrets that the settings name; in development with one that this program keeps for itself.
///
/// # Errors
/// A file does not hold a secret, or production names none.
pub fn configured(
    settings: &SecretSettings,
    mode: Mode,
    data_dir: &Path,
) -> Result<Vault, SecretError> {
    let first = match (&settings.root_secret_file, mode) {
        (Some(path), _) => from_file(path)?,
        (None, Mode::Development) => own(&data_dir.join("root.secret"))?,
        (None, Mode::Production) => return Err(SecretError::NoneNamed),
    };
    let others = settings.other_root_secret_files.iter().map(|path| from_file(path));
    let all = std::iter::once(Ok(first)).chain(others).collect::<Result<Vec<_>, _>>()?;
    Ok(Vault::kept_by(Arc::new(Secrets::new(all))))
}

/// The vault with a secret that this program keeps for itself.
///
/// # Errors
/// The file cannot be made or does not hold a secret.
pub fn own_vault(path: &Path) -> Result<Vault, SecretError> {
    Ok(Vault::new(own(path)?))
}

fn from_file(path: &Path) -> Result<Key, SecretError> {
    let failed = |error| SecretError::File { path: path.display().to_string(), error };
    decode(path, &fs::read(path).map_err(failed)?)
}

fn own(path: &Path) -> Result<Key, SecretError> {
    let mut fresh = [0; SECRET_LENGTH];
    aws_lc_rs::rand::fill(&mut fresh).map_err(|_| SecretError::NoRandomness)?;
    let text = read_or_make(path, || format!("{}\n", STANDARD.encode(fresh)).into_bytes())?;
    decode(path, &text)
}

fn decode(path: &Path, text: &[u8]) -> Result<Key, SecretError> {
    let wrong = || SecretError::NotASecret(path.display().to_string());
    let bytes = STANDARD.decode(text.trim_ascii()).map_err(|_| wrong())?;
    bytes.try_into().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_for_this_user_alone() {
        let dir = std::env::temp_dir().join(format!("escalation-secret-{}", std::process::id()));
        let path = dir.join("root.secret");
        let first = read_or_make(&path, || b"first".to_vec()).unwrap();
        assert_eq!(first, read_or_make(&path, || b"second".to_vec()).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(from_file(&path).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
