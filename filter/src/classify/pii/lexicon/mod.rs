//! Context words: each word of the text is looked up once and gets its classes as bits.

mod calendar;
mod context;
mod other;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Month name that is nothing else.
pub(crate) const MONTH: u32 = 1;
/// Month abbreviation, or a month name with another meaning (may, march).
pub(crate) const MONTH_WEAK: u32 = 1 << 1;
/// Weekday name.
pub(crate) const WEEKDAY: u32 = 1 << 2;
/// Weekday abbreviation.
pub(crate) const WEEKDAY_WEAK: u32 = 1 << 3;
/// A word that is a date or time by itself (yesterday, noon).
pub(crate) const DAY_WORD: u32 = 1 << 4;
/// Unit of time (days, weeks).
pub(crate) const TIME_UNIT: u32 = 1 << 5;
/// Number word up to ninety.
pub(crate) const NUMBER_WORD: u32 = 1 << 6;
/// Next, last, this.
pub(crate) const WHICH: u32 = 1 << 7;
/// Word before or after an age.
pub(crate) const AGE: u32 = 1 << 8;
/// Word near a telephone number.
pub(crate) const PHONE: u32 = 1 << 9;
/// Word near a postal code.
pub(crate) const ZIP: u32 = 1 << 10;
/// Word near a social security number.
pub(crate) const SSN: u32 = 1 << 11;
/// Word near a driver's license.
pub(crate) const LICENCE: u32 = 1 << 12;
/// Word near a payment card.
pub(crate) const CARD: u32 = 1 << 13;
/// Word before an expiry date.
pub(crate) const EXPIRY: u32 = 1 << 14;
/// Word before a lone year.
pub(crate) const YEAR: u32 = 1 << 15;
/// Street word.
pub(crate) const STREET: u32 = 1 << 16;
/// US state, its name or postal abbreviation.
pub(crate) const STATE: u32 = 1 << 17;
/// Word before an identifier that is none of ours (order, ISBN, serial).
pub(crate) const OTHER_ID: u32 = 1 << 18;
/// Word before a reference (chapter, verse, version).
pub(crate) const REFERENCE: u32 = 1 << 19;
/// Person word: pronoun or relative.
pub(crate) const PERSON: u32 = 1 << 20;
/// Form of to be.
pub(crate) const BE: u32 = 1 << 21;
/// Unit of measure.
pub(crate) const MEASURE: u32 = 1 << 22;
/// Years of age (years, ans, anni) after a number.
pub(crate) const YEARS: u32 = 1 << 23;
/// Word before a duration (since, for, seit).
pub(crate) const DURATION: u32 = 1 << 24;
/// Word before a date (on, due, until).
pub(crate) const DATE: u32 = 1 << 25;
/// Web address word (visit, site, host).
pub(crate) const WEB: u32 = 1 << 26;
/// Part of the day (morning, abend).
pub(crate) const DAY_PART: u32 = 1 << 27;
/// Ago, in any language, after the amount.
pub(crate) const AGO: u32 = 1 << 28;
/// Driver, rental, identity: weak sign of a driver's license.
pub(crate) const DRIVING: u32 = 1 << 29;

/// A word that may begin a date or an age by itself, of no other class (half, hace, mid).
pub(crate) const START: u32 = 1 << 30;

/// The longest word worth looking up, in bytes.
const LONGEST: usize = 28;

type Table = HashMap<&'static str, u32, BuildHasherDefault<Fnv>>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for (class, words) in calendar::WORDS.iter().chain(context::WORDS).chain(other::WORDS) {
        for word in words.split_whitespace() {
            *table.entry(word).or_insert(0) |= class;
        }
    }
    table
});

/// The classes of `word`; `low` is scratch space for its lower-case form.
pub(crate) fn classes(word: &str, low: &mut String) -> u32 {
    if word.len() > LONGEST {
        return 0;
    }
    low.clear();
    if word.is_ascii() {
        low.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        low.extend(word.chars().flat_map(char::to_lowercase));
    }
    TABLE.get(low.as_str()).copied().unwrap_or(0)
}

/// FNV-1a: shorter and, on words, faster than the default hash.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
