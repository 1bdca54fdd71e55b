//! `fido_unlock_fuzz_properties::ctaphid`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fido_unlock_fuzz_properties::ctaphid(data));
