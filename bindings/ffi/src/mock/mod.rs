//! The software authenticator and a relying party, for a host's own tests (feature `mock`).
//!
//! Never in a shipped library.

mod crossing;
mod desk;
mod key;
mod plugged;
mod relying_party;
mod serve;
mod unlock_device;

pub use crossing::{mock_echo, mock_exchange, mock_nothing};
pub use desk::{MockDatabase, mock_licence, mock_vendor_key};
pub use key::{MockKey, MockTouch};
pub(crate) use plugged::PluggedKeys;
pub use plugged::mock_looking;
pub use relying_party::{
    MockAssertion, MockPasskey, MockRelyingParty, mock_reset, mock_set_pin, mock_try_pin,
};
pub use serve::{MockServer, MockWire};

use std::sync::Arc;

use fido_unlock::{AesChallenge, Purpose};

use crate::{IssuerKey, UnlockError};

/// A Response Code without a help desk.
#[uniffi::export]
pub fn mock_respond(
    key: Arc<IssuerKey>,
    device_id: String,
    device_key: Vec<u8>,
    challenge: String,
) -> Result<String, UnlockError> {
    let response = if key.0.public().is_some() {
        key.answer(Purpose::Authorise, &device_id, &device_key, &challenge)?
    } else {
        key.0.respond_aes(&AesChallenge::parse(&challenge)?)?
    };
    Ok(String::clone(&response.expose_code()))
}

/// Panics, so that a host can see what becomes of a panic.
#[uniffi::export]
#[allow(clippy::panic, reason = "it is what is asked for")]
pub fn mock_panic() {
    panic!("asked for by a test");
}
