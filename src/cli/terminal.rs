//! Writing to the person at the terminal: answers to the standard output, progress beside it.

use std::io::{Write, stderr, stdout};

/// Writes a line of a command's answer. A reader who has gone away is no fault.
pub fn answer(line: &str) {
    let _ = writeln!(stdout(), "{line}");
    let _ = stdout().flush();
}

/// Writes a line about what goes on.
pub fn note(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
