//! A second judge of CTAP2 canonical CBOR, written from CTAP 2.1 §8 and docs/protocol.md section 2
//! alone: it only says yes or no.

/// Levels of arrays and maps.
const DEPTH: usize = 4;

/// Whether the bytes are one canonical item and nothing more.
pub fn is_canonical(bytes: &[u8]) -> bool {
    item(bytes, DEPTH) == Some(bytes.len())
}

/// Bytes that the first item takes.
fn item(bytes: &[u8], depth: usize) -> Option<usize> {
    let (major, value, head) = head(bytes)?;
    let rest = &bytes[head..];
    match major {
        0 | 1 => Some(head),
        2 | 3 => {
            let text = rest.get(..usize::try_from(value).ok()?)?;
            (major == 2 || std::str::from_utf8(text).is_ok()).then_some(head + text.len())
        }
        4 => {
            let mut at = head;
            let depth = depth.checked_sub(1)?;
            for _ in 0..value {
                at += item(&bytes[at..], depth)?;
            }
            Some(at)
        }
        5 => {
            let mut at = head;
            let depth = depth.checked_sub(1)?;
            let mut last: &[u8] = &[];
            for _ in 0..value {
                // A key is no array and no map.
                let length = item(&bytes[at..], 0)?;
                let key = &bytes[at..at + length];
                if key <= last {
                    return None;
                }
                last = key;
                at += length;
                at += item(&bytes[at..], depth)?;
            }
            Some(at)
        }
        // false, true, null.
        7 => (head == 1 && (20..=22).contains(&value)).then_some(1),
        _ => None,
    }
}

/// Major type, value in the shortest form, bytes of the head.
fn head(bytes: &[u8]) -> Option<(u8, u64, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let (major, low) = (first >> 5, first & 31);
    let length = match low {
        0..=23 => return Some((major, low.into(), 1)),
        24..=27 => 1 << (low - 24),
        _ => return None,
    };
    let value = rest
        .get(..length)?
        .iter()
        .fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    let least = match length {
        1 => 24,
        2 => 1 << 8,
        4 => 1 << 16,
        _ => 1 << 32,
    };
    (value >= least).then_some((major, value, 1 + length))
}

#[cfg(test)]
mod tests {
    use super::is_canonical;

    #[test]
    fn it_judges_what_the_text_says() {
        for good in [
            &[0x00][..],
            &[0x18, 24],
            &[0xA2, 1, 0, 0x20, 0],
            &[0x81, 0x81, 0x81, 0x80],
            &[0xF6],
        ] {
            assert!(is_canonical(good), "{good:02x?}");
        }
        for bad in [
            &[][..],
            &[0x18, 23],
            &[0xA2, 0x20, 0, 1, 0],
            &[0xA2, 1, 0, 1, 0],
            &[0xA1, 0x80, 0],
            &[0x81, 0x81, 0x81, 0x81, 0x80],
            &[0x61, 0xFF],
            &[0xF7],
            &[0xF8, 20],
            &[0x00, 0x00],
            &[0x9F, 0xFF],
            &[0xC0, 0x00],
        ] {
            assert!(!is_canonical(bad), "{bad:02x?}");
        }
    }
}
