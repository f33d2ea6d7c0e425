//! What happens without a request: clocks are swept, so that nothing comes due unseen.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::usecases::Deps;
use crate::usecases::sweep::{Sweeper, sweep_all};

/// How long the timer at hand may take when the worker is stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running worker.
pub struct Worker {
    sweeper: Sweeper,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Worker {
    /// Sweeps all partnerships now and then again and again, as often as `deps` says.
    #[must_use]
    pub fn start(deps: Deps) -> Self {
        let sweeper = Sweeper::new(&deps);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(run(deps, sweeper.clone(), stopped));
        Self { sweeper, stop, running }
    }

    /// Ends after the timer at hand. What is left is swept at the next start, or by another instance.
    pub async fn stop(self) {
        self.sweeper.stop();
        let _ = self.stop.send(true);
        // What hangs is left behind: the database takes its transaction back, as if it had been killed.
        let _ = tokio::time::timeout(PATIENCE, self.running).await;
    }
}

async fn run(deps: Deps, sweeper: Sweeper, mut stopped: watch::Receiver<bool>) {
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
