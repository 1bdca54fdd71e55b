//! For whoever runs it, at an address of its own: whether it lives, whether it can work, and counts. Nobody signs in for
//! it, and there is nothing secret in it.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fido_unlock::desk::Health;
use serde::Serialize;

use crate::app::App;
use crate::metrics::Standing;
use crate::refusal::Refusal;

/// How long a desk may take to say how it stands: a transaction waits 5 s for its turn at most.
const LONGEST: Duration = Duration::from_secs(6);
/// OpenMetrics 1.0, in which Prometheus asks.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn operations(app: App) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// What `/readyz` says.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// Whether a desk answers, its store can be written to and the clocks agree; else the number of the error table.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<String>,
    #[serde(flatten)]
    desk: Option<Told>,
}

#[derive(Serialize)]
struct Told {
    /// Whether the set-up has ended.
    open: bool,
    service_on: bool,
    /// Seconds since 1970; without a licence nothing.
    licence_until: Option<u64>,
    /// Whether it has ended, or there is none: reading works, and no code is given.
    licence_valid: bool,
    log_entries: u64,
}

async fn health(app: &App) -> Result<Health, Refusal> {
    let asked = app.desks().run(|desk| desk.health());
    tokio::time::timeout(LONGEST, asked)
        .await
        .unwrap_or_else(|_| Err(Refusal::timed_out()))
}

async fn ready(State(app): State<App>) -> Response {
    match health(&app).await {
        Ok(health) => Json(Ready {
            ready: true,
            error: None,
            next_step: None,
            desk: Some(Told {
                open: health.open,
                service_on: health.service_on,
                licence_until: health.licence_until.map(|until| until.0),
                licence_valid: health.licence_until.is_some_and(|until| health.at <= until),
                log_entries: health.log_entries,
            }),
        })
        .into_response(),
        Err(refusal) => {
            let said = Ready {
                ready: false,
                error: refusal.number(),
                next_step: Some(refusal.next_step()),
                desk: None,
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(said)).into_response()
        }
    }
}

async fn metrics(State(app): State<App>) -> Response {
    let health = health(&app).await.ok();
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let standing = Standing {
        ready: health.is_some(),
        licence_until: health
            .as_ref()
            .and_then(|health| health.licence_until)
            .map_or(0, |until| number(until.0)),
        log_entries: health.as_ref().map_or(0, |health| number(health.log_entries)),
    };
    let (calls, sign_ins) = app.desks().waiting();
    let text = app.metrics().text(calls, sign_ins, standing);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}
