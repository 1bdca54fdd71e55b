//! The software authenticator behind a virtual card reader or as a virtual HID device.

#[cfg(not(target_os = "linux"))]
compile_error!("fido-unlock-virtual needs Linux: vpcd or /dev/uhid");

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    fido_unlock_virtual::run()
}
