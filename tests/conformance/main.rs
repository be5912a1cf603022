//! Tests against published formats.

#[cfg(test)]
mod collector;
