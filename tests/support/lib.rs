//! What the tests share.

pub mod arrangement;
pub mod backend;
pub mod bootstrap;
pub mod client;
pub mod corpus;
pub mod cost;
pub mod demo;
pub mod engine;
pub mod envoy;
pub mod external;
pub mod file;
pub mod generate;
pub mod load;
pub mod metrics;
pub mod native;
pub mod property;
pub mod redis;
pub mod running;
pub mod scenario;
pub mod soak;
pub mod stack;
pub mod tree;
