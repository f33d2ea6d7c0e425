//! The server process: spawned so that it cannot outlive the service, stopped step by step.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Durability;
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::identity::Identity;
use super::leftovers::PID_FILE;
use super::log::ServerLog;
use super::socket;
use super::system_calls::{self, Signal};

/// How a server is stopped: ask, press, end; and how long each may take.
pub(super) const LADDER: [(Signal, Duration); 3] = [
    (Signal::Fast, Duration::from_secs(20)),
    (Signal::Immediate, Duration::from_secs(5)),
    (Signal::Kill, Duration::from_secs(5)),
];

/// After a crash the server first repairs its files, which takes minutes at worst.
const LONGEST_START: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(5);

const SETTINGS: [&str; 10] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    // What a statement or a value holds about a child must not reach the log.
    "log_min_error_statement=panic",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
    // A database that has just been filled has no statistics yet, and is planned for badly until it has.
    "autovacuum_naptime=10",
];

/// Tests run side by side, some of them with many writers.
const DISPOSABLE: [&str; 4] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];

/// A running server and the thread whose end would stop it.
#[derive(Debug)]
pub(super) struct Server {
    child: Option<Child>,
    pid: u32,
    parent: Parent,
}

/// The kernel ties the server to the thread that spawned it, so that thread must wait.
#[derive(Debug)]
struct Parent {
    release: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server and returns when it accepts connections.
    pub(super) fn start(
        base: &Path,
        cluster: &Path,
        sockets: &Path,
        binaries: &Binaries,
        identity: &Identity,
        durability: Durability,
        log: &ServerLog,
    ) -> Result<Self, EmbeddedError> {
        let program = binaries.postgres();
        let mut command = identity.command(&program, base);
        command
            .arg("-D")
            .arg(cluster)
            .arg("-k")
            .arg(sockets)
            .arg("-p")
            .arg(socket::PORT.to_string());
        let disposable = DISPOSABLE.iter().filter(|_| durability == Durability::Disposable);
        for setting in SETTINGS.iter().chain(disposable) {
            command.arg("-c").arg(setting);
        }
        command.stdout(log.stdio()?).stderr(log.stdio()?);
        let (child, parent) =
            spawn_from_waiting_thread(command).map_err(EmbeddedError::file("run", &program))?;
        let mut server = Self { pid: child.id(), child: Some(child), parent };
        server.wait_until_ready(cluster, log)?;
        let file = socket::file(sockets);
        match UnixStream::connect(&file) {
            Ok(_) => Ok(server),
            Err(source) => Err(EmbeddedError::Unreachable { path: file, source }),
        }
    }

    /// The server's main process.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the server's main process is still there.
    pub(super) fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Stops the server, gently at first; does nothing when that was done before.
    pub(super) fn stop(&mut self) -> Result<(), EmbeddedError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let stopped = climb_down(&mut child);
        // Where this process may not send signals, the end of the thread still makes the kernel do it.
        self.parent.let_go();
        stopped.map_err(|source| EmbeddedError::Stop { pid: self.pid, source })
    }

    fn wait_until_ready(&mut self, cluster: &Path, log: &ServerLog) -> Result<(), EmbeddedError> {
        let file = cluster.join(PID_FILE);
        let deadline = Instant::now() + LONGEST_START;
        let reason = loop {
            if says_ready(&fs::read_to_string(&file).unwrap_or_default(), self.pid) {
                return Ok(());
            }
            match self.child.as_mut().map(Child::try_wait) {
                Some(Ok(Some(status))) => break format!("it ended with {status}"),
                Some(Err(error)) => break error.to_string(),
                _ => {}
            }
            if Instant::now() > deadline {
                break format!("not within {} s", LONGEST_START.as_secs());
            }
            thread::sleep(POLL);
        };
        Err(EmbeddedError::NotReady { reason, path: log.path().to_owned(), log: log.last_words() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to be told; the next start repairs what this one could not end.
        let _ = self.stop();
    }
}

impl Parent {
    fn let_go(&mut self) {
        self.release = None;
        if let Some(thread) = self.thread.take() {
            // It only waits, so it has no panic to pass on.
            let _ = thread.join();
        }
    }
}

fn spawn_from_waiting_thread(mut command: Command) -> io::Result<(Child, Parent)> {
    let (hand_over, spawned) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("postgres-parent".to_owned()).spawn(move || {
        // Both only fail when the other side is gone, and then there is nothing left to wait for.
        let _ = hand_over.send(command.spawn());
        let _ = released.recv();
    })?;
    let child = spawned.recv().map_err(io::Error::other)??;
    Ok((child, Parent { release: Some(release), thread: Some(thread) }))
}

fn climb_down(child: &mut Child) -> io::Result<()> {
    let mut refused = None;
    for (signal, patience) in LADDER {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        if let Err(error) = system_calls::send(child.id(), signal) {
            refused = Some(error);
            break;
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::TimedOut.into()))
}

/// The server's file names its process on line 1 and its state on line 8.
fn says_ready(file: &str, pid: u32) -> bool {
    let mut lines = file.lines().map(str::trim);
    lines.next().is_some_and(|line| line.parse() == Ok(pid)) && lines.nth(6) == Some("ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_this_process_and_that_word() {
        let file = "42\n/data\n1700000000\n5432\n/socket\n\n  123 4\nready   \n";
        assert!(says_ready(file, 42));
        assert!(!says_ready(file, 43));
        assert!(!says_ready(&file.replace("ready   ", "starting"), 42));
        assert!(!says_ready("42\n", 42));
        assert!(!says_ready("", 42));
    }

    #[test]
    fn a_program_that_cannot_be_run_is_told_and_leaves_no_thread() {
        assert!(spawn_from_waiting_thread(Command::new("/no/such/program")).is_err());
    }
}
