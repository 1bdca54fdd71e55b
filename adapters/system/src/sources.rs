//! Every source of devices that this build has.

use fido_unlock_host::ports::DeviceSource;
use fido_unlock_host::{Devices, FoundRoute};
use fido_unlock_protocol::{ErrorCode, HasCode};

/// Built without the features `hid` and `pcsc`, so there is no way to look for devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", ErrorCode::NotBuilt)]
pub struct NotBuilt;

impl HasCode for NotBuilt {
    fn code(&self) -> ErrorCode {
        ErrorCode::NotBuilt
    }
}

/// The sources of this build, USB keys first: none without the features `hid` and `pcsc`. They do not
/// look for anything yet; listing devices reports a service that is not running.
///
/// For a program that adds its own source; otherwise use [`SystemDevices::system`].
#[must_use]
pub fn sources() -> Vec<Box<dyn DeviceSource>> {
    vec![
        #[cfg(feature = "hid")]
        hid_source(),
        #[cfg(feature = "pcsc")]
        pcsc_source(),
    ]
}

/// Only USB keys. For a library whose own features decide what it looks for: in one build this crate's features
/// are those that any of its users turned on.
#[cfg(feature = "hid")]
#[must_use]
pub fn hid_source() -> Box<dyn DeviceSource> {
    Box::new(fido_unlock_hid::HidSource::new())
}

/// Only smart cards; see [`hid_source`].
#[cfg(feature = "pcsc")]
#[must_use]
pub fn pcsc_source() -> Box<dyn DeviceSource> {
    Box::new(fido_unlock_pcsc::PcscSource::new())
}

/// [`Devices`] over the operating system's USB keys and smart cards.
pub trait SystemDevices: Sized {
    /// Over [`sources`].
    ///
    /// # Errors
    /// [`NotBuilt`] ([`ErrorCode::NotBuilt`]) if there is no source.
    fn system() -> Result<Self, NotBuilt>;
}

impl SystemDevices for Devices {
    fn system() -> Result<Self, NotBuilt> {
        let sources = sources();
        if sources.is_empty() {
            return Err(NotBuilt);
        }
        Ok(Self::new(sources))
    }
}

/// The line for `/etc/udev/rules.d/70-fido-unlock.rules` that would let this user open a USB key which the
/// system refuses (Linux, feature `hid`); `None` if no such rule would help.
#[must_use]
pub fn udev_rule(found: &FoundRoute) -> Option<String> {
    #[cfg(all(feature = "hid", target_os = "linux"))]
    if let (fido_unlock_host::ports::RouteKind::Hid(hid), Err(error)) = (&found.route.kind, &found.info)
        && error.code() == ErrorCode::PermissionDenied
    {
        return Some(fido_unlock_hid::udev_rule(hid.vendor_id, hid.product_id));
    }
    let _ = found;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_adapters_says_so() {
        let built = usize::from(cfg!(feature = "hid")) + usize::from(cfg!(feature = "pcsc"));
        assert_eq!(sources().len(), built);
        assert_eq!(Devices::system().err(), (built == 0).then_some(NotBuilt));
        assert_eq!(NotBuilt.code().number(), 520);
    }
}
