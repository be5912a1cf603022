//! Traces in a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::time::sleep;

use super::{Error, Prompt, file};
use crate::client::{Client, Response};
use crate::file::at;
use crate::stack::ROOT;
use crate::tree::{Node, Style, Tree};

/// How long a trace's later spans may take: an engine sends its own once a
/// second.
const COMPLETE: Duration = Duration::from_millis(2_500);

/// Reads the file that spans are written to, and gives each trace once.
pub struct Traces {
    file: fs::File,
    rest: Vec<u8>,
    nodes: BTreeMap<String, (Instant, Vec<Node>)>,
    shown: BTreeSet<String>,
}

impl Traces {
    /// Begins after the traces that are there already.
    ///
    /// # Errors
    /// The file is not there.
    pub fn open() -> Result<Self, Error> {
        let path = file("spans.jsonl");
        let mut file = fs::File::open(&path).map_err(at(&path))?;
        file.seek(SeekFrom::End(0)).map_err(at(&path))?;
        Ok(Self { file, rest: Vec::new(), nodes: BTreeMap::new(), shown: BTreeSet::new() })
    }

    /// Waits for the next trace that is whole, for at most `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Tree>, Error> {
        let begun = Instant::now();
        loop {
            self.read()?;
            let whole = self.nodes.iter().find(|(_, (since, nodes))| is_whole(*since, nodes));
            if let Some(id) = whole.map(|(id, _)| id.clone()) {
                self.shown.insert(id.clone());
                return Ok(self.nodes.remove(&id).map(|(_, nodes)| Tree::of(nodes)));
            }
            if begun.elapsed() >= limit {
                return Ok(None);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn read(&mut self) -> Result<(), Error> {
        let path = file("spans.jsonl");
        self.file.read_to_end(&mut self.rest).map_err(at(&path))?;
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let request: ExportTraceServiceRequest = serde_json::from_slice(&line)?;
            for node in Tree::new(&request.resource_spans).nodes() {
                let id = node.trace_id();
                if !self.shown.contains(&id) {
                    let (_, nodes) =
                        self.nodes.entry(id).or_insert_with(|| (Instant::now(), Vec::new()));
                    nodes.push(node.clone());
                }
            }
        }
        Ok(())
    }
}

/// Whether all spans of a trace are there, or no more are to be expected.
fn is_whole(since: Instant, nodes: &[Node]) -> bool {
    let has = |name: &str| nodes.iter().any(|node| node.name() == name);
    let answered_by_engine = nodes.iter().any(|node| {
        node.name() == "semantic_router.upstream.request"
            && node.text("model.name").is_some()
            && !node.is_error()
    });
    has(ROOT) && (has("llm_request") || !answered_by_engine) || since.elapsed() > COMPLETE
}

/// Sends prompts one by one and prints the trace of each.
///
/// # Errors
/// A request is not answered, or the spans cannot be read.
pub async fn ask(prompts: &[Prompt]) -> Result<(), Error> {
    let mut traces = Traces::open()?;
    let client = Client::http1(super::INGRESS.into());
    for (index, prompt) in prompts.iter().enumerate() {
        let response = client.send(prompt.request()).await?;
        println!("\n{}. {}\n   {}", index + 1, prompt.about, prompt.body);
        println!("   -> {} {}\n", response.status, told(&response));
        match traces.next(Duration::from_secs(15)).await? {
            Some(tree) => println!("{}", tree.render(Style::detect())),
            None => println!("   no trace arrived"),
        }
    }
    Ok(())
}

/// Prints the traces of whatever requests come, and never returns but for an
/// error.
///
/// # Errors
/// The spans cannot be read.
pub async fn watch() -> Result<(), Error> {
    let mut traces = Traces::open()?;
    loop {
        if let Some(tree) = traces.next(Duration::from_mins(1)).await? {
            println!("\n{}", tree.render(Style::detect()));
        }
    }
}

/// What a response tells of the router's choice.
fn told(response: &Response) -> String {
    let told = response.headers.iter().filter(|(name, _)| name.starts_with("x-vsr-"));
    let told = told.map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)));
    told.collect::<Vec<_>>().join(" ")
}
