//! The classifiers of one thread, and what a request makes them do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use semantic_router_filter::classify::remote::Answer;
use semantic_router_filter::classify::{Answers, Budget, Classifiers, ClassifyError, Limits};

use super::Settings;
use super::clock::SystemClock;
use super::metrics::{Classifier, ClassifyMetrics};
use super::own::OwnModel;
use super::request::Texts;
use crate::models::Models;

/// The filter's budget is for requests that hold up a whole worker; here they
/// hold up a thread that is there for it.
const BUDGET_FACTOR: u64 = 10;

/// When the files of a model are looked for again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Why a text was not classified.
#[derive(Debug, thiserror::Error)]
enum ItemError {
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    #[error("{0}")]
    Own(String),
    #[error("the {0} ms that a request may take were over")]
    Late(u64),
}

/// The classifiers of one thread.
pub struct Engine {
    classifiers: Classifiers,
    models: Option<Arc<Models>>,
    missing: Vec<Missing>,
    clock: SystemClock,
    budget_ms: u64,
    metrics: ClassifyMetrics,
}

/// A model of the user's own whose files could not be read yet.
struct Missing {
    own: OwnModel,
    /// When that was tried, and why it failed.
    tried: Option<(Instant, String)>,
}

/// The work on one request.
struct Course<'a> {
    engine: &'a Engine,
    budget: Budget<'a>,
    is_abandoned: &'a dyn Fn() -> bool,
    /// Whether a text was classified: the first always is.
    begun: bool,
}

impl Engine {
    /// Classifiers as they are configured.
    #[must_use]
    pub fn new(settings: Settings, models: Option<Arc<Models>>, metrics: ClassifyMetrics) -> Self {
        let limits = Limits::of(&settings.inference);
        let budget_ms = settings.inference.budget_ms.saturating_mul(BUDGET_FACTOR);
        let missing = settings.own.into_iter().map(|own| Missing { own, tried: None });
        Self {
            classifiers: Classifiers::new(limits, settings.sources),
            models,
            missing: missing.collect(),
            clock: SystemClock::default(),
            budget_ms,
            metrics,
        }
    }

    /// Reads the user's own models where that was not done yet.
    fn load(&mut self) {
        let folder = self.models.as_ref().map(|models| models.folder());
        let classifiers = &self.classifiers;
        self.missing.retain_mut(|Missing { own, tried }| {
            if tried.as_ref().is_some_and(|(when, _)| when.elapsed() < RETRY_AFTER) {
                return true;
            }
            match own.load(folder, classifiers) {
                Ok(()) => false,
                Err(error) => {
                    tracing::error!("{}: {error}", own.classifier.name());
                    *tried = Some((Instant::now(), error.to_string()));
                    true
                }
            }
        });
    }

    /// Why a classifier cannot be used, if so.
    fn unusable(&self, classifier: Classifier) -> Option<String> {
        let missing = self.missing.iter().find(|missing| missing.own.classifier == classifier);
        missing?.tried.as_ref().map(|(_, why)| why.clone())
    }

    /// Classifies the texts of a request, unless it is abandoned meanwhile.
    pub fn answer(&mut self, texts: &Texts, is_abandoned: &dyn Fn() -> bool) -> Answers {
        self.load();
        let budget = Budget::new(&self.clock, self.budget_ms);
        let mut course = Course { engine: self, budget, is_abandoned, begun: false };
        let Texts { category, jailbreak, pii } = texts;
        Answers {
            category: course.each(Classifier::Category, category.as_deref(), Classifiers::category),
            jailbreak: course.each(Classifier::Jailbreak, jailbreak.as_deref(), Classifiers::guard),
            pii: course.each(Classifier::Pii, pii.as_deref(), Classifiers::personal),
        }
    }
}

impl<'a> Course<'a> {
    fn each<F, T: From<F>>(
        &mut self,
        classifier: Classifier,
        texts: Option<&[String]>,
        classify: impl Fn(&Classifiers, &str, &Budget<'a>) -> Result<F, ClassifyError>,
    ) -> Vec<Answer<T>> {
        let one = |text: &String| Answer::of(self.one(classifier, text, &classify));
        texts.into_iter().flatten().map(one).collect()
    }

    fn one<F>(
        &mut self,
        classifier: Classifier,
        text: &str,
        classify: impl Fn(&Classifiers, &str, &Budget<'a>) -> Result<F, ClassifyError>,
    ) -> Result<F, ItemError> {
        let engine = self.engine;
        if let Some(why) = engine.unusable(classifier) {
            return Err(ItemError::Own(why));
        }
        // A text takes at least one run of the model, however late it is.
        if (self.begun && !self.budget.lasts()) || (self.is_abandoned)() {
            return Err(ItemError::Late(engine.budget_ms));
        }
        self.begun = true;
        let started = Instant::now();
        let found = classify(&engine.classifiers, text, &self.budget)?;
        engine.metrics.text(classifier, started.elapsed());
        Ok(found)
    }
}
