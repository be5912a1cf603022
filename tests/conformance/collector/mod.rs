//! The collector as an OTLP receiver and exporter.

mod classify;
mod export;
mod fixture;
mod malformed;
mod models;
mod receive;
mod services;
