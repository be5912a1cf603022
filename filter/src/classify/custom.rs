//! A user's own model: an ONNX text classifier of the BERT or `ModernBERT`
//! family, with its tokenizer and its mapping file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::encoder::core_of;
use super::model::Model;
use super::pii::{Entity, Tagged};
use super::tokenizer::{Tokenizer, Windowing};
use super::{Budget, ClassifyError, Coverage, softmax};

/// Most tokens that BERT models take; `ModernBERT` takes more, at a price.
const WINDOW: Windowing = Windowing { tokens: 512, overlap: 64 };
/// The name that a model's only output is known by in messages.
const OUTPUT: &str = "logits";

/// The files of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `model.onnx`.
    pub onnx: Vec<u8>,
    /// `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// The mapping file.
    pub mapping: Vec<u8>,
}

/// What a model's output stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One label for a text: logits `[1, labels]`.
    Sequence,
    /// One tag for each token: logits `[1, sequence, labels]`.
    Tokens,
}

/// A mapping file: `{"label_to_idx": …, "idx_to_label": …}`, or the same with
/// `category`.
#[derive(Deserialize)]
struct Mapping {
    #[serde(default, alias = "category_to_idx")]
    label_to_idx: BTreeMap<String, usize>,
    #[serde(default, alias = "idx_to_category", alias = "id2label")]
    idx_to_label: BTreeMap<String, String>,
}

impl Mapping {
    /// The labels in the order of their numbers, which must run from 0.
    fn labels(self) -> Result<Vec<String>, String> {
        let mut places = BTreeMap::new();
        for (index, label) in self.idx_to_label {
            let index = index.parse().map_err(|_| format!("{index:?} is no number of a label"))?;
            places.insert(index, label);
        }
        if places.is_empty() {
            places.extend(self.label_to_idx.into_iter().map(|(label, index)| (index, label)));
        }
        if places.is_empty() {
            return Err("names no labels".to_owned());
        }
        if let Some((missing, _)) =
            (0..places.len()).zip(places.keys()).find(|(at, index)| at != *index)
        {
            return Err(format!("has no label {missing}"));
        }
        Ok(places.into_values().collect())
    }
}

/// A loaded model.
pub struct Custom {
    tokenizer: Tokenizer,
    model: Model,
    labels: Vec<String>,
    task: Task,
}

impl Custom {
    /// Puts a model together and tries it once.
    ///
    /// # Errors
    /// Names the file, or the output, that is not as it should be: an operator
    /// that tract does not know, an input that no text classifier has, labels
    /// that are fewer or more than the model's.
    pub fn load(files: &Files, task: Task) -> Result<Self, ClassifyError> {
        let mapping = |message| ClassifyError::File { file: "mapping file", message };
        let labels = serde_json::from_slice::<Mapping>(&files.mapping)
            .map_err(|error| mapping(error.to_string()))?
            .labels()
            .map_err(mapping)?;
        let tokenizer = Tokenizer::load(&files.tokenizer)?;
        let model = Model::load(&files.onnx, &[])?;
        let custom = Self { tokenizer, model, labels, task };
        let tokens = custom.tokenizer.tokens("ready", 1)?;
        custom.logits(&custom.tokenizer.framed(&tokens.tokens))?;
        Ok(custom)
    }

    /// How long the model takes for `tokens` tokens here and now.
    ///
    /// # Errors
    /// [`ClassifyError`].
    pub fn time(&self, tokens: usize) -> Result<Duration, ClassifyError> {
        let begun = Instant::now();
        let token = self.tokenizer.tokens("ready", 1)?.tokens;
        let window: Vec<_> = token.iter().cycle().take(tokens).copied().collect();
        self.logits(&self.tokenizer.framed(&window))?;
        Ok(begun.elapsed())
    }

    /// The labels, in the order of the logits.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The probabilities of the labels in each window, and how much was read;
    /// of the first `windows` alone.
    ///
    /// # Errors
    /// [`ClassifyError`].
    pub fn sequence(
        &self,
        text: &str,
        most: usize,
        windows: usize,
        budget: &Budget<'_>,
    ) -> Result<(Vec<Vec<f64>>, Coverage), ClassifyError> {
        let mut rows = Vec::new();
        let coverage = self.windows(text, most, windows, budget, |_, _, logits| {
            rows.push(softmax(logits));
        })?;
        Ok((rows, coverage))
    }

    /// The names that the tags tell, and how much was read.
    ///
    /// # Errors
    /// [`ClassifyError`].
    pub fn names(
        &self,
        text: &str,
        most: usize,
        budget: &Budget<'_>,
    ) -> Result<(Vec<Entity>, Coverage), ClassifyError> {
        let mut names = Vec::new();
        let lead = self.tokenizer.lead() * self.labels.len();
        let coverage = self.windows(text, most, usize::MAX, budget, |tokens, core, logits| {
            let logits = logits.get(lead..).unwrap_or_default();
            Tagged { labels: &self.labels, tokens, logits, core }.names(&mut names);
        })?;
        Ok((names, coverage))
    }

    fn windows(
        &self,
        text: &str,
        most: usize,
        windows: usize,
        budget: &Budget<'_>,
        mut take: impl FnMut(&[super::tokenizer::Token], std::ops::Range<usize>, &[f32]),
    ) -> Result<Coverage, ClassifyError> {
        let tokens = self.tokenizer.tokens(text, most)?;
        let all = tokens.tokens.len();
        let ranges = || WINDOW.ranges(all, self.tokenizer.frame()).take(windows);
        let whole = windows == usize::MAX;
        let wanted =
            if whole { tokens.total } else { ranges().last().map_or(0, |range| range.end) };
        let mut coverage = Coverage { total: tokens.total, wanted, ..Coverage::default() };
        for range in ranges() {
            if coverage.windows > 0 && !budget.lasts() {
                break;
            }
            coverage.scanned = range.end;
            coverage.windows += 1;
            let core = core_of(&range, all, WINDOW.overlap);
            let window = tokens.tokens.get(range).unwrap_or_default();
            take(window, core, &self.logits(&self.tokenizer.framed(window))?);
        }
        Ok(coverage)
    }

    fn logits(&self, (ids, shapes): &(Vec<i64>, Vec<i64>)) -> Result<Vec<f32>, ClassifyError> {
        let broken = |message| ClassifyError::Head { output: OUTPUT.to_owned(), message };
        let outputs = self.model.run(ids, shapes)?;
        let output = outputs.into_iter().next().ok_or_else(|| broken("is not there".to_owned()))?;
        let labels = output.shape.last().copied().unwrap_or(0);
        let rows = match self.task {
            Task::Sequence => 1,
            Task::Tokens => ids.len(),
        };
        if labels != self.labels.len() {
            return Err(broken(format!(
                "has {labels} values, the mapping file {} labels",
                self.labels.len()
            )));
        }
        if output.values.len() != rows * labels {
            let shape = &output.shape;
            return Err(broken(format!("has the shape {shape:?}, {rows} rows were expected")));
        }
        if output.values.iter().any(|value| !value.is_finite()) {
            return Err(broken("is not finite".to_owned()));
        }
        Ok(output.values)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[derive(Deserialize)]
    struct Expected {
        text: String,
        logits: Vec<f32>,
    }

    fn read(file: &str) -> Vec<u8> {
        fs::read(format!("{}/../tests/e2e/models/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn files(folder: &str, mapping: &str) -> Files {
        Files {
            onnx: read(&format!("{folder}/model.onnx")),
            tokenizer: read(&format!("{folder}/tokenizer.json")),
            mapping: read(&format!("{folder}/{mapping}")),
        }
    }

    fn bert() -> Files {
        files("bert-category", "category_mapping.json")
    }

    fn modernbert() -> Files {
        files("modernbert-pii", "pii_type_mapping.json")
    }

    fn refused(files: &Files, task: Task) -> String {
        Custom::load(files, task).err().unwrap().to_string()
    }

    #[test]
    fn both_families_say_what_onnxruntime_says() {
        for (files, folder, task) in [
            (bert(), "bert-category", Task::Sequence),
            (modernbert(), "modernbert-pii", Task::Tokens),
        ] {
            let custom = Custom::load(&files, task).unwrap();
            let expected = read(&format!("{folder}/expected.json"));
            let expected: Expected = serde_json::from_slice(&expected).unwrap();
            let tokens = custom.tokenizer.tokens(&expected.text, 100).unwrap();
            let logits = custom.logits(&custom.tokenizer.framed(&tokens.tokens)).unwrap();
            assert_eq!(logits.len(), expected.logits.len(), "{folder}");
            for (said, known) in logits.iter().zip(&expected.logits) {
                assert!((said - known).abs() < 1e-4, "{folder}: {said} {known}");
            }
        }
    }

    #[test]
    fn long_texts_are_read_in_windows_of_any_length() {
        let custom = Custom::load(&bert(), Task::Sequence).unwrap();
        let text = "what is my name ".repeat(400);
        let budget = Budget::unlimited();
        let (rows, coverage) = custom.sequence(&text, 4096, usize::MAX, &budget).unwrap();
        assert_eq!((coverage.total, coverage.scanned, rows.len()), (1600, 1600, 4));
        let (rows, coverage) = custom.sequence(&text, 4096, 1, &budget).unwrap();
        assert_eq!((coverage.wanted, rows.len()), (510, 1));
        let custom = Custom::load(&modernbert(), Task::Tokens).unwrap();
        let (_, coverage) = custom.names(&text, 1000, &budget).unwrap();
        assert_eq!((coverage.total, coverage.scanned), (1600, 1000));
        assert!(coverage.is_truncated());
    }

    #[test]
    fn labels_must_be_those_of_the_model() {
        let two = br#"{"idx_to_label": {"0": "a", "1": "b"}}"#.to_vec();
        let message = refused(&Files { mapping: two, ..bert() }, Task::Sequence);
        assert_eq!(message, "output logits: has 3 values, the mapping file 2 labels");
        let message = refused(&bert(), Task::Tokens);
        assert_eq!(message, "output logits: has the shape [1, 3], 3 rows were expected");
        let gap = br#"{"label_to_idx": {"a": 0, "b": 2}}"#.to_vec();
        let message = refused(&Files { mapping: gap, ..bert() }, Task::Sequence);
        assert_eq!(message, "mapping file: has no label 1");
        let message = refused(&Files { mapping: b"{}".to_vec(), ..bert() }, Task::Sequence);
        assert_eq!(message, "mapping file: names no labels");
    }

    #[test]
    fn files_that_are_no_models_are_named() {
        let broken =
            |onnx: &[u8]| refused(&Files { onnx: onnx.to_vec(), ..bert() }, Task::Sequence);
        assert!(broken(b"GIF89a").starts_with("model.onnx: "));
        let onnx = bert().onnx;
        assert!(broken(&onnx[..onnx.len() / 2]).starts_with("model.onnx: "));
        let unknown = replaced(&onnx, b"Softmax", b"Sortmax");
        assert!(broken(&unknown).contains("Sortmax"), "{}", broken(&unknown));
        let unknown = replaced(&onnx, b"input_ids", b"input_abc");
        assert!(broken(&unknown).contains("\"input_abc\" is none"), "{}", broken(&unknown));
        let none = Files { tokenizer: b"{}".to_vec(), ..bert() };
        assert!(refused(&none, Task::Sequence).starts_with("tokenizer.json: "));
    }

    /// The file with a name of the same length in every place.
    fn replaced(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut file = file.to_vec();
        for at in 0..file.len() - from.len() {
            if file[at..].starts_with(from) {
                file[at..at + from.len()].copy_from_slice(to);
            }
        }
        file
    }
}
