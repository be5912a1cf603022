//! What the filter asks the cache in the sidecar, and what that answers:
//! `POST /v1/cache/lookup` and `POST /v1/cache/store`.

use std::num::{NonZeroU64, NonZeroUsize};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Embedding, Fingerprint};
use crate::classify::Wording;

/// Where an answer is looked for.
pub const LOOKUP_PATH: &str = "/v1/cache/lookup";

/// Where an answer is left.
pub const STORE_PATH: &str = "/v1/cache/store";

/// The most bytes of an answer.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// The most words of a prompt; with more it is not matched by similarity.
pub const MAX_WORDS: usize = 1024;

/// Asks for an answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Of everything that must be the same, down to the model that made the
    /// embedding: answers never leave their scope.
    pub scope: Fingerprint,
    /// Of the last user turn as it is written.
    pub exact: Fingerprint,
    /// What the last user turn is like; `None` for an answer to the very same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// The least cosine that counts, from 0 to 1; the judge must agree besides.
    #[serde(deserialize_with = "fraction")]
    pub threshold: f64,
}

/// Leaves an answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// As in [`Lookup`].
    pub scope: Fingerprint,
    /// As in [`Lookup`]. An answer to the very same takes the place of the one
    /// that is there.
    pub exact: Fingerprint,
    /// As in [`Lookup`]; without, the answer is found for the very same only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// What is to be given again.
    pub answer: Answer,
    /// Seconds until it is forgotten; `None` for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<NonZeroU64>,
    /// The most answers of the scope, of which the oldest make room; `None` for
    /// as many as the sidecar keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_entries: Option<NonZeroUsize>,
}

/// What a prompt is like; bytes in base64.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Its embedding: 32-bit numbers, little-endian.
    #[serde(serialize_with = "to_base64", deserialize_with = "embedding")]
    pub embedding: Embedding,
    /// Its words: [`Wording::to_bytes`].
    #[serde(serialize_with = "words_to_base64", deserialize_with = "words")]
    pub words: Wording,
}

/// Bytes that mean something to the filter only; base64 in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer(pub Vec<u8>);

/// What a [`Lookup`] found: the body of 200.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Found {
    /// An answer.
    Hit {
        /// What was left.
        answer: Answer,
        /// The cosine of the prompts; 1 for the very same.
        similarity: f64,
        /// Seconds since it was left.
        age_seconds: u64,
    },
    /// None.
    Miss {
        /// Why it could not be looked for, if so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
}

/// What became of a [`Store`]: the body of 200.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Why the answer was not kept, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Why the backend did not do it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// There is no connection.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// It answered with an error.
    Refused,
    /// What it answered could not be opened.
    Unreadable,
    /// What a later sidecar says.
    #[serde(other)]
    Other,
}

impl Failure {
    /// Its name in JSON and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Other => "other",
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match from_base64(deserializer)? {
            bytes if bytes.len() > MAX_ANSWER_BYTES => Err(D::Error::custom(format!(
                "{} bytes, more than {MAX_ANSWER_BYTES}",
                bytes.len()
            ))),
            bytes => Ok(Self(bytes)),
        }
    }
}

fn to_base64<S: Serializer>(embedding: &Embedding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(embedding.to_bytes()))
}

fn embedding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Embedding, D::Error> {
    let bytes = from_base64(deserializer)?;
    Embedding::from_bytes(&bytes).map_err(D::Error::custom)
}

fn words_to_base64<S: Serializer>(words: &Wording, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(words.to_bytes()))
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Wording, D::Error> {
    let bytes = from_base64(deserializer)?;
    let words = Wording::from_bytes(&bytes).ok_or_else(|| D::Error::custom("no list of words"))?;
    match words.len() {
        count if count > MAX_WORDS => {
            Err(D::Error::custom(format!("{count} words, more than {MAX_WORDS}")))
        }
        _ => Ok(words),
    }
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(|error| D::Error::custom(format!("no base64: {error}")))
}

fn fraction<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match f64::deserialize(deserializer)? {
        number if (0.0..=1.0).contains(&number) => Ok(number),
        number => Err(D::Error::custom(format!("{number} is not between 0 and 1"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> Store {
        Store {
            scope: Fingerprint([1; 32]),
            exact: Fingerprint([0xab; 32]),
            prompt: Some(Prompt {
                embedding: Embedding::new(vec![0.0, 1.0]).unwrap(),
                words: Wording::of("boil"),
            }),
            answer: Answer(b"{}".to_vec()),
            ttl_seconds: NonZeroU64::new(60),
            max_entries: None,
        }
    }

    #[test]
    fn requests_are_what_the_documentation_says() {
        let words = STANDARD.encode(Wording::of("boil").to_bytes());
        let expected = json!({
            "scope": "01".repeat(32),
            "exact": "ab".repeat(32),
            "prompt": {"embedding": "AAAAAAAAgD8=", "words": words},
            "answer": "e30=",
            "ttl_seconds": 60,
        });
        assert_eq!(json!(store()), expected);
        assert_eq!(serde_json::from_value::<Store>(expected).unwrap(), store());
    }

    #[test]
    fn replies_are_what_the_documentation_says() {
        let hit = Found::Hit { answer: Answer(b"{}".to_vec()), similarity: 1.0, age_seconds: 3 };
        let miss = |error| Found::Miss { error };
        for (found, expected) in [
            (hit, json!({"result": "hit", "answer": "e30=", "similarity": 1.0, "age_seconds": 3})),
            (miss(None), json!({"result": "miss"})),
            (miss(Some(Failure::Timeout)), json!({"result": "miss", "error": "timeout"})),
        ] {
            assert_eq!(json!(found), expected);
            assert_eq!(serde_json::from_value::<Found>(expected).unwrap(), found);
        }
        let later = json!({"result": "miss", "error": "a reason of a later version"});
        assert_eq!(serde_json::from_value::<Found>(later).unwrap(), miss(Some(Failure::Other)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (key, value, expected) in [
            ("scope", json!("01"), "not 64 hexadecimal digits"),
            ("exact", json!("zz".repeat(32)), "not 64 hexadecimal digits"),
            ("answer", json!("e3"), "no base64"),
            ("ttl_seconds", json!(-1), "expected a nonzero u64"),
            ("max_entries", json!(0), "expected a nonzero usize"),
            ("prompt", json!({"embedding": "AA==", "words": ""}), "1 bytes are no list"),
            ("prompt", json!({"embedding": "AAAAAA==", "words": ""}), "have no direction"),
            ("prompt", json!({"embedding": "AACAPw==", "words": "AA=="}), "no list of words"),
            ("threshold", json!(0.5), "unknown field `threshold`"),
        ] {
            let mut body = json!(store());
            body[key] = value;
            let error = serde_json::from_value::<Store>(body).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} is not {expected}");
        }
        let lookup = json!({"scope": "01".repeat(32), "exact": "01".repeat(32), "threshold": 1.5});
        let error = serde_json::from_value::<Lookup>(lookup).unwrap_err().to_string();
        assert!(error.contains("1.5 is not between 0 and 1"), "{error}");
    }
}
