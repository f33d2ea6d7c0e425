//! `webhook`: what the developer of a receiver needs at hand: messages to try it with, and what is wrong with one.

use clap::{Args, Subcommand};

use super::Outcome;
use super::webhook_listen::{Listen, Resend};
use super::webhook_receive::Receive;
use super::webhook_trigger::Trigger;
use super::webhook_verify::Verify;

/// Tries a receiver of webhooks out: without a tunnel, and without a door that is opened for it.
#[derive(Debug, Args)]
pub struct Webhook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow the feed, and send each event to a receiver on this machine as a signed message.
    Listen(Listen),
    /// Send one event of the feed again: to a receiver on this machine, to an endpoint of yours, or to both.
    Resend(Resend),
    /// Send a made-up message of any kind to a receiver on this machine.
    Trigger(Trigger),
    /// Say whether a message is genuine and, where it is not, which part of it is wrong.
    Verify(Verify),
    /// Be a receiver: show each message that comes, and whether it is genuine.
    Receive(Receive),
}

impl Webhook {
    /// Does what was typed.
    pub async fn run(self) -> Outcome {
        match self.command {
            Command::Listen(command) => command.run().await,
            Command::Resend(command) => command.run().await,
            Command::Trigger(command) => command.run().await,
            Command::Verify(command) => command.run(),
            Command::Receive(command) => command.run().await,
        }
    }
}
