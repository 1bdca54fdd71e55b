//! `fido_unlock_fuzz_properties::code_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::code_line(data));
