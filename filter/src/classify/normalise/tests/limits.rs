//! Bounds on what is kept, and on the work that a text can ask for.

use super::super::decode;
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

/// What one letter may become: U+FDFA is eighteen letters of Arabic.
const GROWTH: usize = 12;
/// How often a byte may be handed on to be read as a text of its own: once by
/// each decoder.
const READINGS: usize = 5;

#[test]
fn a_megabyte_grows_and_is_read_again_within_bounds() {
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
    for unit in units {
        let text = unit.repeat((1 << 20) / unit.len() + 1);
        let reading = read(&text);
        let length = reading.text.len();
        assert!(length <= GROWTH * text.len(), "{unit:?} became {length} bytes");
        let decoded: usize = reading.decoded.iter().map(String::len).sum();
        assert!(decoded <= text.len(), "{unit:?} hid {decoded} bytes");
        let mut handed_on = 0;
        decode::scan(&text, &mut |blob| handed_on += blob.len());
        assert!(handed_on <= READINGS * text.len(), "{unit:?}: {handed_on} bytes handed on");
    }
}
