//! `demo`: stub until generator lands.
use super::Outcome;
use clap::Args;
#[derive(Debug, Args)]
pub struct Demo {}
impl Demo {
    pub async fn run(self) -> Outcome {
        Ok(())
    }
}
