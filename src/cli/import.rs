//! `import`: sends a file of escalations to a service over HTTP, as any agency can from its own machine.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use serde_json::Value;

use super::Outcome;
use super::api_client::{NotDone, ServiceArgs};
use super::import_client::{Done, ToSend, take_in};
use super::import_map::ColumnMap;
use super::import_watch::watch;
use super::terminal::answer;

/// How the command ended, when not well. Each has an exit status of its own.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The service took the file, and some of its rows have to be corrected: exit status 1.
    #[error("{0}")]
    RowsRefused(String),
    /// The file was not taken in at all: exit status 2.
    #[error("{0}")]
    NotRun(String),
}

/// Sends a file of escalations to a service. It is only checked unless `--commit` is there.
///
/// Ends with 0 when every row is well, 1 when some rows were refused, 2 when the file was not taken in. A proxy is taken from
/// HTTPS_PROXY.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["file", "watch"])))]
pub struct Import {
    /// The file: .csv, .ndjson or .jsonl.
    file: Option<PathBuf>,

    /// Take in what is put into this folder, until stopped. What was taken in goes to its folder `done`, what has to be
    /// corrected to `failed`, each with a report beside it. Files named .part or .tmp are left alone.
    #[arg(long, requires = "commit")]
    watch: Option<PathBuf>,

    #[command(flatten)]
    service: ServiceArgs,

    /// The sending system, for rows that do not name one.
    #[arg(long)]
    source: Option<String>,

    /// Only check the file; this is what happens when nothing is said.
    #[arg(long, conflicts_with = "commit")]
    dry_run: bool,

    /// Do it.
    #[arg(long)]
    commit: bool,

    /// Store all rows or none.
    #[arg(long)]
    all_or_nothing: bool,

    /// A TOML file that says what the columns and words of the file are called here.
    #[arg(long)]
    map: Option<PathBuf>,

    /// Where the report goes, as CSV; beside the file when rows were refused, if not said.
    #[arg(long, conflicts_with = "watch")]
    report: Option<PathBuf>,
}

impl Import {
    /// Sends the file, or whatever is put into the folder.
    pub async fn run(self) -> Outcome {
        let service = self.service.service().map_err(Ended::NotRun)?;
        if let Some(folder) = &self.watch {
            let watched = Box::pin(watch(&self, &service, folder)).await;
            return watched
                .map_err(|error| Ended::NotRun(format!("{}: {error}", folder.display())).into());
        }
        let Some(path) = &self.file else { return Err(Ended::NotRun("no file".to_owned()).into()) };
        let file = self.to_send(path).map_err(Ended::NotRun)?;
        let done = take_in(&service, &file).await.map_err(|error| match error {
            NotDone::Away(why) | NotDone::Refused(why) => Ended::NotRun(why),
        })?;
        for line in summary(&done) {
            answer(&line);
        }
        let refused = done.refused() > 0;
        let report = self.report.clone().or_else(|| refused.then(|| beside(path)));
        if let Some(report) = &report {
            let told =
                |error: std::io::Error| Ended::NotRun(format!("{}: {error}", report.display()));
            std::fs::write(report, &done.file).map_err(told)?;
            answer(&format!("the report is in {}: correct it and send it again", report.display()));
        }
        if refused || done.report.get("state").and_then(Value::as_str) != Some("succeeded") {
            return Err(Ended::RowsRefused(format!("{} rows were refused", done.refused())).into());
        }
        Ok(())
    }

    /// A file as it is sent.
    pub(super) fn to_send(&self, path: &Path) -> Result<ToSend, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let kind = kind_of(path).ok_or_else(|| told(&"send a .csv, .ndjson or .jsonl file"))?;
        let mut bytes = std::fs::read(path).map_err(|error| told(&error))?;
        if let Some(map) = &self.map {
            if kind != "text/csv" {
                return Err(told(&"--map is for CSV"));
            }
            bytes = ColumnMap::read(map)?.applied(&bytes).map_err(|error| told(&error))?;
        }
        let changed = std::fs::metadata(path).and_then(|it| it.modified());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let occasion = format!("{name} {:?}", changed.map_err(|error| told(&error))?);
        Ok(ToSend {
            kind,
            bytes,
            source: self.source.clone(),
            dry_run: !self.commit,
            all_or_nothing: self.all_or_nothing,
            occasion,
        })
    }
}

/// The media type of a file by its name; nothing when it is not one that is taken in.
pub(super) fn kind_of(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some("text/csv"),
        "ndjson" | "jsonl" => Some("application/x-ndjson"),
        _ => None,
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".report.csv");
    PathBuf::from(name)
}

/// What came of a file, in lines.
pub(super) fn summary(done: &Done) -> Vec<String> {
    let tried = done.report.get("dry_run").and_then(Value::as_bool) == Some(true);
    let mut counted: Vec<String> =
        ["created", "updated", "unchanged", "stale_ignored", "rejected", "duplicate", "held_back"]
            .iter()
            .filter(|it| done.count(it) > 0)
            .map(|it| format!("{} {}", done.count(it), it.replace('_', " ")))
            .collect();
    if counted.is_empty() {
        counted.push("no rows".to_owned());
    }
    let checked = if tried { "only checked; add --commit to do it: " } else { "" };
    let mut lines = vec![format!("{checked}{}", counted.join(", "))];
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for column in done.report.get("columns").and_then(Value::as_array).into_iter().flatten() {
        lines.push(format!("column {}: {}", column["position"], text(column, "note")));
    }
    for row in done.report.get("rows").and_then(Value::as_array).into_iter().flatten() {
        for error in row["errors"].as_array().into_iter().flatten() {
            let column = error["column"].as_str().map(|it| format!(", {it}")).unwrap_or_default();
            lines.push(format!(
                "line {}{column}: {} {}",
                row["line"],
                text(error, "message"),
                text(error, "fix")
            ));
        }
    }
    lines
}
