//! OTLP collector beside Envoy for the semantic router's spans.
//!
//! Data flows one way: [`receive`] → [`queue`] → [`batch`] → [`export`]. What
//! flows are encoded requests, checked but never decoded ([`otlp`]).
//!
//! Beside that it does for the filters what is too large for them: it keeps the
//! user's own models ([`models`]), classifies texts ([`mod@classify`]) and holds
//! the cache that all of them share ([`cache`]).

pub mod batch;
pub mod cache;
pub mod classify;
pub mod cli;
pub mod collector;
pub mod config;
pub mod explain;
pub mod export;
pub mod metrics;
pub mod models;
pub mod otlp;
pub mod queue;
pub mod receive;
mod reply;
pub mod run;
pub mod serve;
pub mod validate;
pub mod web;

pub use collector::{Addresses, Collector, Options, Services, StartError};
