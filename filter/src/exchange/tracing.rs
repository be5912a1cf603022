//! The trace of one exchange, gathered as it goes and made into spans at its
//! end. Where the exchange is not sampled only the context is kept.

use opentelemetry::trace::SpanId;

use super::request::Request;
use super::{Services, StreamEnd};
use crate::clock::UnixNanos;
use crate::headers::{HeaderEdit, Headers};
use crate::openai::Completion;
use crate::pipeline::Run;
use crate::trace::{
    self, IdSource, Recording, ResponseFacts, RootFacts, Span, TraceContext, UpstreamFacts,
};

/// The trace of one exchange.
pub struct Tracing {
    context: TraceContext,
    /// The span of the caller, where there is one.
    caller: Option<SpanId>,
    /// The span that the engine's spans belong to.
    upstream_id: SpanId,
    /// What spans will be made of; `None` where the exchange is not sampled.
    notes: Option<Box<Notes>>,
}

struct Notes {
    received: UnixNanos,
    root: RootFacts,
    stages: Vec<Span>,
    upstream: UpstreamFacts,
    sent: Option<UnixNanos>,
    response: Option<UnixNanos>,
    from_upstream: bool,
    first_byte: Option<UnixNanos>,
}

impl Tracing {
    /// Continues the caller's trace or begins a new one; `None` where tracing
    /// is off.
    pub fn begin(
        services: &Services,
        headers: &Headers,
        request: &Request,
        received: UnixNanos,
    ) -> Option<Self> {
        let config = &services.router.config;
        if !config.tracing.enabled {
            return None;
        }
        let mut ids = services.ids.borrow_mut();
        let caller = TraceContext::extract(headers);
        let trace_id = caller.as_ref().map_or_else(|| ids.trace_id(), |caller| caller.trace_id);
        let sampled = trace::is_sampled(config.tracing.sampling, caller.as_ref(), trace_id);
        let caller_span = caller.as_ref().map(|caller| caller.span_id);
        let root_id = ids.span_id();
        let context = match caller {
            Some(caller) => TraceContext { span_id: root_id, ..caller },
            None => TraceContext {
                trace_id,
                span_id: root_id,
                flags: trace::new_flags(sampled),
                state: String::new(),
            },
        };
        let notes = sampled.then(|| {
            Box::new(Notes {
                received,
                root: root_facts(services, request),
                stages: Vec::new(),
                upstream: UpstreamFacts::default(),
                sent: None,
                response: None,
                from_upstream: false,
                first_byte: None,
            })
        });
        Some(Self { context, caller: caller_span, upstream_id: ids.span_id(), notes })
    }

    /// Keeps what the stages did; `observed`, if nothing came of it.
    pub fn stages(&mut self, run: &Run<'_>, observed: bool, ids: &mut dyn IdSource) {
        let Some(notes) = &mut self.notes else { return };
        notes.stages = trace::stage_spans(run, ids);
        if notes.root.user_id.is_none() {
            notes.root.user_id.clone_from(&run.user);
        }
        if observed {
            let model = run.selection().map(|selection| selection.original_model.clone());
            notes.upstream = UpstreamFacts { model, ..UpstreamFacts::default() };
            return;
        }
        let endpoint = run.backend.as_ref().and_then(|stage| stage.result());
        notes.upstream = UpstreamFacts {
            model: run.selection().map(|selection| selection.model.clone()),
            endpoint_name: endpoint.map(|endpoint| endpoint.name.clone()),
            endpoint_address: endpoint.map(|endpoint| endpoint.authority()),
        };
    }

    /// Records that the request was decided on.
    pub fn decided(&mut self, now: UnixNanos) {
        if let Some(notes) = &mut self.notes {
            notes.root.decided = Some(now);
        }
    }

    /// Records that the request goes upstream; the headers that tell the
    /// engine which trace it belongs to.
    pub fn sent(&mut self, now: UnixNanos) -> Vec<HeaderEdit> {
        self.decided(now);
        if let Some(notes) = &mut self.notes {
            notes.sent = Some(now);
        }
        let state = if self.context.state.is_empty() {
            HeaderEdit::Remove("tracestate".to_owned())
        } else {
            HeaderEdit::set("tracestate", self.context.state.clone())
        };
        vec![HeaderEdit::set("traceparent", self.context.traceparent(self.upstream_id)), state]
    }

    /// Corrects when the request went upstream; `None` where it never did.
    pub fn went_upstream(&mut self, at: Option<UnixNanos>) {
        if let Some(notes) = &mut self.notes {
            notes.sent = at;
        }
    }

    /// Records that the response's headers came, from the engine or not.
    pub fn response_began(&mut self, now: UnixNanos, from_upstream: bool) {
        if let Some(notes) = &mut self.notes {
            notes.response = Some(now);
            notes.from_upstream = from_upstream;
        }
    }

    /// Records that a part of the response's body came.
    pub fn response_byte(&mut self, now: UnixNanos) {
        if let Some(notes) = &mut self.notes {
            notes.first_byte.get_or_insert(now);
        }
    }

    /// Makes the spans.
    pub fn finish(
        self,
        end: &StreamEnd,
        completion: Option<Completion>,
        stream: bool,
        now: UnixNanos,
        ids: &mut dyn IdSource,
    ) -> Option<Recording> {
        let notes = *self.notes?;
        let root_id = self.context.span_id;
        let mut root = Span::new("", root_id, notes.received, now);
        root.parent = self.caller;
        root.remote_parent = self.caller.is_some();
        let status = end.status.filter(|status| *status > 0);
        let server_error = end.server_error();
        let mut spans =
            vec![trace::root_span(notes.root, root, status, &end.details, server_error.as_deref())];
        spans.extend(notes.stages);
        if let Some(sent) = notes.sent {
            let mut facts = notes.upstream;
            facts.endpoint_address = facts.endpoint_address.or(end.upstream_address.clone());
            let error = end.upstream_error();
            spans.push(trace::upstream_span(
                facts,
                Span::new("", self.upstream_id, sent, now),
                status.filter(|_| notes.from_upstream),
                completion.as_ref(),
                &end.details,
                error.as_deref(),
            ));
            if let Some(began) = notes.response {
                let facts = ResponseFacts { sent, first_byte: notes.first_byte, stream };
                let span = Span::new("", ids.span_id(), began, now);
                spans.push(trace::response_span(&facts, span, completion, end.cut_off()));
            }
        }
        for span in spans.iter_mut().skip(1) {
            span.parent = Some(root_id);
        }
        Some(Recording { context: self.context, spans })
    }
}

fn root_facts(services: &Services, request: &Request) -> RootFacts {
    let config = &services.router.config;
    RootFacts {
        request_id: request.id.clone(),
        user_id: request.user_id.clone(),
        session_id: request.session_id.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        mode: config.filter.mode.name(),
        decided: None,
    }
}
