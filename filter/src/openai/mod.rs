//! The OpenAI API as far as a router reads and writes it: chat requests and
//! lossless edits of them, responses and streams, errors and the model list.

mod answer;
mod error;
mod message;
mod models;
mod object;
mod replay;
mod request;
mod response;
mod sse;
mod texts;

pub use answer::Unfit;
pub use error::{error_body, policy_error_body};
pub use message::{Message, Part};
pub use models::{model, model_list};
pub use object::{Edit, Object, ObjectError, Splice, compact, encode_string, offset, splice};
pub use replay::{Form, replay};
pub use request::{Api, Body, BodyError, ChatRequest, CompletionRequest, ROLES, TOOLS, Wanted};
pub use response::{Completion, ResponseReader};
