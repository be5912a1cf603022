//! Server-sent events, read as they pass.
//!
//! Line ends and fields as in the HTML Living Standard, section 9.2.6
//! ("Interpreting an event stream").

/// Longest event that is read, in bytes; a longer one is skipped.
const MAX_EVENT_BYTES: usize = 256 << 10;

/// Splits a stream into the data of its events, whatever the chunks it comes
/// in. Holds at most one event.
#[derive(Debug, Default)]
pub struct SseReader {
    line: Vec<u8>,
    data: Vec<u8>,
    after_cr: bool,
    overlong: bool,
    skipped: usize,
}

impl SseReader {
    /// Reads the next bytes of the stream and calls `event` with the data of
    /// every event that they complete.
    pub fn push(&mut self, bytes: &[u8], mut event: impl FnMut(&[u8])) {
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut event),
                _ if self.line.len() + self.data.len() < MAX_EVENT_BYTES => self.line.push(byte),
                _ => self.overlong = true,
            }
        }
    }

    /// How many events were too long to be read.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    fn end_line(&mut self, event: &mut impl FnMut(&[u8])) {
        if self.line.is_empty() {
            if self.overlong {
                self.skipped += 1;
            } else if let [data @ .., b'\n'] = self.data.as_slice() {
                event(data);
            }
            self.data.clear();
            self.overlong = false;
            return;
        }
        let line = self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line);
        if let Some(value) = line.strip_prefix(b"data:") {
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.data.push(b'\n');
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let mut reader = SseReader::default();
        let mut events = Vec::new();
        for chunk in chunks {
            reader.push(chunk, |data| events.push(String::from_utf8(data.to_vec()).unwrap()));
        }
        events
    }

    const STREAM: &[u8] = b"\xef\xbb\xbfdata: one\r\n\r\n: comment\ndata:two\ndata: lines\n\n\
        event: x\rdata: three\r\rid: 7\n\ndata: [DONE]\n\ndata: unfinished";

    #[test]
    fn reads_the_same_at_every_split() {
        let expected = ["one", "two\nlines", "three", "[DONE]"];
        assert_eq!(events(&[STREAM]), expected);
        for at in 0..STREAM.len() {
            assert_eq!(events(&[&STREAM[..at], &STREAM[at..]]), expected, "split at {at}");
        }
        let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(events(&bytes), expected);
    }

    #[test]
    fn overlong_events_are_skipped_and_counted() {
        let mut reader = SseReader::default();
        let mut seen = 0;
        let long = vec![b'x'; MAX_EVENT_BYTES * 2];
        reader.push(b"data: ", |_| seen += 1);
        reader.push(&long, |_| seen += 1);
        reader.push(b"\n\ndata: next\n\n", |_| seen += 1);
        assert_eq!((seen, reader.skipped()), (1, 1));
    }
}
