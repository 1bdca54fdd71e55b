//! What the tests over real stacks share: the virtual key as a process, and a help desk's key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc, missing_docs)]

mod command_line;
mod desk;
mod desk_folder;
pub mod guest;
mod joined;
mod terminal;
mod virtual_key;
mod witness;

pub use command_line::{CommandLine, Going};
pub use desk::{Desk, PATIENCE, block, call, call_unless, call_within, try_pin};
pub use desk_folder::DeskFolder;
pub use joined::{Joined, words};
pub use terminal::Terminal;
pub use virtual_key::VirtualKey;
pub use witness::{fido2_pcsc, witness};

pub const OLD_PIN: &str = "oldpin42";
pub const NEW_PIN: &str = "newpin43";
