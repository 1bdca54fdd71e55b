//! What an ATR says (ISO 7816-3 §8.2; PC/SC part 3 §3.1.3.2.3 for contactless cards).

/// Whether the reader made this ATR up for a contactless card: `3B 8n 80 01`, and historical bytes
/// after it.
///
/// ```
/// assert!(fido_unlock_pcsc::is_contactless(&[0x3B, 0x80, 0x80, 0x01, 0x01]));
/// ```
#[must_use]
pub fn is_contactless(atr: &[u8]) -> bool {
    matches!(atr, [0x3B, t0, 0x80, 0x01, ..] if t0 & 0xF0 == 0x80)
}

/// Whether the card says that it takes extended-length APDUs: the third software function table of
/// its card capabilities (ISO 7816-4 §12.1.1.9), `None` where it says nothing.
#[must_use]
pub fn takes_extended_length(atr: &[u8]) -> Option<bool> {
    const CARD_CAPABILITIES: u8 = 0x7;
    const EXTENDED_LENGTH: u8 = 0x40;
    let (category, mut objects) = historical_bytes(atr)?.split_first()?;
    // 00: the last three bytes are a status indicator; 80: COMPACT-TLV to the end.
    match category {
        0x00 => objects = objects.get(..objects.len().checked_sub(3)?)?,
        0x80 => {}
        _ => return None,
    }
    while let Some((tag, rest)) = objects.split_first() {
        let (value, rest) = rest.split_at_checked(usize::from(tag & 0x0F))?;
        if tag >> 4 == CARD_CAPABILITIES {
            return value.get(2).map(|table| table & EXTENDED_LENGTH != 0);
        }
        objects = rest;
    }
    None
}

fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let (&t0, mut rest) = atr.get(1..)?.split_first()?;
    let mut indicator = t0 >> 4;
    loop {
        // TA, TB and TC of this round.
        let skipped = usize::try_from((indicator & 0b0111).count_ones()).ok()?;
        rest = rest.get(skipped..)?;
        if indicator & 0b1000 == 0 {
            break;
        }
        let (&td, tail) = rest.split_first()?;
        indicator = td >> 4;
        rest = tail;
    }
    rest.get(..usize::from(t0 & 0x0F))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A security key's contact ATR: T=1, historical bytes 80 73 C0 21 C0 57 ....
    const CONTACT: &[u8] = &[
        0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75,
        0x62, 0x69, 0x4B, 0x65, 0x79, 0x40,
    ];

    #[test]
    fn capabilities_of_contact_and_contactless_cards() {
        assert_eq!(takes_extended_length(CONTACT), Some(true));
        assert!(!is_contactless(CONTACT));
        let mut short = CONTACT.to_vec();
        short[13] = 0x80;
        assert_eq!(takes_extended_length(&short), Some(false));
        // Contactless with the same historical bytes, and with none.
        let with = [0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x00];
        assert_eq!(takes_extended_length(&with), Some(true));
        assert!(is_contactless(&with));
        assert_eq!(takes_extended_length(&[0x3B, 0x80, 0x80, 0x01, 0x01]), None);
    }

    #[test]
    fn category_zero_ends_with_three_status_bytes() {
        let atr = [0x3B, 0x08, 0x00, 0x73, 0xC0, 0x21, 0x40, 0x00, 0x90, 0x00];
        assert_eq!(takes_extended_length(&atr), Some(true));
        let status_only = [0x3B, 0x04, 0x00, 0x73, 0xC0, 0x40];
        assert_eq!(takes_extended_length(&status_only), None);
    }

    #[test]
    fn no_cut_and_no_changed_byte_panics() {
        for end in 0..CONTACT.len() {
            let _ = (
                takes_extended_length(&CONTACT[..end]),
                is_contactless(&CONTACT[..end]),
            );
        }
        for place in 0..CONTACT.len() {
            for value in 0..=255 {
                let mut changed = CONTACT.to_vec();
                changed[place] = value;
                let _ = takes_extended_length(&changed);
            }
        }
    }
}
