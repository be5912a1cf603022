//! What makes two prompts ask different things, however alike their words are:
//! numbers, signs that mean something, and some words, as in
//! `5 + 3` and `5 * 3`, or `fly to Rome` and `fly from Rome`.

/// English words of which one more or less is another question.
const TURNS: [&str; 6] = ["from", "when", "where", "who", "whose", "why"];

/// Names that only their capitals tell from words that say little.
const NAMES: [&str; 3] = ["IT", "US", "WHO"];

/// The numbers and signs of a text in their order, and the words that turn it,
/// as a text of its own; what only ends, joins or quotes words is left out.
#[must_use]
pub fn of(text: &str) -> String {
    let mut signs = signs(text);
    let words = || text.split(|c: char| !c.is_alphabetic());
    let turn = |word| TURNS.into_iter().find(|turn| turn.eq_ignore_ascii_case(word));
    let mut turns: Vec<&str> = words().filter_map(turn).collect();
    turns.sort_unstable();
    let names = words().filter(|word| NAMES.contains(word));
    for turn in turns.into_iter().chain(names) {
        signs.push(' ');
        signs.push_str(turn);
    }
    signs
}

fn signs(text: &str) -> String {
    let mut signs = String::new();
    let mut before = Before::default();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        if c.is_numeric() {
            if !before.touching(char::is_numeric) && !signs.is_empty() {
                signs.push(' ');
            }
            signs.push(c);
        } else if !c.is_alphabetic() && !c.is_whitespace() && means(c, &before, after) {
            signs.push(c);
        }
        before.pass(c);
    }
    signs
}

/// What stands before a character.
#[derive(Default)]
struct Before {
    /// The character that touches it.
    last: Option<char>,
    /// The last that is no space.
    visible: Option<char>,
}

impl Before {
    fn pass(&mut self, c: char) {
        self.last = Some(c);
        if !c.is_whitespace() {
            self.visible = Some(c);
        }
    }

    fn touching(&self, is: fn(char) -> bool) -> bool {
        self.last.is_some_and(is)
    }
}

fn means(sign: char, before: &Before, after: &str) -> bool {
    let next = after.chars().next();
    let touches = |is: fn(char) -> bool| next.is_some_and(is);
    match sign {
        '"' | '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2014}' | '\u{2026}' => false,
        // Within a word, a number or a name, and not at its end.
        '.' | ',' | ';' | ':' | '?' | '\u{3001}' | '\u{3002}' | '\u{ff0c}' | '\u{ff1f}' => {
            before.touching(char::is_alphanumeric) && touches(char::is_alphanumeric)
        }
        // A factorial, and no exclamation.
        '!' => before.touching(|c| c.is_numeric() || c == ')') || touches(|c| c == '='),
        '\'' | '\u{2018}' | '\u{2019}' => {
            !before.touching(char::is_alphabetic) && !touches(char::is_alphabetic)
        }
        '-' | '\u{2010}'..='\u{2013}' => {
            let follows = after.trim_start().chars().next();
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphabetic);
            !is_word(before.visible) || !is_word(follows)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_signs_that_mean_something_are_told_apart() {
        for (one, other) in [
            ("What is 5 + 3?", "What is 5 * 3?"),
            ("What is 5 - 3?", "What is 5 3?"),
            ("Is -5 a number?", "Is 5 a number?"),
            ("10 divided by 5", "5 divided by 10"),
            ("12 and 3", "1 and 23"),
            ("5! is what", "5 is what"),
            ("a != b", "a = b"),
            ("(a + b) * c", "a + (b * c)"),
            ("a ratio of 1:2", "a ratio of 1 2"),
            ("open example.com", "open example com"),
            ("x\u{b2}", "x\u{b3}"),
            ("fly to Rome", "fly from Rome"),
            ("Who was killed?", "Why was he killed?"),
            ("ship a box to the US", "ship a box to us"),
            ("it costs $5", "it costs \u{20ac}5"),
        ] {
            assert_ne!(of(one), of(other), "{one} / {other}");
        }
    }

    #[test]
    fn what_only_frames_words_does_not_count() {
        for (one, other) in [
            ("What's the capital of France?", "what is the capital of france"),
            ("Please, tell me: how do I boil an egg!", "how do I boil an egg"),
            ("the so-called \"cloud\" \u{2014} is what?", "the so called cloud is what"),
            ("How old is 'Big Ben'?", "How old is Big Ben"),
            ("In 2024, who won?", "who won in 2024?"),
        ] {
            assert_eq!(of(one), of(other), "{one} / {other}");
        }
    }
}
