//! What the desk's log records (docs/protocol/audit.md): events, and entries in canonical CBOR, which are the leaves
//! of the [log](crate::log)'s tree.
//!
//! An entry names people by random numbers and has the hash of each free text, so that a person can be erased and the
//! log stays whole. It never holds a PIN, a Response Code or a key.

mod entry;
mod event;
mod order;
mod text;

pub use entry::{DeskEntry, ENTRY_VERSION, EntryFault, LogId, text_hash};
pub use event::DeskEvent;
pub(crate) use order::HeadFault;
pub use order::{EntryOrder, OrderFault};
pub use text::TextLine;
pub(crate) use text::{names_head, restored_text};
