//! Known top-level domains.

/// How much a top-level domain says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// Hardly anything else.
    Plain,
    /// Also a common word.
    Word,
    /// Also the ending of file names or a member of objects.
    FileName,
}

const PLAIN: &str = "academy ad ae aero af ag agency al ao ar asia at au az ba bank bb bd berlin bg bh bike \
    biz bj blog bn bo br bt bw by bz ca cafe care cat cd cf cg ch chat ci ck cl clinic cloud \
    club cm cn co coffee com community company coop cr cu cv cy cz de dental design dev \
    digital dj dk dm dz ec edu ee eg email energy er es et eu expert farm fi finance fj fm \
    fo fr fun ga gal gallery games ge gg gh gi global gm gn gov gp gr group gt gu guru gy \
    health hk hn hospital hotel hr ht hu ie il im in inc info insurance int io iq ir is it \
    je jm jo jobs jp ke kg kh kr kw ky kz law lb legal li life link live lk llc london ls lt \
    ltd lu lv ly ma market mc md media mg mil mm mn mo mobi money mr ms mt museum mv mw mx \
    mz na nc ne net network news ng ni nl np nr nu nyc nz om one online org pa paris pe pf \
    ph photo photos pk pl plus pr press pt pub pw qa re realty ro rocks ru rw sa sb sc \
    school sd se services sg shop si site sk sl sm sn social software solutions space sr st \
    store studio su support sv sy systems sz tc tech tel tg th tips tj tl tm tn today tools \
    top tr travel tt tv tw tz ua ug uk university uy uz vc ve ventures vg vi vip vn vu \
    website wien wiki work works world ws wtf xyz ye yoga za zm zone zw ai app page ac am as \
    be do me my no so to us";

const WORD: &str = "in is it me my to do at be so us am as no by fm im om one today works work live life \
    plus top info app group link site market care space de es se re la al page tools store \
    media design support blog news cat email tel social services network st ms mm cm mg \
    photo photos ca co game games world zone school press travel law global money jobs";

const FILE_NAME: &str =
    "py rs sh md ps cc pl ml mk hs id name zip mov ts so vi ac cpp java bat la ai gz bz lu st";

/// First labels that are objects of programs: `self.info`, `console.info`.
const OBJECTS: &str = "asp ado vb socket self this console logger log os sys np pd plt tf torch app user person \
    obj node item std data req res request response config document window event e i p a x \
    df process args kwargs cls super model row list string array math libc";

/// `label` is such an object.
pub(super) fn is_object(label: &str) -> bool {
    has(OBJECTS, &label.to_ascii_lowercase())
}

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|w| w == word)
}

/// What `tld` says, if it is known.
pub(super) fn rank(tld: &str) -> Option<Rank> {
    let low = tld.to_ascii_lowercase();
    let low = low.as_str();
    let known = has(PLAIN, low) || has(FILE_NAME, low) || low.starts_with("xn--");
    if !known {
        None
    } else if has(FILE_NAME, low) && !matches!(low, "ai" | "pl" | "cc" | "lu") {
        Some(Rank::FileName)
    } else if has(WORD, low) || matches!(low, "cc" | "lu") {
        Some(Rank::Word)
    } else {
        Some(Rank::Plain)
    }
}
