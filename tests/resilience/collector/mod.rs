//! The collector.

mod cache;
#[path = "../../conformance/collector/fixture.rs"]
mod fixture;
mod outage;
mod pressure;
#[path = "../../conformance/collector/redis.rs"]
mod redis;
mod refusal;
mod shutdown;
