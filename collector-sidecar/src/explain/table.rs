//! Lines in columns.

/// The widths of the columns but for the last.
const WIDTHS: [usize; 3] = [15, 34, 9];

/// Lines under headings: a heading stands before the first line of its part.
#[derive(Default)]
pub struct Table {
    lines: Vec<String>,
    heading: Option<&'static str>,
}

impl Table {
    /// Begins a part.
    pub fn part(&mut self, heading: &'static str) -> &mut Self {
        self.heading = Some(heading);
        self
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: impl AsRef<str>) {
        self.push(text.as_ref());
    }

    /// Adds a line of three columns.
    pub fn row(&mut self, what: &str, is: &str, why: &str) {
        let [_, first, second] = WIDTHS;
        self.push(&format!("{what:first$} {is:second$} {why}"));
    }

    /// The lines.
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }

    fn push(&mut self, text: &str) {
        let [width, ..] = WIDTHS;
        let heading = self.heading.take().unwrap_or_default();
        self.lines.push(format!("{heading:width$} {text}").trim_end().to_owned());
    }
}
