//! Vectors that the engine makes up.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::{Value, json};

use super::State;
use super::answer::Answer;
use super::completion::{id, seconds};
use super::generation::Usage;
use super::prompt::words;
use super::record::Recorded;
use super::refusal::refusal;

/// The width of an embedding.
const DIMENSIONS: usize = 8;

/// One vector for each input, made from its bytes.
pub(super) fn embeddings(state: &State, request: &Recorded) -> Answer {
    let body = request.json();
    let inputs = match body.get("input") {
        Some(Value::Array(inputs)) => inputs.clone(),
        Some(input @ Value::String(_)) => vec![input.clone()],
        _ => return refusal(StatusCode::BAD_REQUEST, "`input` is missing or no text"),
    };
    let model = match state.options.model(body.get("model").and_then(Value::as_str)) {
        Ok(model) => model,
        Err(refused) => return refused,
    };
    let vector = |(index, input)| {
        let embedding = embedding(input);
        json!({ "index": index, "object": "embedding", "embedding": embedding })
    };
    let data: Vec<_> = inputs.iter().enumerate().map(vector).collect();
    let document = json!({
        "id": id("embd", request),
        "object": "list",
        "created": seconds(SystemTime::now()),
        "model": model,
        "data": data,
        "usage": Usage::new(inputs.iter().map(words).sum(), 0),
    });
    Answer::json(StatusCode::OK, &document)
}

/// A vector of length 1 that depends on every byte of the input.
fn embedding(input: &Value) -> [f64; DIMENSIONS] {
    let mut sums = [1_u32; DIMENSIONS];
    let text = input.to_string();
    for (byte, index) in text.bytes().zip((0..DIMENSIONS).cycle()) {
        if let Some(sum) = sums.get_mut(index) {
            *sum = sum.wrapping_mul(31).wrapping_add(u32::from(byte)) % 1009;
        }
    }
    let length = sums.iter().map(|sum| f64::from(*sum).powi(2)).sum::<f64>().sqrt();
    sums.map(|sum| f64::from(sum) / length)
}
