//! Characters a reader does not see, and marks heaped on letters.

/// First and last code point of each stretch of characters without ink.
const INVISIBLE: [(u32, u32); 21] = [
    (0x00, 0x08),
    (0x0E, 0x1F),
    (0x7F, 0x84),
    (0x86, 0x9F),
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
];

/// Marks of no script of their own: what zalgo is made of.
const LOOSE: [(u32, u32); 5] =
    [(0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)];

fn within(table: &[(u32, u32)], code: u32) -> bool {
    let before = table.partition_point(|(first, _)| *first <= code);
    before.checked_sub(1).and_then(|at| table.get(at)).is_some_and(|(_, last)| code <= *last)
}

/// Whether `c` leaves no trace on the page.
pub fn is_invisible(c: char) -> bool {
    !(' '..='~').contains(&c) && within(&INVISIBLE, c.into())
}

/// Whether `c` is a mark that any letter may carry.
pub fn is_loose_mark(c: char) -> bool {
    c >= '\u{300}' && within(&LOOSE, c.into())
}

/// Whether `c` is a stroke through the letter before it, never part of one.
pub fn is_overlay(c: char) -> bool {
    matches!(c, '\u{334}'..='\u{338}' | '\u{20D0}'..='\u{20FF}')
}

/// The byte an invisible character can smuggle: tags spell ASCII, variation
/// selectors count from 0 to 255.
pub fn smuggled(c: char) -> Option<u8> {
    let code = u32::from(c);
    let byte = match code {
        0xE0020..=0xE007E => code - 0xE0000,
        0xFE00..=0xFE0F => code - 0xFE00,
        0xE0100..=0xE01EF => code - 0xE0100 + 16,
        _ => return None,
    };
    u8::try_from(byte).ok()
}
