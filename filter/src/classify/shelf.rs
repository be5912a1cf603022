//! The user's own models of one virtual machine: wanted, on their way, there or
//! refused.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::ClassifyError;
use super::custom::{Custom, Files, Task};
use crate::config::CustomModel;

/// How far a model has come.
enum State {
    /// A request needs it, and nobody fetches it yet.
    Wanted,
    /// It is being fetched.
    Fetching,
    /// Its files are there; its plan is built when it is next needed.
    Here(Files),
    /// It can be used.
    Ready(Rc<Custom>),
    /// It cannot be used.
    Refused(ClassifyError),
}

/// Tokens on which a model is timed.
const TRIAL: usize = 128;

/// The models by their folder and task.
pub struct Shelf {
    slow: Duration,
    unusable: u64,
    models: BTreeMap<(String, bool), (CustomModel, State)>,
}

impl Shelf {
    /// No models yet. One that takes longer than `slow` for 128 tokens is named
    /// in the log.
    #[must_use]
    pub fn new(slow: Duration) -> Self {
        Self { slow, unusable: 0, models: BTreeMap::new() }
    }

    /// A model, if it is there; else it is wanted from now on.
    ///
    /// # Errors
    /// [`ClassifyError::NotLoaded`], or what is wrong with it.
    pub fn get(&mut self, model: &CustomModel, task: Task) -> Result<Rc<Custom>, ClassifyError> {
        let key = (model.folder.clone(), task == Task::Tokens);
        let (_, state) = self.models.entry(key).or_insert_with(|| (model.clone(), State::Wanted));
        if let State::Here(files) = state {
            *state = match Custom::load(&std::mem::take(files), task) {
                Ok(custom) => {
                    warn_of_time(&model.folder, &custom, self.slow);
                    State::Ready(Rc::new(custom))
                }
                Err(error) => {
                    log::error!("models/{}: {error}", model.folder);
                    self.unusable += 1;
                    State::Refused(error)
                }
            };
        }
        match state {
            State::Ready(custom) => Ok(Rc::clone(custom)),
            State::Refused(error) => Err(error.clone()),
            State::Wanted | State::Fetching | State::Here(_) => {
                Err(ClassifyError::NotLoaded(model.folder.clone()))
            }
        }
    }

    /// A model that is to be fetched; whoever asks is to fetch it.
    pub fn next_wanted(&mut self) -> Option<CustomModel> {
        let wanted = self.models.values_mut().find(|(_, state)| matches!(state, State::Wanted));
        let (model, state) = wanted?;
        *state = State::Fetching;
        Some(model.clone())
    }

    /// Models whose files turned out to be unusable since this was last asked.
    pub fn take_unusable(&mut self) -> u64 {
        std::mem::take(&mut self.unusable)
    }

    /// A model has been fetched, or cannot be.
    pub fn deliver(&mut self, folder: &str, files: Result<Files, String>) {
        let state = |files: Result<Files, String>| match files {
            Ok(files) => State::Here(files),
            Err(why) => State::Refused(ClassifyError::Refused(folder.to_owned(), why)),
        };
        let of_folder = self.models.iter_mut().filter(|((known, _), _)| known == folder);
        let mut waiting: Vec<&mut State> = of_folder.map(|(_, (_, state))| state).collect();
        // A model is large, and hardly ever wanted for two tasks.
        let last = waiting.pop();
        for other in waiting {
            *other = state(files.clone());
        }
        if let Some(last) = last {
            *last = state(files);
        }
    }
}

/// Says so where a model would block its worker for long.
fn warn_of_time(folder: &str, custom: &Custom, slow: Duration) {
    match custom.time(TRIAL) {
        Ok(took) if took > slow => log::warn!(
            "models/{folder}: takes {} ms for {TRIAL} tokens, which blocks the worker; \
             backend: sidecar does not",
            took.as_millis()
        ),
        Ok(took) => {
            log::info!("models/{folder}: ready, {} ms for {TRIAL} tokens", took.as_millis());
        }
        Err(error) => log::warn!("models/{folder}: {TRIAL} tokens: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_fetched_once_when_it_is_first_needed() {
        let mut shelf = Shelf::new(Duration::from_secs(1));
        let model = CustomModel { folder: "mine".into(), mapping: "map.json".into() };
        assert_eq!(shelf.next_wanted(), None);
        let error = shelf.get(&model, Task::Sequence).err().unwrap();
        assert_eq!(error, ClassifyError::NotLoaded("mine".into()));
        assert_eq!(shelf.next_wanted(), Some(model.clone()));
        assert!(shelf.get(&model, Task::Sequence).is_err());
        assert_eq!(shelf.next_wanted(), None);
        shelf.deliver("mine", Ok(Files::default()));
        let error = shelf.get(&model, Task::Sequence).err().unwrap();
        assert!(error.to_string().starts_with("mapping file: "), "{error}");
        assert_eq!((shelf.take_unusable(), shelf.take_unusable()), (1, 0));
        shelf.deliver("mine", Err("there is no model.onnx".into()));
        let error = shelf.get(&model, Task::Sequence).err().unwrap().to_string();
        assert_eq!(error, "the model mine is refused: there is no model.onnx");
    }
}
