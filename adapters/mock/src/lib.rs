//! mock

pub mod desk;
pub mod framing;
mod ticks;

pub use ticks::TestTicks;
