//! The OpenAI API as far as a router reads and writes it: chat requests and
//! lossless edits of them, responses and streams, errors and the model list.

mod error;
mod models;
mod object;
mod request;
mod response;
mod sse;

pub use error::{error_body, policy_error_body};
pub use models::model_list;
pub use object::{Edit, Object, Splice, encode_string, splice};
pub use request::{Body, BodyError, ChatRequest, Message, ROLES};
pub use response::{Completion, ResponseReader};
