//! What is wrong, and what is not.

use super::{Duration, Problem, SpanKind, names, request, span, tree};

const TOLERANCE: Duration = Duration::from_micros(150);

#[test]
fn a_request_is_right() {
    assert_eq!(request().check(Duration::ZERO), []);
}

#[test]
fn a_parent_that_is_missing() {
    let tree = tree(vec![span(1, 0, "a", 0, 9), span(2, 7, "b", 1, 2)]);
    assert_eq!(names(&tree.orphans()), ["b"]);
    let [Problem::Orphan { parent, .. }] = &tree.check(TOLERANCE)[..] else { panic!() };
    assert_eq!(parent, "0000000000000007");
}

#[test]
fn a_parent_in_another_process() {
    let kinds = |kind: SpanKind, flags: u32| {
        let mut span = span(1, 7, "a", 0, 9);
        span.kind = kind.into();
        span.flags = flags;
        tree(vec![span]).check(TOLERANCE).len()
    };
    assert_eq!(kinds(SpanKind::Server, 1), 0);
    assert_eq!(kinds(SpanKind::Internal, 0x301), 0);
    // No root, and an orphan.
    assert_eq!(kinds(SpanKind::Server, 0x101), 2);
    assert_eq!(kinds(SpanKind::Internal, 1), 2);
}

#[test]
fn two_roots() {
    let tree = tree(vec![span(1, 0, "a", 0, 9), span(2, 0, "b", 1, 2)]);
    let [Problem::Roots { roots: 2, .. }] = tree.check(TOLERANCE)[..] else { panic!() };
}

#[test]
fn a_circle() {
    let tree = tree(vec![span(1, 0, "a", 0, 9), span(2, 3, "b", 1, 2), span(3, 2, "c", 1, 2)]);
    let problems = tree.check(TOLERANCE);
    let cycles = problems.iter().filter(|problem| matches!(problem, Problem::Cycle { .. }));
    assert_eq!((cycles.count(), problems.len()), (2, 2));
}

#[test]
fn ids_that_are_not_unique_or_not_valid() {
    let mut short = span(4, 1, "short", 2, 3);
    short.span_id.pop();
    let zero = span(0, 1, "zero", 2, 3);
    let tree = tree(vec![
        span(1, 0, "a", 0, 9),
        span(2, 1, "b", 1, 2),
        span(2, 1, "c", 1, 2),
        short,
        zero,
    ]);
    let problems: Vec<_> = tree.check(TOLERANCE).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "c 0000000000000002: another span has its id",
            "short 00000000000000: an id is not valid",
            "zero 0000000000000000: an id is not valid",
        ]
    );
}

#[test]
fn times_that_cannot_be() {
    let tree =
        tree(vec![span(1, 0, "a", 10, 20), span(2, 1, "late", 15, 22), span(3, 1, "early", 9, 12)]);
    let problems: Vec<_> = tree.check(TOLERANCE).iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["late 0000000000000002: 200µs outside a 0000000000000001"]);
    assert_eq!(tree.check(Duration::from_micros(200)), []);
    let backwards = super::tree(vec![span(1, 0, "a", 10, 9)]).check(TOLERANCE);
    assert!(matches!(backwards[..], [Problem::Backwards { .. }]));
}
