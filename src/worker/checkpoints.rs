//! Makes checkpoints as they come due, and brings the latest outside.

use std::io;
use std::path::Path;

use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::CHECKPOINT_EVERY;
use crate::domain::checkpoint::KeptCheckpoint;
use crate::domain::ids::PartnershipId;
use crate::usecases::Deps;
use crate::usecases::checkpoints::make_all;

pub(super) async fn keep(deps: Deps, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this round and not all of them.
        let its_deps = deps.clone();
        match tokio::spawn(async move { make_all(&its_deps).await }).await {
            Ok(Ok(latest)) => bring_outside(&deps, &latest).await,
            Ok(Err(error)) => tracing::warn!(%error, "checkpoints are tried again"),
            Err(error) => tracing::error!(%error, "checkpoints are tried again"),
        }
        if let Ok(Err(_)) = tokio::time::timeout(CHECKPOINT_EVERY, stopped.changed()).await {
            // The worker was dropped, and the service with it.
            return;
        }
    }
}

/// Writes what is not there yet. What could not be written is tried again with the next round, or the one after it instead: it
/// says all that this one says.
async fn bring_outside(deps: &Deps, latest: &[(PartnershipId, KeptCheckpoint)]) {
    let Some(folder) = &deps.checkpoint_dir else { return };
    for (id, it) in latest {
        if let Err(error) = put(folder, *id, it).await {
            tracing::error!(partnership = %id, %error, "CHECKPOINT_DIR cannot be written");
        }
    }
}

/// One file for each, never opened again: a store that keeps what it once took accepts it.
async fn put(folder: &Path, id: PartnershipId, it: &KeptCheckpoint) -> io::Result<()> {
    let file = folder.join(format!("{id}-{:012}.checkpoint", it.number));
    if fs::try_exists(&file).await? {
        return Ok(());
    }
    // Under another name first, so that nobody ever finds half of it.
    let fresh = folder.join(format!(".{id}-{}.new-{}", it.number, std::process::id()));
    let mut opened =
        OpenOptions::new().write(true).create(true).truncate(true).open(&fresh).await?;
    opened.write_all(it.note.as_bytes()).await?;
    opened.sync_all().await?;
    fs::rename(&fresh, &file).await
}
