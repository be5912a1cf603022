//! What names entries and seals them, so that Redis can read neither.
//!
//! One secret makes the keys of every scope (HKDF-SHA-256), so that no key
//! seals so much that two random nonces meet.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use semantic_router_filter::cache::Fingerprint;
use semantic_router_filter::hex;

/// Another layout of what is kept needs another number.
const PURPOSE: &[u8] = b"semantic-router cache 1";

/// Bytes of a [`Name`].
pub const NAME_BYTES: usize = 16;

/// What a scope or an entry is called in Redis.
pub type Name = [u8; NAME_BYTES];

/// How something sealed begins, and nothing else that is sealed.
pub type Mark = [u8; NONCE_LEN];

/// How something sealed begins.
#[must_use]
pub fn mark(sealed: &[u8]) -> Mark {
    sealed.first_chunk().copied().unwrap_or_default()
}

/// A key could not be made, or what is sealed is not what was sealed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be sealed or opened with this key")]
pub struct SealError;

impl From<Unspecified> for SealError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// What the keys of all scopes are made from.
#[derive(Clone, Debug)]
pub struct Secret {
    prk: Prk,
    namespace: String,
}

impl Secret {
    /// From a secret of any length.
    #[must_use]
    pub fn new(secret: &[u8], namespace: &str) -> Self {
        let prk = Salt::new(HKDF_SHA256, PURPOSE).extract(secret);
        Self { prk, namespace: namespace.to_owned() }
    }

    /// The keys of a scope.
    ///
    /// # Errors
    /// None that is known of.
    pub fn scope(&self, scope: &Fingerprint) -> Result<ScopeKeys, SealError> {
        let mut bytes = [0; DERIVED];
        let info = [self.namespace.as_bytes(), &scope.0];
        self.prk.expand(&info, Length)?.fill(&mut bytes)?;
        let (name, rest) = bytes.split_first_chunk::<NAME_BYTES>().ok_or(SealError)?;
        let (names, seals) = rest.split_at_checked(KEY_BYTES).ok_or(SealError)?;
        Ok(ScopeKeys {
            name: *name,
            root: format!("vsr:{}:{{{}}}", self.namespace, hex::encode(name)),
            names: hmac::Key::new(hmac::HMAC_SHA256, names),
            seals: RandomizedNonceKey::new(&AES_256_GCM, seals)?,
        })
    }
}

const KEY_BYTES: usize = 32;
const DERIVED: usize = NAME_BYTES + 2 * KEY_BYTES;

#[derive(Clone, Copy)]
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        DERIVED
    }
}

/// What is sealed: never opened as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// A [`super::record::Record`].
    Record,
    /// An answer, of the entry of this name.
    Answer(Name),
}

impl Sealed {
    fn bound_to(self) -> [u8; 1 + NAME_BYTES] {
        let (kind, name) = match self {
            Self::Record => (0, Name::default()),
            Self::Answer(name) => (1, name),
        };
        let mut bytes = [kind; 1 + NAME_BYTES];
        if let Some((_, rest)) = bytes.split_first_mut() {
            rest.copy_from_slice(&name);
        }
        bytes
    }
}

/// The keys of one scope.
#[derive(Debug)]
pub struct ScopeKeys {
    name: Name,
    root: String,
    names: hmac::Key,
    seals: RandomizedNonceKey,
}

impl ScopeKeys {
    /// What the scope is called.
    #[must_use]
    pub fn name(&self) -> Name {
        self.name
    }

    /// What the entry of a prompt is called.
    #[must_use]
    pub fn entry(&self, exact: &Fingerprint) -> Name {
        let tag = hmac::sign(&self.names, &exact.0);
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The key in Redis of the scope's records.
    #[must_use]
    pub fn records_key(&self) -> &str {
        &self.root
    }

    /// The key in Redis of an entry's answer: on the same node of a cluster.
    #[must_use]
    pub fn answer_key(&self, entry: &Name) -> String {
        format!("{}:{}", self.root, hex::encode(entry))
    }

    /// Seals bytes: a nonce, then the rest.
    ///
    /// # Errors
    /// None that is known of.
    pub fn seal(&self, what: Sealed, mut bytes: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let aad = Aad::from(what.bound_to());
        let nonce = self.seals.seal_in_place_append_tag(aad, &mut bytes)?;
        Ok([nonce.as_ref().as_slice(), &bytes].concat())
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// It was not, or with another key, or as something else.
    pub fn open(&self, what: Sealed, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut bytes = rest.to_vec();
        let aad = Aad::from(what.bound_to());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.seals.open_in_place(nonce, aad, &mut bytes)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str, namespace: &str, scope: u8) -> ScopeKeys {
        Secret::new(secret.as_bytes(), namespace).scope(&Fingerprint([scope; 32])).unwrap()
    }

    #[test]
    fn names_tell_nothing_without_the_secret() {
        let one = keys("secret", "default", 1);
        assert_eq!(one.name(), keys("secret", "default", 1).name());
        let exact = Fingerprint([9; 32]);
        assert_eq!(one.entry(&exact), keys("secret", "default", 1).entry(&exact));
        for other in
            [keys("other", "default", 1), keys("secret", "b", 1), keys("secret", "default", 2)]
        {
            assert_ne!(one.name(), other.name());
            assert_ne!(one.entry(&exact), other.entry(&exact));
        }
        assert!(one.records_key().starts_with("vsr:default:{"));
        assert!(one.answer_key(&one.entry(&exact)).starts_with(one.records_key()));
    }

    #[test]
    fn only_the_same_key_and_use_opens() {
        let one = keys("secret", "default", 1);
        let entry = one.entry(&Fingerprint([9; 32]));
        let answer = Sealed::Answer(entry);
        let sealed = one.seal(answer, b"answer".to_vec()).unwrap();
        assert_eq!(one.open(answer, &sealed).unwrap(), b"answer");
        assert_ne!(sealed, one.seal(answer, b"answer".to_vec()).unwrap(), "another nonce");
        assert_eq!(one.open(Sealed::Record, &sealed), Err(SealError));
        assert_eq!(one.open(Sealed::Answer([0; NAME_BYTES]), &sealed), Err(SealError));
        assert_eq!(keys("other", "default", 1).open(answer, &sealed), Err(SealError));
        assert_eq!(keys("secret", "default", 2).open(answer, &sealed), Err(SealError));
        assert_eq!(one.open(answer, &sealed[..sealed.len() - 1]), Err(SealError));
        assert_eq!(one.open(answer, b"short"), Err(SealError));
    }
}
