//! FNV-1a of 32 bits, as `models/ngrams.py` hashes too.
//!
//! Source: draft-eastlake-fnv.

/// The hash of nothing.
pub const OFFSET: u32 = 0x811C_9DC5;

/// The hash of what `hash` is of, with more bytes after it.
#[must_use]
pub fn extend(hash: u32, bytes: impl IntoIterator<Item = u8>) -> u32 {
    let add = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    bytes.into_iter().fold(hash, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        for (text, hash) in [("", OFFSET), ("a", 0xE40C_292C), ("foobar", 0xBF9C_F968)] {
            assert_eq!(extend(OFFSET, text.bytes()), hash, "{text}");
        }
    }
}
