//! Notices to owners, one JSON line each, for a mailer of the house to send.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use fido_unlock_desk::ports::{DeliveryError, Notice, NoticeKind, Notifier};
use serde_json::json;

/// A file that only grows.
pub struct Outbox(PathBuf);

impl Outbox {
    /// The file need not exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Notifier for Outbox {
    fn notify(&mut self, notice: &Notice<'_>) -> Result<(), DeliveryError> {
        let kind = match notice.kind {
            NoticeKind::CodeGiven => "code_given",
            NoticeKind::Done => "done",
            NoticeKind::Abandoned => "abandoned",
            NoticeKind::ChannelChanged => "channel_changed",
            NoticeKind::ManagerAsked => "manager_asked",
        };
        let line = json!({
            "kind": kind,
            "user": notice.user.id.as_str(),
            "name": notice.user.name,
            "device_id": notice.device.map(|device| device.to_code()),
            "request": notice.request.map(|request| request.to_string()),
            "channel": notice.channel.map(|channel| json!({"id": channel.id, "address": channel.address})),
            "message_id": base16ct::lower::encode_string(&notice.message_id),
            "operator": notice.operator.as_str(),
            "at": notice.at.0,
        });
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options
            .open(&self.0)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .map_err(|error| DeliveryError {
                detail: format!("{}: {error}", self.0.display()),
            })
    }
}
