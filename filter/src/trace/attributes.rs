//! Names of spans and attributes.

/// Names of spans (`pkg/observability/tracing/tracing.go` upstream).
pub mod name {
    /// The whole exchange.
    pub const REQUEST: &str = "semantic_router.request.received";
    /// The category of the prompt.
    pub const CLASSIFICATION: &str = "semantic_router.classification";
    /// What decisions ask for besides the category.
    pub const SIGNALS: &str = "semantic_router.signal.evaluation";
    /// Attacks on the model.
    pub const JAILBREAK: &str = "semantic_router.security.jailbreak_detection";
    /// Personal data.
    pub const PII: &str = "semantic_router.security.pii_detection";
    /// Whether there is an answer already.
    pub const CACHE: &str = "semantic_router.cache.lookup";
    /// The model.
    pub const ROUTING: &str = "semantic_router.routing.decision";
    /// The endpoint.
    pub const BACKEND: &str = "semantic_router.backend.selection";
    /// The system prompt.
    pub const SYSTEM_PROMPT: &str = "semantic_router.system_prompt.injection";
    /// The request to the engine, until its response has ended.
    pub const UPSTREAM: &str = "semantic_router.upstream.request";
    /// The response, from its headers to its end.
    pub const RESPONSE: &str = "semantic_router.response.processing";
}

/// Keys of attributes.
pub mod key {
    /// string: the `x-request-id` of the request.
    pub const REQUEST_ID: &str = "request.id";
    /// string: the end user, from `x-user-id` or the body's `user`.
    pub const USER_ID: &str = "user.id";
    /// string: the session, from `x-session-id`.
    pub const SESSION_ID: &str = "session.id";
    /// string: the request's method.
    pub const HTTP_METHOD: &str = "http.method";
    /// string: the request's path with its query.
    pub const HTTP_PATH: &str = "http.path";
    /// int: the status of the response.
    pub const HTTP_STATUS: &str = "http.status_code";
    /// string: the model that the engine is asked for.
    pub const MODEL_NAME: &str = "model.name";
    /// string: the kind of engine.
    pub const MODEL_PROVIDER: &str = "model.provider";
    /// string: the version of the model, as the engine tells it.
    pub const MODEL_VERSION: &str = "model.version";
    /// string: the model that the client named.
    pub const ORIGINAL_MODEL: &str = "routing.original_model";
    /// string: the model that was chosen.
    pub const SELECTED_MODEL: &str = "routing.selected_model";
    /// string: `auto` or `specified`.
    pub const ROUTING_STRATEGY: &str = "routing.strategy";
    /// string: why this model.
    pub const ROUTING_REASON: &str = "routing.reason";
    /// string: the decision that matched.
    pub const DECISION_NAME: &str = "decision.name";
    /// double: conditions that are as the decision wants them, as a part of all,
    /// from 0 to 1.
    pub const DECISION_CONFIDENCE: &str = "decision.confidence";
    /// string[]: conditions of the decision that hold, as `type:name`.
    pub const DECISION_RULES: &str = "decision.matched_rules";
    /// string[]: what decisions ask for and what holds, as `type:name`.
    pub const SIGNALS_MATCHED: &str = "signal.matched_rules";
    /// string[]: what was measured, as `type:name=0.123`.
    pub const SIGNALS_SCORES: &str = "signal.scores";
    /// string[]: what decisions ask for and what could not be evaluated.
    pub const SIGNALS_UNKNOWN: &str = "signal.unknown_rules";
    /// int: milliseconds that it took.
    pub const SIGNALS_TIME: &str = "signal.latency_ms";
    /// string: the category of the prompt.
    pub const CATEGORY_NAME: &str = "category.name";
    /// double: the probability of that category, from 0 to 1.
    pub const CATEGORY_CONFIDENCE: &str = "category.confidence";
    /// string: what classified.
    pub const CLASSIFIER_TYPE: &str = "classifier.type";
    /// int: milliseconds that classification took.
    pub const CLASSIFICATION_TIME: &str = "classification.time_ms";
    /// int: tokens of the text; an estimate where it is far longer than what
    /// may be scanned.
    pub const TOKENS_TOTAL: &str = "classifier.tokens.total";
    /// int: tokens that the classifier looked at.
    pub const TOKENS_SCANNED: &str = "classifier.tokens.scanned";
    /// bool: whether tokens that it was to look at were left out.
    pub const TOKENS_TRUNCATED: &str = "classifier.tokens.truncated";
    /// int: windows that the model ran on for this stage; 0 where all that it
    /// needed was known.
    pub const WINDOWS: &str = "classifier.windows";
    /// bool: whether an attack was seen.
    pub const JAILBREAK_DETECTED: &str = "jailbreak.detected";
    /// string: what kind.
    pub const JAILBREAK_TYPE: &str = "jailbreak.type";
    /// double: the probability, from 0 to 1.
    pub const JAILBREAK_CONFIDENCE: &str = "jailbreak.confidence";
    /// int: milliseconds that it took.
    pub const JAILBREAK_TIME: &str = "jailbreak.detection_time_ms";
    /// bool: whether personal data was found.
    pub const PII_DETECTED: &str = "pii.detected";
    /// string: its types, joined by commas.
    pub const PII_TYPES: &str = "pii.types";
    /// int: milliseconds that it took.
    pub const PII_TIME: &str = "pii.detection_time_ms";
    /// string: what was done about it.
    pub const SECURITY_ACTION: &str = "security.action";
    /// string: a name of the question, which tells nothing of it.
    pub const CACHE_KEY: &str = "cache.key";
    /// bool: whether there was an answer.
    pub const CACHE_HIT: &str = "cache.hit";
    /// double: the least cosine that counts, from 0 to 1.
    pub const CACHE_THRESHOLD: &str = "cache.threshold";
    /// double: the cosine to the prompt that was answered; 1 for the very same.
    pub const CACHE_SIMILARITY: &str = "cache.similarity";
    /// int: milliseconds that it took.
    pub const CACHE_TIME: &str = "cache.lookup_time_ms";
    /// bool: whether the model is asked to reason.
    pub const REASONING_ENABLED: &str = "reasoning.enabled";
    /// string: how hard.
    pub const REASONING_EFFORT: &str = "reasoning.effort";
    /// string: the family of models that says how to ask.
    pub const REASONING_FAMILY: &str = "reasoning.family";
    /// string: the name of the endpoint.
    pub const ENDPOINT_NAME: &str = "endpoint.name";
    /// string: `ip:port` of the endpoint.
    pub const ENDPOINT_ADDRESS: &str = "endpoint.address";
    /// bool: whether the request's system prompt was set.
    pub const PROMPT_INJECTED: &str = "system_prompt.injected";
    /// string: `replace` or `insert`.
    pub const PROMPT_MODE: &str = "system_prompt.mode";
    /// int: milliseconds that the router took before the request went on.
    pub const PROCESSING_TIME: &str = "processing.time_ms";
    /// int: tokens of the prompt, as the engine counts them.
    pub const TOKENS_PROMPT: &str = "token.count.prompt";
    /// int: tokens of the answer, as the engine counts them.
    pub const TOKENS_COMPLETION: &str = "token.count.completion";
    /// string: why the answer ended.
    pub const FINISH_REASON: &str = "llm.finish_reason";
    /// string: the model that the answer names.
    pub const RESPONSE_MODEL: &str = "llm.response.model_name";
    /// double: milliseconds from sending the request upstream to the first
    /// byte of the answer's body.
    pub const FIRST_TOKEN_TIME: &str = "response.time_to_first_token_ms";
    /// bool: whether the answer is a stream of events.
    pub const RESPONSE_STREAM: &str = "response.stream";
    /// int: events of that stream.
    pub const RESPONSE_EVENTS: &str = "response.stream_events";
    /// string: why the answer, or a part, was not read.
    pub const RESPONSE_UNREAD: &str = "response.unread_reason";
    /// string: what became of a stage: ran, skipped, `failed_open`,
    /// `failed_closed`.
    pub const STAGE_OUTCOME: &str = "stage.outcome";
    /// string: why a stage did not run.
    pub const STAGE_REASON: &str = "stage.reason";
    /// string: how the filter takes part.
    pub const MODE: &str = "router.mode";
    /// string: the kind of failure, as OpenTelemetry's conventions name the key.
    pub const ERROR_TYPE: &str = "error.type";
    /// string: what the proxy says of how the response came about.
    pub const RESPONSE_DETAILS: &str = "response.code_details";
}
