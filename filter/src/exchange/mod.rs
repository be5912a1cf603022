//! The life of one exchange, from the request's headers to the end of the
//! stream, as any host may drive it: what happens goes in, what to do comes
//! out, and at the end the spans.

mod encoding;
mod end;
mod measures;
mod request;
mod tracing;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::cache::remote::LOOKUP_PATH;
use crate::cache::{self, Caller, Pending};
use crate::classify::Questions;
use crate::clock::{Clock, UnixNanos};
use crate::headers::{HeaderEdit, Headers, is_header_safe};
use crate::metrics::Metrics;
use crate::openai::{ResponseReader, Unfit};
use crate::pair::Unpaired;
use crate::pipeline::{self, Arrival, Paused, Progress, Reply, Router, Run, Verdict};
use crate::stage::{Stage, Unread};
use crate::trace::{IdSource, Recording};

pub use end::StreamEnd;
use measures::Measures;
use request::Request;
use tracing::Tracing;

/// What exchanges share.
#[derive(Clone)]
pub struct Services {
    /// What decides.
    pub router: Rc<Router>,
    /// Time.
    pub clock: Rc<dyn Clock>,
    /// Identifiers.
    pub ids: Rc<RefCell<dyn IdSource>>,
    /// Where measurements go.
    pub metrics: Rc<dyn Metrics>,
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep its headers until the body is there.
    Hold(Vec<HeaderEdit>),
    /// Let it go on, with these headers and, if given, this body.
    Forward {
        /// Changes of the headers.
        headers: Vec<HeaderEdit>,
        /// The body, where it is another.
        body: Option<String>,
    },
    /// Answer it.
    Reply(Reply),
    /// Keep it until the sidecar has answered this question about it.
    Ask(Inquiry),
}

/// A question to the sidecar: a POST of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Where it goes.
    pub path: &'static str,
    /// What it says.
    pub body: Vec<u8>,
    /// How long the request waits for the answer.
    pub timeout: Duration,
}

/// One exchange.
pub struct Exchange {
    services: Services,
    request: Request,
    tracing: Option<Tracing>,
    measures: Measures,
    received: UnixNanos,
    caller: Caller,
    observing: bool,
    observed: Vec<u8>,
    asked: Option<Questions>,
    /// The request, while it waits for the cache in the sidecar.
    paused: Option<Paused>,
    answer_headers: Vec<HeaderEdit>,
    response: Option<ResponseReader>,
    /// What the cache is to keep of the response.
    pending: Option<Pending>,
    is_chat: bool,
    replied: bool,
}

impl Exchange {
    /// Begins with the request's headers.
    #[must_use]
    pub fn begin(services: &Services, headers: &Headers) -> Self {
        let received = services.clock.now();
        let request = Request::read(headers);
        let tracing = Tracing::begin(services, headers, &request, received);
        let router = &services.router;
        let caller =
            router.cache.as_ref().map(|_| Caller::read(headers, &router.config.filter.cache));
        Self {
            services: services.clone(),
            request,
            tracing,
            measures: Measures::default(),
            received,
            caller: caller.unwrap_or_default(),
            observing: false,
            observed: Vec::new(),
            asked: None,
            paused: None,
            answer_headers: Vec::new(),
            response: None,
            pending: None,
            is_chat: false,
            replied: false,
        }
    }

    /// Most bytes of a request body that are read.
    #[must_use]
    pub fn max_request_bytes(&self) -> usize {
        self.services.router.config.filter.max_request_bytes
    }

    /// What to do once the request's headers are there.
    pub fn request_headers(&mut self, end_of_stream: bool) -> Step {
        let router = Rc::clone(&self.services.router);
        let unreadable = self.request.unreadable(&router.config).filter(|_| !end_of_stream);
        if router.config.filter.mode.observes() {
            self.observing = !end_of_stream && unreadable.is_none();
            if let Some(unread) = unreadable {
                self.note(&self.not_read(&unread));
            }
            return self.forward(Vec::new(), None);
        }
        if let Some(models) = self.request.models(&router.config, self.received) {
            return self.reply(models);
        }
        let spoofed = self.request.without_spoofed();
        if end_of_stream {
            return self.forward(spoofed, None);
        }
        match unreadable {
            Some(unread) => self.conclude(&self.not_read(&unread), spoofed),
            None => Step::Hold(spoofed),
        }
    }

    /// What to do once the request's body is there, whole.
    pub fn request_body(&mut self, body: &[u8]) -> Step {
        if body.is_empty() {
            return self.forward(Vec::new(), None);
        }
        match self.request.decode(body, &Rc::clone(&self.services.router).config) {
            Ok(body) => self.body_decoded(&body),
            Err(unread) => self.conclude(&self.not_read(&unread), Vec::new()),
        }
    }

    fn body_decoded(&mut self, body: &[u8]) -> Step {
        if self.asked.is_none()
            && let Some(questions) = pipeline::questions(&self.services.router, body)
            && let Ok(question) = serde_json::to_vec(self.asked.insert(questions))
        {
            let millis = self.services.router.config.filter.inference.sidecar_timeout_ms;
            let timeout = Duration::from_millis(millis);
            return Step::Ask(Inquiry { path: "/v1/classify", body: question, timeout });
        }
        let router = Rc::clone(&self.services.router);
        match pipeline::run(&router, body, &self.arrival()) {
            Progress::Done(run) => self.conclude(&run, Vec::new()),
            Progress::Waits(paused) => {
                let body = paused.sought.to_body();
                self.paused = Some(paused);
                let timeout = Duration::from_millis(router.config.filter.cache.timeout_ms);
                Step::Ask(Inquiry { path: LOOKUP_PATH, body, timeout })
            }
        }
    }

    /// What to do once the sidecar has answered about `body`, or nobody has
    /// (status 0).
    pub fn sidecar_answered(&mut self, body: &[u8], (status, answer): (u32, &[u8])) -> Step {
        if let Some(paused) = self.paused.take() {
            return self.cache_answered(body, paused, (status, answer));
        }
        let classifiers = &self.services.router.classifiers;
        let answers = (status == 200).then(|| serde_json::from_slice(answer));
        match (answers, &self.asked) {
            (Some(Ok(answers)), Some(questions)) => classifiers.learn(questions, &answers),
            (Some(Err(error)), _) => log::error!("the sidecar's answer: {error}"),
            (None, _) => log::error!("the sidecar answered with status {status}"),
            (_, None) => {}
        }
        self.request_body(body)
    }

    fn cache_answered(&mut self, body: &[u8], paused: Paused, answer: (u32, &[u8])) -> Step {
        let router = Rc::clone(&self.services.router);
        let run = match self.request.decode(body, &router.config) {
            Ok(body) => pipeline::resume(&router, &body, paused, answer, &self.arrival()),
            Err(unread) => self.not_read(&unread),
        };
        self.conclude(&run, Vec::new())
    }

    /// What to do once the request's body has passed the limit.
    pub fn request_too_large(&mut self) -> Step {
        let unread = request::too_large(&self.services.router.config);
        self.conclude(&self.not_read(&unread), Vec::new())
    }

    /// What to do with a request of which only one of two filters knows.
    pub fn unpaired(&mut self, why: Unpaired) -> Step {
        self.conclude(&self.not_read(&request::unpaired(why)), Vec::new())
    }

    /// Whether parts of the request's body are to be given to
    /// [`Exchange::observe_body`] as they pass.
    #[must_use]
    pub fn observes(&self) -> bool {
        self.observing
    }

    /// Looks at a part of a request body that goes on as it is.
    pub fn observe_body(&mut self, chunk: &[u8], last: bool) {
        let room = self.max_request_bytes();
        // One byte above the limit tells that it was passed.
        let take = chunk.len().min((room + 1).saturating_sub(self.observed.len()));
        self.observed.extend_from_slice(chunk.get(..take).unwrap_or_default());
        if !last {
            return;
        }
        let body = std::mem::take(&mut self.observed);
        let router = Rc::clone(&self.services.router);
        if body.is_empty() {
            return;
        }
        let decoded = if body.len() > room {
            Err(request::too_large(&router.config))
        } else {
            self.request.decode(&body, &router.config)
        };
        let run = match decoded {
            Ok(body) => pipeline::run(&router, &body, &self.arrival()),
            Err(unread) => Progress::Done(self.not_read(&unread)),
        };
        // What is only observed waits for nothing.
        if let Progress::Done(run) = run {
            self.note(&run);
        }
    }

    /// Corrects when the request went upstream, for a host that lets it go later
    /// than it was told to; `None` where it never did.
    pub fn went_upstream(&mut self, at: Option<UnixNanos>) {
        if let Some(tracing) = &mut self.tracing {
            tracing.went_upstream(at);
        }
    }

    /// What to change in the response's headers. `from_upstream`, unless the
    /// proxy gives the response itself.
    pub fn response_headers(&mut self, headers: &Headers, from_upstream: bool) -> Vec<HeaderEdit> {
        if self.replied {
            return Vec::new();
        }
        let now = self.services.clock.now();
        let succeeded = headers.text(":status").starts_with('2');
        if !from_upstream || !succeeded || cache::forbids_keeping(headers) {
            self.pending = None;
        }
        if self.is_chat && from_upstream {
            let reader =
                ResponseReader::new(headers.text("content-type"), headers.text("content-encoding"));
            let most = self.services.router.config.filter.cache.max_answer_bytes;
            self.response =
                Some(if self.pending.is_some() { reader.keeping(most) } else { reader });
        }
        self.measures.response_began(from_upstream);
        if let Some(tracing) = &mut self.tracing {
            tracing.response_began(now, from_upstream);
        }
        if succeeded { std::mem::take(&mut self.answer_headers) } else { Vec::new() }
    }

    /// Whether parts of the response's body are to be given to
    /// [`Exchange::response_body`].
    #[must_use]
    pub fn reads_response(&self) -> bool {
        self.response.is_some()
    }

    /// Looks at a part of the response's body.
    pub fn response_body(&mut self, chunk: &[u8]) {
        let Some(reader) = &mut self.response else { return };
        reader.push(chunk);
        if chunk.is_empty() {
            return;
        }
        let now = self.services.clock.now();
        self.measures.response_byte(now);
        if let Some(tracing) = &mut self.tracing {
            tracing.response_byte(now);
        }
    }

    /// Ends the exchange: the cache keeps its answer, if it is one to be given
    /// again. Its spans, if it is recorded.
    #[must_use]
    pub fn finish(mut self, end: &StreamEnd) -> Option<Recording> {
        let now = self.services.clock.now();
        let stream = self.response.as_ref().is_some_and(ResponseReader::is_stream);
        let (completion, answer) = self.response.take().map(ResponseReader::finish).unzip();
        if let (Some(pending), Some(answer)) = (self.pending.take(), answer) {
            let answer = if end.is_complete() { answer } else { Err("cut_off") };
            self.keep(pending, answer, now);
        }
        self.measures.finish(&self.services, end, completion.as_ref(), (self.received, now));
        let tracing = self.tracing?;
        let ids = Rc::clone(&self.services.ids);
        tracing.finish(end, completion, stream, now, &mut *ids.borrow_mut())
    }

    /// Has the cache keep an answer.
    fn keep(&self, pending: Pending, answer: Result<String, Unfit>, now: UnixNanos) {
        let Services { router, metrics, .. } = &self.services;
        let Some(cache) = &router.cache else { return };
        let kept = answer.and_then(|answer| {
            let has_room = cache.keep(pending, answer, now);
            if has_room { Ok(()) } else { Err("no_room") }
        });
        measures::stored(metrics.as_ref(), cache.limits().backend, kept);
    }

    fn arrival(&self) -> Arrival<'_> {
        let Services { clock, ids, .. } = &self.services;
        let random = ids.borrow_mut().random();
        Arrival { caller: &self.caller, random, clock: clock.as_ref() }
    }

    fn not_read(&self, unread: &Unread) -> Run<'static> {
        let Services { router, clock, .. } = &self.services;
        pipeline::not_read(&router.config, unread, clock.as_ref())
    }

    /// Follows the verdict of a run.
    fn conclude(&mut self, run: &Run<'_>, mut headers: Vec<HeaderEdit>) -> Step {
        self.note(run);
        match &run.verdict {
            Verdict::Reply(reply) => self.reply(reply.clone()),
            Verdict::Route { body, headers: more } => {
                headers.extend(more.iter().cloned());
                self.forward(headers, body.clone())
            }
        }
    }

    /// Keeps of a run what is needed later.
    fn note(&mut self, run: &Run<'_>) {
        self.is_chat = run.selection().is_some();
        let looked = run.cache.as_ref().and_then(Stage::result);
        self.pending = looked.and_then(|looked| looked.pending.clone());
        let observed = self.services.router.config.filter.mode.observes();
        self.measures.run(&self.services, run, observed);
        if !observed {
            self.answer_headers = answer_headers(run);
        }
        if let Some(tracing) = &mut self.tracing {
            tracing.stages(run, observed, &mut *self.services.ids.borrow_mut());
        }
    }

    fn forward(&mut self, mut headers: Vec<HeaderEdit>, body: Option<String>) -> Step {
        if let Some(body) = &body {
            headers.extend(self.request.body_replaced(body.len()));
        }
        if let Some(tracing) = &mut self.tracing {
            headers.extend(tracing.sent(self.services.clock.now()));
        }
        Step::Forward { headers, body }
    }

    fn reply(&mut self, reply: Reply) -> Step {
        self.replied = true;
        if let Some(tracing) = &mut self.tracing {
            tracing.decided(self.services.clock.now());
        }
        Step::Reply(reply)
    }
}

/// What a filter of the mode `hold` does with a request on which no other will
/// decide.
#[must_use]
pub fn undecided(
    services: &Services,
    headers: &Headers,
    end_of_stream: bool,
    why: Unpaired,
) -> Step {
    let headers = Request::read(headers).without_spoofed();
    if end_of_stream {
        return Step::Forward { headers, body: None };
    }
    let config = &services.router.config;
    let run = pipeline::not_read(config, &request::unpaired(why), services.clock.as_ref());
    Measures::default().run(services, &run, false);
    match run.verdict {
        Verdict::Reply(reply) => Step::Reply(reply),
        Verdict::Route { .. } => Step::Forward { headers, body: None },
    }
}

/// The headers that tell the client what was decided (`handleResponseHeaders`
/// in `pkg/extproc/processor_res_header.go` upstream).
fn answer_headers(run: &Run<'_>) -> Vec<HeaderEdit> {
    let Some(selection) = run.selection() else { return Vec::new() };
    let injected = run.system_prompt.as_ref().is_some_and(|stage| stage.result().is_some());
    let reasoning = selection.reasoning.as_ref().map(|reasoning| reasoning.enabled);
    let values = [
        ("x-vsr-selected-category", selection.category),
        ("x-vsr-selected-decision", selection.decision),
        ("x-vsr-selected-reasoning", reasoning.map(|on| if on { "on" } else { "off" })),
        ("x-vsr-selected-model", Some(selection.model.as_str())),
        ("x-vsr-injected-system-prompt", Some(if injected { "true" } else { "false" })),
    ];
    values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| is_header_safe(value))?)))
        .map(|(name, value)| HeaderEdit::set(name, value))
        .collect()
}
