//! What is decided of every table: one line each, compared with the database by a test, so that a new table waits for a
//! decision and not for somebody's memory.

use super::WithheldReason;

/// How the rows of a table that are about a child are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The escalation itself.
    Escalation,
    /// By the escalation that they name.
    OfEscalation,
    /// The children of an escalation; only the one who is asked for is shown.
    Children,
    /// Learning that names one of the escalations.
    Learning,
    /// What came of such learning.
    LearningResult,
    /// Reviews whose signed text names one of the escalations by its spoken reference.
    Reviews,
    /// Who was shown one of the escalations.
    Reads,
    /// Legal holds and erasures that name the child or one of the escalations.
    Disposal,
    /// That such a hold was lifted.
    HoldLift,
    /// What was decided on such an erasure.
    ErasureDecision,
}

/// Whether the rows of a table are in a subject export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// They are, as far as their columns may be shown.
    Exported(Found),
    /// They have to do with the child, and are withheld as a whole.
    Withheld(WithheldReason),
    /// They are about no child.
    NotOfTheChild,
}

/// The decision on one table.
#[derive(Debug, Clone, Copy)]
pub struct TableDecision {
    /// The table.
    pub table: &'static str,
    /// What is decided.
    pub decision: Decision,
    /// The heading of its rows in the file, or why they are not there.
    pub words: &'static str,
}

const fn exported(table: &'static str, found: Found, words: &'static str) -> TableDecision {
    TableDecision { table, decision: Decision::Exported(found), words }
}

const fn internal(table: &'static str, words: &'static str) -> TableDecision {
    TableDecision { table, decision: Decision::Withheld(WithheldReason::ServiceInternal), words }
}

const fn of_nobody(table: &'static str, words: &'static str) -> TableDecision {
    TableDecision { table, decision: Decision::NotOfTheChild, words }
}

use Found::{
    Children, Disposal, ErasureDecision, Escalation, HoldLift, Learning, LearningResult,
    OfEscalation, Reads, Reviews,
};

/// Every table, those that are in the file in the order in which it shows them.
pub const TABLES: &[TableDecision] = &[
    exported("escalation", Escalation, "The escalation as it stands"),
    exported("escalation_child", Children, "Children"),
    exported("event_text", OfEscalation, "What was written"),
    exported("event", OfEscalation, "What happened, in order"),
    exported("delay", OfEscalation, "The process that was late"),
    exported("episode", OfEscalation, "From opening to end"),
    exported("holding", OfEscalation, "With whom it was, and for how long"),
    exported("stage_clock", OfEscalation, "Time limits"),
    exported("timer", OfEscalation, "Reminders that came due"),
    exported("escalation_link", OfEscalation, "Links with other matters"),
    exported("external_id", OfEscalation, "Its names in agencies' systems"),
    exported("source_record", OfEscalation, "As the sender's system said it"),
    exported("figure_exclusion", OfEscalation, "Left out of the figures"),
    exported("review_learning", Learning, "Learning that names it"),
    exported("review_learning_result", LearningResult, "What came of that learning"),
    exported("review_sign_off", Reviews, "Signed reviews that name it"),
    exported("access_event", Reads, "Who was shown it"),
    exported("legal_hold", Disposal, "Legal holds that name it"),
    exported("legal_hold_lift", HoldLift, "Such holds, lifted"),
    exported("erasure", Disposal, "Erasures that were proposed"),
    exported("erasure_decision", ErasureDecision, "What was decided on them"),
    TableDecision {
        table: "erased_escalation",
        decision: Decision::Withheld(WithheldReason::OtherChild),
        words: "What was erased of an escalation, where something is left of it: about its other children.",
    },
    internal("child_data_key", "The key under which the child's reference is sealed."),
    internal("access_seen", "Finds the entries of the log of reads, which are in the file."),
    internal("access_entry", "The chain of the log of reads: hashes."),
    internal("access_pending", "Entries that wait for their place in that chain: hashes."),
    internal("feed_entry", "The chain of events, which are in the file: hashes."),
    internal("feed_pending", "Events that wait for their place in that chain."),
    internal("idempotency_key", "Keyed hashes by which a repeated request is known, for a month."),
    internal(
        "import_row",
        "A row of a file as it was sent, sealed for the sender until a day after; what it became is the escalation.",
    ),
    internal(
        "webhook_delivery",
        "That a message without content went to a system of an agency that takes part, which the history names.",
    ),
    internal("webhook_lane", "Messages on their way."),
    of_nobody("access_head", "How far the chain of the log of reads has come."),
    of_nobody("agency", "Agencies."),
    of_nobody("calendar", "Bank holidays."),
    of_nobody("calendar_day", "Bank holidays."),
    of_nobody("checkpoint", "How far the chains had come, signed."),
    of_nobody("client", "Registered systems and pages."),
    of_nobody(
        "export_record",
        "Files that left; which escalations were in one is told by the log of reads, which is in the file.",
    ),
    of_nobody("feed_agreement", "How often an agency's system is heard from."),
    of_nobody("feed_head", "How far the feed has come."),
    of_nobody("heartbeat", "That a system was heard from."),
    of_nobody(
        "import_job",
        "Files that an agency sent; their rows name no child when they are worked off.",
    ),
    of_nobody("login_attempt", "People who sign in."),
    of_nobody("nil_return", "That an agency had nothing to raise."),
    of_nobody("partnership", "The partnership."),
    of_nobody("partnership_key", "The partnership's keys."),
    of_nobody(
        "practice_record",
        "Good practice: it names no child and no escalation, so that none can be found by a child.",
    ),
    of_nobody("public_release", "Counts for the public."),
    of_nobody("rebase", "Changes of what is usual."),
    of_nobody("rebase_withdrawal", "The same, taken back."),
    of_nobody("report_token", "Tokens of reporting tools."),
    of_nobody("report_token_revocation", "The same, ended."),
    of_nobody("review_action", "What reviews agreed on; about agencies' work."),
    of_nobody("review_action_state", "How far that is."),
    of_nobody("review_setting", "Targets."),
    of_nobody("sharing_agreement", "Under which agreement and on which basis agencies share."),
    of_nobody("stage_policy", "The ladder of stages."),
    of_nobody("sweep", "Who sweeps the clocks."),
    of_nobody("theme", "Themes."),
    of_nobody("timescale", "Time limits of processes."),
    of_nobody("web_session", "People who are signed in."),
    of_nobody("webhook_act", "Who changed an endpoint."),
    of_nobody("webhook_attempt", "Calls to an endpoint."),
    of_nobody("webhook_endpoint", "Endpoints."),
    of_nobody("webhook_key", "Keys with which messages are signed."),
];
