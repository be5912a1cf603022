//! The models folder: an index with hashes, files in ranges, and no way out.

use std::os::unix::fs::symlink;

use bytes::Bytes;
use http::{Method, StatusCode};
use semantic_router_collector::classify::Settings;
use semantic_router_collector::models::sha256;
use semantic_router_filter::classify::fetch::Fetch;
use semantic_router_filter::config::CustomModel;

use super::fixture::{PROTOBUF, Reply, Running, encoded};
use super::services::{Folder, error, metric, start};

const MODEL: &str = "/models/org/mine/model.onnx";

/// More than a chunk, and no two of its parts alike.
fn bytes() -> Vec<u8> {
    (0..700_001_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).collect()
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("org/mine/model.onnx", &bytes());
    folder.write("org/mine/tokenizer.json", b"{}");
    folder.write("org/mine/mapping.json", b"[]");
    folder.write("org/mine/.hidden", b"hidden");
    folder.write("org/mine/onnx/more.bin", b"more");
    folder.write("org/mine/nothing", b"");
    folder.write("top", b"top");
    folder
}

async fn get(running: &Running, path: &str, headers: &[(&str, &str)]) -> Reply {
    running.request(Method::GET, path, headers, Bytes::new()).await
}

#[tokio::test]
async fn the_index_tells_length_and_hash_of_each_file() {
    let folder = folder("models-index");
    let running = start(Some(&folder), Settings::default()).await;
    let index = async || -> serde_json::Value {
        let reply = get(&running, "/models/org/mine/index.json", &[]).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers["content-type"], "application/json");
        serde_json::from_slice(&reply.body).unwrap()
    };
    let entry = |bytes: &[u8]| serde_json::json!({"bytes": bytes.len(), "sha256": sha256(bytes)});
    let expected = serde_json::json!({"files": {
        "model.onnx": entry(&bytes()),
        "tokenizer.json": entry(b"{}"),
        "mapping.json": entry(b"[]"),
        "nothing": entry(b""),
    }});
    assert_eq!(index().await, expected);
    assert_eq!(index().await, expected);
    folder.write("org/mine/tokenizer.json", b"{\"new\": 1}");
    assert_eq!(index().await["files"]["tokenizer.json"], entry(b"{\"new\": 1}"));
}

#[tokio::test]
async fn ranges_add_up_to_the_file() {
    let folder = folder("models-ranges");
    let running = start(Some(&folder), Settings::default()).await;
    let whole = get(&running, MODEL, &[]).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    assert_eq!(whole.headers["content-length"], bytes().len().to_string());
    assert!(whole.body == bytes());

    let mut joined = Vec::new();
    while joined.len() < whole.body.len() {
        let (first, last) = (joined.len(), joined.len() + (1 << 20) - 1);
        let range = format!("bytes={first}-{last}");
        let part = get(&running, MODEL, &[("range", &range)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        let last = last.min(whole.body.len() - 1);
        let content = format!("bytes {first}-{last}/{}", whole.body.len());
        assert_eq!(part.headers["content-range"], content);
        assert_eq!(part.body.len(), last - first + 1);
        joined.extend_from_slice(&part.body);
    }
    assert!(joined == bytes());
    let sent = metric(&running, "semantic_router_model_sent_bytes_total").await;
    assert_eq!(sent, (2 * bytes().len()).to_string());

    let tail = get(&running, MODEL, &[("range", "bytes=-5")]).await;
    assert_eq!(tail.body, bytes()[bytes().len() - 5..]);
    let tag = whole.headers["etag"].to_str().unwrap();
    for (headers, status) in [
        (vec![("range", "bytes=0-0"), ("if-range", tag)], StatusCode::PARTIAL_CONTENT),
        (vec![("range", "bytes=0-0"), ("if-range", "\"other\"")], StatusCode::OK),
        (vec![("range", "bytes=0-0,5-6")], StatusCode::OK),
        (vec![("range", "bytes=5-2")], StatusCode::OK),
        (vec![("range", "lines=1-2")], StatusCode::OK),
    ] {
        assert_eq!(get(&running, MODEL, &headers).await.status, status, "{headers:?}");
    }
    let nothing = get(&running, "/models/org/mine/nothing", &[]).await;
    assert_eq!((nothing.status, nothing.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_range_out_of_bounds_is_refused_with_the_length() {
    let folder = folder("models-bounds");
    let running = start(Some(&folder), Settings::default()).await;
    let length = bytes().len();
    for range in [format!("bytes={length}-"), "bytes=9999999-99999999".to_owned()] {
        let reply = get(&running, MODEL, &[("range", &range)]).await;
        assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(reply.headers["content-range"], format!("bytes */{length}"));
        assert_eq!(error(&reply), format!("the range is beyond the {length} bytes of the file"));
    }
}

#[tokio::test]
async fn head_tells_of_the_whole_file() {
    let folder = folder("models-head");
    let running = start(Some(&folder), Settings::default()).await;
    let reply = running.request(Method::HEAD, MODEL, &[("range", "bytes=0-1")], "").await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
    assert_eq!(reply.headers["content-length"], bytes().len().to_string());
    let reply = running.request(Method::HEAD, "/models/org/mine/index.json", &[], "").await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
    let reply = running.request(Method::PUT, MODEL, &[], "").await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers["allow"], "GET, HEAD");
    assert_eq!(error(&reply), "method PUT is neither GET nor HEAD");
}

#[tokio::test]
async fn there_is_no_way_out_of_the_folder() {
    let outside = Folder::new("models-outside");
    outside.write("secret/model.onnx", b"secret");
    let folder = folder("models-inside");
    symlink(outside.path().join("secret"), folder.path().join("linked")).unwrap();
    let secret = outside.path().join("secret/model.onnx");
    symlink(&secret, folder.path().join("org/mine/linked.onnx")).unwrap();
    symlink("model.onnx", folder.path().join("org/mine/same.onnx")).unwrap();
    let running = start(Some(&folder), Settings::default()).await;
    let absolute = format!("/models/{}", secret.display());
    for path in [
        "/models/../models-outside/secret/model.onnx",
        "/models/org/../../models-outside/secret/model.onnx",
        "/models/%2e%2e/models-outside/secret/model.onnx",
        "/models/%2E%2e/models-outside/secret/model.onnx",
        "/models/..%2fmodels-outside%2fsecret/model.onnx",
        "/models/%252e%252e/models-outside/secret/model.onnx",
        "/models/..%5cmodels-outside/secret/model.onnx",
        "/models/org/mine/model.onnx%00",
        "/models/org/mine/model.onnx%00.json",
        "/models/org/mine/..%00/model.onnx",
        "/models/org/mine/%ff",
        "/models//etc/passwd",
        "/models/%2fetc/passwd",
        "/models/linked/model.onnx",
        "/models/linked/index.json",
        "/models/org/mine/linked.onnx",
        "/models/org/mine/.hidden",
        "/models/org/mine/",
        "/models/org/mine",
        "/models/org/mine/onnx",
        "/models/org/mine/./model.onnx",
        "/models/top",
        "/models/index.json",
        &absolute,
    ] {
        let reply = get(&running, path, &[]).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path} {reply:?}");
        assert!(!error(&reply).is_empty());
    }
    for (path, expected) in [
        ("/models/other/model.onnx", "there is no model folder \"other\""),
        ("/models/other/index.json", "there is no model folder \"other\""),
        ("/models/org/mine/x.onnx", "the model folder \"org/mine\" has no file \"x.onnx\""),
    ] {
        assert_eq!(error(&get(&running, path, &[]).await), expected);
    }
    // As Kubernetes links the files of a volume.
    let same = get(&running, "/models/org/mine/same.onnx", &[]).await;
    assert!(same.body == bytes());
}

#[tokio::test]
async fn without_a_folder_the_reason_is_said() {
    let running = start(None, Settings::default()).await;
    let reply = get(&running, MODEL, &[]).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(error(&reply).contains("--models DIR"), "{reply:?}");
    let reply = running.post(&[PROTOBUF], encoded(0..1)).await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn the_filter_fetches_a_model_from_it() {
    let folder = folder("models-filter");
    let running = start(Some(&folder), Settings::default()).await;
    let model = CustomModel { folder: "org/mine".into(), mapping: "mapping.json".into() };
    let mut fetch = Fetch::new(model, Some(sha256(&bytes())), 1 << 30);
    let files = loop {
        let ask = fetch.ask();
        let range = ask.range.map(|(first, last)| format!("bytes={first}-{last}"));
        let headers: Vec<_> = range.iter().map(|range| ("range", range.as_str())).collect();
        let reply = get(&running, &ask.path, &headers).await;
        let status = u32::from(reply.status.as_u16());
        if let Some(files) = fetch.answered(status, &reply.body).unwrap() {
            break files;
        }
    };
    assert!(files.onnx == bytes());
    assert_eq!((files.tokenizer, files.mapping), (b"{}".to_vec(), b"[]".to_vec()));
}
