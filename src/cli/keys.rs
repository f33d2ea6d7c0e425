//! `keys`: under which root secrets everything is sealed, and sealing it under another one.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::Outcome;
use super::database::Database;
use super::secret;
use super::terminal::{answer, note};
use crate::domain::child_reference::SchemePolicy;
use crate::settings::{DatabaseSettings, Mode, SecretSettings};
use crate::usecases::Deps;
use crate::usecases::key_rotation::{self, Standing};

/// Shows and changes under which root secrets everything is sealed.
#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    act: KeyAct,
}

#[derive(Debug, Subcommand)]
enum KeyAct {
    /// Say which root secrets are still needed.
    Status(With),
    /// Seal everything under ROOT_SECRET_FILE, while the service goes on. Stopped, it goes on where it was when it is
    /// started again. Afterwards the secrets of OTHER_ROOT_SECRET_FILES can be removed.
    Rotate(With),
}

#[derive(Debug, Args)]
struct With {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    secrets: SecretSettings,
    /// As the service's own: in development it keeps a root secret for itself.
    #[arg(long, env = "MODE", value_enum, default_value_t = Mode::Production)]
    mode: Mode,
}

impl Keys {
    /// Does what was asked for, and says how it stands.
    pub async fn run(self) -> Outcome {
        let (with, rotates) = match self.act {
            KeyAct::Status(with) => (with, false),
            KeyAct::Rotate(with) => (with, true),
        };
        let vault = secret::configured(&with.secrets, with.mode, &with.database.data_dir)?;
        let database = Database::open(&with.database).await?;
        let pool = database.pool().await?;
        let deps = Deps::new(pool, Arc::new(vault), SchemePolicy::default());
        let done = if rotates { rotate(&deps).await } else { status(&deps).await };
        deps.pool.close();
        database.close().await?;
        done
    }
}

async fn rotate(deps: &Deps) -> Outcome {
    let newest = deps.vault.newest()?.to_string();
    let left = key_rotation::standing(deps).await?.left(&newest);
    let bar = ProgressBar::new(u64::try_from(left)?);
    bar.set_style(ProgressStyle::with_template("sealing anew {bar:40} {pos}/{len} {eta}")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let done = key_rotation::rotate(deps, &mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    note(&format!("sealed {} anew", done.sealed));
    status(deps).await?;
    if done.broken > 0 {
        return Err(format!(
            "{} do not open, because they were changed; the log names each. Restore them from a backup, and keep every \
             root secret until then",
            done.broken
        )
        .into());
    }
    Ok(())
}

async fn status(deps: &Deps) -> Outcome {
    let standing = key_rotation::standing(deps).await?;
    let given: Vec<String> = deps.vault.roots().iter().map(ToString::to_string).collect();
    for line in words(&standing, &given) {
        answer(&line);
    }
    Ok(())
}

/// How it stands, one line for each root secret that is given or needed.
fn words(standing: &Standing, given: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, root) in given.iter().enumerate() {
        let keys = standing.keys.get(&Some(root.clone())).copied().unwrap_or_default();
        let unstored = standing.keys.get(&None).copied().unwrap_or_default();
        lines.push(match (at, keys) {
            (0, _) => format!("{root} seals: {keys} keys are under it"),
            (_, 0) if unstored == 0 => format!("{root} is not needed: remove it"),
            (_, 0) => format!("{root} may be needed: type: escalation-tracker keys rotate"),
            _ => format!(
                "{root} is needed: {keys} keys are under it; type: escalation-tracker keys rotate"
            ),
        });
    }
    for (root, keys) in &standing.keys {
        match root {
            Some(root) if !given.contains(root) => lines.push(format!(
                "{root} is MISSING: {keys} keys are under it; add its file to OTHER_ROOT_SECRET_FILES"
            )),
            None => lines.push(format!(
                "{keys} partnerships use keys from before keys were stored; type: escalation-tracker keys rotate"
            )),
            Some(_) => {}
        }
    }
    if standing.old_references > 0 {
        lines.push(format!(
            "{} references of children have no key of their own yet; type: escalation-tracker keys rotate",
            standing.old_references
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(roots: &[&str]) -> Vec<String> {
        roots.iter().map(|root| (*root).to_owned()).collect()
    }

    #[test]
    fn it_is_said_which_secret_can_go_and_which_is_missing() {
        let mut standing = Standing::default();
        standing.keys.insert(Some("0000000a".to_owned()), 3);
        standing.keys.insert(Some("0000000b".to_owned()), 2);
        assert_eq!(standing.left("0000000a"), 2);
        assert_eq!(
            words(&standing, &given(&["0000000a", "0000000b"])),
            [
                "0000000a seals: 3 keys are under it",
                "0000000b is needed: 2 keys are under it; type: escalation-tracker keys rotate"
            ]
        );
        let missing = words(&standing, &given(&["0000000a"]));
        assert!(missing[1].starts_with("0000000b is MISSING: 2 keys"), "{missing:?}");
        standing.keys.remove(&Some("0000000b".to_owned()));
        let last = words(&standing, &given(&["0000000a", "0000000b"]));
        assert_eq!(last[1], "0000000b is not needed: remove it");
        standing.keys.insert(None, 1);
        standing.old_references = 4;
        let last = words(&standing, &given(&["0000000a", "0000000b"]));
        assert!(last[1].contains("may be needed"), "{last:?}");
        assert!(last[3].starts_with("4 references"), "{last:?}");
        assert_eq!(standing.left("0000000a"), 5);
    }
}
