//! Words written letter by letter: `i g n o r e   a l l`, `i.g.n.o.r.e`.

/// A row of single letters under one separator, as read so far.
#[derive(Default)]
struct Row {
    start: usize,
    end: usize,
    separator: Option<char>,
    /// The letters, with a space for every wider gap.
    joined: String,
    /// Letters in all, in the present word and in the longest.
    letters: usize,
    word: usize,
    longest: usize,
}

impl Row {
    fn begin(start: usize, end: usize, letter: char) -> Self {
        let joined = String::from(letter);
        Self { start, end, joined, separator: None, letters: 1, word: 1, longest: 1 }
    }

    /// Takes in the next letter if `gap`, the text before it, belongs here.
    fn take(&mut self, gap: &str, end: usize, letter: char) -> bool {
        let mut chars = gap.chars();
        let (first, more) = (chars.next(), chars.next().is_some());
        match (first, self.separator) {
            (Some(c), None) if !more && !matches!(c, '\n' | '\r' | '\t' | '\'' | '’') => {
                self.separator = Some(c);
            }
            (Some(c), Some(separator)) if !more && c == separator => {}
            (Some(_), Some(separator)) if self.word > 1 && widens(gap, separator) => {
                self.joined.push(if gap.contains('\n') { '\n' } else { ' ' });
                self.word = 0;
            }
            _ => return false,
        }
        self.joined.push(letter);
        self.end = end;
        self.letters += 1;
        self.word += 1;
        self.longest = self.longest.max(self.word);
        true
    }

    /// Whether these are words rather than options, initials or a table.
    fn is_text(&self) -> bool {
        let Some(separator) = self.separator else { return false };
        if self.letters < 4 {
            return false;
        }
        let letters = || self.joined.chars().filter(|c| c.is_alphabetic());
        let shouted = letters().all(char::is_uppercase) && matches!(separator, ' ' | '.' | '-');
        let least = match separator {
            ' ' | '.' | '-' | '_' | '*' | '~' => {
                if shouted {
                    5
                } else {
                    4
                }
            }
            c if !c.is_ascii() => 4,
            _ => 6,
        };
        let long = self.longest >= least || (separator == ' ' && self.letters >= 6);
        // The answers of a test, the bases of a gene, the moves of a game.
        let mut kinds = 0_u32;
        for letter in letters() {
            kinds |= 1 << (u32::from(letter.to_ascii_lowercase()) & 31);
        }
        let answers = kinds & !0b11_1110 == 0;
        let varied = kinds.count_ones() >= 3 + u32::from(self.letters > 8) * 2;
        let steps = letters().zip(letters().skip(1));
        let alphabet = steps.clone().all(|(a, b)| u32::from(a) + 1 == u32::from(b));
        long && varied && !answers && !alphabet
    }
}

/// Whether `gap` parts two words of a row: more of the separator, or blanks.
fn widens(gap: &str, separator: char) -> bool {
    gap.chars().nth(8).is_none() && gap.chars().all(|c| c == separator || c.is_whitespace())
}

/// Joins the letters of spaced-out words; nothing if there are none.
pub fn rejoin(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut row = Row::default();
    let mut finish = |row: &Row| -> Option<()> {
        if row.is_text() {
            out.push_str(text.get(done..row.start)?);
            out.push_str(&row.joined);
            done = row.end;
        }
        Some(())
    };
    let mut last = (0, 0, ' ');
    let mut before = false;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let inside = before;
        before = c.is_alphanumeric();
        if inside || !c.is_alphabetic() || chars.peek().is_some_and(|(_, c)| c.is_alphanumeric()) {
            continue;
        }
        let end = start + c.len_utf8();
        let gap = text.get(row.end..start)?;
        if !(row.letters > 0 && row.take(gap, end, c)) {
            finish(&row)?;
            // The letter before may open a row under another separator.
            let again = row.letters > 1 && !row.is_text();
            row = if again { Row::begin(last.0, last.1, last.2) } else { Row::default() };
            if !(again && row.take(gap, end, c)) {
                row = Row::begin(start, end, c);
            }
        }
        last = (start, end, c);
    }
    finish(&row)?;
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}
