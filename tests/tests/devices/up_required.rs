//! CTAP2_ERR_UP_REQUIRED: a device that cannot ask for a touch takes it that it was plugged in just now, and that on
//! FIDO's interface alone.

use std::time::Duration;

use fido_unlock::Interface;
use fido_unlock::ctap2::device_unlock::EnrollOptions;
use fido_unlock::host::framing::{HidTransport, NfcTransport};
use fido_unlock::host::ports::{
    DeviceSource, HidRoute, Route, RouteChange, RouteKind, Transport, TransportError, UnlockDevice,
};
use fido_unlock::host::{Devices, Opened, Session};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{ErrorCode, HasCode, Suite};
use fido_unlock_mock::SoftAuthenticator;
use fido_unlock_mock::authenticator::Builder;
use fido_unlock_mock::framing::{CardFaults, Device};
use fido_unlock_tests::{NEW_PIN, Way, World, wait};
use getrandom::SysRng;

/// One key, over USB or on a reader.
struct Key {
    device: Device<SoftAuthenticator>,
    way: Way,
    /// FIDO's interface is there, and cannot be reached.
    fido_is_kept: bool,
    /// Another key has taken the place of its FIDO interface since it was listed.
    other: Option<Device<SoftAuthenticator>>,
    opened: u32,
}

impl DeviceSource for Key {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        let route = |path: &str, kind| Route {
            name: "Key".into(),
            path: path.into(),
            kind,
            access: Ok(()),
        };
        let hid = |interface| {
            RouteKind::Hid(HidRoute {
                interface,
                vendor_id: 0x1209,
                product_id: 0xF1D0,
                serial: None,
                port: None,
            })
        };
        Ok(match self.way {
            Way::Hid => vec![
                route("f", hid(Interface::Fido)),
                route("v", hid(Interface::Vendor)),
            ],
            Way::Nfc => vec![route("Reader", RouteKind::Card)],
        })
    }

    fn open(
        &mut self,
        route: &Route,
        interface: Interface,
        _: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        self.opened += 1;
        if self.way == Way::Nfc {
            let mut card = self.device.card();
            if self.fido_is_kept {
                let without = vec![Interface::Fido];
                card.faults = CardFaults {
                    without,
                    ..CardFaults::default()
                };
            }
            return Ok(Box::new(NfcTransport::new(card, interface)));
        }
        let interface = route.interface().unwrap();
        // While it is listed every interface answers.
        if interface == Interface::Fido && self.opened > 2 {
            if self.fido_is_kept {
                return Err(TransportError::NeedsElevation);
            }
            if let Some(other) = &self.other {
                return Ok(Box::new(HidTransport::new(
                    other.hid(interface),
                    SysRng,
                    interface,
                )));
            }
        }
        Ok(Box::new(HidTransport::new(
            self.device.hid(interface),
            SysRng,
            interface,
        )))
    }

    fn next_change(&mut self, _: Duration) -> Result<Option<RouteChange>, TransportError> {
        Ok(None)
    }
}

fn blocked(way: Way) -> World {
    let options = EnrollOptions::default();
    let without_button = |builder: Builder| builder.can_touch(false);
    let world = World::with_authenticator(way, Suite::P256EcdhMac, PinProtocol::Two, options, without_button);
    world.block();
    world.device.replug();
    world
}

fn open(world: &World, fido_is_kept: bool, other: Option<&World>) -> Opened {
    let key = Key {
        device: world.device.clone(),
        way: world.way,
        fido_is_kept,
        other: other.map(|other| other.device.clone()),
        opened: 0,
    };
    let mut devices = Devices::new(vec![Box::new(key)]);
    let listing = world.call(|call| devices.list(call)).unwrap();
    assert_eq!(listing.devices.len(), 1);
    world
        .call(|call| devices.open(&listing.devices[0], None, call))
        .unwrap()
}

fn renew(world: &World, device: &mut dyn UnlockDevice, session: &mut Session) -> Result<(), ErrorCode> {
    let renewed = world.call(|call| session.renew(device, call));
    renewed.map_err(|error| error.code())
}

#[test]
fn a_new_challenge_that_wants_a_touch_comes_by_the_fido_interface() {
    for way in [Way::Hid, Way::Nfc] {
        let world = blocked(way);
        let mut device = open(&world, false, None).device;
        let mut session = world.begin(&mut device).unwrap();
        assert_eq!(device.interface(), Interface::Vendor);
        let before = *session.challenge();
        assert_eq!(renew(&world, &mut device, &mut session), Ok(()), "{way:?}");
        assert_ne!(*session.challenge(), before);
        assert_eq!(device.interface(), Interface::Fido, "and so does what follows");
        let response = world.respond(&session);
        world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    }
}

#[test]
fn what_fido_says_is_what_the_device_says() {
    let world = blocked(Way::Hid);
    let mut device = open(&world, false, None).device;
    let mut session = world.begin(&mut device).unwrap();
    wait(&world.ticks, Duration::from_secs(11));
    let late = renew(&world, &mut device, &mut session);
    assert_eq!(late, Err(ErrorCode::RenewRefused));
    let response = world.respond(&session);
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
}

#[test]
fn where_fido_cannot_be_reached_the_refusal_stands_and_the_unlock_goes_on() {
    for way in [Way::Hid, Way::Nfc] {
        let world = blocked(way);
        let mut device = open(&world, true, None).device;
        let mut session = world.begin(&mut device).unwrap();
        let refused = renew(&world, &mut device, &mut session);
        assert_eq!(refused, Err(ErrorCode::RenewRefused), "{way:?}");
        assert_eq!(device.interface(), Interface::Vendor);
        let response = world.respond(&session);
        world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
    }
}

#[test]
fn another_key_in_the_place_of_its_fido_interface_is_not_asked_for_it() {
    let (world, other) = (blocked(Way::Hid), blocked(Way::Hid));
    let mut device = open(&world, false, Some(&other)).device;
    let mut session = world.begin(&mut device).unwrap();
    let before = session.clone();
    let refused = renew(&world, &mut device, &mut session);
    assert_eq!(refused, Err(ErrorCode::RenewRefused));
    assert_eq!(session, before);
    let response = world.respond(&session);
    world.unlock(&mut device, &session, &response, NEW_PIN).unwrap();
}
