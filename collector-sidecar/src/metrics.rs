//! What the collector counts about itself, under the OpenTelemetry Collector's
//! names where that has one.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::cache::CacheMetrics;
use crate::classify::ClassifyMetrics;
use crate::queue::Queue;

/// How spans arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// OTLP/HTTP.
    Http,
    /// OTLP/gRPC.
    Grpc,
}

impl Transport {
    fn labels(self) -> Labels {
        let name = match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        };
        [("transport", name)]
    }
}

type Labels = [(&'static str, &'static str); 1];

/// All metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    accepted_spans: Family<Labels, Counter>,
    refused_spans: Family<Labels, Counter>,
    refused_requests: Family<Labels, Counter>,
    sent_spans: Family<Labels, Counter>,
    failed_spans: Family<Labels, Counter>,
    retries: Family<Labels, Counter>,
    in_flight: Family<Labels, Gauge>,
    /// Of the cache.
    pub cache: CacheMetrics,
    /// Of requests to classify.
    pub classify: ClassifyMetrics,
    /// Bytes of models' files that were sent.
    pub model_bytes: Counter,
}

/// The metrics of one exporter.
#[derive(Clone, Debug)]
pub struct ExporterMetrics {
    /// Spans that the destination has taken.
    pub sent_spans: Counter,
    /// Spans that the destination has refused for good.
    pub failed_spans: Counter,
    /// Attempts to send a batch again.
    pub retries: Counter,
    /// Batches that are being sent or wait to be sent again.
    pub in_flight: Gauge,
}

impl Metrics {
    /// Metrics of a collector that starts now, with this queue.
    #[must_use]
    pub fn new(queue: Arc<Queue>) -> Self {
        let mut registry = Registry::default();
        let mut metrics = Self {
            cache: CacheMetrics::new(&mut registry),
            classify: ClassifyMetrics::new(&mut registry),
            model_bytes: Counter::default(),
            registry,
            accepted_spans: Family::default(),
            refused_spans: Family::default(),
            refused_requests: Family::default(),
            sent_spans: Family::default(),
            failed_spans: Family::default(),
            retries: Family::default(),
            in_flight: Family::default(),
        };
        metrics.register();
        metrics.registry.register_collector(Box::new(State { queue, started: Instant::now() }));
        for transport in [Transport::Http, Transport::Grpc] {
            metrics.accepted_spans(transport, 0);
            metrics.refused_spans(transport, 0);
            metrics.refused_requests(transport, 0);
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let mut counters = |name: &str, help: &str, family: &Family<Labels, Counter>| {
            registry.register(name, help, family.clone());
        };
        counters("otelcol_receiver_accepted_spans", "Spans queued", &self.accepted_spans);
        counters(
            "otelcol_receiver_refused_spans",
            "Spans not queued: invalid, or no room for them",
            &self.refused_spans,
        );
        counters(
            "otelcol_receiver_refused_requests",
            "Requests answered with an error",
            &self.refused_requests,
        );
        counters(
            "otelcol_exporter_sent_spans",
            "Spans that the destination has taken",
            &self.sent_spans,
        );
        counters(
            "otelcol_exporter_send_failed_spans",
            "Spans that the destination has refused for good",
            &self.failed_spans,
        );
        counters("otelcol_exporter_retries", "Attempts to send a batch again", &self.retries);
        registry.register(
            "otelcol_exporter_in_flight_requests",
            "Batches being sent or waiting to be sent again",
            self.in_flight.clone(),
        );
        registry.register(
            "semantic_router_model_sent_bytes",
            "Bytes of models' files that were sent",
            self.model_bytes.clone(),
        );
    }

    /// Counts spans that were queued.
    pub fn accepted_spans(&self, transport: Transport, spans: usize) {
        self.accepted_spans.get_or_create(&transport.labels()).inc_by(spans as u64);
    }

    /// Counts spans that were not queued.
    pub fn refused_spans(&self, transport: Transport, spans: usize) {
        self.refused_spans.get_or_create(&transport.labels()).inc_by(spans as u64);
    }

    /// Counts requests that were answered with an error.
    pub fn refused_requests(&self, transport: Transport, requests: usize) {
        self.refused_requests.get_or_create(&transport.labels()).inc_by(requests as u64);
    }

    /// The metrics of the exporter `name`.
    #[must_use]
    pub fn exporter(&self, name: &'static str) -> ExporterMetrics {
        let labels = [("exporter", name)];
        ExporterMetrics {
            sent_spans: self.sent_spans.get_or_create_owned(&labels),
            failed_spans: self.failed_spans.get_or_create_owned(&labels),
            retries: self.retries.get_or_create_owned(&labels),
            in_flight: self.in_flight.get_or_create_owned(&labels),
        }
    }

    /// All metrics in the `OpenMetrics` text format.
    ///
    /// # Errors
    /// None that is known of: the text is written to memory.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What is not counted but looked up.
#[derive(Debug)]
struct State {
    queue: Arc<Queue>,
    started: Instant,
}

impl Collector for State {
    fn encode(&self, mut out: DescriptorEncoder<'_>) -> fmt::Result {
        let size = self.queue.size();
        for (name, help, value) in [
            ("otelcol_exporter_queue_size", "Bytes queued or being sent", size.bytes),
            ("otelcol_exporter_queue_capacity", "Most bytes queued", self.queue.capacity()),
            ("otelcol_exporter_queue_spans", "Spans queued or being sent", size.spans),
        ] {
            let gauge = ConstGauge::new(value as u64);
            gauge.encode(out.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let uptime = ConstCounter::new(self.started.elapsed().as_secs_f64());
        let (name, help) = ("otelcol_process_uptime", "Time since the start");
        let unit = Some(&Unit::Seconds);
        uptime.encode(out.encode_descriptor(name, help, unit, uptime.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_there_from_the_start() {
        let metrics = Metrics::new(Arc::new(Queue::new(1000)));
        metrics.exporter("stdout").sent_spans.inc();
        metrics.refused_spans(Transport::Grpc, 3);
        let text = metrics.text().unwrap();
        for line in [
            "otelcol_receiver_accepted_spans_total{transport=\"http\"} 0\n",
            "otelcol_receiver_refused_spans_total{transport=\"grpc\"} 3\n",
            "otelcol_receiver_refused_requests_total{transport=\"grpc\"} 0\n",
            "otelcol_exporter_sent_spans_total{exporter=\"stdout\"} 1\n",
            "otelcol_exporter_send_failed_spans_total{exporter=\"stdout\"} 0\n",
            "otelcol_exporter_retries_total{exporter=\"stdout\"} 0\n",
            "otelcol_exporter_in_flight_requests{exporter=\"stdout\"} 0\n",
            "otelcol_exporter_queue_size 0\n",
            "otelcol_exporter_queue_capacity 1000\n",
            "otelcol_exporter_queue_spans 0\n",
            "# TYPE otelcol_process_uptime_seconds counter\n",
            "semantic_router_classify_requests_total{outcome=\"abandoned\"} 0\n",
            "semantic_router_classify_duration_seconds_count{classifier=\"pii\"} 0\n",
            "semantic_router_classify_queue_length 0\n",
            "semantic_router_model_sent_bytes_total 0\n",
            "semantic_router_cache_backend_lookups_total{result=\"similar\"} 0\n",
            "semantic_router_cache_backend_stores_total{result=\"stored\"} 0\n",
            "semantic_router_cache_backend_errors_total{reason=\"timeout\"} 0\n",
            "semantic_router_cache_backend_duration_seconds_count{operation=\"lookup\"} 0\n",
            "semantic_router_cache_backend_connected 0\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
