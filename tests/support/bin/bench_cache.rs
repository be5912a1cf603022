//! What the semantic cache costs when it is full: natively, where lookups and
//! stores are timed by themselves, and in a real Envoy, by its spans.

use std::cell::RefCell;
use std::collections::HashSet;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use semantic_router_filter::cache::{Alone, Cache, KEY_BYTES, Key, Limits};
use semantic_router_filter::classify::{Classifiers, Limits as ClassifierLimits, Sources};
use semantic_router_filter::clock::{Clock, UnixNanos};
use semantic_router_filter::config;
use semantic_router_filter::exchange::{Exchange, Services, Step, StreamEnd};
use semantic_router_filter::headers::Headers;
use semantic_router_filter::pipeline::Router;
use semantic_router_filter::trace::RandomIds;
use serde_json::json;
use support::client::{Client, Request};
use support::corpus::categories;
use support::envoy::{VERSIONS, checkout};
use support::load::{self, Plan};
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};

/// Measures a cache with answers to as many prompts, all of which one lookup
/// must be compared with.
#[derive(Parser)]
struct Options {
    /// Answers in the cache.
    #[arg(long, default_value_t = 10_000)]
    entries: usize,
    /// Lookups that are timed.
    #[arg(long, default_value_t = 500)]
    lookups: usize,
    /// Envoy's version.
    #[arg(long, default_value = VERSIONS[0])]
    envoy: String,
}

const LOOKUP: &str = "semantic_router.cache.lookup";
const ANSWER: &str = concat!(
    r#"{"id":"c","object":"chat.completion","created":1,"model":"plain","choices":"#,
    r#"[{"index":0,"message":{"role":"assistant","content":"An answer of a sentence or two, "#,
    r#"which is what it takes to say so much and not more than that."},"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":9,"completion_tokens":24,"total_tokens":33}}"#
);

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse();
    let prompts = prompts(options.entries + options.lookups)?;
    let (stored, new) = prompts.split_at_checked(options.entries).ok_or("too few prompts")?;
    println!(
        "{} answers, all to the same system prompt, model and parameters; prompts of two random \
         words.\nThe embedding is not part of it: classification has paid it. Medians and 99th \
         percentiles in µs.\n",
        stored.len()
    );
    let file = checkout().join("tests/e2e/configs/cached.yaml");
    native(&config(&std::fs::read_to_string(file)?), stored, new)?;
    in_envoy(&options, stored, new).await
}

/// Prompts that differ in their words alone.
fn prompts(count: usize) -> Outcome<Vec<String>> {
    let corpus = categories()?;
    let words: HashSet<&str> = corpus
        .iter()
        .flat_map(|prompt| prompt.text.split_whitespace())
        .filter(|word| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect();
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable();
    let pair = |number: usize| {
        let word = |at: usize| words.get(at % words.len()).copied().unwrap_or_default();
        format!("Tell me about {} and {}", word(number * 7), word(number * 31 + number / 997))
    };
    let mut seen = HashSet::new();
    let prompts = (0..).map(pair).filter(|prompt| seen.insert(prompt.clone()));
    Ok(prompts.take(count).collect())
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixNanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

fn services(config: &str) -> Outcome<Services> {
    let (config, _) = config::load(config).map_err(|report| report.to_string())?;
    let limits = ClassifierLimits::of(&config.filter.inference);
    let classifiers = Rc::new(Classifiers::new(limits, Sources::of(&config)));
    let limits = Limits::of(&config).ok_or("the configuration has no cache")?;
    let cache = Cache::new(Key::new([7; KEY_BYTES]), Rc::new(Alone::default()), limits);
    let router = Router { cache: Some(Rc::new(cache)), ..Router::new(config, classifiers) };
    Ok(Services {
        router: Rc::new(router),
        clock: Rc::new(SystemClock),
        ids: Rc::new(RefCell::new(RandomIds::default())),
        metrics: Rc::new(()),
    })
}

/// How long an exchange looked in the cache, and how long its end took, which
/// keeps the answer: microseconds.
struct Times {
    lookup: f64,
    end: f64,
    hit: bool,
}

/// Takes a prompt through a router, and its answer back.
fn exchange(services: &Services, prompt: &str) -> Outcome<Times> {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let path = header(":path", "/v1/chat/completions");
    let headers = Headers::new(vec![header(":method", "POST"), path]);
    let body = json!({"model": "auto", "messages": [{"role": "user", "content": prompt}]});
    let mut exchange = Exchange::begin(services, &headers);
    exchange.request_headers(false);
    let step = exchange.request_body(body.to_string().as_bytes());
    let kind = header("content-type", "application/json");
    exchange.response_headers(&Headers::new(vec![header(":status", "200"), kind]), true);
    exchange.response_body(ANSWER.as_bytes());
    let details = "via_upstream".to_owned();
    let end = StreamEnd { status: Some(200), details, ..StreamEnd::default() };
    let began = Instant::now();
    let recording = exchange.finish(&end);
    let end = began.elapsed().as_secs_f64() * 1e6;
    let spans = recording.ok_or("no spans")?.spans;
    let span = spans.iter().find(|span| span.name == LOOKUP).ok_or("no lookup")?;
    let lookup = micros(span.ended - span.started);
    Ok(Times { lookup, end, hit: matches!(step, Step::Reply(_)) })
}

fn native(config: &str, stored: &[String], new: &[String]) -> Outcome<()> {
    let services = services(config)?;
    let mut keeps = Vec::new();
    for prompt in stored {
        keeps.push(exchange(&services, prompt)?.end);
    }
    let last = keeps.split_off(keeps.len().saturating_sub(new.len()));
    let (mut hits, mut misses) = (Vec::new(), Vec::new());
    for prompt in new {
        let times = exchange(&services, prompt)?;
        if !times.hit {
            misses.push(times.lookup);
        }
    }
    for prompt in stored.iter().rev().take(new.len()) {
        let times = exchange(&services, prompt)?;
        if times.hit {
            hits.push(times.lookup);
        }
    }
    if hits.is_empty() {
        return Err("no answer was kept".into());
    }
    println!("natively");
    row("lookup, a miss", misses);
    row("lookup, the very same", hits);
    row("end of an exchange, the answer kept and its spans made", last);
    Ok(())
}

async fn in_envoy(options: &Options, stored: &[String], new: &[String]) -> Outcome<()> {
    let running = Running::start(&options.envoy, |stack: &Stack| {
        config(&stack.config("cached").unwrap_or_default())
    });
    let running = running.await?;
    let fill = stored.to_vec();
    let count = u64::try_from(fill.len())?;
    let make = move |at| {
        let prompt = usize::try_from(at).ok().and_then(|at| fill.get(at));
        let unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let prompt = prompt.map_or("", String::as_str);
        Request::chat("auto", prompt, false).header("traceparent", unsampled)
    };
    let report = load::run(running.address, &Plan::requests(4, count), make, |_, _| Ok(())).await;
    if report.failed() > 0 {
        return Err(report.to_string().into());
    }
    let mut traces: HashSet<String> = HashSet::new();
    let same = stored.iter().rev().take(new.len());
    for (number, prompt) in (0..).zip(new.iter().chain(same)) {
        let request = Request::chat("auto", prompt, false);
        let request = request.header("traceparent", traceparent(number));
        Client::http1(running.address).send(request).await?;
        traces.insert(trace_id(number));
    }
    let tree = running.stack.wait_for_roots(traces.len(), Duration::from_secs(30)).await?;
    let (mut hits, mut misses) = (Vec::new(), Vec::new());
    for span in tree.find(LOOKUP) {
        let times = if span.bool("cache.hit") == Some(true) { &mut hits } else { &mut misses };
        times.push(span.duration().as_secs_f64() * 1e6);
    }
    println!("in Envoy {}, two workers", options.envoy);
    row("lookup, a miss", misses);
    row("lookup, the very same", hits);
    Ok(())
}

/// The configuration, with room for all and tracing of what asks for it.
fn config(cached: &str) -> String {
    cached
        .replace("max_entries: 1000", "max_entries: 20000")
        .replace("similarity_threshold: 0.7", "similarity_threshold: 0.8")
        .replace("budget_ms: 10000}", "budget_ms: 10000}, cache: {max_bytes: 67108864}")
        .replace("${ENGINE_A}", "1")
}

fn row(what: &str, mut times: Vec<f64>) {
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(f64::NAN);
    println!("  {what:<56} {:>5} times {:>9.1} {:>9.1}", times.len(), at(50), at(99));
}

fn micros(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1e6
}
