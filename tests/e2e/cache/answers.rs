//! Which answers are kept, and how they are given again.

use super::*;

/// What a response says, whether it is a stream or not.
#[derive(Debug, PartialEq)]
struct Said {
    id: Value,
    content: String,
    finish: Value,
    usage: Value,
}

fn said(response: &Response) -> Said {
    if response.header("content-type") == Some("application/json") {
        let body: Value = response.json().unwrap();
        let choice = &body["choices"][0];
        return Said {
            id: body["id"].clone(),
            content: choice["message"]["content"].as_str().unwrap().to_owned(),
            finish: choice["finish_reason"].clone(),
            usage: body["usage"].clone(),
        };
    }
    let mut events = response.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"), "{}", response.text());
    let events: Vec<Value> = events.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let choices = || events.iter().filter_map(|event| event["choices"].get(0));
    let content = choices().filter_map(|choice| choice["delta"]["content"].as_str());
    Said {
        id: events[0]["id"].clone(),
        content: content.collect(),
        finish: choices().next_back().unwrap()["finish_reason"].clone(),
        usage: events.last().unwrap()["usage"].clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_is_given_in_the_form_that_is_asked_for() {
    for version in VERSIONS {
        let running = Running::start(version, cached).await.unwrap();
        let stream = |body: Value| {
            let body = having(body, "stream", json!(true));
            having(body, "stream_options", json!({"include_usage": true}))
        };
        for (number, (first, then)) in
            [(false, false), (false, true), (true, false), (true, true)].into_iter().enumerate()
        {
            let about = format!("{version}: stream {first}, then {then}");
            let body = chat(&format!("Which tea goes best with breakfast number {number}?"));
            let form = |streams: bool| if streams { stream(body.clone()) } else { body.clone() };
            let engines = ask(&running, &form(first)).await;
            assert!(!is_hit(&engines), "{about}");
            let again = ask(&running, &form(then)).await;
            assert!(is_hit(&again), "{about}");
            assert_eq!(said(&again), said(&engines), "{about}");
            assert_eq!(again.header("x-vsr-selected-model"), None, "{about}: as the original");
        }
        assert_eq!(running.stack.reached().len(), 4, "{version}: one of each two");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_token_counts_is_given_again_with_none() {
    let running = Running::start(VERSIONS[0], cached).await.unwrap();
    let body = chat("Which tea goes best with scones?");
    ask(&running, &having(body.clone(), "stream", json!(true))).await;
    let again = ask(&running, &body).await;
    assert!(is_hit(&again));
    assert_eq!(said(&again).usage["total_tokens"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_for_the_same_question_are_answered() {
    let version = VERSIONS[0];
    let running = Running::start(version, cached).await.unwrap();
    let system = |question: &str| {
        json!({"model": "auto", "messages": [
                {"role": "system", "content": "You answer in one sentence."},
                {"role": "user", "content": question}]})
    };
    assert!(!hits(&running, &system("How do I reset my router to factory settings?")).await);
    let body = system("how to reset a router to its factory settings");
    let request = request(&body).header("traceparent", traceparent(1));
    assert!(is_hit(&send(&running, request).await), "{version}");
    let tree = running.stack.wait_for_trace(&trace_id(1), 2, SPANS).await.unwrap();
    let span = tree.one(LOOKUP).unwrap();
    assert_eq!(span.text("stage.outcome"), Some("ran"));
    assert_eq!(span.bool("cache.hit"), Some(true));
    assert_eq!(span.double("cache.threshold"), Some(0.7));
    let similarity = span.double("cache.similarity").unwrap();
    assert!((0.7..1.0).contains(&similarity), "{similarity}");
    let key = span.text("cache.key").unwrap();
    assert!(key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    for different in [
        "How do I reset my modem to factory settings?",
        "How do I reset my router to the settings of 3 days ago?",
        "Why do I reset my router to factory settings?",
    ] {
        assert!(!hits(&running, &system(different)).await, "{version}: {different}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_can_change_the_answer_makes_another_question() {
    let version = VERSIONS[0];
    let running = Running::start(version, cached).await.unwrap();
    let base = json!({"model": "auto", "temperature": 0.5, "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Which tea goes best with scones?"}]});
    assert!(!hits(&running, &base).await);
    let mut others = vec![
        having(base.clone(), "temperature", json!(0.7)),
        having(base.clone(), "model", json!("plain")),
        having(base.clone(), "max_tokens", json!(7)),
        having(base.clone(), "tools", json!([])),
        having(base.clone(), "response_format", json!({"type": "text"})),
    ];
    for (index, content) in [(0, "Be long."), (1, "Hi"), (2, "Hi!")] {
        let mut other = base.clone();
        other["messages"][index]["content"] = json!(content);
        others.push(other);
    }
    for other in &others {
        assert!(!hits(&running, other).await, "{version}: {other}");
    }
    assert!(hits(&running, &base).await, "{version}");
    assert!(hits(&running, &others[0]).await, "{version}: each has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whole_answers_enter() {
    let version = VERSIONS[0];
    let running = Running::start(version, cached).await.unwrap();
    for stream in [false, true] {
        for (simulate, food) in [
            ("finish=length", "scones"),
            ("finish=content_filter", "toast"),
            ("no-finish", "waffles"),
            ("status=500", "pancakes"),
            ("status=404", "cheese"),
            ("gzip", "bread"),
            ("reset-after=2", "muffins"),
            ("big=1500000", "biscuits"),
        ] {
            let way = if stream { "at home" } else { "in a café" };
            let body = chat(&format!("Which tea goes best with {food} {way}?"));
            let body = having(body, "stream", json!(stream));
            let first = request(&body).header("x-simulate", simulate);
            let _ = Client::http1(running.address).send(first).await;
            assert!(!hits(&running, &body).await, "{version}: {simulate}, stream {stream}");
            let there = hits(&running, &body).await;
            assert!(there, "{version}: {simulate}, stream {stream}: and then it is there");
        }
    }
    let body = having(chat("Which tea goes best with cake?"), "stream", json!(true));
    let first = request(&body).header("x-simulate", "token-delay=50ms");
    let first = first.hang_up(HangUp::AfterBytes(400));
    let _ = Client::http1(running.address).send(first).await;
    assert!(!hits(&running, &body).await, "{version}: a client that has gone away");
}

#[tokio::test(flavor = "multi_thread")]
async fn cache_control_of_the_request_is_honoured() {
    let version = VERSIONS[0];
    let running = Running::start(version, cached).await.unwrap();
    let body = chat("Which tea goes best with scones?");
    let controlled = |value: &str| request(&body).header("cache-control", value);
    assert!(!is_hit(&send(&running, controlled("no-store")).await));
    assert!(!hits(&running, &body).await, "{version}: nothing was kept");
    assert!(!is_hit(&send(&running, controlled("no-store")).await), "{version}");
    let fresh = send(&running, controlled("no-cache")).await;
    assert!(!is_hit(&fresh), "{version}");
    let again = ask(&running, &body).await;
    assert!(is_hit(&again), "{version}");
    assert_eq!(said(&again).id, said(&fresh).id, "{version}: the new answer");
    assert!(is_hit(&send(&running, controlled("max-age=3600")).await), "{version}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_can_do_without_the_cache() {
    let running = Running::start(VERSIONS[0], cached).await.unwrap();
    let body = chat("What is the derivative of x^2 + 3x?");
    let first = request(&body).header("traceparent", traceparent(1));
    assert!(!is_hit(&send(&running, first).await));
    assert!(!hits(&running, &body).await);
    let tree = running.stack.wait_for_trace(&trace_id(1), 7, SPANS).await.unwrap();
    let span = tree.one(LOOKUP).unwrap();
    assert_eq!(span.text("stage.outcome"), Some("skipped"));
    assert_eq!(span.text("stage.reason"), Some("disabled_by_decision"));
    assert_eq!(span.text("cache.key"), None);
}
