//! `$filter` as a condition: columns of the view, values, and nothing that is not understood.
//!
//! A Pratt parser (OData 4.0, part 2, section 5.1.1). What comes out has columns of the database's own and values to be
//! bound; the text of a filter goes no further.

use super::fault::Fault;
use super::words::{Word, words};
use crate::domain::report::{
    ColumnKind, Comparison, Condition, DatePart, Operand, ReportColumn, ReportValue, ReportView,
    WordTest,
};

/// How deep a filter may be nested.
const DEEPEST: usize = 40;
/// Of how many words it may be made.
const MOST_WORDS: usize = 1_500;

/// Operators and functions of OData that are not served.
const NOT_SERVED: &[&str] = &[
    "add",
    "all",
    "any",
    "cast",
    "ceiling",
    "concat",
    "date",
    "div",
    "divby",
    "floor",
    "fractionalseconds",
    "has",
    "hour",
    "in",
    "indexof",
    "isof",
    "length",
    "maxdatetime",
    "mindatetime",
    "minute",
    "mod",
    "mul",
    "now",
    "round",
    "second",
    "sub",
    "substring",
    "time",
    "tolower",
    "totaloffsetminutes",
    "totalseconds",
    "toupper",
    "trim",
];

/// What a filter asks for.
///
/// # Errors
/// It is not understood, names what the view does not have, compares what cannot be compared, or asks for what is not
/// served.
pub fn condition(filter: &str, view: &ReportView) -> Result<Condition, Fault> {
    let words = words(filter)?;
    if words.len() > MOST_WORDS {
        return Err(Fault::bad("$filter is too long."));
    }
    let mut parser = Parser { words: words.into_iter().peekable(), view, depth: 0 };
    let term = parser.term(0)?;
    if parser.words.next().is_some() {
        return Err(parser.lost());
    }
    term.condition()
}

/// What a part of a filter stands for.
enum Term {
    Condition(Condition),
    Operand(Operand),
}

impl Term {
    fn condition(self) -> Result<Condition, Fault> {
        match self {
            Self::Condition(it) => Ok(it),
            Self::Operand(Operand::Column(column)) if column.kind() == ColumnKind::Bool => {
                Ok(Condition::IsTrue(column))
            }
            Self::Operand(Operand::Value(ReportValue::Bool(it))) => {
                let value = |it| Operand::Value(ReportValue::Bool(it));
                Ok(Condition::Compare(Comparison::Equal, value(it), value(true)))
            }
            Self::Operand(_) => Err(Fault::bad("A part of $filter is neither true nor false.")),
        }
    }
}

struct Parser<'a, Words: Iterator<Item = Word>> {
    words: std::iter::Peekable<Words>,
    view: &'a ReportView,
    depth: usize,
}

enum Infix {
    Or,
    And,
    Compare(Comparison),
}

/// How tightly the operator of this name binds; none when it is no operator.
fn infix(name: &str) -> Option<(u8, Infix)> {
    Some(match name {
        "or" => (1, Infix::Or),
        "and" => (2, Infix::And),
        "eq" => (3, Infix::Compare(Comparison::Equal)),
        "ne" => (3, Infix::Compare(Comparison::NotEqual)),
        "gt" => (4, Infix::Compare(Comparison::Greater)),
        "ge" => (4, Infix::Compare(Comparison::GreaterOrEqual)),
        "lt" => (4, Infix::Compare(Comparison::Less)),
        "le" => (4, Infix::Compare(Comparison::LessOrEqual)),
        _ => return None,
    })
}

/// Tighter than every operator between two terms.
const UNARY: u8 = 5;

impl<Words: Iterator<Item = Word>> Parser<'_, Words> {
    fn lost(&self) -> Fault {
        Fault::bad("$filter is not understood. It looks like: theme eq 'icpc_late' and raised gt 0")
    }

    fn expect(&mut self, word: &Word) -> Result<(), Fault> {
        if self.words.next().as_ref() == Some(word) { Ok(()) } else { Err(self.lost()) }
    }

    /// A term whose operators all bind more tightly than `least`.
    fn term(&mut self, least: u8) -> Result<Term, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::bad("$filter is nested too deeply."));
        }
        let mut left = self.first()?;
        while let Some(Word::Name(name)) = self.words.peek() {
            let Some((binds, operator)) = infix(name) else {
                return Err(self.unknown_operator());
            };
            if binds <= least {
                break;
            }
            self.words.next();
            let right = self.term(binds)?;
            left = Term::Condition(joined(operator, left, right)?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unknown_operator(&mut self) -> Fault {
        match self.words.next() {
            Some(Word::Name(name)) if NOT_SERVED.contains(&name.as_str()) => {
                Fault::not_served("This operator of $filter")
            }
            _ => self.lost(),
        }
    }

    fn first(&mut self) -> Result<Term, Fault> {
        match self.words.next() {
            Some(Word::Open) => {
                let inner = self.term(0)?;
                self.expect(&Word::Close)?;
                Ok(inner)
            }
            Some(Word::Value(value)) => Ok(Term::Operand(Operand::Value(value))),
            Some(Word::Name(name)) if self.words.peek() == Some(&Word::Open) && name != "not" => {
                self.function(&name)
            }
            Some(Word::Name(name)) => match name.as_str() {
                "not" => {
                    let of = self.term(UNARY)?.condition()?;
                    Ok(Term::Condition(Condition::Not(Box::new(of))))
                }
                "null" => Ok(Term::Operand(Operand::Null)),
                name => Ok(Term::Operand(Operand::Column(column(self.view, name)?))),
            },
            _ => Err(self.lost()),
        }
    }

    fn function(&mut self, name: &str) -> Result<Term, Fault> {
        let test = match name {
            "contains" => Some(WordTest::Contains),
            "startswith" => Some(WordTest::StartsWith),
            "endswith" => Some(WordTest::EndsWith),
            _ => None,
        };
        let part = match name {
            "year" => Some(DatePart::Year),
            "month" => Some(DatePart::Month),
            "day" => Some(DatePart::Day),
            _ => None,
        };
        if test.is_none() && part.is_none() {
            return Err(match NOT_SERVED.contains(&name) {
                true => Fault::not_served("This function of $filter"),
                false => {
                    Fault::bad("$filter knows contains, startswith, endswith, year, month and day.")
                }
            });
        }
        self.expect(&Word::Open)?;
        let Some(Word::Name(of)) = self.words.next() else {
            return Err(Fault::not_served("A function of $filter on anything but a column"));
        };
        let of = column(self.view, &of)?;
        let term = match (test, part, of.kind()) {
            (Some(test), _, ColumnKind::Text) => {
                self.expect(&Word::Comma)?;
                let Some(Word::Value(ReportValue::Text(words))) = self.words.next() else {
                    return Err(Fault::bad(
                        "contains, startswith and endswith look for a text in quotes.",
                    ));
                };
                Term::Condition(Condition::Words(test, of, words))
            }
            (_, Some(part), ColumnKind::Date | ColumnKind::Instant) => {
                Term::Operand(Operand::Part(part, of))
            }
            _ => {
                return Err(Fault::bad(
                    "A function of $filter is asked of a column of another kind.",
                ));
            }
        };
        self.expect(&Word::Close)?;
        Ok(term)
    }
}

/// The column with this name.
///
/// # Errors
/// The view has none; the fault tells which it has.
pub fn column(view: &ReportView, name: &str) -> Result<ReportColumn, Fault> {
    view.column(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = view.columns().map(ReportColumn::name).collect();
        Fault::bad(format!("A column is not known. {} has: {}.", view.name(), known.join(", ")))
    })
}

fn joined(operator: Infix, left: Term, right: Term) -> Result<Condition, Fault> {
    let both = |left: Term, right: Term| {
        Ok::<_, Fault>((Box::new(left.condition()?), Box::new(right.condition()?)))
    };
    match operator {
        Infix::Or => both(left, right).map(|(left, right)| Condition::Or(left, right)),
        Infix::And => both(left, right).map(|(left, right)| Condition::And(left, right)),
        Infix::Compare(how) => match (left, right) {
            (Term::Operand(left), Term::Operand(right)) => compared(how, left, right),
            (Term::Condition(it), Term::Operand(Operand::Value(ReportValue::Bool(value))))
            | (Term::Operand(Operand::Value(ReportValue::Bool(value))), Term::Condition(it)) => {
                match how {
                    Comparison::Equal if value => Ok(it),
                    Comparison::NotEqual if !value => Ok(it),
                    Comparison::Equal | Comparison::NotEqual => Ok(Condition::Not(Box::new(it))),
                    _ => Err(Fault::bad("True and false are only equal or not.")),
                }
            }
            _ => Err(Fault::bad("$filter compares what is no value.")),
        },
    }
}

/// What an operand is, where things that can be compared are the same; none for nothing, which compares with all.
fn kind(it: &Operand) -> Option<ColumnKind> {
    Some(match it {
        Operand::Null => return None,
        Operand::Part(..) | Operand::Value(ReportValue::Number(_)) => ColumnKind::Decimal,
        Operand::Column(column) if column.kind() == ColumnKind::Int => ColumnKind::Decimal,
        Operand::Column(column) => column.kind(),
        Operand::Value(ReportValue::Text(_)) => ColumnKind::Text,
        Operand::Value(ReportValue::Bool(_)) => ColumnKind::Bool,
        Operand::Value(ReportValue::Date(_)) => ColumnKind::Date,
        Operand::Value(ReportValue::Instant(_)) => ColumnKind::Instant,
        Operand::Value(ReportValue::Guid(_)) => ColumnKind::Guid,
    })
}

fn compared(how: Comparison, left: Operand, right: Operand) -> Result<Condition, Fault> {
    let kinds = (kind(&left), kind(&right));
    if let (Some(left), Some(right)) = kinds
        && left != right
    {
        return Err(Fault::bad(
            "$filter compares two things of different kinds. Texts stand in quotes, identifiers, dates, instants and \
             numbers do not; a date is not an instant.",
        ));
    }
    let equality = matches!(how, Comparison::Equal | Comparison::NotEqual);
    if !equality && (kinds.0 == Some(ColumnKind::Bool) || kinds.1 == Some(ColumnKind::Bool)) {
        return Err(Fault::bad("True and false are only equal or not."));
    }
    Ok(Condition::Compare(how, left, right))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
