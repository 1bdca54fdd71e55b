//! A device that carries `unlock` out and answers with a status word that says that it did not: the host sends it
//! again, as ISO 7816 wants, or gives up; what it tells the person is what happened.

use std::time::Duration;

use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::host::framing::{Interface, NfcTransport};
use fido_unlock::host::ports::{ApduChannel, Call, Transport, TransportError};
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_tests::untaken::Untaken;
use fido_unlock_tests::{NEW_PIN, OLD_PIN, Way};

use super::{blocked, has_new_pin};

const CHALLENGE: u8 = 2;
const UNLOCK: u8 = 3;

/// What makes a host send again (6A86, 6884, 6C05, 6700, 6D00, 6985) or give up (6F00, 6581).
const STATUSES: [u16; 8] = [0x6A86, 0x6884, 0x6C05, 0x6700, 0x6D00, 0x6985, 0x6F00, 0x6581];

// M-5-8
#[test]
fn an_unlock_that_was_done_is_told_as_done() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        for status in STATUSES {
            let world = blocked(Way::Nfc, suite);
            let (transport, left) = Untaken::open(&world, UNLOCK, status);
            let mut device = CtapUnlockDevice::new(transport);
            let session = world.begin(&mut device).unwrap();
            let response = world.respond(&session);
            let told = world.unlock(&mut device, &session, &response, NEW_PIN);
            assert_eq!(left.get(), None, "it was said");
            assert_eq!(told, Ok(()), "{suite:?} {status:04x}");
            assert!(has_new_pin(&world));
            assert_eq!(world.info(Interface::Fido).unlock_counter, 1, "once");
        }
    }
}

/// What the host is told of a PIN that is not blocked, when the device was exchanged or freed meanwhile.
struct Freed<'w>(Box<dyn Transport>, &'w dyn Fn());

impl Transport for Freed<'_> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        if message.windows(2).take(3).any(|bytes| bytes == [1, UNLOCK]) {
            self.1();
        }
        self.0.transact(message, call)
    }
}

// M-5-8
#[test]
fn a_pin_that_something_else_freed_in_between_is_no_unlock() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let freed = || world.change_state(|state| state.pin_retries = 8);
    let mut device = CtapUnlockDevice::new(Freed(world.open(Interface::Fido), &freed));
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    assert_eq!(told.unwrap_err().code(), ErrorCode::DeviceNotLocked);
    assert!(!has_new_pin(&world));
    world.sign_in(OLD_PIN).unwrap();
}

/// Busy from `unlock` on, when another program came first.
struct Occupied(Box<dyn Transport>, bool);

impl Transport for Occupied {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        self.1 |= message.windows(2).take(3).any(|bytes| bytes == [1, UNLOCK]);
        if self.1 {
            return Err(TransportError::Busy);
        }
        self.0.transact(message, call)
    }
}

/// A card that another program resets when it has carried `unlock` out, and then keeps.
struct Taken<C>(C, bool);

impl<C: ApduChannel> ApduChannel for Taken<C> {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        let response = self.0.transmit(apdu, timeout)?;
        self.1 |= apdu
            .windows(3)
            .take(16)
            .any(|bytes| bytes[1..] == [1, UNLOCK] && bytes[0] == 0xA7);
        if self.1 {
            Err(TransportError::CardReset)
        } else {
            Ok(response)
        }
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        if self.1 {
            Err(TransportError::Busy)
        } else {
            self.0.begin_transaction(timeout)
        }
    }

    fn reconnect(&mut self, _: Duration) -> Result<(), TransportError> {
        Err(TransportError::Busy)
    }
}

// M-4-1
#[test]
fn a_device_that_never_took_it_is_busy_and_one_that_may_have_is_asked() {
    let world = blocked(Way::Nfc, Suite::AesAdminKey);
    let told = |transport: Box<dyn Transport + '_>| {
        let mut device = CtapUnlockDevice::new(transport);
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let told = world.unlock(&mut device, &session, &response, NEW_PIN);
        told.unwrap_err().code()
    };
    assert_eq!(
        told(Box::new(Occupied(world.open(Interface::Fido), false))),
        ErrorCode::Busy
    );
    assert!(!has_new_pin(&world));
    let taken = NfcTransport::new(Taken(world.device.card(), false), Interface::Fido);
    assert_eq!(told(Box::new(taken)), ErrorCode::OutcomeUnknown);
    assert!(has_new_pin(&world));
}

/// Answers the second `getChallenge` at the last moment; then another program is faster with the same code.
struct Late<'w>(Box<dyn Transport>, u32, &'w dyn Fn());

impl Transport for Late<'_> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let answer = self.0.transact(message, call);
        if message.windows(2).take(3).any(|bytes| bytes == [1, CHALLENGE]) {
            self.1 += 1;
            if self.1 == 2 {
                call.ticks.sleep(call.remaining());
                (self.2)();
            }
        }
        answer
    }
}

#[test]
fn an_unlock_that_was_never_sent_is_not_told_as_done() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let faster = || assert_eq!(world.status(Interface::Fido, &world.parts(OLD_PIN).message()), 0);
    let mut device = CtapUnlockDevice::new(Late(world.open(Interface::Fido), 0, &faster));
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    assert_eq!(
        told.map_err(|error| error.code()),
        Err(ErrorCode::DeadlineExceeded)
    );
    assert!(!has_new_pin(&world));
}

/// Takes no message as long as `unlock`'s; another program has a shorter one.
struct Narrow<'w>(Box<dyn Transport>, &'w dyn Fn());

impl Transport for Narrow<'_> {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        if message.len() > 100 {
            (self.1)();
            return Err(TransportError::MessageTooLarge);
        }
        self.0.transact(message, call)
    }
}

#[test]
fn an_unlock_that_does_not_fit_is_not_told_as_done() {
    let world = blocked(Way::Hid, Suite::P256EcdhMac);
    let faster = || assert_eq!(world.status(Interface::Fido, &world.parts(OLD_PIN).message()), 0);
    let mut device = CtapUnlockDevice::new(Narrow(world.open(Interface::Fido), &faster));
    let session = world.begin(&mut device).unwrap();
    let response = world.respond(&session);
    let told = world.unlock(&mut device, &session, &response, NEW_PIN);
    assert_eq!(
        told.map_err(|error| error.code()),
        Err(ErrorCode::MessageTooLarge)
    );
    assert!(!has_new_pin(&world));
}

/// Says that a message does not fit when the device has it already: as a reader's driver, whose answer did not fit.
struct Choked(Box<dyn Transport>);

impl Transport for Choked {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        let answer = self.0.transact(message, call)?;
        if message.len() > 100 {
            return Err(TransportError::MessageTooLarge);
        }
        Ok(answer)
    }
}

#[test]
fn an_unlock_that_went_out_is_asked_after_whatever_is_said_of_its_size() {
    for way in [Way::Hid, Way::Nfc] {
        let world = blocked(way, Suite::P256EcdhMac);
        let mut device = CtapUnlockDevice::new(Choked(world.open(Interface::Fido)));
        let session = world.begin(&mut device).unwrap();
        let response = world.respond(&session);
        let told = world.unlock(&mut device, &session, &response, NEW_PIN);
        assert_eq!(told, Ok(()), "{way:?}");
        assert!(has_new_pin(&world));
    }
}
