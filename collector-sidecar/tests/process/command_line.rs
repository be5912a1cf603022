//! What it says of its arguments, variables and files.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::running::{file, outcome, tracing};

#[test]
fn options_can_be_variables() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, _, stderr) = outcome(
        &["run", "--otlp-grpc", "127.0.0.1:0"],
        &[
            ("SEMANTIC_ROUTER_COLLECTOR_OTLP_HTTP", &address),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://192.0.2.1:4317"),
        ],
    );
    assert_eq!(status, Some(1));
    let expected = format!("error: cannot listen on {address} for OTLP/HTTP: ");
    assert!(stderr.starts_with(&expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn what_keeps_it_from_running_is_said_in_one_line() {
    let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let exporter = format!("{{endpoint: 'localhost:{}', insecure: true}}", own.port());
    let circle = file("circle.yaml", &tracing(&exporter));
    let (circle, own) = (circle.to_str().unwrap(), own.to_string());
    let own_receiver = format!("error: the destination is the collector's own receiver at {own}");
    let ports = ["--otlp-http", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let own_port = [["--otlp-grpc", &own, "--config", circle].as_slice(), &ports].concat();
    let protocol = ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift");
    let backend = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://192.0.2.1:4317");
    let no_models = ("SEMANTIC_ROUTER_COLLECTOR_MODELS", circle);
    for (arguments, variables, expected) in [
        (vec![], vec![], "error: no endpoint to send spans to: set observability.tracing."),
        (vec![], vec![protocol], "error: OTEL_EXPORTER_OTLP_PROTOCOL: must be grpc, http/protobuf"),
        (own_port, vec![], &own_receiver),
        (
            vec!["--models", "/missing"],
            vec![backend],
            "error: the models folder /missing cannot be read: ",
        ),
        (vec![], vec![backend, no_models], "error: the models folder "),
        (vec!["--redis-url", "http://:hidden@localhost"], vec![backend], "error: --redis-url: "),
        (vec!["--config", "missing.yaml"], vec![], "missing.yaml: error: cannot be read: "),
    ] {
        let (status, stdout, stderr) = outcome(&arguments, &variables);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{stderr}");
        let last = stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with(expected), "{stderr}");
        assert!(!stderr.contains("hidden"), "{stderr}");
    }
}

#[test]
fn a_bad_configuration_is_reported_alike_by_run_and_validate() {
    let bad = file("bad.yaml", &tracing("{type: jaeger}"));
    let bad = bad.to_str().unwrap();
    let path = "observability.tracing.exporter.type";
    let (status, stdout, _) = outcome(&["validate", bad], &[]);
    assert_eq!(status, Some(1));
    assert!(stdout.starts_with(&format!("{bad}: error: {path}: ")), "{stdout}");
    let (status, _, stderr) = outcome(&["--config", bad], &[]);
    assert_eq!((status, stderr), (Some(1), stdout));
}

#[test]
fn validate_judges_every_file() {
    let good = file("good.yaml", &tracing("{endpoint: 'jaeger:4317', insecure: true}"));
    let plugin = "spec:\n  pluginConfig:\n    default_model: m\n";
    let plugin = file("plugin.yaml", plugin);
    let tls = file("tls.yaml", &tracing("{endpoint: 'jaeger:4317'}"));
    let empty = file("empty.yaml", "");
    let name = |path: &PathBuf| path.to_str().unwrap().to_owned();

    let (status, stdout, _) = outcome(&["validate", &name(&good), &name(&plugin)], &[]);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains(&format!("{}: ok", name(&plugin))), "{stdout}");
    let warning = "warning: observability.tracing.exporter: the collector does not start with this";
    assert!(!stdout.contains(warning), "{stdout}");

    let (status, stdout, _) = outcome(&["validate", &name(&tls)], &[]);
    assert_eq!(status, Some(0));
    assert!(stdout.contains(warning), "{stdout}");

    let cached = "default_model: m\nsemantic_cache: {enabled: true, backend_type: redis, \
                  backend_config_path: missing/redis.yaml}\n";
    let cached = file("cached.yaml", cached);
    let (status, stdout, _) = outcome(&["validate", &name(&cached)], &[]);
    assert_eq!(status, Some(0));
    let warning = "warning: semantic_cache.backend_config_path: the collector does not start with \
                   this alone: missing/redis.yaml: cannot be read: ";
    assert!(stdout.contains(warning), "{stdout}");

    let (status, stdout, _) = outcome(&["validate", &name(&empty), &name(&good)], &[]);
    assert_eq!(status, Some(1));
    assert!(stdout.contains("empty.yaml: error: the configuration is empty"), "{stdout}");
    assert!(stdout.contains("good.yaml: ok"), "{stdout}");

    let (status, stdout, _) = outcome(&["validate", &name(&empty), "missing.yaml"], &[]);
    assert_eq!(status, Some(2));
    assert!(stdout.contains("missing.yaml: error: cannot be read: "), "{stdout}");
    assert_eq!(outcome(&["validate"], &[]).0, Some(2));
}

#[test]
fn validate_explains_and_sends_nothing() {
    let router = "\
keyword_rules: [{name: urgent, operator: OR, keywords: [urgent]}]
decisions:
  - name: now
    rules: {operator: OR, conditions: [{type: keyword, name: urgent}]}
    modelRefs: [{model: m, use_reasoning: false}]
model_config: {m: {}}
default_model: m
";
    let router = file("explained.yaml", router);
    let router = router.to_str().unwrap();
    let (status, stdout, stderr) =
        outcome(&["validate", router, "--explain", "an urgent matter"], &[]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains(&format!("{router}: ok")), "{stdout}");
    assert!(
        stdout.contains("\nsignals         keyword:urgent                     true\n"),
        "{stdout}"
    );
    assert!(stdout.contains("priority 0, confidence 1.000; followed"), "{stdout}");
    assert!(stdout.contains("\nverdict         goes on\n"), "{stdout}");
    let (status, _, stderr) = outcome(&["validate", router, "--model", "m"], &[]);
    assert_eq!(status, Some(2), "{stderr}");
}
