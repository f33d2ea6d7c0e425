//! What is done besides the course of an escalation: notes, learning, corrections, and the delay that ended meanwhile.

use jiff::Timestamp;

use super::course::{By, Course, Doing, What};
use super::frame::seconds;
use super::themes::COMMON;
use super::{DemoError, words};
use crate::domain::access::Action;
use crate::domain::act::Act;
use crate::domain::urgency::Urgency;
use crate::usecases::acts::CorrectionRequest;
use crate::usecases::raise::DelayRequest;

impl Course<'_> {
    /// Everything that does not move the escalation; `ended` is when it ended, if it did.
    pub(super) fn besides(&mut self, ended: Option<Timestamp>) -> Result<(), DemoError> {
        if self.chance.happens(0.12) {
            let at = self.lag(self.case.raised_at, 0.8)?;
            let note = self.words(words::PROGRESS)?;
            let by = self.raiser();
            self.note(at, by, note);
        }
        if let Some(ended) = ended
            && self.chance.happens(0.30)
        {
            let days = self.chance.real(2.0, 10.0);
            let at = self.frame.after(ended, days, self.chance)?;
            let note = self.words(words::LEARNING)?;
            self.note(at, By::ServiceLead, note);
        }
        if self.chance.happens(0.04) {
            self.correct_mistake()?;
        }
        self.record_that_it_happened()
    }

    fn correct_mistake(&mut self) -> Result<(), DemoError> {
        let at = self.lag(self.case.raised_at, 1.2)?;
        let other = match self.case.urgency {
            Urgency::Standard => Some(Urgency::Urgent),
            Urgency::Urgent => Some(Urgency::Standard),
            Urgency::Immediate => None,
        };
        let request = match other.filter(|_| self.chance.happens(0.4)) {
            Some(urgency) => CorrectionRequest { urgency: Some(urgency), ..Default::default() },
            None => CorrectionRequest { theme: Some(self.another_theme()?), ..Default::default() },
        };
        let reasons =
            if request.urgency.is_some() { words::WRONG_URGENCY } else { words::WRONG_THEME };
        let reason = self.words(reasons)?;
        let by = if self.chance.happens(0.6) { self.raiser() } else { By::Director };
        self.doings.push(Doing { at, by, what: What::Correct(request, reason) });
        Ok(())
    }

    fn another_theme(&mut self) -> Result<String, DemoError> {
        let others: Vec<&'static str> = COMMON
            .iter()
            .map(|kind| kind.code)
            .filter(|code| *code != self.case.theme.code)
            .collect();
        Ok(self.chance.pick(&others)?.to_owned())
    }

    fn record_that_it_happened(&mut self) -> Result<(), DemoError> {
        let Some(process) = &self.case.process else { return Ok(()) };
        let Some(happened) = process.happens_at else { return Ok(()) };
        let delay = Some(DelayRequest { occurred_at: Some(happened), ..process.request.clone() });
        let at = happened + seconds(self.chance.real(3600.0, 72_000.0));
        let request = CorrectionRequest { delay, ..Default::default() };
        let reason = self.words(words::HAS_HAPPENED)?;
        let by = self.raiser();
        self.doings.push(Doing { at, by, what: What::Correct(request, reason) });
        Ok(())
    }

    fn note(&mut self, at: Timestamp, by: By, note: crate::domain::event::Narrative) {
        self.doings.push(Doing { at, by, what: What::Act(Action::AddNote, Act::Note { note }) });
    }
}
