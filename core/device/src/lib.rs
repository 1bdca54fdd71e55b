#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![warn(clippy::alloc_instead_of_core)]

extern crate alloc;

pub mod ports;

mod challenge;
mod enroll;
mod info;
mod probe;
mod record;
mod rotate;
mod unlock;

use alloc::vec::Vec;

use fido_unlock_protocol::Interface;
use fido_unlock_protocol::ctap2::CtapStatus;
use fido_unlock_protocol::ctap2::cbor::Value;
use fido_unlock_protocol::ctap2::device_unlock::{SubCommand, field, key};
use fido_unlock_protocol::ports::Entropy;
use record::Record;

use crate::ports::{
    ClientPin, MonotonicCounter, PinState, Presence, UnlockStore, UnlockStoreError, UserPresence,
};

/// Wrong responses that one power-up allows.
pub const MAX_WRONG_RESPONSES: u8 = 5;

/// What the device offers to one command.
pub struct Ports<'a> {
    /// Flash.
    pub store: &'a mut dyn UnlockStore,
    /// The authenticator's own PIN code, over the same flash.
    pub client_pin: &'a mut dyn ClientPin,
    /// The button.
    pub presence: &'a mut dyn UserPresence,
    /// The true random number generator.
    pub entropy: &'a mut dyn Entropy,
    /// A counter that flash cannot turn back, where there is one.
    pub counter: Option<&'a mut dyn MonotonicCounter>,
}

/// The volatile state: what dies with power. One for both interfaces, and one command at a time.
#[derive(Default)]
pub struct UnlockHandler {
    wrong_responses: u8,
    probe: Option<probe::Pending>,
}

impl UnlockHandler {
    /// The state after power-up.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            wrong_responses: 0,
            probe: None,
        }
    }

    /// Power was lost, or `authenticatorReset` ran.
    pub fn power_cycle(&mut self) {
        *self = Self::new();
    }

    /// Runs one command: `request` is the CBOR after the command byte; the answer is the status
    /// byte, then CBOR where there is any.
    pub fn handle(&mut self, interface: Interface, request: &[u8], ports: &mut Ports<'_>) -> Vec<u8> {
        match self.dispatch(interface, request, ports) {
            Ok(answer) => {
                let mut out = alloc::vec![0];
                if let Some(map) = answer {
                    out.extend_from_slice(&map.to_bytes());
                }
                out
            }
            Err(status) => alloc::vec![status.byte()],
        }
    }

    fn dispatch(
        &mut self,
        interface: Interface,
        request: &[u8],
        ports: &mut Ports<'_>,
    ) -> Result<Option<Value>, CtapStatus> {
        let record = load(ports)?;
        let vendor = interface == Interface::Vendor;
        if vendor
            && record
                .as_ref()
                .is_some_and(|record| record.options.vendor_interface_off)
        {
            return Err(CtapStatus::InvalidCommand);
        }
        let map = Value::parse_canonical(request)?;
        if map.as_map().is_none() {
            return Err(CtapStatus::CborUnexpectedType);
        }
        let sub_command = SubCommand::from_number(field(&map, key::SUB_COMMAND, Value::as_u64)?)
            .filter(|sub_command| !vendor || sub_command.on_vendor_interface())
            .ok_or(CtapStatus::InvalidSubcommand)?;
        match sub_command {
            SubCommand::GetInfo => Ok(Some(self.get_info(interface, record.as_ref(), ports))),
            SubCommand::GetChallenge => challenge::get(interface, &map, record, ports).map(Some),
            SubCommand::Unlock => self.unlock(interface, &map, record, ports).map(|()| None),
            SubCommand::Probe => self.probe(&map, record, ports),
            SubCommand::Enroll => enroll::enroll(&map, record.as_ref(), ports).map(Some),
            SubCommand::RotateIssuer => rotate::rotate(&map, record, ports).map(|()| None),
        }
    }
}

/// The record as flash has it. A counter that is ahead of it says that flash was copied back: the
/// challenge in it may have been used, so it is void, and the counter's value counts.
fn load(ports: &mut Ports<'_>) -> Result<Option<Record>, CtapStatus> {
    let Some(bytes) = ports.store.load()? else {
        return Ok(None);
    };
    let mut record = Record::from_bytes(&bytes).ok_or(UnlockStoreError)?;
    if let Some(counter) = ports.counter.as_deref_mut() {
        let value = counter.value()?;
        if value > record.unlock_counter {
            record.unlock_counter = value;
            record.pending = None;
        } else if value < record.unlock_counter {
            // Power was lost between the commit and the counter.
            counter.raise_to(record.unlock_counter)?;
        }
    }
    Ok(Some(record))
}

/// Whether the PIN is blocked for good: the one state that gives a challenge and takes an unlock.
fn is_blocked(state: &PinState) -> bool {
    state.pin_set && state.pin_retries == 0
}

/// Waits for a touch, where the device can.
fn touch(presence: &mut dyn UserPresence) -> Result<(), CtapStatus> {
    if !presence.can_touch() {
        return Ok(());
    }
    match presence.wait_for_touch() {
        Presence::Present => Ok(()),
        Presence::TimedOut => Err(CtapStatus::UserActionTimeout),
        Presence::Refused => Err(CtapStatus::OperationDenied),
        Presence::Cancelled => Err(CtapStatus::KeepaliveCancel),
    }
}

impl From<UnlockStoreError> for CtapStatus {
    fn from(_: UnlockStoreError) -> Self {
        Self::StoreFailed
    }
}
