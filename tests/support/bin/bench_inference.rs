//! What the bundled classifiers cost inside a real Envoy, by the length of the
//! text, beside onnxruntime with one thread on the same model in the same run.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Parser;
use semantic_router_filter::classify::pii::recognise;
use semantic_router_filter::classify::{Classifiers, Limits, Sources};
use semantic_router_filter::config::Inference;
use support::client::{Client, Request};
use support::corpus::categories;
use support::envoy::VERSIONS;
use support::running::Running;
use support::stack::{Stack, trace_id, traceparent};

/// Measures inference in an Envoy with two workers.
#[derive(Parser)]
struct Options {
    /// Texts of each length.
    #[arg(long, default_value_t = 150)]
    texts: usize,
    /// Envoy's version.
    #[arg(long, default_value = VERSIONS[0])]
    envoy: String,
    /// A Python with onnxruntime and tokenizers.
    #[arg(long, default_value = "python3")]
    python: String,
}

/// Tokens of the texts, `[CLS]` and `[SEP]` among them, and what all heads
/// together may take, in milliseconds.
const LENGTHS: [(usize, f64); 4] = [(16, 0.5), (64, 1.5), (128, 3.0), (512, 12.0)];
/// Requests before anything is measured.
const WARM: usize = 20;
/// Bytes of the long text.
const LONG: usize = 8_000;
const STAGES: [&str; 3] =
    ["classification", "security.jailbreak_detection", "security.pii_detection"];

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let options = Options::parse();
    let words = words()?;
    let mut sets = Vec::new();
    for (tokens, _) in LENGTHS {
        sets.push(texts(&words, options.texts, |text| count(text) + 2 >= tokens)?);
    }
    sets.push(texts(&words, options.texts / 3, |text| text.len() >= LONG)?);
    println!(
        "Envoy {}, one request at a time, every text a new one; medians of the stages' spans in \
         ms.\n`category` pays the pass that all heads share; `jailbreak` and `pii` then find it \
         done, unless a text\nhas more than two windows or disguises.\n",
        options.envoy
    );
    let router = |stack: &Stack| stack.config("guarded").unwrap_or_default();
    let Running { stack, envoy: _envoy, address, .. } =
        Running::start(&options.envoy, router).await?;
    let native = onnxruntime(&options.python, &sets)?;
    // Each worker loads the model with its first request.
    for _ in 0..WARM {
        Client::http1(address).send(Request::chat("auto", "warm up", false)).await?;
    }
    println!(
        "{:<12} {:>9} {:>10} {:>8} {:>8} {:>8} {:>12} {:>6}",
        "tokens", "category", "jailbreak", "pii", "all", "bar", "onnxruntime", "ratio"
    );
    let mut number = 0;
    for (at, texts) in sets.iter().enumerate() {
        let mut traces = HashSet::new();
        for text in texts {
            let request = Request::chat("auto", text, false);
            let request = request.header("traceparent", traceparent(number));
            Client::http1(address).send(request).await?;
            traces.insert(trace_id(number));
            number += 1;
        }
        let sent = WARM + usize::try_from(number)?;
        let tree = stack.wait_for_roots(sent, Duration::from_secs(30)).await?;
        let mut all: HashMap<String, u64> = HashMap::new();
        let mut stages = Vec::new();
        for stage in STAGES {
            let spans = tree.find(&format!("semantic_router.{stage}"));
            let mut times = Vec::new();
            for span in spans.into_iter().filter(|span| traces.contains(&span.trace_id())) {
                let nanos = u64::try_from(span.duration().as_nanos())?;
                *all.entry(span.trace_id()).or_default() += nanos;
                times.push(nanos);
            }
            stages.push(times);
        }
        let [category, jailbreak, pii] = stages.try_into().map_err(|_| "three stages")?;
        let (name, bar) = LENGTHS.get(at).map_or_else(
            || (format!("{LONG} bytes"), String::new()),
            |(tokens, bar)| (tokens.to_string(), format!("{bar:.1}")),
        );
        let all = median(all.into_values().collect());
        println!(
            "{name:<12} {:>9.3} {:>10.3} {:>8.3} {:>8.3} {bar:>8} {:>12.3} {:>6.1}",
            median(category),
            median(jailbreak),
            median(pii),
            all,
            native.get(at).copied().unwrap_or(f64::NAN),
            all / native.get(at).copied().unwrap_or(f64::NAN),
        );
    }
    let long = sets.last().map(Vec::as_slice).unwrap_or_default();
    println!(
        "\nNatively, for {LONG} bytes: tokenizer {:.3} ms, recognisers {:.3} ms.",
        timed(long, |text| {
            count(text);
        }),
        timed(long, |text| {
            let _ = recognise(text);
        }),
    );
    Ok(())
}

/// Words of prompts that no model has seen.
fn words() -> Outcome<Vec<String>> {
    let prompts = categories()?;
    Ok(prompts
        .iter()
        .flat_map(|prompt| prompt.text.split_whitespace())
        .map(str::to_owned)
        .collect())
}

/// `count` texts of new words each, as long as `is_enough` asks.
fn texts(words: &[String], count: usize, is_enough: impl Fn(&str) -> bool) -> Outcome<Vec<String>> {
    let mut words = words.iter().cycle();
    let mut texts = Vec::new();
    for number in 0..count {
        let mut text = format!("{number}");
        while !is_enough(&text) {
            text.push(' ');
            text.push_str(words.next().ok_or("no words")?);
        }
        texts.push(text);
    }
    Ok(texts)
}

/// Tokens of a text.
fn count(text: &str) -> usize {
    thread_local! {
        static CLASSIFIERS: Classifiers = {
            let limits = Limits { memo_entries: 0, ..Limits::of(&Inference::default()) };
            Classifiers::new(limits, Sources::default())
        };
    }
    CLASSIFIERS.with(|classifiers| {
        let encoder = classifiers.encoder();
        let tokens = encoder.and_then(|encoder| encoder.tokens(text, usize::MAX >> 8));
        tokens.map_or(usize::MAX, |tokens| tokens.total)
    })
}

/// Medians that onnxruntime takes, in milliseconds.
fn onnxruntime(python: &str, sets: &[Vec<String>]) -> Outcome<Vec<f64>> {
    let file = std::env::temp_dir().join(format!("bench-inference-{}.jsonl", std::process::id()));
    let lines: Result<Vec<String>, _> = sets.iter().map(serde_json::to_string).collect();
    fs::write(&file, lines?.join("\n") + "\n")?;
    let output = Command::new(python).arg("models/latency.py").arg(&file).output()?;
    fs::remove_file(&file)?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
}

/// The median in milliseconds of durations in nanoseconds.
fn median(mut nanos: Vec<u64>) -> f64 {
    nanos.sort_unstable();
    let middle = nanos.get(nanos.len() / 2).copied().unwrap_or_default();
    Duration::from_nanos(middle).as_secs_f64() * 1e3
}

/// The median in milliseconds that something takes for a text.
fn timed(texts: &[String], work: impl Fn(&str)) -> f64 {
    let time = |text: &String| {
        let begun = Instant::now();
        work(text);
        u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    };
    median(texts.iter().map(time).collect())
}
