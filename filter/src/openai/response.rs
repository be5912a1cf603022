//! A chat completion response, read on its way to the client.

use serde::Deserialize;

use super::sse::SseReader;

/// Longest JSON response that is read, in bytes.
const MAX_JSON_BYTES: usize = 1 << 20;

/// What a response said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// `model`.
    pub model: Option<String>,
    /// `system_fingerprint`.
    pub fingerprint: Option<String>,
    /// `choices[].finish_reason`, the first.
    pub finish_reason: Option<String>,
    /// `usage.prompt_tokens`.
    pub prompt_tokens: Option<i64>,
    /// `usage.completion_tokens`.
    pub completion_tokens: Option<i64>,
    /// Events of a stream, the final `[DONE]` among them.
    pub stream_events: Option<i64>,
    /// Why the response, or part of it, was not read.
    pub unread: Option<&'static str>,
}

/// Reads a response as it passes, in whatever chunks it comes.
#[derive(Debug)]
pub struct ResponseReader {
    form: Form,
    completion: Completion,
}

#[derive(Debug)]
enum Form {
    Json(Vec<u8>),
    Stream(SseReader),
    Opaque,
}

/// The members of a completion, or of a chunk of one, that are read.
#[derive(Debug, Deserialize)]
struct Parts {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    system_fingerprint: Option<String>,
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: Option<i64>,
    #[serde(default)]
    completion_tokens: Option<i64>,
}

impl ResponseReader {
    /// A reader for a response of this `content-type` and `content-encoding`;
    /// both may be empty.
    #[must_use]
    pub fn new(content_type: &str, content_encoding: &str) -> Self {
        let mut completion = Completion::default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let form = if !matches!(content_encoding, "" | "identity") {
            completion.unread = Some("content_encoded");
            Form::Opaque
        } else if essence.eq_ignore_ascii_case("text/event-stream") {
            completion.stream_events = Some(0);
            Form::Stream(SseReader::default())
        } else if essence.eq_ignore_ascii_case("application/json") {
            Form::Json(Vec::new())
        } else {
            completion.unread = Some("content_type");
            Form::Opaque
        };
        Self { form, completion }
    }

    /// Whether the response is a stream of events.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.form, Form::Stream(_))
    }

    /// Reads the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let completion = &mut self.completion;
        match &mut self.form {
            Form::Json(body) if body.len() + bytes.len() <= MAX_JSON_BYTES => {
                body.extend_from_slice(bytes);
            }
            Form::Json(_) => {
                completion.unread = Some("response_too_large");
                self.form = Form::Opaque;
            }
            Form::Stream(reader) => reader.push(bytes, |data| completion.add_event(data)),
            Form::Opaque => {}
        }
    }

    /// What the response said, once its end is reached or it was cut off.
    #[must_use]
    pub fn finish(mut self) -> Completion {
        match self.form {
            Form::Json(body) if body.is_empty() => {}
            Form::Json(body) => match serde_json::from_slice(&body) {
                Ok(parts) => self.completion.add(parts),
                Err(_) => self.completion.unread = Some("response_malformed"),
            },
            Form::Stream(reader) if reader.skipped() > 0 => {
                self.completion.unread = Some("event_too_large");
            }
            Form::Stream(_) | Form::Opaque => {}
        }
        self.completion
    }
}

impl Completion {
    fn add_event(&mut self, data: &[u8]) {
        if let Some(events) = &mut self.stream_events {
            *events += 1;
        }
        if data == b"[DONE]" {
            return;
        }
        match serde_json::from_slice(data) {
            Ok(parts) => self.add(parts),
            Err(_) => self.unread = Some("event_malformed"),
        }
    }

    fn add(&mut self, parts: Parts) {
        self.model = self.model.take().or(parts.model);
        self.fingerprint = self.fingerprint.take().or(parts.system_fingerprint);
        let finished = parts.choices.into_iter().flatten().find_map(|choice| choice.finish_reason);
        self.finish_reason = self.finish_reason.take().or(finished);
        if let Some(usage) = parts.usage {
            self.prompt_tokens = usage.prompt_tokens.or(self.prompt_tokens);
            self.completion_tokens = usage.completion_tokens.or(self.completion_tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &[u8]) -> Completion {
        let mut reader = ResponseReader::new(content_type, "");
        for chunk in body.chunks(7) {
            reader.push(chunk);
        }
        reader.finish()
    }

    #[test]
    fn json_tells_tokens_and_finish_reason() {
        let body = br#"{"id":"x","model":"m","system_fingerprint":null,
            "choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}"#;
        let completion = read("application/json; charset=utf-8", body);
        assert_eq!(completion.model.as_deref(), Some("m"));
        assert_eq!(completion.finish_reason.as_deref(), Some("stop"));
        assert_eq!((completion.prompt_tokens, completion.completion_tokens), (Some(12), Some(3)));
        assert_eq!(completion.unread, None);
    }

    #[test]
    fn stream_tells_tokens_and_finish_reason() {
        let body =
            b"data: {\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":null}]}\n\n\
            data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n\
            data: [DONE]\n\n";
        let completion = read("text/event-stream", body);
        assert_eq!(completion.finish_reason.as_deref(), Some("length"));
        assert_eq!((completion.prompt_tokens, completion.completion_tokens), (Some(5), Some(2)));
        assert_eq!(completion.stream_events, Some(4));
        assert_eq!(completion.unread, None);
    }

    #[test]
    fn what_is_not_read_says_why() {
        let mut gzip = ResponseReader::new("application/json", "gzip");
        gzip.push(b"\x1f\x8b");
        assert_eq!(gzip.finish().unread, Some("content_encoded"));
        assert_eq!(read("text/html", b"<p>").unread, Some("content_type"));
        assert_eq!(read("application/json", b"{\"a\":").unread, Some("response_malformed"));
        assert_eq!(
            read("application/json", &vec![b' '; MAX_JSON_BYTES + 1]).unread,
            Some("response_too_large")
        );
        assert_eq!(read("text/event-stream", b"data: {\n\n").unread, Some("event_malformed"));
    }
}
