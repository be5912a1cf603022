//! Trees as text.

use super::{Style, failed, request, span, text, tree, with};

const UNICODE: Style = Style { unicode: true, colour: false };
const ASCII: Style = Style { unicode: false, colour: false };

#[test]
fn a_request() {
    assert_eq!(request().render(UNICODE), include_str!("request.txt"));
    assert_eq!(request().render(ASCII), include_str!("request-ascii.txt"));
}

#[test]
fn spans_that_are_wrong() {
    let broken = with(span(2, 1, "broken", 3, 5), &[("error.type", text("a\x1b[2Jb"))]);
    let broken = failed(broken, "connection\nreset");
    let deep = span(6, 2, "deep", 4, 5);
    let orphan = span(3, 7, "orphan", 4, 9);
    let circle = [span(4, 5, "over", 6, 7), span(5, 4, "under", 6, 7)];
    let mut other = with(span(1, 0, "other", 20, 20), &[("http.path", text(&"/long".repeat(12)))]);
    other.trace_id[0] = 7;
    let spans = [span(1, 0, "root", 0, 10), broken, deep, orphan, other];
    let tree = tree(spans.into_iter().chain(circle).collect());
    assert_eq!(tree.render(UNICODE), include_str!("wrong.txt"));
}

#[test]
fn colours() {
    let span = failed(span(1, 0, "a", 0, 10), "no");
    let text = tree(vec![span]).render(Style { unicode: false, colour: true });
    let bar = format!("\x1b[31m{}\x1b[0m", "#".repeat(20));
    assert!(text.contains(&bar), "{text}");
    assert!(text.ends_with("1.0 ms  \x1b[31m! error no\x1b[0m\n"), "{text}");
}

#[test]
fn nothing() {
    assert_eq!(tree(Vec::new()).render(UNICODE), "");
}
