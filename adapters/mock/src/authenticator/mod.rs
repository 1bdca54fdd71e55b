//! A software authenticator that speaks CTAP 2.1: one file for each command.
//!
//! A message is a command byte and its CBOR; an answer is a status byte and its CBOR (CTAP 2.1 §8.1).
//! Framing (CTAPHID, APDU) is [`crate::framing`]'s.

mod auth_data;
mod builder;
mod client_pin;
mod config;
mod credential_management;
mod entropy;
mod get_assertion;
mod get_info;
mod hmac_secret;
mod large_blobs;
mod make_credential;
mod params;
mod pin;
mod reset;
mod touch;

use core::time::Duration;
use std::sync::Arc;

use fido_unlock_device::ports::MonotonicCounter;
use fido_unlock_device::{Ports, UnlockHandler};
use fido_unlock_host::ports::Ticks;
use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::{CtapStatus, command};

pub use builder::Builder;
pub use entropy::{FailingEntropy, SeededEntropy};
pub use get_info::AAGUID;
pub use touch::{Touch, TouchHandle};

use crate::framing::CtapHandler;
use crate::state::Store;
use credential_management::Enumeration;
use entropy::SharedEntropy;
use get_assertion::PendingAssertions;
use large_blobs::BlobWrite;
use pin::PinModule;
use touch::Button;

/// What a command answers beside success: a map, or nothing.
type Answer = Result<Option<Value>, CtapStatus>;
/// Sends a keep-alive with this status, which takes 100 ms; `true` when the host has cancelled.
type Keepalive<'a> = &'a mut dyn FnMut(u8) -> bool;

/// The authenticator. Dropping it is pulling the cable; what is in its [`Store`] stays.
pub struct SoftAuthenticator {
    config: Config,
    store: Store,
    entropy: SharedEntropy,
    ticks: Arc<dyn Ticks + Send + Sync>,
    powered_at: Duration,
    touch: TouchHandle,
    pin: PinModule,
    assertions: Option<PendingAssertions>,
    enumeration: Option<Enumeration>,
    blob_write: Option<BlobWrite>,
    unlock: UnlockHandler,
}

/// What does not change while the authenticator lives, beside [`pin::PinConfig`].
#[derive(Clone)]
struct Config {
    min_pin_length: u8,
    max_credentials: usize,
    can_touch: bool,
    vendor_interface: bool,
    monotonic_counter: bool,
}

impl SoftAuthenticator {
    /// A new one in memory, with the defaults of [`Builder`].
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A handle to its flash.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// A handle to its button.
    #[must_use]
    pub fn touch_handle(&self) -> TouchHandle {
        self.touch.clone()
    }

    fn dispatch(
        &mut self,
        interface: Interface,
        message: &[u8],
        keepalive: Keepalive<'_>,
    ) -> Result<Vec<u8>, CtapStatus> {
        let (&code, body) = message.split_first().ok_or(CtapStatus::InvalidLength)?;
        if message.len() > usize::try_from(self.pin.config.max_msg_size).unwrap_or(usize::MAX) {
            return Err(CtapStatus::RequestTooLarge);
        }
        if interface == Interface::Vendor && !(self.config.vendor_interface && code == command::DEVICE_UNLOCK)
        {
            return Err(CtapStatus::InvalidCommand);
        }
        // Whoever may open the vendor interface must not end what another command has begun: only an unlock that is
        // done does.
        if code == command::DEVICE_UNLOCK {
            let answer = self.device_unlock(interface, body, keepalive);
            if self.pin.take_unlocked() {
                self.assertions = None;
                self.blob_write = None;
                self.enumeration = None;
            }
            return Ok(answer);
        }
        if code != command::GET_NEXT_ASSERTION {
            self.assertions = None;
        }
        if code != large_blobs::COMMAND {
            self.blob_write = None;
        }
        if code != command::CREDENTIAL_MANAGEMENT {
            self.enumeration = None;
        }
        let mut out = vec![0];
        if let Some(value) = self.run(code, body, keepalive)? {
            out.extend_from_slice(&value.to_bytes());
        }
        Ok(out)
    }

    fn run(&mut self, code: u8, body: &[u8], keepalive: Keepalive<'_>) -> Answer {
        match code {
            command::MAKE_CREDENTIAL => self.make_credential(&params::parse(body)?, keepalive),
            command::GET_ASSERTION => self.get_assertion(&params::parse(body)?, keepalive),
            command::CLIENT_PIN => self.client_pin(&params::parse(body)?),
            command::CREDENTIAL_MANAGEMENT => self.credential_management(&params::parse(body)?),
            large_blobs::COMMAND => self.large_blobs(&params::parse(body)?),
            command::CONFIG => self.config(&params::parse(body)?),
            command::GET_INFO => self.without_parameters(body, Self::get_info),
            command::GET_NEXT_ASSERTION => self.without_parameters(body, Self::get_next_assertion),
            command::RESET => self.without_parameters(body, |this| this.reset(keepalive)),
            command::SELECTION => self.without_parameters(body, |this| this.selection(keepalive)),
            _ => Err(CtapStatus::InvalidCommand),
        }
    }

    /// `authenticatorDeviceUnlock` is core's, over this authenticator's flash, PIN and button.
    fn device_unlock(&mut self, interface: Interface, body: &[u8], keepalive: Keepalive<'_>) -> Vec<u8> {
        let mut counter = self.store.clone();
        let mut ports = Ports {
            store: &mut self.store,
            client_pin: &mut self.pin,
            presence: &mut Button {
                handle: &self.touch,
                can_touch: self.config.can_touch,
                ticks: &*self.ticks,
                powered_at: self.powered_at,
                keepalive,
            },
            entropy: &mut self.entropy,
            counter: self
                .config
                .monotonic_counter
                .then_some(&mut counter as &mut dyn MonotonicCounter),
        };
        self.unlock.handle(interface, body, &mut ports)
    }

    fn without_parameters(&mut self, body: &[u8], run: impl FnOnce(&mut Self) -> Answer) -> Answer {
        if body.is_empty() {
            run(self)
        } else {
            Err(CtapStatus::InvalidLength)
        }
    }

    fn button<'a>(&'a self, keepalive: Keepalive<'a>) -> Button<'a> {
        Button {
            handle: &self.touch,
            can_touch: self.config.can_touch,
            ticks: &*self.ticks,
            powered_at: self.powered_at,
            keepalive,
        }
    }
}

impl CtapHandler for SoftAuthenticator {
    fn handle(
        &mut self,
        interface: Interface,
        message: &[u8],
        keepalive: &mut dyn FnMut(u8) -> bool,
    ) -> Vec<u8> {
        match self.dispatch(interface, message, keepalive) {
            Ok(answer) => answer,
            Err(status) => vec![status.byte()],
        }
    }

    fn power_cycle(&mut self) {
        self.store.power_cycle();
        self.powered_at = self.ticks.now();
        self.pin.power_cycle();
        self.assertions = None;
        self.enumeration = None;
        self.blob_write = None;
        self.unlock.power_cycle();
    }
}
