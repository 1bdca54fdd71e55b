//! The codes that people read and type: Device ID, Device Challenge, Response Code (docs/protocol/codes.md).

use fido_unlock_protocol::code::{
    CodeError, CodeKind, Correction, Entry, Inspection, inspect, line_complete,
};
use fido_unlock_protocol::code::{qr_text, spoken};
use fido_unlock_protocol::{Challenge, DeviceChallenge, DeviceId, HasCode, ResponseCode, Suite};

const SUITES: [Suite; 3] = [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey];
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Wrong characters that a line always shows.
const ALWAYS_SEEN: usize = 4;

/// What an input field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    DeviceId,
    Challenge(Suite),
    Response(Suite),
}

impl Field {
    const ALL: [Self; 7] = [
        Self::DeviceId,
        Self::Challenge(SUITES[0]),
        Self::Challenge(SUITES[1]),
        Self::Challenge(SUITES[2]),
        Self::Response(SUITES[0]),
        Self::Response(SUITES[1]),
        Self::Response(SUITES[2]),
    ];

    fn is_response(self) -> bool {
        matches!(self, Self::Response(_))
    }

    fn is_hex(self) -> bool {
        matches!(self, Self::Challenge(SUITE_3) | Self::Response(SUITE_3))
    }

    /// What [`inspect`] calls a good one.
    fn inspection(self) -> Inspection {
        match self {
            _ if self.is_hex() => Inspection::Hex,
            Self::DeviceId => Inspection::Line(CodeKind::DeviceId),
            Self::Challenge(_) => Inspection::Line(CodeKind::DeviceChallenge),
            Self::Response(Suite::P256Ecdsa) => Inspection::FourLines,
            Self::Response(_) => Inspection::Line(CodeKind::ResponseLine),
        }
    }

    /// The code that the text stands for, as it is written.
    fn parse(self, text: &str) -> Result<String, CodeError> {
        match self {
            Self::DeviceId => DeviceId::parse(text).map(|code| code.to_code()),
            Self::Challenge(suite) => Challenge::parse(suite, text).map(|code| code.to_code()),
            Self::Response(suite) => {
                ResponseCode::parse(suite, text).map(|code| code.expose_code().to_string())
            }
        }
    }

    fn enter(self, entry: &mut Entry, text: &str) -> Result<String, CodeError> {
        match self {
            Self::DeviceId => entry.device_id(text).map(|code| code.to_code()),
            Self::Challenge(suite) => entry.challenge(suite, text).map(|code| code.to_code()),
            Self::Response(suite) => entry
                .response(suite, text)
                .map(|code| code.expose_code().to_string()),
        }
    }

    /// A good code made of these bytes; zeros where they are too few.
    fn make(self, bytes: &[u8]) -> String {
        let mut all = [0; 64];
        all.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        match self {
            Self::DeviceId => {
                let id = DeviceId::from_bytes(all[..10].try_into().unwrap());
                assert_eq!(DeviceId::parse(&id.to_code()), Ok(id));
                id.to_code()
            }
            Self::Challenge(SUITE_3) => Challenge::from_bytes(SUITE_3, &all[..16]).unwrap().to_code(),
            Self::Challenge(suite) => {
                let (slot, nonce) = (all[0] & 15, all[1..15].try_into().unwrap());
                let counter = u32::from_be_bytes(all[15..19].try_into().unwrap());
                let challenge = DeviceChallenge::new(suite, slot, nonce, counter).unwrap();
                assert_eq!(
                    (challenge.suite(), challenge.slot(), challenge.nonce()),
                    (suite, slot, nonce)
                );
                assert_eq!(u32::from(challenge.counter_low()), counter & 0xFFFF);
                assert_eq!(DeviceChallenge::from_bytes(challenge.as_bytes()), Ok(challenge));
                challenge.to_code()
            }
            Self::Response(suite) => {
                let bytes = &mut all[..suite.response_length()];
                if suite == Suite::P256EcdhMac {
                    // The left-over bits of the code.
                    bytes[12] &= 0xF0;
                }
                let code = ResponseCode::from_bytes(suite, bytes).unwrap();
                assert_eq!(code.expose_bytes(), bytes);
                assert!(
                    ResponseCode::parse(suite, &code.expose_code())
                        .unwrap()
                        .ct_eq(&code)
                );
                code.expose_code().to_string()
            }
        }
    }
}

const SUITE_3: Suite = Suite::AesAdminKey;

/// As text (the first byte is even): what each field and `inspect` make of it.
///
/// - A good text gives a code that has the text's own characters: nothing is corrected unasked. It is
///   read back from how it is written and from a QR code, and `inspect` knows it.
/// - A field tells the same error with and without an offer, and offers once.
/// - An offer differs from what was typed in one character, or two neighbours that changed places, and
///   is a good line.
/// - No error says what a Response Code has in it; groups named for others are as typed.
///
/// As bytes (the first byte is odd): a code made of them is read back; with one to four characters of a line
/// changed it is refused. One or two are named, and one, or a swap of neighbours, is put right.
pub fn code_line(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    if first & 1 == 0 {
        let text = String::from_utf8_lossy(rest);
        for field in Field::ALL {
            read(field, &text);
        }
        for what in inspect(&text).unwrap_or_default() {
            if let Inspection::Line(kind) = what {
                assert!(line_complete(kind, &text));
            }
        }
    } else {
        let field = Field::ALL[usize::from(first >> 1) % Field::ALL.len()];
        let (bytes, changes) = rest.split_at(rest.len().min(64));
        write(field, bytes, changes);
    }
}

/// The characters alone, as they are meant.
fn plain(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| match byte.to_ascii_uppercase() {
            b'I' | b'L' => b'1',
            b'O' => b'0',
            other => other,
        })
        .collect()
}

fn read(field: Field, text: &str) {
    let typed = plain(text);
    let result = field.parse(text);
    let mut entry = Entry::new();
    let entered = field.enter(&mut entry, text);
    match (&result, &entered) {
        (Ok(code), Ok(same)) => {
            assert_eq!(code, same);
            assert_eq!(plain(code), typed);
            assert_eq!(field.parse(code).as_ref(), Ok(code));
            assert_eq!(field.parse(&qr_text(code)).as_ref(), Ok(code));
            assert_eq!(spoken(code).split_whitespace().count(), typed.len());
            assert!(inspect(text).unwrap().contains(&field.inspection()));
        }
        (Err(error), Err(same)) => {
            assert_eq!(error.code(), same.code());
            assert_eq!(error.groups(), same.groups());
            assert!(error.correction().is_none());
            if let Some(correction) = same.correction() {
                offered(field, text, &typed, correction);
            }
            judge_error(field, &typed, error);
            let again = field.enter(&mut entry, text).unwrap_err();
            assert_eq!(again, *error);
        }
        _ => panic!("{field:?}: {result:?} without an offer, {entered:?} with one"),
    }
}

fn offered(field: Field, text: &str, typed: &[u8], correction: &Correction) {
    assert!(!field.is_hex());
    assert!(line_complete(correction.kind(), correction.expose_line()));
    let meant = correction.apply_to(text).unwrap();
    let meant = plain(&meant);
    let places: Vec<usize> = (0..typed.len().max(meant.len()))
        .filter(|&place| typed.get(place) != meant.get(place))
        .collect();
    match places[..] {
        [_] => {}
        [one, two] => {
            assert_eq!(two, one + 1);
            assert_eq!((typed[one], typed[two]), (meant[two], meant[one]));
        }
        _ => panic!("an offer changes {} characters", places.len()),
    }
}

fn judge_error(field: Field, typed: &[u8], error: &CodeError) {
    let groups = error.groups();
    assert!(groups.len() <= 2);
    for group in groups {
        assert!((1..=8).contains(&group.number));
        if field.is_response() {
            assert_eq!(group.text, None);
        } else {
            let place = usize::from(group.number - 1) * 4;
            let end = typed.len().min(place + 4);
            assert_eq!(group.text.as_deref().unwrap().as_bytes(), &typed[place..end]);
        }
    }
    if field.is_response() {
        let said = format!("{error} {error:?}");
        let said = said.as_bytes();
        for part in typed.windows(8) {
            assert!(
                !said.windows(8).any(|window| window == part),
                "an error tells a part of the code"
            );
        }
    }
}

fn write(field: Field, bytes: &[u8], changes: &[u8]) {
    let code = field.make(bytes);
    read(field, &code);
    assert!(field.parse(&code).is_ok());
    if field.is_hex() {
        return;
    }
    // The line that is to be spoilt.
    let lines: Vec<Vec<u8>> = code.lines().map(plain).collect();
    let (which, changes) = changes.split_first().map_or((0, changes), |(first, rest)| {
        (usize::from(*first) % lines.len(), rest)
    });
    let line = &lines[which];
    let mut spoilt = line.clone();
    let mut swapped = false;
    if let [0xFF, place] = changes {
        let place = usize::from(*place) % (line.len() - 1);
        spoilt.swap(place, place + 1);
        swapped = true;
    } else {
        for change in changes.chunks_exact(2).take(ALWAYS_SEEN) {
            spoilt[usize::from(change[0]) % line.len()] = ALPHABET[usize::from(change[1] & 31)];
        }
    }
    let wrong: Vec<usize> = (0..line.len())
        .filter(|&place| line[place] != spoilt[place])
        .collect();
    if wrong.is_empty() {
        return;
    }
    let mut text = lines.clone();
    text[which] = spoilt;
    let text = String::from_utf8(text.join(&b'\n')).unwrap();
    let error = field.enter(&mut Entry::new(), &text).unwrap_err();
    if wrong.len() <= 2 {
        let mut numbers: Vec<u8> = wrong.iter().map(|place| (place / 4 + 1) as u8).collect();
        numbers.dedup();
        let named: Vec<u8> = error.groups().iter().map(|group| group.number).collect();
        assert_eq!(named, numbers);
        let correction = error
            .correction()
            .map(|correction| plain(correction.expose_line()));
        if wrong.len() == 1 || swapped {
            assert_eq!(correction.as_deref(), Some(&line[..]));
        }
        if matches!(error, CodeError::InLine { line, .. } if usize::from(line) != which + 1) {
            panic!("another line is blamed");
        }
    }
    read(field, &text);
}
