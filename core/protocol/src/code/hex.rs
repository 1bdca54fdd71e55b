//! Suite 3's codes: 32 hexadecimal digits without a check, so only length and alphabet are checked.

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use super::base32;
use super::error::CodeError;
use super::{CodeKind, line};

/// Digits of a code.
const LENGTH: usize = 32;

/// 16 bytes as 32 capital digits.
pub(crate) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(LENGTH));
    for byte in bytes {
        out.push(base32::character(byte >> 4));
        out.push(base32::character(byte & 15));
    }
    out
}

/// The 16 bytes of 32 digits, read as tolerantly as a line; `kind` only says what the field expects.
pub(crate) fn decode(kind: CodeKind, text: &str) -> Result<Zeroizing<Vec<u8>>, CodeError> {
    let shown = |character| (!kind.is_response()).then_some(character);
    let lines = base32::read_lines(text).map_err(|stray| CodeError::Character {
        position: stray.in_text + 1,
        character: shown(stray.character),
    })?;
    let symbols = base32::join(&lines);
    let stray = symbols.iter().position(|symbol| *symbol > 15);
    if symbols.len() == LENGTH && stray.is_none() {
        let mut out = Zeroizing::new(Vec::with_capacity(LENGTH / 2));
        out.extend(
            symbols
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)),
        );
        return Ok(out);
    }
    if let Some(found) = line::identify(&symbols).filter(|found| found.name() != kind.name()) {
        return Err(CodeError::Kind {
            expected: kind,
            found,
        });
    }
    match stray.and_then(|place| Some((place, symbols.get(place)?))) {
        Some((place, symbol)) => Err(CodeError::Character {
            position: place + 1,
            character: shown(base32::character(*symbol)),
        }),
        None => Err(CodeError::Length {
            expected: LENGTH,
            got: symbols.len(),
        }),
    }
}
