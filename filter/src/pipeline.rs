//! The stages of a request in order: request in, verdict out. No I/O.
//!
//! A stage gets what it needs as arguments and gives back its outcome with its
//! time; none reaches into another. Whatever a stage cannot do follows the
//! configured policy and is visible in its outcome.

use std::rc::Rc;

use crate::classify::{Category, CategoryClassifier, ClassifyError};
use crate::clock::{Clock, UnixNanos};
use crate::config::{Config, Endpoint, Mode, OnUnclassified};
use crate::decision;
use crate::headers::{HeaderEdit, is_header_safe};
use crate::openai::{self, Body, BodyError, ChatRequest, Edit, Splice};
use crate::route::{self, Injection, Selection};
use crate::signal::{Domain, Signals};
use crate::stage::{Failure, Outcome, Stage};

/// The header that names the endpoint to Envoy.
pub const ENDPOINT_HEADER: &str = "x-vsr-destination-endpoint";
/// The header that names the model to Envoy.
pub const MODEL_HEADER: &str = "x-selected-model";

/// Gives the category classifier, loaded when it is first asked for.
pub type LoadClassifier = fn() -> Result<Rc<CategoryClassifier>, ClassifyError>;

/// What decides on requests.
pub struct Router {
    /// Its configuration.
    pub config: Config,
    /// Its category classifier.
    pub classifier: LoadClassifier,
}

/// The stages that a request went through, and the verdict.
#[derive(Debug)]
pub struct Run<'a> {
    /// The category of the prompt.
    pub classification: Stage<Category>,
    /// The model. `None`, as what follows, where the request was not read.
    pub routing: Option<Stage<Selection<'a>>>,
    /// The endpoint.
    pub backend: Option<Stage<&'a Endpoint>>,
    /// The system prompt.
    pub system_prompt: Option<Stage<Injection>>,
    /// The end user, as the request names it.
    pub user: Option<String>,
    /// What is to happen.
    pub verdict: Verdict,
}

/// What is to happen with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, changed as told.
    Route {
        /// The body, where it is another.
        body: Option<String>,
        /// Changes of its headers.
        headers: Vec<HeaderEdit>,
    },
    /// It is answered.
    Reply(Reply),
}

/// An answer that the router gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its HTTP status.
    pub status: u32,
    /// Its body, JSON.
    pub body: String,
    /// What the proxy's log says of it.
    pub details: &'static str,
}

/// Takes a request through all stages.
#[must_use]
pub fn run<'a>(router: &'a Router, body: &[u8], clock: &dyn Clock) -> Run<'a> {
    let config = &router.config;
    let received = clock.now();
    let request = match Body::parse(body) {
        Ok(Body::Chat(request)) => request,
        Ok(Body::Other) => return Run::not_chat(received, clock),
        Err(error) => return Run::unread(unreadable(config, &error), received, clock),
    };

    let classification = Stage::run(clock, || classify(router, &request));
    if let Outcome::Failed(failure) = &classification.outcome
        && failure.policy == OnUnclassified::Reject
    {
        let verdict = Verdict::Reply(refusal(failure));
        return Run::ended(classification, verdict);
    }
    let domain = classification.result().map(|category| Domain(category.label.clone()));
    let signals = Signals { domain };

    let routing = Stage::run(clock, || {
        let found = decision::decide(config, &signals);
        Outcome::Ran(route::select(config, &request.model, found))
    });
    let backend = Stage::run(clock, || endpoint(config, &routing));
    let mut edits = model_edits(&routing, &request);
    let system_prompt = Stage::run(clock, || inject(config, &routing, &request, &mut edits));

    let verdict = match config.filter.mode {
        Mode::Single => Verdict::Route {
            body: (!edits.is_empty()).then(|| openai::splice(request.source, edits)),
            headers: routing_headers(&routing, &backend),
        },
        Mode::Observe => Verdict::UNCHANGED,
    };
    Run {
        user: request.user().map(Into::into),
        verdict,
        classification,
        routing: Some(routing),
        backend: Some(backend),
        system_prompt: Some(system_prompt),
    }
}

/// A request whose body was not read, because of `failure`.
#[must_use]
pub fn not_read<'a>(failure: Failure, clock: &dyn Clock) -> Run<'a> {
    Run::unread(failure, clock.now(), clock)
}

impl Verdict {
    /// The request goes on as it is.
    const UNCHANGED: Self = Self::Route { body: None, headers: Vec::new() };
}

impl<'a> Run<'a> {
    fn not_chat(received: UnixNanos, clock: &dyn Clock) -> Self {
        let outcome = Outcome::Skipped("not_a_chat_request");
        let stage = Stage { started: received, ended: clock.now(), outcome };
        Self::ended(stage, Verdict::UNCHANGED)
    }

    fn unread(failure: Failure, received: UnixNanos, clock: &dyn Clock) -> Self {
        let verdict = match failure.policy {
            OnUnclassified::Pass => Verdict::UNCHANGED,
            OnUnclassified::Reject => Verdict::Reply(refusal(&failure)),
        };
        let outcome = Outcome::Failed(failure);
        Self::ended(Stage { started: received, ended: clock.now(), outcome }, verdict)
    }

    fn ended(classification: Stage<Category>, verdict: Verdict) -> Self {
        Self {
            classification,
            routing: None,
            backend: None,
            system_prompt: None,
            user: None,
            verdict,
        }
    }

    /// The selection, where there is one.
    #[must_use]
    pub fn selection(&self) -> Option<&Selection<'a>> {
        self.routing.as_ref()?.result()
    }
}

fn unreadable(config: &Config, error: &BodyError) -> Failure {
    Failure {
        reason: error.reason(),
        message: error.to_string(),
        status: 400,
        policy: config.on_unclassified(),
    }
}

fn refusal(failure: &Failure) -> Reply {
    Reply {
        status: failure.status,
        body: openai::error_body(failure.status, &failure.message),
        details: failure.reason,
    }
}

fn classify(router: &Router, request: &ChatRequest<'_>) -> Outcome<Category> {
    let config = &router.config;
    if !config.classify_category {
        return Outcome::Skipped("not_configured");
    }
    let prompt = request.prompt();
    if prompt.is_empty() {
        return Outcome::Skipped("no_text");
    }
    match (router.classifier)().and_then(|classifier| classifier.classify(&prompt)) {
        Ok(category) => Outcome::Ran(category),
        Err(error) => {
            log::error!("category classifier: {error}");
            Outcome::Failed(Failure {
                reason: "classifier_failed",
                message: "the prompt could not be classified".to_owned(),
                status: 503,
                policy: config.on_unclassified(),
            })
        }
    }
}

fn endpoint<'a>(config: &'a Config, routing: &Stage<Selection<'a>>) -> Outcome<&'a Endpoint> {
    let chosen = routing
        .result()
        .and_then(|selection| route::choose_endpoint(config, &selection.base_model));
    chosen.map_or(Outcome::Skipped("no_endpoint_configured"), Outcome::Ran)
}

fn inject(
    config: &Config,
    routing: &Stage<Selection<'_>>,
    request: &ChatRequest<'_>,
    edits: &mut Vec<Splice>,
) -> Outcome<Injection> {
    let Some(selection) = routing.result() else { return Outcome::Skipped("not_routed") };
    let Some(prompt) = selection.system_prompt else {
        return Outcome::Skipped(match (selection.strategy, selection.decision) {
            (route::RoutingStrategy::Specified, _) => "model_specified",
            (route::RoutingStrategy::Auto, None) => "no_decision_matched",
            (route::RoutingStrategy::Auto, Some(_)) => "no_system_prompt",
        });
    };
    if config.filter.mode == Mode::Observe {
        return Outcome::Skipped("observe");
    }
    edits.extend(route::inject(prompt, request));
    Outcome::Ran(Injection { mode: prompt.mode })
}

/// The model and the reasoning mode, as replacements in the body.
fn model_edits(routing: &Stage<Selection<'_>>, request: &ChatRequest<'_>) -> Vec<Splice> {
    let Some(selection) = routing.result() else { return Vec::new() };
    let mut body = Edit::of(&request.object);
    let mut nested = Vec::new();
    if selection.model != selection.original_model {
        body.set("model", openai::encode_string(&selection.model));
    }
    if let Some(reasoning) = &selection.reasoning {
        nested = route::edit_reasoning(reasoning, &request.object, request.source, &mut body);
    }
    nested.extend(body.splices(request.source));
    nested
}

/// What Envoy routes by. A name that cannot stand in a header is left out, and
/// the request takes the route without it.
fn routing_headers(routing: &Stage<Selection<'_>>, backend: &Stage<&Endpoint>) -> Vec<HeaderEdit> {
    let mut headers = Vec::new();
    let model = routing.result().map(|selection| selection.model.as_str());
    if let Some(model) = model.filter(|model| is_header_safe(model)) {
        headers.push(HeaderEdit::set(MODEL_HEADER, model));
    }
    if let Some(endpoint) = backend.result() {
        headers.push(HeaderEdit::set(ENDPOINT_HEADER, endpoint.authority()));
    }
    // So that the answer can be read on its way.
    headers.push(HeaderEdit::set("accept-encoding", "identity"));
    headers
}
