//! `EMAIL_ADDRESS`: found from its at sign.

use crate::classify::pii::doc::Doc;
use crate::classify::pii::{Entity, Kind};

const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 253;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    for (at, _) in doc.text.match_indices('@') {
        let start = local_start(doc, at);
        let end = domain_end(doc, at + 1);
        if let (Some(start), Some(end)) = (start, end)
            && !login(doc, at)
        {
            out.push(Entity::new(Kind::EmailAddress, start, end, 1.0));
        }
    }
}

/// The at sign ends the login of an address such as `postgres://user:word@host`.
pub(crate) fn login(doc: &Doc, at: usize) -> bool {
    let head = doc.text.as_bytes().get(at.saturating_sub(LOCAL_MAX)..at).unwrap_or(&[]);
    let start =
        head.iter().rposition(|b| b.is_ascii_whitespace() || *b == b'"').map_or(0, |i| i + 1);
    let word = head.get(start..).unwrap_or(&[]);
    word.windows(3).any(|w| w == b"://")
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._%+-'&~".contains(c)
}

/// Start of the local part, if it is well formed and not too long.
fn local_start(doc: &Doc, at: usize) -> Option<usize> {
    let head = doc.text.get(..at)?;
    let mut start = at;
    for (i, c) in head.char_indices().rev().take(LOCAL_MAX + 1) {
        if !is_local(c) {
            break;
        }
        start = i;
    }
    // A leading quote or dash is punctuation around the address, not part of it.
    let local = doc.slice(start, at);
    let trimmed = local.trim_start_matches(['.', '-', '\'', '&', '~', '%']);
    start += local.len() - trimmed.len();
    let ok = !trimmed.is_empty()
        && trimmed.len() <= LOCAL_MAX
        && !trimmed.ends_with('.')
        && !trimmed.contains("..");
    ok.then_some(start)
}

/// End of the domain part: labels of letters and digits, the last of letters only.
fn domain_end(doc: &Doc, start: usize) -> Option<usize> {
    let tail = doc.text.get(start..)?;
    let mut len = 0;
    for (i, c) in tail.char_indices().take(DOMAIN_MAX) {
        if !(c.is_alphanumeric() || c == '-' || c == '.') || c >= '\u{3040}' {
            break;
        }
        len = i + c.len_utf8();
    }
    let mut domain = tail.get(..len)?;
    // The full stop of the sentence, or a word glued after it, is not part of the domain.
    domain = domain.trim_end_matches(['.', '-']);
    let (_, tld) = domain.rsplit_once('.')?;
    let ok = domain.split('.').all(is_label)
        && tld.chars().count() >= 2
        && (tld.chars().all(char::is_alphabetic) || tld.starts_with("xn--"));
    ok.then_some(start + domain.len())
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn addresses() {
        assert_eq!(
            found("Mail <j.doe+news@mail.example.co.uk>."),
            ["j.doe+news@mail.example.co.uk"]
        );
        assert_eq!(found("'o'neil@corp.io', x"), ["o'neil@corp.io"]);
        assert_eq!(found("a_b@x-y.museum,c@d.de"), ["a_b@x-y.museum", "c@d.de"]);
        assert_eq!(found("邮箱：li@qq.com。"), ["li@qq.com"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "me@",
            "@me.com",
            "a@@b.com",
            "a at b.com",
            "a@b",
            "a@.b.com",
            "a..b@c.com",
            "git@{host}",
            "@Override",
            "user@host:/path",
            "5 apples @ 2.50",
            "x@1.2.3",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
