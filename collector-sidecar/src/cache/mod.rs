//! The semantic cache that all proxies share, in Redis or Valkey.
//!
//! A scope is a stream of records, of which each says what a prompt is like;
//! an answer is a string of its own. Both are sealed, and named by keyed
//! hashes ([`seal`]). A stream grows at its end and shrinks at its beginning,
//! so that what was read of it once ([`mirror`]) needs only what is new.

mod backend;
mod commands;
mod error;
mod file;
mod http;
mod link;
mod metrics;
mod mirror;
mod record;
mod scope;
mod seal;
mod settings;

pub use backend::{Cache, MAX_ENTRIES};
pub use http::{Desk, MAX_BODY_BYTES, router};
pub use metrics::CacheMetrics;
pub use settings::{Options, Resolved, Settings, SettingsError, Url};
