//! Which authenticators are plugged in.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fido_unlock_host::framing::ctaphid::{FIDO_USAGE_PAGE, USAGE, VENDOR_USAGE_PAGE};
use fido_unlock_protocol::DisplayText;
use fido_unlock_protocol::Interface;
use hidapi::HidApi;

use crate::error::{HidError, Subject, explain};

/// One HID interface of an authenticator. A key with both interfaces has two entries, which
/// [`DeviceEntry::is_same_key`] joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// Product name, as the device gives it, to show; may be empty.
    pub name: DisplayText,
    /// Path in the system's own form. It changes when the key is plugged in again.
    pub path: String,
    /// Which interface it is.
    pub interface: Interface,
    /// USB vendor id.
    pub vendor_id: u16,
    /// USB product id.
    pub product_id: u16,
    /// Serial number, if the device gives one (most security keys do not).
    pub serial: Option<DisplayText>,
    /// The USB port that the key is in ("usb-0000:00:14.0-2"), which its interfaces share and no other
    /// key has; only Linux gives it. It changes when the key is plugged in elsewhere.
    pub port: Option<String>,
    /// Whether it could be opened when it was listed.
    pub access: Result<(), HidError>,
}

impl DeviceEntry {
    /// Whether both belong to one key as far as USB says: vendor, product, serial number and name.
    /// Two keys of one model without serial numbers look the same; only the Device ID tells them
    /// apart.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.vendor_id == other.vendor_id
            && self.product_id == other.product_id
            && self.serial == other.serial
            && self.name == other.name
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            path: &self.path,
            vendor_id: self.vendor_id,
            product_id: self.product_id,
        }
    }

    pub(crate) fn usage_page(&self) -> u16 {
        usage_page(self.interface)
    }
}

pub(crate) const fn usage_page(interface: Interface) -> u16 {
    match interface {
        Interface::Fido => FIDO_USAGE_PAGE,
        Interface::Vendor => VENDOR_USAGE_PAGE,
    }
}

/// hidapi keeps its last error in one global place, unguarded in C: one caller at a time.
pub(crate) fn hidapi_lock() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists every FIDO interface (usage page 0xF1D0) and every vendor interface (0xFF55, usage 1).
///
/// Each is opened for a moment, to tell in [`DeviceEntry::access`] whether it can be; one that
/// cannot be opened is listed all the same. No report is sent.
///
/// # Errors
/// [`HidError::Start`] when hidapi cannot start or enumerate at all.
pub fn list() -> Result<Vec<DeviceEntry>, HidError> {
    let _one_at_a_time = hidapi_lock();
    let mut api = start()?;
    let mut entries = enumerate(&mut api)?;
    for entry in &mut entries {
        entry.access = match std::ffi::CString::new(entry.path.as_str()) {
            Ok(path) => match api.open_path(&path) {
                Ok(_) => Ok(()),
                Err(error) => Err(explain(&error, "hid_open_path", &entry.subject())),
            },
            Err(_) => Err(HidError::Gone),
        };
    }
    Ok(entries)
}

/// As [`list`], but opens nothing: `access` is `Ok`.
pub(crate) fn list_unopened() -> Result<Vec<DeviceEntry>, HidError> {
    let _one_at_a_time = hidapi_lock();
    enumerate(&mut start()?)
}

pub(crate) fn start() -> Result<HidApi, HidError> {
    HidApi::new().map_err(cannot_start)
}

fn cannot_start(error: hidapi::HidError) -> HidError {
    HidError::Start {
        message: error.to_string().into(),
    }
}

/// FIDO interfaces as `ctap-hid-fido2` finds them; vendor interfaces, which it does not list, and
/// serial numbers from hidapi. The caller has started hidapi, so that crate's own start, which
/// panics on an error, has none.
fn enumerate(api: &mut HidApi) -> Result<Vec<DeviceEntry>, HidError> {
    let mut fido = BTreeMap::new();
    for found in ctap_hid_fido2::get_fidokey_devices() {
        if let ctap_hid_fido2::HidParam::Path(path) = found.param {
            fido.insert(path, found.product_string);
        }
    }
    // The two lists were made one after the other: a key may have been plugged in between.
    let listed = |path: &String| {
        let path = path.as_bytes();
        api.device_list().any(|found| found.path().to_bytes() == path)
    };
    if !fido.keys().all(listed) {
        api.refresh_devices().map_err(cannot_start)?;
    }
    let mut entries = BTreeMap::new();
    for found in api.device_list() {
        let Ok(path) = found.path().to_str() else { continue };
        let (interface, name) = match (found.usage_page(), found.usage()) {
            (FIDO_USAGE_PAGE, _) => match fido.get(path) {
                Some(name) => (Interface::Fido, name.as_str()),
                None => continue,
            },
            (VENDOR_USAGE_PAGE, USAGE) => (Interface::Vendor, found.product_string().unwrap_or_default()),
            _ => continue,
        };
        let entry = DeviceEntry {
            name: name.into(),
            path: path.to_owned(),
            interface,
            vendor_id: found.vendor_id(),
            product_id: found.product_id(),
            serial: found
                .serial_number()
                .filter(|serial| !serial.is_empty())
                .map(DisplayText::from),
            port: port(path),
            access: Ok(()),
        };
        entries.insert((path.to_owned(), interface == Interface::Vendor), entry);
    }
    Ok(entries.into_values().collect())
}

/// Which device of the kernel each path leads to now ("0003:1209:F1D0.0005"): the number behind the dot is
/// never given twice, the path is.
#[cfg(target_os = "linux")]
pub(crate) fn instances() -> BTreeMap<String, String> {
    let nodes = std::fs::read_dir("/sys/class/hidraw")
        .into_iter()
        .flatten()
        .flatten();
    nodes
        .filter_map(|node| {
            let device = std::fs::read_link(node.path().join("device")).ok()?;
            let instance = device.file_name()?.to_str()?.to_owned();
            Some((format!("/dev/{}", node.file_name().to_str()?), instance))
        })
        .collect()
}

/// Elsewhere nothing tells it.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn instances() -> BTreeMap<String, String> {
    BTreeMap::new()
}

/// `HID_PHYS` of the device behind `/dev/hidrawN`, as the kernel gives it in sysfs.
#[cfg(target_os = "linux")]
fn port(path: &str) -> Option<String> {
    let node = path.strip_prefix("/dev/")?;
    let uevent = std::fs::read_to_string(format!("/sys/class/hidraw/{node}/device/uevent")).ok()?;
    port_in(&uevent)
}

#[cfg(not(target_os = "linux"))]
const fn port(_path: &str) -> Option<String> {
    None
}

/// Of "usb-0000:00:14.0-2/input1" what is before the interface. Over Bluetooth it is the computer's own
/// address, and tells nothing.
#[cfg(target_os = "linux")]
fn port_in(uevent: &str) -> Option<String> {
    let physical = uevent.lines().find_map(|line| line.strip_prefix("HID_PHYS="))?;
    let (port, interface) = physical.rsplit_once('/')?;
    (port.starts_with("usb-") && interface.starts_with("input")).then(|| port.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_usbs_alone() {
        let port = |physical: &str| port_in(&format!("HID_ID=0003\nHID_PHYS={physical}\nHID_UNIQ=\n"));
        assert_eq!(
            port("usb-0000:00:14.0-2.1/input1").as_deref(),
            Some("usb-0000:00:14.0-2.1")
        );
        for other in ["", "usb-0000:00:14.0-2", "aa:bb:cc:dd:ee:ff", "uhid/input0"] {
            assert_eq!(port(other), None, "{other}");
        }
        assert_eq!(port_in(""), None);
    }
}
