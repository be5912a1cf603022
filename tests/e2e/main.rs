//! The whole, end to end: requests through the core natively and through the
//! module in real Envoys.

mod scenarios;
