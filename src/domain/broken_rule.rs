//! Every rule of an escalation that a request can break, each with a stable code.

use super::act::ActKind;
use super::working_days::NoCalendar;

/// A rule that was broken, with what the caller needs to mend the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenRule {
    /// The act is not possible now, or not for this caller.
    #[error("{act} is not possible now")]
    NotPossible {
        /// What was tried.
        act: ActKind,
        /// What this caller can do now.
        possible: Vec<ActKind>,
    },
    /// Somebody else has to do this, because the caller did what it judges or approves.
    #[error("{act} needs a second person")]
    SecondPerson {
        /// What was tried.
        act: &'static str,
    },
    /// What is wanted does not follow on what was decided about leaving something out of the figures.
    #[error("out of order")]
    OutOfOrder(OutOfOrder),
    /// Values contradict each other or what is recorded.
    #[error("{} values break a rule", .0.len())]
    Fields(Vec<FieldFault>),
    /// It is said to have happened before what happened last.
    #[error("before the last act")]
    BeforeLastAct {
        /// When the last act happened.
        last: jiff::Timestamp,
    },
    /// It has to happen after this, and not at the same instant.
    #[error("not after the last opening")]
    NotAfter {
        /// When it was opened last.
        last: jiff::Timestamp,
    },
    /// The partnership requires a sharing agreement for new data, and the agency has none in force.
    #[error("no sharing agreement is in force")]
    NoAgreement {
        /// The last day of the last one.
        ended: Option<jiff::civil::Date>,
        /// The first day of the next one that is recorded.
        again_from: Option<jiff::civil::Date>,
    },
    /// No calendar covers a year that a due date needs.
    #[error(transparent)]
    NoCalendar(#[from] NoCalendar),
}

/// Why a step about leaving something out of the figures does not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfOrder {
    /// The escalation is open, and what is open always counts.
    StillOpen,
    /// It is left out already.
    LeftOutAlready,
    /// Nobody has proposed it.
    NotProposed,
    /// It is not left out.
    Counts,
}

/// One value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The member of the request, as a path with `/` between names; empty for the whole request.
    pub field: &'static str,
    /// What is wrong with it.
    pub rule: FieldRule,
    /// What would be right, where the rule alone does not say it.
    pub hint: Option<Hint>,
}

/// What a caller needs to know to put one value right. It names nothing that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// That a process happened stands as it was recorded; only the Director takes it back.
    OccurrenceStands,
    /// The other escalation is a duplicate itself.
    DuplicateItself,
    /// The other escalation has ended, so that nothing would go on there.
    HasEnded,
    /// The other escalation concerns another child.
    OtherChild,
    /// It is with this agency already, under this name or another.
    HasItNow,
    /// This agency raised it, under this name or another.
    RaisedIt,
    /// This agency had to answer before.
    HadItBefore,
    /// After one instant, and at the latest at another.
    Between {
        /// It must be later than this.
        after: jiff::Timestamp,
        /// It must not be later than this.
        latest: jiff::Timestamp,
    },
    /// Not before this day.
    NotBefore(jiff::civil::Date),
    /// Not after this day.
    NotAfter(jiff::civil::Date),
    /// Between two instants, which are permitted too.
    Within {
        /// The first instant.
        from: jiff::Timestamp,
        /// The last one.
        to: jiff::Timestamp,
    },
    /// One of these stages; there may be none.
    Stages(Vec<u8>),
    /// The stage is none for this urgency.
    StageSkipped,
    /// The answer is due then already, which is not earlier.
    LongerAlready(jiff::Timestamp),
    /// The agency raises and answers on these days only.
    InUse {
        /// From this day on.
        from: jiff::civil::Date,
        /// Up to this day, if it has ended.
        to: Option<jiff::civil::Date>,
    },
    /// What was proposed is over by now.
    Over,
    /// More time, a meeting or a pause is agreed for the answer, and would be lost.
    TimeAgreed,
    /// It is of this urgency, and so are the limits that run.
    SameUrgency,
    /// A nil return for the week is given from this day on.
    NilReturnFrom(jiff::civil::Date),
    /// The agency raised something in that week.
    RaisedInWeek,
    /// A change of this chart is declared for that week already.
    DeclaredAlready,
    /// It is recorded otherwise, and sending it again does not change it.
    RecordedOtherwise,
}

super::codes::codes! {
    /// What can be wrong with one value.
    pub enum FieldRule {
        /// It contradicts another value.
        Inconsistent => "inconsistent",
        /// It lies in the future.
        InFuture => "in_future",
        /// It lies too far in the past.
        TooOld => "too_old",
        /// It is needed here.
        Required => "required",
        /// It names something that does not exist.
        UnknownReference => "unknown_reference",
        /// It refers to itself, or to the caller's own agency where another one belongs.
        SelfReference => "self_reference",
        /// It names something that is no longer in use.
        RetiredCode => "retired_code",
        /// It is known and may not be used here, or not by this caller.
        NotPermitted => "not_permitted",
        /// It is outside the permitted range.
        OutOfRange => "out_of_range",
        /// It holds personal data that must not be stored here.
        PersonalData => "personal_data",
        /// It repeats another value of the list.
        NotUnique => "not_unique",
        /// It is not one of the permitted codes here.
        UnknownCode => "unknown_code",
        /// There are as many as there may be.
        TooManyItems => "too_many_items",
    }
}

impl BrokenRule {
    /// A rule broken by one member of the request.
    #[must_use]
    pub fn field(field: &'static str, rule: FieldRule) -> Self {
        Self::Fields(vec![FieldFault { field, rule, hint: None }])
    }

    /// The same, saying what would be right.
    #[must_use]
    pub fn hinted(field: &'static str, rule: FieldRule, hint: Hint) -> Self {
        Self::Fields(vec![FieldFault { field, rule, hint: Some(hint) }])
    }
}

/// Collects what is wrong with several values, so that a caller learns of all of it at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldFault>);

impl Faults {
    /// Notes a fault of one member.
    pub fn add(&mut self, field: &'static str, rule: FieldRule) {
        self.0.push(FieldFault { field, rule, hint: None });
    }

    /// Notes a fault of one member when `broken`, saying what would be right.
    pub fn hint_if(&mut self, broken: bool, field: &'static str, rule: FieldRule, hint: Hint) {
        if broken {
            self.0.push(FieldFault { field, rule, hint: Some(hint) });
        }
    }

    /// Notes a fault when `broken`.
    pub fn add_if(&mut self, broken: bool, field: &'static str, rule: FieldRule) {
        if broken {
            self.add(field, rule);
        }
    }

    /// Fine, or everything that was noted.
    ///
    /// # Errors
    /// At least one fault was noted.
    pub fn none(self) -> Result<(), BrokenRule> {
        if self.0.is_empty() { Ok(()) } else { Err(BrokenRule::Fields(self.0)) }
    }
}
