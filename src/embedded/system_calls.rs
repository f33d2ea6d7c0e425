//! The few calls that only libc offers, kept in one place because they are the crate's only unsafe code.
#![expect(unsafe_code, reason = "geteuid, kill, prctl and unshare have no safe counterpart in std")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The three ways in which PostgreSQL is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// "Fast": roll back what is open, write everything, end.
    Fast,
    /// "Immediate": end now, repair at the next start.
    Immediate,
    /// Not asked, ended.
    Kill,
}

/// The effective user of this process.
pub(super) fn effective_user() -> u32 {
    // SAFETY: geteuid has no precondition and cannot fail.
    unsafe { libc::geteuid() }
}

/// Sends `signal` to one process.
pub(super) fn send(pid: u32, signal: Signal) -> io::Result<()> {
    kill(
        pid,
        match signal {
            Signal::Fast => libc::SIGINT,
            Signal::Immediate => libc::SIGQUIT,
            Signal::Kill => libc::SIGKILL,
        },
    )
}

/// Whether the process exists, as far as signals can tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn exists(pid: u32) -> bool {
    kill(pid, 0).map_or_else(|error| error.raw_os_error() == Some(libc::EPERM), |()| true)
}

fn kill(pid: u32, signal: i32) -> io::Result<()> {
    // 0 and negative numbers would address whole groups of processes.
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0).ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: kill takes two integers; the target is a single process.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Lets the kernel stop the child when the thread that spawns it ends, however it ends.
///
/// Must be the last thing prepared on `command`: a change of user, also by namespace, clears it.
pub(super) fn end_with_spawning_thread(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        let parent = i32::try_from(std::process::id()).unwrap_or(0);
        let signal = libc::c_ulong::try_from(libc::SIGINT).unwrap_or(2);
        // SAFETY: the closure runs between fork and exec; prctl and getppid are
        // async-signal-safe, and it allocates nothing.
        unsafe {
            command.pre_exec(move || {
                if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                    return Err(io::Error::last_os_error());
                }
                // The parent may have died before the line above: then nobody would stop us.
                if libc::getppid() != parent {
                    return Err(io::Error::from_raw_os_error(libc::ESRCH));
                }
                Ok(())
            });
        }
    }
    command.process_group(0);
}

/// Makes the child see itself as `user` while the files it writes stay with this process's user.
#[cfg(target_os = "linux")]
pub(super) fn appear_as(command: &mut Command, user: u32, group: u32) {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    let users = format!("{user} {} 1", effective_user());
    // SAFETY: getegid has no precondition and cannot fail.
    let groups = format!("{group} {} 1", unsafe { libc::getegid() });
    // SAFETY: the closure runs between fork and exec, where the child has one thread, as unshare
    // demands; it makes plain system calls and allocates nothing (std keeps short paths on the stack).
    unsafe {
        command.pre_exec(move || {
            let write = |path, text: &str| {
                OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes())
            };
            if libc::unshare(libc::CLONE_NEWUSER) != 0 {
                return Err(io::Error::last_os_error());
            }
            write("/proc/self/uid_map", &users)?;
            write("/proc/self/setgroups", "deny")?;
            write("/proc/self/gid_map", &groups)
        });
    }
}
