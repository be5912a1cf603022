//! A chat completion response, read on its way to the client.

use serde::Deserialize;

use super::answer::{self, Answer, Parts, Unfit};
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
    /// The most bytes of an answer that is kept; `None` where none is.
    keep: Option<usize>,
    answer: Answer,
}

#[derive(Debug)]
enum Form {
    Json(Vec<u8>),
    Stream(SseReader),
    Opaque,
}

/// The token counts that are read.
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
        Self { form, completion, keep: None, answer: Answer::default() }
    }

    /// Has the answer kept as well, if it has at most so many bytes.
    #[must_use]
    pub fn keeping(self, most: usize) -> Self {
        Self { keep: Some(most), ..self }
    }

    /// Whether the response is a stream of events.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.form, Form::Stream(_))
    }

    /// Reads the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { form, completion, keep, answer } = self;
        match form {
            Form::Json(body)
                if body.len() + bytes.len() <= MAX_JSON_BYTES.max(keep.unwrap_or(0)) =>
            {
                body.extend_from_slice(bytes);
            }
            Form::Json(_) => {
                completion.unread = Some("response_too_large");
                *form = Form::Opaque;
            }
            Form::Stream(reader) => {
                reader.push(bytes, |data| match (*keep, completion.add_event(data)) {
                    (Some(most), Ok(Some(parts))) => answer.add(&parts, most),
                    (Some(_), Ok(None)) => answer.done(),
                    (Some(_), Err(why)) => answer.spoil(why),
                    (None, _) => {}
                });
            }
            Form::Opaque => {}
        }
    }

    /// What the response said, once its end is reached or it was cut off; and the
    /// answer as a completion that can be given again, or why it is none.
    pub fn finish(self) -> (Completion, Result<String, Unfit>) {
        let Self { form, mut completion, keep, answer } = self;
        let most = keep.unwrap_or(0);
        let answer = match form {
            Form::Json(body) if body.is_empty() => Err("incomplete"),
            Form::Json(body) => completion.add_whole(body, most),
            Form::Stream(reader) if reader.skipped() > 0 => {
                completion.unread = Some("event_too_large");
                Err("event_too_large")
            }
            Form::Stream(_) => answer.finish(),
            Form::Opaque => Err(completion.unread.unwrap_or("content_type")),
        };
        (completion, answer)
    }
}

impl Completion {
    /// Adds an event; `None` for the one after the last.
    fn add_event<'a>(&mut self, data: &'a [u8]) -> Result<Option<Parts<'a>>, Unfit> {
        if let Some(events) = &mut self.stream_events {
            *events += 1;
        }
        if data == b"[DONE]" {
            return Ok(None);
        }
        let malformed = "event_malformed";
        let parts = serde_json::from_slice(data).map_err(|_| malformed);
        self.unread = self.unread.or(parts.as_ref().err().copied());
        let parts: Parts<'_> = parts?;
        self.add(&parts);
        Ok(Some(parts))
    }

    /// Adds all of a response that is no stream.
    fn add_whole(&mut self, body: Vec<u8>, most: usize) -> Result<String, Unfit> {
        let malformed = "response_malformed";
        let parts = serde_json::from_slice(&body).map_err(|_| malformed);
        self.unread = parts.as_ref().err().copied();
        let parts: Parts<'_> = parts?;
        self.add(&parts);
        answer::check(&parts)?;
        if body.len() > most {
            return Err("answer_too_large");
        }
        String::from_utf8(body).map_err(|_| malformed)
    }

    fn add(&mut self, parts: &Parts<'_>) {
        let keep = |known: &mut Option<String>, value: Option<&str>| {
            if known.is_none() {
                *known = value.map(str::to_owned);
            }
        };
        keep(&mut self.model, parts.model.as_deref());
        keep(&mut self.fingerprint, parts.system_fingerprint.as_deref());
        let mut choices = parts.choices.iter().flatten();
        keep(&mut self.finish_reason, choices.find_map(|choice| choice.finish_reason.as_deref()));
        let usage = parts.usage.and_then(|usage| serde_json::from_str::<Usage>(usage.get()).ok());
        if let Some(usage) = usage {
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
        reader.finish().0
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
    fn an_answer_is_kept_whole_or_not_at_all() {
        let kept = |content_type: &str, body: &str, most| {
            let mut reader = ResponseReader::new(content_type, "").keeping(most);
            body.as_bytes().chunks(5).for_each(|chunk| reader.push(chunk));
            reader.finish().1
        };
        let json = r#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
        assert_eq!(kept("application/json", json, 100).as_deref(), Ok(json));
        assert_eq!(kept("application/json", json, 60), Err("answer_too_large"));
        assert_eq!(
            kept("application/json", json.get(..40).unwrap(), 100),
            Err("response_malformed")
        );
        assert_eq!(kept("application/json", "", 100), Err("incomplete"));
        assert_eq!(kept("text/plain", json, 100), Err("content_type"));
        let said = r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}"#;
        let stream = format!("data: {said}\n\ndata: [DONE]\n\n");
        let whole = kept("text/event-stream", &stream, 100).unwrap();
        assert!(whole.contains(r#""content":"hi""#), "{whole}");
        let cut = stream.replace("[DONE]", "[DO");
        assert_eq!(kept("text/event-stream", &cut, 100), Err("event_malformed"));
        let cut = format!("data: {said}\n\n");
        assert_eq!(kept("text/event-stream", &cut, 100), Err("incomplete"));
    }

    #[test]
    fn what_is_not_read_says_why() {
        let mut gzip = ResponseReader::new("application/json", "gzip");
        gzip.push(b"\x1f\x8b");
        assert_eq!(gzip.finish().0.unread, Some("content_encoded"));
        assert_eq!(read("text/html", b"<p>").unread, Some("content_type"));
        assert_eq!(read("application/json", b"{\"a\":").unread, Some("response_malformed"));
        assert_eq!(
            read("application/json", &vec![b' '; MAX_JSON_BYTES + 1]).unread,
            Some("response_too_large")
        );
        assert_eq!(read("text/event-stream", b"data: {\n\n").unread, Some("event_malformed"));
    }
}
