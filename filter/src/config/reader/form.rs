//! What a reading asks for, from which the schema is made.

use std::collections::{BTreeMap, BTreeSet};

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A string, or a number or boolean as it is written.
    Text,
    /// A boolean, also in the spellings of YAML 1.1.
    Flag,
    /// A number.
    Number,
    /// A number from 0 to 1.
    Fraction,
    /// A whole number, from the first to the second.
    Integer(i64, i64),
    /// A time such as `5s`.
    Duration,
    /// One of these names.
    Choice(Vec<&'static str>),
    /// A text; one that is none of these names is doubted.
    Preference(Vec<&'static str>),
    /// A list.
    List,
    /// A list of texts.
    Texts,
    /// A mapping; other keys than those asked for are doubted.
    Mapping,
    /// A mapping without other keys than those asked for.
    Strict,
    /// A mapping from names that the user chose.
    Entries,
    /// Anything.
    Any,
}

/// What was asked of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// What its value may be; more than one where it is read in several ways.
    pub forms: BTreeSet<Form>,
    /// How many mappings stood there.
    pub opened: usize,
    /// In how many mappings above it had to be there.
    pub required: usize,
}

/// Everything that was asked for, by path. `[]` stands for any index of a list
/// and `*`, which the document has to use as the name, for any name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(pub BTreeMap<String, Key>);

impl Keys {
    /// The key at a path of the document.
    pub(super) fn at(&mut self, path: &str) -> &mut Key {
        let mut general = String::new();
        let mut in_index = false;
        for c in path.chars() {
            in_index = in_index && c != ']';
            if !in_index {
                general.push(c);
            }
            in_index = in_index || c == '[';
        }
        self.0.entry(general).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_stands_for_all_indices() {
        let mut keys = Keys::default();
        keys.at("decisions[0].modelRefs[12].model").opened = 1;
        keys.at("decisions[3].modelRefs[4].model").opened += 1;
        assert_eq!(keys.0.keys().collect::<Vec<_>>(), ["decisions[].modelRefs[].model"]);
        assert_eq!(keys.at("decisions[].modelRefs[].model").opened, 2);
    }
}
