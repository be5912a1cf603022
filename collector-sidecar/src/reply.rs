//! How what is no OTLP is refused: `{"error": "…"}`.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error; 503 says when to try again.
pub fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({"error": message}).to_string();
    let mut response = (status, [(CONTENT_TYPE, "application/json")], body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, 1.into());
    }
    response
}

/// The answer to another method than POST.
pub async fn wrong_method(request: Request) -> Response {
    let message = format!("method {} is not POST", request.method());
    let response = refuse(StatusCode::METHOD_NOT_ALLOWED, &message);
    ([(ALLOW, "POST")], response).into_response()
}
