//! The stage of the cache: whether there is an answer already.

use std::rc::Rc;

use super::here::Here;
use super::judge::DEFAULT_THRESHOLD;
use super::remote::Prompt;
use super::sought::Sought;
use super::{Answers, Cache, Caller, Embedding, Pending, Question, seconds};
use crate::classify::{Budget, Classifiers, ClassifyError, Wording};
use crate::clock::UnixNanos;
use crate::config::{CachePolicy, Config};
use crate::decision::Decided;
use crate::hex;
use crate::openai::{ChatRequest, replay};
use crate::pipeline::Reply;
use crate::route::Selection;
use crate::stage::Outcome;

/// What a lookup came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// A name for the question, which tells nothing of it.
    pub key: String,
    /// The least cosine that counts, from 0 to 1.
    pub threshold: f64,
    /// The answer, if there is one.
    pub hit: Option<Hit>,
    /// What is to be kept of the answer that the engine will give; `None` where
    /// none is.
    pub pending: Option<Pending>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The completion, as JSON.
    pub answer: Rc<str>,
    /// The cosine of the prompts; 1 for the very same.
    pub similarity: f64,
}

/// What the stage is given.
#[derive(Clone, Copy)]
pub struct Asked<'r> {
    /// The configuration.
    pub config: &'r Config,
    /// Who makes embeddings.
    pub classifiers: &'r Classifiers,
    /// Who asks.
    pub caller: &'r Caller,
    /// The request.
    pub request: &'r ChatRequest<'r>,
    /// What came of the decisions.
    pub decided: &'r Decided<'r>,
    /// The model that the request would go to.
    pub selection: &'r Selection<'r>,
}

/// What comes of looking for an answer.
#[derive(Debug)]
pub enum Search {
    /// It is over.
    Over(Outcome<Looked>),
    /// The sidecar is to be asked.
    Asks(Sought),
}

/// Looks for an answer.
///
/// # Errors
/// The prompt's embedding cannot be had.
pub fn look_up(
    cache: &Cache,
    asked: &Asked<'_>,
    budget: &Budget<'_>,
    now: UnixNanos,
) -> Result<Search, ClassifyError> {
    let question = match question(cache, asked) {
        Ok(question) => question,
        Err(reason) => return Ok(Search::Over(Outcome::Skipped(reason))),
    };
    let looked = Looked {
        key: cache.name(&question),
        threshold: threshold(asked),
        hit: None,
        pending: None,
    };
    let embed = |question: &Question| match &question.text {
        Some(text) => prompt(asked.classifiers, text, budget).map(Some),
        None => Ok(None),
    };
    let control = asked.caller.control;
    match &cache.answers {
        Answers::Here { store, ring } => {
            cache.learn(seconds(now));
            let here = Here { cache, store: &store.borrow(), ring: &ring.borrow(), control };
            here.find(question, looked, embed, seconds(now)).map(Search::Over)
        }
        Answers::Away(_) => {
            let prompt = embed(&question)?;
            let looked = Looked { pending: Some(Pending { question, prompt }), ..looked };
            // Whoever wants a new answer need not wait for an old one.
            Ok(if control.accepts(0) {
                Search::Asks(Sought::new(looked, control))
            } else {
                Search::Over(Outcome::Ran(looked))
            })
        }
    }
}

/// An answer in the form that a request wants.
#[must_use]
pub fn reply(hit: &Hit, request: &ChatRequest<'_>) -> Option<Reply> {
    let form = request.form();
    Some(Reply {
        status: 200,
        body: replay(&hit.answer, form)?,
        content_type: form.content_type(),
        headers: vec![("x-vsr-cache-hit", "true".to_owned())],
        details: "cache_hit",
    })
}

/// The question that a request asks, or why it asks none.
fn question(cache: &Cache, asked: &Asked<'_>) -> Result<Question, &'static str> {
    if asked.config.filter.mode.observes() {
        return Err("observe");
    }
    if policies(asked).any(|policy| !policy.enabled) {
        return Err("disabled_by_decision");
    }
    if asked.caller.control.no_store {
        return Err("no_store");
    }
    Question::of(&cache.keys.answers, asked.caller, asked.request, asked.selection)
}

/// What decisions say of the cache: where a signal has failed, every decision
/// that the request may be one of.
fn policies(asked: &Asked<'_>) -> impl Iterator<Item = CachePolicy> {
    asked.decided.possible().filter_map(|decision| decision?.cache)
}

/// The highest threshold of a decision, else the cache's, else the default.
fn threshold(asked: &Asked<'_>) -> f64 {
    let general = asked.config.semantic_cache.as_ref().and_then(|cache| cache.threshold);
    let own = policies(asked).filter_map(|policy| policy.threshold).reduce(f64::max);
    own.or(general).unwrap_or(DEFAULT_THRESHOLD)
}

impl Cache {
    /// A name of a question for those who may not know what was asked.
    fn name(&self, question: &Question) -> String {
        let name = self.keys.names.digest("name").with(&question.exact.0).finish();
        hex::encode(name.0.get(..8).unwrap_or_default())
    }
}

fn prompt(
    classifiers: &Classifiers,
    text: &str,
    budget: &Budget<'_>,
) -> Result<Prompt, ClassifyError> {
    let embedding = Embedding::new(classifiers.embedding(text, budget)?)
        .map_err(|error| ClassifyError::Model(error.to_string()))?;
    Ok(Prompt { embedding, words: Wording::of(text) })
}
