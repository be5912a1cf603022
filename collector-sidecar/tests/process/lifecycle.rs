//! What it does from its start to its end.

use std::net::TcpListener;

use crate::running::{Running, file, tracing};

#[test]
fn spans_are_printed_and_a_signal_ends_it_when_all_are() {
    let config = file("stdout.yaml", &tracing("{type: stdout}"));
    for signal in ["TERM", "INT"] {
        let running = Running::start(&["--config", config.to_str().unwrap()], &[]);
        assert_eq!(running.post(), "HTTP/1.1 200 OK");
        running.signal(signal);
        running.wait_for("stopped: 0 spans left undelivered");
        let (status, stdout) = running.end();
        assert_eq!(status, Some(0));
        assert_eq!(stdout, include_str!("../data/trace.stdout"));
    }
}

#[test]
fn the_models_folder_is_named_with_what_is_in_it() {
    let config = file("models.yaml", &tracing("{type: stdout}"));
    let folder = config.with_file_name("models");
    std::fs::create_dir_all(folder.join("org/mine")).unwrap();
    std::fs::write(folder.join("org/mine/model.onnx"), b"model").unwrap();
    let (config, models) = (config.to_str().unwrap(), folder.to_str().unwrap());
    let arguments = ["--config", config, "--models", models, "--classify-threads", "1"];
    Running::start(&arguments, &[])
        .wait_for(&format!("serving the models folder {}: 1 model: org/mine", folder.display()));
}

#[test]
fn a_signal_ends_it_with_the_count_of_what_is_left() {
    // Nobody listens on a port that was just given back.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}/v1/traces");
    let running = Running::start(
        &["--shutdown-timeout", "100ms"],
        &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint)],
    );
    assert_eq!(running.post(), "HTTP/1.1 200 OK");
    running.signal("TERM");
    running.wait_for("stopped: 1 spans left undelivered");
    assert_eq!(running.end().0, Some(1));
}

#[test]
fn a_redis_that_is_away_is_told_once_and_without_its_password() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = file("away.yaml", &tracing("{type: stdout}"));
    let url = format!("redis://:hidden-password@{nobody}");
    let running = Running::start(
        &["--config", config.to_str().unwrap()],
        &[("SEMANTIC_ROUTER_COLLECTOR_REDIS_URL", &url)],
    );
    // Several attempts.
    std::thread::sleep(std::time::Duration::from_secs(1));
    running.signal("TERM");
    let lines = [running.began.clone(), running.lines_until("stopped: ")].concat();
    let told: Vec<_> = lines.iter().filter(|line| line.contains("cache: ")).collect();
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert!(line.contains(&format!("cannot connect to Redis at {nobody}: ")), "{line}");
    assert!(!lines.concat().contains("hidden"), "{lines:?}");
}
