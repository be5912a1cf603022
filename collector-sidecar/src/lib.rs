//! OTLP collector beside Envoy for the semantic router's spans.
//!
//! Data flows one way: [`receive`] → [`queue`] → [`batch`] → [`export`]. What
//! flows are encoded requests, checked but never decoded ([`otlp`]).

pub mod batch;
pub mod cli;
pub mod collector;
pub mod config;
pub mod export;
pub mod metrics;
pub mod otlp;
pub mod queue;
pub mod receive;
pub mod run;
pub mod serve;
pub mod validate;
pub mod web;

pub use collector::{Addresses, Collector, Options, StartError};
