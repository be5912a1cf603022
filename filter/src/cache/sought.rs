//! A lookup in the sidecar.

use super::remote::{Failure, Found, Lookup};
use super::{Control, Hit, Looked, Pending};
use crate::config::Config;
use crate::stage::{self, Outcome};

/// What the sidecar is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    /// As if nothing had been found.
    looked: Looked,
    control: Control,
}

impl Sought {
    /// Seeks what was `looked` for and not found yet.
    #[must_use]
    pub fn new(looked: Looked, control: Control) -> Self {
        Self { looked, control }
    }

    /// The body of a request to [`LOOKUP_PATH`](super::remote::LOOKUP_PATH).
    #[must_use]
    pub fn to_body(&self) -> Vec<u8> {
        let lookup = self.looked.pending.clone().map(|Pending { question, prompt }| Lookup {
            scope: question.scope,
            exact: question.exact,
            prompt,
            threshold: self.looked.threshold,
        });
        serde_json::to_vec(&lookup).unwrap_or_default()
    }

    /// What the answer to that comes to; status 0 where nobody answered.
    #[must_use]
    pub fn found(self, config: &Config, (status, body): (u32, &[u8])) -> Outcome<Looked> {
        let Self { mut looked, control } = self;
        match answer(status, body) {
            Ok(Found::Hit { answer, similarity, age_seconds }) if control.accepts(age_seconds) => {
                let Ok(answer) = String::from_utf8(answer.0) else {
                    return failed(config, Failure::Unreadable);
                };
                looked.pending = None;
                looked.hit = Some(Hit { answer: answer.into(), similarity });
                Outcome::Ran(looked)
            }
            Ok(Found::Miss { error: Some(failure) }) | Err(failure) => failed(config, failure),
            Ok(Found::Hit { .. } | Found::Miss { .. }) => Outcome::Ran(looked),
        }
    }
}

/// What the sidecar answered, or the proxy in its place.
fn answer(status: u32, body: &[u8]) -> Result<Found, Failure> {
    match status {
        200 => serde_json::from_slice(body).map_err(|_| Failure::Unreadable),
        504 => Err(Failure::Timeout),
        0 | 502 | 503 => Err(Failure::Unavailable),
        _ => Err(Failure::Refused),
    }
}

fn failed(config: &Config, failure: Failure) -> Outcome<Looked> {
    let reason = match failure {
        Failure::Unavailable => "cache_unavailable",
        Failure::Timeout => "cache_timeout",
        Failure::Refused => "cache_refused",
        Failure::Unreadable => "cache_unreadable",
        Failure::Other => "cache_failed",
    };
    Outcome::Failed(stage::Failure {
        reason,
        message: "the cache could not be asked".to_owned(),
        status: 503,
        policy: config.effective(config.filter.on_error.cache),
        coverage: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Fingerprint, Question};
    use super::*;
    use crate::cache::remote::Answer;
    use crate::config;

    fn sought(max_age: Option<u64>) -> Sought {
        let print = Fingerprint([1; 32]);
        let question = Question { scope: print, exact: print, text: None };
        let pending = Some(Pending { question, prompt: None });
        let looked = Looked { key: "k".to_owned(), threshold: 0.8, hit: None, pending };
        Sought::new(looked, Control { max_age, ..Control::default() })
    }

    fn found(max_age: Option<u64>, status: u32, body: &[u8]) -> Outcome<Looked> {
        let (config, _) = config::load("default_model: a").unwrap();
        sought(max_age).found(&config, (status, body))
    }

    fn hit(age_seconds: u64) -> Vec<u8> {
        let answer = Answer(b"{}".to_vec());
        serde_json::to_vec(&Found::Hit { answer, similarity: 0.9, age_seconds }).unwrap()
    }

    #[test]
    fn a_question_is_what_the_sidecar_understands() {
        let lookup: Lookup = serde_json::from_slice(&sought(None).to_body()).unwrap();
        assert_eq!((lookup.scope, lookup.prompt), (Fingerprint([1; 32]), None));
    }

    #[test]
    fn an_answer_is_a_hit_unless_it_is_too_old() {
        let looked = |outcome| match outcome {
            Outcome::Ran(Looked { hit, pending, .. }) => (hit.is_some(), pending.is_some()),
            other => panic!("{other:?}"),
        };
        assert_eq!(looked(found(None, 200, &hit(70))), (true, false));
        assert_eq!(looked(found(Some(60), 200, &hit(70))), (false, true));
        assert_eq!(looked(found(None, 200, br#"{"result":"miss"}"#)), (false, true));
    }

    #[test]
    fn a_sidecar_that_does_not_know_is_a_failure() {
        for (status, body, reason) in [
            (0, &b""[..], "cache_unavailable"),
            (503, b"upstream connect error", "cache_unavailable"),
            (504, b"upstream request timeout", "cache_timeout"),
            (400, b"{}", "cache_refused"),
            (200, b"{", "cache_unreadable"),
            (200, br#"{"result":"miss","error":"timeout"}"#, "cache_timeout"),
            (200, br#"{"result":"miss","error":"shy"}"#, "cache_failed"),
            (
                200,
                br#"{"result":"hit","answer":"/w==","similarity":1,"age_seconds":1}"#,
                "cache_unreadable",
            ),
        ] {
            assert_eq!(found(None, status, body).reason(), Some(reason), "{status}");
        }
    }
}
