//! Configurations.

use semantic_router_filter::config;

/// Text is a configuration, or is refused with at least one error; either way
/// the same when it is read again.
///
/// # Panics
/// It does not hold.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let loaded = config::load(text);
    if let Err(report) = &loaded {
        assert!(!report.errors.is_empty(), "refused without a reason");
    }
    assert_eq!(loaded, config::load(text));
}
