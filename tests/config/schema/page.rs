//! What `docs/configuration.md` says of each key.

use std::collections::BTreeMap;

use crate::files;

/// The page: sections with their first paragraphs and keys with their rows,
/// both by path.
#[derive(Default)]
pub struct Page {
    pub sections: BTreeMap<String, String>,
    pub rows: BTreeMap<String, Row>,
}

/// A row of a table.
pub struct Row {
    /// What the value may be.
    pub form: String,
    /// The default, as it is written; empty where there is none.
    pub default: String,
    /// What it does.
    pub effect: String,
}

impl Row {
    /// The default, where the row gives its value.
    pub fn default_value(&self) -> Option<&str> {
        self.default.strip_prefix('`')?.strip_suffix('`')
    }
}

/// Reads the page: headings in code name sections, tables list their keys.
pub fn read() -> Page {
    let mut page = Page::default();
    let mut section = None;
    for line in files::read("docs/configuration.md").lines() {
        if line.starts_with('#') {
            section = match line.trim_start_matches('#').trim() {
                "Top level" => Some(String::new()),
                title => code(title).map(str::to_owned),
            };
            continue;
        }
        let Some(section) = &section else { continue };
        if line.starts_with("| `") {
            let (path, row) = row(section, line);
            assert!(page.rows.insert(path, row).is_none(), "twice: {line}");
        } else if !line.is_empty() && !line.starts_with('|') {
            page.sections.entry(section.clone()).or_insert_with(|| line.to_owned());
        }
    }
    page
}

fn row(section: &str, line: &str) -> (String, Row) {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [key, form, default, effect] = cells[..] else { panic!("{line}") };
    let key = code(key).unwrap();
    let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
    let [form, default, effect] = [form, default, effect].map(str::to_owned);
    (path, Row { form, default, effect })
}

fn code(text: &str) -> Option<&str> {
    text.strip_prefix('`')?.strip_suffix('`')
}
