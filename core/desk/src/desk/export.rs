//! The log as files that are verified without the desk.

use alloc::string::String;
use alloc::vec::Vec;

use fido_unlock_protocol::error::ErrorCode;

use super::Desk;
use super::running::of_this_log;
use super::verify::{broken, wrong};
use crate::decide::who;
use crate::export::{CHECKPOINT_PATH, ExportReport, leaves_tile, texts_path};
use crate::log::{SignedNote, Tile, Tiler, TreeHead, bundle, leaf_hash};
use crate::ports::{StorageError, Table};
use crate::record::{DeskEntry, DeskEvent, EntryOrder, TextLine};
use crate::rows::{TextRow, from_blob};
use crate::{DeskError, OperatorSession, Privilege};

/// Whether the texts that entries have the hashes of are exported too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportTexts {
    /// They are: reasons, searches and notes, with names of people in them.
    Written,
    /// Their hashes alone.
    LeftOut,
}

/// Writes a file at its path below the export's folder, over what was there.
pub type WriteFile<'a> = dyn FnMut(&str, &[u8]) -> Result<(), StorageError> + 'a;

/// A chunk of the log: its entries, and the texts of those that have one.
type Chunk = (Vec<Vec<u8>>, Vec<TextLine>);

impl Desk {
    /// Writes the log as `checkpoint` has it in the layout of C2SP tlog-tiles: tiles, entries, `texts` where wanted, and
    /// the checkpoint last, so that a folder without it is not whole. That it was exported is recorded. The store is
    /// read 256 entries at a time, and others are served meanwhile.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`] without [`Privilege::Audit`]; [`ErrorCode::AuditCheckpoint`] where the checkpoint is
    /// not of this log as it stands; [`StorageError::AuditBroken`]; clock; a store's error; what `write` answers.
    pub fn export_log(
        &mut self,
        session: &OperatorSession,
        checkpoint: &SignedNote,
        texts: ExportTexts,
        write: &mut WriteFile<'_>,
    ) -> Result<ExportReport, DeskError> {
        self.step(DeskEvent::LogRead, |step| {
            who::privileged(step, session, Privilege::Audit)?;
            let read = step.entry(DeskEvent::LogRead);
            step.record(read);
            Ok(())
        })?;
        let head = self.looking(|txn, state| of_this_log(txn, state, checkpoint))?;
        let mut out = Writer {
            order: EntryOrder::default(),
            tiler: Tiler::default(),
            report: ExportReport {
                head: head.clone(),
                covered: 0,
                texts: 0,
                without_text: 0,
            },
        };
        while out.order.next() < head.size {
            let tile = leaves_tile(out.order.next(), head.size);
            let (entries, lines) = self.chunk(&tile, out.order.next(), texts)?;
            out.chunk(&tile, &entries, &lines, write)?;
        }
        for (tile, hashes) in out.tiler.partial() {
            write(&tile.path(), hashes)?;
        }
        out.is(&head)?;
        write(CHECKPOINT_PATH, checkpoint.to_text().as_bytes())?;
        Ok(out.report)
    }

    fn chunk(&mut self, tile: &Tile, first: u64, texts: ExportTexts) -> Result<Chunk, DeskError> {
        self.looking(|txn, _| {
            let entries = txn.entries(first, tile.width.into())?;
            let mut lines = Vec::new();
            let places = (first..).take(entries.len());
            for index in places.filter(|_| texts == ExportTexts::Written) {
                let Some(blob) = txn.row(Table::Texts, &index.to_be_bytes())? else {
                    continue;
                };
                // What cannot be read is no text of the entry, as if it were erased.
                if let Ok(TextRow { salt, text }) = from_blob(&blob) {
                    lines.push(TextLine { index, salt, text });
                }
            }
            Ok((entries, lines))
        })
    }
}

/// An export under way.
struct Writer {
    order: EntryOrder,
    tiler: Tiler,
    report: ExportReport,
}

impl Writer {
    fn chunk(
        &mut self,
        tile: &Tile,
        entries: &[Vec<u8>],
        lines: &[TextLine],
        write: &mut WriteFile<'_>,
    ) -> Result<(), DeskError> {
        if entries.len() != usize::from(tile.width) {
            return Err(broken(self.order.next()).into());
        }
        let bytes = bundle(entries.iter().map(Vec::as_slice));
        let bytes = bytes.ok_or_else(|| broken(self.order.next()))?;
        let mut texts = String::new();
        for bytes in entries {
            let (index, entry) = (self.order.next(), self.entry(bytes, write)?);
            let Some(hash) = entry.text else { continue };
            match lines
                .iter()
                .find(|line| line.index == index && line.hash() == hash)
            {
                Some(line) => {
                    texts.push_str(&line.to_line());
                    texts.push('\n');
                    self.report.texts += 1;
                }
                None => self.report.without_text += 1,
            }
        }
        write(&tile.entries_path(), &bytes)?;
        if !texts.is_empty() {
            write(&texts_path(tile), texts.as_bytes())?;
        }
        Ok(())
    }

    fn entry(&mut self, bytes: &[u8], write: &mut WriteFile<'_>) -> Result<DeskEntry, DeskError> {
        let index = self.order.next();
        let entry = self.order.read(bytes).map_err(|fault| wrong(index, fault))?;
        let mut full = Vec::new();
        let appended = self
            .tiler
            .append(leaf_hash(bytes), |tile, hashes| full.push((tile, hashes)));
        appended.map_err(|_| broken(index))?;
        for (tile, hashes) in full {
            write(&tile.path(), &hashes)?;
        }
        Ok(entry)
    }

    /// Whether what was written is what the checkpoint was signed over.
    fn is(&self, head: &TreeHead) -> Result<(), DeskError> {
        if self.tiler.range().root() == head.root {
            Ok(())
        } else {
            Err(ErrorCode::AuditCheckpoint.into())
        }
    }
}
