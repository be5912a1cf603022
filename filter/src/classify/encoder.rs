//! The bundled model: one pass over a window of text serves every head.

use std::ops::Range;

use super::bundle::{Bundle, Labels, Manifest, Thresholds};
use super::model::{Model, Output};
use super::ngrams::Ngrams;
use super::pii::{Entity, Tagged};
use super::tokenizer::{Token, Tokenizer, Tokens, Windowing};
use super::{Budget, ClassifyError, Coverage, softmax};

/// How much of a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The first windows, which tell what a text is about.
    Beginning,
    /// All of it.
    Whole,
}

/// What the heads made of a text, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Tokens of the text; perhaps an estimate.
    total: usize,
    /// Tokens of it that may be looked at.
    readable: usize,
    /// Tokens that the first windows hold.
    beginning: usize,
    /// Tokens that were looked at.
    scanned: usize,
    /// Windows that were looked at.
    windows: usize,
    /// Sum over the first windows of the probabilities of the categories.
    category: Vec<f64>,
    /// Sum over the first windows of the embeddings.
    embedding: Vec<f32>,
    /// The highest probability of a jailbreak in any window.
    jailbreak: f64,
    /// Names, by byte offsets.
    names: Vec<Entity>,
}

impl Reading {
    /// Mean probabilities of the categories over the first windows.
    #[must_use]
    pub fn category(&self) -> Vec<f64> {
        let sum: f64 = self.category.iter().sum();
        self.category.iter().map(|p| p / sum).collect()
    }

    /// The direction of the text's meaning: length 1.
    #[must_use]
    pub fn embedding(&self) -> Vec<f32> {
        let length = self.embedding.iter().map(|v| v * v).sum::<f32>().sqrt();
        self.embedding.iter().map(|v| v / length.max(f32::MIN_POSITIVE)).collect()
    }

    /// The highest probability of a jailbreak in any window.
    #[must_use]
    pub fn jailbreak(&self) -> f64 {
        self.jailbreak
    }

    /// The names in it.
    #[must_use]
    pub fn names(&self) -> &[Entity] {
        &self.names
    }

    /// How much was read of what a classifier wanted to read.
    #[must_use]
    pub fn coverage(&self, scope: Scope) -> Coverage {
        let wanted = match scope {
            Scope::Beginning => self.beginning.min(self.total),
            Scope::Whole => self.total,
        };
        let (total, scanned) = (self.total, self.scanned.min(wanted));
        Coverage { total, wanted, scanned, windows: self.windows }
    }

    /// Windows that were looked at.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Whether nothing is left to read for `scope`.
    #[must_use]
    pub fn is_complete(&self, scope: Scope) -> bool {
        let until = match scope {
            Scope::Beginning => self.beginning.min(self.readable),
            Scope::Whole => self.readable,
        };
        self.windows > 0 && self.scanned >= until
    }
}

/// The tokenizer, the model and the labels of its heads.
pub struct Encoder {
    tokenizer: Tokenizer,
    model: Model,
    ngrams: Ngrams,
    windowing: Windowing,
    first_windows: usize,
    outputs: [String; 4],
    /// Labels of the heads.
    pub labels: Labels,
    /// What counts where the configuration says nothing.
    pub thresholds: Thresholds,
}

impl Encoder {
    /// Puts an encoder together and tries it once.
    ///
    /// # Errors
    /// Names the file, or the head, that is not as it should be.
    pub fn load(
        files: &Bundle<'_>,
        manifest: Manifest,
        labels: Labels,
        thresholds: Thresholds,
    ) -> Result<Self, ClassifyError> {
        let windowing = manifest.windowing();
        let names = manifest.outputs;
        let outputs = [names.category, names.guard, names.tags, names.embedding];
        let encoder = Self {
            tokenizer: Tokenizer::load(files.tokenizer)?,
            model: Model::load(files.onnx, &outputs)?,
            ngrams: Ngrams::load("ngrams.bin", files.ngrams)?,
            windowing,
            first_windows: manifest.category_windows,
            outputs,
            labels,
            thresholds,
        };
        let mut reading = Reading::default();
        let tokens = encoder.tokenizer.tokens("ready", 1)?;
        encoder.window(&tokens.tokens, 0..tokens.tokens.len(), &mut reading)?;
        Ok(encoder)
    }

    /// The tokens of a text, of which at most `most` are looked at.
    ///
    /// # Errors
    /// [`ClassifyError::Tokenizer`].
    pub fn tokens(&self, text: &str, most: usize) -> Result<Tokens, ClassifyError> {
        self.tokenizer.tokens(text, most)
    }

    /// Reads a text as long as the budget lasts; goes on where an earlier
    /// `reading` of it ended. At least one window is read.
    ///
    /// # Errors
    /// As [`Encoder::load`].
    pub fn read(
        &self,
        tokens: &Tokens,
        scope: Scope,
        budget: &Budget<'_>,
        mut reading: Reading,
    ) -> Result<Reading, ClassifyError> {
        let frame = self.tokenizer.frame();
        let ranges = self.windowing.ranges(tokens.tokens.len(), frame);
        reading.total = tokens.total;
        reading.readable = tokens.tokens.len();
        reading.beginning = ranges.take(self.first_windows).last().map_or(0, |range| range.end);
        let ranges = self.windowing.ranges(tokens.tokens.len(), frame).skip(reading.windows);
        for range in ranges {
            if reading.is_complete(scope) || (reading.windows > 0 && !budget.lasts()) {
                break;
            }
            let core = core_of(&range, tokens.tokens.len(), self.windowing.overlap);
            let end = range.end;
            self.window(tokens.tokens.get(range).unwrap_or_default(), core, &mut reading)?;
            reading.scanned = end;
        }
        Ok(reading)
    }

    /// The ids of the first windows of a text, framed.
    ///
    /// # Errors
    /// [`ClassifyError::Tokenizer`].
    pub fn first_windows(&self, text: &str) -> Result<Vec<Vec<i64>>, ClassifyError> {
        let frame = self.tokenizer.frame();
        let tokens = self.tokens(text, self.windowing.tokens * self.first_windows)?.tokens;
        let ranges = self.windowing.ranges(tokens.len(), frame).take(self.first_windows);
        let window = |range| self.tokenizer.framed(tokens.get(range).unwrap_or_default()).0;
        Ok(ranges.map(window).collect())
    }

    /// Reads the whole of a text, however long that takes.
    ///
    /// # Errors
    /// As [`Encoder::load`].
    pub fn read_whole(&self, text: &str) -> Result<Reading, ClassifyError> {
        let tokens = self.tokens(text, usize::MAX >> 8)?;
        self.read(&tokens, Scope::Whole, &Budget::unlimited(), Reading::default())
    }

    /// Adds what the heads make of one window; names of its `core` alone.
    fn window(
        &self,
        tokens: &[Token],
        core: Range<usize>,
        reading: &mut Reading,
    ) -> Result<(), ClassifyError> {
        let (ids, shapes) = self.tokenizer.framed(tokens);
        let outputs = self.model.run(&ids, &shapes)?;
        let [category, guard, tags, embedding] = outputs.as_slice() else {
            return Err(self.broken(0, format!("{} outputs instead of 4", outputs.len())));
        };
        self.check(0, category, self.labels.category.len(), 1)?;
        self.check(1, guard, self.labels.guard.len(), 1)?;
        self.check(2, tags, self.labels.tags.len(), ids.len())?;
        if reading.windows < self.first_windows {
            add(&mut reading.category, &softmax(&category.values));
            add(&mut reading.embedding, &embedding.values);
        }
        let place = self.labels.guard.iter().position(|label| label == "jailbreak").unwrap_or(1);
        let mut logits = guard.values.clone();
        if let Some(logit) = logits.get_mut(place) {
            *logit += self.ngrams.score(&ids);
        }
        let jailbreak = softmax(&logits).get(place).copied().unwrap_or(0.0);
        reading.jailbreak = reading.jailbreak.max(jailbreak);
        let framing = self.labels.tags.len() * self.tokenizer.lead();
        let logits = tags.values.get(framing..).unwrap_or_default();
        Tagged { labels: &self.labels.tags, tokens, logits, core }.names(&mut reading.names);
        reading.windows += 1;
        Ok(())
    }

    /// Whether an output has finite values for `rows` times `labels`.
    fn check(
        &self,
        at: usize,
        output: &Output,
        labels: usize,
        rows: usize,
    ) -> Result<(), ClassifyError> {
        let values = output.values.len();
        if values != labels * rows {
            return Err(self.broken(at, format!("{values} values for {labels} labels")));
        }
        if output.values.iter().any(|value| !value.is_finite()) {
            return Err(self.broken(at, "not finite".to_owned()));
        }
        Ok(())
    }

    fn broken(&self, at: usize, message: String) -> ClassifyError {
        let output = self.outputs.get(at).cloned().unwrap_or_default();
        ClassifyError::Head { output, message }
    }
}

/// The tokens of a window that it decides on, counted from its begin: at a
/// seam, each of two windows decides on its half of what they share.
pub(super) fn core_of(window: &Range<usize>, tokens: usize, overlap: usize) -> Range<usize> {
    let seam = overlap / 2;
    let start = if window.start > 0 { seam } else { 0 };
    start..window.len() - if window.end < tokens { seam.min(window.len()) } else { 0 }
}

fn add<T: Copy + std::ops::AddAssign>(sum: &mut Vec<T>, values: &[T]) {
    if sum.is_empty() {
        sum.extend_from_slice(values);
    } else {
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += *value);
    }
}
