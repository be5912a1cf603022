//! Spans as text, for a terminal.

use std::env;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::check::is_cyclic;
use super::node::Node;
use super::table::{TITLES, attributes};
use super::window::{self, Window};
use super::{Origin, Tree};

/// The width of a title, in characters.
const TITLE: usize = 48;
/// The width of an attribute's value, in characters.
const VALUE: usize = 40;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const DIM: &str = "2";

/// How to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Box-drawing characters and blocks instead of ASCII.
    pub unicode: bool,
    /// Colours, as escape sequences.
    pub colour: bool,
}

impl Style {
    /// What standard output can show: ASCII without colours when it is no
    /// terminal, and no colours where `NO_COLOR` is set.
    #[must_use]
    pub fn detect() -> Self {
        let terminal = stdout().is_terminal();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        let locale = locale.unwrap_or_default().to_uppercase().replace('-', "");
        Self {
            unicode: terminal && locale.contains("UTF8"),
            colour: terminal && env::var_os("NO_COLOR").is_none(),
        }
    }

    /// `text` in the colour that an escape sequence stands for.
    fn paint(self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn pick<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }
}

/// A span's line, before it is known how wide the columns are.
struct Line<'a> {
    node: &'a Node,
    label: String,
}

/// A span that is to be drawn, with those under it.
struct Step {
    index: usize,
    /// The branch that ends at it.
    branch: String,
    /// What stands in front of the branches under it.
    lead: String,
}

/// The traces of a tree, one after another.
pub(super) fn render(tree: &Tree, style: Style) -> String {
    let traces = tree.trace_ids();
    let traces = traces.iter().map(|id| render_trace(&tree.trace(id), id, style));
    traces.collect::<Vec<_>>().join("\n")
}

fn render_trace(tree: &Tree, id: &str, style: Style) -> String {
    let window = Window::new(&tree.nodes);
    let lines = lines(tree, style);
    let title = title(tree, style).map(|title| format!("   \"{title}\"")).unwrap_or_default();
    let head = format!("trace {id}{title}");
    // The head reaches over the time line, and pushes it aside if need be.
    let room = width(&head).saturating_sub(window::WIDTH);
    let label_width = lines.iter().map(|line| width(&line.label) + 2).fold(room, usize::max);
    let head_width = label_width + window::WIDTH;
    let mut text = format!("{head:<head_width$} {:>11}\n", millis(window.duration()));
    for Line { node, label } in lines {
        let bar = style.paint(&window.bar(node, style.pick("█", "#")), colour(node));
        let time = millis(node.duration());
        let notes = notes(node, style).join("  ");
        let row = format!("{label:<label_width$}{bar} {time:>11}  {notes}");
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// The spans of a trace from the top, each with the branches that lead to it.
fn lines(tree: &Tree, style: Style) -> Vec<Line<'_>> {
    let home = tree.nodes.first().map_or("", |node| &node.service);
    let mut lines = Vec::with_capacity(tree.nodes.len());
    let mut steps = steps(&tops(tree), "", style);
    while let Some(Step { index, branch, lead }) = steps.pop() {
        let Some(node) = tree.nodes.get(index) else { continue };
        let mut label = clean(node.name());
        if node.service != home {
            label = format!("{label} ({})", clean(&node.service));
        }
        let (remark, under) = match tree.origins.get(index) {
            Some(Origin::Orphan) => (" (parent missing)", tree.children.get(index)),
            // All spans of a circle stand at the top.
            _ if is_cyclic(tree, index) => (" (above itself)", None),
            _ => ("", tree.children.get(index)),
        };
        lines.push(Line { node, label: format!("{branch}{label}{remark}") });
        steps.extend(self::steps(under.map_or(&[], Vec::as_slice), &lead, style));
    }
    lines
}

/// The spans that stand under no other.
fn tops(tree: &Tree) -> Vec<usize> {
    let is_top = |index: &usize| match tree.origins.get(*index) {
        Some(Origin::Child(_)) => is_cyclic(tree, *index),
        _ => true,
    };
    (0..tree.nodes.len()).filter(is_top).collect()
}

/// The steps to `siblings`, whose branches stand behind `lead`; the first to be
/// taken is the last.
fn steps(siblings: &[usize], lead: &str, style: Style) -> Vec<Step> {
    let branches = siblings.iter().rev().enumerate().map(|(place, index)| {
        let (branch, below) = match place {
            0 => (style.pick("└─ ", "`- "), "   "),
            _ => (style.pick("├─ ", "|- "), style.pick("│  ", "|  ")),
        };
        Step { index: *index, branch: format!("{lead}{branch}"), lead: format!("{lead}{below}") }
    });
    branches.collect()
}

/// What a person would call the trace.
fn title(tree: &Tree, style: Style) -> Option<String> {
    let shown = |key: &&str| tree.nodes.iter().find_map(|node| node.shown(key));
    TITLES.iter().find_map(shown).map(|title| cut(&clean(&title), TITLE, style))
}

/// What is worth a look in a span.
fn notes(node: &Node, style: Style) -> Vec<String> {
    let mark = style.pick("✗ error", "! error");
    let mark = clean(&format!("{mark} {}", node.status_message()));
    let error = node.is_error().then(|| style.paint(mark.trim_end(), RED));
    let notes = attributes(node).filter_map(|key| {
        let value = cut(&clean(&node.shown(key)?), VALUE, style);
        Some(style.paint(&format!("{key}="), DIM) + &value)
    });
    error.into_iter().chain(notes).collect()
}

fn colour(node: &Node) -> &'static str {
    match node.span.kind() {
        _ if node.is_error() => RED,
        SpanKind::Server | SpanKind::Consumer => CYAN,
        SpanKind::Client | SpanKind::Producer => YELLOW,
        _ => GREEN,
    }
}

/// Milliseconds, since that is what one compares here.
fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// The width of a text, in characters.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// At most `limit` characters.
fn cut(text: &str, limit: usize, style: Style) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let end = style.pick("…", "...");
    let kept = text.chars().take(limit - width(end));
    kept.chain(end.chars()).collect()
}

/// Without the characters that would move the cursor.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
