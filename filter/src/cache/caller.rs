//! What the headers of a request tell the cache.

use crate::config::{CacheScope, CacheSettings};
use crate::headers::Headers;

/// Headers that tell callers apart where no header is configured.
const CREDENTIALS: [&str; 4] = ["authorization", "api-key", "x-api-key", "cookie"];

/// Who asks, what, and what of the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The tenant, as parts of a digest; none for everyone's scope.
    tenant: Vec<Vec<u8>>,
    /// The host and path that are asked: what the proxy may route by.
    target: [String; 2],
    /// `cache-control`.
    pub control: Control,
}

/// `cache-control` of a request (RFC 9111, 5.2.1), as far as it is honoured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// `no-store`: the cache is not to know of the exchange at all.
    pub no_store: bool,
    /// `max-age`: seconds since an answer was given, at most; `no-cache` is 0.
    pub max_age: Option<u64>,
}

impl Caller {
    /// Reads the headers of a request.
    #[must_use]
    pub fn read(headers: &Headers, settings: &CacheSettings) -> Self {
        let tenant = match settings.scope {
            CacheScope::Shared => Vec::new(),
            CacheScope::Tenant => tenant(headers, settings.tenant_header.as_deref()),
        };
        Self {
            tenant,
            target: [":authority", ":path"].map(|name| headers.text(name).to_owned()),
            control: Control::read(headers),
        }
    }

    /// What must be the same for two callers to be given the same answer.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let target = self.target.iter().map(String::as_bytes);
        let parts: Vec<&[u8]> = target.chain(self.tenant.iter().map(Vec::as_slice)).collect();
        parts.into_iter()
    }
}

/// The header that is configured; where it is missing, or none is, the
/// credentials. Callers without any are one tenant: that without a name.
fn tenant(headers: &Headers, configured: Option<&str>) -> Vec<Vec<u8>> {
    let of = |names: &[&str]| -> Vec<Vec<u8>> {
        let values = names.iter().flat_map(|name| {
            headers.all(name).map(move |value| [name.as_bytes().to_vec(), value.to_vec()])
        });
        values.flatten().collect()
    };
    let named = configured.map(|name| of(&[name])).unwrap_or_default();
    if named.is_empty() { of(&CREDENTIALS) } else { named }
}

impl Control {
    /// Whether an answer of this age, in seconds, will do.
    #[must_use]
    pub fn accepts(&self, age: u64) -> bool {
        self.max_age.is_none_or(|most| age < most)
    }

    fn read(headers: &Headers) -> Self {
        let mut control = Self::default();
        for (name, value) in directives(headers) {
            let age = match name.as_str() {
                "no-store" => {
                    control.no_store = true;
                    None
                }
                "no-cache" => Some(0),
                // One that cannot be read asks for more than can be done.
                "max-age" => Some(value.parse().unwrap_or(0)),
                _ => None,
            };
            control.max_age = control.max_age.into_iter().chain(age).min();
        }
        control
    }
}

/// Whether a response says that it is not to be kept for others.
#[must_use]
pub fn forbids_keeping(response: &Headers) -> bool {
    directives(response).any(|(name, _)| matches!(name.as_str(), "no-store" | "private"))
}

/// The directives of `cache-control`, names in lower case, without quotes.
fn directives(headers: &Headers) -> impl Iterator<Item = (String, String)> {
    let values = headers.all("cache-control").map(String::from_utf8_lossy);
    let lists: Vec<String> = values.map(|value| value.to_ascii_lowercase()).collect();
    lists.into_iter().flat_map(|list| {
        let directive = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())
        };
        list.split(',').map(directive).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> Headers {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        Headers::new(fields.iter().map(field).collect())
    }

    fn parts(fields: &[(&str, &str)], settings: &CacheSettings) -> Vec<Vec<u8>> {
        Caller::read(&headers(fields), settings).parts().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn tenants_are_told_apart_by_the_header_else_by_credentials() {
        let plain = CacheSettings::default();
        let named = CacheSettings { tenant_header: Some("x-team".to_owned()), ..plain.clone() };
        let shared = CacheSettings { scope: CacheScope::Shared, ..named.clone() };
        let (anna, ben) = (("authorization", "Bearer a"), ("authorization", "Bearer b"));
        let (red, blue) = (("x-team", "red"), ("x-team", "blue"));
        for (one, other, settings, same) in [
            (&[anna][..], &[ben][..], &plain, false),
            (&[anna], &[anna], &plain, true),
            (&[anna], &[], &plain, false),
            (&[anna, ("cookie", "x")], &[anna], &plain, false),
            (&[("x-api-key", "k")], &[("api-key", "k")], &plain, false),
            (&[anna, red], &[anna, blue], &plain, true),
            (&[anna, red], &[ben, red], &named, true),
            (&[anna, red], &[anna, blue], &named, false),
            (&[anna, red, blue], &[anna, red], &named, false),
            (&[anna], &[ben], &named, false),
            (&[("x-team", "Bearer a")], &[anna], &named, false),
            (&[anna, red], &[ben, blue], &shared, true),
            (&[(":authority", "a")], &[(":authority", "b")], &shared, false),
            (&[(":path", "/a")], &[(":path", "/b")], &shared, false),
        ] {
            assert_eq!(parts(one, settings) == parts(other, settings), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn cache_control_is_read_as_a_list() {
        for (values, no_store, max_age) in [
            (&[][..], false, None),
            (&["no-store"], true, None),
            (&["public, NO-CACHE"], false, Some(0)),
            (&["max-age=\"60\"", "max-age=30"], false, Some(30)),
            (&["max-age=soon , no-store"], true, Some(0)),
            (&["no-storefront"], false, None),
        ] {
            let fields: Vec<_> = values.iter().map(|value| ("cache-control", *value)).collect();
            assert_eq!(
                Control::read(&headers(&fields)),
                Control { no_store, max_age },
                "{values:?}"
            );
        }
        assert!(forbids_keeping(&headers(&[("cache-control", "max-age=1, private")])));
        assert!(!forbids_keeping(&headers(&[("cache-control", "no-cache")])));
    }
}
