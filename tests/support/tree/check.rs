//! What can be wrong with a tree of spans.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Node, Origin, Tree};

/// Something that is wrong. `span` is a name and an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A trace begins nowhere, or in several places.
    #[error("trace {trace}: {roots} roots")]
    Roots {
        /// The id of the trace.
        trace: String,
        /// How many roots it has.
        roots: usize,
    },
    /// A parent is not among the spans.
    #[error("{span}: its parent {parent} is missing")]
    Orphan {
        /// The span.
        span: String,
        /// The id of its parent.
        parent: String,
    },
    /// Following the parents leads back to the span.
    #[error("{span}: it is above itself")]
    Cycle {
        /// The span.
        span: String,
    },
    /// Two spans of a trace have one id.
    #[error("{span}: another span has its id")]
    Duplicate {
        /// The span.
        span: String,
    },
    /// The id of the span or of its trace has the wrong length, or is zero.
    #[error("{span}: an id is not valid")]
    Id {
        /// The span.
        span: String,
    },
    /// The span ends before it starts, or has no time at all.
    #[error("{span}: it ends before it starts")]
    Backwards {
        /// The span.
        span: String,
    },
    /// The span reaches out of its parent's time.
    #[error("{span}: {by:?} outside {parent}")]
    Outside {
        /// The span.
        span: String,
        /// Its parent.
        parent: String,
        /// How far it reaches out, on the side where it is more.
        by: Duration,
    },
}

/// Everything that is wrong with `tree`.
pub(super) fn problems(tree: &Tree, tolerance: Duration) -> Vec<Problem> {
    let mut problems = roots(tree);
    let mut seen = BTreeSet::new();
    for (index, (node, origin)) in tree.nodes.iter().zip(&tree.origins).enumerate() {
        let span = describe(node);
        if !seen.insert((node.trace_id(), node.span_id())) {
            problems.push(Problem::Duplicate { span: span.clone() });
        }
        if !is_id(&node.span.trace_id, 16) || !is_id(&node.span.span_id, 8) {
            problems.push(Problem::Id { span: span.clone() });
        }
        let (start, end) = times(node);
        if start == 0 || end < start {
            problems.push(Problem::Backwards { span: span.clone() });
        }
        match origin {
            Origin::Orphan => problems.push(Problem::Orphan { span, parent: node.parent_id() }),
            Origin::Child(_) if is_cyclic(tree, index) => problems.push(Problem::Cycle { span }),
            Origin::Child(parent) => problems.extend(outside(tree, node, *parent, tolerance)),
            Origin::Root | Origin::Remote => {}
        }
    }
    problems
}

/// The traces that have not one root.
fn roots(tree: &Tree) -> Vec<Problem> {
    let mut roots: BTreeMap<_, usize> = BTreeMap::new();
    for (node, origin) in tree.nodes.iter().zip(&tree.origins) {
        let is_root = matches!(origin, Origin::Root | Origin::Remote);
        *roots.entry(node.trace_id()).or_default() += usize::from(is_root);
    }
    let wrong = roots.into_iter().filter(|(_, roots)| *roots != 1);
    wrong.map(|(trace, roots)| Problem::Roots { trace, roots }).collect()
}

/// Whether following the parents of a span leads to no root.
pub(super) fn is_cyclic(tree: &Tree, index: usize) -> bool {
    let mut at = index;
    for _ in 0..tree.nodes.len() {
        match tree.origins.get(at) {
            Some(Origin::Child(parent)) => at = *parent,
            _ => return false,
        }
    }
    true
}

fn outside(tree: &Tree, node: &Node, parent: usize, tolerance: Duration) -> Option<Problem> {
    let parent = tree.nodes.get(parent)?;
    let ((start, end), (parent_start, parent_end)) = (times(node), times(parent));
    let by = parent_start.saturating_sub(start).max(end.saturating_sub(parent_end));
    let by = Duration::from_nanos(by);
    (by > tolerance).then(|| Problem::Outside {
        span: describe(node),
        parent: describe(parent),
        by,
    })
}

fn times(node: &Node) -> (u64, u64) {
    (node.span.start_time_unix_nano, node.span.end_time_unix_nano)
}

fn is_id(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().any(|byte| *byte != 0)
}

fn describe(node: &Node) -> String {
    format!("{} {}", node.name(), node.span_id())
}
