//! The host's shared data, which all workers of a proxy see.

use super::abi;
use crate::cache::{Expected, Shared, Version};

/// Envoy's shared data, of all plugins with the same `vm_id`.
pub struct SharedData;

/// A version that no value has: with it, only a value that is not there yet is
/// set. The host counts versions from 1, and takes 0 for any.
const NONE: Version = Version::MAX;

impl Shared for SharedData {
    fn get(&self, name: &str) -> Option<(Vec<u8>, Version)> {
        abi::shared_data(name)
    }

    fn set(&self, name: &str, value: &[u8], expected: Expected) -> bool {
        let version = match expected {
            Expected::Anything => 0,
            Expected::Nothing => NONE,
            Expected::Version(version) => version,
        };
        abi::set_shared_data(name, value, version).is_ok()
    }
}

/// Whether this call is the first, of all workers, to claim a name.
pub fn claim(name: &str) -> bool {
    SharedData.set(name, b"1", Expected::Nothing)
}
