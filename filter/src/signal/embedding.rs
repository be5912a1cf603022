//! How near a prompt is to the candidates of a rule.

use std::rc::Rc;

use super::{Signal, Truth};
use crate::classify::{Budget, Classifiers, ClassifyError, similarity};
use crate::config::{Aggregation, ConditionKind, EmbeddingRule};

/// What each rule says of a prompt, and what went wrong where one is unknown:
/// the model failed, or the budget did not last for all candidates. What was
/// embedded is kept, and at least one more candidate with each request.
pub fn signals(
    rules: &[EmbeddingRule],
    classifiers: &Classifiers,
    prompt: &str,
    budget: &Budget<'_>,
) -> (Vec<Signal>, Option<ClassifyError>) {
    if rules.is_empty() {
        return (Vec::new(), None);
    }
    let prompt = match classifiers.embedding(prompt, budget) {
        Ok(prompt) => prompt,
        Err(error) => return (rules.iter().map(|rule| of(rule, None)).collect(), Some(error)),
    };
    let mut candidates = Candidates { classifiers, budget, embedded: 0, left: 0, failed: None };
    let signal = |rule: &EmbeddingRule| {
        let nearness = Nearness::of(rule, |text| candidates.embedding(text), &prompt);
        of(rule, Some(nearness))
    };
    let signals: Vec<Signal> = rules.iter().map(signal).collect();
    let unready = || ClassifyError::NotReady { left: candidates.left };
    let unknown = signals.iter().any(|signal| signal.truth == Truth::Unknown);
    let error = candidates.failed.take().or_else(|| unknown.then(unready));
    (signals, error)
}

/// The embeddings of candidates during one request.
struct Candidates<'c> {
    classifiers: &'c Classifiers,
    budget: &'c Budget<'c>,
    embedded: usize,
    left: usize,
    failed: Option<ClassifyError>,
}

impl Candidates<'_> {
    /// That of one, if it is known or there is time for it.
    fn embedding(&mut self, text: &str) -> Option<Rc<[f32]>> {
        if let Some(known) = self.classifiers.candidate(text) {
            return Some(known);
        }
        if self.embedded > 0 && !self.budget.lasts() {
            self.left += 1;
            return None;
        }
        self.embedded += 1;
        let embedded = self.classifiers.embed_candidate(text);
        embedded.map_err(|error| self.failed = Some(error)).ok()
    }
}

/// How near a prompt is to the candidates of a rule.
struct Nearness {
    /// Candidates that it was compared with.
    compared: u32,
    /// Whether these are all.
    complete: bool,
    highest: f64,
    sum: f64,
}

impl Nearness {
    fn of(
        rule: &EmbeddingRule,
        mut embedding: impl FnMut(&str) -> Option<Rc<[f32]>>,
        prompt: &[f32],
    ) -> Self {
        let mut nearness =
            Self { compared: 0, complete: true, highest: f64::NEG_INFINITY, sum: 0.0 };
        for text in &rule.candidates {
            match embedding(text) {
                None => nearness.complete = false,
                Some(candidate) => {
                    let similarity = similarity(prompt, &candidate);
                    nearness.compared += 1;
                    nearness.highest = nearness.highest.max(similarity);
                    nearness.sum += similarity;
                }
            }
        }
        nearness
    }

    /// Whether a rule holds, and by what score. What more candidates cannot
    /// change is known before all are compared.
    fn judge(&self, rule: &EmbeddingRule) -> (Truth, Option<f64>) {
        let (score, is_final) = match rule.aggregation {
            Aggregation::Mean => (self.sum / f64::from(self.compared), false),
            // The original's `any` tells no more than that one reaches the
            // threshold, which is what the highest tells.
            Aggregation::Max | Aggregation::Any => (self.highest, self.highest >= rule.threshold),
        };
        let score = Some(score).filter(|_| self.compared > 0);
        let holds = score.is_some_and(|score| score >= rule.threshold);
        let truth = if self.complete || is_final { Truth::of(holds) } else { Truth::Unknown };
        (truth, score)
    }
}

fn of(rule: &EmbeddingRule, nearness: Option<Nearness>) -> Signal {
    let unknown = (Truth::Unknown, None);
    let (truth, score) = nearness.map_or(unknown, |nearness| nearness.judge(rule));
    Signal { kind: ConditionKind::Embedding, name: rule.name.clone(), truth, score }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(aggregation: Aggregation, threshold: f64) -> EmbeddingRule {
        let candidates = ["east", "north", "gone"].map(str::to_owned).to_vec();
        EmbeddingRule { name: "r".into(), threshold, candidates, aggregation }
    }

    /// Candidates of known directions; the third is not embedded yet.
    fn judged(rule: &EmbeddingRule, prompt: &[f32]) -> (Truth, Option<f64>) {
        let place = |text: &str| match text {
            "east" => Some(Rc::from([1.0, 0.0])),
            "north" => Some(Rc::from([0.0, 1.0])),
            _ => None,
        };
        Nearness::of(rule, place, prompt).judge(rule)
    }

    #[test]
    fn what_cannot_change_any_more_is_known() {
        use Aggregation::{Any, Max, Mean};
        let east = [1.0, 0.0];
        for aggregation in [Any, Max] {
            assert_eq!(judged(&rule(aggregation, 0.9), &east).0, Truth::Holds);
            let far = judged(&rule(aggregation, 0.9), &[-1.0, 0.0]).0;
            assert_eq!(far, Truth::Unknown, "{aggregation:?}");
        }
        assert_eq!(judged(&rule(Mean, 0.1), &east).0, Truth::Unknown);
        let mut known = rule(Mean, 0.4);
        known.candidates.pop();
        assert_eq!(judged(&known, &east).0, Truth::Holds);
        known.threshold = 0.9;
        assert_eq!(judged(&known, &east).0, Truth::Fails);
        known.candidates.clear();
        assert_eq!(judged(&known, &east), (Truth::Fails, None));
    }
}
