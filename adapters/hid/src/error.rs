//! Why a HID interface cannot be listed, opened, written or read.

use std::format;
use std::path::Path;

use fido_unlock::ports::TransportError;
use fido_unlock::{ErrorCode, HasCode};

/// An error of the operating system's HID interface. Holds paths and numbers, never a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HidError {
    /// The user may not open the device (Linux: no udev rule gives it to them).
    #[error("{}: {path}; udev rule: {rule}", ErrorCode::PermissionDenied)]
    PermissionDenied {
        /// What was to be opened.
        path: String,
        /// The line for `/etc/udev/rules.d/70-fido-unlock.rules`.
        rule: String,
    },
    /// Windows keeps the FIDO interface for elevated processes since 10 1903.
    #[error("{}: {path}", ErrorCode::NeedsElevation)]
    NeedsElevation {
        /// What was to be opened.
        path: String,
    },
    /// A sandbox (Flatpak, snap, a container's device list) keeps the device away.
    #[error("{}: {path}", ErrorCode::Sandboxed)]
    Sandboxed {
        /// What was to be opened.
        path: String,
    },
    /// Another program holds it exclusively.
    #[error("{}: {path}", ErrorCode::Busy)]
    Busy {
        /// What was to be opened.
        path: String,
    },
    /// It was pulled.
    #[error("{}", ErrorCode::Gone)]
    Gone,
    /// hidapi cannot start, or cannot enumerate.
    #[error("{}: hidapi: {message}", ErrorCode::TransportFailed)]
    Start {
        /// hidapi's own words.
        message: String,
    },
    /// Anything else.
    #[error("{}: {function} ({value:#x})", ErrorCode::TransportFailed)]
    Failed {
        /// Name of hidapi's function.
        function: &'static str,
        /// The system's error number, or -1 where it gives none.
        value: i64,
    },
}

impl HasCode for HidError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::PermissionDenied { .. } => ErrorCode::PermissionDenied,
            Self::NeedsElevation { .. } => ErrorCode::NeedsElevation,
            Self::Sandboxed { .. } => ErrorCode::Sandboxed,
            Self::Busy { .. } => ErrorCode::Busy,
            Self::Gone => ErrorCode::Gone,
            Self::Start { .. } | Self::Failed { .. } => ErrorCode::TransportFailed,
        }
    }
}

impl From<HidError> for TransportError {
    fn from(error: HidError) -> Self {
        match error {
            HidError::PermissionDenied { path, .. } => Self::PermissionDenied { path },
            HidError::NeedsElevation { .. } => Self::NeedsElevation,
            HidError::Sandboxed { .. } => Self::Sandboxed,
            HidError::Busy { .. } => Self::Busy,
            HidError::Gone => Self::Gone,
            HidError::Start { .. } => Self::Failed {
                function: "hid_init",
                value: -1,
            },
            HidError::Failed { function, value } => Self::Failed { function, value },
        }
    }
}

/// The udev rule that gives a device to whoever sits at the computer. `KERNELS` names the HID
/// device itself, so it fits USB, Bluetooth and virtual devices alike.
///
/// ```
/// assert!(fido_unlock_hid::udev_rule(0x1209, 0xF1D0).contains(r#"KERNELS=="*:1209:F1D0.*""#));
/// ```
#[must_use]
pub fn udev_rule(vendor_id: u16, product_id: u16) -> String {
    format!(
        "SUBSYSTEM==\"hidraw\", KERNELS==\"*:{vendor_id:04X}:{product_id:04X}.*\", TAG+=\"uaccess\", MODE=\"0660\""
    )
}

/// What is known about a device that could not be opened or read.
pub(crate) struct Subject<'a> {
    pub path: &'a str,
    pub vendor_id: u16,
    pub product_id: u16,
}

/// Finds out why hidapi's `function` failed. Its messages are in the user's language and carry no
/// number, so the system is asked again by opening the same path.
pub(crate) fn explain(error: &hidapi::HidError, function: &'static str, subject: &Subject<'_>) -> HidError {
    if is_disconnect(&error.to_string()) {
        return HidError::Gone;
    }
    #[cfg(target_os = "macos")]
    return explain_io_kit(&error.to_string(), function, subject);
    #[cfg(not(target_os = "macos"))]
    match std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(subject.path)
    {
        Ok(_) => HidError::Failed { function, value: -1 },
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(-1);
            #[cfg(windows)]
            return explain_win32(number, function, subject);
            #[cfg(not(windows))]
            explain_errno(number, is_sandboxed(), function, subject)
        }
    }
}

/// hidapi's own words for a device that was pulled while it was open (`linux/hid.c`; "No such
/// device" is ENODEV in the C locale, 0x48F is ERROR_DEVICE_NOT_CONNECTED in `windows/hid.c`).
fn is_disconnect(message: &str) -> bool {
    [
        "device disconnected",
        "No such device",
        "0x0000048F",
        "Device is disconnected",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Whether this process runs in Flatpak or snap, which hide devices unless told otherwise.
#[cfg(not(any(windows, target_os = "macos")))]
fn is_sandboxed() -> bool {
    Path::new("/.flatpak-info").exists() || std::env::var_os("SNAP").is_some()
}

/// errno of `open` (Linux numbers).
#[cfg(any(test, not(any(windows, target_os = "macos"))))]
fn explain_errno(number: i32, sandboxed: bool, function: &'static str, subject: &Subject<'_>) -> HidError {
    const EPERM: i32 = 1;
    const ENOENT: i32 = 2;
    const ENXIO: i32 = 6;
    const EACCES: i32 = 13;
    const EBUSY: i32 = 16;
    const ENODEV: i32 = 19;
    let path = subject.path.to_owned();
    match number {
        // The device is listed in /sys, but the sandbox's /dev lacks it, or it is not readable there.
        ENOENT | EACCES if sandboxed => HidError::Sandboxed { path },
        // File modes give EACCES; EPERM is a control group's device list.
        EPERM => HidError::Sandboxed { path },
        EACCES => HidError::PermissionDenied {
            path,
            rule: udev_rule(subject.vendor_id, subject.product_id),
        },
        EBUSY => HidError::Busy { path },
        ENOENT | ENXIO | ENODEV => HidError::Gone,
        value => HidError::Failed {
            function,
            value: i64::from(value),
        },
    }
}

/// GetLastError of CreateFile.
#[cfg(any(test, windows))]
fn explain_win32(number: i32, function: &'static str, subject: &Subject<'_>) -> HidError {
    const FILE_NOT_FOUND: i32 = 2;
    const PATH_NOT_FOUND: i32 = 3;
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    const NO_SUCH_DEVICE: i32 = 433;
    const DEVICE_NOT_CONNECTED: i32 = 1167;
    let path = subject.path.to_owned();
    match number {
        ACCESS_DENIED => HidError::NeedsElevation { path },
        SHARING_VIOLATION => HidError::Busy { path },
        FILE_NOT_FOUND | PATH_NOT_FOUND | NO_SUCH_DEVICE | DEVICE_NOT_CONNECTED => HidError::Gone,
        value => HidError::Failed {
            function,
            value: i64::from(value),
        },
    }
}

/// IOReturn, which hidapi prints in hexadecimal at the end of its message (`mac/hid.c`).
#[cfg(any(test, target_os = "macos"))]
fn explain_io_kit(message: &str, function: &'static str, subject: &Subject<'_>) -> HidError {
    let path = subject.path.to_owned();
    let value = message
        .rsplit_once("0x")
        .and_then(|(_, tail)| {
            let digits: String = tail.chars().take_while(char::is_ascii_hexdigit).collect();
            i64::from_str_radix(&digits, 16).ok()
        })
        .unwrap_or(-1);
    match value {
        // kIOReturnNotPrivileged, kIOReturnNotPermitted (the sandbox, or Input Monitoring).
        0xE000_02C1 => HidError::PermissionDenied {
            path,
            rule: String::new(),
        },
        0xE000_02E2 => HidError::Sandboxed { path },
        // kIOReturnExclusiveAccess, kIOReturnBusy.
        0xE000_02C5 | 0xE000_02D5 => HidError::Busy { path },
        // kIOReturnNoDevice, kIOReturnNotAttached.
        0xE000_02C0 | 0xE000_02D9 => HidError::Gone,
        value => HidError::Failed { function, value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject<'_> = Subject {
        path: "/dev/hidraw3",
        vendor_id: 0x1209,
        product_id: 0xF1D0,
    };

    #[test]
    fn permission_denied_names_the_path_and_the_rule() {
        let error = explain_errno(13, false, "hid_open_path", &SUBJECT);
        let text = error.to_string();
        assert_eq!(error.code(), ErrorCode::PermissionDenied);
        assert!(text.contains("/dev/hidraw3"), "{text}");
        assert!(text.contains("*:1209:F1D0.*"), "{text}");
        assert_eq!(
            TransportError::from(error),
            TransportError::PermissionDenied {
                path: "/dev/hidraw3".into()
            }
        );
    }

    #[test]
    fn each_number_has_its_own_error() {
        let linux = |number, sandboxed| explain_errno(number, sandboxed, "hid_open_path", &SUBJECT).code();
        assert_eq!(linux(13, true), ErrorCode::Sandboxed);
        assert_eq!(linux(2, true), ErrorCode::Sandboxed);
        assert_eq!(linux(1, false), ErrorCode::Sandboxed);
        assert_eq!(linux(2, false), ErrorCode::Gone);
        assert_eq!(linux(19, false), ErrorCode::Gone);
        assert_eq!(linux(16, false), ErrorCode::Busy);
        assert_eq!(linux(5, false), ErrorCode::TransportFailed);

        let windows = |number| explain_win32(number, "hid_open_path", &SUBJECT).code();
        assert_eq!(windows(5), ErrorCode::NeedsElevation);
        assert_eq!(windows(32), ErrorCode::Busy);
        assert_eq!(windows(1167), ErrorCode::Gone);

        let mac = |number: &str| {
            let message = format!("hid_open_path: failed to open IOHIDDevice from mach entry: ({number}) x");
            explain_io_kit(&message, "hid_open_path", &SUBJECT)
        };
        assert_eq!(mac("0xE00002C5").code(), ErrorCode::Busy);
        assert_eq!(mac("0xE00002E2").code(), ErrorCode::Sandboxed);
        assert_eq!(mac("0xE00002C1").code(), ErrorCode::PermissionDenied);
        assert_eq!(mac("0xE00002C0"), HidError::Gone);
        assert_eq!(
            mac("none"),
            HidError::Failed {
                function: "hid_open_path",
                value: -1
            }
        );
    }
}
