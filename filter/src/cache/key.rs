//! Digests under a key that nobody outside knows.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Fingerprint;
use super::shared::{Expected, Shared};
use crate::classify::Bundle;
use crate::config::CacheBackend;

/// Bytes of a key: a block of SHA-256.
pub const KEY_BYTES: usize = 64;

const NAME: &str = "semantic_router.cache.key";

/// What digests are made with. Without it nobody can tell by a digest what was
/// asked, nor by whom.
#[derive(Clone)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key of all workers of a proxy: the first that needs one `draws` it.
    /// `None` where that fails.
    #[must_use]
    pub fn of(shared: &dyn Shared, draw: impl Fn() -> Option<[u8; KEY_BYTES]>) -> Option<Self> {
        let there = || shared.get(NAME).and_then(|(bytes, _)| bytes.try_into().ok()).map(Self);
        if let Some(key) = there() {
            return Some(key);
        }
        let drawn = draw()?;
        if shared.set(NAME, &drawn, Expected::Nothing) { Some(Self(drawn)) } else { there() }
    }

    /// The key that this one is to whoever has these bytes too: prompts that
    /// another version of the model embedded are of other scopes.
    fn with(&self, bytes: &[u8]) -> Self {
        let Fingerprint(digest) = self.digest("key").with(bytes).finish();
        let mut key = [0; KEY_BYTES];
        key.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
        Self(key)
    }

    /// Begins a digest; those for different purposes differ.
    #[must_use]
    pub fn digest(&self, purpose: &str) -> Digest {
        let digest = Digest(Hmac::new(&self.0.into()));
        digest.with(purpose.as_bytes())
    }
}

/// The keys of a cache.
pub struct Keys {
    /// Of what is looked up by.
    pub answers: Key,
    /// Of what spans tell.
    pub names: Key,
}

impl Keys {
    /// The keys of a proxy that drew this one. Where all proxies share their
    /// answers, what is looked up by is the same in all of them: the sidecar
    /// puts a secret under it before anything leaves for the backend.
    #[must_use]
    pub fn new(drawn: Key, backend: CacheBackend) -> Self {
        let answers = match backend {
            CacheBackend::Memory => drawn.clone(),
            CacheBackend::Redis => Key::new([0; KEY_BYTES]),
        };
        Self { answers: answers.with(Bundle::embedded().manifest), names: drawn }
    }
}

/// A digest in the making: HMAC-SHA-256 of parts, each with its length.
pub struct Digest(Hmac<Sha256>);

impl Digest {
    /// With one part more.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        self.0.update(&part.len().to_be_bytes());
        self.0.update(part);
        self
    }

    /// With a number of parts more, and that number.
    #[must_use]
    pub fn with_all<'a>(self, parts: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let count = parts.len().to_be_bytes();
        parts.fold(self.with(&count), Self::with)
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Fingerprint {
        Fingerprint(self.0.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Alone;

    #[test]
    fn all_workers_have_one_key() {
        let table = Alone::default();
        let digest = |key: Option<Key>| key.map(|key| key.digest("").finish());
        assert_eq!(digest(Key::of(&table, || None)), None);
        let first = digest(Key::of(&table, || Some([1; KEY_BYTES])));
        assert!(first.is_some());
        assert_eq!(digest(Key::of(&table, || Some([2; KEY_BYTES]))), first);
    }

    #[test]
    fn parts_keys_and_purposes_count() {
        let (key, other) = (Key::new([1; KEY_BYTES]), Key::new([2; KEY_BYTES]));
        let digest = |key: &Key, purpose, parts: &[&[u8]]| {
            key.digest(purpose).with_all(parts.iter().copied()).finish()
        };
        let one = digest(&key, "scope", &[b"ab", b"c"]);
        assert_eq!(one, digest(&key, "scope", &[b"ab", b"c"]));
        assert_ne!(one, digest(&key, "scope", &[b"a", b"bc"]));
        assert_ne!(one, digest(&key, "scope", &[b"ab", b"c", b""]));
        assert_ne!(one, digest(&key, "exact", &[b"ab", b"c"]));
        assert_ne!(one, digest(&other, "scope", &[b"ab", b"c"]));
    }
}
