//! From signals to a decision.

use crate::config::{Condition, ConditionKind, Config, Decision, Operator, Rule, Strategy, Term};
use crate::signal::{Signals, Truth};

/// A decision whose rule holds.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// Conditions that are as the rule wants them, as a part of all: above 0
    /// and up to 1.
    pub confidence: f64,
    /// Conditions that hold and that the rule wants to, in file order.
    pub matched: Vec<&'a Condition>,
}

/// What came of the decisions.
#[derive(Clone, Debug, Default)]
pub struct Decided<'a> {
    /// The decision to follow; `None` when no rule holds.
    pub found: Option<Match<'a>>,
    /// Decisions that might be the one to follow, had no signal failed.
    pub undecided: Vec<&'a Decision>,
}

impl<'a> Match<'a> {
    /// The first `domain` condition that holds.
    #[must_use]
    pub fn category(&self) -> Option<&'a str> {
        let mut matched = self.matched.iter();
        let domain = matched.find(|condition| condition.kind == ConditionKind::Domain);
        domain.map(|condition| condition.name.as_str())
    }
}

impl<'a> Decided<'a> {
    /// The decision to follow.
    #[must_use]
    pub fn decision(&self) -> Option<&'a Decision> {
        self.found.as_ref().map(|found| found.decision)
    }

    /// Every decision that the request may be one of, the one to follow first;
    /// `None` for that of no decision.
    pub fn possible(&self) -> impl Iterator<Item = Option<&'a Decision>> {
        std::iter::once(self.decision()).chain(self.undecided.iter().copied().map(Some))
    }
}

/// The decision to follow. Of equals the first in the file wins
/// (`EvaluateDecisions` in `pkg/decision/engine.go` upstream).
#[must_use]
pub fn decide<'a>(config: &'a Config, signals: &Signals) -> Decided<'a> {
    let mut decided = Decided::default();
    for decision in &config.decisions {
        let mut count = Count::default();
        let truth = holds(&decision.rule, false, signals, &mut count);
        let best = decided.found.as_ref();
        match truth {
            Truth::Holds if best.is_none_or(|best| count.beats(config, decision, best)) => {
                let confidence = count.confidence();
                decided.found = Some(Match { decision, confidence, matched: count.matched });
            }
            Truth::Unknown => decided.undecided.push(decision),
            Truth::Holds | Truth::Fails => {}
        }
    }
    if let (Strategy::Priority, Some(found)) = (config.strategy, &decided.found) {
        let place = |decision: &Decision| {
            config.decisions.iter().position(|other| std::ptr::eq(other, decision))
        };
        let rank = |decision: &Decision| (std::cmp::Reverse(decision.priority), place(decision));
        let found = rank(found.decision);
        decided.undecided.retain(|decision| rank(decision) < found);
    }
    decided
}

/// Whether a rule holds, and how many of its conditions are as it wants them,
/// from 0 to 1.
#[must_use]
pub fn judge(rule: &Rule, signals: &Signals) -> (Truth, f64) {
    let mut count = Count::default();
    (holds(rule, false, signals, &mut count), count.confidence())
}

/// The conditions of one rule, counted.
#[derive(Default)]
struct Count<'a> {
    all: u32,
    as_wanted: u32,
    matched: Vec<&'a Condition>,
}

impl Count<'_> {
    fn confidence(&self) -> f64 {
        f64::from(self.as_wanted) / f64::from(self.all.max(1))
    }

    fn beats(&self, config: &Config, decision: &Decision, best: &Match<'_>) -> bool {
        match config.strategy {
            Strategy::Priority => decision.priority > best.decision.priority,
            Strategy::Confidence => self.confidence() > best.confidence,
        }
    }
}

/// Whether a rule holds or, `negated`, fails. One without terms does neither.
///
/// A negation is carried down to the conditions, so that each counts for what
/// is wanted of it: under NOT, that it fails.
fn holds<'a>(rule: &'a Rule, negated: bool, signals: &Signals, count: &mut Count<'a>) -> Truth {
    let turned = negated != (rule.operator == Operator::Not);
    let needs_all = match rule.operator {
        Operator::And | Operator::Not => !negated,
        Operator::Or => negated,
    };
    let mut terms = Vec::new();
    for term in &rule.terms {
        terms.push(match term {
            Term::Condition(condition) => is_as_wanted(condition, turned, signals, count),
            Term::Rule(rule) => holds(rule, turned, signals, count),
        });
    }
    // What settles the rule by itself, whatever the others are.
    let settles = if needs_all { Truth::Fails } else { Truth::Holds };
    if terms.is_empty() {
        Truth::Fails
    } else if terms.contains(&settles) {
        settles
    } else if terms.contains(&Truth::Unknown) {
        Truth::Unknown
    } else {
        settles.negated()
    }
}

/// Whether a condition holds or, `negated`, fails. One that nothing could ever
/// tell of does neither.
fn is_as_wanted<'a>(
    condition: &'a Condition,
    negated: bool,
    signals: &Signals,
    count: &mut Count<'a>,
) -> Truth {
    count.all += 1;
    let Some(truth) = signals.truth(condition) else { return Truth::Fails };
    let truth = if negated { truth.negated() } else { truth };
    if truth == Truth::Holds {
        count.as_wanted += 1;
        count.matched.extend((!negated).then_some(condition));
    }
    truth
}

#[cfg(test)]
mod tests;
