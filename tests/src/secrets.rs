//! Looks for secrets in text and memory, in every form in which one could slip out.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes in a row that count as found: a log line may hold a part of a secret, cut by packets.
const WINDOW: usize = 6;

/// A secret with a name for the failure's text.
pub struct Needle {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

impl Needle {
    pub fn new(name: &'static str, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= WINDOW, "{name} is too short to be looked for");
        Self {
            name,
            bytes: bytes.to_vec(),
        }
    }

    /// Every form, as bytes to search for.
    fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut forms = Vec::new();
        for part in self.bytes.windows(WINDOW) {
            let join = |separator: &str, each: fn(&u8) -> String| {
                let digits: Vec<_> = part.iter().map(each).collect();
                digits.join(separator).into_bytes()
            };
            let lower = |byte: &u8| format!("{byte:02x}");
            let decimal = |byte: &u8| format!("{byte}");
            forms.push(("bytes", part.to_vec()));
            forms.push(("hex", join("", lower)));
            forms.push(("hex with commas", join(", ", lower)));
            forms.push(("hex with spaces", join(" ", lower)));
            forms.push(("hex with colons", join(":", lower)));
            forms.push(("decimal", join(", ", decimal)));
        }
        // Base64 of a longer text shows a secret in one of three shapes.
        for skip in 0..3 {
            let whole = (self.bytes.len() - skip) / 3 * 3;
            let part = &self.bytes[skip..skip + whole];
            if part.len() >= WINDOW {
                forms.push(("base64", STANDARD_NO_PAD.encode(part).into_bytes()));
                forms.push(("base64url", URL_SAFE_NO_PAD.encode(part).into_bytes()));
            }
        }
        forms
    }
}

/// Name and form of the first secret that `text` holds. Hex is found in either case.
pub fn find(text: &[u8], needles: &[Needle]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    needles.iter().find_map(|needle| {
        needle.forms().iter().find_map(|(form, bytes)| {
            let place = if form.starts_with("hex") { &lower } else { text };
            contains(place, bytes).then(|| format!("{} as {form}", needle.name))
        })
    })
}

/// Whether `text` holds `part`.
pub fn contains(text: &[u8], part: &[u8]) -> bool {
    position(text, part).is_some()
}

/// Where `text` first holds `part`.
pub fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    while let Some(next) = text[from..].iter().position(|byte| *byte == first) {
        let at = from + next;
        if text[at..].starts_with(part) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_secret_is_found_in_every_form() {
        let needles = [Needle::new(
            "key",
            &[0xC0, 0xFF, 0xEE, 0x01, 0x02, 0x03, 0xFA, 0xCE, 0x42],
        )];
        let bytes = &needles[0].bytes;
        let base64 = |skip: usize| STANDARD_NO_PAD.encode([&vec![7; skip][..], bytes].concat());
        for planted in [
            format!("log {bytes:?} log"),
            format!("log {bytes:02x?} log"),
            format!("log {bytes:02X?} log"),
            "c0ffee010203".to_string(),
            "FFEE010203FACE".to_string(),
            "c0:ff:ee:01:02:03".to_string(),
            "C0 FF EE 01 02 03".to_string(),
            base64(0),
            base64(1),
            base64(2),
            URL_SAFE_NO_PAD.encode(bytes),
        ] {
            assert!(find(planted.as_bytes(), &needles).is_some(), "{planted}");
        }
        assert!(find(&[&[1, 2][..], bytes].concat(), &needles).is_some());
        let halves = [&bytes[..5], &[0], &bytes[5..]].concat();
        assert_eq!(find(&halves, &needles), None, "less than a window");
        assert_eq!(find(b"nothing to be found here", &needles), None);
    }
}
