//! A semantic router for LLM traffic, inside Envoy.
//!
//! The core is plain Rust; [`exchange`] drives it through the life of one
//! exchange, and [`pipeline`] shows the stages of a request from top to
//! bottom. Only `host` knows proxy-wasm.

pub mod cache;
pub mod classify;
pub mod clock;
pub mod config;
pub mod decision;
pub mod exchange;
pub mod headers;
pub mod hex;
#[cfg(target_arch = "wasm32")]
mod host;
pub mod metrics;
pub mod openai;
pub mod pair;
pub mod pipeline;
pub mod route;
pub mod security;
pub mod signal;
pub mod stage;
pub mod trace;
