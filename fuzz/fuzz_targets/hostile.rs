//! `fido_unlock_fuzz_properties::hostile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::hostile(data));
