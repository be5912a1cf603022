//! The collector as an OTLP receiver and exporter.

mod cache;
mod classify;
mod export;
mod fixture;
mod malformed;
mod models;
mod receive;
mod redis;
mod services;
