//! What Prometheus reads: counts and times, by route and number. No name, no device, no search text is in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Bounds of the times, in seconds: a page takes milliseconds, a sign-in hundreds.
const BOUNDS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Number {
    number: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    queue: &'static str,
}

/// How the desk stands, as far as a machine can act on it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) ready: bool,
    /// Seconds since 1970; 0 without a licence.
    pub(crate) licence_until: i64,
    pub(crate) log_entries: i64,
}

/// Counts of this process. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Request, Counter>,
    times: Family<Route, Histogram, fn() -> Histogram>,
    refusals: Family<Number, Counter>,
    codes: Counter<u64, AtomicU64>,
    limited: Counter<u64, AtomicU64>,
    waiting: Family<Queue, Gauge>,
    ready: Gauge<i64, AtomicI64>,
    licence: Gauge<i64, AtomicI64>,
    entries: Gauge<i64, AtomicI64>,
}

impl Default for Inner {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("help_desk");
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let mut own = Self {
            registry: Registry::default(),
            requests: Family::default(),
            times: Family::new_with_constructor(histogram),
            refusals: Family::default(),
            codes: Counter::default(),
            limited: Counter::default(),
            waiting: Family::default(),
            ready: Gauge::default(),
            licence: Gauge::default(),
            entries: Gauge::default(),
        };
        registry.register(
            "requests",
            "Requests by route, method and status",
            own.requests.clone(),
        );
        registry.register("request_seconds", "Time of an answer", own.times.clone());
        registry.register(
            "refusals",
            "Refusals by number of the error table",
            own.refusals.clone(),
        );
        registry.register("codes", "Response Codes shown", own.codes.clone());
        registry.register(
            "limited",
            "Requests refused since their client asked too often",
            own.limited.clone(),
        );
        registry.register("waiting", "What waits for a desk", own.waiting.clone());
        registry.register(
            "ready",
            "Whether the desk answers and can write",
            own.ready.clone(),
        );
        registry.register(
            "licence_until_seconds",
            "End of the licence, in seconds since 1970; 0 without one",
            own.licence.clone(),
        );
        registry.register("log_entries", "Entries of the log", own.entries.clone());
        own.registry = registry;
        own
    }
}

/// A method, as far as routes have it: anybody can make up others.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

impl Metrics {
    /// A request was answered. `route`: its template, not its path.
    pub(crate) fn answered(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let request = Request {
            route: route.to_owned(),
            method: method_name(method),
            status: status.as_u16(),
        };
        self.0.requests.get_or_create(&request).inc();
        let route = Route {
            route: route.to_owned(),
        };
        self.0.times.get_or_create(&route).observe(took.as_secs_f64());
    }

    /// Something was refused, with its number of the error table.
    pub(crate) fn refused(&self, number: u16) {
        self.0.refusals.get_or_create(&Number { number }).inc();
    }

    /// A Response Code was shown.
    pub(crate) fn code(&self) {
        self.0.codes.inc();
    }

    /// A client asks too often.
    pub(crate) fn limited(&self) {
        self.0.limited.inc();
    }

    /// As Prometheus reads it (OpenMetrics 1.0). `calls`, `sign_ins`: what waits.
    pub(crate) fn text(&self, calls: usize, sign_ins: usize, standing: Standing) -> String {
        for (queue, waiting) in [("calls", calls), ("sign_ins", sign_ins)] {
            let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
            self.0.waiting.get_or_create(&Queue { queue }).set(waiting);
        }
        self.0.ready.set(standing.ready.into());
        self.0.licence.set(standing.licence_until);
        self.0.entries.set(standing.log_entries);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.0.registry);
        text
    }
}
