//! `fido_unlock_fuzz_properties::nfc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::nfc(data));
