//! What users configure with: every file that is handed out can be used as it
//! is, and what cannot be used is refused with every reason.

#[cfg(test)]
mod dialects;
#[cfg(test)]
mod envoys;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod files;
#[cfg(test)]
mod istio;
#[cfg(test)]
mod markdown;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod routers;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod upstream;
