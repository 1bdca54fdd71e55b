//! Files that people bring: lists, policies, public keys, checkpoints. One reader for all of them: what it
//! cannot read it names, with the place in the file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use fido_unlock_files::other_version;
use fido_unlock_protocol::{ErrorCode, text};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::FolderFault;
use crate::fault::shown;

/// Longest file, in bytes: a hundred thousand rows of a CSV file.
const LONGEST: usize = 16 << 20;

/// A file's bytes.
///
/// # Errors
/// It cannot be read; [`ErrorCode::TextTooLong`] past 16 MiB.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, FolderFault> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| FolderFault::read(path, &error))?;
    if bytes.len() > LONGEST {
        return Err(FolderFault::at(
            path,
            &text::TextError::TooLong { limit: LONGEST },
        ));
    }
    Ok(bytes)
}

/// A text in UTF-8 or UTF-16.
///
/// # Errors
/// As [`read_bytes`]; [`ErrorCode::TextEncoding`].
pub fn read_text(path: &Path) -> Result<Zeroizing<String>, FolderFault> {
    text::read(&read_bytes(path)?).map_err(|error| FolderFault::at(path, &error))
}

/// A text that was signed: its lines end as they did then, whatever it was mailed or copied by.
///
/// # Errors
/// As [`read_text`].
pub fn read_signed(path: &Path) -> Result<Zeroizing<String>, FolderFault> {
    let text = read_text(path)?;
    Ok(Zeroizing::new(text.replace("\r\n", "\n")))
}

/// A JSON text.
///
/// # Errors
/// As [`read_text`]; [`ErrorCode::TextForm`], with line and column.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FolderFault> {
    parse(path, &read_text(path)?)
}

/// A JSON object with a `version`, which must be this one.
///
/// # Errors
/// As [`read_json`]; [`ErrorCode::StoreVersion`].
pub fn read_versioned<T: DeserializeOwned>(path: &Path, version: u32) -> Result<T, FolderFault> {
    let text = read_text(path)?;
    match other_version(text.as_bytes(), version) {
        Some(other) => Err(FolderFault::new(
            ErrorCode::StoreVersion,
            format!("{}: {other}", shown(path.display())),
        )),
        None => parse(path, &text),
    }
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FolderFault> {
    serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        // serde_json puts the place at the end; a person looks for it first.
        let what = said.split(" at line ").next().unwrap_or_default();
        form(
            path,
            &format!("line {}, column {}: {what}", error.line(), error.column()),
        )
    })
}

/// The lines that hold something, with their numbers from 1.
pub fn numbered_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty())
}

/// A file that was read as a text but is not what is wanted.
#[must_use]
pub fn form(path: &Path, what: &str) -> FolderFault {
    let text = format!("{}: {}", shown(path.display()), what);
    FolderFault::new(ErrorCode::TextForm, text)
}

#[cfg(test)]
mod tests {
    use fido_unlock_protocol::HasCode;
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_encoding_is_read_and_each_fault_has_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        let utf16: Vec<u8> = "\u{feff}{\"a\": \"ü\"}\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [b"\xEF\xBB\xBF{\"a\": \"\xC3\xBC\"}".as_slice(), &utf16] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_json::<Value>(&path).unwrap()["a"], "ü");
        }
        for (bytes, code, said) in [
            (
                &b"{\"a\": 1\n \"b\": 2}"[..],
                ErrorCode::TextForm,
                "line 2, column 2: expected `,` or `}`",
            ),
            (
                b"",
                ErrorCode::TextForm,
                "line 1, column 0: EOF while parsing a value",
            ),
            (
                b"{\n\"a\": \"\xFC\"}",
                ErrorCode::TextEncoding,
                "line 2, column 7: neither",
            ),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let failure = read_json::<Value>(&path).unwrap_err();
            assert_eq!(failure.code(), code);
            assert!(failure.to_string().contains(said), "{failure:?}");
        }
        let failure = read_bytes(Path::new("/dev/zero"));
        if cfg!(unix) {
            assert_eq!(failure.unwrap_err().code(), ErrorCode::TextTooLong);
        }
    }
}
