//! What a decision means for the request: model, endpoint, reasoning mode,
//! system prompt and headers.

mod endpoint;
mod headers;
mod prompt;
mod reasoning;
mod selection;

pub use endpoint::choose as choose_endpoint;
pub use headers::mutate as mutate_headers;
pub use prompt::{Injection, inject};
pub use reasoning::{Reasoning, edit as edit_reasoning};
pub use selection::{RoutingStrategy, Selection, select};
