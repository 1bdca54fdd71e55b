//! Report sizes out of a HID report descriptor (Device Class Definition for HID 1.11, §6.2.2).

use fido_unlock_host::framing::ctaphid::MIN_REPORT_SIZE;

/// The reports of one top-level collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportLayout {
    /// Report ID, 0 if the descriptor names none.
    pub report_id: u8,
    /// Bytes of an input report, without the report ID.
    pub input_size: usize,
    /// Bytes of an output report, without the report ID.
    pub output_size: usize,
}

impl Default for ReportLayout {
    /// What nearly every authenticator has (CTAP 2.1 §11.2.8.1).
    fn default() -> Self {
        Self {
            report_id: 0,
            input_size: 64,
            output_size: 64,
        }
    }
}

/// Largest report that is believed: high-speed interrupt endpoints carry 1024 bytes.
const MAX_REPORT_SIZE: u32 = 1024;

#[derive(Clone, Copy, Default)]
struct Globals {
    usage_page: u32,
    report_size: u32,
    report_count: u32,
    report_id: u8,
}

/// The layout of the first top-level collection with this usage page and usage; `None` when there
/// is none, it has not both an input and an output report, or a size is below 24 or above 1024
/// bytes.
#[must_use]
pub fn report_layout(descriptor: &[u8], usage_page: u16, usage: u16) -> Option<ReportLayout> {
    let wanted = (u32::from(usage_page) << 16) | u32::from(usage);
    let mut globals = Globals::default();
    let mut stack = Vec::new();
    let mut local_usage = None;
    let mut depth = 0u32;
    let mut inside = false;
    let (mut input_bits, mut output_bits) = (0u32, 0u32);
    let mut report_id = 0;
    let mut rest = descriptor;
    while let Some((&prefix, tail)) = rest.split_first() {
        // Long item: 0xFE, data size, tag, data.
        if prefix == 0xFE {
            let size = usize::from(*tail.first()?);
            rest = tail.get(size + 2..)?;
            continue;
        }
        let size = match prefix & 3 {
            3 => 4,
            size => usize::from(size),
        };
        let (data, tail) = tail.split_at_checked(size)?;
        rest = tail;
        let value = data
            .iter()
            .rev()
            .fold(0u32, |value, &byte| (value << 8) | u32::from(byte));
        match prefix & 0xFC {
            0x04 => globals.usage_page = value,
            0x74 => globals.report_size = value,
            0x94 => globals.report_count = value,
            0x84 => globals.report_id = u8::try_from(value).ok()?,
            0xA4 if stack.len() < 16 => stack.push(globals),
            0xB4 => globals = stack.pop()?,
            // A four-byte usage carries its own page.
            0x08 if local_usage.is_none() => {
                local_usage = Some(if size == 4 {
                    value
                } else {
                    (globals.usage_page << 16) | value
                });
            }
            0xA0 => {
                if depth == 0 && local_usage == Some(wanted) {
                    inside = true;
                }
                depth = depth.checked_add(1)?;
                local_usage = None;
            }
            0xC0 => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && inside {
                    return layout(report_id, input_bits, output_bits);
                }
                local_usage = None;
            }
            main @ (0x80 | 0x90) => {
                if inside {
                    let bits = globals.report_size.checked_mul(globals.report_count)?;
                    let sum = if main == 0x80 {
                        &mut input_bits
                    } else {
                        &mut output_bits
                    };
                    *sum = sum.checked_add(bits)?;
                    report_id = globals.report_id;
                }
                local_usage = None;
            }
            0xB0 => local_usage = None,
            _ => {}
        }
    }
    None
}

fn layout(report_id: u8, input_bits: u32, output_bits: u32) -> Option<ReportLayout> {
    let bytes = |bits: u32| {
        let bytes = bits.div_ceil(8);
        let size = usize::try_from(bytes).ok()?;
        (bytes <= MAX_REPORT_SIZE && size >= MIN_REPORT_SIZE).then_some(size)
    };
    Some(ReportLayout {
        report_id,
        input_size: bytes(input_bits)?,
        output_size: bytes(output_bits)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fido(count: &[u8]) -> Vec<u8> {
        // The example of CTAP 2.1 §11.2.8.2, with another Report Count.
        let mut bytes = vec![0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01];
        for (usage, main) in [(0x20, 0x81), (0x21, 0x91)] {
            bytes.extend([0x09, usage, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08]);
            bytes.extend(count);
            bytes.extend([main, 0x02]);
        }
        bytes.push(0xC0);
        bytes
    }

    fn size(report_id: u8, size: usize) -> Option<ReportLayout> {
        Some(ReportLayout {
            report_id,
            input_size: size,
            output_size: size,
        })
    }

    #[test]
    fn sizes_of_62_64_and_512_bytes() {
        assert_eq!(report_layout(&fido(&[0x95, 62]), 0xF1D0, 1), size(0, 62));
        assert_eq!(report_layout(&fido(&[0x95, 64]), 0xF1D0, 1), size(0, 64));
        assert_eq!(report_layout(&fido(&[0x96, 0, 2]), 0xF1D0, 1), size(0, 512));
        assert_eq!(report_layout(&fido(&[0x97, 0, 2, 0, 0]), 0xF1D0, 1), size(0, 512));
    }

    #[test]
    fn absurd_sizes_are_not_believed() {
        assert_eq!(report_layout(&fido(&[0x95, 7]), 0xF1D0, 1), None);
        assert_eq!(report_layout(&fido(&[0x96, 1, 4]), 0xF1D0, 1), None);
        assert_eq!(
            report_layout(&fido(&[0x97, 0xFF, 0xFF, 0xFF, 0xFF]), 0xF1D0, 1),
            None
        );
    }

    #[test]
    fn the_right_collection_among_several() {
        let mut both = fido(&[0x95, 64]);
        let mut vendor = fido(&[0x95, 32]);
        vendor[1..3].copy_from_slice(&[0x55, 0xFF]);
        both.extend(&vendor);
        assert_eq!(report_layout(&both, 0xF1D0, 1), size(0, 64));
        assert_eq!(report_layout(&both, 0xFF55, 1), size(0, 32));
        assert_eq!(report_layout(&both, 0xFF55, 2), None);
        assert_eq!(report_layout(&both, 0xFF00, 1), None);
    }

    #[test]
    fn report_ids_nested_collections_push_and_long_items() {
        let mut bytes = vec![0xFE, 2, 0xF0, 1, 2]; // long item
        bytes.extend([0x0B, 0x01, 0x00, 0xD0, 0xF1]); // usage with its own page
        bytes.extend([
            0xA1, 0x01, 0x85, 0x07, 0xA4, 0x75, 0x08, 0x95, 0x40, 0xA1, 0x02, 0x81, 0x02, 0xC0,
        ]);
        bytes.extend([0x91, 0x02, 0xB4, 0xC0]);
        assert_eq!(report_layout(&bytes, 0xF1D0, 1), size(7, 64));
    }

    #[test]
    fn no_cut_and_no_changed_byte_panics() {
        let whole = fido(&[0x95, 64]);
        for end in 0..whole.len() {
            assert_eq!(report_layout(&whole[..end], 0xF1D0, 1), None);
        }
        for place in 0..whole.len() {
            for value in 0..=255 {
                let mut changed = whole.clone();
                changed[place] = value;
                let _ = report_layout(&changed, 0xF1D0, 1);
            }
        }
    }
}
