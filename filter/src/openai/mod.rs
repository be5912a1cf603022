//! The OpenAI API as far as a router reads and writes it: chat requests and
//! lossless edits of them, responses and streams, errors and the model list.

mod error;
mod message;
mod models;
mod object;
mod request;
mod response;
mod sse;
mod texts;

pub use error::{error_body, policy_error_body};
pub use message::Message;
pub use models::{model, model_list};
pub use object::{Edit, Object, ObjectError, Splice, encode_string, offset, splice};
pub use request::{Api, Body, BodyError, ChatRequest, CompletionRequest, ROLES, TOOLS, Wanted};
pub use response::{Completion, ResponseReader};
