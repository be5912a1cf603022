//! Which traces are recorded.

use opentelemetry::trace::{TraceFlags, TraceId};

use super::context::TraceContext;
use crate::config::Sampling;

/// Whether a request is recorded. A caller that sent a context has decided
/// already; for a new trace the configuration decides (`ParentBased` in the
/// OpenTelemetry SDK specification).
#[must_use]
pub fn is_sampled(sampling: Sampling, caller: Option<&TraceContext>, trace_id: TraceId) -> bool {
    match (caller, sampling) {
        (Some(context), _) => context.flags.is_sampled(),
        (None, Sampling::AlwaysOn) => true,
        (None, Sampling::AlwaysOff) => false,
        (None, Sampling::Probabilistic(rate)) => is_below(trace_id, rate),
    }
}

/// The flags of a new trace, whose id is random.
#[must_use]
pub fn new_flags(sampled: bool) -> TraceFlags {
    const RANDOM: u8 = 0b10;
    TraceFlags::new(RANDOM | u8::from(sampled))
}

/// The rule of the OpenTelemetry Go SDK's `TraceIDRatioBased`, so that routers
/// of both kinds agree on a trace: the last eight bytes as a 63-bit number,
/// compared with the rate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the Go SDK rounds in the same way"
)]
fn is_below(trace_id: TraceId, rate: f64) -> bool {
    if rate >= 1.0 {
        return true;
    }
    let last_eight = u128::from_be_bytes(trace_id.to_bytes()) as u64;
    (last_eight >> 1) < (rate * (1_u64 << 63) as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{IdSource, RandomIds};
    use opentelemetry::trace::SpanId;

    fn caller(flags: u8) -> TraceContext {
        TraceContext {
            trace_id: TraceId::from(1),
            span_id: SpanId::from(1),
            flags: TraceFlags::new(flags),
            state: String::new(),
        }
    }

    #[test]
    fn the_caller_decides_under_every_sampling() {
        for sampling in [Sampling::AlwaysOn, Sampling::AlwaysOff, Sampling::Probabilistic(0.5)] {
            assert!(is_sampled(sampling, Some(&caller(1)), TraceId::from(1)));
            assert!(!is_sampled(sampling, Some(&caller(0)), TraceId::from(1)));
            assert!(!is_sampled(sampling, Some(&caller(2)), TraceId::from(1)));
        }
    }

    #[test]
    fn new_traces_follow_the_configuration() {
        let id = TraceId::from(u128::MAX);
        assert!(is_sampled(Sampling::AlwaysOn, None, id));
        assert!(!is_sampled(Sampling::AlwaysOff, None, id));
        assert!(is_sampled(Sampling::Probabilistic(1.0), None, id));
        assert!(!is_sampled(Sampling::Probabilistic(0.0), None, TraceId::from(1)));
    }

    #[test]
    fn the_rate_is_kept() {
        let mut ids = RandomIds::default();
        let kept = (0..20_000)
            .filter(|_| is_sampled(Sampling::Probabilistic(0.1), None, ids.trace_id()))
            .count();
        assert!((1_700..2_300).contains(&kept), "{kept} of 20000");
    }

    #[test]
    fn a_higher_rate_keeps_what_a_lower_one_does() {
        let mut ids = RandomIds::default();
        for _ in 0..1_000 {
            let id = ids.trace_id();
            if is_below(id, 0.2) {
                assert!(is_below(id, 0.3));
            }
        }
    }

    #[test]
    fn agrees_with_the_go_sdk() {
        // From go.opentelemetry.io/otel/sdk/trace: bound = rate * 2^63,
        // compared with the last eight bytes shifted right by one.
        assert!(is_below(TraceId::from(0x7fff_ffff_ffff_fffe), 0.5));
        assert!(!is_below(TraceId::from(0x8000_0000_0000_0000), 0.5));
    }
}
