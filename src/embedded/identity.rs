//! As whom the server runs, because PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::log::last_lines;
use super::system_calls;

/// The server's user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// The user that runs this process.
    Own,
    /// Another account of this machine; the data belongs to it.
    Account {
        /// User id.
        user: u32,
        /// Group id.
        group: u32,
    },
    /// Inside a user namespace an account of this machine, outside still root; the data belongs to root.
    #[cfg(target_os = "linux")]
    Namespace {
        /// User id, as the server sees itself.
        user: u32,
        /// Group id, as the server sees itself.
        group: u32,
    },
}

impl Identity {
    /// Finds an identity that can run `binaries` inside `base`.
    pub(super) fn for_new_cluster(base: &Path, binaries: &Binaries) -> Result<Self, EmbeddedError> {
        if system_calls::effective_user() != 0 {
            return Ok(Self::Own);
        }
        let mut details = String::new();
        for (name, identity) in candidates(&accounts()) {
            match identity.try_out(base, binaries) {
                Ok(()) => return Ok(identity),
                Err(reason) => details.push_str(&format!("\n  {name}: {reason}")),
            }
        }
        Err(EmbeddedError::NoIdentity { path: base.to_owned(), details })
    }

    /// An existing cluster has decided already: PostgreSQL insists that its owner runs it.
    pub(super) fn for_cluster(cluster: &Path) -> Result<Self, EmbeddedError> {
        let found = fs::metadata(cluster).map_err(EmbeddedError::file("read", cluster))?;
        let (owner, group) = (found.uid(), found.gid());
        match system_calls::effective_user() {
            user if user == owner && user != 0 => Ok(Self::Own),
            0 if owner != 0 => Ok(Self::Account { user: owner, group }),
            #[cfg(target_os = "linux")]
            0 => namespace(&accounts()).ok_or_else(|| EmbeddedError::NoIdentity {
                path: cluster.to_owned(),
                details: "\n  user namespace: /etc/passwd names no user but root".to_owned(),
            }),
            user => Err(EmbeddedError::OtherOwner { path: cluster.to_owned(), owner, user }),
        }
    }

    /// To whom the server's files must be given, where that is not this process's user.
    pub(super) fn owner(&self) -> Option<(u32, u32)> {
        match self {
            Self::Account { user, group } => Some((*user, *group)),
            _ => None,
        }
    }

    /// A command that runs as this identity, and ends when the thread that spawns it ends.
    ///
    /// The environment stays behind: it may hold secrets, and `PG…` variables would change the server.
    pub(super) fn command(&self, program: &Path, base: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(base)
            .stdin(Stdio::null());
        match self {
            Self::Own => {}
            Self::Account { user, group } => {
                command.uid(*user).gid(*group);
            }
            #[cfg(target_os = "linux")]
            Self::Namespace { user, group } => system_calls::appear_as(&mut command, *user, *group),
        }
        system_calls::end_with_spawning_thread(&mut command);
        command
    }

    /// Only trying tells: modes, access lists, capabilities and namespaces all have a say.
    fn try_out(&self, base: &Path, binaries: &Binaries) -> Result<(), String> {
        let run = self.command(&binaries.postgres(), base).arg("--version").output();
        match run {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(last_lines(&String::from_utf8_lossy(&output.stderr), 2)),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    name: String,
    user: u32,
    group: u32,
}

fn accounts() -> Vec<Account> {
    parse_accounts(&fs::read_to_string("/etc/passwd").unwrap_or_default())
}

/// The accounts fit for a server, `postgres` and `nobody` first.
fn parse_accounts(passwd: &str) -> Vec<Account> {
    let mut found: Vec<Account> = passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let user = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            (user != 0).then_some(Account { name, user, group })
        })
        .collect();
    found.sort_by_key(|account| match account.name.as_str() {
        "postgres" => 0,
        "nobody" => 1,
        _ => 2,
    });
    found
}

fn candidates(accounts: &[Account]) -> Vec<(String, Identity)> {
    accounts
        .iter()
        .filter(|account| ["postgres", "nobody"].contains(&account.name.as_str()))
        .map(|account| {
            let identity = Identity::Account { user: account.user, group: account.group };
            (format!("user {}", account.name), identity)
        })
        .chain(namespace(accounts).map(|identity| ("user namespace".to_owned(), identity)))
        .collect()
}

/// The server looks its own name up, so it must appear as a user that exists.
#[cfg(target_os = "linux")]
fn namespace(accounts: &[Account]) -> Option<Identity> {
    let account = accounts.first()?;
    Some(Identity::Namespace { user: account.user, group: account.group })
}

#[cfg(not(target_os = "linux"))]
fn namespace(_accounts: &[Account]) -> Option<Identity> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbroken\ndaemon:x:1:1::/:/bin/sh\n\
        nobody:x:65534:65534::/:/bin/false\npostgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn postgres_comes_before_nobody_and_root_never() {
        let found = parse_accounts(PASSWD);
        let names: Vec<&str> = found.iter().map(|account| account.name.as_str()).collect();
        assert_eq!(names, ["postgres", "nobody", "daemon"]);
        assert_eq!(
            found.first().unwrap(),
            &Account { name: "postgres".to_owned(), user: 101, group: 104 }
        );
        let tried: Vec<String> = candidates(&found).into_iter().map(|(name, _)| name).collect();
        assert_eq!(tried.get(..2).unwrap(), ["user postgres", "user nobody"]);
    }
}
