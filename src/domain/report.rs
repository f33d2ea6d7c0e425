//! What analysts can ask of the reporting views: every column is one that the database names, every value is a value.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Words and codes.
    Text,
    /// An identifier.
    Guid,
    /// A whole number.
    Int,
    /// A number.
    Decimal,
    /// Yes or no.
    Bool,
    /// A local date.
    Date,
    /// An instant.
    Instant,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumn {
    name: String,
    kind: ColumnKind,
    comment: String,
}

impl ReportColumn {
    /// A column as the database describes it. Only what reads the database's catalogue makes one, so that no text of a
    /// caller's is ever the name of a column.
    #[must_use]
    pub const fn described(name: String, kind: ColumnKind, comment: String) -> Self {
        Self { name, kind, comment }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its values are.
    #[must_use]
    pub const fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// What it says, for people.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

/// A reporting view. Its first column is its key: no two rows share a value of it, and none lacks one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportView {
    name: String,
    comment: String,
    key: ReportColumn,
    others: Vec<ReportColumn>,
}

impl ReportView {
    /// A view as the database describes it; none when it has no column.
    #[must_use]
    pub fn described(name: String, comment: String, columns: Vec<ReportColumn>) -> Option<Self> {
        let mut columns = columns.into_iter();
        let key = columns.next()?;
        Some(Self { name, comment, key, others: columns.collect() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its rows are, for people.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The column that tells its rows apart.
    #[must_use]
    pub const fn key(&self) -> &ReportColumn {
        &self.key
    }

    /// Every column, the key first.
    pub fn columns(&self) -> impl Iterator<Item = &ReportColumn> {
        std::iter::once(&self.key).chain(&self.others)
    }

    /// The column with this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ReportColumn> {
        self.columns().find(|column| column.name == name)
    }
}

/// A value that a caller gave. It is always bound, never written into a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportValue {
    /// Words.
    Text(String),
    /// A number as it was written: digits, at most one point, perhaps a sign.
    Number(String),
    /// Yes or no.
    Bool(bool),
    /// A local date.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
    /// An identifier.
    Guid(Uuid),
}

/// A part of a date or of an instant in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// The year.
    Year,
    /// The month, from 1.
    Month,
    /// The day of the month, from 1.
    Day,
}

/// Something that is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// What a row says in this column.
    Column(ReportColumn),
    /// A part of that.
    Part(DatePart, ReportColumn),
    /// A value.
    Value(ReportValue),
    /// Nothing.
    Null,
}

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same. Nothing is the same as nothing.
    Equal,
    /// Not the same.
    NotEqual,
    /// More; never true of nothing.
    Greater,
    /// More or the same.
    GreaterOrEqual,
    /// Less; never true of nothing.
    Less,
    /// Less or the same.
    LessOrEqual,
}

/// What is asked of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordTest {
    /// They contain these.
    Contains,
    /// They begin with these.
    StartsWith,
    /// They end with these.
    EndsWith,
}

/// Which rows are wanted. Every condition is true or false of a row, also where a column says nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// At least one holds.
    Or(Box<Self>, Box<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A comparison.
    Compare(Comparison, Operand, Operand),
    /// Words of a column.
    Words(WordTest, ReportColumn, String),
    /// A column says yes.
    IsTrue(ReportColumn),
}

/// By what rows are ordered. What a column does not say comes before everything that it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportOrder {
    /// The column.
    pub column: ReportColumn,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// What is asked of a view.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportQuestion {
    /// The view.
    pub view: ReportView,
    /// The columns wanted.
    pub columns: Vec<ReportColumn>,
    /// The rows wanted; all when none.
    pub condition: Option<Condition>,
    /// Their order; the key always comes last and decides ties.
    pub order: Vec<ReportOrder>,
    /// Only rows after the one with this key, as [`ReportPage::last_key`] tells it.
    pub after: Option<ReportValue>,
    /// How many rows are passed over.
    pub skip: i64,
    /// At most so many rows.
    pub limit: i64,
    /// Whether all rows wanted are counted too, whatever the page.
    pub count: bool,
}

/// A part of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportPage {
    /// The cells of each row, in the order of the columns asked for: numbers in digits, dates and instants by ISO 8601,
    /// `true` and `false`, identifiers with hyphens; none where a row says nothing.
    pub rows: Vec<Vec<Option<String>>>,
    /// The key of the last of them when more follow.
    pub last_key: Option<String>,
    /// How many rows there are in all, if asked.
    pub count: Option<i64>,
}

/// A token with which reports are read, as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportToken {
    /// Its identifier, which is also the name to sign in with.
    pub id: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to hold.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
