//! The version of a JSON file, which is looked at before anything else in it.

use core::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest version that is told as it stands: that of any 64-bit number.
const LONGEST: usize = 20;

/// A version that is not the one which this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherVersion(String);

impl fmt::Display for OtherVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= LONGEST {
            write!(f, "version {}", self.0)
        } else {
            f.write_str("a later version")
        }
    }
}

/// The member `version` of a JSON object, if it is another number than `known`, however large. `None` also for what
/// is no such object: its reader says what is wrong.
#[must_use]
pub fn other_version(json: &[u8], known: u32) -> Option<OtherVersion> {
    #[derive(Deserialize)]
    struct VersionOnly<'a> {
        // As it stands: a number would be rounded, or refused.
        #[serde(borrow)]
        version: &'a RawValue,
    }
    let VersionOnly { version } = serde_json::from_slice(json).ok()?;
    let text = version.get();
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    (is_number && text != known.to_string()).then(|| OtherVersion(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_as_it_stands_or_as_later() {
        let told = |version: &str| {
            let json = format!("{{\"a\": [1e999], \"version\": {version}, \"b\": {{}}}}");
            other_version(json.as_bytes(), 1).map(|other| other.to_string())
        };
        assert_eq!(told("1"), None);
        for exact in ["0", "2", "-1", "1.0", "4294967296", "18446744073709551616"] {
            assert_eq!(told(exact), Some(format!("version {exact}")));
        }
        assert_eq!(told(&"9".repeat(400)), Some("a later version".into()));
        for none in ["\"2\"", "null", "[2]", "true", "02", ""] {
            assert_eq!(told(none), None, "{none}");
        }
        assert_eq!(other_version(b"{}", 1), None);
        assert_eq!(other_version(b"\xFF", 1), None);
    }
}
