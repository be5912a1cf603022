//! Tests against published formats and interfaces.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod module;
