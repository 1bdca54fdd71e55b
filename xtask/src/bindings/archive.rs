//! Zip files that are the same whenever they are made: entries in a given order, without a time.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use crate::step::{Done, Failed};

/// A name in the archive, and what it holds.
pub type Entry = (String, Vec<u8>);

/// Writes them; folders of theirs need no entry of their own.
pub fn write(path: &Path, entries: &[Entry]) -> Done {
    let failed = |error: String| Failed(format!("{}: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let file = File::create(path).map_err(|error| failed(error.to_string()))?;
    let mut archive = ZipWriter::new(file);
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in entries {
        archive
            .start_file(name.as_str(), options)
            .map_err(|error| failed(error.to_string()))?;
        archive
            .write_all(bytes)
            .map_err(|error| failed(error.to_string()))?;
    }
    archive.finish().map_err(|error| failed(error.to_string()))?;
    Ok(())
}

/// A file as an entry.
pub fn entry(name: &str, file: &Path) -> Result<Entry, Failed> {
    let bytes = std::fs::read(file).map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok((name.to_owned(), bytes))
}
