//! The written forms of the states.

use crate::classify::pii::doc::{Doc, is_word_byte};

/// Forms: `@` a letter, `#` a digit, `*` either; other characters stand for themselves.
pub(super) const FORMS: &[&str] = &[
    "@######",
    "@#######",
    "@########",
    "@#########",
    "@##########",
    "@###########",
    "@############",
    "@#############",
    "@##############",
    "@@######",
    "@@#######",
    "@@######@",
    "@@@######",
    "######",
    "#######",
    "########",
    "#########",
    "##########",
    "############",
    "#######@",
    "########@",
    "#########@",
    "###@@####",
    "##@@@#####",
    "##@@@#######",
    "@#####@",
    "@######@",
    "WDL*********",
    "WDL@@@@###@@",
    "NHL########",
    "@@@@@#######",
    "@@@**#*###**",
];

/// Grouped forms so peculiar that they need no word around.
pub(super) const GROUPED: &[&str] = &[
    "@###-###-##-###-#",
    "@###-####-####",
    "@###-####-####-##",
    "@###-####-#####-##",
    "@ ### ### ### ###",
    "@-###-###-###-###",
    "@###-###-###-###",
    "@### ### ### ###",
    "@#### ##### #####",
    "@####-#####-#####",
    "@@-##-####",
    "@### #### ####",
];

/// Grouped forms that other codes have as well.
pub(super) const LOOSE: &[&str] = &[
    "### ### ###",
    "## ### ###",
    "###-###-###",
    "##-###-###",
    "@##-##-####",
    "##-###-####",
    "####-##-####",
    "@##-###-###",
    "### ### ####",
    "@### ####",
    "@### ### ###",
];

/// The end of the longest of `forms` at `start`, standing alone.
pub(super) fn longest(doc: &Doc, start: usize, forms: &[&str]) -> Option<usize> {
    let mut best = None;
    for form in forms {
        let fits = form.bytes().enumerate().all(|(k, f)| {
            let b = doc.byte(start + k);
            match f {
                b'@' => b.is_ascii_alphabetic(),
                b'#' => b.is_ascii_digit(),
                b'*' => b.is_ascii_alphanumeric(),
                _ => b.eq_ignore_ascii_case(&f),
            }
        });
        let end = start + form.len();
        let (b, next) = (doc.byte(end), doc.byte(end + 1));
        let closed =
            !(is_word_byte(b) || matches!(b, b'-' | b'.' | b'%') && next.is_ascii_alphanumeric());
        if fits && closed {
            best = best.max(Some(end));
        }
    }
    best
}
