//! The whole, end to end: requests through the core natively and through the
//! module in real Envoys.

#[cfg(test)]
mod cache;
#[cfg(test)]
mod classifier;
#[cfg(test)]
mod endpoints;
#[cfg(test)]
mod load;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod models;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod protocols;
#[cfg(test)]
mod scenarios;
