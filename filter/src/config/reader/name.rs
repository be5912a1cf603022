//! Names that were probably meant.

use strsim::jaro_winkler;

/// How alike two names are at least of which one is taken for the other, from
/// 0 to 1: `compsci` and `computer science`, not `legal` and `health`.
const ALIKE: f64 = 0.85;

/// The one of `names` that is most like `name`, case and separators aside;
/// `None` when none is.
#[must_use]
pub fn nearest<'n>(names: impl IntoIterator<Item = &'n str>, name: &str) -> Option<&'n str> {
    let name = folded(name);
    let rated = names.into_iter().map(|known| (jaro_winkler(&folded(known), &name), known));
    // Of equals the first, and names of nothing but separators are like none.
    let alike = rated.filter(|(likeness, known)| *likeness >= ALIKE && !folded(known).is_empty());
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, known)| known)
}

/// The end of a message about a name that is not known.
#[must_use]
pub fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default()
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CATEGORY_LABELS;

    #[test]
    fn what_was_probably_meant_is_found() {
        for (written, meant) in [
            ("computer_science", "computer science"),
            ("ComputerScience", "computer science"),
            ("compsci", "computer science"),
            ("maths", "math"),
            ("mathematics", "math"),
            ("Physic", "physics"),
            ("econ", "economics"),
            ("bio", "biology"),
            ("psych", "psychology"),
            ("healthcare", "health"),
            ("histroy", "history"),
            ("buisness", "business"),
        ] {
            assert_eq!(nearest(CATEGORY_LABELS, written), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_is_like_nothing_finds_nothing() {
        for written in ["cs", "finance", "legal", "technical", "coding", "support", "", "_-_"] {
            assert_eq!(nearest(CATEGORY_LABELS, written), None, "{written}");
        }
        assert_eq!(nearest(["__"], "--"), None);
    }
}
