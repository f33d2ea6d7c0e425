//! What happens without a request: clocks are swept, so that nothing comes due unseen, feeds are sequenced and told to
//! receivers, files are taken in, and agreements that end are warned of.

mod agreements;
mod checkpoints;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::usecases::Deps;
use crate::usecases::access_months;
use crate::usecases::chain::{link_all, sequence_all};
use crate::usecases::deliver::{Courier, look};
use crate::usecases::import_work::{Importer, RowForm, work_all};
use crate::usecases::sweep::{Sweeper, sweep_all};

/// How long the timer at hand may take when the worker is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked for what other instances wrote. What this one wrote it hears of at once.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long the sequencer waits after a failure.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// How often it is looked for messages whose next attempt has come. What this instance sequenced it hears of at once.
const DELIVER_EVERY: Duration = Duration::from_secs(1);

/// How often it is asked whether a file waits.
const LOOK_FOR_FILES: Duration = Duration::from_secs(1);

/// How often what was read gets its links.
const LINK_EVERY: Duration = Duration::from_secs(1);

/// After how many such rounds it is asked whether the next months have partitions: every hour.
const LOOK_AHEAD_ROUNDS: u32 = 3_600;

/// How often it is asked whether a checkpoint is due.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// The running worker.
pub struct Worker {
    sweeper: Sweeper,
    importer: Importer,
    courier: Arc<Courier>,
    stop: watch::Sender<bool>,
    running: [JoinHandle<()>; 7],
}

impl Worker {
    /// Sweeps all partnerships now and then again and again, as often as `deps` says, sequences their feeds, delivers what
    /// these tell, and takes in files whose rows have this form.
    #[must_use]
    pub fn start(deps: Deps, rows: Arc<dyn RowForm>) -> Self {
        let sweeper = Sweeper::new(&deps);
        let importer = Importer::new(&deps);
        let courier = Arc::new(Courier::default());
        let (stop, stopped) = watch::channel(false);
        let running = [
            tokio::spawn(sequence(deps.clone(), stopped.clone())),
            tokio::spawn(link_reads(deps.clone(), stopped.clone())),
            tokio::spawn(agreements::watch(deps.clone(), stopped.clone())),
            tokio::spawn(checkpoints::keep(deps.clone(), stopped.clone())),
            tokio::spawn(deliver(deps.clone(), Arc::clone(&courier), stopped.clone())),
            tokio::spawn(take_in(deps.clone(), importer.clone(), rows, stopped.clone())),
            tokio::spawn(sweep(deps, sweeper.clone(), stopped)),
        ];
        Self { sweeper, importer, courier, stop, running }
    }

    /// Ends after the timer and the row at hand. What is left is done after the next start, or by another instance.
    pub async fn stop(self) {
        self.sweeper.stop();
        self.importer.stop();
        self.courier.stop();
        let _ = self.stop.send(true);
        // What hangs is left behind: the database takes its transaction back, as if it had been killed.
        let _ = tokio::time::timeout(PATIENCE, futures_util::future::join_all(self.running)).await;
    }
}

async fn sweep(deps: Deps, sweeper: Sweeper, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this sweep and not all sweeping.
        let (its_deps, its_sweeper) = (deps.clone(), sweeper.clone());
        let swept = tokio::spawn(async move { sweep_all(&its_deps, &its_sweeper).await });
        match swept.await {
            Ok(Ok(report)) if report.fired + report.failed > 0 => {
                let (fired, void, failed) = (report.fired, report.void, report.failed);
                tracing::info!(fired, void, failed, "swept");
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the sweep is tried again"),
            Err(error) => tracing::error!(%error, "the sweep is tried again"),
        }
        if let Ok(Err(_)) = tokio::time::timeout(deps.sweep_every, stopped.changed()).await {
            // The worker was dropped, and the service with it.
            return;
        }
    }
}

async fn sequence(deps: Deps, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this round and not all sequencing.
        let its_deps = deps.clone();
        let failed = match tokio::spawn(async move { sequence_all(&its_deps).await }).await {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the feeds are tried again");
                true
            }
            Err(error) => {
                tracing::error!(%error, "the feeds are tried again");
                true
            }
        };
        let stop = stopped.changed();
        let stopped = if failed {
            tokio::time::timeout(AFTER_A_FAILURE, stop).await
        } else {
            let written = tokio::time::timeout(LOOK_EVERY, deps.signals.written());
            tokio::select! {
                _ = written => continue,
                stopped = stop => Ok(stopped),
            }
        };
        if let Ok(Err(_)) = stopped {
            // The worker was dropped, and the service with it.
            return;
        }
    }
}

/// Links the log of reads, and keeps months ahead of it.
async fn link_reads(deps: Deps, mut stopped: watch::Receiver<bool>) {
    let mut round: u32 = 0;
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this round and not all linking.
        let its_deps = deps.clone();
        let looks_ahead = round.is_multiple_of(LOOK_AHEAD_ROUNDS);
        round = round.wrapping_add(1);
        let linked = tokio::spawn(async move {
            if looks_ahead {
                let made = access_months::make_partitions(&its_deps).await?;
                if made > 0 {
                    tracing::info!(made, "partitions of the log of reads");
                }
            }
            link_all(&its_deps).await
        });
        match linked.await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the log of reads is linked again"),
            Err(error) => tracing::error!(%error, "the log of reads is linked again"),
        }
        if let Ok(Err(_)) = tokio::time::timeout(LINK_EVERY, stopped.changed()).await {
            return;
        }
    }
}

async fn take_in(
    deps: Deps,
    importer: Importer,
    rows: Arc<dyn RowForm>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let (its_deps, its_importer, its_rows) =
            (deps.clone(), importer.clone(), Arc::clone(&rows));
        let worked =
            tokio::spawn(async move { work_all(&its_deps, &its_importer, &its_rows).await });
        match worked.await {
            Ok(Ok(0)) => {}
            Ok(Ok(files)) => tracing::info!(files, "taken in"),
            Ok(Err(error)) => tracing::warn!(%error, "files are looked for again"),
            Err(error) => tracing::error!(%error, "files are looked for again"),
        }
        if let Ok(Err(_)) = tokio::time::timeout(LOOK_FOR_FILES, stopped.changed()).await {
            return;
        }
    }
}

async fn deliver(deps: Deps, courier: Arc<Courier>, mut stopped: watch::Receiver<bool>) {
    let mut news = deps.signals.news();
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this look and not all delivering.
        let (its_deps, its_courier) = (deps.clone(), Arc::clone(&courier));
        let looked = tokio::spawn(async move { look(&its_deps, &its_courier).await.map(drop) });
        match looked.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "webhooks are looked for again"),
            Err(error) => tracing::error!(%error, "webhooks are looked for again"),
        }
        // What comes in quick succession is looked for together.
        tokio::time::sleep(LOOK_EVERY).await;
        tokio::select! {
            stop = stopped.changed() => if stop.is_err() { return },
            () = courier.has_ended() => {}
            _ = tokio::time::timeout(DELIVER_EVERY, news.changed()) => {}
        }
    }
}
