//! Base64 in either alphabet, on one line or broken over several.

use super::printable;

/// The fewest characters of a blob.
const LEAST: usize = 16;

/// Finds the blobs of `text`.
pub fn scan(text: &str, found: &mut dyn FnMut(&str)) {
    // Runs that follow each other line by line: perhaps one blob.
    let mut block: Vec<&str> = Vec::new();
    let (mut end, mut start) = (0, None);
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        match (value(byte).is_some(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                if at - from < LEAST && block.is_empty() {
                    continue;
                }
                if !is_break(text.get(end..from)) || block.last().is_none_or(|b| b.len() < LEAST) {
                    flush(&mut block, found);
                }
                end = at;
                if let Some(run) = text.get(from..at)
                    && (run.len() >= LEAST || !block.is_empty())
                    && !is_other(text.as_bytes(), run, from)
                {
                    block.push(run);
                }
            }
            _ => {}
        }
    }
    flush(&mut block, found);
}

/// Whether the gap between two runs is the end of a line and an indent.
fn is_break(gap: Option<&str>) -> bool {
    gap.is_some_and(|gap| {
        let gap = gap.strip_prefix('\r').unwrap_or(gap);
        gap.strip_prefix('\n').is_some_and(|gap| gap.bytes().all(|b| matches!(b, b' ' | b'\t')))
    })
}

/// Whether the run is part of a JSON Web Token or of a file in a data address.
fn is_other(text: &[u8], run: &str, from: usize) -> bool {
    let before = text.get(from.saturating_sub(64)..from).unwrap_or_default();
    let after = text.get(from + run.len()..).unwrap_or_default();
    let token =
        before.ends_with(b".") || matches!(after, [b'.', next, ..] if value(*next).is_some());
    let mut starts = before.windows(5);
    let data = before.ends_with(b"base64,")
        && starts.rfind(|w| w == b"data:").is_some()
        && !before.windows(10).any(|w| w == b"data:text/");
    data || (token && run.starts_with("eyJ"))
}

/// Decodes a block as one, else its runs one by one.
fn flush(block: &mut Vec<&str>, found: &mut dyn FnMut(&str)) {
    if let Some(text) = decode(&block.concat()) {
        found(&text);
    } else if block.len() > 1 {
        block.iter().filter_map(|run| decode(run)).for_each(|text| found(&text));
    }
    block.clear();
}

fn decode(run: &str) -> Option<String> {
    if run.len() < LEAST || run.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(run.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in run.bytes() {
        bits = bits << 6 | value(byte)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    printable(&bytes)
}

fn value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}
