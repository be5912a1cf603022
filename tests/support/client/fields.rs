//! Header and trailer fields as lists, which keep what maps would lose.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::Error;

/// Fields with lower-case names, in order; fields of one name stand together.
pub type Fields = Vec<(String, Vec<u8>)>;

/// The fields of `map`.
#[must_use]
pub fn from_map(map: &HeaderMap) -> Fields {
    map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

/// The map of `fields`.
///
/// # Errors
/// A name or a value that HTTP does not allow.
pub fn to_map(fields: &[(String, Vec<u8>)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let refused = || Error::Field { name: name.clone() };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let value = HeaderValue::from_bytes(value).map_err(|_| refused())?;
        map.append(key, value);
    }
    Ok(map)
}

/// The first field called `name` (in lower case), when it is text.
#[must_use]
pub fn text<'a>(fields: &'a [(String, Vec<u8>)], name: &str) -> Option<&'a str> {
    let (_, value) = fields.iter().find(|(other, _)| other == name)?;
    str::from_utf8(value).ok()
}

/// Every field called `name` (in lower case), in order, when it is text.
#[must_use]
pub fn texts<'a>(fields: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a str> {
    let named = fields.iter().filter(|(other, _)| other == name);
    named.filter_map(|(_, value)| str::from_utf8(value).ok()).collect()
}
