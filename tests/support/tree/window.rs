//! The time that a trace takes, as a line of characters.

use std::time::Duration;

use super::Node;

/// The width of the line, in characters.
pub(super) const WIDTH: usize = 20;

/// From the start of the first span to the end of the last.
pub(super) struct Window {
    /// Nanoseconds since 1970.
    start: u64,
    /// The same.
    end: u64,
}

impl Window {
    pub(super) fn new(nodes: &[Node]) -> Self {
        let start = nodes.iter().map(|node| node.span.start_time_unix_nano).min();
        let end = nodes.iter().map(|node| node.span.end_time_unix_nano).max();
        Self { start: start.unwrap_or_default(), end: end.unwrap_or_default() }
    }

    pub(super) fn duration(&self) -> Duration {
        Duration::from_nanos(self.end.saturating_sub(self.start))
    }

    /// The place of a span in the line, drawn with `block`: one at least.
    pub(super) fn bar(&self, node: &Node, block: &str) -> String {
        let total = u128::from(self.end.saturating_sub(self.start)).max(1);
        let scaled = |time: u64| u128::from(time.saturating_sub(self.start)) * WIDTH as u128;
        let left = scaled(node.span.start_time_unix_nano) / total;
        let right = scaled(node.span.end_time_unix_nano).div_ceil(total);
        let left = usize::try_from(left).unwrap_or(WIDTH).min(WIDTH - 1);
        let right = usize::try_from(right).unwrap_or(WIDTH).clamp(left + 1, WIDTH);
        let bar = " ".repeat(left) + &block.repeat(right - left);
        format!("{bar}{}", " ".repeat(WIDTH - right))
    }
}
