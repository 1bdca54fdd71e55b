//! mock

pub mod framing;
mod ticks;

pub use ticks::TestTicks;
