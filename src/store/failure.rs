//! What can go wrong between the service and PostgreSQL, sorted by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// A unique or foreign key refused the write; the name tells which.
    #[error("constraint {0} refused the write")]
    Constraint(String),
    /// Another transaction got in the way; the same request may succeed now.
    #[error("another transaction got in the way")]
    Contention,
    /// A statement took longer than it may.
    #[error("a statement ran out of time")]
    Deadline,
    /// No connection in time: the database is away or all connections are taken.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// The connection broke while the commit was under way: it may or may not have happened.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown,
    /// This database takes no writes.
    #[error("the database is read-only")]
    ReadOnly,
    /// It could not be written down who reads, so nobody reads.
    #[error("who reads could not be recorded: {0}")]
    NotRecorded(String),
    /// What is asked for was erased.
    #[error("it was erased")]
    Erased,
    /// A row that no rule of ours could have written.
    #[error("a stored row is not valid: {0}")]
    Corrupt(&'static str),
    /// Anything else; a fault of ours.
    #[error("database error: {0}")]
    Other(String),
}

impl From<DieselError> for StoreFailure {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation => {
                    Self::Constraint(info.constraint_name().unwrap_or("unnamed").to_owned())
                }
                DatabaseErrorKind::SerializationFailure => Self::Contention,
                DatabaseErrorKind::ReadOnlyTransaction => Self::ReadOnly,
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                    Self::Unavailable("connection closed".to_owned())
                }
                // The message is the server's; its DETAIL line, which quotes values, is left out.
                _ => Self::from_message(info.message()),
            },
            DieselError::BrokenTransactionManager => {
                Self::Unavailable("transaction lost".to_owned())
            }
            other => Self::Other(other.to_string()),
        }
    }
}

impl StoreFailure {
    fn from_message(message: &str) -> Self {
        // diesel does not pass the SQLSTATE on, and only a superuser may ask for untranslated
        // messages: with a server that translates them, these cases are answered as faults of ours.
        let says = |text: &str| message.contains(text);
        if says("due to statement timeout") {
            Self::Deadline
        } else if says("due to lock timeout") || says("deadlock detected") {
            Self::Contention
        } else if says("terminating connection")
            || says("the database system is")
            || says("connection closed")
            || says("error communicating with the server")
        {
            Self::Unavailable("the connection broke".to_owned())
        } else {
            Self::Other(message.to_owned())
        }
    }
}
