//! What an unknown text is, for a person who asks.

use alloc::vec::Vec;

use super::{CodeError, CodeKind, Offer, base32, hex, line, typed};
use crate::challenge::DeviceChallenge;

/// What a text can be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inspection {
    /// A good line of this kind.
    Line(CodeKind),
    /// A good Response Code of four lines, in order.
    FourLines,
    /// 32 hexadecimal digits, which may be a challenge or a Response Code of suite 3: there is no
    /// check, so nothing more can be said.
    Hex,
}

/// What kinds of code a text is. 32 hexadecimal digits can also be a good line, so there may be two
/// answers; in earnest the suite decides, and that comes from the device or the registry.
///
/// # Errors
/// When it is none: [`CodeError`], for the kind that has the text's length or the nearest one. No
/// text is repeated in it, as it may be a Response Code.
pub fn inspect(text: &str) -> Result<Vec<Inspection>, CodeError> {
    let lines = base32::read_lines(text).map_err(|stray| match typed::lines(text) {
        // Only a Response Code has four lines, and there the person counts within a line.
        4 => line::stray_in_line(&stray),
        _ => CodeError::Character {
            position: stray.in_text + 1,
            character: None,
        },
    })?;
    let got = base32::join(&lines).len();
    let long = CodeKind::ResponseLong(1).length();
    // Fewer than four lines of a long code are no code: its length is that of all four.
    let whole = [
        CodeKind::DeviceId,
        CodeKind::DeviceChallenge,
        CodeKind::ResponseLine,
    ];
    let lengths = whole.map(CodeKind::length).into_iter().chain([4 * long]);
    let expected = lengths.min_by_key(|length| length.abs_diff(got)).unwrap_or(0);

    let mut found = Vec::new();
    let mut error = CodeError::Length { expected, got };
    let mut note = |what: Inspection, result: Result<(), CodeError>| match result {
        Ok(()) => found.push(what),
        // The error that names groups tells most.
        Err(wrong) if error.groups().is_empty() => error = without_text(wrong),
        Err(_) => {}
    };
    if hex::decode(CodeKind::ResponseLine, text).is_ok() {
        note(Inspection::Hex, Ok(()));
    }
    if got == 4 * long || (lines.len() == 4 && got > 3 * long) {
        note(
            Inspection::FourLines,
            line::decode_long(text, Offer::No).map(drop),
        );
    }
    for kind in CodeKind::ALL.into_iter().filter(|kind| kind.length() == got) {
        let result = match kind {
            CodeKind::DeviceChallenge => DeviceChallenge::parse(text).map(drop),
            _ => line::decode(kind, text, Offer::No, |_| true).map(drop),
        };
        note(Inspection::Line(kind), result);
    }
    if found.is_empty() { Err(error) } else { Ok(found) }
}

fn without_text(mut error: CodeError) -> CodeError {
    if let CodeError::Check { groups, .. } = &mut error {
        groups.iter_mut().for_each(|group| group.text = None);
    }
    error
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::string::String;

    use super::*;
    use crate::suite::Suite;
    use crate::{DeviceId, ResponseCode};

    #[test]
    fn a_stray_character_in_one_of_four_lines_is_told_with_its_line() {
        let code = ResponseCode::from_bytes(Suite::P256Ecdsa, &[7; 64])
            .unwrap()
            .expose_code();
        let third: usize = code.lines().take(2).map(|line| line.len() + 1).sum();
        let mut wrong = String::from(code.as_str());
        wrong.replace_range(third + 5..third + 6, "U");
        let character = |position| CodeError::Character {
            position,
            character: None,
        };
        let told = CodeError::InLine {
            line: 3,
            error: Box::new(character(5)),
        };
        assert_eq!(inspect(&wrong), Err(told.clone()));
        // Empty lines and spaces between do not count.
        assert_eq!(inspect(&wrong.replace('\n', " .\r\n\n")), Err(told));
        assert_eq!(inspect(&wrong.replace('\n', " ")), Err(character(65)));
        let id = DeviceId::from_bytes([7; 10]).to_code();
        assert_eq!(inspect(&id.replace('-', "\nU")), Err(character(5)));
    }
}
