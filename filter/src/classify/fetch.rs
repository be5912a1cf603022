//! Fetching a user's model in pieces: what to ask for next, and what became of
//! an answer. No I/O.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::custom::Files;
use crate::config::CustomModel;
use crate::hex;

/// Bytes that one request asks for: small enough that Envoy's buffers hold it.
const PIECE: u64 = 1 << 20;
/// Memory that a plan takes, as a multiple of the model file: the file itself,
/// its weights as tract keeps them, and room to work.
const MEMORY_FACTOR: u64 = 3;
const ONNX: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// Why a model cannot be had.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FetchError {
    /// Perhaps later: nobody answered, or with a passing failure.
    #[error("{0}")]
    Later(String),
    /// Not as it is.
    #[error("{0}")]
    Refused(String),
}

/// What to ask the server for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The path.
    pub path: String,
    /// The first and the last byte; all of it where none is given.
    pub range: Option<(u64, u64)>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Index {
    files: BTreeMap<String, Listed>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Listed {
    bytes: u64,
    sha256: String,
}

/// The fetching of one model.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The model.
    pub model: CustomModel,
    pinned: Option<String>,
    memory_bytes: usize,
    index: Option<Index>,
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
}

impl Fetch {
    /// Begins. The model file must have the hash that is `pinned`, if any, and
    /// its plan must fit into `memory_bytes`.
    #[must_use]
    pub fn new(model: CustomModel, pinned: Option<String>, memory_bytes: usize) -> Self {
        let (done, current) = (Vec::new(), Vec::new());
        Self { model, pinned, memory_bytes, index: None, done, current }
    }

    /// The files in the order in which they are fetched.
    fn names(&self) -> [&str; 3] {
        [&self.model.mapping, TOKENIZER, ONNX]
    }

    fn current(&self) -> Option<(&str, &Listed)> {
        let names = self.names();
        let name = names.get(self.done.len())?;
        self.index.as_ref()?.files.get_key_value(*name).map(|(name, file)| (name.as_str(), file))
    }

    /// What to ask for now.
    #[must_use]
    pub fn ask(&self) -> Ask {
        let folder = &self.model.folder;
        let Some((name, file)) = self.current() else {
            return Ask { path: format!("/models/{folder}/index.json"), range: None };
        };
        let start = self.current.len() as u64;
        let last = (start + PIECE).min(file.bytes).saturating_sub(1);
        Ask { path: format!("/models/{folder}/{name}"), range: Some((start, last)) }
    }

    /// Takes an answer; the files once they are all there. A status of 0 means
    /// that nobody answered.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn answered(&mut self, status: u32, body: &[u8]) -> Result<Option<Files>, FetchError> {
        let asked = self.ask();
        let path = &asked.path;
        match status {
            200 if asked.range.is_none() => self.take_index(body).map(|()| None),
            206 if asked.range.is_some() => self.take_piece(&asked, body),
            200 => Err(FetchError::Refused(format!("{path}: the server takes no notice of Range"))),
            0 => Err(FetchError::Later(format!("{path}: no answer"))),
            500.. | 408 | 429 => Err(FetchError::Later(format!("{path}: status {status}"))),
            _ => {
                let message = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
                Err(FetchError::Refused(format!("{path}: status {status}: {message}")))
            }
        }
    }

    fn take_index(&mut self, body: &[u8]) -> Result<(), FetchError> {
        let folder = &self.model.folder;
        let refused = |message| FetchError::Refused(format!("models/{folder}: {message}"));
        let index: Index = serde_json::from_slice(body)
            .map_err(|error| refused(format!("index.json: {error}")))?;
        for name in self.names() {
            let Some(file) = index.files.get(name) else {
                return Err(refused(format!("there is no {name}")));
            };
            if file.bytes == 0 {
                return Err(refused(format!("{name} is empty")));
            }
            if name == ONNX {
                let needed = file.bytes.saturating_mul(MEMORY_FACTOR);
                if needed > self.memory_bytes as u64 {
                    return Err(refused(format!(
                        "{name} has {} MiB and needs about {} MiB of memory, \
                         filter.inference.memory_mb allows {}; \
                         backend: sidecar has no such limit",
                        file.bytes >> 20,
                        needed >> 20,
                        self.memory_bytes >> 20
                    )));
                }
                if self.pinned.as_ref().is_some_and(|pinned| *pinned != file.sha256) {
                    return Err(refused(format!(
                        "{name} has the SHA-256 {}, not that of the configuration",
                        file.sha256
                    )));
                }
            }
        }
        self.index = Some(index);
        self.reserve();
        Ok(())
    }

    /// One allocation a file: growing would take twice the memory.
    fn reserve(&mut self) {
        let bytes = self.current().map_or(0, |(_, file)| file.bytes);
        let bytes = usize::try_from(bytes).unwrap_or(0).min(self.memory_bytes);
        self.current = Vec::with_capacity(bytes);
    }

    fn take_piece(&mut self, asked: &Ask, body: &[u8]) -> Result<Option<Files>, FetchError> {
        let path = &asked.path;
        let wanted = asked.range.map_or(0, |(first, last)| last - first + 1);
        if body.len() as u64 != wanted {
            let message = format!("{path}: {} bytes instead of {wanted}", body.len());
            return Err(FetchError::Later(message));
        }
        self.current.extend_from_slice(body);
        let Some((name, file)) = self.current() else { return Ok(None) };
        if (self.current.len() as u64) < file.bytes {
            return Ok(None);
        }
        let found = hex::encode(&Sha256::digest(&self.current));
        if found != file.sha256 {
            return Err(FetchError::Refused(format!(
                "models/{}: {name} has the SHA-256 {found}, the index says {}",
                self.model.folder, file.sha256
            )));
        }
        self.done.push(std::mem::take(&mut self.current));
        self.reserve();
        let mut files = std::mem::take(&mut self.done).into_iter();
        if files.len() < self.names().len() {
            self.done = files.collect();
            return Ok(None);
        }
        let mut next = || files.next().unwrap_or_default();
        let (mapping, tokenizer, onnx) = (next(), next(), next());
        Ok(Some(Files { onnx, tokenizer, mapping }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server of one model, as the collector is one.
    struct Server {
        files: BTreeMap<&'static str, Vec<u8>>,
        wrong_hash: bool,
    }

    impl Server {
        fn new() -> Self {
            let onnx = (0..PIECE * 2 + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let files = [
                ("model.onnx", onnx),
                ("tokenizer.json", b"tokens".to_vec()),
                ("map.json", b"labels".to_vec()),
            ];
            Self { files: BTreeMap::from(files), wrong_hash: false }
        }

        fn hash(&self, name: &str) -> String {
            hex::encode(&Sha256::digest(&self.files[name]))
        }

        fn answer(&self, ask: &Ask) -> (u32, Vec<u8>) {
            let name = ask.path.strip_prefix("/models/mine/").unwrap();
            if name == "index.json" {
                let files: BTreeMap<_, _> = self
                    .files
                    .iter()
                    .map(|(name, bytes)| {
                        let sha256 = if self.wrong_hash { "0".repeat(64) } else { self.hash(name) };
                        (*name, serde_json::json!({"bytes": bytes.len(), "sha256": sha256}))
                    })
                    .collect();
                return (200, serde_json::json!({ "files": files }).to_string().into_bytes());
            }
            let (first, last) = ask.range.unwrap();
            let range = usize::try_from(first).unwrap()..=usize::try_from(last).unwrap();
            (206, self.files[name][range].to_vec())
        }

        fn fetch(&self, mut fetch: Fetch) -> Result<Files, FetchError> {
            for _ in 0..100 {
                let (status, body) = self.answer(&fetch.ask());
                if let Some(files) = fetch.answered(status, &body)? {
                    return Ok(files);
                }
            }
            panic!("it never ends");
        }
    }

    fn fetch() -> Fetch {
        let model = CustomModel { folder: "mine".into(), mapping: "map.json".into() };
        Fetch::new(model, None, 64 << 20)
    }

    #[test]
    fn files_come_in_pieces_and_are_whole() {
        let server = Server::new();
        let files = server.fetch(fetch()).unwrap();
        assert_eq!(files.onnx, server.files["model.onnx"]);
        assert_eq!(files.onnx.capacity(), files.onnx.len(), "one allocation");
        assert_eq!((files.tokenizer, files.mapping), (b"tokens".to_vec(), b"labels".to_vec()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |server: &Server, fetch: Fetch| server.fetch(fetch).unwrap_err().to_string();
        let wrong = Server { wrong_hash: true, ..Server::new() };
        assert!(refused(&wrong, fetch()).contains("map.json has the SHA-256"));
        let mut missing = Server::new();
        missing.files.remove("tokenizer.json");
        assert_eq!(refused(&missing, fetch()), "models/mine: there is no tokenizer.json");
        let server = Server::new();
        let small = Fetch { memory_bytes: 1 << 20, ..fetch() };
        assert!(refused(&server, small).contains("needs about 6 MiB of memory"));
        let pinned = Fetch { pinned: Some("f".repeat(64)), ..fetch() };
        assert!(refused(&server, pinned).contains("not that of the configuration"));
        let pinned = Fetch { pinned: Some(server.hash("model.onnx")), ..fetch() };
        server.fetch(pinned).unwrap();
    }

    #[test]
    fn passing_failures_are_told_from_lasting_ones() {
        let later = |status, body: &[u8]| match fetch().answered(status, body) {
            Err(FetchError::Later(_)) => true,
            Err(FetchError::Refused(_)) => false,
            Ok(_) => panic!("taken"),
        };
        assert!(later(0, b"") && later(503, b"") && later(429, b""));
        assert!(!later(404, b"no such model") && !later(200, b"not json"));
    }

    #[test]
    fn a_piece_of_another_length_is_asked_for_again() {
        let server = Server::new();
        let mut fetch = fetch();
        let (status, body) = server.answer(&fetch.ask());
        fetch.answered(status, &body).unwrap();
        let asked = fetch.ask();
        assert!(matches!(fetch.answered(206, b"x"), Err(FetchError::Later(_))));
        assert_eq!(fetch.ask(), asked);
    }
}
