//! A real OpenID provider, from npm, started for one test.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;

use super::node;
use super::oidc::{CLIENT, SECRET};

/// A running provider. Dropping it ends it.
pub struct RealProvider {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Its issuer.
    pub issuer: String,
}

impl RealProvider {
    /// Starts it; it serves once it has been told of the service.
    pub fn start() -> Self {
        let place = node::installed("provider");
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut it = Self { child, lines, issuer: String::new() };
        it.issuer = it.line().strip_prefix("issuer ").unwrap().to_owned();
        it
    }

    /// Tells it where the service is.
    pub fn serve(&mut self, url: &str) {
        let told = json!([url, CLIENT, SECRET]).to_string();
        writeln!(self.child.stdin.as_mut().unwrap(), "{told}").unwrap();
        while self.line() != "ready" {}
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.lines.read_line(&mut line).unwrap() > 0, "the provider ended");
        line.trim().to_owned()
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
