//! The collector as an OTLP receiver and exporter.

mod export;
mod fixture;
mod malformed;
mod receive;
