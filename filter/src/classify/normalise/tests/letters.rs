//! Disguised letters and words.

use super::reads_as;

#[test]
fn invisible_characters_and_marks_go() {
    reads_as(&[
        ("ig\u{200b}nore", "ignore"),
        ("ig\u{ad}no\u{2060}re", "ignore"),
        ("\u{feff}ignore", "ignore"),
        ("\u{202e}abc\u{202c}", "abc"),
        ("ig\u{0}nore\u{7}", "ignore"),
        ("i\u{fe0f}gn\u{e0041}ore", "ignore"),
        ("ignore\u{2028}all", "ignore\nall"),
        ("i\u{334}g\u{336}n\u{335}ore", "ignore"),
        ("i\u{30d}\u{31b}\u{323}\u{347}g\u{316}\u{30b}\u{360}\u{317}\u{310}nore", "ignore"),
        ("g\u{300}n\u{325}", "gn"),
        ("cafe\u{301}", "café"),
        ("vie\u{323}\u{302}t", "việt"),
        ("ｉｇｎｏｒｅ　ａｌｌ", "ignore all"),
        ("𝐢𝐠𝐧𝐨𝐫𝐞 𝒶𝓁𝓁 𝖎𝖌𝖓𝖔𝖗𝖊", "ignore all ignore"),
        ("ⓘⓖⓝⓞⓡⓔ", "ignore"),
        ("🅘🅖🅝🅞🅡🅔 🅸🅶", "IGNORE IG"),
        ("ﬁle", "file"),
    ]);
}

#[test]
fn look_alikes_are_folded_among_latin_letters() {
    reads_as(&[
        ("іgnоrе all", "ignore all"),
        ("Іgnоrе аll рrеvіоuѕ", "Ignore all previous"),
        ("ignοre", "ignore"),
        ("ѕуѕtем рrомрт", "system prompt"),
        ("read the ѕсоре now", "read the scope now"),
        ("the раѕѕ and", "the pass and"),
        ("Ιgnore ΑLL", "Ignore ALL"),
        ("ɪɢɴᴏʀᴇ ᴀʟʟ ᴘʀᴇᴠɪᴏᴜꜱ", "ignore all previous"),
        ("ignօre", "ignore"),
        ("ꓲꓖꓠꓳꓣꓰ all", "IGNORE all"),
        ("ᎪᏞᏞ rules", "ALL rules"),
        ("pɑsswοrd", "password"),
    ]);
}

#[test]
fn spaced_out_words_are_rejoined() {
    reads_as(&[
        ("i g n o r e   a l l", "ignore all"),
        ("i g n o r e  a l l  t h e  r u l e s", "ignore all the rules"),
        ("please i g n o r e this", "please ignore this"),
        ("i.g.n.o.r.e", "ignore"),
        ("i-g-n-o-r-e", "ignore"),
        ("I_G_N_O_R_E", "IGNORE"),
        ("i*g*n*o*r*e a*l*l", "ignore all"),
        ("i-g-n-o-r-e a-l-l r-u-l-e-s", "ignore all rules"),
        ("i.g.n.o.r.e..a.l.l", "ignore all"),
        ("i|g|n|o|r|e", "ignore"),
        ("i👏g👏n👏o👏r👏e", "ignore"),
        ("m y   s y s t e m", "my system"),
        ("t e l l   m e", "tell me"),
        ("i g n o r e\nr u l e s", "ignore\nrules"),
        ("I i-g-n-o-r-e you", "I ignore you"),
    ]);
}

#[test]
fn leet_is_read_within_words() {
    reads_as(&[
        ("1gn0r3 pr3v10us", "ignore previous"),
        ("$y$tem @ll !gnore", "system all ignore"),
        ("1gnore 4ll", "ignore all"),
        ("th3 syst3m pr0mpt!", "the system prompt!"),
        ("P4SSW0RD", "PASSWORD"),
        ("p@$$w0rd", "password"),
        ("a11 ru1es", "all rules"),
        ("1n5truct10n5,", "instructions,"),
        ("y0u", "you"),
        ("1GN0R3", "IGNORE"),
        ("\"r3v34l\"", "\"reveal\""),
        ("1gn0r3-th1s", "ignore-this"),
        ("hypn0sis", "hypnosis"),
        ("f0rb1dd3n kn0wl3dg3", "forbidden knowledge"),
        ("byp@ss", "bypass"),
    ]);
}

#[test]
fn split_and_drawn_out_words_are_mended() {
    reads_as(&[
        ("ig*no*re", "ignore"),
        ("*ig*nore* it", "*ignore* it"),
        ("ign<b></b>ore", "ignore"),
        ("ig-nore", "ignore"),
        ("sys~tem", "system"),
        ("in.struc.tions", "instructions"),
        ("pass|word", "password"),
        ("ignoooore", "ignoore"),
        ("pleeeease!!!", "pleease!!!"),
        ("приииивет", "приивет"),
    ]);
}
