//! Which of several devices is meant.

use fido_unlock::host::{FoundDevice, FoundRoute, Listing};
use fido_unlock::{DeviceId, ErrorCode};
use fido_unlock_system::udev_rule;

use crate::failure::Failure;
use crate::output::shown;

/// Where the rule belongs.
pub const UDEV_RULES: &str = "/etc/udev/rules.d/70-fido-unlock.rules";

/// The device that is named, by a path, a name or its Device ID; or, without a name, the only one. An
/// empty reader, a key that may not be opened and one that does not know the unlock do not make a choice
/// unclear.
pub fn pick<'a>(listing: &'a Listing, wanted: Option<&str>) -> Result<&'a FoundDevice, Failure> {
    let named: Vec<&FoundDevice> = listing
        .devices
        .iter()
        .filter(|device| wanted.is_none_or(|wanted| is_meant(device, wanted)))
        .collect();
    let is_reached = |device: &FoundDevice| device.routes.iter().any(FoundRoute::is_reached);
    for test in [FoundDevice::is_usable, is_reached] {
        let fitting: Vec<&FoundDevice> = named.iter().copied().filter(|device| test(device)).collect();
        match fitting.as_slice() {
            [] => {}
            [only] => return Ok(only),
            several => return Err(Failure::new(ErrorCode::SeveralDevices, choice(several))),
        }
    }
    // Their routes are in the order in which they would be taken.
    let mut routes = named.iter().flat_map(|device| &device.routes);
    if let Some(failure) = routes.find_map(failure) {
        return Err(failure);
    }
    let mut readers = listing.readers.iter();
    let is_named = |name: &str| wanted.is_none_or(|wanted| name == wanted);
    if readers.any(|reader| is_named(&reader.path)) {
        return Err(ErrorCode::NoCard.into());
    }
    // It may be where nobody could look.
    let unseen: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
    Err(if unseen.is_empty() {
        ErrorCode::NoDevice.into()
    } else {
        let text = format!("could not look everywhere: {}", unseen.join("; "));
        Failure::new(ErrorCode::NoDevice, text)
    })
}

/// Why a route cannot be taken, with what would help.
pub fn failure(found: &FoundRoute) -> Option<Failure> {
    let mut failure: Failure = found.info.clone().err()?.into();
    if let Some(rule) = udev_rule(found) {
        let said = failure.detail.as_deref().unwrap_or_default();
        failure.detail = Some(format!("{said}\n  for {UDEV_RULES}: {rule}"));
    }
    Some(failure)
}

fn is_meant(device: &FoundDevice, wanted: &str) -> bool {
    let id = DeviceId::parse(wanted).ok();
    device.name() == wanted
        || device
            .routes
            .iter()
            .any(|found| found.route.path == wanted || found.route.name == wanted)
        || (id.is_some() && device.device_id() == id)
}

/// What tells them apart.
fn choice(devices: &[&FoundDevice]) -> String {
    let names: Vec<String> = devices
        .iter()
        .map(|device| match (device.device_id(), device.routes.first()) {
            (Some(id), _) => id.to_code(),
            (None, Some(found)) => shown(&found.route.path),
            (None, None) => shown(device.name()),
        })
        .collect();
    format!("name one with --device: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fido_unlock::Interface;
    use fido_unlock::host::Devices;
    use fido_unlock::host::framing::HidTransport;
    use fido_unlock::host::ports::{
        Call, DeviceSource, HidRoute, Route, RouteChange, RouteKind, SystemTicks, Transport, TransportError,
    };
    use fido_unlock_mock::SoftAuthenticator;
    use fido_unlock_mock::framing::Device;
    use fido_unlock_system::SystemEntropy;

    use super::*;

    /// One route to a fresh key, or to what cannot be opened.
    struct One(Route, Option<TransportError>);

    impl DeviceSource for One {
        fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
            Ok(vec![self.0.clone()])
        }

        fn open(
            &mut self,
            _: &Route,
            interface: Interface,
            _: Duration,
        ) -> Result<Box<dyn Transport + Send>, TransportError> {
            match &self.1 {
                Some(error) => Err(error.clone()),
                None => {
                    let key = SoftAuthenticator::builder().build().unwrap();
                    let key = Device::new(key, SystemTicks::new()).hid(interface);
                    Ok(Box::new(HidTransport::new(key, SystemEntropy, interface)))
                }
            }
        }

        fn next_change(&mut self, _: Duration) -> Result<Option<RouteChange>, TransportError> {
            Ok(None)
        }
    }

    fn listing(routes: &[(&str, Option<TransportError>)]) -> Listing {
        let sources = routes.iter().map(|(path, error)| {
            let kind = match error {
                Some(TransportError::NoCard) => RouteKind::Card,
                _ => RouteKind::Hid(HidRoute {
                    interface: Interface::Fido,
                    vendor_id: 1,
                    product_id: 2,
                    serial: None,
                    port: None,
                }),
            };
            let route = Route {
                name: "Key".into(),
                path: (*path).into(),
                kind,
                access: error.clone().map_or(Ok(()), Err),
            };
            Box::new(One(route, error.clone())) as Box<dyn DeviceSource>
        });
        Devices::new(sources.collect()).list(&mut Call::quick()).unwrap()
    }

    #[test]
    fn one_device_or_a_reason() {
        let denied = || Some(TransportError::Busy);
        let empty = || Some(TransportError::NoCard);
        let several = Err(ErrorCode::SeveralDevices);
        for (routes, wanted, expected) in [
            (vec![], None, Err(ErrorCode::NoDevice)),
            (vec![("a", None)], None, Ok("a")),
            (vec![("a", None), ("b", None)], None, several),
            (vec![("a", None), ("b", None)], Some("b"), Ok("b")),
            (vec![("a", None), ("b", None)], Some("Key"), several),
            (
                vec![("a", None), ("b", None)],
                Some("c"),
                Err(ErrorCode::NoDevice),
            ),
            (vec![("a", denied()), ("b", None)], None, Ok("b")),
            (vec![("a", denied())], None, Err(ErrorCode::Busy)),
            (vec![("a", denied()), ("b", denied())], None, Err(ErrorCode::Busy)),
            (vec![("a", empty()), ("b", None)], None, Ok("b")),
            (vec![("a", empty())], None, Err(ErrorCode::NoCard)),
            (vec![("a", empty())], Some("a"), Err(ErrorCode::NoCard)),
            (vec![("a", empty())], Some("b"), Err(ErrorCode::NoDevice)),
        ] {
            let listing = listing(&routes);
            let picked = pick(&listing, wanted);
            let path = picked.map(|device| device.routes[0].route.path.as_str());
            assert_eq!(
                path.map_err(|failure| failure.code),
                expected,
                "{routes:?} {wanted:?}"
            );
        }
    }
}
