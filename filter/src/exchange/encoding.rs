//! The encoding of a request's body.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::headers::Headers;

/// How a body is encoded (RFC 9110, 8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// With gzip, once.
    Gzip,
    /// In a way that is not read here.
    Other,
}

/// Why a body cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It is longer than the limit.
    TooLarge,
    /// It is not what its encoding says, or breaks off.
    Malformed,
}

/// Bytes decoded at a time.
const CHUNK: usize = 16 << 10;

impl Encoding {
    /// The encoding that the headers of a message tell.
    pub fn of(headers: &Headers) -> Self {
        let codings: Vec<&[u8]> = headers
            .all("content-encoding")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
            .collect();
        match codings.as_slice() {
            [] => Self::Identity,
            [only]
                if [&b"gzip"[..], b"x-gzip"].iter().any(|own| only.eq_ignore_ascii_case(own)) =>
            {
                Self::Gzip
            }
            _ => Self::Other,
        }
    }

    /// The body without its encoding. Never more than `limit` bytes are made
    /// of it, however well it was compressed; several gzip members are one
    /// body, so that no recipient reads more of it than is read here.
    pub fn decode(self, body: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
        match self {
            Self::Identity => Ok(Cow::Borrowed(body)),
            Self::Gzip => inflate(body, limit).map(Cow::Owned),
            Self::Other => Err(DecodeError::Malformed),
        }
    }
}

fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let mut reader = MultiGzDecoder::new(body);
    let mut decoded = Vec::new();
    let mut chunk = [0; CHUNK];
    loop {
        let read = reader.read(&mut chunk).map_err(|_| DecodeError::Malformed)?;
        let more = chunk.get(..read).unwrap_or_default();
        if more.is_empty() {
            return Ok(decoded);
        }
        if decoded.len() + more.len() > limit {
            return Err(DecodeError::TooLarge);
        }
        if decoded.capacity() - decoded.len() < more.len() {
            // Twice as much as there is, and no more than may come.
            let room = decoded.len().max(CHUNK).min(limit - decoded.len());
            decoded.try_reserve_exact(room).map_err(|_| DecodeError::TooLarge)?;
        }
        decoded.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn encodings_as_the_headers_tell_them() {
        for (values, encoding) in [
            (&[][..], Encoding::Identity),
            (&["identity"], Encoding::Identity),
            (&[""], Encoding::Identity),
            (&["gzip"], Encoding::Gzip),
            (&["X-GZip"], Encoding::Gzip),
            (&[" identity , gzip,"], Encoding::Gzip),
            (&["gzip, gzip"], Encoding::Other),
            (&["gzip", "br"], Encoding::Other),
            (&["deflate"], Encoding::Other),
            (&["zstd"], Encoding::Other),
        ] {
            let field = |value: &&str| ("content-encoding".to_owned(), value.as_bytes().to_vec());
            let headers = Headers::new(values.iter().map(field).collect());
            assert_eq!(Encoding::of(&headers), encoding, "{values:?}");
        }
    }

    #[test]
    fn gzip_is_decoded_up_to_the_limit() {
        let text = b"What is the integral of x?".repeat(3_000);
        let body = gzip(&text);
        let decode = |body: &[u8], limit| Encoding::Gzip.decode(body, limit).map(Cow::into_owned);
        assert_eq!(decode(&body, text.len()), Ok(text.clone()));
        assert_eq!(decode(&body, text.len() - 1), Err(DecodeError::TooLarge));
        let both = [body.clone(), gzip(b"tail")].concat();
        assert_eq!(decode(&both, 1 << 20), Ok([text.as_slice(), b"tail"].concat()));
        assert!(inflate(&body, text.len()).unwrap().capacity() <= text.len());
    }

    #[test]
    fn what_is_not_gzip_is_told() {
        let body = gzip(b"What is the integral of x?");
        let mut other = body.clone();
        other[12] ^= 0x55;
        let garbage = [body.as_slice(), b"garbage"].concat();
        let cut = &body[..body.len() - 4];
        for wrong in [&b"hello"[..], b"", cut, &other, &garbage] {
            assert_eq!(Encoding::Gzip.decode(wrong, 1 << 20), Err(DecodeError::Malformed));
        }
        assert_eq!(Encoding::Other.decode(b"hello", 9), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        // 64 MiB of zeros in 64 KiB.
        let body = gzip(&vec![0; 64 << 20]);
        assert!(body.len() < 80 << 10);
        assert_eq!(Encoding::Gzip.decode(&body, 1 << 20), Err(DecodeError::TooLarge));
    }
}
