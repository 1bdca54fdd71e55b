//! What goes into a package for one system.

use std::path::PathBuf;

/// A library, and what its system is called.
pub struct Native {
    /// By NuGet.
    pub rid: &'static str,
    /// By JNA.
    pub jna: &'static str,
    /// The file.
    pub library: PathBuf,
}
