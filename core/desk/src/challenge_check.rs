//! The counter in a Device Challenge.

use fido_unlock_protocol::error::ErrorCode;
use fido_unlock_protocol::{Challenge, DeviceChallenge};

use super::DeskError;

/// The counter goes up by one with each unlock and wraps at 2^16; a difference of half that or more counts as back.
pub(super) fn check_counter(expected: u16, found: u16) -> Result<(), DeskError> {
    let code = match found.wrapping_sub(expected) {
        0 => return Ok(()),
        1..=0x7FFF => ErrorCode::CounterMoved,
        _ => ErrorCode::CounterWentBack,
    };
    Err(DeskError::Counter {
        code,
        expected,
        found,
        explained_by: None,
    })
}

/// Whether `counter` is the expected one or a later one.
pub(super) const fn is_reached(expected: u16, counter: u16) -> bool {
    counter.wrapping_sub(expected) <= 0x7FFF
}

pub(super) fn low_16(counter: u32) -> u16 {
    let [_, _, high, low] = counter.to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// The counter of a challenge, where it has one.
pub(super) fn counter_of(challenge: &Challenge) -> Option<u16> {
    match challenge {
        Challenge::Line(line) => Some(DeviceChallenge::counter_low(line)),
        Challenge::Aes(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fido_unlock_protocol::error::HasCode;

    #[test]
    fn the_counter_round_its_end() {
        let code = |expected, found| check_counter(expected, found).err().map(|error| error.code());
        assert_eq!(code(5, 5), None);
        assert_eq!(code(5, 6), Some(ErrorCode::CounterMoved));
        assert_eq!(code(5, 4), Some(ErrorCode::CounterWentBack));
        assert_eq!(code(0xFFFF, 0), Some(ErrorCode::CounterMoved));
        assert_eq!(code(0, 0xFFFF), Some(ErrorCode::CounterWentBack));
        assert_eq!(code(0, 0x7FFF), Some(ErrorCode::CounterMoved));
        assert_eq!(code(0, 0x8000), Some(ErrorCode::CounterWentBack));
        assert_eq!(low_16(0x0001_FFFE), 0xFFFE);
        assert!(is_reached(5, 5) && is_reached(5, 6) && is_reached(0xFFFF, 0));
        assert!(!is_reached(5, 4) && !is_reached(0, 0xFFFF));
    }
}
