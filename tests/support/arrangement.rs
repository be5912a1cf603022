//! The ways to put the module into a proxy.

use serde_yaml::{Mapping, Value};

use crate::bootstrap::Filter;

/// A way to put the module into a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// As one filter, as its configuration says.
    Single,
    /// As two plain ones, `classify` before `hold`.
    Pair,
    /// As one that changes nothing.
    Observe,
}

impl Arrangement {
    /// Those that do what the router decides.
    pub const ACTING: [Self; 2] = [Self::Single, Self::Pair];

    /// The name of the mode that requests are traced with.
    #[must_use]
    pub fn mode(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Pair => "classify",
            Self::Observe => "observe",
        }
    }

    /// The filters.
    #[must_use]
    pub fn filters(self, router: &str) -> Vec<Filter> {
        self.filters_around(router, Vec::new())
    }

    /// The filters, with others between, or behind where there is only one.
    #[must_use]
    pub fn filters_around(self, router: &str, others: Vec<Filter>) -> Vec<Filter> {
        let (mut filters, behind) = match self {
            Self::Single => (vec![Filter::single(router.to_owned())], None),
            Self::Observe => (vec![Filter::plain(with_mode(router, "observe"))], None),
            Self::Pair => {
                let classify = Filter::plain(with_mode(router, "classify"));
                (vec![classify], Some(Filter::plain(hold("reject"))))
            }
        };
        filters.extend(others);
        filters.extend(behind);
        filters
    }
}

/// The configuration of a filter of the mode `hold`.
#[must_use]
pub fn hold(on_unclassified: &str) -> String {
    format!("filter: {{mode: hold, on_unclassified: {on_unclassified}}}")
}

/// A router configuration, which is a mapping in YAML, with another mode.
#[must_use]
pub fn with_mode(router: &str, mode: &str) -> String {
    let Ok(Value::Mapping(mut top)) = serde_yaml::from_str(router) else {
        return router.to_owned();
    };
    let filter = top.entry("filter".into()).or_insert_with(|| Mapping::new().into());
    if let Value::Mapping(filter) = filter {
        filter.insert("mode".into(), mode.into());
    }
    serde_yaml::to_string(&top).unwrap_or_default()
}
