//! Envoy's configuration for tests: as the files in `envoy/`, with ports that
//! the system chooses and one listener for each router configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use semantic_router_filter::metrics::catalog::label_names;
use serde_json::{Value, json};

/// A listener, and the filters in it.
#[derive(Clone, Debug)]
pub struct Ingress {
    /// Its name.
    pub name: String,
    /// Its filters, in order, but for Envoy's router.
    pub filters: Vec<Filter>,
}

/// An HTTP filter.
#[derive(Clone, Debug)]
pub enum Filter {
    /// The module.
    Wasm(Wasm),
    /// The module, as a file that Envoy watches says; see
    /// [`Bootstrap::extension_response`].
    Discovered(PathBuf),
    /// Another, as Envoy is told of it.
    Other(Value),
}

/// The module, as one filter has it.
#[derive(Clone, Debug)]
pub struct Wasm {
    /// The router's configuration.
    pub router: String,
    /// `allow_on_headers_stop_iteration`.
    pub stops_iteration: bool,
    /// `vm_id`.
    pub vm_id: &'static str,
}

impl Wasm {
    /// The module with `allow_on_headers_stop_iteration`.
    #[must_use]
    pub fn single(router: String) -> Self {
        Self { router, stops_iteration: true, vm_id: VM_ID }
    }
}

impl Filter {
    /// The module with `allow_on_headers_stop_iteration`.
    #[must_use]
    pub fn single(router: String) -> Self {
        Self::Wasm(Wasm::single(router))
    }

    /// `ext_proc` with the request's headers and its whole body, the least that
    /// a router outside of the proxy has to be asked with.
    #[must_use]
    pub fn external() -> Self {
        Self::Other(json!({
            "name": "envoy.filters.http.ext_proc",
            "typed_config": {
                "@type": url("envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"),
                "grpc_service": {"envoy_grpc": {"cluster_name": "external"}, "timeout": "5s"},
                "message_timeout": "5s",
                "processing_mode": {
                    "request_header_mode": "SEND",
                    "request_body_mode": "BUFFERED",
                    "request_trailer_mode": "SKIP",
                    "response_header_mode": "SKIP",
                    "response_body_mode": "NONE",
                    "response_trailer_mode": "SKIP",
                },
            },
        }))
    }

    /// The module as a plain filter.
    #[must_use]
    pub fn plain(router: String) -> Self {
        Self::Wasm(Wasm { router, stops_iteration: false, vm_id: VM_ID })
    }
}

/// The `vm_id` of every filter that asks for no other.
const VM_ID: &str = "semantic-router";

/// The name of the module's filter.
const WASM: &str = "semantic-router";
const WASM_CONFIG: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

/// What an Envoy is to be.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Its listeners.
    pub ingresses: Vec<Ingress>,
    /// Whether chosen endpoints have names, which Envoy resolves, as in
    /// `envoy/host-names.yaml`.
    pub host_names: bool,
    /// Where requests without a chosen endpoint go.
    pub default_engine: SocketAddr,
    /// Where the filter's spans go; `None` for a cluster without hosts.
    pub collector: Option<SocketAddr>,
    /// Where an [`External`](crate::external::External) listens, for
    /// [`Filter::external`]; `None` for a cluster without hosts.
    pub external: Option<SocketAddr>,
    /// The module.
    pub module: PathBuf,
    /// `per_connection_buffer_limit_bytes` of the listeners.
    pub buffer_limit: u32,
    /// A file that Envoy watches for the listeners; `None` to have them in the
    /// bootstrap.
    pub listeners_file: Option<PathBuf>,
    /// The configuration of the virtual machines: with another, there are
    /// others.
    pub vm_configuration: String,
}

/// The type URL of a message of Envoy's API.
fn url(message: &str) -> String {
    format!("type.googleapis.com/{message}")
}

impl Bootstrap {
    /// The bootstrap as JSON, which Envoy reads as YAML.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let local = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
        let (listeners, dynamic) = match &self.listeners_file {
            None => (self.listeners(), json!({})),
            Some(file) => (Vec::new(), watch(file)),
        };
        json!({
            "node": {"id": "test", "cluster": "test"},
            "admin": {"address": local},
            "dynamic_resources": dynamic,
            "stats_config": {"stats_tags": stats_tags()},
            "stats_flush_interval": "1s",
            "memory_allocator_manager": {
                "bytes_to_release": 100 << 20,
                "memory_release_interval": "1s",
            },
            "static_resources": {
                "listeners": listeners,
                "clusters": [
                    if self.host_names { named(CHOSEN) } else { original_dst(CHOSEN) },
                    cluster("default-engine", Some(self.default_engine)),
                    cluster("semantic-router-collector", self.collector),
                    http2(cluster("external", self.external)),
                ],
            },
        })
    }

    /// The listeners as a discovery response, for a file that Envoy watches.
    #[must_use]
    pub fn listeners_response(&self, version: u32) -> Value {
        let mut listeners = self.listeners();
        for listener in listeners.iter_mut().filter_map(Value::as_object_mut) {
            listener.insert("@type".to_owned(), url("envoy.config.listener.v3.Listener").into());
        }
        json!({"version_info": version.to_string(), "resources": listeners})
    }

    fn listeners(&self) -> Vec<Value> {
        self.ingresses.iter().map(|ingress| self.listener(ingress)).collect()
    }

    fn listener(&self, ingress: &Ingress) -> Value {
        let manager =
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
        let own = ingress.filters.iter().map(|filter| match filter {
            Filter::Wasm(wasm) => json!({"name": WASM, "typed_config": self.wasm(wasm)}),
            Filter::Discovered(file) => json!({"name": WASM, "config_discovery": {
                "config_source": watched(file),
                "type_urls": [url(WASM_CONFIG)],
            }}),
            Filter::Other(filter) => filter.clone(),
        });
        let mut filters: Vec<Value> = own.collect();
        filters.extend(self.host_names.then(resolver));
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": url("envoy.extensions.filters.http.router.v3.Router")},
        }));
        json!({
            "name": ingress.name,
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "per_connection_buffer_limit_bytes": self.buffer_limit,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {
                    "@type": url(manager),
                    "stat_prefix": ingress.name,
                    "codec_type": "AUTO",
                    "http_protocol_options": {"enable_trailers": true},
                    "stream_idle_timeout": "30s",
                    "route_config": {"virtual_hosts": [{
                        "name": "engines",
                        "domains": ["*"],
                        "routes": routes(self.host_names),
                    }]},
                    "http_filters": filters,
                },
            }]}],
        })
    }

    /// The module as a discovery response, for the file of a
    /// [`Filter::Discovered`].
    #[must_use]
    pub fn extension_response(&self, wasm: &Wasm, version: u32) -> Value {
        json!({"version_info": version.to_string(), "resources": [{
            "@type": url("envoy.config.core.v3.TypedExtensionConfig"),
            "name": WASM,
            "typed_config": self.wasm(wasm),
        }]})
    }

    fn wasm(&self, wasm: &Wasm) -> Value {
        json!({
            "@type": url(WASM_CONFIG),
            "config": {
                "name": "semantic-router",
                "allow_on_headers_stop_iteration": wasm.stops_iteration,
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {
                    "vm_id": wasm.vm_id,
                    "runtime": "envoy.wasm.runtime.v8",
                    "configuration": {
                        "@type": url("google.protobuf.StringValue"),
                        "value": self.vm_configuration,
                    },
                    "code": {"local": {"filename": self.module}},
                },
                "configuration": {
                    "@type": url("google.protobuf.StringValue"),
                    "value": wasm.router,
                },
            },
        })
    }
}

/// How Envoy finds the labels of the module's metrics in their names.
#[must_use]
pub fn stats_tags() -> Vec<Value> {
    let tag = |label: &&str| {
        // What stands before a label is another one, or nothing: `model` is no
        // part of `source_model`.
        let regex = format!("^wasmcustom\\.(?:.*?;\\.;)?({label}=\\.=(.*?);\\.;)");
        json!({"tag_name": label, "regex": regex})
    };
    label_names().iter().map(tag).collect()
}

/// Listeners from a file that Envoy watches.
fn watch(file: &Path) -> Value {
    json!({"lds_config": watched(file)})
}

fn watched(file: &Path) -> Value {
    let source = json!({"path": file, "watched_directory": {"path": file.parent()}});
    json!({"path_config_source": source, "resource_api_version": "V3"})
}

const CHOSEN: &str = "chosen-engine";
const RESOLVER: &str = "envoy.filters.http.dynamic_forward_proxy";

fn routes(host_names: bool) -> Value {
    let rewrite = json!({RESOLVER: {
        "@type": url("envoy.extensions.filters.http.dynamic_forward_proxy.v3.PerRouteConfig"),
        "host_rewrite_header": "x-vsr-destination-endpoint",
    }});
    json!([
        {
            "match": {"prefix": "/", "headers": [
                {"name": "x-vsr-destination-endpoint", "present_match": true},
            ]},
            "route": {"cluster": CHOSEN, "timeout": "0s"},
            "typed_per_filter_config": if host_names { rewrite } else { json!({}) },
        },
        {"match": {"prefix": "/"}, "route": {"cluster": "default-engine", "timeout": "0s"}},
    ])
}

fn resolver() -> Value {
    json!({
        "name": RESOLVER,
        "typed_config": {
            "@type": url("envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig"),
            "dns_cache_config": names(),
        },
    })
}

fn names() -> Value {
    json!({"name": "engines", "dns_lookup_family": "ALL"})
}

fn named(name: &str) -> Value {
    json!({
        "name": name,
        "connect_timeout": "5s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {
            "name": "envoy.clusters.dynamic_forward_proxy",
            "typed_config": {
                "@type": url("envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"),
                "dns_cache_config": names(),
            },
        },
    })
}

fn original_dst(name: &str) -> Value {
    json!({
        "name": name,
        "type": "ORIGINAL_DST",
        "connect_timeout": "5s",
        "lb_policy": "CLUSTER_PROVIDED",
        "original_dst_lb_config": {
            "use_http_header": true,
            "http_header_name": "x-vsr-destination-endpoint",
        },
        "circuit_breakers": generous(),
    })
}

fn cluster(name: &str, host: Option<SocketAddr>) -> Value {
    let hosts: Vec<Value> = host
        .iter()
        .map(|host| {
            let address = json!({"address": host.ip().to_string(), "port_value": host.port()});
            json!({"endpoint": {"address": {"socket_address": address}}})
        })
        .collect();
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": generous(),
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": hosts}]},
    })
}

/// The same cluster, called over HTTP/2.
fn http2(mut cluster: Value) -> Value {
    let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    if let Some(fields) = cluster.as_object_mut() {
        let http2 = json!({options: {
            "@type": url(options),
            "explicit_http_config": {"http2_protocol_options": {}},
        }});
        fields.insert("typed_extension_protocol_options".to_owned(), http2);
    }
    cluster
}

fn generous() -> Value {
    json!({"thresholds": [
        {"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096},
    ]})
}
