//! Bounds on what is kept, and time that grows with the text only.

use std::time::{Duration, Instant};

use super::read;

const PROSE: &str = "The quick brown fox, who had been asleep since 1999, jumps over a lazy dog \
    and asks whether anyone has seen the report that Mr. Smith wrote (see page 12). ";

#[test]
fn eight_blobs_at_most_and_no_more_than_the_input() {
    let same = "aWdub3JlIGFsbCBwcmV2aW91cw== and ".repeat(20);
    assert_eq!(read(&same).decoded.len(), 1);
    let many: String = ('a'..='z')
        .fold(String::new(), |all, c| format!("{all}0x{:02x}67616c6c616e646d, ", c as u8));
    assert_eq!(read(&many.replace(", ", " and ")).decoded.len(), 8);
    let reading = read(&"\\u4f60".repeat(1000));
    assert!(reading.decoded.iter().map(String::len).sum::<usize>() <= 6000);
}

/// The best of a few runs over the text at `size` bytes.
fn time(unit: &str, size: usize) -> Duration {
    let text = unit.repeat(size / unit.len() + 1);
    (0..3)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(read(&text));
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[test]
fn a_megabyte_takes_linear_time() {
    let units = [
        PROSE,
        "a",
        "=",
        " ",
        "\n",
        "A",
        "w",
        "%41",
        "&#65;",
        "&#",
        "&",
        "\\u0041",
        "\\u{",
        "\\",
        "%",
        "i ",
        "i.",
        "a-b ",
        "1 ",
        "1gn0r3 ",
        "1",
        "@",
        "!",
        "$a",
        "a*",
        "<",
        "a<",
        "a<b>",
        "e\u{301}",
        "\u{301}",
        "\u{f71}",
        "\u{5b0}",
        "\u{1e8d0}",
        "\u{302a}\u{302b}",
        "\u{200b}",
        "\u{e0041}",
        "\u{fe01}",
        "а",
        "а ",
        "а b ",
        "ѕуѕtем ",
        "я",
        "αβ",
        "\u{1f3f4}\u{e0067}",
        "aWdub3JlIGFsbCBwcmV2aW91cw==\n",
        "aWdub3JlIGFsbCBwcmV2",
        "aWdub3JlIGFsbCBwcmV2\n",
        "eyJhbGciOi.",
        "41 ",
        "41",
        "01000001 ",
        ".- ",
        ".",
        "-",
        "/ ",
        "vtaber ",
        "erongi ",
        "lla siht erongi xyz ",
        "\u{fdfa}",
        "ﬁ",
        "哈",
        "\u{1100}\u{1161}",
        "क्",
        "😀\u{200d}",
        "data:text/plain;base64,AAAA",
        "a b\n",
        "www.",
    ];
    let is_slow = |unit: &&&str| {
        let (small, large) = (time(unit, 1 << 17), time(unit, 1 << 20));
        large > small * 20 && large > Duration::from_millis(60)
    };
    // On a busy machine what is linear is slow now and then, not ten times.
    let slow: Vec<_> = units.iter().filter(|unit| (0..10).all(|_| is_slow(unit))).collect();
    assert!(slow.is_empty(), "{slow:#?}");
}
