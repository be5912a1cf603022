//! Error bodies in the API's shape.

use serde_json::json;

/// The body of an error that the router itself answers, as the original makes
/// it (`createErrorResponse` in `pkg/extproc/response_helper.go`).
#[must_use]
pub fn error_body(status: u32, message: &str) -> String {
    json!({"error": {"message": message, "type": "invalid_request_error", "code": status}})
        .to_string()
}

/// The body of the answer to a request that a policy of the router blocks, as
/// the API of `OpenAI` answers what its own content policy does not allow.
#[must_use]
pub fn policy_error_body(message: &str) -> String {
    json!({"error": {
        "message": message,
        "type": "invalid_request_error",
        "param": null,
        "code": "content_policy_violation",
    }})
    .to_string()
}
