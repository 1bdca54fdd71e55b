//! The device's side of CTAPHID and of CTAP over APDUs (CTAP 2.1 §11.2 and §11.3), in one process
//! with the host.
//!
//! A [`Device`] is one key: a [`CtapHandler`] behind two HID interfaces and a card with two applets.
//! [`MockHid`] and [`MockApdu`] are open handles to it; several may exist at once, as several
//! programs may. What can go wrong on the way is set by [`DeviceFaults`], [`HidFaults`] and
//! [`CardFaults`].

mod card;
mod device;
mod echo;
mod engine;
mod hid_device;
mod mock_apdu;
mod mock_hid;

pub use card::CardFaults;
pub use device::{Device, SharedTicks};
pub use echo::EchoHandler;
pub use engine::DeviceFaults;
pub use mock_apdu::MockApdu;
pub use mock_hid::{HidFaults, MockHid};

use fido_unlock_host::framing::Interface;

/// A CTAP2 message handler: the software authenticator, or another one.
pub trait CtapHandler {
    /// Handles one message (command byte and CBOR) and gives the answer (status byte and CBOR).
    ///
    /// While it waits for a touch it calls `keepalive` with the CTAPHID_KEEPALIVE status (1
    /// processing, 2 touch needed) again and again. Each call takes 100 ms of the device's clock
    /// and gives `true` where the host has cancelled: the handler then answers
    /// CTAP2_ERR_KEEPALIVE_CANCEL without having done anything. Over the vendor interface only
    /// messages with command byte 0x55 come here.
    fn handle(
        &mut self,
        interface: Interface,
        message: &[u8],
        keepalive: &mut dyn FnMut(u8) -> bool,
    ) -> Vec<u8>;

    /// The device lost its power and has it again: what is volatile is gone.
    fn power_cycle(&mut self);
}

impl<A: CtapHandler + ?Sized> CtapHandler for Box<A> {
    fn handle(
        &mut self,
        interface: Interface,
        message: &[u8],
        keepalive: &mut dyn FnMut(u8) -> bool,
    ) -> Vec<u8> {
        (**self).handle(interface, message, keepalive)
    }

    fn power_cycle(&mut self) {
        (**self).power_cycle();
    }
}
