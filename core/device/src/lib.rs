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
mod key_agreement;
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
use key_agreement::KeyAgreementKeys;
use record::{Nonce, Record};

use crate::ports::{
    ClientPin, CounterError, MonotonicCounter, PinState, Presence, UnlockStore, UnlockStoreError,
    UserPresence,
};

/// Wrong responses that one power-up allows.
pub const MAX_WRONG_RESPONSES: u8 = 5;
/// Slots that one enrolment of 1024 bytes can fill.
pub const MOST_SLOTS: u8 = 12;
/// Slots that each device has room for.
pub const LEAST_SLOTS: u8 = 2;

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
    /// A counter that restoring flash cannot turn back, if there is one.
    pub counter: Option<&'a mut dyn MonotonicCounter>,
}

/// The volatile state: what dies with power. One for both interfaces, and one command at a time.
#[derive(Default)]
pub struct UnlockHandler {
    wrong_responses: u8,
    probe: Option<probe::Pending>,
    keys: KeyAgreementKeys,
    /// Whether the challenge was renewed in this power-up.
    renewed: bool,
}

impl UnlockHandler {
    /// The state after power-up.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            wrong_responses: 0,
            probe: None,
            keys: KeyAgreementKeys::new(),
            renewed: false,
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
            SubCommand::GetInfo => self.get_info(interface, &map, record.as_ref(), ports).map(Some),
            SubCommand::GetChallenge => self.get_challenge(interface, &map, record, ports).map(Some),
            SubCommand::Unlock => self.unlock(interface, &map, record, ports).map(|()| None),
            SubCommand::Probe => self.probe(&map, record, ports),
            SubCommand::Enroll => self.enroll(&map, record.as_ref(), ports).map(Some),
            SubCommand::RotateIssuer => rotate::rotate(&map, record, ports).map(|()| None),
            SubCommand::GetKeyAgreement => self.get_key_agreement(&map, ports).map(Some),
        }
    }
}

/// The record as flash has it. A counter that is ahead of its epoch says that flash was copied back, or that power
/// was lost between counter and write: the challenge in it may have been used, so it is void. A counter that is
/// behind is broken, or another one.
fn load(ports: &mut Ports<'_>) -> Result<Option<Record>, CtapStatus> {
    let Some(bytes) = ports.store.load()? else {
        return Ok(None);
    };
    let mut record = Record::from_bytes(&bytes).ok_or(UnlockStoreError)?;
    if let Some(counter) = ports.counter.as_deref_mut() {
        let value = counter.value()?;
        if value < record.epoch {
            return Err(CtapStatus::StoreFailed);
        }
        if value > record.epoch && record.nonce.pending().is_some() {
            record.nonce = Nonce::None;
        }
        // Flash has it from the next write on.
        record.epoch = value;
    }
    Ok(Some(record))
}

/// How many slots the device takes.
fn max_slots(ports: &Ports<'_>) -> u8 {
    ports.store.max_slots().clamp(LEAST_SLOTS, MOST_SLOTS)
}

/// Whether the counters have room for one more unlock: checked before a person calls the help desk.
fn can_count(record: &Record, ports: &Ports<'_>) -> Result<(), CtapStatus> {
    let counter = ports.counter.as_deref().map_or(Ok(0), MonotonicCounter::value)?;
    if record.unlock_counter == u32::MAX || counter == u32::MAX {
        Err(CtapStatus::CounterAtEnd)
    } else {
        Ok(())
    }
}

/// Counts on before a write that a copied-back image must not undo: the image from before is void from now on.
fn advance(record: &mut Record, ports: &mut Ports<'_>) -> Result<(), CtapStatus> {
    if let Some(counter) = ports.counter.as_deref_mut() {
        record.epoch = counter.increment()?;
    }
    Ok(())
}

/// Whether the PIN is blocked for good: the only state that gives a challenge and accepts an unlock.
fn is_blocked(state: &PinState) -> bool {
    state.pin_set && state.pin_retries == 0
}

/// Waits for a touch, if the device can.
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

impl From<CounterError> for CtapStatus {
    fn from(error: CounterError) -> Self {
        match error {
            CounterError::Failed => Self::StoreFailed,
            CounterError::AtEnd => Self::CounterAtEnd,
        }
    }
}

impl From<UnlockStoreError> for CtapStatus {
    fn from(_: UnlockStoreError) -> Self {
        Self::StoreFailed
    }
}
