//! One line: data characters, then four check characters (docs/protocol.md, "Codes").

use alloc::{string::String, vec::Vec};

use zeroize::Zeroizing;

use super::base32::{self, Stray, Symbols};
use super::check::{self, Located, Syndrome};
use super::error::{CodeError, Correction, Group};
use super::{CodeKind, Offer};

/// Bytes of each line of a Response Code of four.
const LONG_LINE_BYTES: usize = 16;

/// The line that holds the first [`CodeKind::bits`] bits of `bytes`, in groups of four.
pub(crate) fn encode(kind: CodeKind, bytes: &[u8]) -> Zeroizing<String> {
    let data = base32::from_bytes(bytes, kind.data_characters());
    let mut symbols = Zeroizing::new(Vec::with_capacity(kind.length()));
    symbols.extend_from_slice(&data);
    symbols.extend(check::check_symbols(&data, kind.constant()));
    base32::write_groups(&symbols)
}

/// Four lines, 16 of the 64 bytes in each, separated by line breaks.
pub(crate) fn encode_long(bytes: &[u8]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(4 * 40));
    for (number, part) in (1..=4).zip(bytes.chunks(LONG_LINE_BYTES)) {
        if number > 1 {
            out.push('\n');
        }
        out.push_str(&encode(CodeKind::ResponseLong(number), part));
    }
    out
}

/// The bytes of a code of one line. `valid` decides whether what a proposed correction decodes to is valid.
pub(crate) fn decode(
    kind: CodeKind,
    text: &str,
    offer: Offer,
    valid: impl Fn(&[u8]) -> bool,
) -> Result<Zeroizing<Vec<u8>>, CodeError> {
    let lines = base32::read_lines(text).map_err(|stray| CodeError::Character {
        position: stray.in_text + 1,
        character: (!kind.is_response()).then_some(stray.character),
    })?;
    decode_symbols(kind, &base32::join(&lines), offer, valid)
}

/// The 64 bytes of a Response Code of four lines. The line breaks may be missing.
pub(crate) fn decode_long(text: &str, offer: Offer) -> Result<Zeroizing<Vec<u8>>, CodeError> {
    let lines = base32::read_lines(text).map_err(|stray| stray_in_line(&stray))?;
    let mut out = Zeroizing::new(Vec::with_capacity(4 * LONG_LINE_BYTES));
    for (number, symbols) in (1..=4).zip(four_lines(&lines)?) {
        let line = decode_symbols(CodeKind::ResponseLong(number), &symbols, offer, |_| true)
            .map_err(|error| error.in_line(number))?;
        out.extend_from_slice(&line);
    }
    Ok(out)
}

pub(super) fn stray_in_line(stray: &Stray) -> CodeError {
    let error = CodeError::Character {
        position: stray.in_line + 1,
        character: None,
    };
    error.in_line(u8::try_from(stray.line + 1).unwrap_or(u8::MAX))
}

fn four_lines(lines: &[Symbols]) -> Result<Vec<Symbols>, CodeError> {
    let kind = CodeKind::ResponseLong(1);
    if let Some(four) = base32::four_lines(lines, kind.length()) {
        return Ok(four);
    }
    let all = base32::join(lines);
    match identify(&all) {
        Some(found) if !matches!(found, CodeKind::ResponseLong(_)) => Err(CodeError::Kind {
            expected: kind,
            found,
        }),
        _ => Err(CodeError::Length {
            expected: 4 * kind.length(),
            got: all.len(),
        }),
    }
}

/// What a good line is, or the first of four good lines.
pub(super) fn identify(symbols: &[u8]) -> Option<CodeKind> {
    let long = CodeKind::ResponseLong(1).length();
    if symbols.len() == 4 * long {
        return identify(symbols.get(..long)?);
    }
    CodeKind::ALL
        .into_iter()
        .find(|kind| kind.length() == symbols.len() && difference(*kind, symbols).is_zero())
}

/// What the line's syndrome lacks to the one of its kind.
fn difference(kind: CodeKind, symbols: &[u8]) -> Syndrome {
    check::syndrome(symbols).add(Syndrome::of_kind(kind.constant()))
}

fn decode_symbols(
    kind: CodeKind,
    symbols: &[u8],
    offer: Offer,
    valid: impl Fn(&[u8]) -> bool,
) -> Result<Zeroizing<Vec<u8>>, CodeError> {
    // The length first: zeros at the end do not change the syndrome.
    if symbols.len() != kind.length() {
        return Err(match identify(symbols) {
            Some(found) => CodeError::Kind {
                expected: kind,
                found,
            },
            None => CodeError::Length {
                expected: kind.length(),
                got: symbols.len(),
            },
        });
    }
    if !difference(kind, symbols).is_zero() {
        return Err(match (kind, identify(symbols)) {
            (CodeKind::ResponseLong(expected_line), Some(CodeKind::ResponseLong(found_line))) => {
                CodeError::Order {
                    expected_line,
                    found_line,
                }
            }
            // Of another kind with lines as long.
            (_, Some(found)) => CodeError::Kind {
                expected: kind,
                found,
            },
            (_, None) => diagnose(kind, symbols, offer, valid),
        });
    }
    data_bytes(kind, symbols).ok_or(CodeError::Padding)
}

fn data_bytes(kind: CodeKind, symbols: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    base32::to_bytes(symbols.get(..kind.data_characters())?, kind.bits())
}

/// Names the groups that hold one or two wrong characters; offers a correction for one, or for two
/// neighbours that changed places.
fn diagnose(kind: CodeKind, symbols: &[u8], offer: Offer, valid: impl Fn(&[u8]) -> bool) -> CodeError {
    let unknown = CodeError::Check {
        groups: Vec::new(),
        correction: None,
    };
    let (first, second) = match check::locate(difference(kind, symbols), symbols.len()) {
        Located::Unknown => return unknown,
        Located::One(error) => (error, None),
        Located::Two(first, second) => (first, Some(second)),
    };
    let mut proposed = Zeroizing::new(symbols.to_vec());
    for (position, value) in core::iter::once(first).chain(second) {
        if let Some(symbol) = proposed.get_mut(position) {
            *symbol ^= value.value();
        }
    }
    // A line that this protocol never makes was not meant: there are more wrong characters.
    if !data_bytes(kind, &proposed).is_some_and(|bytes| valid(&bytes)) {
        return unknown;
    }
    let swapped = |(place, _): (usize, _), (next, _): (usize, _)| {
        next == place + 1
            && symbols.get(place) == proposed.get(next)
            && symbols.get(next) == proposed.get(place)
    };
    let offered = offer == Offer::Yes && second.is_none_or(|second| swapped(first, second));
    let mut groups = Vec::new();
    for (position, _) in core::iter::once(first).chain(second) {
        let group = group_of(kind, symbols, position);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    CodeError::Check {
        groups,
        correction: offered.then(|| Correction::new(kind, base32::write_groups(&proposed))),
    }
}

fn group_of(kind: CodeKind, symbols: &[u8], position: usize) -> Group {
    let index = position / 4;
    let text = || {
        let group = symbols.chunks(4).nth(index).unwrap_or_default();
        group.iter().map(|symbol| base32::character(*symbol)).collect()
    };
    Group {
        number: u8::try_from(index + 1).unwrap_or(u8::MAX),
        text: (!kind.is_response()).then(text),
    }
}
