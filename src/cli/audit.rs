//! `audit`: checks that the record was not written anew, and gives others what they need to check it themselves.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use super::database::Database;
use super::secret;
use super::terminal::{answer, note};
use crate::domain::chain::{ChainName, Said};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::evidence::Finding;
use crate::domain::ids::PartnershipId;
use crate::settings::{DatabaseSettings, Mode, SecretSettings};
use crate::sha256;
use crate::signed_note::{Verifier, notes};
use crate::usecases::audit::{self, Asked, Entry, Report};
use crate::usecases::{Deps, Failure, checkpoints};
use crate::vault::Vault;

/// Checks the record, and gives it away so that others can.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    act: AuditAct,
}

#[derive(Debug, Subcommand)]
enum AuditAct {
    /// Check both chains from the first entry to the last, against signed checkpoints and against the tables. Ends with 0 when
    /// everything holds; 2: an entry is missing; 3: something was changed; 4: history was written anew; 5: the end is missing;
    /// 6: rows and record do not account for each other. 1: it could not be checked.
    Verify(Verify),
    /// Write both chains and the checkpoints into a file that `examples/audit/verify.py` checks without this program.
    Export(Export),
    /// Print the public line of the key that signs checkpoints. Write it down where the service cannot reach.
    Key(Key),
}

#[derive(Debug, Args)]
struct With {
    /// The code of the partnership; not needed where there is one.
    #[arg(long, env = "PARTNERSHIP")]
    partnership: Option<String>,

    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Debug, Args)]
struct Secret {
    #[command(flatten)]
    secrets: SecretSettings,
    /// As the service's own: in development it keeps a root secret for itself.
    #[arg(long, env = "MODE", value_enum, default_value_t = Mode::Production)]
    mode: Mode,
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    with: With,

    /// Checkpoints that were kept outside: a file, or a folder of them. Without them only what the database itself keeps is
    /// compared, and whoever rules the database rules that too.
    #[arg(long)]
    checkpoints: Option<PathBuf>,

    /// The public line of the key, as `audit key` once printed it.
    #[arg(long)]
    public_key: Option<Verifier>,

    /// Check the chains only, and leave out whether every row is what the record says.
    #[arg(long)]
    chains_only: bool,

    #[command(flatten)]
    secret: Secret,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    with: With,

    /// The file to write.
    #[arg(long)]
    to: PathBuf,

    #[command(flatten)]
    secret: Secret,
}

#[derive(Debug, Args)]
struct Key {
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    secret: Secret,
}

/// What the first line of an export says.
const EXPORT_FORM: &str = "escalation-tracker audit v1";

/// How long one statement of a check may run, in seconds.
const LONGEST: u64 = 3_600;

/// What does not hold; the first of it decides the exit status.
#[derive(Debug, thiserror::Error)]
#[error("the record does not hold: {} finding(s)", .0.len())]
pub struct DoesNotHold(Vec<Finding>);

impl DoesNotHold {
    /// The exit status that stands for the first finding.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.0.first().map_or(1, Finding::exit_code)
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Audit {
    /// Does what was asked for.
    pub async fn run(self) -> Outcome {
        match self.act {
            AuditAct::Verify(verify) => verify.run().await,
            AuditAct::Export(Export { with, to, secret }) => {
                let (deps, database, id) = with.open(Some(&secret)).await?;
                let done = export(&deps, id, &to).await;
                deps.pool.close();
                database.close().await?;
                done
            }
            AuditAct::Key(Key { with, secret }) => {
                let (deps, database, id) = with.open(Some(&secret)).await?;
                let key = checkpoints::verifier(&deps, id).await;
                deps.pool.close();
                database.close().await?;
                answer(&key?.to_string());
                Ok(())
            }
        }
    }
}

impl With {
    async fn open(
        &self,
        secret: Option<&Secret>,
    ) -> Result<(Deps, Database, PartnershipId), Failed> {
        let vault = match secret {
            Some(it) => secret::configured(&it.secrets, it.mode, &self.database.data_dir)?,
            None => Vault::without_secret(),
        };
        // To count the rows of many years takes longer than any request may.
        let settings =
            DatabaseSettings { statement_timeout_seconds: LONGEST, ..self.database.clone() };
        let database = Database::open(&settings).await?;
        let deps = Deps::new(database.pool().await?, Arc::new(vault), SchemePolicy::default());
        let id = audit::partnership(&deps, self.partnership.as_deref()).await;
        let id = id.map_err(|failure| match failure {
            Failure::NotFound => {
                "name the partnership with --partnership: its code, as setup has it".into()
            }
            other => Failed::from(other),
        })?;
        Ok((deps, database, id))
    }
}

impl Verify {
    async fn run(self) -> Outcome {
        // Whoever brings the key needs no secret.
        let secret = self.public_key.is_none().then_some(&self.secret);
        let (deps, database, id) = self.with.open(secret).await?;
        let done = self.verify(&deps, id).await;
        deps.pool.close();
        database.close().await?;
        let report = done?;
        answer(&format!("events: {} entries hold", report.events.head.position));
        answer(&format!("reads: {} entries hold", report.reads.head.position));
        answer(&format!("{} signed checkpoints compared", report.checkpoints));
        if let Some(compared) = report.escalations {
            answer(&format!("{compared} escalations are compared with their events"));
        }
        for finding in &report.findings {
            answer(&format!("DOES NOT HOLD ({}) {finding}", finding.exit_code()));
        }
        if !report.findings.is_empty() {
            return Err(DoesNotHold(report.findings).into());
        }
        answer("everything holds");
        Ok(())
    }

    async fn verify(&self, deps: &Deps, id: PartnershipId) -> Result<Report, Failed> {
        let own = match &self.public_key {
            Some(key) => key.clone(),
            None => {
                note(
                    "no --public-key: the key is taken from where the record is, and so proves less",
                );
                checkpoints::verifier(deps, id).await?
            }
        };
        let outside = match &self.checkpoints {
            Some(path) => read_checkpoints(path, &own)?,
            None => {
                note(
                    "no --checkpoints from outside: whoever rules the database could have written all anew",
                );
                Vec::new()
            }
        };
        let lanes = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let asked = Asked { key: own, outside, lanes, tables: !self.chains_only };
        Ok(audit::verify(deps, id, &asked).await?)
    }
}

/// The checkpoints of a file or of a folder's files. One that this key did not sign is told, and nothing is checked.
fn read_checkpoints(path: &Path, key: &Verifier) -> Result<Vec<Checkpoint>, Failed> {
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let file = entry?.path();
            if file.extension().is_some_and(|it| it == "checkpoint") {
                files.push(file);
            }
        }
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut read = Vec::new();
    for file in files {
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|error| told(&error))?;
        for note in notes(&text).map_err(|error| told(&error))? {
            let opened = key.open(&note).map_err(|error| told(&error))?;
            read.push(opened.parse().map_err(|error| told(&error))?);
        }
    }
    if read.is_empty() {
        return Err(format!("{} holds no checkpoint", path.display()).into());
    }
    Ok(read)
}

async fn export(deps: &Deps, id: PartnershipId, to: &Path) -> Outcome {
    let told = |error: std::io::Error| format!("{}: {error}", to.display());
    let mut file = BufWriter::new(File::create(to).map_err(told)?);
    let key = checkpoints::verifier(deps, id).await?.to_string();
    let first = json!({"form": EXPORT_FORM, "partnership": id.to_string(), "key": key});
    writeln!(file, "{first}").map_err(told)?;
    let mut written = 0;
    for chain in ChainName::ALL {
        let each =
            &mut |it: &Entry| -> Result<(), Failed> { Ok(writeln!(file, "{}", line(*chain, it))?) };
        written += audit::walk(deps, id, *chain, each).await?;
    }
    for kept in checkpoints::kept(deps, id).await? {
        writeln!(file, "{}", json!({"checkpoint": kept.note})).map_err(told)?;
    }
    file.flush().map_err(told)?;
    note(&format!("wrote {written} entries to {}", to.display()));
    Ok(())
}

/// An entry as it is given away. What is hashed stands there as text, so that nobody has to make it from its parts.
fn line(chain: ChainName, it: &Entry) -> serde_json::Value {
    json!({
        "chain": chain.code(),
        "position": it.link.position,
        "form": it.said.as_ref().map(Said::form),
        "said": it.said.as_ref().map(Said::text),
        "leaf": sha256::digits(&it.link.leaf),
        "link": sha256::digits(&it.link.link),
    })
}
