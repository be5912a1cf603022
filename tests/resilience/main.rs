//! What happens when something else fails.

#[cfg(test)]
#[path = "../conformance/collector/fixture.rs"]
mod fixture;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod shutdown;
