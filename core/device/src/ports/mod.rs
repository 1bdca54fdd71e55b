//! What a maker's firmware provides: one small trait per file.

mod client_pin;
mod monotonic_counter;
mod unlock_store;
mod user_presence;

pub use client_pin::{ClientPin, PinState};
pub use fido_unlock_protocol::ports::{Entropy, EntropyError};
pub use monotonic_counter::{CounterError, MonotonicCounter};
pub use unlock_store::{UnlockCommit, UnlockStore, UnlockStoreError};
pub use user_presence::{Presence, UserPresence};
