//! `fido_unlock_fuzz_properties::conversation`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::conversation(data));
