//! The messages of trace export requests and responses, as tables.
//!
//! Source: `opentelemetry/proto/{collector/trace,trace,resource,common}/v1` of
//! opentelemetry-proto 1.11. Names are those of the JSON encoding. What the
//! tables do not list is an unknown field, which the OTLP specification wants
//! ignored: protobuf passes through as it came, JSON is dropped.

/// A message: its fields.
#[derive(Debug)]
pub struct Message {
    fields: &'static [Field],
}

impl Message {
    /// The field with a protobuf number.
    pub fn by_number(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// The field with a JSON name.
    pub fn by_name(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// Number in protobuf.
    pub number: u32,
    /// Name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is a list.
    pub repeated: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Another message.
    Message(&'static Message),
    /// A string.
    Text,
    /// Bytes; base64 in JSON.
    Bytes,
    /// The bytes of a trace or span id; hexadecimal in JSON.
    Id,
    /// A boolean.
    Bool,
    /// A signed 64-bit integer.
    Int64,
    /// An unsigned 32-bit integer.
    UInt32,
    /// An enumeration; the names of its values in order, from 0.
    Enum(&'static [&'static str]),
    /// An unsigned 32-bit integer of fixed width.
    Fixed32,
    /// An unsigned 64-bit integer of fixed width.
    Fixed64,
    /// A floating-point number.
    Double,
}

const fn one(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, repeated: false }
}

const fn many(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, repeated: true }
}

/// `ExportTraceServiceRequest`.
pub static REQUEST: Message = Message {
    fields: &[many(RESOURCE_SPANS, "resourceSpans", Kind::Message(&RESOURCE_SPANS_MESSAGE))],
};

/// `ExportTraceServiceResponse`.
pub static RESPONSE: Message =
    Message { fields: &[one(1, "partialSuccess", Kind::Message(&PARTIAL_SUCCESS))] };

static PARTIAL_SUCCESS: Message =
    Message { fields: &[one(1, "rejectedSpans", Kind::Int64), one(2, "errorMessage", Kind::Text)] };

/// Number of `ExportTraceServiceRequest.resource_spans`.
pub const RESOURCE_SPANS: u32 = 1;

/// Number of `ResourceSpans.scope_spans`.
pub const SCOPE_SPANS: u32 = 2;

/// Number of `ScopeSpans.spans`.
pub const SPANS: u32 = 2;

static RESOURCE_SPANS_MESSAGE: Message = Message {
    fields: &[
        one(1, "resource", Kind::Message(&RESOURCE)),
        many(SCOPE_SPANS, "scopeSpans", Kind::Message(&SCOPE_SPANS_MESSAGE)),
        one(3, "schemaUrl", Kind::Text),
    ],
};

static RESOURCE: Message = Message {
    fields: &[
        many(1, "attributes", Kind::Message(&KEY_VALUE)),
        one(2, "droppedAttributesCount", Kind::UInt32),
        many(3, "entityRefs", Kind::Message(&ENTITY_REF)),
    ],
};

static ENTITY_REF: Message = Message {
    fields: &[
        one(1, "schemaUrl", Kind::Text),
        one(2, "type", Kind::Text),
        many(3, "idKeys", Kind::Text),
        many(4, "descriptionKeys", Kind::Text),
    ],
};

static SCOPE_SPANS_MESSAGE: Message = Message {
    fields: &[
        one(1, "scope", Kind::Message(&SCOPE)),
        many(SPANS, "spans", Kind::Message(&SPAN)),
        one(3, "schemaUrl", Kind::Text),
    ],
};

static SCOPE: Message = Message {
    fields: &[
        one(1, "name", Kind::Text),
        one(2, "version", Kind::Text),
        many(3, "attributes", Kind::Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::UInt32),
    ],
};

/// Number of `Span.trace_id`.
pub const TRACE_ID: u32 = 1;

/// Number of `Span.span_id`.
pub const SPAN_ID: u32 = 2;

/// Number of `Span.parent_span_id`.
pub const PARENT_SPAN_ID: u32 = 4;

static SPAN: Message = Message {
    fields: &[
        one(TRACE_ID, "traceId", Kind::Id),
        one(SPAN_ID, "spanId", Kind::Id),
        one(3, "traceState", Kind::Text),
        one(PARENT_SPAN_ID, "parentSpanId", Kind::Id),
        one(5, "name", Kind::Text),
        one(6, "kind", Kind::Enum(&SPAN_KINDS)),
        one(7, "startTimeUnixNano", Kind::Fixed64),
        one(8, "endTimeUnixNano", Kind::Fixed64),
        many(9, "attributes", Kind::Message(&KEY_VALUE)),
        one(10, "droppedAttributesCount", Kind::UInt32),
        many(11, "events", Kind::Message(&EVENT)),
        one(12, "droppedEventsCount", Kind::UInt32),
        many(13, "links", Kind::Message(&LINK)),
        one(14, "droppedLinksCount", Kind::UInt32),
        one(15, "status", Kind::Message(&STATUS)),
        one(16, "flags", Kind::Fixed32),
    ],
};

static SPAN_KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

static EVENT: Message = Message {
    fields: &[
        one(1, "timeUnixNano", Kind::Fixed64),
        one(2, "name", Kind::Text),
        many(3, "attributes", Kind::Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::UInt32),
    ],
};

static LINK: Message = Message {
    fields: &[
        one(1, "traceId", Kind::Id),
        one(2, "spanId", Kind::Id),
        one(3, "traceState", Kind::Text),
        many(4, "attributes", Kind::Message(&KEY_VALUE)),
        one(5, "droppedAttributesCount", Kind::UInt32),
        one(6, "flags", Kind::Fixed32),
    ],
};

static STATUS: Message =
    Message { fields: &[one(2, "message", Kind::Text), one(3, "code", Kind::Enum(&STATUS_CODES))] };

static STATUS_CODES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

static KEY_VALUE: Message = Message {
    fields: &[
        one(1, "key", Kind::Text),
        one(2, "value", Kind::Message(&ANY_VALUE)),
        one(3, "keyStrindex", Kind::UInt32),
    ],
};

static ANY_VALUE: Message = Message {
    fields: &[
        one(1, "stringValue", Kind::Text),
        one(2, "boolValue", Kind::Bool),
        one(3, "intValue", Kind::Int64),
        one(4, "doubleValue", Kind::Double),
        one(5, "arrayValue", Kind::Message(&ARRAY_VALUE)),
        one(6, "kvlistValue", Kind::Message(&KEY_VALUE_LIST)),
        one(7, "bytesValue", Kind::Bytes),
        one(8, "stringValueStrindex", Kind::UInt32),
    ],
};

static ARRAY_VALUE: Message = Message { fields: &[many(1, "values", Kind::Message(&ANY_VALUE))] };

static KEY_VALUE_LIST: Message =
    Message { fields: &[many(1, "values", Kind::Message(&KEY_VALUE))] };
