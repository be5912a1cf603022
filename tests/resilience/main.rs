//! What happens when something else fails: to the collector, and to the router
//! in real Envoys.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod router;
#[cfg(test)]
mod soak;
