//! Letters that look Latin: one byte a code point, a stretch for each script.

/// The script a look-alike belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Script {
    /// Small capitals and phonetic letters: Latin at heart.
    Phonetic,
    /// Greek, whose letters also stand alone in formulas.
    Greek,
    /// Any other script of its own.
    Other,
}

/// A letter and the Latin one a reader takes it for.
#[derive(Clone, Copy)]
pub struct Look {
    /// The Latin letter.
    pub latin: char,
    /// Where the look-alike comes from.
    pub script: Script,
    /// Whether it looks the same even in a word of nothing but look-alikes.
    pub exact: bool,
}

/// First code point, then what each from there on looks like; `.` is nothing.
const STRETCHES: [(u32, Script, &str); 8] = [
    (
        0x0250,
        Script::Phonetic,
        "aa..c...e..e.....gg..h...ii....m....n....r......r......t...vv..y.........b..h.kl",
    ),
    (
        0x0370,
        Script::Greek,
        "...............J.................AB..EZH.IK.MN.O.P..TY.X....aeni.aby.e.n\
         .ik..v.o.p.otu.x.w..ouw...................................cj.....C",
    ),
    (
        0x0400,
        Script::Other,
        ".E...SIIJ.......A.B..E.Z..K.MHO.PCTY.X......b...a.br.e....k.mho.pcty.x..\
         .........e..esiij...........................Vv..........................\
         .r............................Yy...........h....I..............l........\
         .........................................d..........Gg............QqWw",
    ),
    (
        0x0530,
        Script::Other,
        "............L...........N....U.S.....O...........w....q.........h....j..\
         n....u...g..fo",
    ),
    (
        0x13A0,
        Script::Other,
        "DRT..i...yAJE......W...M...H.Y..G.hZ..........Sb..R.WS...VS...LC..P...K.\
         ...........GB",
    ),
    (0x1D00, Script::Phonetic, "a...cd.e..jk.m.o........p..tu...vwz"),
    (0xA4D0, Script::Other, "BP.DT.GK.JC.ZF.MNLSR..VH..WXY.A.E.IOU"),
    (0xA728, Script::Phonetic, "........fs"),
];

/// Letters that pass for Latin only among Latin ones: alone they make real
/// Russian or Greek words more often than a disguise.
const INEXACT: [char; 35] = [
    'ά', 'έ', 'ή', 'ί', 'β', 'γ', 'ε', 'η', 'σ', 'τ', 'χ', 'ω', 'ό', 'ύ', 'ώ', 'Ё', 'Ї', 'В', 'З',
    'Ь', 'в', 'г', 'к', 'м', 'н', 'т', 'ь', 'ё', 'є', 'ї', 'ґ', 'Ү', 'ү', 'Ԍ', 'ԍ',
];

/// The Latin letter `c` may stand for.
pub fn look(c: char) -> Option<Look> {
    let code = u32::from(c);
    // White letters on black, round or square, and the small capitals beyond
    // the tables: NFKC leaves these.
    if let 0x1F150..=0x1F169 | 0x1F170..=0x1F189 = code {
        let nth = (code - 0x1F150) % 32;
        let latin = char::from_u32(0x41 + nth)?;
        return Some(Look { latin, script: Script::Phonetic, exact: true });
    }
    let before = STRETCHES.partition_point(|(first, _, _)| *first <= code);
    let (first, script, letters) = STRETCHES.get(before.checked_sub(1)?)?;
    let latin = *letters.as_bytes().get(usize::try_from(code - first).ok()?)?;
    let exact = !(0x0370..0x0530).contains(&code) || INEXACT.binary_search(&c).is_err();
    (latin != b'.').then_some(Look { latin: char::from(latin), script: *script, exact })
}

/// Whether `c` is a letter of the Latin script.
pub fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (matches!(u32::from(c), 0xAA..=0x24F | 0x1E00..=0x1EFF) && c.is_alphabetic())
}
