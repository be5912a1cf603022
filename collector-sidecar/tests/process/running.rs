//! Starts the collector as a process and talks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The longest that anything is waited for.
const LIMIT: Duration = Duration::from_secs(10);

const EXAMPLE: &str = include_str!("../data/trace.json");

/// The collector with no environment but `variables`.
fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_semantic-router-collector"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exit status, standard output and error of a collector that ends by itself.
pub fn outcome(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(arguments, variables).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A file for one test.
pub fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub fn tracing(exporter: &str) -> String {
    format!("observability:\n  tracing:\n    enabled: true\n    exporter: {exporter}\n")
}

/// A running collector; killed when dropped.
pub struct Running {
    child: Child,
    log: Receiver<String>,
    /// The lines of the log until it was ready.
    pub began: Vec<String>,
    http: SocketAddr,
}

const PORTS: [&str; 6] =
    ["--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

impl Running {
    pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = command(&[&PORTS, arguments].concat(), variables).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let http = ([127, 0, 0, 1], 0).into();
        let mut running = Self { child, log, began: Vec::new(), http };
        running.began = running.lines_until("receiving OTLP/HTTP on ");
        let line = running.began.last().unwrap();
        let address = line.split("OTLP/HTTP on ").nth(1).unwrap().split(' ').next().unwrap();
        running.http = address.parse().unwrap();
        running
    }

    /// The next line of the log that contains `text`.
    pub fn wait_for(&self, text: &str) -> String {
        self.lines_until(text).pop().unwrap()
    }

    /// The lines of the log up to the next that contains `text`.
    pub fn lines_until(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains(text)) {
            lines.push(self.log.recv_timeout(LIMIT).unwrap());
        }
        lines
    }

    /// Posts the example; gives the first line of the answer.
    pub fn post(&self) -> String {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            EXAMPLE.len()
        );
        stream.write_all([head.as_bytes(), EXAMPLE.as_bytes()].concat().as_slice()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Exit status and standard output, once it has ended.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (self.child.wait().unwrap().code(), stdout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
