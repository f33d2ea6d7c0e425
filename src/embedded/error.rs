//! What can go wrong between "start" and a running PostgreSQL, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

const WAY_OUT: &str = "Or choose a directory that other users may enter, for example --data-dir /var/tmp/escalation-tracker; or, but not for the demonstration, set DATABASE_URL to a PostgreSQL server that you already run.";

const HOW_TO_INSTALL: &str = "\
Install one and start again:
  Debian, Ubuntu:   sudo apt-get install postgresql
  Fedora:           sudo dnf install postgresql-server
  macOS (Homebrew): brew install postgresql@17
If one is installed, set PG_BIN_DIR to the folder that holds its `initdb` and `postgres`.";

/// Why the embedded PostgreSQL could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// A file or folder below the data directory cannot be used.
    #[error("cannot {action} {}: {source}. Check that this user may write there, or choose another data directory.", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// Another living instance works on the same data directory.
    #[error(
        "the data directory {} is in use by another running instance{holder}. Stop that one, or give this one a data directory of its own.", path.display()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// Who holds it, where that is known, as text to append.
        holder: String,
    },

    /// No PostgreSQL server of a usable version is on this machine, and none was installed.
    #[error(
        "no PostgreSQL server of version 15 or newer was found on this machine.{details}\n{HOW_TO_INSTALL}\n{WAY_OUT}"
    )]
    NoServer {
        /// What was found or tried instead, each on a line of its own.
        details: String,
    },

    /// The folder named by the operator holds no usable server.
    #[error("PG_BIN_DIR names {}, but {reason}. Point it to the folder that holds `initdb` and `postgres` of version 15 or newer, or unset it.\n{WAY_OUT}", path.display())]
    BinDir {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The data directory was written by another major version than the servers found.
    #[error(
        "the database in {} was made by PostgreSQL {needed}, which cannot be opened by another major version.{details}\nInstall PostgreSQL {needed} (Debian, Ubuntu: sudo apt-get install postgresql-{needed}), or set PG_BIN_DIR to it, or move the folder away to start with an empty database.\n{WAY_OUT}", path.display()
    )]
    OtherVersion {
        /// The cluster's directory.
        path: PathBuf,
        /// The major version that wrote it.
        needed: u32,
        /// What was found or tried instead, each on a line of its own.
        details: String,
    },

    /// The cluster's directory exists but is no cluster.
    #[error("{} exists but is not a PostgreSQL database (it has no readable PG_VERSION). Move it away, or choose another data directory.", .0.display())]
    NotACluster(PathBuf),

    /// The cluster belongs to a user that this process cannot become.
    #[error("the database in {} belongs to user id {owner}, and this process runs as user id {user}. Start it as the owner, or choose another data directory.", path.display())]
    OtherOwner {
        /// The cluster's directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who asks.
        user: u32,
    },

    /// PostgreSQL refuses root, and no other identity could be taken on.
    #[error(
        "PostgreSQL refuses to run as root, and no other identity worked for {}:{details}\nStart this program as an ordinary user, or choose a data directory that the user `postgres` may enter (every folder above it needs mode 711 or wider).\n{WAY_OUT}", path.display()
    )]
    NoIdentity {
        /// The data directory.
        path: PathBuf,
        /// Each identity tried, with the reason, each on a line of its own.
        details: String,
    },

    /// `initdb` failed.
    #[error("the database could not be created in {}:\n{log}\nIf the disk is full, free some space; then start again.\n{WAY_OUT}", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// What `initdb` said.
        log: String,
    },

    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not become ready ({reason}). Its last words, from {}:\n{log}\n{WAY_OUT}", path.display())]
    NotReady {
        /// How it ended.
        reason: String,
        /// The server's log.
        path: PathBuf,
        /// The end of the log.
        log: String,
    },

    /// A server or a part of one still works on the data directory and does not end.
    #[error("process {pid} still works on the database in {} and could not be stopped. End it (kill -INT {pid}), then start again.", path.display())]
    StillRunning {
        /// The process.
        pid: u32,
        /// The cluster's directory.
        path: PathBuf,
    },

    /// The server runs, but this process may not connect to it.
    #[error("PostgreSQL runs, but this process cannot connect to {}: {source}. Start the program as an ordinary user, or choose another data directory.", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },

    /// The server could not be stopped.
    #[error(
        "PostgreSQL (process {pid}) could not be stopped: {source}. End it with: kill -INT {pid}"
    )]
    Stop {
        /// The server.
        pid: u32,
        /// What the system answered.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: names what was tried on which path.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
