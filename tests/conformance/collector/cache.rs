//! Answers are kept in a real Redis, and found again.

use std::net::TcpListener;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use http::{Method, StatusCode};
use semantic_router_collector::cache::{self, MAX_BODY_BYTES, MAX_ENTRIES, Options};
use semantic_router_collector::classify::Settings;
use semantic_router_filter::cache::remote::{
    Failure, Found, LOOKUP_PATH, Lookup, STORE_PATH, Store,
};
use semantic_router_filter::config;
use serde_json::json;
use support::envoy::checkout;
use support::redis::{PASSWORD, Server};

use super::fixture::Running;
use super::redis::{
    Asked, CONNECTED, answer, asked, look, look_for, post, scope, start_at, start_with, store,
    store_of,
};
use super::services::{self, error, metric};

const EGG: &str = "How long do I boil an egg?";

/// Time enough, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(10);

fn options(url: &str) -> Options {
    Options { redis_url: url.parse().ok(), cache_timeout: PATIENCE, ..Options::default() }
}

/// A collector that keeps answers there, and is connected.
async fn start(url: &str) -> Running {
    start_with(options(url)).await
}

/// How many lookups had a result.
async fn lookups(running: &Running, result: &str) -> String {
    let line = format!("semantic_router_cache_backend_lookups_total{{result=\"{result}\"}}");
    metric(running, &line).await
}

/// How many errors had a reason.
async fn errors(running: &Running, reason: &str) -> String {
    let line = format!("semantic_router_cache_backend_errors_total{{reason=\"{reason}\"}}");
    metric(running, &line).await
}

/// A server, or the end of the test where there is none.
macro_rules! server {
    ($($option:expr),*) => {
        match Server::start(&[$($option),*]).await.unwrap() {
            Some(server) => server,
            None => return,
        }
    };
}

#[tokio::test]
async fn the_very_same_prompt_is_a_hit() {
    let server = server!();
    let running = start(&server.url()).await;
    let egg = asked(EGG, 0.0);
    assert_eq!(answer(look(&running, scope(1), &egg).await), None);
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    match look(&running, scope(1), &egg).await {
        Found::Hit { answer, similarity, age_seconds } => {
            assert_eq!(answer.0, b"six minutes");
            assert_eq!((similarity.to_bits(), age_seconds < 60), (1f64.to_bits(), true));
        }
        miss @ Found::Miss { .. } => panic!("{miss:?}"),
    }
    let only = Lookup { scope: scope(1), exact: egg.exact, prompt: None, threshold: 1.0 };
    assert_eq!(answer(post(&running, LOOKUP_PATH, &only).await), Some("six minutes".to_owned()));
    store(&running, &store_of(scope(1), &egg, "eight minutes")).await;
    assert_eq!(answer(look(&running, scope(1), &egg).await), Some("eight minutes".to_owned()));
    assert_eq!(
        (lookups(&running, "exact").await, lookups(&running, "miss").await),
        ("3".into(), "1".into())
    );
    let line = "semantic_router_cache_backend_stores_total{result=\"stored\"}";
    assert_eq!(metric(&running, line).await, "2");
    let line = "semantic_router_cache_backend_duration_seconds_count{operation=\"lookup\"}";
    assert_eq!(metric(&running, line).await, "4");
}

#[tokio::test]
async fn a_like_prompt_is_a_hit_from_the_threshold_on() {
    let server = server!();
    let running = start(&server.url()).await;
    store(&running, &store_of(scope(1), &asked(EGG, 0.0), "six minutes")).await;
    store(&running, &store_of(scope(1), &asked("Who won in 1998?", 90.0), "France")).await;
    let put_otherwise = asked("please tell me how long to boil eggs", 10.0);
    let found = look(&running, scope(1), &put_otherwise).await;
    assert_eq!(answer(found), Some("six minutes".to_owned()));
    assert_eq!(lookups(&running, "similar").await, "1");

    let Found::Hit { similarity, .. } = look_for(&running, scope(1), &put_otherwise, 0.9).await
    else {
        panic!("a miss")
    };
    assert!((similarity - 10f64.to_radians().cos()).abs() < 1e-6, "{similarity}");
    let found = look_for(&running, scope(1), &put_otherwise, similarity).await;
    assert_eq!(answer(found), Some("six minutes".to_owned()), "at the threshold");
    let above = look_for(&running, scope(1), &put_otherwise, similarity.next_up()).await;
    assert_eq!(answer(above), None, "above the threshold");

    let negated = asked("How long do I not boil an egg?", 1.0);
    let found = look_for(&running, scope(1), &negated, 0.5).await;
    assert_eq!(answer(found), None, "near, and of other words");
}

#[tokio::test]
async fn scopes_share_nothing() {
    let server = server!();
    let running = start(&server.url()).await;
    let egg = asked(EGG, 0.0);
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    assert_eq!(look_for(&running, scope(2), &egg, 0.0).await, Found::Miss { error: None });
    store(&running, &store_of(scope(2), &egg, "seven minutes")).await;
    for (number, expected) in [(1, "six minutes"), (2, "seven minutes")] {
        assert_eq!(answer(look(&running, scope(number), &egg).await).unwrap(), expected);
    }
}

#[tokio::test]
async fn an_answer_ends_with_its_time() {
    let server = server!();
    let running = start(&server.url()).await;
    let (egg, cup) = (asked(EGG, 0.0), asked("Who won in 1998?", 90.0));
    let short = Store { ttl_seconds: NonZeroU64::new(1), ..store_of(scope(1), &egg, "six") };
    store(&running, &short).await;
    store(&running, &Store { scope: scope(2), ..short.clone() }).await;
    // Its stream lasts longer than the answer.
    store(&running, &store_of(scope(1), &cup, "France")).await;
    assert!(answer(look(&running, scope(1), &egg).await).is_some());
    let like = asked("how long to boil eggs", 3.0);
    assert!(answer(look(&running, scope(1), &like).await).is_some());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(answer(look(&running, scope(1), &egg).await), None);
    let similar = look_for(&running, scope(1), &like, 0.0).await;
    assert_eq!(answer(similar), None, "the one that is left is of something else");
    // Nothing is left of what has ended.
    let keys: Vec<String> = server.command("KEYS", &[b"*"]).await.unwrap();
    assert_eq!(keys.len(), 2, "{keys:?}");
}

#[tokio::test]
async fn the_oldest_make_room() {
    let server = server!();
    let running = start(&server.url()).await;
    let prompts: Vec<Asked> = [10.0, 30.0, 50.0, 70.0]
        .map(|degrees| asked(&format!("Question {degrees}?"), degrees))
        .into();
    let keep = async |at: usize| {
        let answer = format!("answer {at}");
        let store_of = store_of(scope(1), &prompts[at], &answer);
        store(&running, &Store { max_entries: NonZeroUsize::new(2), ..store_of }).await;
    };
    let found = async || {
        let mut found = Vec::new();
        for (at, asked) in prompts.iter().enumerate() {
            if answer(look(&running, scope(1), asked).await).is_some() {
                found.push(at);
            }
        }
        found
    };
    keep(0).await;
    keep(1).await;
    assert_eq!(found().await, [0, 1]);
    keep(2).await;
    assert_eq!(found().await, [1, 2]);
    // Stored again, it is the newest, and its old record goes without it.
    keep(1).await;
    keep(3).await;
    assert_eq!(found().await, [1, 3]);
    // One that is found for the very same only makes room too.
    let only = Store { prompt: None, ..store_of(scope(1), &asked("Question?", 0.0), "answer") };
    store(&running, &Store { max_entries: NonZeroUsize::new(2), ..only }).await;
    assert_eq!(found().await, [3]);
    // The records, and their answers.
    let keys: Vec<String> = server.command("KEYS", &[b"*"]).await.unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
}

#[tokio::test]
async fn two_collectors_share_what_they_keep() {
    let server = server!();
    let (one, other) = (start(&server.url()).await, start(&server.url()).await);
    let (egg, like) = (asked(EGG, 0.0), asked("how long to boil eggs", 3.0));
    assert_eq!(answer(look(&other, scope(1), &like).await), None);
    store(&one, &store_of(scope(1), &egg, "six minutes")).await;
    assert_eq!(answer(look(&other, scope(1), &egg).await).unwrap(), "six minutes");
    assert_eq!(answer(look(&other, scope(1), &like).await).unwrap(), "six minutes");
    store(&other, &store_of(scope(1), &egg, "seven minutes")).await;
    assert_eq!(answer(look(&one, scope(1), &like).await).unwrap(), "seven minutes");
    // What one forgets, the other forgets.
    let () = server.command("FLUSHALL", &[]).await.unwrap();
    for running in [&one, &other] {
        assert_eq!(answer(look(running, scope(1), &like).await), None);
    }
    store(&one, &store_of(scope(1), &egg, "eight minutes")).await;
    assert_eq!(answer(look(&other, scope(1), &like).await).unwrap(), "eight minutes");
}

#[tokio::test]
async fn another_key_or_namespace_finds_nothing() {
    let server = server!();
    let running = start(&server.url()).await;
    let egg = asked(EGG, 0.0);
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    let folder = services::Folder::new("cache-key");
    folder.write("key", b"another key that is long enough\n");
    let options = options(&server.url());
    let key = Options { cache_key_file: Some(folder.path().join("key")), ..options.clone() };
    let namespace = Options { cache_namespace: "other".to_owned(), ..options };
    for other in [key, namespace] {
        let other = start_with(other).await;
        assert_eq!(answer(look_for(&other, scope(1), &egg, 0.0).await), None);
        assert_eq!(lookups(&other, "miss").await, "1");
        store(&other, &store_of(scope(1), &egg, "an hour")).await;
        assert_eq!(answer(look(&running, scope(1), &egg).await).unwrap(), "six minutes");
    }
}

#[tokio::test]
async fn what_was_changed_in_redis_is_a_miss_that_is_counted() {
    let server = server!();
    let running = start(&server.url()).await;
    let (egg, like) = (asked(EGG, 0.0), asked("how long to boil eggs", 3.0));
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    let keys: Vec<String> = server.command("KEYS", &[b"*"]).await.unwrap();
    let (records, answers): (Vec<&String>, Vec<&String>) =
        keys.iter().partition(|key| key.ends_with('}'));
    let ([records], [answer_key]) = (&records[..], &answers[..]) else { panic!("{keys:?}") };
    let () = server.command("SETRANGE", &[answer_key.as_bytes(), b"40", b"x"]).await.unwrap();
    let miss = Found::Miss { error: Some(Failure::Unreadable) };
    assert_eq!(look(&running, scope(1), &egg).await, miss);
    assert_eq!(look(&running, scope(1), &like).await, miss);
    assert_eq!(
        (errors(&running, "unreadable").await, lookups(&running, "failed").await),
        ("2".into(), "2".into())
    );
    // A record that does not open hides no other.
    let _: String =
        server.command("XADD", &[records.as_bytes(), b"*", b"r", b"no record"]).await.unwrap();
    store(&running, &store_of(scope(1), &egg, "seven minutes")).await;
    assert_eq!(answer(look(&running, scope(1), &like).await).unwrap(), "seven minutes");
    assert_eq!(errors(&running, "unreadable").await, "3");
}

#[tokio::test]
async fn nothing_can_be_read_in_redis() {
    let server = server!();
    let running = start(&server.url()).await;
    let planted = "PLANTED-PROMPT-5512";
    let secret = asked(planted, 0.0);
    store(&running, &store_of(scope(0xa7), &secret, "PLANTED-ANSWER-8846")).await;
    assert!(answer(look(&running, scope(0xa7), &secret).await).is_some());
    let dump = server.dump().await.unwrap();
    let has = |bytes: &[u8]| dump.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"vsr:default:{"), "it is there");
    let words = secret.prompt.words.to_bytes();
    let embedding = secret.prompt.embedding.to_bytes();
    for bytes in [
        b"PLANTED".as_slice(),
        PASSWORD.as_bytes(),
        &[0xa7; 32],
        "a7a7a7".as_bytes(),
        &secret.exact.0,
        &secret.exact.to_string().as_bytes()[..16],
        &words[..4],
        &embedding[12..16],
    ] {
        assert!(!has(bytes), "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_large_scope_is_read_in_parts() {
    let server = server!();
    let (one, other) = (start(&server.url()).await, start(&server.url()).await);
    let prompt = |at: usize| {
        let degrees = f32::from(u16::try_from(at).unwrap()) / 10.0;
        asked(&format!("Question number {at}?"), degrees)
    };
    for at in 0..MAX_ENTRIES + 10 {
        store(&one, &store_of(scope(1), &prompt(at), &format!("answer {at}"))).await;
    }
    let newest = prompt(MAX_ENTRIES + 9);
    let like = Asked { exact: prompt(0).exact, ..newest.clone() };
    let mut lookups = 0;
    while answer(look(&other, scope(1), &like).await).is_none() {
        lookups += 1;
        assert!(lookups < 10);
    }
    assert!(lookups > 0, "all at once");
    assert_eq!(answer(look(&other, scope(1), &prompt(9)).await), None, "made room");
    assert_eq!(answer(look(&other, scope(1), &prompt(10)).await).unwrap(), "answer 10");
}

#[tokio::test]
async fn a_file_of_the_original_leads_to_a_redis_with_tls() {
    let data = checkout().join("tests/conformance/data/redis-tls");
    let file = |name: &str| data.join(name).display().to_string();
    let any = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = any.local_addr().unwrap().port().to_string();
    drop(any);
    let (certificate, key) = (file("server.pem"), file("server-key.pem"));
    let server = server!(
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no"
    );
    let folder = services::Folder::new("cache-tls");
    let patient = Options { cache_timeout: PATIENCE, ..Options::default() };
    let resolve = |ca_file: &str| {
        let text = format!(
            "connection:\n  host: localhost\n  port: {port}\n  password: ${{PASSWORD}}\n  \
             tls: {{enabled: true, ca_file: '{ca_file}'}}\nindex: {{name: semantic_cache_idx}}\n"
        );
        folder.write("redis.yaml", text.as_bytes());
        let config = format!(
            "default_model: m\nsemantic_cache:\n  enabled: true\n  backend_type: redis\n  \
             backend_config_path: {}/redis.yaml\n",
            folder.path().display()
        );
        let (config, _) = config::load(&config).unwrap();
        let password = |name: &str| (name == "PASSWORD").then(|| PASSWORD.to_owned());
        let resolved = cache::Settings::resolve(&patient, Some(&config), &password);
        resolved.unwrap().unwrap()
    };
    let resolved = resolve(&file("ca.pem"));
    let [doubt] = resolved.doubts.as_slice() else { panic!("{resolved:?}") };
    assert!(doubt.ends_with("index: has no effect here: no index is made in Redis"), "{doubt}");
    let running = start_at(Some(resolved.settings)).await;
    running.wait_for_metric(CONNECTED, 1).await;
    let egg = asked(EGG, 0.0);
    store(&running, &store_of(scope(1), &egg, "six minutes")).await;
    // The secret is the password, with TLS or without.
    let plain = start(&server.url()).await;
    assert_eq!(answer(look(&plain, scope(1), &egg).await).unwrap(), "six minutes");
    // The system knows no such authority.
    let wary = start_at(Some(resolve("").settings)).await;
    let Found::Miss { error } = look(&wary, scope(1), &egg).await else { panic!("a hit") };
    assert_eq!(error, Some(Failure::Unavailable));
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_the_key() {
    let server = server!();
    let running = start(&server.url()).await;
    let good = json!(store_of(scope(1), &asked(EGG, 0.0), "six"));
    let with = |key: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[key] = value;
        body.to_string().into_bytes()
    };
    for (body, status, expected) in [
        (b"".to_vec(), 400, "EOF while parsing a value"),
        (with("scope", json!("12")), 400, "scope: not 64 hexadecimal digits"),
        (with("answer", json!([1])), 400, "answer: invalid type: sequence"),
        (with("prompt", json!({"embedding": "", "words": ""})), 400, "prompt.embedding: 0 numbers"),
        (with("ttl_seconds", json!(0)), 400, "ttl_seconds: invalid value: integer `0`"),
        (with("threshold", json!(0)), 400, "unknown field `threshold`"),
        (vec![b' '; MAX_BODY_BYTES + 1], 413, "longer than"),
    ] {
        let reply = running.request(Method::POST, STORE_PATH, &[], body).await;
        assert_eq!(reply.status.as_u16(), status, "{reply:?}");
        assert!(error(&reply).contains(expected), "{reply:?} is not {expected}");
    }
    let reply = running.request(Method::GET, LOOKUP_PATH, &[], "").await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    let line = "semantic_router_cache_backend_stores_total{result=\"invalid\"}";
    assert_eq!(metric(&running, line).await, "7");
    assert_eq!(server.command::<usize>("DBSIZE", &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn the_longest_answer_is_kept() {
    let server = server!();
    let running = start(&server.url()).await;
    let egg = asked(EGG, 0.0);
    let longest = "x".repeat(semantic_router_filter::cache::remote::MAX_ANSWER_BYTES);
    store(&running, &store_of(scope(1), &egg, &longest)).await;
    assert!(answer(look(&running, scope(1), &egg).await).is_some_and(|found| found == longest));
}

#[tokio::test]
async fn without_redis_the_cache_says_so() {
    let running = services::start(None, Settings::default()).await;
    let lookup = Lookup { scope: scope(1), exact: scope(2), prompt: None, threshold: 0.5 };
    let body = serde_json::to_vec(&lookup).unwrap();
    let reply = running.request(Method::POST, LOOKUP_PATH, &[], body).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(error(&reply).starts_with("no cache is configured: --redis-url"), "{reply:?}");
    assert_eq!(lookups(&running, "refused").await, "1");
}
