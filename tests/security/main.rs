//! What an attacker, or a careless client, may send to a proxy that others share:
//! every row goes through the module in real Envoys, for answers at once and in
//! a stream.
//!
//! `traceparent` and `tracestate` as
//! the W3C's own suite has them: `filter/src/trace/context.rs`. Who may be given
//! whose answers of the cache: `tests/e2e/cache/tenants.rs`.

#![cfg(test)]

mod bodies;
mod context;
mod corpus;
mod framing;
mod guarded;
mod headers;
mod models;
mod positions;
mod secrets;
mod size;
mod splits;
mod transforms;
mod trap;

use guarded::{Guarded, router_with};
use support::arrangement::Arrangement;
use support::envoy::VERSIONS;
use support::stack::Stack;

/// The routers that most tables need.
fn routers(stack: &Stack) -> Vec<(&'static str, String)> {
    let filter = "{inference: {budget_ms: 10000}}";
    let tools = "{inference: {budget_ms: 10000, jailbreak: {scan: [user, tools]}}}";
    let guard = "{enabled: true, model_id: jailbreak";
    let mut routers = headers::misnamed(stack);
    routers.push(("tools", router_with(stack, filter, tools)));
    routers.push(("private", router_with(stack, guard, &guard.replace("true", "false"))));
    routers
}

async fn tables(version: &str, arrangement: Arrangement) {
    let guarded = Guarded::arranged(version, arrangement, routers).await;
    positions::text_is_scanned_wherever_it_stands(&guarded).await;
    positions::definitions_of_tools_are_scanned_where_that_is_asked_for(&guarded).await;
    splits::text_in_parts_is_scanned_as_one(&guarded).await;
    transforms::an_attack_in_disguise_is_seen(&guarded).await;
    framing::every_framing_is_scanned(&guarded).await;
    bodies::what_can_be_read_in_two_ways_is_refused_and_the_rest_kept(&guarded).await;
    headers::what_a_client_claims_is_not_believed(&guarded).await;
    headers::no_name_splits_or_bloats_a_header(&guarded).await;
    context::a_context_is_believed_only_if_it_is_one(&guarded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_holds_in_the_newest_envoy() {
    tables(VERSIONS[0], Arrangement::Single).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_holds_in_the_oldest_envoy() {
    tables(VERSIONS[1], Arrangement::Single).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_holds_for_two_plugins() {
    tables(VERSIONS[0], Arrangement::Pair).await;
}
