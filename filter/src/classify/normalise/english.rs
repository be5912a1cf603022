//! Frequent English words, five bits a letter.

/// The letters of the longest word here: twelve fill 60 bits.
pub const LONGEST: usize = 12;

/// In the order of the alphabet, which is that of the packed words too.
const TEXT: &str = "about above account act admin all and answer answers any anything are assistant attack bank \
    because been before below bomb but bypass can code command commands confidential content \
    context conversation could credentials credit data day delete developer disable discard \
    disregard does email enable everything execute explain file files filter filters first \
    follow following for forget from function give good guidelines hack hackers harmful has have \
    hello help her hidden him his how human ignore illegal information input instruction \
    instructions into jailbreak just key keys know language like limits list login made make \
    malware many message mode model more most must name never new not now number off only order \
    other our out output override passphrase password passwords people persona please policy \
    pretend previous print prior private prompt prompts repeat reply request respond response \
    restrictions reveal role rule rules safety said say secret secrets security see send should \
    show some steal steps stop system tell text than that the their them then there these they \
    this time token unrestricted use user users virus was way weapon were what when where which \
    who will with without word words would write you your yourself";

const COUNT: usize = 191;

static WORDS: [u64; COUNT] = pack();

const fn pack() -> [u64; COUNT] {
    let mut words = [0; COUNT];
    let (mut free, mut text) = (words.as_mut_slice(), TEXT.as_bytes());
    let mut word = Word::NEW;
    while let [byte, rest @ ..] = text {
        text = rest;
        if byte.is_ascii_lowercase() {
            word = word.then(*byte);
        }
        if text.is_empty() || *byte == b' ' {
            let slots = free;
            free = &mut [];
            if let [slot, others @ ..] = slots {
                *slot = word.forward;
                free = others;
            }
            word = Word::NEW;
        }
    }
    words
}

/// A word, the way it is written and the ways it may be hidden.
#[derive(Clone, Copy)]
pub struct Word {
    /// As written.
    pub forward: u64,
    /// From back to front.
    pub reversed: u64,
    /// Each letter thirteen on.
    pub rotated: u64,
    /// Its letters; those past the twelfth are only counted.
    pub letters: usize,
}

impl Word {
    /// No letters yet.
    pub const NEW: Self = Self { forward: 0, reversed: 0, rotated: 0, letters: 0 };

    /// The word with one more letter, of either case.
    #[must_use]
    pub const fn then(mut self, letter: u8) -> Self {
        let code = (letter & 31) as u64;
        let rotated = if code > 13 { code - 13 } else { code + 13 };
        if self.letters < LONGEST {
            let place = 5 * (LONGEST - 1 - self.letters);
            self.forward |= code << place;
            self.rotated |= rotated << place;
            self.reversed = self.reversed >> 5 | code << (5 * (LONGEST - 1));
        }
        self.letters += 1;
        self
    }
}

/// Whether a packed word is a frequent one.
pub fn is_frequent(packed: u64) -> bool {
    WORDS.binary_search(&packed).is_ok()
}

/// Whether `word`, in ASCII letters, is a frequent one.
pub fn knows(word: &str) -> bool {
    word.len() <= LONGEST
        && word.bytes().all(|b| b.is_ascii_alphabetic())
        && is_frequent(word.bytes().fold(Word::NEW, Word::then).forward)
}

/// Whether there is a frequent word in `text`.
pub fn speaks(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(knows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_full() {
        assert_eq!(TEXT.split(' ').count(), COUNT);
        assert!(WORDS.is_sorted_by(|a, b| a < b));
        assert!(knows("Instructions") && knows("the") && !knows("xyzzy") && !knows(""));
    }
}
