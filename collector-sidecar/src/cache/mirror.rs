//! The scopes that were read lately, so that a lookup transfers only what is
//! new in Redis.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::scope::Scope;
use super::seal::Name;

/// Bytes of a scope beside its entries.
const SCOPE_BYTES: usize = 256;

/// A scope that several lookups share.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<Scope>>);

impl Shared {
    /// The scope, for oneself.
    pub fn lock(&self) -> MutexGuard<'_, Scope> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Scopes, of which those not used for the longest time make room.
#[derive(Debug)]
pub struct Mirror {
    held: Mutex<Held>,
    most: usize,
}

#[derive(Debug)]
struct Held {
    scopes: LruCache<Name, (Shared, usize)>,
    bytes: usize,
}

impl Mirror {
    /// Scopes of at most so many bytes together.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { held: Mutex::new(Held { scopes: LruCache::unbounded(), bytes: 0 }), most }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A scope as it was last read; an empty one where it was not.
    pub fn scope(&self, name: &Name) -> Shared {
        self.held().scopes.get(name).map(|(shared, _)| shared.clone()).unwrap_or_default()
    }

    /// Keeps a scope that now takes so many bytes; 0 for one without entries,
    /// which is not kept.
    pub fn keep(&self, name: Name, scope: &Shared, bytes: usize) {
        let mut held = self.held();
        let held = &mut *held;
        if bytes == 0 {
            let gone = held.scopes.pop(&name).map_or(0, |(_, bytes)| bytes);
            held.bytes = held.bytes.saturating_sub(gone);
            return;
        }
        let bytes = bytes + SCOPE_BYTES;
        let before = held.scopes.put(name, (scope.clone(), bytes)).map_or(0, |(_, bytes)| bytes);
        held.bytes = (held.bytes + bytes).saturating_sub(before);
        while held.bytes > self.most
            && let Some((_, (_, bytes))) = held.scopes.pop_lru()
        {
            held.bytes = held.bytes.saturating_sub(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_not_used_make_room() {
        let mirror = Mirror::new(3 * (1000 + SCOPE_BYTES));
        let shared: Vec<Shared> = (0..4).map(|_| Shared::default()).collect();
        let is_kept = |at: usize| {
            Arc::ptr_eq(&mirror.scope(&[u8::try_from(at).unwrap(); 16]).0, &shared[at].0)
        };
        for (name, scope) in (0..3).zip(&shared) {
            mirror.keep([name; 16], scope, 1000);
        }
        assert!(is_kept(0), "used now");
        mirror.keep([3; 16], &shared[3], 1000);
        assert_eq!([0, 1, 2, 3].map(is_kept), [true, false, true, true]);
        mirror.keep([2; 16], &shared[2], 0);
        assert!(!is_kept(2), "has no entries");
        mirror.keep([0; 16], &shared[0], 1000);
        mirror.keep([1; 16], &shared[1], 1000);
        assert_eq!([0, 1, 2, 3].map(is_kept), [true, true, false, true]);
        mirror.keep([1; 16], &shared[1], usize::MAX / 2);
        assert_eq!([0, 1, 2, 3].map(is_kept), [false; 4]);
    }
}
