//! `DOMAIN_NAME`: a host under a known top-level domain, without scheme and path.

mod tlds;

use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::WEB;
use crate::classify::pii::{Entity, Kind};

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let mut skip = 0;
    for (dot, _) in doc.text.match_indices('.') {
        if dot < skip {
            continue;
        }
        let (start, full) = run(doc, dot, skip);
        skip = full.max(dot + 1);
        let end = start + doc.slice(start, full).trim_end_matches('.').len();
        if let Some(score) = judge(doc, start, end) {
            out.push(Entity::new(Kind::DomainName, start, end, score));
        }
    }
}

/// The run of host characters around the dot; not reaching before `floor`.
fn run(doc: &Doc, dot: usize, floor: usize) -> (usize, usize) {
    let bytes = doc.text.as_bytes();
    let back = bytes.get(floor..dot).unwrap_or(&[]).iter().rev();
    let start = dot - back.take_while(|b| is_host(**b)).count();
    let ahead = bytes.get(dot..).unwrap_or(&[]).iter();
    let end = dot + ahead.take_while(|b| is_host(**b)).count();
    (start, end)
}

fn is_host(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'.'
}

fn judge(doc: &Doc, start: usize, end: usize) -> Option<f32> {
    let host = doc.slice(start, end);
    let (before, after) = (doc.byte_before(start), doc.byte(end));
    let login = before == b'@' && crate::classify::pii::email::login(doc, start - 1);
    if host.len() > 253
        || before == b'@' && !login
        || after == b'@'
        || before == b'_'
        || after == b'_'
    {
        return None;
    }
    let (rest, tld) = host.rsplit_once('.')?;
    if !host.split('.').all(is_label) || !cased(rest, tld) {
        return None;
    }
    let rank = tlds::rank(tld)?;
    let labels = host.split('.').count();
    let first = host.split('.').next().unwrap_or("");
    let named = rest.bytes().any(|b| b.is_ascii_alphabetic());
    // A call or an index follows members of objects, not hosts.
    let index =
        after == b'[' && rank != tlds::Rank::Plain && !doc.slice(end + 1, end + 5).contains('.');
    let object = tlds::is_object(first) && (labels <= 2 || rank != tlds::Rank::Plain);
    let member = matches!(after, b'(' | b'=') || index || object;
    // com.example.app is a package: a host does not begin with its end.
    let package = labels > 2 && matches!(first, "com" | "org" | "net" | "io");
    if !named || member || package {
        return None;
    }
    let scheme = doc.slice(start.saturating_sub(3), start) == "://";
    let www = first.eq_ignore_ascii_case("www");
    let web = scheme || www || web_before(doc, start);
    match rank {
        tlds::Rank::Plain => Some(if web { 0.95 } else { 0.8 }),
        // End of a sentence without a space: the.it
        tlds::Rank::Word => (web || labels > 2 || rest.len() > 3).then_some(0.7),
        tlds::Rank::FileName => (scheme || www || (web && labels > 2)).then_some(0.7),
    }
}

fn web_before(doc: &Doc, start: usize) -> bool {
    let i = doc.tokens.partition_point(|t| t.start < start);
    doc.near_before(i, 3, WEB)
}

fn is_label(label: &str) -> bool {
    let edge = label.starts_with('-') || label.ends_with('-');
    !label.is_empty() && label.len() <= 63 && !edge
}

/// Small letters, or capitals throughout: "done.So" is the end of a sentence.
fn cased(rest: &str, tld: &str) -> bool {
    let small = tld.bytes().all(|b| b.is_ascii_lowercase());
    let big = tld.bytes().all(|b| b.is_ascii_uppercase());
    small || (big && !rest.bytes().any(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn hosts() {
        assert_eq!(found("see https://shop.acme-pay.co.uk/a/b.html?x=1"), ["shop.acme-pay.co.uk"]);
        assert_eq!(found("Is silversoft.io down?"), ["silversoft.io"]);
        assert_eq!(found("visit tandem.health."), ["tandem.health"]);
        assert_eq!(found("https://docs.rs/serde"), ["docs.rs"]);
        assert_eq!(found("MAIL.ACME.COM is up"), ["MAIL.ACME.COM"]);
        assert_eq!(found("xn--abc-1.de"), ["xn--abc-1.de"]);
    }

    #[test]
    fn tempting() {
        for text in [
            "main.py",
            "lib.rs and mod.rs",
            "run setup.sh",
            "README.md",
            "a@b.com",
            "e.g. no",
            "i.e. so",
            "end.So it",
            "3.14",
            "v1.2.3",
            "oak..com",
            "-oak-.com",
            ".com",
            "self.info",
            "os.environ",
            "np.random.seed(42)",
            "os.system.run(x)",
            "a_b.json",
            "person.age >= 18",
            "console.info",
            "com.example.app",
            "report_v2.docx",
            "U.S.",
            "p.m.",
            "app.3f2a.js",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
