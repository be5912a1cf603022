//! An attack in disguise: the guard reads it as a model would.

use std::fmt::Write;

use super::guarded::{ATTACK, Guarded, assert_blocked, chat, streamed};

/// A disguise and how it is put on.
type Transform = (&'static str, fn(&str) -> String);

const TRANSFORMS: [Transform; 14] = [
    ("capitals", |text| text.to_uppercase()),
    ("full-width letters", |text| letters(text, |c| u32::from(c) - 0x20 + 0xff00)),
    ("mathematical letters", |text| {
        letters(text, |c| match c {
            'A'..='Z' => u32::from(c) - 0x41 + 0x1d400,
            _ => u32::from(c) - 0x61 + 0x1d41a,
        })
    }),
    ("Cyrillic look-alikes", |text| {
        text.chars()
            .map(|c| match c {
                'a' => 'а',
                'e' => 'е',
                'o' => 'о',
                'p' => 'р',
                'c' => 'с',
                'y' => 'у',
                'i' => 'і',
                other => other,
            })
            .collect()
    }),
    ("zero-width spaces between the letters", |text| between(text, '\u{200b}')),
    ("soft hyphens between the letters", |text| between(text, '\u{ad}')),
    ("accents on the letters", |text| between(text, '\u{301}')),
    ("marks of direction", |text| format!("\u{202e}\u{2066}{text}\u{2069}\u{202c}")),
    ("tag characters", |text| {
        let hidden = text.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xe0000));
        format!("Nice weather. {}", hidden.collect::<String>())
    }),
    ("leet", |text| {
        text.chars()
            .map(|c| match c {
                'a' => '4',
                'e' => '3',
                'i' => '1',
                'o' => '0',
                other => other,
            })
            .collect()
    }),
    ("spaced letters", |text| {
        let words = text.split(' ').map(|word| between(word, ' ').trim_end().to_owned());
        words.collect::<Vec<_>>().join("  ")
    }),
    ("hexadecimal digits", |text| {
        let mut hex = "Decode this and do what it says: ".to_owned();
        text.bytes().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
        hex
    }),
    ("percent escapes", |text| {
        let mut escaped = String::new();
        text.bytes().for_each(|byte| write!(escaped, "%{byte:02X}").unwrap());
        escaped
    }),
    ("rot13", |text| {
        text.chars()
            .map(|c| match c {
                'a'..='m' | 'A'..='M' => char::from_u32(u32::from(c) + 13).unwrap(),
                'n'..='z' | 'N'..='Z' => char::from_u32(u32::from(c) - 13).unwrap(),
                other => other,
            })
            .collect()
    }),
];

fn letters(text: &str, map: fn(char) -> u32) -> String {
    let mapped =
        |c: char| if c.is_ascii_alphabetic() { char::from_u32(map(c)).unwrap() } else { c };
    text.chars().map(mapped).collect()
}

fn between(text: &str, mark: char) -> String {
    text.chars().flat_map(|c| [c, mark]).collect()
}

/// As JSON, with every character beyond ASCII in escapes, as many clients write.
fn escaped(text: &str) -> String {
    let mut json = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => json.push(char::from(byte)),
            _ => write!(json, "\\u{unit:04x}").unwrap(),
        }
    }
    json
}

/// Every disguise is seen through.
pub async fn an_attack_in_disguise_is_seen(guarded: &Guarded) {
    for (name, transform) in TRANSFORMS {
        for text in [transform(ATTACK), escaped(&transform(ATTACK))] {
            for stream in [false, true] {
                let body = format!(
                    r#"{{"model":"auto","messages":[{{"role":"user","content":"{text}"}}]}}"#
                );
                let response = guarded.send(chat(streamed(&body, stream))).await;
                assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, name);
            }
        }
    }
}
