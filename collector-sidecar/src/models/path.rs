//! Paths as requests name them: a folder and a file in it, never a way out.

use percent_encoding::percent_decode_str;

/// The file of a model, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPath {
    /// Its folder: names with `/` between them.
    pub folder: String,
    /// Its name there.
    pub file: String,
}

impl ModelPath {
    /// Reads the part of a request's path that follows `/models/`, each name
    /// percent-encoded. `None` where a name is none that is served.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        let mut names: Vec<String> = encoded.split('/').map(decode).collect::<Option<_>>()?;
        let file = names.pop()?;
        (!names.is_empty()).then(|| Self { folder: names.join("/"), file })
    }
}

/// Whether files and folders of that name are served: no `..`, nothing hidden,
/// and nothing that could be read as more than one name.
#[must_use]
pub fn is_served(name: &str) -> bool {
    let splits = |letter: char| matches!(letter, '/' | '\\') || letter.is_control();
    !name.is_empty() && !name.starts_with('.') && !name.contains(splits)
}

/// Whether that is the name of a folder, as `ModelPath` has it.
#[must_use]
pub fn is_folder(folder: &str) -> bool {
    folder.split('/').all(is_served)
}

/// Decoded once: what is encoded twice is not looked for under its plain name.
fn decode(encoded: &str) -> Option<String> {
    let name = percent_decode_str(encoded).decode_utf8().ok()?.into_owned();
    is_served(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_may_have_several_parts() {
        let path = ModelPath::parse("org/my%20model/model.onnx").unwrap();
        assert_eq!((path.folder.as_str(), path.file.as_str()), ("org/my model", "model.onnx"));
        assert_eq!(ModelPath::parse("a/%252e%252e").unwrap().file, "%2e%2e");
    }

    #[test]
    fn no_name_leads_out() {
        for bad in [
            "",
            "model.onnx",
            "a/",
            "/a",
            "a//b",
            "../a",
            "a/..",
            "a/../b",
            "a/./b",
            "%2e%2e/a",
            "a/%2E%2E/b",
            "a/.%2e",
            "a/b%2Fc",
            "..%2fa/b",
            "a/b%5Cc",
            "a/b\\c",
            "a/b%00",
            "a/b%0a",
            "a/%ff",
            "a/.git",
            ".git/config",
            "%2Fetc/passwd",
            "/etc/passwd",
        ] {
            assert_eq!(ModelPath::parse(bad), None, "{bad}");
        }
    }
}
