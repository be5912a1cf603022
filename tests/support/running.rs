//! A router that runs: an Envoy with the filter, and everything around it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use semantic_router_filter::metrics::catalog::{
    SPANS_DELIVERED, SPANS_DROPPED, SPANS_MADE, SPANS_PENDING,
};

use crate::bootstrap::{Bootstrap, Filter};
use crate::envoy::{self, Envoy};
use crate::metrics;
use crate::stack::{self, Stack};

/// The name of the listener.
const INGRESS: &str = "ingress";

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is around it does not stand.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// Envoy does not run.
    #[error(transparent)]
    Envoy(#[from] envoy::Error),
}

/// An Envoy with one listener, and what is around it.
pub struct Running {
    /// Envoy's version.
    pub version: String,
    /// Engines, collector and backend.
    pub stack: Stack,
    /// What Envoy was started with.
    pub bootstrap: Bootstrap,
    /// Envoy.
    pub envoy: Envoy,
    /// Where it takes requests.
    pub address: SocketAddr,
}

impl Running {
    /// Starts it with the router configuration that `router` makes.
    ///
    /// # Errors
    /// What does not start.
    pub async fn start(version: &str, router: impl Fn(&Stack) -> String) -> Result<Self, Error> {
        let stack = Stack::start().await?;
        let filters = vec![Filter::single(router(&stack))];
        Self::arranged(version, stack, filters).await
    }

    /// Starts it with a listener that has these filters.
    ///
    /// # Errors
    /// Envoy does not start.
    pub async fn arranged(
        version: &str,
        stack: Stack,
        filters: Vec<Filter>,
    ) -> Result<Self, Error> {
        let bootstrap = Self::bootstrap(&stack, filters);
        Self::with(version, stack, bootstrap).await
    }

    /// An Envoy with a listener that has these filters.
    #[must_use]
    pub fn bootstrap(stack: &Stack, filters: Vec<Filter>) -> Bootstrap {
        stack.bootstrap_with(vec![(INGRESS.to_owned(), filters)])
    }

    /// Starts Envoy with a [`Running::bootstrap`], among what is there already.
    ///
    /// # Errors
    /// Envoy does not start.
    pub async fn with(version: &str, stack: Stack, bootstrap: Bootstrap) -> Result<Self, Error> {
        let envoy = Envoy::start(version, &bootstrap).await?;
        let address = envoy.address(INGRESS)?;
        Ok(Self { version: version.to_owned(), stack, bootstrap, envoy, address })
    }

    /// Envoy's counters of spans, by what became of them: `made`, `delivered`,
    /// `dropped` and `pending`.
    pub async fn spans(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        let series = self.envoy.series().await;
        for (what, metric) in [
            ("made", &SPANS_MADE),
            ("delivered", &SPANS_DELIVERED),
            ("dropped", &SPANS_DROPPED),
            ("pending", &SPANS_PENDING),
        ] {
            counts.insert(what, metrics::sum(&series, metric));
        }
        counts
    }
}
