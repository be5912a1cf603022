//! Text cut in two at every place, or into letters, between the parts of a
//! message.

use super::guarded::{ATTACK, Guarded, PERSONAL, assert_blocked, chat, streamed};

/// Every way to cut a text is seen through.
pub async fn text_in_parts_is_scanned_as_one(guarded: &Guarded) {
    for (listener, text, header) in [
        ("guarded", ATTACK, "x-vsr-jailbreak-blocked"),
        ("private", PERSONAL, "x-vsr-pii-violation"),
    ] {
        for at in 1..text.len() {
            let (one, other) = text.split_at(at);
            let body = format!(
                r#"{{"model":"auto","messages":[{{"role":"user","content":[{{"type":"text","text":"{one}"}},{{"type":"text","text":"{other}"}}]}}]}}"#
            );
            for stream in [false, true] {
                let response = guarded.send_to(listener, chat(streamed(&body, stream))).await;
                assert_blocked(guarded, &response, header, stream, &format!("{one}|{other}"));
            }
        }
    }
    let letters = ATTACK.chars().map(|letter| format!(r#"{{"type":"text","text":"{letter}"}}"#));
    let body = format!(
        r#"{{"model":"auto","messages":[{{"role":"user","content":[{}]}}]}}"#,
        letters.collect::<Vec<_>>().join(",")
    );
    for stream in [false, true] {
        let response = guarded.send(chat(streamed(&body, stream))).await;
        assert_blocked(guarded, &response, "x-vsr-jailbreak-blocked", stream, "letters");
    }
}
