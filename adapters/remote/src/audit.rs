//! The log: entries by filter, one entry with its bytes and its proof, checkpoints.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::http::Ask;
use crate::model::Entries;
use crate::{RemoteDesk, RemoteError};

/// The most entries of a page.
pub(crate) const PAGE: u32 = 250;

/// Which entries are wanted; what is empty excludes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The first day, such as 2026-11-30, in UTC.
    pub from: String,
    /// The last day.
    pub until: String,
    /// An operator's name or a person's number.
    pub operator: String,
    /// A Device ID.
    pub device: String,
    /// What happened, by its name in docs/protocol/audit.md.
    pub event: String,
}

impl RemoteDesk {
    /// A page of entries that fit, newest first; there may be another one behind it even where it is empty. Recorded.
    /// `before`: `next` of the page before. `limit`: at most so many, up to 250.
    ///
    /// # Errors
    /// [`ErrorCode::PrivilegeMissing`](fido_unlock_protocol::ErrorCode::PrivilegeMissing) by a token that is not for the
    /// audit; a filter that cannot be read; that it is not reached.
    pub fn entries(
        &self,
        filter: &LogFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Entries, RemoteError> {
        let limit = limit.clamp(1, PAGE).to_string();
        let before = before.map(|before| before.to_string());
        let mut query = vec![
            ("from", &*filter.from),
            ("until", &*filter.until),
            ("operator", &*filter.operator),
            ("device", &*filter.device),
            ("event", &*filter.event),
        ];
        query.retain(|(_, value)| !value.is_empty());
        query.push(("limit", &limit));
        query.extend(before.as_deref().map(|before| ("before", before)));
        self.get_by("/api/v1/audit/entries", &query)
    }

    /// The entry at a place, from 0. Recorded.
    ///
    /// # Errors
    /// As [`RemoteDesk::entries`]; there is none.
    pub fn entry(&self, place: u64) -> Result<Map<String, Value>, RemoteError> {
        self.get(&format!("/api/v1/audit/entries/{place}"))
    }

    /// Its canonical bytes.
    ///
    /// # Errors
    /// As [`RemoteDesk::entry`].
    pub fn entry_bytes(&self, place: u64) -> Result<Vec<u8>, RemoteError> {
        let path = format!("/api/v1/audit/entries/{place}/bytes");
        Ok(self.plain(&Ask::get(&path))?.to_vec())
    }

    /// Its proof by the newest checkpoint, as C2SP tlog-proof has it.
    ///
    /// # Errors
    /// As [`RemoteDesk::entry`]; no checkpoint covers it yet.
    pub fn proof(&self, place: u64) -> Result<String, RemoteError> {
        self.text(&Ask::get(&format!("/api/v1/audit/entries/{place}/proof")))
    }

    /// The newest checkpoint, a signed note.
    ///
    /// # Errors
    /// As [`RemoteDesk::entries`]; there is none yet.
    pub fn checkpoint(&self) -> Result<String, RemoteError> {
        self.text(&Ask::get("/api/v1/audit/checkpoint"))
    }

    /// Has a checkpoint signed over all entries up to now.
    ///
    /// # Errors
    /// As [`RemoteDesk::entries`].
    pub fn make_checkpoint(&self) -> Result<String, RemoteError> {
        self.text(&Ask::post("/api/v1/audit/checkpoint", &()))
    }

    fn plain(&self, ask: &Ask<'_, ()>) -> Result<Zeroizing<Vec<u8>>, RemoteError> {
        self.connection.ask(Some(&self.token), ask)
    }

    fn text(&self, ask: &Ask<'_, ()>) -> Result<String, RemoteError> {
        let bytes = self.plain(ask)?.to_vec();
        String::from_utf8(bytes).map_err(|_| RemoteError::NotTheProtocol {
            detail: "an answer is no text".into(),
        })
    }
}
