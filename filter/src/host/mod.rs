//! The adapter to Envoy: the only place that names proxy-wasm.

mod abi;
mod clock;
mod collector;
mod hold;
mod http;
mod metrics;
mod models;
mod pair;
mod root;
mod shared;
mod stores;
mod stream;
mod wasi;

use proxy_wasm::types::LogLevel;

// The entry point that Envoy calls once for each virtual machine.
proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
