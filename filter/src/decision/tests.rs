//! Tables of rules, signals and decisions.

use super::*;
use crate::config;
use crate::signal::Signal;

/// Reads `AND(a, NOT(b), OR(c, d))`; letters are conditions.
fn rule(text: &str) -> Rule {
    let (rule, rest) = parse(text);
    assert_eq!(rest, "", "{text}");
    match rule {
        Term::Rule(rule) => rule,
        Term::Condition(_) => panic!("{text} is no rule"),
    }
}

fn parse(text: &str) -> (Term, &str) {
    let end = text.find(['(', ',', ')']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let Some(mut rest) = rest.strip_prefix('(') else {
        let kind =
            if word.starts_with('d') { ConditionKind::Domain } else { ConditionKind::Keyword };
        return (Term::Condition(Condition { kind, name: word.to_owned() }), rest);
    };
    let operator = match word {
        "AND" => Operator::And,
        "OR" => Operator::Or,
        "NOT" => Operator::Not,
        other => panic!("{other} is no operator"),
    };
    let mut terms = Vec::new();
    while !rest.starts_with(')') {
        let (term, after) = parse(rest);
        terms.push(term);
        rest = after.trim_start_matches([',', ' ']);
    }
    (Term::Rule(Rule { operator, terms }), rest.strip_prefix(')').unwrap())
}

/// Signals of which those of `holding` hold, those of `unknown` are not known,
/// and `a` to `f` and `d1` to `d3` fail otherwise. No other is evaluated.
fn signals(holding: &'static str, unknown: &'static str) -> Signals {
    let among = |list: &str, name: &str| list.split(' ').any(|other| other == name);
    let names = ["a", "b", "c", "e", "f", "d1", "d2", "d3"];
    let signal = |name: &'static str| Signal {
        kind: if name.starts_with('d') { ConditionKind::Domain } else { ConditionKind::Keyword },
        name: name.to_owned(),
        truth: match (among(holding, name), among(unknown, name)) {
            (true, _) => Truth::Holds,
            (_, true) => Truth::Unknown,
            _ => Truth::Fails,
        },
        score: None,
    };
    Signals(names.map(signal).to_vec())
}

const YES: Truth = Truth::Holds;
const NO: Truth = Truth::Fails;
const WHO_KNOWS: Truth = Truth::Unknown;

/// Rule; signals that hold; signals that are unknown; whether it holds; how
/// many conditions are as wanted, of how many; which of them hold.
type Row = (&'static str, &'static str, &'static str, Truth, (u32, u32), &'static str);

const RULES: [Row; 64] = [
    // One condition.
    ("AND(a)", "a", "", YES, (1, 1), "a"),
    ("AND(a)", "", "", NO, (0, 1), ""),
    ("OR(a)", "a", "", YES, (1, 1), "a"),
    ("OR(a)", "b", "", NO, (0, 1), ""),
    ("NOT(a)", "", "", YES, (1, 1), ""),
    ("NOT(a)", "a", "", NO, (0, 1), ""),
    // No condition.
    ("AND()", "a", "", NO, (0, 0), ""),
    ("OR()", "a", "", NO, (0, 0), ""),
    ("NOT()", "a", "", NO, (0, 0), ""),
    ("OR(a, AND())", "a", "", YES, (1, 1), "a"),
    ("AND(a, OR())", "a", "", NO, (1, 1), "a"),
    ("AND(a, NOT(OR()))", "a", "", NO, (1, 1), "a"),
    // Several.
    ("AND(a, b)", "a b", "", YES, (2, 2), "a b"),
    ("AND(a, b)", "a", "", NO, (1, 2), "a"),
    ("AND(a, b, c)", "a b c", "", YES, (3, 3), "a b c"),
    ("OR(a, b)", "a", "", YES, (1, 2), "a"),
    ("OR(a, b)", "b", "", YES, (1, 2), "b"),
    ("OR(a, b)", "a b", "", YES, (2, 2), "a b"),
    ("OR(a, b, c, e)", "c", "", YES, (1, 4), "c"),
    ("OR(a, b)", "c", "", NO, (0, 2), ""),
    ("NOT(a, b)", "", "", YES, (2, 2), ""),
    ("NOT(a, b)", "a", "", NO, (1, 2), ""),
    ("NOT(a, b)", "a b", "", NO, (0, 2), ""),
    // The same condition twice counts twice, as in the original.
    ("AND(a, a)", "a", "", YES, (2, 2), "a a"),
    ("AND(a, NOT(a))", "a", "", NO, (1, 2), "a"),
    ("OR(a, NOT(a))", "", "", YES, (1, 2), ""),
    // Kinds together.
    ("AND(d1, a)", "d1 a", "", YES, (2, 2), "d1 a"),
    ("AND(d1, a)", "d1", "", NO, (1, 2), "d1"),
    ("OR(d1, d2)", "d2", "", YES, (1, 2), "d2"),
    ("AND(d1, NOT(d2))", "d1", "", YES, (2, 2), "d1"),
    // Rules in rules.
    ("AND(a, OR(b, c))", "a c", "", YES, (2, 3), "a c"),
    ("AND(a, OR(b, c))", "b c", "", NO, (2, 3), "b c"),
    ("OR(a, AND(b, c))", "b c", "", YES, (2, 3), "b c"),
    ("OR(a, AND(b, c))", "b", "", NO, (1, 3), "b"),
    ("AND(a, NOT(b))", "a", "", YES, (2, 2), "a"),
    ("AND(a, NOT(b))", "a b", "", NO, (1, 2), "a"),
    ("AND(a, NOT(b, c))", "a c", "", NO, (2, 3), "a"),
    ("AND(OR(a, b), OR(c, e))", "b e", "", YES, (2, 4), "b e"),
    ("AND(OR(a, b), OR(c, e))", "a b", "", NO, (2, 4), "a b"),
    ("OR(AND(a, b), AND(c, e))", "c e", "", YES, (2, 4), "c e"),
    ("AND(OR(a), OR(OR(b)), AND(AND(AND(c))))", "a b c", "", YES, (3, 3), "a b c"),
    // NOT over rules: De Morgan.
    ("NOT(AND(a, b))", "a", "", YES, (1, 2), ""),
    ("NOT(AND(a, b))", "a b", "", NO, (0, 2), ""),
    ("NOT(OR(a, b))", "", "", YES, (2, 2), ""),
    ("NOT(OR(a, b))", "b", "", NO, (1, 2), ""),
    ("NOT(NOT(a))", "a", "", YES, (1, 1), "a"),
    ("NOT(NOT(a))", "", "", NO, (0, 1), ""),
    ("NOT(NOT(a, b))", "b", "", YES, (1, 2), "b"),
    ("NOT(a, AND(b, NOT(c)))", "b c", "", YES, (2, 3), "c"),
    ("NOT(a, AND(b, NOT(c)))", "b", "", NO, (1, 3), ""),
    // A signal that failed.
    ("AND(a)", "", "a", WHO_KNOWS, (0, 1), ""),
    ("NOT(a)", "", "a", WHO_KNOWS, (0, 1), ""),
    ("AND(a, b)", "a", "b", WHO_KNOWS, (1, 2), "a"),
    ("AND(a, b)", "", "b", NO, (0, 2), ""),
    ("OR(a, b)", "a", "b", YES, (1, 2), "a"),
    ("OR(a, b)", "", "b", WHO_KNOWS, (0, 2), ""),
    ("AND(a, NOT(b))", "a", "b", WHO_KNOWS, (1, 2), "a"),
    ("NOT(a, b)", "a", "b", NO, (0, 2), ""),
    ("NOT(AND(a, b))", "", "b", YES, (1, 2), ""),
    ("NOT(OR(a, b))", "", "b", WHO_KNOWS, (1, 2), ""),
    // A condition that nothing tells of holds neither way.
    ("AND(z)", "z", "", NO, (0, 1), ""),
    ("NOT(z)", "", "", NO, (0, 1), ""),
    ("AND(a, NOT(z))", "a", "", NO, (1, 2), "a"),
    ("OR(a, z)", "a", "", YES, (1, 2), "a"),
];

#[test]
fn rules_hold_as_their_operators_say() {
    for (text, holding, unknown, truth, (as_wanted, all), matched) in RULES {
        let (mut count, rule) = (Count::default(), rule(text));
        let said = holds(&rule, false, &signals(holding, unknown), &mut count);
        let told = format!("{text} with {holding:?}, unknown {unknown:?}");
        assert_eq!(said, truth, "{told}");
        assert_eq!((count.as_wanted, count.all), (as_wanted, all), "{told}");
        let names: Vec<&str> =
            count.matched.iter().map(|condition| condition.name.as_str()).collect();
        assert_eq!(names.join(" "), matched, "{told}");
    }
}

/// A decision: its name, priority and rule.
type Entry = (&'static str, i64, &'static str);
/// Decisions; signals that hold; signals that are unknown; the decision by
/// priority, and by confidence, each with those that might be in its place.
type Choice = (&'static [Entry], &'static str, &'static str, [(&'static str, &'static str); 2]);

const CHOICES: [Choice; 17] = [
    (&[("x", 1, "OR(a)"), ("y", 5, "OR(a)")], "a", "", [("y", ""), ("x", "")]),
    (&[("x", 5, "OR(a)"), ("y", 5, "OR(a)")], "a", "", [("x", ""), ("x", "")]),
    (&[("x", 5, "OR(a, b)"), ("y", 1, "OR(a)")], "a", "", [("x", ""), ("y", "")]),
    (&[("x", 1, "OR(a, b)"), ("y", 1, "OR(c, a)")], "a", "", [("x", ""), ("x", "")]),
    (&[("x", 9, "OR(a, b, c)"), ("y", 1, "OR(a, b)")], "a", "", [("x", ""), ("y", "")]),
    (&[("x", 9, "OR(a, b)"), ("y", 1, "AND(a, b)")], "a b", "", [("x", ""), ("x", "")]),
    (&[("x", 9, "OR(a, b)"), ("y", 1, "AND(a, NOT(c))")], "a", "", [("x", ""), ("y", "")]),
    (&[("x", 0, "AND(a)"), ("y", 0, "NOT(a)")], "", "", [("y", ""), ("y", "")]),
    (&[("x", -1, "AND(a)"), ("y", 0, "AND(a)")], "a", "", [("y", ""), ("x", "")]),
    (&[("x", 0, "AND(a)"), ("y", 0, "AND(b)")], "c", "", [("", ""), ("", "")]),
    (&[("x", 0, "AND()"), ("y", 0, "OR()")], "a", "", [("", ""), ("", "")]),
    (&[], "a", "", [("", ""), ("", "")]),
    // What failed matters where it could have been the one to follow.
    (&[("x", 9, "AND(b)"), ("y", 1, "AND(a)")], "a", "b", [("y", "x"), ("y", "x")]),
    (&[("x", 1, "AND(b)"), ("y", 9, "AND(a)")], "a", "b", [("y", ""), ("y", "x")]),
    (&[("x", 5, "AND(b)"), ("y", 5, "AND(a)")], "a", "b", [("y", "x"), ("y", "x")]),
    (&[("x", 5, "AND(a)"), ("y", 5, "AND(b)")], "a", "b", [("x", ""), ("x", "y")]),
    (&[("x", 5, "NOT(b)"), ("y", 5, "AND(b, c)")], "a", "b", [("", "x"), ("", "x")]),
];

#[test]
fn one_decision_is_followed() {
    for (entries, holding, unknown, wanted) in CHOICES {
        for (strategy, (name, undecided)) in
            [Strategy::Priority, Strategy::Confidence].into_iter().zip(wanted)
        {
            let config = config_of(entries, strategy);
            let decided = decide(&config, &signals(holding, unknown));
            let told = format!("{entries:?} with {holding:?}, unknown {unknown:?}, {strategy:?}");
            let found = decided.decision().map_or("", |decision| decision.name.as_str());
            assert_eq!(found, name, "{told}");
            let names: Vec<&str> =
                decided.undecided.iter().map(|decision| decision.name.as_str()).collect();
            assert_eq!(names.join(" "), undecided, "{told}");
        }
    }
}

fn config_of(entries: &[Entry], strategy: Strategy) -> Config {
    let mut config = config::load("decisions: []").unwrap().0;
    config.strategy = strategy;
    let empty = "decisions: [{name: n, rules: {}, modelRefs: [{model: m, use_reasoning: no}]}]";
    let decision = config::load(empty).unwrap().0.decisions.remove(0);
    let entry = |(name, priority, text): &Entry| Decision {
        name: (*name).to_owned(),
        priority: *priority,
        rule: rule(text),
        ..decision.clone()
    };
    config.decisions = entries.iter().map(entry).collect();
    config
}

#[test]
fn the_category_is_the_first_domain_that_holds() {
    let domain = |text, holding: &'static str| {
        let config = config_of(&[("x", 0, text)], Strategy::Priority);
        let found = decide(&config, &signals(holding, "")).found.unwrap();
        (found.category().map(str::to_owned), found.confidence)
    };
    assert_eq!(domain("OR(a, d1, d2)", "a d2"), (Some("d2".into()), 2.0 / 3.0));
    assert_eq!(domain("OR(d2, d1)", "d1 d2"), (Some("d2".into()), 1.0));
    assert_eq!(domain("AND(a, NOT(d1))", "a"), (None, 1.0), "a domain that it is not");
}
