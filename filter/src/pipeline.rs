//! The stages of a request in order: request in, verdict out. No I/O.
//!
//! A stage gets what it needs as arguments and gives back its outcome with its
//! time; none reaches into another. Whatever a stage cannot do follows the
//! configured policy and is visible in its outcome.

use std::rc::Rc;

use crate::cache::{self, Cache, Caller, Looked, Search, Sought};
use crate::classify::{Budget, Category, Classifiers, Questions};
use crate::clock::{Clock, UnixNanos};
use crate::config::{Config, Decision, Endpoint, OnError};
use crate::decision::{self, Decided};
use crate::headers::{ENDPOINT_HEADER, HeaderEdit, MODEL_HEADER, is_header_safe};
use crate::openai::{self, Body, BodyError, ChatRequest, CompletionRequest, Edit, Splice};
use crate::route::{self, Injection, Selection};
use crate::security::{self, Jailbreak, Pii};
use crate::signal::{Rules, Signals};
use crate::stage::{Failure, Outcome, Stage, Unread};

/// What decides on requests.
pub struct Router {
    /// Its configuration.
    pub config: Config,
    /// Its classifiers.
    pub classifiers: Rc<Classifiers>,
    /// What its decisions ask for.
    pub rules: Rules,
    /// Its cache, where it has one.
    pub cache: Option<Rc<Cache>>,
}

impl Router {
    /// A router with this configuration, and without a cache.
    #[must_use]
    pub fn new(config: Config, classifiers: Rc<Classifiers>) -> Self {
        Self { rules: Rules::of(&config), cache: None, config, classifiers }
    }

    /// Loads what requests will need: that is no part of what one of them may
    /// spend.
    fn load(&self) {
        let Self { config, classifiers, rules, cache } = self;
        let [category, jailbreak, pii] = classifiers.bundled();
        if (category && config.classify_category)
            || (jailbreak && config.prompt_guard.is_some())
            || (pii && config.detects_pii())
            || rules.reads()
            || cache.is_some()
        {
            // Whoever needs it is told what is wrong with it.
            let _ = classifiers.encoder();
        }
    }
}

/// The stages that a request went through, and the verdict.
#[derive(Debug)]
pub struct Run<'a> {
    /// When it began.
    pub started: UnixNanos,
    /// The category of the prompt.
    pub classification: Stage<Category>,
    /// What decisions ask for besides the category. `None` where they ask for
    /// nothing else.
    pub evaluation: Option<Stage<()>>,
    /// All that they ask for.
    pub signals: Signals,
    /// Attacks on the model. `None` where no guard is configured.
    pub jailbreak: Option<Stage<Jailbreak>>,
    /// Personal data. `None` where no decision asks for it.
    pub pii: Option<Stage<Pii>>,
    /// Whether there was an answer already. `None` where no cache is configured.
    pub cache: Option<Stage<Looked>>,
    /// The model. `None`, as what follows, where the request was not read.
    pub routing: Option<Stage<Selection<'a>>>,
    /// The endpoint.
    pub backend: Option<Stage<&'a Endpoint>>,
    /// The system prompt.
    pub system_prompt: Option<Stage<Injection>>,
    /// The model that the client named. `None` where the request was not read
    /// as a chat.
    pub model: Option<String>,
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
    /// Its body.
    pub body: String,
    /// What it is.
    pub content_type: &'static str,
    /// Its other headers.
    pub headers: Vec<(&'static str, String)>,
    /// What the proxy's log says of it.
    pub details: &'static str,
}

impl Reply {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u32, body: String, details: &'static str) -> Self {
        Self { status, body, content_type: "application/json", headers: Vec::new(), details }
    }

    /// The answer to a request for which a stage could not do its work, where
    /// that is the policy.
    #[must_use]
    pub fn refusal(failure: &Failure) -> Self {
        let body = openai::error_body(failure.status, &failure.message);
        Self::json(failure.status, body, failure.reason)
    }
}

/// How far a request has come.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a request, on the stack")]
pub enum Progress<'a> {
    /// Through all stages.
    Done(Run<'a>),
    /// To the cache, which the sidecar is to be asked for.
    Waits(Paused),
}

/// The stages that a request went through before it had to wait.
#[derive(Debug)]
pub struct Paused {
    started: UnixNanos,
    model: Option<String>,
    classification: Stage<Category>,
    evaluation: Option<Stage<()>>,
    signals: Signals,
    jailbreak: Option<Stage<Jailbreak>>,
    pii: Option<Stage<Pii>>,
    user: Option<String>,
    since: UnixNanos,
    /// What it waits for.
    pub sought: Sought,
}

/// What a request is run with besides its body.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// Who sent it.
    pub caller: &'a Caller,
    /// Any number, each as likely.
    pub random: u64,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// Takes a request through all stages, or to where it must wait.
#[must_use]
pub fn run<'a>(router: &'a Router, body: &[u8], arrival: &Arrival<'_>) -> Progress<'a> {
    let clock = arrival.clock;
    let config = &router.config;
    let received = clock.now();
    Progress::Done(match Body::parse(body) {
        Ok(Body::Chat(request)) => return chat(router, &request, arrival),
        Ok(Body::Completion(request)) => complete(router, &request, received, clock),
        Ok(Body::Other) => Run::not_chat(config, received, clock),
        Err(error) => Run::unread(config, &unreadable(&error), received, clock),
    })
}

/// Takes a request on that waited for the sidecar, once that has answered, or
/// nobody has (status 0).
#[must_use]
pub fn resume<'a>(
    router: &'a Router,
    body: &[u8],
    paused: Paused,
    answer: (u32, &[u8]),
    arrival: &Arrival<'_>,
) -> Run<'a> {
    let clock = arrival.clock;
    let config = &router.config;
    let since = paused.since;
    match Body::parse(body) {
        Ok(Body::Chat(request)) => {
            let run = paused.resumed(config, answer, clock);
            let decided = decision::decide(config, &run.signals);
            conclude(router, &request, &decided, run, arrival)
        }
        // It was a chat before.
        Ok(Body::Completion(_) | Body::Other) => Run::not_chat(config, since, clock),
        Err(error) => Run::unread(config, &unreadable(&error), since, clock),
    }
}

/// A chat, up to what the cache says.
fn chat<'a>(router: &'a Router, request: &ChatRequest<'_>, arrival: &Arrival<'_>) -> Progress<'a> {
    let clock = arrival.clock;
    let received = clock.now();
    let config = &router.config;
    router.load();
    let budget = Budget::new(clock, config.filter.inference.budget_ms);
    let prompt = request.prompt();
    let classification = Stage::run(clock, || classify(router, &prompt, &budget));
    let mut run = Run::of(classification, Verdict::UNCHANGED);
    run.started = received;
    run.model = Some(request.model.clone().into_owned());
    run.user = request.user().map(Into::into);
    if let Some(failure) = run.classification.refused() {
        let reply = Reply::refusal(failure);
        return Progress::Done(run.answered(Some(reply)));
    }
    (run.signals, run.evaluation) = evaluate(router, &prompt, &run.classification, &budget, clock);
    if let Some(failure) = run.evaluation.as_ref().and_then(Stage::refused) {
        let reply = Reply::refusal(failure);
        return Progress::Done(run.answered(Some(reply)));
    }
    let decided = decision::decide(config, &run.signals);
    let decision = decided.decision();

    let texts = || request.texts_of(&config.filter.inference.jailbreak.scan);
    run.jailbreak = security::detect_jailbreak(router, &decided, texts, &budget, clock);
    let wanted = request.wanted();
    if let Some(reply) = security::blocked_jailbreak(config, run.jailbreak.as_ref(), wanted) {
        return Progress::Done(run.answered(Some(reply)));
    }
    run.pii = if decided.undecided.iter().any(|decision| decision.pii.is_some()) {
        Some(security::undecided_pii(config, clock))
    } else {
        let texts = || request.texts_of(&config.filter.inference.pii.scan);
        security::detect_pii(router, decision, texts, &budget, clock)
    };
    if let Some(reply) = security::blocked_pii(config, run.pii.as_ref(), decision, wanted) {
        return Progress::Done(run.answered(Some(reply)));
    }

    let began = clock.now();
    run.cache = match look_up(router, request, arrival, &decided, &budget) {
        Some(Search::Asks(sought)) => return Progress::Waits(run.pause(began, sought)),
        Some(Search::Over(outcome)) => Some(Stage { started: began, ended: clock.now(), outcome }),
        None => None,
    };
    Progress::Done(conclude(router, request, &decided, run, arrival))
}

/// A chat, from what the cache says to the verdict.
fn conclude<'a>(
    router: &'a Router,
    request: &ChatRequest<'_>,
    decided: &Decided<'a>,
    mut run: Run<'a>,
    arrival: &Arrival<'_>,
) -> Run<'a> {
    let clock = arrival.clock;
    let config = &router.config;
    if let Some(reply) = run.cache.as_ref().and_then(|stage| cached(stage, request)) {
        return run.answered(Some(reply));
    }
    let found = decided.found.as_ref();
    let routing = Stage::run(clock, || Outcome::Ran(route::select(config, &request.model, found)));
    let backend = Stage::run(clock, || endpoint(config, &routing, arrival.random));
    let mut edits = model_edits(&routing, request);
    let system_prompt = Stage::run(clock, || inject(config, &routing, request, &mut edits));

    if !config.filter.mode.observes() {
        run.verdict = Verdict::Route {
            body: (!edits.is_empty()).then(|| openai::splice(request.source, edits)),
            headers: request_headers(decided.decision(), &routing, &backend),
        };
    }
    run.routing = Some(routing);
    run.backend = Some(backend);
    run.system_prompt = Some(system_prompt);
    run
}

/// A text completion: what is not a chat goes on as it is, unless the guard
/// sees an attack in it.
fn complete<'a>(
    router: &'a Router,
    request: &CompletionRequest<'_>,
    received: UnixNanos,
    clock: &dyn Clock,
) -> Run<'a> {
    let config = &router.config;
    let mut run = Run::not_chat(config, received, clock);
    router.load();
    let budget = Budget::new(clock, config.filter.inference.budget_ms);
    run.jailbreak = if request.is_opaque {
        security::opaque_prompt(config, clock)
    } else {
        let texts = || request.texts_of(&config.filter.inference.jailbreak.scan);
        security::detect_jailbreak(router, &Decided::default(), texts, &budget, clock)
    };
    let reply = security::blocked_jailbreak(config, run.jailbreak.as_ref(), request.wanted());
    run.answered(reply)
}

/// What is to be asked of classifiers in the sidecar before a request is run;
/// `None` where nothing is, or nothing any more.
#[must_use]
pub fn questions(router: &Router, body: &[u8]) -> Option<Questions> {
    let (config, classifiers) = (&router.config, &router.classifiers);
    if !classifiers.asks_sidecar() {
        return None;
    }
    let inference = &config.filter.inference;
    let mut questions = Questions::default();
    let request = match Body::parse(body) {
        Ok(Body::Chat(request)) => request,
        Ok(Body::Completion(request)) if config.prompt_guard.is_some() => {
            questions.jailbreak = request.texts_of(&inference.jailbreak.scan);
            return classifiers.questions(questions);
        }
        Ok(Body::Completion(_) | Body::Other) | Err(_) => return None,
    };
    if config.classify_category {
        questions.category.extend(Some(request.prompt()).filter(|prompt| !prompt.is_empty()));
    }
    if config.prompt_guard.is_some() {
        questions.jailbreak = request.texts_of(&inference.jailbreak.scan);
    }
    if config.detects_pii() {
        questions.pii = request.texts_of(&inference.pii.scan);
    }
    classifiers.questions(questions)
}

/// A request whose body was not read.
#[must_use]
pub fn not_read<'a>(config: &Config, unread: &Unread, clock: &dyn Clock) -> Run<'a> {
    Run::unread(config, unread, clock.now(), clock)
}

impl Verdict {
    /// The request goes on as it is.
    const UNCHANGED: Self = Self::Route { body: None, headers: Vec::new() };
}

impl<'a> Run<'a> {
    fn not_chat(config: &Config, started: UnixNanos, clock: &dyn Clock) -> Self {
        let times = (started, clock.now());
        let reason = "not_a_chat_request";
        let mut run = Self::of(Stage::skipped(reason, times), Verdict::UNCHANGED);
        run.jailbreak = config.prompt_guard.as_ref().map(|_| Stage::skipped(reason, times));
        run
    }

    /// Every stage that had to look at the body has failed, and follows its own
    /// policy.
    fn unread(config: &Config, unread: &Unread, received: UnixNanos, clock: &dyn Clock) -> Self {
        let OnError { guard, pii, .. } = config.filter.on_error;
        let times = (received, clock.now());
        let failure = |policy| unread.failure(config.effective(policy));
        let classification = Stage::failed(failure(config.filter.on_unclassified), times);
        let mut run = Self::of(classification, Verdict::UNCHANGED);
        run.jailbreak = config.prompt_guard.as_ref().map(|_| Stage::failed(failure(guard), times));
        run.pii = config.detects_pii().then(|| Stage::failed(failure(pii), times));
        let refused = run.classification.refused();
        let refused = refused.or_else(|| run.jailbreak.as_ref()?.refused());
        let reply = refused.or_else(|| run.pii.as_ref()?.refused()).map(Reply::refusal);
        run.answered(reply)
    }

    fn of(classification: Stage<Category>, verdict: Verdict) -> Self {
        Self {
            started: classification.started,
            classification,
            evaluation: None,
            signals: Signals::default(),
            jailbreak: None,
            pii: None,
            cache: None,
            routing: None,
            backend: None,
            system_prompt: None,
            model: None,
            user: None,
            verdict,
        }
    }

    /// Answered, where there is an answer.
    fn answered(self, reply: Option<Reply>) -> Self {
        match reply {
            Some(reply) => Self { verdict: Verdict::Reply(reply), ..self },
            None => self,
        }
    }

    /// What it is until the sidecar has answered.
    fn pause(self, since: UnixNanos, sought: Sought) -> Paused {
        let Self { started, model, classification, evaluation, .. } = self;
        let Self { signals, jailbreak, pii, user, .. } = self;
        Paused {
            started,
            model,
            classification,
            evaluation,
            signals,
            jailbreak,
            pii,
            user,
            since,
            sought,
        }
    }

    /// Whether the cache had an answer; `None` where it was not looked for.
    #[must_use]
    pub fn cache_hit(&self) -> Option<bool> {
        Some(self.cache.as_ref()?.result()?.hit.is_some())
    }

    /// The selection, where there is one.
    #[must_use]
    pub fn selection(&self) -> Option<&Selection<'a>> {
        self.routing.as_ref()?.result()
    }
}

impl Paused {
    /// What it is once the sidecar has answered.
    fn resumed<'a>(self, config: &Config, answer: (u32, &[u8]), clock: &dyn Clock) -> Run<'a> {
        let Self { started, model, classification, evaluation, .. } = self;
        let Self { signals, jailbreak, pii, user, since, sought, .. } = self;
        let outcome = sought.found(config, answer);
        let cache = Some(Stage { started: since, ended: clock.now(), outcome });
        let run = Run::of(classification, Verdict::UNCHANGED);
        Run { started, evaluation, signals, jailbreak, pii, cache, model, user, ..run }
    }
}

fn unreadable(error: &BodyError) -> Unread {
    Unread { reason: error.reason(), message: error.to_string(), status: 400 }
}

fn classify(router: &Router, prompt: &str, budget: &Budget<'_>) -> Outcome<Category> {
    let config = &router.config;
    if !config.classify_category {
        return Outcome::Skipped("not_configured");
    }
    if prompt.is_empty() {
        return Outcome::Skipped("no_text");
    }
    match router.classifiers.category(prompt, budget) {
        Ok(category) => Outcome::Ran(category),
        Err(error) => {
            let policy = config.effective(config.filter.on_error.category);
            Outcome::Failed(Failure::of_classifier("category", &error, policy))
        }
    }
}

/// What decisions ask for. A signal that failed follows the policy of
/// classification: routing depends on both.
fn evaluate(
    router: &Router,
    prompt: &str,
    classification: &Stage<Category>,
    budget: &Budget<'_>,
    clock: &dyn Clock,
) -> (Signals, Option<Stage<()>>) {
    let Router { config, classifiers, rules, .. } = router;
    let mut signals = Signals::default();
    let stage = Stage::run(clock, || {
        let category = &classification.outcome;
        let (found, error) = rules.evaluate(config, classifiers, prompt, category, budget);
        signals = found;
        match error {
            Some(error) => {
                let policy = config.effective(config.filter.on_error.category);
                Outcome::Failed(Failure::of_classifier("signal", &error, policy))
            }
            None if prompt.is_empty() => Outcome::Skipped("no_text"),
            None => Outcome::Ran(()),
        }
    });
    (signals, rules.is_more_than_domains().then_some(stage))
}

/// Looks for an answer that serves this request, which is clear of whatever
/// would block it. `None` where no cache is configured.
fn look_up(
    router: &Router,
    request: &ChatRequest<'_>,
    arrival: &Arrival<'_>,
    decided: &Decided<'_>,
    budget: &Budget<'_>,
) -> Option<Search> {
    let Arrival { caller, clock, .. } = *arrival;
    let Router { config, classifiers, cache, .. } = router;
    let cache = cache.as_ref()?;
    let selection = &route::select(config, &request.model, decided.found.as_ref());
    let asked = cache::Asked { config, classifiers, caller, request, decided, selection };
    let search = cache::look_up(cache, &asked, budget, clock.now());
    Some(search.unwrap_or_else(|error| {
        let policy = config.effective(config.filter.on_error.cache);
        Search::Over(Outcome::Failed(Failure::of_classifier("embedding", &error, policy)))
    }))
}

/// The answer that the cache has, or the refusal of a request that is not to go
/// on without having been looked up.
fn cached(stage: &Stage<Looked>, request: &ChatRequest<'_>) -> Option<Reply> {
    let hit = stage.result().and_then(|looked| looked.hit.as_ref());
    let answer = hit.and_then(|hit| cache::reply(hit, request));
    answer.or_else(|| stage.refused().map(Reply::refusal))
}

fn endpoint<'a>(
    config: &'a Config,
    routing: &Stage<Selection<'a>>,
    random: u64,
) -> Outcome<&'a Endpoint> {
    let chosen = routing
        .result()
        .and_then(|selection| route::choose_endpoint(config, &selection.base_model, random));
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
    if config.filter.mode.observes() {
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

/// What the decision says of the headers, and then what Envoy routes by. A name
/// that cannot stand in a header is left out, and the request takes the route
/// without it.
fn request_headers(
    decision: Option<&Decision>,
    routing: &Stage<Selection<'_>>,
    backend: &Stage<&Endpoint>,
) -> Vec<HeaderEdit> {
    let mutation = decision.and_then(|decision| decision.headers.as_ref());
    let mut headers = mutation.map(route::mutate_headers).unwrap_or_default();
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
