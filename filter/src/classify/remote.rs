//! What the filter asks classifiers in the sidecar, and what they answer.

use serde::{Deserialize, Serialize};

use super::pii::{Entity, Kind};
use super::{Category, Coverage, Guarded, Personal};

/// Texts to classify: the body of `POST /v1/classify`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Questions {
    /// By category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    /// For attacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jailbreak: Vec<String>,
    /// For personal data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pii: Vec<String>,
}

impl Questions {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.category.is_empty() && self.jailbreak.is_empty() && self.pii.is_empty()
    }
}

/// The answers, each list in the order of the texts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Answers {
    /// Categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<Answer<CategoryAnswer>>,
    /// Attacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jailbreak: Vec<Answer<JailbreakAnswer>>,
    /// Personal data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pii: Vec<Answer<PiiAnswer>>,
}

/// One answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// There is none.
    Failed {
        /// Why.
        error: String,
    },
    /// A verdict.
    Verdict(T),
}

impl<T> Answer<T> {
    /// A verdict, or why there is none.
    pub fn of<V: Into<T>, E: ToString>(result: Result<V, E>) -> Self {
        match result {
            Ok(verdict) => Self::Verdict(verdict.into()),
            Err(error) => Self::Failed { error: error.to_string() },
        }
    }

    fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// A category.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CategoryAnswer {
    label: String,
    confidence: f64,
    coverage: Coverage,
}

/// The probability of an attack.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct JailbreakAnswer {
    jailbreak: f64,
    coverage: Coverage,
}

/// Personal data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PiiAnswer {
    entities: Vec<EntityAnswer>,
    coverage: Coverage,
}

/// Where something personal is, in bytes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct EntityAnswer {
    kind: String,
    start: usize,
    end: usize,
    score: f32,
}

impl From<Category> for CategoryAnswer {
    fn from(Category { label, confidence, coverage }: Category) -> Self {
        Self { label, confidence, coverage }
    }
}

impl From<Guarded> for JailbreakAnswer {
    fn from(Guarded { jailbreak, coverage }: Guarded) -> Self {
        Self { jailbreak, coverage }
    }
}

impl From<Personal> for PiiAnswer {
    fn from(Personal { entities, coverage }: Personal) -> Self {
        let entity = |entity: &Entity| EntityAnswer {
            kind: entity.kind.name().to_owned(),
            start: entity.start,
            end: entity.end,
            score: entity.score,
        };
        Self { entities: entities.iter().map(entity).collect(), coverage }
    }
}

impl Answers {
    /// Whether a verdict is missing.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.category.iter().any(Answer::is_failed)
            || self.jailbreak.iter().any(Answer::is_failed)
            || self.pii.iter().any(Answer::is_failed)
    }

    /// The texts with their category.
    pub fn category<'a>(
        &self,
        of: &'a Questions,
    ) -> impl Iterator<Item = (&'a str, Category)> + use<'a, '_> {
        verdicts(&of.category, &self.category).map(|(text, answer)| {
            let CategoryAnswer { label, confidence, coverage } = answer.clone();
            (text, Category { label, confidence, coverage })
        })
    }

    /// The texts with the probability of an attack.
    pub fn jailbreak<'a>(
        &self,
        of: &'a Questions,
    ) -> impl Iterator<Item = (&'a str, Guarded)> + use<'a, '_> {
        verdicts(&of.jailbreak, &self.jailbreak).map(|(text, answer)| {
            let JailbreakAnswer { jailbreak, coverage } = *answer;
            (text, Guarded { jailbreak, coverage })
        })
    }

    /// The texts with their personal data.
    pub fn pii<'a>(
        &self,
        of: &'a Questions,
    ) -> impl Iterator<Item = (&'a str, Personal)> + use<'a, '_> {
        verdicts(&of.pii, &self.pii).map(|(text, answer)| {
            let entities = answer.entities.iter().filter_map(|entity| {
                let kind = Kind::named(&entity.kind)?;
                let EntityAnswer { start, end, score, .. } = *entity;
                Some(Entity { kind, start, end, score })
            });
            (text, Personal { entities: entities.collect(), coverage: answer.coverage })
        })
    }
}

/// Texts with their verdicts, those without left out.
fn verdicts<'a, 'b, T>(
    texts: &'a [String],
    answers: &'b [Answer<T>],
) -> impl Iterator<Item = (&'a str, &'b T)> + use<'a, 'b, T> {
    texts.iter().zip(answers).filter_map(|(text, answer)| match answer {
        Answer::Verdict(verdict) => Some((text.as_str(), verdict)),
        Answer::Failed { error } => {
            log::warn!("the sidecar could not classify a text: {error}");
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_belong_to_their_texts() {
        let questions = Questions {
            category: vec!["a".into(), "b".into()],
            pii: vec!["Anna".into()],
            ..Questions::default()
        };
        let answers: Answers = serde_json::from_str(
            r#"{"category": [{"error": "no"}, {"label": "math", "confidence": 0.5,
                    "coverage": {"total": 1, "wanted": 1, "scanned": 1, "windows": 1}}],
                "pii": [{"entities": [{"kind": "PERSON", "start": 0, "end": 4, "score": 0.9},
                    {"kind": "SHOE_SIZE", "start": 0, "end": 4, "score": 0.9}],
                    "coverage": {"total": 1, "wanted": 1, "scanned": 1, "windows": 1}}]}"#,
        )
        .unwrap();
        let categories: Vec<_> =
            answers.category(&questions).map(|(text, category)| (text, category.label)).collect();
        assert_eq!(categories, [("b", "math".to_owned())]);
        let (text, personal) = answers.pii(&questions).next().unwrap();
        assert_eq!((text, personal.entities.len()), ("Anna", 1));
        assert_eq!(answers.jailbreak(&questions).count(), 0);
    }
}
