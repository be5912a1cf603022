//! The collector.

#[path = "../../conformance/collector/fixture.rs"]
mod fixture;
mod outage;
mod pressure;
mod refusal;
mod shutdown;
