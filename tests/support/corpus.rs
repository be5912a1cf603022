//! The labelled texts that nothing was trained on.
//!
//! What is held out is what `models/corpus.py` says: of the first corpus every
//! fifth line, of what was written later every tenth; of `guard/twins-…`, where an
//! attack stands before a harmless twin, every tenth pair.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::envoy::checkout;
use crate::file::{FileError, at, entries};

/// A labelled text.
#[derive(Clone, Debug, Deserialize)]
pub struct Prompt {
    /// What a user might send.
    pub text: String,
    /// Its label.
    pub label: String,
    /// Where it is from, or how an attack is made.
    #[serde(default, alias = "technique")]
    pub group: String,
    /// The file that it is from, if it is one of the project's.
    #[serde(skip)]
    pub source: String,
}

/// A text with what it holds of personal data.
#[derive(Clone, Debug, Deserialize)]
pub struct Tagged {
    /// What a user might send.
    pub text: String,
    /// What it holds.
    pub entities: Vec<Entity>,
}

/// Something personal.
#[derive(Clone, Debug, Deserialize)]
pub struct Entity {
    /// Its type, as in `PERSON`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A prompt with others.
#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    /// The prompt.
    pub q: String,
    /// Prompts that the same answer would serve.
    pub same: Vec<String>,
    /// Prompts that look like it and need another answer.
    pub different: Vec<String>,
}

/// What onnxruntime makes of a text with the bundle (`models/golden.py`).
#[derive(Clone, Debug, Deserialize)]
pub struct Golden {
    /// The text.
    pub text: String,
    /// Tokens of each window.
    pub windows: Vec<usize>,
    /// Probabilities of the categories.
    pub category: Vec<f64>,
    /// The highest probability of a jailbreak in any window.
    pub jailbreak: f64,
    /// Types of names, sorted.
    pub names: Vec<String>,
    /// The probability that it asks for facts that can be checked.
    pub factcheck: f64,
    /// The first values of the embedding.
    pub embedding: Vec<f32>,
}

/// What `models/likeness.py` makes of two prompts.
#[derive(Clone, Debug, Deserialize)]
pub struct Pair {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// The cosine of their embeddings.
    pub cosine: f32,
    /// The probability that they ask the same.
    pub likeness: f64,
}

/// Why there are no texts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that should be there is not, or the like.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not what it should be.
    #[error("{path}: line {line}: {reason}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        reason: serde_json::Error,
    },
}

/// Every line of a JSON lines file.
///
/// # Errors
/// A file or a line cannot be read.
pub fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Error> {
    let text = fs::read_to_string(path).map_err(at(path))?;
    let line = |(at, line)| {
        serde_json::from_str(line).map_err(|reason| Error::Line {
            path: path.to_owned(),
            line: at + 1,
            reason,
        })
    };
    text.lines().enumerate().map(line).collect()
}

/// The held-out prompts with their category: `group` is `corpus`, `everyday` or
/// `exam`.
///
/// # Errors
/// A file or a line cannot be read.
pub fn categories() -> Result<Vec<Prompt>, Error> {
    let mut prompts = Vec::new();
    for path in entries(&data().join("category"))? {
        let found = rows::<Prompt>(&path)?.into_iter().skip(4).step_by(5);
        prompts.extend(found.map(|prompt| Prompt { group: "corpus".to_owned(), ..prompt }));
    }
    for group in ["everyday", "exam"] {
        for path in entries(&data().join(group))? {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            let label = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', " ");
            prompts.extend(text.lines().skip(9).step_by(10).map(|line| Prompt {
                text: line.trim().replace("\\n", "\n"),
                label: label.clone(),
                group: group.to_owned(),
                source: String::new(),
            }));
        }
    }
    Ok(prompts)
}

/// The held-out attacks and harmless texts.
///
/// # Errors
/// A file or a line cannot be read.
pub fn guarded() -> Result<Vec<Prompt>, Error> {
    let mut prompts = Vec::new();
    for path in entries(&data().join("guard"))? {
        let source = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (of, rows_each) = match source.as_str() {
            "benign" | "jailbreak" => (5, 1),
            twins if twins.starts_with("twins") => (10, 2),
            _ => (10, 1),
        };
        for (at, prompt) in rows::<Prompt>(&path)?.into_iter().enumerate() {
            if at / rows_each % of == of - 1 {
                prompts.push(Prompt { source: source.clone(), ..prompt });
            }
        }
    }
    Ok(prompts)
}

/// The held-out texts with and without personal data.
///
/// # Errors
/// The file or a line cannot be read.
pub fn tagged() -> Result<Vec<Tagged>, Error> {
    rows(&data().join("pii/held-out.jsonl"))
}

/// The held-out groups of prompts.
///
/// # Errors
/// The file or a line cannot be read.
pub fn groups() -> Result<Vec<Group>, Error> {
    Ok(rows(&data().join("pairs/groups.jsonl"))?.into_iter().skip(4).step_by(5).collect())
}

/// The held-out prompts, and whether they ask for facts that can be checked.
///
/// # Errors
/// A file cannot be read.
pub fn facts() -> Result<Vec<(String, bool)>, Error> {
    let mut prompts = Vec::new();
    for (name, needs) in [("needs", true), ("none", false)] {
        let path = data().join(format!("factcheck/held-out/{name}.txt"));
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        prompts.extend(text.lines().map(|line| (line.trim().replace("\\n", "\n"), needs)));
    }
    Ok(prompts)
}

/// What onnxruntime makes of 500 texts.
///
/// # Errors
/// The file or a line cannot be read.
pub fn golden() -> Result<Vec<Golden>, Error> {
    rows(&data().join("golden.jsonl"))
}

/// What `models/likeness.py` makes of some pairs.
///
/// # Errors
/// The file or a line cannot be read.
pub fn pairs() -> Result<Vec<Pair>, Error> {
    rows(&data().join("pairs/golden.jsonl"))
}

fn data() -> PathBuf {
    checkout().join("models/data")
}
