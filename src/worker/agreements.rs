//! Warns of sharing agreements that end soon or have lapsed: at the start, and once a day after that.

use std::time::Duration;

use tokio::sync::watch;

use crate::domain::london::local_date;
use crate::domain::sharing_agreement::AgreementRule;
use crate::usecases::Deps;
use crate::usecases::agreements::{Looked, look_at_all};

/// How often it is looked, so that a renewal shows in the metrics soon. The log is told once a day.
const LOOK_EVERY: Duration = Duration::from_mins(10);

pub(super) async fn watch(deps: Deps, mut stopped: watch::Receiver<bool>) {
    let mut told_on = None;
    while !*stopped.borrow() {
        // In a task of its own, so that a panic ends this look and not all of them.
        let its_deps = deps.clone();
        match tokio::spawn(async move { look_at_all(&its_deps).await }).await {
            Ok(Ok(looked)) => {
                let today = local_date(deps.clock.now());
                if told_on.replace(today) != Some(today) {
                    looked.iter().for_each(tell);
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "agreements are looked at again"),
            Err(error) => tracing::error!(%error, "agreements are looked at again"),
        }
        if let Ok(Err(_)) = tokio::time::timeout(LOOK_EVERY, stopped.changed()).await {
            // The worker was dropped, and the service with it.
            return;
        }
    }
}

/// Codes of organisations and days: nothing of a person.
fn tell(it: &Looked) {
    let partnership = it.partnership.as_str();
    let required = it.rule == AgreementRule::Required;
    for agency in it.to_see_to() {
        let state = agency.standing.state.code();
        let until = agency.standing.until.map_or_else(String::new, |it| it.to_string());
        let (agency, days_left) = (agency.code.as_str(), agency.days_left);
        tracing::warn!(
            partnership,
            agency,
            state,
            until,
            days_left,
            required,
            "a sharing agreement has to be renewed; register the renewal with setup"
        );
    }
}
