//! The log: one line for each request, as text or JSON, on standard output.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogSettings;

/// This program's own; what libraries say might hold names.
const OWN: &str = "help_desk";

/// From now on what happens is logged.
///
/// # Errors
/// It is logged already.
pub fn start(settings: LogSettings) -> io::Result<()> {
    let format = tracing_subscriber::fmt::layer().with_ansi(false);
    let layer = if settings.json {
        format.json().flatten_event(true).boxed()
    } else {
        format.boxed()
    };
    let own = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_target(OWN, settings.level);
    registry()
        .with(layer.with_filter(own))
        .try_init()
        .map_err(io::Error::other)
}
