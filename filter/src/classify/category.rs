//! The category of a prompt.

use super::ClassifyError;
use super::model::Model;
use super::tokenizer::Tokenizer;

/// The category of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    /// The label.
    pub label: String,
    /// Its probability, from 0 to 1.
    pub confidence: f64,
    /// Tokens that the classifier looked at.
    pub tokens: usize,
    /// Whether the text had more.
    pub truncated: bool,
}

/// Tells the category of a text.
pub struct CategoryClassifier {
    tokenizer: Tokenizer,
    model: Model,
    labels: Vec<String>,
    output: String,
}

impl CategoryClassifier {
    /// What `classifier.type` says of it.
    pub const TYPE: &str = "onnx";

    /// Puts a classifier together and tries it once.
    ///
    /// # Errors
    /// Names the file, or the head, that is not as it should be.
    pub fn load(
        tokenizer: &[u8],
        onnx: &[u8],
        max_tokens: usize,
        output: &str,
        labels: Vec<String>,
    ) -> Result<Self, ClassifyError> {
        let classifier = Self {
            tokenizer: Tokenizer::load(tokenizer, max_tokens)?,
            model: Model::load(onnx, output)?,
            labels,
            output: output.to_owned(),
        };
        classifier.classify("ready")?;
        Ok(classifier)
    }

    /// The most probable category.
    ///
    /// # Errors
    /// [`ClassifyError::Tokenizer`], [`ClassifyError::Model`], or
    /// [`ClassifyError::Head`] where the output is not a number for each label.
    pub fn classify(&self, text: &str) -> Result<Category, ClassifyError> {
        let tokens = self.tokenizer.tokens(text)?;
        let logits = self.model.run(&tokens.ids)?;
        if logits.len() != self.labels.len() {
            let (values, labels) = (logits.len(), self.labels.len());
            return Err(self.broken(format!("{values} values for {labels} labels")));
        }
        let best = self
            .labels
            .iter()
            .zip(softmax(&logits))
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        match best {
            Some((label, confidence)) if confidence.is_finite() => Ok(Category {
                label: label.clone(),
                confidence,
                tokens: tokens.ids.len(),
                truncated: tokens.truncated,
            }),
            _ => Err(self.broken("not finite".to_owned())),
        }
    }

    fn broken(&self, message: String) -> ClassifyError {
        ClassifyError::Head { output: self.output.clone(), message }
    }
}

/// Probabilities of logits.
fn softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|logit| f64::from(logit - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Bundle;

    #[test]
    fn tells_plain_prompts_apart() {
        let classifier = Bundle::embedded().category().unwrap();
        for (text, label) in [
            ("What is the derivative of x^2?", "math"),
            ("Write a Python function that reverses a linked list", "computer science"),
            ("Is a verbal contract legally binding in a small claims court?", "law"),
            ("How do the mitochondria of a cell make ATP?", "biology"),
        ] {
            let category = classifier.classify(text).unwrap();
            assert_eq!(category.label, label, "{text}");
            assert!((0.0..=1.0).contains(&category.confidence));
            assert!(!category.truncated);
        }
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let classifier = Bundle::embedded().category().unwrap();
        let category = classifier.classify(&"integral of the function ".repeat(50_000)).unwrap();
        assert!(category.truncated);
        assert!(category.tokens <= 512);
    }

    #[test]
    fn odd_texts_have_a_category_too() {
        let classifier = Bundle::embedded().category().unwrap();
        for text in ["", " ", "\u{0}\u{202e}", "é".repeat(10_000).as_str(), "🦀🦀", "ﷺ"] {
            classifier.classify(text).unwrap();
        }
    }

    #[test]
    fn probabilities_sum_to_one() {
        let sum: f64 = softmax(&[1000.0, -1000.0, 999.0]).iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}
