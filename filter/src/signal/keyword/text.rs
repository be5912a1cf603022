//! Letters, as keywords see them.

/// A text without its case, in every script: what differs in case alone is the
/// same, `ß` is `ss`, and a final sigma is a sigma.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether a character is a part of a word, next to which another word cannot
/// begin. In scripts that put no space between words none is.
pub fn is_word(character: char) -> bool {
    let is_mark = matches!(character, '\u{300}'..='\u{36f}');
    character == '_' || is_mark || (character.is_alphanumeric() && !is_unspaced(character))
}

/// Thai, Lao, Burmese and Khmer, Chinese, Japanese and Korean.
fn is_unspaced(character: char) -> bool {
    matches!(
        character,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ffdc}'
            | '\u{20000}'..='\u{3ffff}'
    )
}
