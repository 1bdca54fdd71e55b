//! Why a HID interface cannot be listed, opened, written or read.

use fido_unlock_host::ports::TransportError;
use fido_unlock_protocol::DisplayText;
use fido_unlock_protocol::{ErrorCode, HasCode};

/// An error of the operating system's HID interface. Holds paths and numbers, never a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HidError {
    /// The user may not open the device (Linux: no udev rule gives it to them).
    #[error("{}: {path}; udev rule: {rule}", ErrorCode::PermissionDenied)]
    PermissionDenied {
        /// What was to be opened.
        path: DisplayText,
        /// The line for `/etc/udev/rules.d/70-fido-unlock.rules`.
        rule: String,
    },
    /// Only an administrator may open it: Windows keeps the FIDO interface for elevated processes
    /// since 10 1903.
    #[error("{}: {path}", ErrorCode::NeedsElevation)]
    NeedsElevation {
        /// What was to be opened.
        path: DisplayText,
    },
    /// A sandbox (Flatpak, snap, a container's device list) keeps the device away.
    #[error("{}: {path}", ErrorCode::Sandboxed)]
    Sandboxed {
        /// What was to be opened.
        path: DisplayText,
    },
    /// Another program holds it exclusively.
    #[error("{}: {path}", ErrorCode::Busy)]
    Busy {
        /// What was to be opened.
        path: DisplayText,
    },
    /// It was pulled.
    #[error("{}", ErrorCode::Gone)]
    Gone,
    /// hidapi cannot start, or cannot enumerate.
    #[error("{}: hidapi: {message}", ErrorCode::TransportFailed)]
    Start {
        /// hidapi's own words.
        message: DisplayText,
    },
    /// Anything else.
    #[error("{}: {function} ({value:#x})", ErrorCode::TransportFailed)]
    Failed {
        /// Name of hidapi's function.
        function: &'static str,
        /// The system's error number, or -1 if it gives none.
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
#[cfg_attr(
    any(windows, target_os = "macos"),
    allow(dead_code, reason = "the numbers are for a udev rule")
)]
pub(crate) struct Subject<'a> {
    pub path: &'a str,
    pub vendor_id: u16,
    pub product_id: u16,
}

/// Finds out why hidapi's `function` failed. On Windows and macOS its message has the system's number
/// in it; on Linux it has only words in the user's language, so the path is opened once more to be
/// told a number.
pub(crate) fn explain(error: &hidapi::HidError, function: &'static str, subject: &Subject<'_>) -> HidError {
    let message = error.to_string();
    if is_disconnect(&message) {
        return HidError::Gone;
    }
    #[cfg(windows)]
    return explain_win32(number_in(&message), function, subject);
    #[cfg(target_os = "macos")]
    return explain_io_kit(number_in(&message), function, subject);
    #[cfg(not(any(windows, target_os = "macos")))]
    match std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(subject.path)
    {
        Ok(_) => HidError::Failed { function, value: -1 },
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(-1);
            explain_errno(number, is_sandboxed(), function, subject)
        }
    }
}

/// hidapi's own words for a device that was pulled (`linux/hid.c`, `mac/hid.c`); "No such device" is
/// ENODEV in the C locale.
fn is_disconnect(message: &str) -> bool {
    ["disconnected", "No such device", "mach entry not found"]
        .iter()
        .any(|words| message.contains(words))
}

/// The number in "hid_write: (0x0000048F) words in any language"; -1 if there is none.
#[cfg(any(test, windows, target_os = "macos"))]
fn number_in(message: &str) -> i64 {
    message
        .split_once("(0x")
        .and_then(|(_, tail)| tail.split_once(')'))
        .and_then(|(digits, _)| i64::from_str_radix(digits, 16).ok())
        .unwrap_or(-1)
}

/// Whether this process runs in Flatpak or snap, which hide devices unless told otherwise.
#[cfg(not(any(windows, target_os = "macos")))]
fn is_sandboxed() -> bool {
    std::path::Path::new("/.flatpak-info").exists() || std::env::var_os("SNAP").is_some()
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
    let path = subject.path.into();
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
fn explain_win32(number: i64, function: &'static str, subject: &Subject<'_>) -> HidError {
    const FILE_NOT_FOUND: i64 = 2;
    const PATH_NOT_FOUND: i64 = 3;
    const ACCESS_DENIED: i64 = 5;
    const SHARING_VIOLATION: i64 = 32;
    const NO_SUCH_DEVICE: i64 = 433;
    const DEVICE_NOT_CONNECTED: i64 = 1167;
    let path = subject.path.into();
    match number {
        ACCESS_DENIED => HidError::NeedsElevation { path },
        SHARING_VIOLATION => HidError::Busy { path },
        FILE_NOT_FOUND | PATH_NOT_FOUND | NO_SUCH_DEVICE | DEVICE_NOT_CONNECTED => HidError::Gone,
        value => HidError::Failed { function, value },
    }
}

/// IOReturn of IOHIDDeviceOpen.
#[cfg(any(test, target_os = "macos"))]
fn explain_io_kit(number: i64, function: &'static str, subject: &Subject<'_>) -> HidError {
    let path = subject.path.into();
    match number {
        // kIOReturnNotPrivileged.
        0xE000_02C1 => HidError::NeedsElevation { path },
        // kIOReturnNotPermitted: the sandbox, or Input Monitoring.
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

        let windows = |number: &str| {
            let message = format!("open_device: ({number}) Zugriff verweigert");
            explain_win32(number_in(&message), "hid_open_path", &SUBJECT).code()
        };
        assert_eq!(windows("0x00000005"), ErrorCode::NeedsElevation);
        assert_eq!(windows("0x00000020"), ErrorCode::Busy);
        assert_eq!(windows("0x0000048F"), ErrorCode::Gone);
        assert_eq!(windows("0x00000006"), ErrorCode::TransportFailed);

        let mac = |number: &str| {
            let message =
                format!("hid_open_path: failed to open IOHIDDevice from mach entry: ({number}) words");
            explain_io_kit(number_in(&message), "hid_open_path", &SUBJECT)
        };
        assert_eq!(mac("0xE00002C5").code(), ErrorCode::Busy);
        assert_eq!(mac("0xE00002E2").code(), ErrorCode::Sandboxed);
        assert_eq!(mac("0xE00002C1").code(), ErrorCode::NeedsElevation);
        assert_eq!(mac("0xE00002C0"), HidError::Gone);
        let unknown = HidError::Failed {
            function: "hid_open_path",
            value: -1,
        };
        assert_eq!(mac("none"), unknown);
        assert!(is_disconnect("hid_read_timeout: device disconnected"));
    }
}
