//! Answers of engines.

use semantic_router_filter::openai::{Completion, ResponseReader, Unfit};

/// The first byte says how the rest is cut into chunks. An answer, whole or in
/// chunks, says the same, and is the same for the cache.
///
/// # Panics
/// It does not hold.
pub fn sse_reader(bytes: &[u8]) {
    let Some((cut, body)) = bytes.split_first() else { return };
    let size = usize::from(*cut) + 1;
    for content_type in ["text/event-stream", "application/json"] {
        let whole = read(content_type, [body]);
        assert_eq!(whole, read(content_type, body.chunks(size)), "chunks of {size}");
        assert_eq!(whole, read(content_type, body.chunks(1)), "bytes");
    }
}

fn read<'a>(
    content_type: &str,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Completion, Result<String, Unfit>) {
    let mut reader = ResponseReader::new(content_type, "").keeping(1 << 10);
    chunks.into_iter().for_each(|chunk| reader.push(chunk));
    reader.finish()
}
