//! How an exchange ended.

/// What the proxy knows at the end of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamEnd {
    /// The status that the client got; 0 or absent when none.
    pub status: Option<u32>,
    /// Envoy's `response.flags`.
    pub flags: u64,
    /// Envoy's `response.code_details`.
    pub details: String,
    /// `ip:port` of the host that the request went to.
    pub upstream_address: Option<String>,
}

/// Envoy's `DownstreamConnectionTermination`
/// (`envoy/stream_info/stream_info.h`).
const FLAG_CLIENT_DISCONNECTED: u64 = 0x4000;
/// Envoy's `UpstreamRequestTimeout`.
const FLAG_UPSTREAM_TIMEOUT: u64 = 0x4;

/// Details that stand for a failure, by what they begin with.
const DETAILS: [(&str, &str); 6] = [
    ("downstream_remote_disconnect", "client_disconnected"),
    ("http2.remote_reset", "client_disconnected"),
    ("upstream_reset_", "upstream_reset"),
    ("upstream_per_try_timeout", "upstream_timeout"),
    ("response_timeout", "upstream_timeout"),
    ("stream_idle_timeout", "idle_timeout"),
];

impl StreamEnd {
    /// Why the exchange was cut off; `None` when it ran its course, to
    /// whatever status.
    #[must_use]
    pub fn cut_off(&self) -> Option<&'static str> {
        if self.flags & FLAG_CLIENT_DISCONNECTED != 0 {
            return Some("client_disconnected");
        }
        if self.flags & FLAG_UPSTREAM_TIMEOUT != 0 {
            return Some("upstream_timeout");
        }
        let known = DETAILS.iter().find(|(start, _)| self.details.starts_with(start));
        known.map(|(_, reason)| *reason)
    }

    /// Whether the client got a successful response of the engine to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let succeeded = self.status.is_some_and(|status| (200..300).contains(&status));
        succeeded && self.cut_off().is_none() && self.details == "via_upstream"
    }

    /// The failure that the engine's side shows: as [`StreamEnd::cut_off`], or
    /// a status of 400 and above.
    #[must_use]
    pub fn upstream_error(&self) -> Option<String> {
        self.cut_off().map(str::to_owned).or_else(|| self.status_error(400))
    }

    /// The failure that the server's side shows: as [`StreamEnd::cut_off`], or
    /// a status of 500 and above; one of 4xx is the client's.
    #[must_use]
    pub fn server_error(&self) -> Option<String> {
        self.cut_off().map(str::to_owned).or_else(|| self.status_error(500))
    }

    fn status_error(&self, least: u32) -> Option<String> {
        self.status.filter(|status| *status >= least).map(|status| status.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_as_envoy_tells_them() {
        for (status, flags, details, cut_off, upstream, server) in [
            (200, 0, "via_upstream", None, None, None),
            (404, 0, "via_upstream", None, Some("404"), None),
            (503, 0, "via_upstream", None, Some("503"), Some("503")),
            (
                200,
                0x4000,
                "downstream_remote_disconnect",
                Some("client_disconnected"),
                Some("client_disconnected"),
                Some("client_disconnected"),
            ),
            (
                0,
                0,
                "http2.remote_reset",
                Some("client_disconnected"),
                Some("client_disconnected"),
                Some("client_disconnected"),
            ),
            (
                200,
                0x80_0000,
                "upstream_reset_after_response_started{protocol_error}",
                Some("upstream_reset"),
                Some("upstream_reset"),
                Some("upstream_reset"),
            ),
            (
                503,
                0x8040,
                "upstream_reset_before_response_started{connection_termination}",
                Some("upstream_reset"),
                Some("upstream_reset"),
                Some("upstream_reset"),
            ),
            (
                504,
                0x4,
                "response_timeout",
                Some("upstream_timeout"),
                Some("upstream_timeout"),
                Some("upstream_timeout"),
            ),
        ] {
            let details = details.to_owned();
            let end = StreamEnd { status: Some(status), flags, details, upstream_address: None };
            assert_eq!(end.cut_off(), cut_off, "{end:?}");
            assert_eq!(end.is_complete(), (status, cut_off) == (200, None), "{end:?}");
            assert_eq!(end.upstream_error().as_deref(), upstream, "{end:?}");
            assert_eq!(end.server_error().as_deref(), server, "{end:?}");
        }
    }
}
