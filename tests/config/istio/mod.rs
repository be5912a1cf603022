//! The files of `istio/`.

mod manifests;
mod patches;
mod plugins;
mod references;
mod schema;
mod schemas;

use serde_json::Value;

/// The port of a cluster's only host.
pub fn port_of(cluster: &Value) -> u64 {
    let address = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
    cluster.pointer(address).unwrap()["port_value"].as_u64().unwrap()
}
