//! An exported log as files, in the layout of C2SP tlog-tiles (docs/protocol/audit.md, "The log as files"), and what
//! anybody can verify of it without the desk.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use fido_unlock_protocol::error::{ErrorCode, HasCode};

use crate::log::{
    NoteError, NoteVerifier, SignedNote, TILE_WIDTH, Tile, Tiler, TreeHead, TreeHeadError, leaf_hash,
    unbundle,
};
use crate::ports::StorageError;
use crate::record::{
    DeskEntry, DeskEvent, EntryFault, EntryOrder, HeadFault, LogId, OrderFault, TextLine, names_head,
};

/// The path of the signed checkpoint.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// The path of the texts of a bundle's entries: `texts/000.p/8.jsonl`.
#[must_use]
pub fn texts_path(bundle: &Tile) -> String {
    let mut path = "texts/".to_string();
    path.push_str(&bundle.place());
    path.push_str(".jsonl");
    path
}

/// The tile of level 0 from leaf `first` on, a multiple of 256, in a log of `size` entries.
pub(crate) fn leaves_tile(first: u64, size: u64) -> Tile {
    let width = u64::from(TILE_WIDTH).min(size.saturating_sub(first));
    Tile {
        level: 0,
        index: first / u64::from(TILE_WIDTH),
        width: u16::try_from(width).unwrap_or(TILE_WIDTH),
    }
}

/// What an exported log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// Its checkpoint.
    pub head: TreeHead,
    /// How many of its entries earlier checkpoints cover.
    pub covered: u64,
    /// How many texts stand beside it.
    pub texts: u64,
    /// How many entries have the hash of a text that does not: it was erased, or left out.
    pub without_text: u64,
}

/// Why an exported log is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file is not there.
    #[error("{path} is not there")]
    Missing {
        /// Which.
        path: String,
    },
    /// The checkpoint is not signed by a key that is trusted.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint does not have the form of one.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] TreeHeadError),
    /// The checkpoint, or an earlier one, is of another log, or of none that a desk keeps.
    #[error("the checkpoint of {size} entries is of another log")]
    Origin {
        /// Its size.
        size: u64,
    },
    /// A file with entries does not hold as many as it should.
    #[error("{path} does not hold the entries that it should")]
    Bundle {
        /// Which.
        path: String,
    },
    /// An entry is none, or not the one that belongs at its place.
    #[error("entry {index}: {fault}")]
    Entry {
        /// Its place.
        index: u64,
        /// Why.
        fault: OrderFault,
    },
    /// A tile does not hold the hashes of the entries, or of the tiles below it.
    #[error("{path} does not fit the entries")]
    Tile {
        /// Which.
        path: String,
    },
    /// The entries are not those that a checkpoint was signed over.
    #[error("the first {size} entries are not those of the checkpoint")]
    Root {
        /// The checkpoint's size.
        size: u64,
    },
    /// The log is shorter than an earlier checkpoint says.
    #[error("the log has {found} entries, but had {size} at a checkpoint")]
    Shorter {
        /// Entries at that checkpoint.
        size: u64,
        /// Entries now.
        found: u64,
    },
    /// A line is no text, or not that of the entry that it names.
    #[error("{path}, line {line}: this is not the text of that entry")]
    Text {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
    },
}

impl HasCode for ExportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Storage(error) => error.code(),
            Self::Entry { fault, .. } => fault.code(),
            Self::Missing { .. } | Self::Bundle { .. } | Self::Tile { .. } | Self::Text { .. } => {
                ErrorCode::AuditBroken
            }
            Self::Note(_)
            | Self::Checkpoint(_)
            | Self::Origin { .. }
            | Self::Root { .. }
            | Self::Shorter { .. } => ErrorCode::AuditCheckpoint,
        }
    }
}

/// Reads a file by its path below the export's folder; `None` where it is not there.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, StorageError> + 'a;

/// Verifies an exported log from its files alone: the checkpoint is signed by one of `keys`, each entry stands where
/// it belongs, tiles and root fit the entries, each text fits its entry, and each of `earlier`, checkpoints that the
/// caller has verified and kept elsewhere, is a beginning of it.
///
/// # Errors
/// [`ExportError`], the first that was found.
pub fn verify_export(
    read: &mut ReadFile<'_>,
    keys: &[NoteVerifier],
    earlier: &[TreeHead],
) -> Result<ExportReport, ExportError> {
    let head = checkpoint(read, keys)?;
    let mut reader = Reader::new(&head, earlier)?;
    reader.agree()?;
    while reader.tiler.range().size() < head.size {
        reader.bundle(read)?;
    }
    for (tile, hashes) in reader.tiler.partial() {
        same_tile(read, &tile, hashes)?;
    }
    let Reader {
        texts, without_text, ..
    } = reader;
    Ok(ExportReport {
        covered: earlier.iter().map(|old| old.size).max().unwrap_or(0),
        head,
        texts,
        without_text,
    })
}

fn checkpoint(read: &mut ReadFile<'_>, keys: &[NoteVerifier]) -> Result<TreeHead, ExportError> {
    let bytes = there(read, CHECKPOINT_PATH)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| NoteError::Malformed)?;
    let note = SignedNote::parse(text)?;
    Ok(TreeHead::parse(note.verify(keys)?)?)
}

fn there(read: &mut ReadFile<'_>, path: &str) -> Result<Vec<u8>, ExportError> {
    read(path)?.ok_or_else(|| ExportError::Missing { path: path.into() })
}

fn same_tile(read: &mut ReadFile<'_>, tile: &Tile, hashes: &[u8]) -> Result<(), ExportError> {
    let path = tile.path();
    if there(read, &path)? == hashes {
        Ok(())
    } else {
        Err(ExportError::Tile { path })
    }
}

/// A verification under way.
struct Reader<'a> {
    head: &'a TreeHead,
    earlier: &'a [TreeHead],
    order: EntryOrder,
    tiler: Tiler,
    /// Places where a restored log goes on, each with the head before it.
    restored: Vec<(u64, TreeHead)>,
    texts: u64,
    without_text: u64,
}

impl<'a> Reader<'a> {
    fn new(head: &'a TreeHead, earlier: &'a [TreeHead]) -> Result<Self, ExportError> {
        let size = head.size;
        if LogId::of_origin(head.origin.as_str()).is_none() {
            return Err(ExportError::Origin { size });
        }
        for old in earlier {
            let size = old.size;
            if size > head.size {
                let found = head.size;
                return Err(ExportError::Shorter { size, found });
            }
        }
        Ok(Self {
            head,
            earlier,
            order: EntryOrder::default(),
            tiler: Tiler::default(),
            restored: Vec::new(),
            texts: 0,
            without_text: 0,
        })
    }

    /// Whether the entries up to now are those of each checkpoint that ends here.
    fn agree(&self) -> Result<(), ExportError> {
        let heads = self.earlier.iter().chain([self.head]);
        match self.order.disagreeing(heads, self.tiler.range()) {
            Some(HeadFault::Origin(size)) => Err(ExportError::Origin { size }),
            Some(HeadFault::Root(size)) => Err(ExportError::Root { size }),
            None => Ok(()),
        }
    }

    fn bundle(&mut self, read: &mut ReadFile<'_>) -> Result<(), ExportError> {
        let tile = leaves_tile(self.order.next(), self.head.size);
        let path = tile.entries_path();
        let bytes = there(read, &path)?;
        let bundle = unbundle(&bytes).filter(|entries| entries.len() == usize::from(tile.width));
        let mut entries = Vec::new();
        for bytes in bundle.ok_or(ExportError::Bundle { path })? {
            entries.push(self.entry(read, bytes)?);
        }
        self.texts(read, &tile, &entries)
    }

    fn entry(&mut self, read: &mut ReadFile<'_>, bytes: &[u8]) -> Result<DeskEntry, ExportError> {
        let index = self.order.next();
        let broken = |fault| ExportError::Entry { index, fault };
        let before = self.order.log_id();
        let entry = self.order.read(bytes).map_err(broken)?;
        if let (Some(before), DeskEvent::LogRestored) = (before, entry.event) {
            self.restored.push((index, before.head(self.tiler.range())));
        }
        let mut full = Vec::new();
        let appended = self
            .tiler
            .append(leaf_hash(bytes), |tile, hashes| full.push((tile, hashes)));
        appended.map_err(|_| broken(EntryFault::Malformed.into()))?;
        for (tile, hashes) in full {
            same_tile(read, &tile, &hashes)?;
        }
        self.agree()?;
        Ok(entry)
    }

    /// The texts of a bundle, one line for each entry that has one, in their order.
    fn texts(
        &mut self,
        read: &mut ReadFile<'_>,
        tile: &Tile,
        entries: &[DeskEntry],
    ) -> Result<(), ExportError> {
        let path = texts_path(tile);
        let bytes = read(&path)?.unwrap_or_default();
        let wrong = |line| ExportError::Text {
            path: path.clone(),
            line,
        };
        let lines = core::str::from_utf8(&bytes).map_err(|_| wrong(1))?;
        let mut hashed = entries.iter().filter(|entry| entry.text.is_some());
        let all = hashed.clone().count() as u64;
        let mut there = 0;
        for (number, line) in (1..).zip(lines.split_inclusive('\n')) {
            let text = line.strip_suffix('\n').and_then(TextLine::parse);
            let text = text.ok_or_else(|| wrong(number))?;
            let entry = hashed.find(|entry| entry.sequence == text.index);
            let mut restored = self.restored.iter();
            let head = restored.find(|(place, _)| *place == text.index);
            let named = head.is_none_or(|(_, head)| names_head(&text.text, head));
            if entry.and_then(|entry| entry.text) != Some(text.hash()) || !named {
                return Err(wrong(number));
            }
            there += 1;
        }
        self.texts += there;
        self.without_text += all - there;
        Ok(())
    }
}
