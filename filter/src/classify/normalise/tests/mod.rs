//! What every step takes off, and what it must leave alone.

mod blobs;
mod kept;
mod letters;
mod limits;

use super::read;

/// Checks that every text of `table` is read as its second column says.
fn reads_as(table: &[(&str, &str)]) {
    let wrong: Vec<_> = table
        .iter()
        .map(|(text, want)| (text, want, read(text).text))
        .filter(|(_, want, got)| got != *want)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
