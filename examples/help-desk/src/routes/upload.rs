//! Files that people bring: a form of several parts (RFC 7578), with a file, or its text where it was shown once already.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};

use crate::app::App;
use crate::refusal::Refusal;

/// The longest body of a form with a file, in bytes: some thousands of rows, and what the form needs besides.
pub(super) const LONGEST_UPLOAD: usize = 1024 * 1024;

/// What a form with a file holds.
#[derive(Default)]
pub(super) struct Upload {
    /// The file's bytes, or those of the field for its text where no file was chosen.
    pub(super) bytes: Vec<u8>,
    /// The tag of what was shown of it; empty where nothing was yet.
    pub(super) seen: String,
    /// Whether what would do harm is wanted all the same.
    pub(super) all_the_same: bool,
}

impl FromRequest<App> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let read = Multipart::from_request(request, app).await;
        let mut parts = read.map_err(|rejection| Refusal::bare(rejection.status()))?;
        let mut upload = Self::default();
        let (mut file, mut text) = (Vec::new(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(unread)? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(unread)?;
            match name.as_str() {
                "file" => file = bytes.to_vec(),
                "text" => text = bytes.to_vec(),
                "seen" => upload.seen = String::from_utf8_lossy(&bytes).into_owned(),
                "all-the-same" => upload.all_the_same = true,
                _ => {}
            }
        }
        upload.bytes = if file.is_empty() { text } else { file };
        Ok(upload)
    }
}

fn unread(error: MultipartError) -> Refusal {
    Refusal::bare(error.status())
}

/// The text of the part `name`, where the form has it before any file.
pub(super) async fn first_text(request: Request, name: &str) -> Option<String> {
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    let part = parts.next_field().await.ok()??;
    if part.name() != Some(name) {
        return None;
    }
    part.text().await.ok()
}
