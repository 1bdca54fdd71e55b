//! Lines on standard input. Secrets come here alone: arguments and environments are seen by others.

use fido_unlock::{DeviceId, ErrorCode, Pin};
use zeroize::Zeroizing;

use crate::Failure;

/// A line.
pub enum Command {
    /// `pin DEVICE-ID PIN`: the new PIN, all that follows the second space.
    Pin(DeviceId, Pin),
    /// `code DEVICE-ID CODE`: the Response Code as typed.
    Code(DeviceId, Zeroizing<String>),
    /// `cancel DEVICE-ID`: gives up.
    Cancel(DeviceId),
}

/// Reads a line; `None`: it is empty.
pub fn parse(line: &str) -> Result<Option<Command>, Failure> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Ok(None);
    }
    let mut words = line.splitn(3, ' ');
    let (verb, id, rest) = (words.next(), words.next(), words.next());
    let usage = || {
        let text = "a line is: pin DEVICE-ID PIN, code DEVICE-ID CODE, or cancel DEVICE-ID";
        Failure::new(ErrorCode::Usage, text)
    };
    let id = DeviceId::parse(id.ok_or_else(usage)?)?;
    match (verb, rest) {
        (Some("pin"), Some(pin)) => Ok(Some(Command::Pin(id, Pin::new(pin.to_owned())))),
        (Some("code"), Some(code)) => Ok(Some(Command::Code(id, Zeroizing::new(code.to_owned())))),
        (Some("cancel"), None) => Ok(Some(Command::Cancel(id))),
        _ => Err(usage()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_may_hold_spaces_and_a_wrong_line_is_not_repeated() {
        let id = DeviceId::from_bytes([7; 10]).to_code();
        let Ok(Some(Command::Pin(named, pin))) = parse(&format!("pin {id}  two words \r\n")) else {
            panic!("not a PIN");
        };
        assert_eq!(named.to_code(), id);
        assert_eq!(pin.expose_text(), " two words ");
        assert!(matches!(parse("\n"), Ok(None)));
        for line in [
            "pin",
            "secret",
            &format!("cancel {id} 1234"),
            &format!("pine {id} 1234"),
        ] {
            let failure = parse(line).err().unwrap();
            assert!(
                !failure.text.contains("1234") && !failure.text.contains("secret"),
                "{failure}"
            );
        }
    }
}
