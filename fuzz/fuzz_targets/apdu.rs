//! `fido_unlock_fuzz_properties::apdu`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::apdu(data));
