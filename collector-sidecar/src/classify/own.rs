//! The user's own models, as the configuration names them, read from the
//! folder of models.

use std::io::Read;

use semantic_router_filter::classify::Classifiers;
use semantic_router_filter::classify::custom::Files;
use semantic_router_filter::config::{Config, CustomModel};

use super::metrics::Classifier;
use crate::models::{Folder, MODEL_FILE, ModelPath, ModelsError, sha256};

const TOKENIZER_FILE: &str = "tokenizer.json";

/// The longest file that is read.
const MAX_BYTES: u64 = 4 << 30;

/// A model that takes the place of a bundled classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnModel {
    /// Which classifier it is.
    pub classifier: Classifier,
    /// Where its files are.
    pub model: CustomModel,
    /// The SHA-256 of its `model.onnx`, where it is configured.
    pub sha256: Option<String>,
}

/// Why a model was not read.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// There is no folder of models.
    #[error("the model {0:?} is not loaded: the collector has no models folder (--models DIR)")]
    NoFolder(String),
    /// A file is not there.
    #[error("the model {model:?} is not loaded: {error}")]
    File {
        /// The model's folder.
        model: String,
        /// Why.
        error: ModelsError,
    },
    /// A file is too long to be a model's.
    #[error("the model {model:?} is not loaded: {file:?} is longer than {MAX_BYTES} bytes")]
    TooLong {
        /// The model's folder.
        model: String,
        /// The file.
        file: String,
    },
    /// The file is another than the configured one.
    #[error("the model {model:?} is not loaded: the SHA-256 of {MODEL_FILE} is {found}")]
    Hash {
        /// The model's folder.
        model: String,
        /// The hash of the file.
        found: String,
    },
}

/// The user's own models in a configuration.
#[must_use]
pub fn own_models(config: &Config) -> Vec<OwnModel> {
    let named = Classifier::ALL.into_iter().zip(config.classifiers());
    let named = named.filter_map(|(classifier, (model, policy))| {
        Some(OwnModel { classifier, model: model?.clone(), sha256: policy.sha256.clone() })
    });
    named.collect()
}

impl OwnModel {
    /// Reads its files into classifiers. Waits for the disk.
    ///
    /// # Errors
    /// Why they were not read.
    pub fn load(&self, folder: Option<&Folder>, classifiers: &Classifiers) -> Result<(), OwnError> {
        let files = read(folder, self)?;
        let mut models = classifiers.shelf().borrow_mut();
        // Only what was asked for can be delivered.
        let _ = models.get(&self.model, self.classifier.task());
        models.deliver(&self.model.folder, Ok(files));
        Ok(())
    }

    /// Whether its files are there. Waits for the disk.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self, folder: Option<&Folder>) -> Result<(), OwnError> {
        let name = &self.model.folder;
        let folder = folder.ok_or_else(|| OwnError::NoFolder(name.clone()))?;
        for file in [MODEL_FILE, TOKENIZER_FILE, &self.model.mapping] {
            let path = ModelPath { folder: name.clone(), file: file.to_owned() };
            let opened = folder.file(&path);
            opened.map_err(|error| OwnError::File { model: name.clone(), error })?;
        }
        Ok(())
    }
}

fn read(folder: Option<&Folder>, own: &OwnModel) -> Result<Files, OwnError> {
    let name = &own.model.folder;
    let folder = folder.ok_or_else(|| OwnError::NoFolder(name.clone()))?;
    let onnx = file(folder, name, MODEL_FILE)?;
    if let Some(expected) = &own.sha256 {
        let found = sha256(&onnx);
        if found != *expected {
            return Err(OwnError::Hash { model: name.clone(), found });
        }
    }
    let tokenizer = file(folder, name, TOKENIZER_FILE)?;
    let mapping = file(folder, name, &own.model.mapping)?;
    Ok(Files { onnx, tokenizer, mapping })
}

fn file(folder: &Folder, model: &str, file: &str) -> Result<Vec<u8>, OwnError> {
    let path = ModelPath { folder: model.to_owned(), file: file.to_owned() };
    let failed = |error| OwnError::File { model: model.to_owned(), error };
    let (opened, stamp) = folder.file(&path).map_err(failed)?;
    if stamp.bytes > MAX_BYTES {
        return Err(OwnError::TooLong { model: model.to_owned(), file: file.to_owned() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.bytes).unwrap_or_default());
    opened.take(stamp.bytes).read_to_end(&mut bytes).map_err(|error| {
        failed(ModelsError::Unreadable { path: format!("{model}/{file}"), error })
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::Scratch;

    fn own(folder: &str, sha256: Option<String>) -> OwnModel {
        let model = CustomModel { folder: folder.to_owned(), mapping: "labels.json".to_owned() };
        OwnModel { classifier: Classifier::Pii, model, sha256 }
    }

    #[test]
    fn the_three_files_are_read() {
        let scratch = Scratch::new("own");
        scratch.write("a/b/model.onnx", b"onnx");
        scratch.write("a/b/tokenizer.json", b"tokenizer");
        scratch.write("a/b/labels.json", b"labels");
        let folder = Folder::open(scratch.path()).unwrap();
        let expected = Files {
            onnx: b"onnx".to_vec(),
            tokenizer: b"tokenizer".to_vec(),
            mapping: b"labels".to_vec(),
        };
        assert_eq!(read(Some(&folder), &own("a/b", None)).unwrap(), expected);
        let hash = Some(sha256(b"onnx"));
        assert_eq!(read(Some(&folder), &own("a/b", hash)).unwrap(), expected);
    }

    #[test]
    fn what_is_missing_or_another_is_named() {
        let scratch = Scratch::new("own-missing");
        scratch.write("m/model.onnx", b"onnx");
        let folder = Folder::open(scratch.path()).unwrap();
        let none = read(None, &own("m", None)).unwrap_err().to_string();
        assert!(none.contains("--models DIR"), "{none}");
        let bad = Some("0".repeat(64));
        for (own, expected) in [
            (own("m", None), "the model folder \"m\" has no file \"tokenizer.json\""),
            (own("n", None), "there is no model folder \"n\""),
            (own("../m", None), "there is no model folder \"../m\""),
            (own("m", bad), "the SHA-256 of model.onnx is "),
        ] {
            let error = read(Some(&folder), &own).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
