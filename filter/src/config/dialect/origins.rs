//! Where the parts of a translated configuration stood.

/// Paths of a translated configuration, each with the path of what it was made
/// from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<(String, String)>);

impl Origins {
    /// Adds that what is at `path` and below was made from what stood at
    /// `origin`.
    pub fn add(&mut self, path: impl Into<String>, origin: impl Into<String>) {
        self.0.push((path.into(), origin.into()));
    }

    /// Where that stood which is now at `path`.
    #[must_use]
    pub fn of(&self, path: &str) -> String {
        let within = |(at, origin): &(String, String)| {
            let rest = path.strip_prefix(at.as_str())?;
            let ends = rest.is_empty() || rest.starts_with(['.', '[']);
            ends.then(|| (at.len(), format!("{origin}{rest}")))
        };
        let nearest = self.0.iter().filter_map(within).max_by_key(|(length, _)| *length);
        nearest.map_or_else(|| path.to_owned(), |(_, origin)| origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_counts_and_ends_where_a_key_ends() {
        let mut origins = Origins::default();
        origins.add("model_config.a", "providers.models[0]");
        origins.add("model_config.a.5", "providers.models[1]");
        origins.add("model_config.a.5.list", "providers.models[1].items");
        for (path, origin) in [
            ("model_config.a", "providers.models[0]"),
            ("model_config.a.loras[1].name", "providers.models[0].loras[1].name"),
            ("model_config.a.5.loras", "providers.models[1].loras"),
            ("model_config.a.5.list[2]", "providers.models[1].items[2]"),
            ("model_config.ab", "model_config.ab"),
            ("decisions", "decisions"),
        ] {
            assert_eq!(origins.of(path), origin);
        }
    }
}
