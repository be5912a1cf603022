//! What is to come of a request, as the core says, and whether it did.

use regex::Regex;

use crate::client::{End, Request, Response};
use crate::engine::Recorded;
use crate::native::{Decided, Native};

/// Fields that the router sets or removes.
const OWN: [&str; 4] =
    ["x-selected-model", "x-vsr-destination-endpoint", "x-vsr-anything", "content-encoding"];

/// What is to come of a request.
#[derive(Clone, Debug)]
pub enum Expected {
    /// An engine gets this.
    Upstream {
        /// The body.
        body: Vec<u8>,
        /// The values of [`OWN`].
        fields: Vec<Option<String>>,
    },
    /// The client gets this answer of the router's.
    Reply(Box<Response>),
}

impl Expected {
    /// What the core makes of a request.
    pub fn of(native: &Native, request: &Request) -> Self {
        match native.decide(request) {
            Decided::Reply(response) => Self::Reply(response),
            Decided::Upstream(request) => {
                let own = |name: &&str| {
                    let found = request.headers.iter().find(|(other, _)| other == name);
                    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                };
                Self::Upstream {
                    body: request.chunks.concat(),
                    fields: OWN.iter().map(own).collect(),
                }
            }
        }
    }

    /// Whether it came.
    pub fn judge(&self, answer: &Response, reached: &[Recorded]) -> Result<(), String> {
        match (self, reached) {
            (Self::Upstream { body, fields }, [recorded]) => {
                upstream(body, fields, recorded)?;
                match (&answer.end, answer.status) {
                    (End::Complete, ..500) => Ok(()),
                    (end, status) => Err(format!("the client got {status}, {end:?}")),
                }
            }
            (Self::Reply(expected), []) => reply(expected, answer),
            (expected, reached) => Err(format!(
                "{} engines were reached, and the client got {}: {:.300}; expected: {:.300}",
                reached.len(),
                answer.status,
                answer.text(),
                format!("{expected:?}"),
            )),
        }
    }
}

fn upstream(body: &[u8], fields: &[Option<String>], recorded: &Recorded) -> Result<(), String> {
    if recorded.body != body {
        let at = recorded.body.iter().zip(body).take_while(|(got, wanted)| got == wanted).count();
        let around = |bytes: &[u8]| {
            let near =
                bytes.iter().copied().skip(at.saturating_sub(40)).take(120).collect::<Vec<u8>>();
            String::from_utf8_lossy(&near).into_owned()
        };
        return Err(format!(
            "from byte {at}: {:?}, not {:?}",
            around(&recorded.body),
            around(body)
        ));
    }
    for (name, wanted) in OWN.iter().zip(fields) {
        let got = recorded.header(name);
        if got != wanted.as_deref() {
            return Err(format!("{name} is {got:?}, not {wanted:?}"));
        }
    }
    let length = recorded.header("content-length").map(str::parse::<usize>);
    match (length, recorded.complete) {
        (None, true) => Ok(()),
        (Some(Ok(length)), true) if length == recorded.body.len() => Ok(()),
        _ => Err("the body is not as long as was said".to_owned()),
    }
}

fn reply(expected: &Response, answer: &Response) -> Result<(), String> {
    let Response { status, end, .. } = answer;
    if (*status, end) != (expected.status, &End::Complete) {
        return Err(format!("the client got {status}, {end:?}, not {}", expected.status));
    }
    for (name, wanted) in &expected.headers {
        let got = answer.header(name);
        let wanted = String::from_utf8_lossy(wanted);
        if got != Some(wanted.as_ref()) {
            return Err(format!("{name} is {got:?}, not {wanted:?}"));
        }
    }
    let (got, wanted) = (timeless(&answer.text()), timeless(&expected.text()));
    if got != wanted {
        return Err(format!("the client got {got:.300}, not {wanted:.300}"));
    }
    Ok(())
}

/// A body without the seconds of its making.
fn timeless(body: &str) -> String {
    match Regex::new(r"\b1\d{9}\b") {
        Ok(seconds) => seconds.replace_all(body, "SECONDS").into_owned(),
        Err(_) => body.to_owned(),
    }
}
