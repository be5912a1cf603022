//! Spans as the trees that they are: to ask about, to check and to show.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, SpanFlags};

mod check;
mod node;
mod render;
mod table;
#[cfg(test)]
mod tests;
mod window;

pub use check::Problem;
pub use node::{Node, hex};
pub use render::Style;

/// Where a span hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Nowhere: its trace begins with it.
    Root,
    /// Under a span of another process that is not among these spans.
    Remote,
    /// Under a span that should be among these, and is not.
    Orphan,
    /// Under the span with this index.
    Child(usize),
}

/// Spans of any number of traces, in order of their start.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    origins: Vec<Origin>,
    children: Vec<Vec<usize>>,
}

/// No span, or more than one, where one was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} spans are called `{name}`; there are {names:?}")]
pub struct NotOne {
    /// The name that was asked for.
    pub name: String,
    /// How many spans have it.
    pub count: usize,
    /// The names of all spans, in order of their start.
    pub names: Vec<String>,
}

impl Tree {
    /// The spans of an export, or of several.
    #[must_use]
    pub fn new<'a>(resources: impl IntoIterator<Item = &'a ResourceSpans>) -> Self {
        Self::of(resources.into_iter().flat_map(Node::all).collect())
    }

    /// The spans in `nodes`.
    #[must_use]
    pub fn of(mut nodes: Vec<Node>) -> Self {
        nodes.sort_by(|one, other| one.order().cmp(&other.order()));
        let mut places = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            places.entry((node.trace_id(), node.span_id())).or_insert(index);
        }
        let origins: Vec<_> = nodes
            .iter()
            .map(|node| match places.get(&(node.trace_id(), node.parent_id())) {
                _ if node.parent_id().is_empty() => Origin::Root,
                Some(parent) => Origin::Child(*parent),
                None if is_remote(&node.span) => Origin::Remote,
                None => Origin::Orphan,
            })
            .collect();
        let mut children = vec![Vec::new(); nodes.len()];
        for (index, origin) in origins.iter().enumerate() {
            if let Origin::Child(parent) = origin
                && let Some(siblings) = children.get_mut(*parent)
            {
                siblings.push(index);
            }
        }
        Self { nodes, origins, children }
    }

    /// Every span.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The ids of the traces, in order of their start.
    #[must_use]
    pub fn trace_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for id in self.nodes.iter().map(Node::trace_id) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// The spans of one trace; `trace_id` in hexadecimal digits.
    #[must_use]
    pub fn trace(&self, trace_id: &str) -> Self {
        let nodes = self.nodes.iter().filter(|node| node.trace_id() == trace_id);
        Self::of(nodes.cloned().collect())
    }

    /// The spans without a parent, and those whose parent belongs to another
    /// process and is not among these.
    #[must_use]
    pub fn roots(&self) -> Vec<&Node> {
        self.with(|origin| matches!(origin, Origin::Root | Origin::Remote))
    }

    /// The spans whose parent is missing.
    #[must_use]
    pub fn orphans(&self) -> Vec<&Node> {
        self.with(|origin| origin == Origin::Orphan)
    }

    /// The spans under `parent`, in order of their start.
    #[must_use]
    pub fn children(&self, parent: &Node) -> Vec<&Node> {
        let index = self.index(parent);
        self.with(|origin| matches!(origin, Origin::Child(at) if Some(at) == index))
    }

    /// The span above `child`.
    #[must_use]
    pub fn parent(&self, child: &Node) -> Option<&Node> {
        match self.origins.get(self.index(child)?)? {
            Origin::Child(parent) => self.nodes.get(*parent),
            _ => None,
        }
    }

    /// The spans called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<&Node> {
        self.nodes.iter().filter(|node| node.name() == name).collect()
    }

    /// The one span called `name`.
    ///
    /// # Errors
    /// No such span, or several.
    pub fn one(&self, name: &str) -> Result<&Node, NotOne> {
        match self.find(name).as_slice() {
            [only] => Ok(only),
            found => Err(NotOne {
                name: name.to_owned(),
                count: found.len(),
                names: self.nodes.iter().map(|node| node.name().to_owned()).collect(),
            }),
        }
    }

    /// What is wrong with these spans; nothing when every trace has one root,
    /// every parent is there, spans lie within their parents' time give or take
    /// `tolerance`, ids are unique, and no span ends before it starts.
    #[must_use]
    pub fn check(&self, tolerance: Duration) -> Vec<Problem> {
        check::problems(self, tolerance)
    }

    /// The spans as text: a line each, with their place in time.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        render::render(self, style)
    }

    fn with(&self, wanted: impl Fn(Origin) -> bool) -> Vec<&Node> {
        let pairs = self.nodes.iter().zip(&self.origins);
        pairs.filter(|(_, origin)| wanted(**origin)).map(|(node, _)| node).collect()
    }

    fn index(&self, node: &Node) -> Option<usize> {
        self.nodes.iter().position(|other| std::ptr::eq(other, node) || other == node)
    }
}

/// Whether a span says that its parent is another process's. One that says
/// nothing is believed when it is of a kind that others call.
fn is_remote(span: &Span) -> bool {
    let says = |mask: SpanFlags| span.flags & mask as u32 != 0;
    if says(SpanFlags::ContextHasIsRemoteMask) {
        return says(SpanFlags::ContextIsRemoteMask);
    }
    node::is_called(span.kind())
}
