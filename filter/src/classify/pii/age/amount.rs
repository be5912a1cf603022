//! Amounts that may be ages: numbers up to 125 and number words.

use crate::classify::pii::doc::{Doc, is_word_byte};
use crate::classify::pii::lexicon::{NUMBER_WORD, PERSON};

/// A candidate: its bytes, its first token and the token after it.
pub(super) struct Amount {
    pub start: usize,
    pub end: usize,
    pub first: usize,
    pub next: usize,
    /// A unit glued to it makes it an age by itself: 34yo.
    pub unit: bool,
    /// Written in digits.
    pub digits: bool,
}

impl Amount {
    pub fn read(doc: &Doc, i: usize) -> Option<Self> {
        if doc.at(i).is_number() { digits(doc, i) } else { words(doc, i) }
    }
}

fn digits(doc: &Doc, i: usize) -> Option<Amount> {
    let t = doc.at(i);
    let n = doc.value(i);
    let before = doc.byte_before(t.start);
    let earlier = doc.byte_before(t.start.saturating_sub(1));
    let glued = is_word_byte(before) || matches!(before, b'$' | b'#' | b'+' | b'*' | b'-' | b'.');
    let field =
        matches!(before, b':' | b',' | b'/' | b'-') && earlier.is_ascii_digit() && before != b',';
    let padded = t.len() > 1 && doc.byte(t.start) == b'0';
    if n > 125 || t.len() > 3 || glued || field || padded {
        return None;
    }
    let mut amount =
        Amount { start: t.start, end: t.end, first: i, next: i + 1, unit: false, digits: true };
    // 34yo, 41 y/o, 34y, 7 yrs old
    let yo = doc.is_any(i + 1, &["yo", "yrs", "yr"]) || doc.is_any(i + 1, &["y"]);
    if yo && matches!(doc.gap(i), "" | " ") {
        let slash = doc.is_any(i + 1, &["y"]) && doc.gap(i + 1) == "/" && doc.is_any(i + 2, &["o"]);
        let old = doc.is_any(i + 2, &["old"]);
        // 4y alone is algebra as well: not beside an operator.
        let sum = doc.gap_before(i).contains(['+', '-', '=', '*', '^', '−', '('])
            || doc.gap(i + 1).trim_start().starts_with(['+', '-', '=', '*', '^', '−', '\'', ')']);
        let glued =
            doc.gap(i).is_empty() && doc.at(i + 1).len() <= 2 && !sum && doc.back(i, 1).len() > 1;
        let last = if slash || old { i + 2 } else { i + 1 };
        if slash || old || doc.is_any(i + 1, &["yo"]) || glued {
            amount.end = doc.at(last).end;
            amount.next = last + 1;
            amount.unit = true;
            return Some(amount);
        }
    }
    // 71 y.o.; I'm 29F, 34/M
    let dotted = doc.is_any(i + 1, &["y"]) && doc.gap(i + 1) == "." && doc.is_any(i + 2, &["o"]);
    let sexed = doc.is_any(i + 1, &["f", "m"])
        && doc.byte(t.end).is_ascii_uppercase()
        && (16..100).contains(&n);
    let me = doc.near_before(i, 2, PERSON) && doc.gap(i).is_empty();
    if dotted || sexed && me {
        (amount.end, amount.next) = (doc.at(if dotted { i + 2 } else { i + 1 }).end, i + 3);
        amount.unit = true;
        return Some(amount);
    }
    let (b, next) = (doc.byte(t.end), doc.byte(t.end + 1));
    let half = b != 0 && doc.word(i + 1) == "1" && doc.gap(i + 1) == "/" && doc.word(i + 2) == "2";
    if half && doc.gap(i) == " " {
        (amount.end, amount.next) = (doc.at(i + 2).end, i + 3);
        return Some(amount);
    }
    // 71/2: seven and a half.
    let glued_half = n % 10 == 1 && b == b'/' && next == b'2' && !is_word_byte(doc.byte(t.end + 2));
    if glued_half {
        (amount.end, amount.next) = (t.end + 2, i + 2);
        return Some(amount);
    }
    let joined = is_word_byte(b) || matches!(b, b'%' | b'*' | b'^' | b'+' | b'=');
    let longer = matches!(b, b'.' | b':' | b'/' | b'-') && next.is_ascii_digit();
    let thousand = b == b','
        && next.is_ascii_digit()
        && (0..3).all(|k| doc.byte(t.end + 1 + k).is_ascii_digit());
    let thousand = thousand && !doc.byte(t.end + 4).is_ascii_digit();
    (!joined && !longer && !thousand && n > 0).then_some(amount)
}

/// Number words, joined as in forty-two, treinta y cuatro, soixante et onze; one or two of them.
fn words(doc: &Doc, i: usize) -> Option<Amount> {
    let t = doc.at(i);
    if !(t.is(NUMBER_WORD) || compound(doc.word(i))) {
        return None;
    }
    let mut last = i;
    for _ in 0..4 {
        let joint = doc.is_any(last + 1, &["y", "e", "et", "and"]) && doc.gap(last) == " ";
        let j = if joint { last + 2 } else { last + 1 };
        let near = matches!(doc.gap(last), "-" | " ") && matches!(doc.gap_before(j), "-" | " ");
        if !near || !doc.at(j).is(NUMBER_WORD) {
            break;
        }
        last = j;
    }
    let end = doc.at(last).end;
    Some(Amount { start: t.start, end, first: i, next: last + 1, unit: false, digits: false })
}

/// German, Dutch and Italian write two-digit numbers as one word.
fn compound(word: &str) -> bool {
    const TENS: [&str; 29] = [
        "zwanzig",
        "dreißig",
        "vierzig",
        "fünfzig",
        "sechzig",
        "siebzig",
        "achtzig",
        "neunzig",
        "entwintig",
        "endertig",
        "enveertig",
        "envijftig",
        "enzestig",
        "enzeventig",
        "entachtig",
        "ënveertig",
        "ëntwintig",
        "ëndertig",
        "venti",
        "trenta",
        "quaranta",
        "cinquanta",
        "sessanta",
        "settanta",
        "ottanta",
        "novanta",
        "ënvijftig",
        "ënzestig",
        "ënzeventig",
    ];
    if word.len() < 8 || word.len() > 24 {
        return false;
    }
    // Spares most words the rest.
    let last = word.bytes().last().unwrap_or(0) | 32;
    if !matches!(last, b'g' | b'o' | b'e' | b'i') {
        return false;
    }
    let low = word.to_lowercase();
    TENS.iter().any(|tens| {
        let german = low
            .strip_suffix(tens)
            .is_some_and(|h| h.ends_with("und") || tens.contains("en") && h.len() >= 3);
        let italian =
            low.strip_prefix(tens.get(..tens.len() - 1).unwrap_or(tens)).is_some_and(|rest| {
                [
                    "uno", "adue", "idue", "tre", "atre", "itre", "quattro", "cinque", "asei",
                    "isei", "sette", "otto", "nove", "aquattro", "iquattro", "acinque", "icinque",
                    "asette", "isette", "anove", "inove",
                ]
                .contains(&rest)
            });
        german || (tens.ends_with(['a', 'i']) && italian)
    })
}

/// mid-40s, late thirties, in her fifties: first byte, end, next token.
pub(super) fn decade(doc: &Doc, i: usize) -> Option<(usize, usize, usize)> {
    const WORDS: [&str; 9] = [
        "teens",
        "twenties",
        "thirties",
        "forties",
        "fifties",
        "sixties",
        "seventies",
        "eighties",
        "nineties",
    ];
    let qualified = doc.is_any(i, &["mid", "late", "early"]) && matches!(doc.gap(i), "-" | " ");
    let owned = doc.is_any(i, &["his", "her", "their", "my", "your", "our"]) && doc.gap(i) == " ";
    if !(qualified || owned) || qualified && doc.is_any(i.wrapping_sub(1), &["the"]) {
        return None;
    }
    let j = i + 1;
    let start = if qualified { doc.at(i).start } else { doc.at(j).start };
    if doc.is_any(j, &WORDS) {
        return Some((start, doc.at(j).end, j + 1));
    }
    let tens = doc.value(j);
    let digits = doc.at(j).len() == 2 && tens.is_multiple_of(10) && doc.is_any(j + 1, &["s"]);
    (digits && matches!(doc.gap(j), "" | "'" | "’")).then(|| (start, doc.at(j + 1).end, j + 2))
}
