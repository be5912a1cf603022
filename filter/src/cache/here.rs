//! A lookup among the answers in the proxy.

use std::rc::Rc;

use super::remote::Prompt;
use super::ring::Ring;
use super::store::{Number, Store};
use super::{Cache, Control, Hit, Looked, Pending, Question, UnixSeconds};
use crate::classify::ClassifyError;
use crate::stage::Outcome;

/// Prompts that the judge is asked about at most, the nearest first.
const CANDIDATES: usize = 8;

/// A lookup among the answers in the proxy.
pub struct Here<'c> {
    /// Whose.
    pub cache: &'c Cache,
    /// The answers.
    pub store: &'c Store,
    /// Where uses are told.
    pub ring: &'c Ring,
    /// What age will do.
    pub control: Control,
}

impl Here<'_> {
    /// Looks for the answer to a question; to the very same before its prompt is
    /// embedded.
    pub fn find(
        &self,
        question: Question,
        mut looked: Looked,
        embed: impl Fn(&Question) -> Result<Option<Prompt>, ClassifyError>,
        now: UnixSeconds,
    ) -> Result<Outcome<Looked>, ClassifyError> {
        looked.hit = self.exact(&question, now);
        if looked.hit.is_some() {
            return Ok(Outcome::Ran(looked));
        }
        let prompt = embed(&question)?;
        if let Some(prompt) = &prompt {
            looked.hit = self.similar(&question, prompt, looked.threshold, now)?;
        }
        looked.pending = looked.hit.is_none().then_some(Pending { question, prompt });
        Ok(Outcome::Ran(looked))
    }

    fn exact(&self, question: &Question, now: UnixSeconds) -> Option<Hit> {
        let number = self.store.exact(&question.exact, now)?;
        self.hit(number, 1.0, now)
    }

    fn similar(
        &self,
        question: &Question,
        prompt: &Prompt,
        threshold: f64,
        now: UnixSeconds,
    ) -> Result<Option<Hit>, ClassifyError> {
        let (scope, embedding) = (&question.scope, &prompt.embedding);
        for (number, cosine) in self.store.nearest(scope, embedding, threshold, CANDIDATES, now) {
            let other = self.store.get(number).and_then(|entry| entry.prompt.as_ref());
            let judge = self.cache.judge()?;
            if other.is_some_and(|other| judge.agrees(prompt, other, cosine))
                && let Some(hit) = self.hit(number, cosine.into(), now)
            {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    /// The answer of an entry, unless it is too old for who asks.
    fn hit(&self, number: Number, similarity: f64, now: UnixSeconds) -> Option<Hit> {
        let entry = self.store.get(number).filter(|entry| self.control.accepts(entry.age(now)))?;
        if self.store.counts_uses() {
            self.ring.used(number);
        }
        Some(Hit { answer: Rc::clone(&entry.answer), similarity })
    }
}
