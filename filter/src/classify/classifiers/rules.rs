//! What the rules of a configuration ask of the bundled model.

use std::rc::Rc;

use super::{Classifiers, Known};
use crate::classify::encoder::{Reading, Scope};
use crate::classify::factcheck::FactCheck;
use crate::classify::{Budget, Bundle, ClassifyError};

/// Candidates of embedding rules that a configuration may have.
pub const MAX_CANDIDATES: usize = 4096;

impl Classifiers {
    /// The sentence embedding of a text: length 1.
    ///
    /// # Errors
    /// [`ClassifyError`], also below.
    pub fn embedding(&self, text: &str, budget: &Budget<'_>) -> Result<Vec<f32>, ClassifyError> {
        let encoder = self.encoder()?;
        let (known, _) = self.read(&encoder, text, Scope::Beginning, budget)?;
        Ok(known.reading.embedding())
    }

    /// The embedding of a text of the configuration, if it is known already.
    #[must_use]
    pub fn candidate(&self, text: &str) -> Option<Rc<[f32]>> {
        let candidates = self.candidates.borrow();
        candidates.get(candidates.key(text)).cloned()
    }

    /// The embedding of a text of the configuration, found now and kept.
    ///
    /// # Errors
    /// [`ClassifyError`].
    pub fn embed_candidate(&self, text: &str) -> Result<Rc<[f32]>, ClassifyError> {
        let encoder = self.encoder()?;
        let tokens = encoder.tokens(text, self.limits.max_tokens)?;
        let reading =
            encoder.read(&tokens, Scope::Beginning, &Budget::unlimited(), Reading::default())?;
        let embedding: Rc<[f32]> = reading.embedding().into();
        let mut candidates = self.candidates.borrow_mut();
        let key = candidates.key(text);
        candidates.put(key, Rc::clone(&embedding));
        Ok(embedding)
    }

    /// The probability that a text asks for facts that can be checked.
    ///
    /// # Errors
    /// [`ClassifyError`].
    pub fn needs_fact_check(&self, text: &str, budget: &Budget<'_>) -> Result<f64, ClassifyError> {
        let key = self.key(text);
        if let Some(probability) = self.known(key).facts {
            return Ok(probability);
        }
        let encoder = self.encoder()?;
        let (Known { reading, .. }, _) = self.read(&encoder, text, Scope::Beginning, budget)?;
        let mut windows = encoder.first_windows(text)?;
        windows.truncate(reading.windows());
        let regression =
            self.facts.get_or_init(|| FactCheck::load(&Bundle::embedded()).map(Rc::new));
        let probability = regression.clone()?.probability(&reading, &windows);
        if reading.is_complete(Scope::Beginning) {
            self.remember(key, |known| known.facts = Some(probability));
        }
        Ok(probability)
    }
}
