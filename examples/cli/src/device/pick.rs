//! Which of several devices is meant.

use fido_unlock::ErrorCode;
use fido_unlock::ports::Interface;

/// An interface that was listed, and fits what the person named.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Interfaces of one key have the same number.
    pub key: usize,
    /// `None`: known only when it is opened, as with a card.
    pub interface: Option<Interface>,
    /// Whether it can be opened.
    pub access: Result<(), ErrorCode>,
}

/// The one to open. An empty reader, or a key that may not be opened, does not make a choice unclear;
/// that it may not be opened is told apart from its not being there.
pub fn pick(candidates: &[Candidate], interface: Interface) -> Result<usize, ErrorCode> {
    let usable = |candidate: &Candidate| candidate.access.is_ok();
    let serves = |candidate: &Candidate| candidate.interface.is_none_or(|own| own == interface);
    let first = candidates.iter().find(|candidate| usable(candidate));
    let several = candidates
        .iter()
        .any(|other| usable(other) && first.is_some_and(|first| first.key != other.key));
    if several {
        return Err(ErrorCode::SeveralDevices);
    }
    let mut serving = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| serves(candidate) && first.is_none_or(|first| first.key == candidate.key));
    let found: Vec<usize> = serving
        .clone()
        .filter(|(_, candidate)| usable(candidate))
        .map(|(index, _)| index)
        .collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(serving
            .find_map(|(_, candidate)| candidate.access.err())
            .unwrap_or(ErrorCode::NoDevice)),
        // Two keys that look the same.
        _ => Err(ErrorCode::SeveralDevices),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_or_a_reason() {
        let usb = |key, interface, access| Candidate {
            key,
            interface: Some(interface),
            access,
        };
        let card = |key, access| Candidate {
            key,
            interface: None,
            access,
        };
        let (fido, vendor) = (Interface::Fido, Interface::Vendor);
        let denied = Err(ErrorCode::PermissionDenied);
        let empty = Err(ErrorCode::NoCard);
        for (candidates, from_fido, from_vendor) in [
            (vec![], Err(ErrorCode::NoDevice), Err(ErrorCode::NoDevice)),
            (vec![usb(0, fido, Ok(()))], Ok(0), Err(ErrorCode::NoDevice)),
            (vec![usb(0, fido, Ok(())), usb(0, vendor, Ok(()))], Ok(0), Ok(1)),
            // FIDO is kept for administrators; the vendor interface is not.
            (
                vec![usb(0, fido, denied), usb(0, vendor, Ok(()))],
                Err(ErrorCode::PermissionDenied),
                Ok(1),
            ),
            // A second key has only the FIDO interface.
            (
                vec![usb(0, fido, Ok(())), usb(0, vendor, Ok(())), usb(1, fido, Ok(()))],
                Err(ErrorCode::SeveralDevices),
                Err(ErrorCode::SeveralDevices),
            ),
            // Two of one model without serial numbers.
            (
                vec![usb(0, fido, Ok(())), usb(0, fido, Ok(()))],
                Err(ErrorCode::SeveralDevices),
                Err(ErrorCode::NoDevice),
            ),
            (
                vec![usb(0, fido, Ok(())), card(1, empty)],
                Ok(0),
                Err(ErrorCode::NoDevice),
            ),
            (vec![card(0, Ok(())), card(1, empty)], Ok(0), Ok(0)),
            (
                vec![card(0, empty)],
                Err(ErrorCode::NoCard),
                Err(ErrorCode::NoCard),
            ),
            (
                vec![card(0, Ok(())), card(1, Ok(()))],
                Err(ErrorCode::SeveralDevices),
                Err(ErrorCode::SeveralDevices),
            ),
        ] {
            assert_eq!(pick(&candidates, fido), from_fido, "FIDO of {candidates:?}");
            assert_eq!(pick(&candidates, vendor), from_vendor, "vendor of {candidates:?}");
        }
    }
}
