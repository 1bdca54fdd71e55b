//! The virtual key in a reader of a private pcscd.

use std::path::{Path, PathBuf};

use fido_unlock::Interface;
use fido_unlock_pcsc::{DeviceEntry, list};
use fido_unlock_stacks_tests::VirtualKey;

use crate::pcscd::eventually;

/// vpcd's port for the reader of this number (0 or 1), as the configuration of this test's pcscd
/// has it.
fn reader_port(folder: &Path, reader: u16) -> u16 {
    let config = std::fs::read_to_string(folder.join("readers/vpcd")).unwrap();
    let (_, port) = config.split_once("CHANNELID 0x").unwrap();
    u16::from_str_radix(port.trim(), 16).unwrap() + reader
}

/// Where the key in the reader of this number is kept.
pub fn state(folder: &Path, reader: u16) -> PathBuf {
    folder.join(format!("key{reader}"))
}

/// A virtual key in that reader.
pub fn insert(folder: &Path, reader: u16, arguments: &[&str]) -> VirtualKey {
    insert_state(folder, reader, &state(folder, reader), arguments)
}

/// The same with the key in this file.
pub fn insert_state(folder: &Path, reader: u16, state: &Path, arguments: &[&str]) -> VirtualKey {
    let port = reader_port(folder, reader).to_string();
    VirtualKey::start(
        env!("CARGO_BIN_EXE_virtual_key"),
        "card",
        state,
        &[&["--reader-port", &port], arguments].concat(),
    )
}

/// The reader of this number, once a card is in it.
pub fn card_in(reader: usize) -> DeviceEntry {
    eventually("a card", || {
        list()
            .ok()?
            .into_iter()
            .find(|entry| entry.path.ends_with(&format!(" {reader:02}")) && entry.access.is_ok())
    })
}

/// The same with the FIDO applet, for what the vendor's does not do.
pub fn fido_entry(entry: &DeviceEntry) -> DeviceEntry {
    let mut entry = entry.clone();
    entry.interface = Interface::Fido;
    entry
}

/// Keeps what a witness wrote below the target folder.
pub fn keep_transcript(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transcripts");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}
