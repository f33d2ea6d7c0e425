//! Finds the PostgreSQL programs on this machine, whoever installed them.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;
use super::log::last_lines;

/// Older servers lack what the migrations use.
pub(super) const OLDEST: u32 = 15;

/// Folders that hold one folder per version: parent, how its names begin, where the programs are.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/opt/local/lib", "postgresql", "bin"),
];

/// A folder with `initdb` and `postgres` that run on this machine.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    directory: PathBuf,
    /// As the server states it, for people.
    pub(super) version: String,
    /// Decides which data directories the server can open.
    pub(super) major: u32,
}

impl Binaries {
    /// Where the programs are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Asks the programs in `directory` for their version.
    pub(super) fn at(directory: &Path) -> Result<Self, String> {
        let server = directory.join("postgres");
        for program in [&directory.join("initdb"), &server] {
            if !program.is_file() {
                return Err(format!("there is no {}", program.display()));
            }
        }
        let output = Command::new(&server)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{} does not run: {error}", server.display()))?;
        if !output.status.success() {
            let words = last_lines(&String::from_utf8_lossy(&output.stderr), 3);
            return Err(format!("{} does not run: {words}", server.display()));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let (version, major) = parse_version(&text)
            .ok_or_else(|| format!("{} states no version: {}", server.display(), text.trim()))?;
        Ok(Self { directory: directory.to_owned(), version, major })
    }

    /// The server.
    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    /// The program that creates a cluster.
    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    fn fits(&self, needed: Option<u32>) -> bool {
        needed.map_or(self.major >= OLDEST, |needed| self.major == needed)
    }
}

/// What a search brought to light.
#[derive(Debug)]
pub(super) struct Search {
    /// The programs to use.
    pub(super) fitting: Option<Binaries>,
    /// Others, for the message, each on a line of its own.
    pub(super) unfit: String,
}

/// Takes the folder that the operator named, and no other.
pub(super) fn named(directory: &Path, needed: Option<u32>) -> Result<Binaries, EmbeddedError> {
    let refuse = |reason| EmbeddedError::BinDir { path: directory.to_owned(), reason };
    let found = Binaries::at(directory).map_err(refuse)?;
    if found.fits(needed) {
        return Ok(found);
    }
    Err(refuse(match needed {
        Some(needed) => format!(
            "it holds version {}, and the data directory was made by PostgreSQL {needed}",
            found.version
        ),
        None => format!("it holds version {}, which is too old", found.version),
    }))
}

/// Looks in the usual places, then on `PATH`, then in `cached`, where an earlier start installed it.
pub(super) fn search(cached: &Path, needed: Option<u32>) -> Search {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = VERSIONED
        .iter()
        .flat_map(|(parent, prefix, programs)| versions(Path::new(parent), prefix, programs))
        .collect();
    places.extend(std::env::split_paths(&path).filter(|place| place.is_absolute()));
    places.push(cached.to_owned());
    pick(&places, needed)
}

fn pick(places: &[PathBuf], needed: Option<u32>) -> Search {
    let mut unfit = String::new();
    let with_server = places.iter().filter(|place| place.join("postgres").is_file());
    for place in with_server {
        let line = match Binaries::at(place) {
            Ok(found) if found.fits(needed) => {
                return Search { fitting: Some(found), unfit };
            }
            Ok(found) => format!("\nFound only version {} in {}.", found.version, place.display()),
            Err(reason) => format!("\nNot usable: {reason}."),
        };
        if !unfit.contains(&line) {
            unfit.push_str(&line);
        }
    }
    Search { fitting: None, unfit }
}

/// The program folders below `parent`, newest version first.
fn versions(parent: &Path, prefix: &str, programs: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
            Some((major, entry.path().join(programs)))
        })
        .collect();
    found.sort_by_key(|(major, _)| Reverse(*major));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian …)`; a development version reads `19devel`.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn fake(base: &Path, name: &str, version: &str) -> PathBuf {
        let place = base.join(name).join("bin");
        fs::create_dir_all(&place).unwrap();
        for program in ["initdb", "postgres"] {
            let path = place.join(program);
            fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"))
                .unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        place
    }

    #[test]
    fn versions_are_read_from_what_servers_print() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some(("15.18".to_owned(), 15)));
        assert_eq!(
            parse_version("postgres (PostgreSQL) 19devel"),
            Some(("19devel".to_owned(), 19))
        );
        assert_eq!(parse_version("bash 5"), None);
    }

    #[test]
    fn the_newest_wins_unless_the_data_needs_another() {
        let base = std::env::temp_dir().join(format!("embedded-binaries-{}", std::process::id()));
        let (old, nine, ten) =
            (fake(&base, "14", "14.2"), fake(&base, "16", "16.1"), fake(&base, "17", "17.0"));
        let places = versions(&base, "", "bin");
        assert_eq!(places, [ten.clone(), nine.clone(), old.clone()]);
        assert_eq!(pick(&places, None).fitting.unwrap().major, 17);
        assert_eq!(pick(&places, Some(16)).fitting.unwrap().version, "16.1");
        let none = pick(&places, Some(15));
        assert!(none.fitting.is_none());
        assert_eq!(none.unfit.lines().count(), 4, "{}", none.unfit);

        assert!(named(&ten, Some(17)).is_ok());
        assert!(named(&ten, Some(16)).unwrap_err().to_string().contains("made by PostgreSQL 16"));
        assert!(named(&old, None).unwrap_err().to_string().contains("too old"));
        assert!(named(&base, None).unwrap_err().to_string().contains("PG_BIN_DIR"));
        fs::remove_dir_all(&base).unwrap();
    }
}
