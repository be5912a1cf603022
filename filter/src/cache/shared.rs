//! Values that all workers of a proxy see.

use std::cell::RefCell;
use std::collections::HashMap;

/// A version of a value: another with every change.
pub type Version = u32;

/// What must be so for a value to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Anything,
    /// Nothing is.
    Nothing,
    /// What is there has this version.
    Version(Version),
}

/// The shared values of a proxy, by name. A name that was set once stays.
pub trait Shared {
    /// A value with its version.
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)>;
    /// Sets a value, if it is as expected; whether it was.
    fn set(&self, name: &str, value: &[u8], expected: Expected) -> bool;
}

/// The values of a router that is in no proxy.
#[derive(Debug, Default)]
pub struct Alone(RefCell<HashMap<String, (Vec<u8>, Version)>>);

impl Alone {
    /// How many names there are, and how many bytes their values have.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let values = self.0.borrow();
        (values.len(), values.values().map(|(value, _)| value.len()).sum())
    }

    /// Removes a value.
    pub fn remove(&self, name: &str) -> Option<Vec<u8>> {
        self.0.borrow_mut().remove(name).map(|(value, _)| value)
    }
}

impl Shared for Alone {
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)> {
        self.0.borrow().get(name).cloned()
    }

    fn set(&self, name: &str, value: &[u8], expected: Expected) -> bool {
        let mut values = self.0.borrow_mut();
        let there = values.get(name).map(|(_, version)| *version);
        let is_expected = match expected {
            Expected::Anything => true,
            Expected::Nothing => there.is_none(),
            Expected::Version(version) => there.is_none_or(|there| there == version),
        };
        if is_expected {
            values.insert(name.to_owned(), (value.to_vec(), there.unwrap_or(0) + 1));
        }
        is_expected
    }
}
