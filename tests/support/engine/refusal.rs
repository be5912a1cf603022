//! Errors in the shape of vLLM's OpenAI-compatible server.

use http::StatusCode;
use serde_json::json;

use super::answer::Answer;

/// An error that says `message`.
pub(super) fn refusal(status: StatusCode, message: &str) -> Answer {
    let error = json!({
        "message": message,
        "type": kind(status),
        "param": null,
        "code": status.as_u16(),
    });
    Answer::json(status, &json!({ "error": error }))
}

/// `BadRequestError`, `NotFoundError` and so on.
fn kind(status: StatusCode) -> String {
    let words = status.canonical_reason().unwrap_or("Unknown").replace(' ', "");
    format!("{}Error", words.trim_end_matches("Error"))
}

/// The answer where there is nothing.
pub(super) fn not_found() -> Answer {
    Answer::json(StatusCode::NOT_FOUND, &json!({ "detail": "Not Found" }))
}
