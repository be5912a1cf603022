//! From signals to a decision.

use crate::config::{Condition, ConditionKind, Config, Decision, Operator, Rule, Strategy, Term};
use crate::signal::Signals;

/// A decision whose rule holds.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// Matched conditions as a part of all, above 0 and up to 1.
    pub confidence: f64,
    /// The first `domain` condition that holds.
    pub category: Option<&'a str>,
}

/// The decision to follow, or `None` when no rule holds. Of equals the first
/// in the file wins (`EvaluateDecisions` in `pkg/decision/engine.go` upstream).
#[must_use]
pub fn decide<'a>(config: &'a Config, signals: &Signals) -> Option<Match<'a>> {
    let mut best: Option<Match<'a>> = None;
    for decision in &config.decisions {
        let Some(found) = matches(config, decision, signals) else { continue };
        let better = best.is_none_or(|best| match config.strategy {
            Strategy::Priority => found.decision.priority > best.decision.priority,
            Strategy::Confidence => found.confidence > best.confidence,
        });
        if better {
            best = Some(found);
        }
    }
    best
}

fn matches<'a>(config: &Config, decision: &'a Decision, signals: &Signals) -> Option<Match<'a>> {
    let mut matched = Vec::new();
    if !holds(config, &decision.rule, signals, &mut matched) {
        return None;
    }
    let category = matched.iter().find(|condition| condition.kind == ConditionKind::Domain);
    #[expect(clippy::cast_precision_loss, reason = "a handful of conditions")]
    let confidence = matched.len() as f64 / decision.rule.conditions().len() as f64;
    Some(Match {
        decision,
        confidence,
        category: category.map(|condition| condition.name.as_str()),
    })
}

/// Whether a rule holds; one without terms does not. `matched` gets each
/// condition that is as the rule wants it.
fn holds<'a>(
    config: &Config,
    rule: &'a Rule,
    signals: &Signals,
    matched: &mut Vec<&'a Condition>,
) -> bool {
    let wanted = rule.operator != Operator::Not;
    let mut as_wanted = 0;
    for term in &rule.terms {
        let term_holds = match term {
            Term::Condition(condition) => {
                let fulfilled = signals.fulfil(config, condition);
                matched.extend((fulfilled == wanted).then_some(condition));
                fulfilled
            }
            Term::Rule(rule) => holds(config, rule, signals, matched),
        };
        as_wanted += usize::from(term_holds == wanted);
    }
    match rule.operator {
        Operator::And | Operator::Not => as_wanted == rule.terms.len() && as_wanted > 0,
        Operator::Or => as_wanted > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::signal::Domain;

    fn config(text: &str) -> Config {
        config::load(text).unwrap().0
    }

    fn decided(config: &Config, domain: &str) -> Option<String> {
        let signals = Signals { domain: Some(Domain(domain.to_owned())) };
        decide(config, &signals).map(|found| found.decision.name.clone())
    }

    fn decision(name: &str, priority: i64, operator: &str, domains: &[&str]) -> String {
        let conditions: Vec<String> =
            domains.iter().map(|name| format!("{{type: domain, name: {name}}}")).collect();
        format!(
            "  - {{name: {name}, priority: {priority}, rules: {{operator: {operator}, \
             conditions: [{}]}}, modelRefs: [{{model: m, use_reasoning: false}}]}}\n",
            conditions.join(", ")
        )
    }

    fn decisions(list: &[String]) -> String {
        format!("decisions:\n{}", list.concat())
    }

    #[test]
    fn or_holds_with_one_condition_and_with_all() {
        let config = config(&decisions(&[
            decision("either", 0, "OR", &["math", "physics"]),
            decision("both", 9, "AND", &["math", "physics"]),
        ]));
        assert_eq!(decided(&config, "math").as_deref(), Some("either"));
        assert_eq!(decided(&config, "law"), None);
    }

    #[test]
    fn highest_priority_wins_and_the_first_among_equals() {
        let config = config(&decisions(&[
            decision("low", 1, "OR", &["math"]),
            decision("first", 5, "OR", &["math"]),
            decision("second", 5, "OR", &["math"]),
        ]));
        assert_eq!(decided(&config, "math").as_deref(), Some("first"));
    }

    #[test]
    fn confidence_strategy_takes_the_highest_ratio() {
        let list = [
            decision("half", 9, "OR", &["math", "physics"]),
            decision("whole", 1, "OR", &["math"]),
        ];
        let config = config(&format!("strategy: confidence\n{}", decisions(&list)));
        assert_eq!(decided(&config, "math").as_deref(), Some("whole"));
    }

    #[test]
    fn a_category_stands_for_the_labels_it_lists() {
        let list = [decision("code", 0, "AND", &["cs"])];
        let categories = "categories: [{name: cs, mmlu_categories: [computer science]}]\n";
        let config = config(&format!("{categories}{}", decisions(&list)));
        assert_eq!(decided(&config, "computer science").as_deref(), Some("code"));
        assert_eq!(decided(&config, "math"), None);
    }

    #[test]
    fn no_conditions_or_no_signal_is_no_match() {
        let config = config(&decisions(&[
            decision("none", 0, "AND", &[]),
            decision("math", 0, "AND", &["math"]),
        ]));
        assert_eq!(decided(&config, "law"), None);
        assert!(decide(&config, &Signals::default()).is_none());
    }
}
