//! Downloads: the programs that users install, with what a program that manages computers needs.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fido_unlock::ErrorCode;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::app::App;
use crate::packages::Package;
use crate::page::{Page, Who, html, in_query};
use crate::refusal::Refusal;

/// How long a page waits for the hash of what is new.
const PATIENCE: Duration = Duration::from_millis(500);
/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// How a kind of package is installed without anybody there: the end of its name, and what stands around the name.
const SILENT: [(&str, &str, &str); 6] = [
    (".msi", "msiexec /i \"", "\" /qn /norestart"),
    (
        ".msix",
        "Add-AppxProvisionedPackage -Online -SkipLicense -PackagePath \"",
        "\"",
    ),
    (
        ".msixbundle",
        "Add-AppxProvisionedPackage -Online -SkipLicense -PackagePath \"",
        "\"",
    ),
    (".deb", "apt-get install --yes \"./", "\""),
    (".rpm", "dnf install --assumeyes \"./", "\""),
    (".exe", "\".\\", "\" /quiet /norestart"),
];

/// The command line that installs it silently, where its kind has one. A name that a shell could take for more than a
/// name has none.
fn silent(name: &str) -> Option<String> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._+- ".contains(&byte);
    if !name.bytes().all(is_safe) || name.starts_with('-') {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let kind = SILENT.iter().find(|(end, ..)| lower.ends_with(end));
    kind.map(|(_, before, after)| format!("{before}{name}{after}"))
}

/// A package as it is shown.
struct Line {
    name: String,
    link: String,
    version: Option<String>,
    size: String,
    /// `None` as long as it is being computed.
    sha256: Option<String>,
    silent: Option<String>,
}

impl Line {
    fn of(package: Package) -> Self {
        Self {
            link: format!("/downloads/{}", in_query(&package.name)),
            size: size(package.size),
            silent: silent(&package.name),
            version: package.version,
            sha256: package.sha256,
            name: package.name,
        }
    }
}

/// A size as it is read, such as 12.3 MB.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(unit, name)| {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        },
    )
}

#[derive(Template)]
#[template(path = "downloads.html")]
struct DownloadsPage {
    page: Page,
    lines: Vec<Line>,
    /// The folder cannot be read.
    unread: bool,
}

pub(super) async fn page(State(app): State<App>, who: Who) -> Result<Response, Refusal> {
    let own = app.clone();
    let list = tokio::task::spawn_blocking(move || own.packages().map(|packages| packages.list(PATIENCE)));
    let list = list.await.map_err(|_| ErrorCode::HostFailed)?;
    let (lines, unread) = match list {
        None => (Vec::new(), false),
        Some(Ok(list)) => (list.into_iter().map(Line::of).collect(), false),
        Some(Err(_)) => (Vec::new(), true),
    };
    let page = DownloadsPage {
        page: Page::new(&app, &who, "/downloads"),
        lines,
        unread,
    };
    let status = if unread {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    Ok(html(status, &page))
}

/// DOWNLOAD. That it was fetched is recorded before its first byte goes.
pub(super) async fn file(
    State(app): State<App>,
    who: Who,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let (own, asked) = (app.clone(), name.clone());
    let opened = tokio::task::spawn_blocking(move || own.packages()?.file(&asked).ok());
    let opened = opened.await.map_err(|_| ErrorCode::HostFailed)?;
    let (file, size) = opened.ok_or_else(Refusal::not_found)?;
    let fetched = name.clone();
    app.desks()
        .run(move |desk| desk.record_download(&who.session, &fetched))
        .await?;
    // As much as is promised, though the file may grow meanwhile.
    let whole = tokio::fs::File::from_std(file).take(size);
    let stream = ReaderStream::with_capacity(whole, CHUNK);
    // RFC 6266: a name for browsers that know no other form, and the name itself (RFC 8187).
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '+' | '-' => letter,
            _ => '_',
        })
        .collect();
    let place = format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        in_query(&name)
    );
    let place = HeaderValue::from_str(&place).map_err(|_| ErrorCode::HostFailed)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, place),
        (header::CONTENT_LENGTH, size.into()),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_has_a_name_and_no_more() {
        assert_eq!(
            silent("app-1.0.msi").unwrap(),
            "msiexec /i \"app-1.0.msi\" /qn /norestart"
        );
        assert_eq!(
            silent("app_1.0_amd64.deb").unwrap(),
            "apt-get install --yes \"./app_1.0_amd64.deb\""
        );
        for name in [
            "a\".msi",
            "$(id).deb",
            "`id`.deb",
            "a;b.deb",
            "%PATH%.msi",
            "-x.deb",
            "a.txt",
        ] {
            assert_eq!(silent(name), None, "{name}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (12_345_678, "12.3 MB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
