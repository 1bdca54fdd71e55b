//! The codes that people read aloud: the vectors, and what people do to codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fido_unlock::code::{
    CodeError, CodeKind, Correction, Entry, Inspection, inspect, line_complete, parse_number, qr_text, spoken,
};
use fido_unlock::{AesChallenge, Challenge, DeviceChallenge, DeviceId, HasCode, ResponseCode, Suite};
use fido_unlock_tests::python::{run, second_implementation};
use proptest::prelude::*;
use serde_json::Value;

const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Parses into a field; the bytes on the wire.
fn parse(kind: CodeKind, entry: &mut Entry, text: &str) -> Result<Vec<u8>, CodeError> {
    match kind {
        CodeKind::DeviceId => entry.device_id(text).map(|id| id.as_bytes().to_vec()),
        CodeKind::DeviceChallenge => entry
            .challenge(Suite::P256EcdhMac, text)
            .map(|challenge| challenge.as_bytes().to_vec()),
        CodeKind::ResponseLine => entry
            .response(Suite::P256EcdhMac, text)
            .map(|response| response.expose_bytes().to_vec()),
        CodeKind::ResponseLong(_) => entry
            .response(Suite::P256Ecdsa, text)
            .map(|response| response.expose_bytes().to_vec()),
        CodeKind::Request => parse_number(text).map(Vec::from),
    }
}

fn device_id() -> DeviceId {
    DeviceId::from_bytes([0x3A, 0x91, 0x0C, 0xE7, 0x52, 0x88, 0x1F, 0x64, 0xB0, 0x2D])
}

fn challenge() -> DeviceChallenge {
    let nonce = [
        0x5E, 0x17, 0xC2, 0x90, 0x3B, 0x74, 0xA8, 0x0D, 0xF6, 0x21, 0x49, 0xDC, 0x6A, 0x83,
    ];
    DeviceChallenge::new(Suite::P256EcdhMac, 5, nonce, 41).unwrap()
}

fn response(suite: Suite) -> ResponseCode {
    let mut bytes: Vec<u8> = (0..suite.response_length())
        .map(|k| (k * k * 7 + k * 91 + 0x4D) as u8)
        .collect();
    if suite == Suite::P256EcdhMac {
        *bytes.last_mut().unwrap() &= 0xF0;
    }
    ResponseCode::from_bytes(suite, &bytes).unwrap()
}

/// Each kind of line with a good one, and what stands before and after it in its field.
fn lines() -> Vec<(CodeKind, String, String, String)> {
    let alone = |kind, line: &str| (kind, String::new(), line.replace('-', ""), String::new());
    let long = response(Suite::P256Ecdsa).expose_code().replace('-', "");
    let four: Vec<&str> = long.lines().collect();
    let mut all = vec![
        alone(CodeKind::DeviceId, &device_id().to_code()),
        alone(CodeKind::DeviceChallenge, &challenge().to_code()),
        alone(
            CodeKind::ResponseLine,
            &response(Suite::P256EcdhMac).expose_code(),
        ),
    ];
    for number in 0..4 {
        let before: String = four[..number].iter().map(|line| format!("{line}\n")).collect();
        let after: String = four[number + 1..]
            .iter()
            .map(|line| format!("\n{line}"))
            .collect();
        all.push((
            CodeKind::ResponseLong(number as u8 + 1),
            before,
            four[number].into(),
            after,
        ));
    }
    all
}

fn in_groups(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect::<Vec<String>>()
        .join("-")
}

/// The error without the line number that a Response Code of four lines adds.
fn inner(kind: CodeKind, error: CodeError) -> CodeError {
    match (kind, error) {
        (CodeKind::ResponseLong(number), CodeError::InLine { line, error }) => {
            assert_eq!(line, number);
            *error
        }
        (_, error) => error,
    }
}

/// Refused with a check error that names exactly these groups; gives the offer back.
fn refused(
    (kind, before, line, after): &(CodeKind, String, String, String),
    typed: &str,
    positions: &[usize],
) -> Option<Correction> {
    assert_ne!(typed, line);
    assert!(!line_complete(*kind, typed));
    let text = format!("{before}{typed}{after}");
    let mut entry = Entry::new();
    let error = inner(*kind, parse(*kind, &mut entry, &text).unwrap_err());
    assert_eq!(error.code().number(), 203);
    let mut wanted: Vec<usize> = positions.iter().map(|place| place / 4 + 1).collect();
    wanted.dedup();
    let groups = error.groups();
    assert_eq!(
        groups
            .iter()
            .map(|group| usize::from(group.number))
            .collect::<Vec<_>>(),
        wanted,
        "{typed}"
    );
    for group in groups {
        let start = (usize::from(group.number) - 1) * 4;
        let as_typed = &typed[start..typed.len().min(start + 4)];
        assert_eq!(group.text.as_deref(), (!kind.is_response()).then_some(as_typed));
        let message = error.to_string();
        assert!(message.contains(&format!("group {}", group.number)), "{message}");
        assert_eq!(message.contains(as_typed), !kind.is_response(), "{message}");
    }
    let again = parse(*kind, &mut entry, &text).unwrap_err();
    assert!(again.correction().is_none(), "offered after a second failure");
    assert_eq!(again.groups(), groups);
    error.correction().cloned()
}

/// The offer is the right line and, put into the text, makes a good code.
fn offers(own: &(CodeKind, String, String, String), typed: &str, offer: Option<Correction>) {
    let (kind, before, line, after) = own;
    let offer = offer.expect("an offer");
    assert_eq!(offer.kind(), *kind);
    assert_eq!(offer.expose_line(), in_groups(line));
    let text = offer.apply_to(&format!("{before}{typed}{after}")).unwrap();
    assert!(parse(*kind, &mut Entry::new(), &text).is_ok());
}

// M-codes-15
#[test]
fn each_wrong_character_in_each_place_is_named_and_offered() {
    for own in lines() {
        let line = &own.2;
        for (place, right) in line.char_indices() {
            for wrong in ALPHABET.chars().filter(|wrong| *wrong != right) {
                let mut typed = line.clone();
                typed.replace_range(place..=place, &wrong.to_string());
                let offer = refused(&own, &typed, &[place]);
                offers(&own, &typed, offer);
            }
        }
    }
}

#[test]
fn each_swap_of_neighbours_is_named_and_offered() {
    for own in lines() {
        let characters: Vec<char> = own.2.chars().collect();
        for place in 0..characters.len() - 1 {
            let mut typed = characters.clone();
            typed.swap(place, place + 1);
            if typed == characters {
                continue;
            }
            let typed: String = typed.into_iter().collect();
            offers(&own, &typed, refused(&own, &typed, &[place, place + 1]));
        }
    }
}

// M-codes-13
#[test]
fn two_wrong_characters_are_named_but_not_offered() {
    for own in lines() {
        let symbols: Vec<usize> = own.2.chars().map(|c| ALPHABET.find(c).unwrap()).collect();
        for first in 0..symbols.len() {
            for second in first + 1..symbols.len() {
                let mut typed = symbols.clone();
                typed[first] ^= 1 + (first * 3 + second) % 31;
                typed[second] ^= 1 + (second * 5 + first) % 31;
                let swap =
                    second == first + 1 && (typed[first], typed[second]) == (symbols[second], symbols[first]);
                let typed: String = typed.iter().map(|s| ALPHABET.as_bytes()[*s] as char).collect();
                assert_eq!(refused(&own, &typed, &[first, second]).is_some(), swap);
            }
        }
    }
}

/// Everything that keeps the length: never taken, whichever error it is.
#[test]
fn groups_swapped_or_moved_halves_swapped_and_read_backwards_are_refused() {
    for (kind, before, line, after) in lines() {
        let characters: Vec<char> = line.chars().collect();
        let groups: Vec<&[char]> = characters.chunks(4).collect();
        let mut tried = Vec::new();
        for first in 0..groups.len() {
            for second in 0..groups.len() {
                let mut swapped = groups.clone();
                swapped.swap(first, second);
                tried.push(swapped.concat());
                let mut moved = groups.clone();
                let group = moved.remove(first);
                moved.insert(second, group);
                tried.push(moved.concat());
            }
        }
        let (left, right) = characters.split_at(characters.len() / 2);
        tried.push([right, left].concat());
        tried.push(characters.iter().rev().copied().collect());
        tried.push(groups.iter().rev().copied().collect::<Vec<_>>().concat());
        tried.extend((1..characters.len()).map(|by| {
            let mut turned = characters.clone();
            turned.rotate_left(by);
            turned
        }));
        for typed in tried.into_iter().filter(|typed| *typed != characters) {
            let typed: String = typed.into_iter().collect();
            let error = parse(kind, &mut Entry::new(), &format!("{before}{typed}{after}")).unwrap_err();
            assert_eq!(error.code().number(), 203, "{kind:?}: {error}");
        }
    }
}

#[test]
fn dropped_doubled_and_added_characters_are_a_wrong_length() {
    for (kind, before, line, after) in lines() {
        let length = kind.length();
        let refuse = |typed: &str, got: usize| {
            let error = parse(kind, &mut Entry::new(), &format!("{before}{typed}{after}")).unwrap_err();
            assert_eq!(
                inner(kind, error),
                CodeError::Length {
                    expected: length,
                    got
                }
            );
        };
        for place in 0..length {
            let mut dropped = line.clone();
            dropped.remove(place);
            refuse(&dropped, length - 1);
            let mut doubled = line.clone();
            doubled.insert_str(place, &line[place..=place]);
            refuse(&doubled, length + 1);
        }
        for zeros in 1..=3 {
            refuse(&format!("{line}{}", "0".repeat(zeros)), length + zeros);
        }
        let four = format!("{line}{}", &line[..4]);
        refuse(&four, length + 4);
    }
}

#[test]
fn the_last_zero_left_out_is_a_wrong_length() {
    let ends_in_zero = (0..=255)
        .map(|n| DeviceId::from_bytes([n; 10]).to_code())
        .filter(|code| code.ends_with('0'));
    let mut tried = 0;
    for code in ends_in_zero {
        let error = DeviceId::parse(&code[..code.len() - 1]).unwrap_err();
        assert_eq!(
            error,
            CodeError::Length {
                expected: 20,
                got: 19
            }
        );
        tried += 1;
    }
    assert!(tried > 0);
}

#[test]
fn a_good_code_in_the_wrong_field_is_called_by_its_name() {
    let fields = [
        CodeKind::DeviceId,
        CodeKind::DeviceChallenge,
        CodeKind::ResponseLine,
        CodeKind::ResponseLong(1),
    ];
    for expected in fields {
        for (found, _, line, _) in lines() {
            if found == expected
                || matches!(
                    (expected, found),
                    (CodeKind::ResponseLong(_), CodeKind::ResponseLong(_))
                )
            {
                continue;
            }
            let error = parse(expected, &mut Entry::new(), &line).unwrap_err();
            assert_eq!(error, CodeError::Kind { expected, found });
        }
    }
    let four = response(Suite::P256Ecdsa).expose_code();
    for expected in [
        CodeKind::DeviceId,
        CodeKind::DeviceChallenge,
        CodeKind::ResponseLine,
    ] {
        let error = parse(expected, &mut Entry::new(), &four).unwrap_err();
        assert_eq!(
            error,
            CodeError::Kind {
                expected,
                found: CodeKind::ResponseLong(1)
            }
        );
    }
    let error = ResponseCode::parse(Suite::P256EcdhMac, &challenge().to_code())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "this code is a Device Challenge, not a Response Code"
    );
    let error = ResponseCode::parse(Suite::P256EcdhMac, &four).err().unwrap();
    assert_eq!(
        error.to_string(),
        "this is line 1 of a Response Code of four lines, not a Response Code of one line"
    );
    let error = AesChallenge::parse(&device_id().to_code()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this code is a Device ID, not a Device Challenge"
    );
    // A line inside four that is another code.
    let lines: Vec<&str> = four.lines().collect();
    let id = device_id().to_code();
    let mixed = [lines[0], lines[1], &id, lines[3]].join("\n");
    let error = ResponseCode::parse(Suite::P256Ecdsa, &mixed).err().unwrap();
    let kind = CodeError::Kind {
        expected: CodeKind::ResponseLong(3),
        found: CodeKind::DeviceId,
    };
    assert_eq!(
        error,
        CodeError::InLine {
            line: 3,
            error: Box::new(kind)
        }
    );
}

#[test]
fn lines_in_any_wrong_order_are_called_by_their_numbers() {
    let code = response(Suite::P256Ecdsa).expose_code();
    let lines: Vec<&str> = code.lines().collect();
    let mut right = 0;
    for choice in 0..256usize {
        let order = [choice & 3, choice >> 2 & 3, choice >> 4 & 3, choice >> 6];
        let text = order.map(|place| lines[place]).join("\n");
        for text in [text.clone(), qr_text(&text).to_string()] {
            match order.iter().enumerate().find(|(place, line)| place != *line) {
                None => {
                    assert!(ResponseCode::parse(Suite::P256Ecdsa, &text).is_ok());
                    right += 1;
                }
                Some((place, line)) => assert_eq!(
                    ResponseCode::parse(Suite::P256Ecdsa, &text).err(),
                    Some(CodeError::Order {
                        expected_line: place as u8 + 1,
                        found_line: *line as u8 + 1
                    })
                ),
            }
        }
    }
    assert_eq!(right, 2);
}

/// Invariant: no Response Code in an error. A Device ID's error shows that the search would find it.
// M-codes-14
#[test]
fn errors_of_response_codes_hold_no_group_of_them() {
    let shown = |error: &CodeError| format!("{error} {error:?} {:?}", error.correction());
    let holds = |typed: &str, shown: &str| {
        typed
            .as_bytes()
            .windows(4)
            .any(|four| shown.contains(core::str::from_utf8(four).unwrap()))
    };
    for (kind, before, line, after) in lines() {
        let mut found = 0;
        for place in 0..line.len() {
            for change in ["Z", "ZZ", "", "U"] {
                let mut typed = line.clone();
                typed.replace_range(place..=place, change);
                if let Err(error) = parse(kind, &mut Entry::new(), &format!("{before}{typed}{after}")) {
                    found += usize::from(holds(&typed, &shown(&error)));
                }
            }
        }
        assert_eq!(found == 0, kind.is_response(), "{kind:?}");
        let dashed = in_groups(&line);
        let swapped = format!("{}-{}", &dashed[5..], &dashed[..4]);
        let error = inspect(&swapped).unwrap_err();
        assert!(!holds(&line, &shown(&error)), "{error}");
    }
    let error = ResponseCode::parse(Suite::AesAdminKey, "U123").err().unwrap();
    assert_eq!(
        error,
        CodeError::Character {
            position: 1,
            character: None
        }
    );
}

// M-codes-6 M-codes-7
#[test]
fn hex_codes_are_judged_by_length_and_alphabet_only() {
    let code = AesChallenge::from_bytes(core::array::from_fn(|k| k as u8 * 17)).to_code();
    assert_eq!(code, "00112233445566778899AABBCCDDEEFF");
    let typed = "oo1l 2233-4455-6677-8899-aabb-ccdd-eeff";
    assert_eq!(AesChallenge::parse(typed).map(|c| c.to_code()), Ok(code.clone()));
    assert_eq!(
        Challenge::parse(Suite::AesAdminKey, &code[1..]),
        Err(CodeError::Length {
            expected: 32,
            got: 31
        })
    );
    assert_eq!(
        Challenge::parse(Suite::AesAdminKey, &code.replace("FF", "FG")),
        Err(CodeError::Character {
            position: 32,
            character: Some('G')
        })
    );
    assert_eq!(
        Challenge::parse(Suite::AesAdminKey, &code).unwrap().suite(),
        Suite::AesAdminKey
    );
    assert!(Challenge::parse(Suite::P256EcdhMac, &code).is_err());
}

// M-codes-12
#[test]
fn inspection_tells_what_a_text_is() {
    for (kind, _, line, _) in lines() {
        assert_eq!(inspect(&line), Ok(vec![Inspection::Line(kind)]));
    }
    let four = response(Suite::P256Ecdsa).expose_code();
    assert_eq!(inspect(&four), Ok(vec![Inspection::FourLines]));
    assert_eq!(inspect(&qr_text(&four)), Ok(vec![Inspection::FourLines]));
    let hex = response(Suite::AesAdminKey).expose_code();
    assert_eq!(inspect(&hex), Ok(vec![Inspection::Hex]));
    for (kind, _, line, _) in lines() {
        let wrong = format!("{}{}", if line.starts_with('7') { "8" } else { "7" }, &line[1..]);
        let error = inspect(&wrong).unwrap_err();
        let groups = error.groups();
        assert_eq!(groups.len(), 1, "{kind:?}");
        assert_eq!((groups[0].number, &groups[0].text), (1, &None), "{kind:?}");
    }
    assert_eq!(inspect("7GK2").unwrap_err().code().number(), 201);
    assert_eq!(
        inspect("7GK$").unwrap_err(),
        CodeError::Character {
            position: 4,
            character: None
        }
    );
    // In four lines a person counts by lines, from the first on.
    let lines: Vec<&str> = four.lines().collect();
    for line in 0..4 {
        let mut typed: Vec<String> = lines.iter().map(|line| (*line).into()).collect();
        typed[line].replace_range(1..2, "U");
        let found = inspect(&typed.join("\n\n")).unwrap_err();
        let CodeError::InLine { line: told, error } = found else {
            panic!("{found:?}")
        };
        assert_eq!(usize::from(told), line + 1);
        let expected = CodeError::Character {
            position: 2,
            character: None,
        };
        assert_eq!(*error, expected);
    }
    let wrong = four.replacen(&four[..1], if four.starts_with('0') { "1" } else { "0" }, 1);
    assert!(matches!(inspect(&wrong), Err(CodeError::InLine { line: 1, .. })));
    // 32 hexadecimal digits that are also a good challenge are both.
    let both = (0..=u16::MAX).find_map(|seed| {
        let mut nonce = [0; 14];
        nonce[..2].copy_from_slice(&seed.to_be_bytes());
        let code = DeviceChallenge::new(Suite::P256Ecdsa, 0, nonce, 0)
            .unwrap()
            .to_code();
        code.chars()
            .all(|c| c == '-' || c.is_ascii_hexdigit())
            .then_some(code)
    });
    assert_eq!(
        inspect(&both.unwrap()),
        Ok(vec![Inspection::Hex, Inspection::Line(CodeKind::DeviceChallenge)])
    );
}

#[test]
fn codes_keep_to_groups_of_four_and_the_qr_set() {
    let codes = [
        device_id().to_string(),
        challenge().to_string(),
        response(Suite::P256EcdhMac).expose_code().to_string(),
        response(Suite::AesAdminKey).expose_code().to_string(),
        qr_text(&response(Suite::P256Ecdsa).expose_code()).to_string(),
    ];
    for code in codes {
        assert!(
            code.chars().all(|c| c == ' ' || c == '-' || ALPHABET.contains(c)),
            "{code}"
        );
    }
    assert_eq!(challenge().to_code().len(), 32 + 7);
    assert_eq!(response(Suite::P256Ecdsa).expose_code().lines().count(), 4);
    assert_eq!(
        format!("{:?}", device_id()),
        format!("DeviceId({})", device_id().to_code())
    );
}

#[test]
fn the_spoken_form_has_a_word_for_each_character() {
    let code = response(Suite::P256Ecdsa).expose_code();
    let said = spoken(&code);
    assert_eq!(said.lines().count(), 4);
    for (said, line) in said.lines().zip(code.lines()) {
        let groups: Vec<&str> = said.split(". ").collect();
        assert_eq!(groups.len(), 8);
        let words = said.split([' ', ',', '.']).filter(|word| !word.is_empty());
        let first: String = words
            .map(|word| match word {
                "Zero" => '0',
                "One" => '1',
                "Two" => '2',
                "Three" => '3',
                "Four" => '4',
                "Five" => '5',
                "Six" => '6',
                "Seven" => '7',
                "Eight" => '8',
                "Nine" => '9',
                word => word.chars().next().unwrap(),
            })
            .collect();
        assert_eq!(first, line.replace('-', ""));
    }
    assert_eq!(*spoken(""), "");
    assert_eq!(*spoken("7gk2"), "Seven, Golf, Kilo, Two.");
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/code_line.json")).unwrap()
}

fn kind_named(name: &str) -> CodeKind {
    CodeKind::ALL
        .into_iter()
        .find(|kind| format!("{kind:?}").replace(['(', ')'], "") == name)
        .unwrap()
}

#[test]
fn the_committed_vectors_are_those_that_the_generator_makes() {
    assert!(
        vectors() == fido_unlock_tests::code_vectors::code_line(),
        "run the generator again"
    );
}

#[test]
fn the_vectors_follow_their_schema() {
    let schema = serde_json::from_str(include_str!("../vectors/schema/code_line.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut file = vectors();
    assert!(validator.is_valid(&file));
    file["cases"][0]["suite"] = 2.into();
    assert!(!validator.is_valid(&file), "a Device ID has no suite");
}

// M-codes-16 M-codes-1 M-codes-2 M-codes-3 M-codes-4 M-codes-5 M-codes-8 M-codes-9 M-codes-10 M-codes-11
#[test]
fn every_vector_has_its_outcome() {
    let cases = vectors();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() > 200);
    cases.iter().for_each(has_its_outcome);
}

/// Texts and verdicts of `tests/second/codes.py`, which knows of codes what docs/protocol/codes.md says.
#[test]
fn the_second_implementation_judges_random_texts_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("second");
    let environment = second_implementation();
    for seed in ["1", "2"] {
        let mut command = environment.python(&folder);
        command.arg(folder.join("random_codes.py")).args([seed, "4000"]);
        let cases: Value = serde_json::from_str(&run(&mut command)).unwrap();
        let cases = cases["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 4000);
        cases.iter().for_each(has_its_outcome);
    }
}

fn has_its_outcome(case: &Value) {
    let text = case["text"].as_str().unwrap();
    let suite = case["suite"]
        .as_u64()
        .map(|suite| Suite::from_number(suite as u8).unwrap());
    let mut entry = Entry::new();
    let result = match case["field"].as_str().unwrap() {
        "device_id" => entry
            .device_id(text)
            .map(|id| (id.as_bytes().to_vec(), id.to_code())),
        "challenge" => entry
            .challenge(suite.unwrap(), text)
            .map(|c| (c.as_bytes().to_vec(), c.to_code())),
        "response" => entry
            .response(suite.unwrap(), text)
            .map(|r| (r.expose_bytes().to_vec(), r.expose_code().to_string())),
        other => panic!("{other}"),
    };
    let outcome = &case["outcome"];
    match result {
        Ok((bytes, code)) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(outcome["bytes"], hex, "{case}");
            if case["reason"] == "as it is written" {
                assert_eq!(code, text, "{case}");
            }
        }
        Err(error) => {
            assert_eq!(outcome["error"], error.code().name(), "{case}");
            judge(case, outcome, error);
        }
    }
}

fn judge(case: &Value, outcome: &Value, error: CodeError) {
    if let Some(groups) = outcome["groups"].as_array() {
        let named: Vec<u64> = error.groups().iter().map(|group| group.number.into()).collect();
        let wanted: Vec<u64> = groups.iter().map(|group| group.as_u64().unwrap()).collect();
        assert_eq!(named, wanted, "{case}");
        let offer = error.correction().map(Correction::expose_line);
        assert_eq!(offer, outcome["correction"].as_str(), "{case}");
    }
    let (line, error) = match error {
        CodeError::InLine { line, error } => (Some(u64::from(line)), *error),
        error => (None, error),
    };
    assert_eq!(outcome["line"].as_u64(), line, "{case}");
    match error {
        CodeError::Length { expected, got } => {
            assert_eq!(
                (&outcome["expected"], &outcome["got"]),
                (&expected.into(), &got.into()),
                "{case}"
            );
        }
        CodeError::Character { position, .. } => assert_eq!(outcome["position"], position, "{case}"),
        CodeError::Kind { expected, found } => {
            assert_eq!(
                expected,
                kind_named(outcome["expected_kind"].as_str().unwrap()),
                "{case}"
            );
            assert_eq!(
                found,
                kind_named(outcome["found_kind"].as_str().unwrap()),
                "{case}"
            );
        }
        CodeError::Order {
            expected_line,
            found_line,
        } => {
            assert_eq!(outcome["expected_line"], expected_line, "{case}");
            assert_eq!(outcome["found_line"], found_line, "{case}");
        }
        _ => {}
    }
}

/// A text as careless people and mail programs write it.
fn carelessly(code: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    for (place, character) in code.chars().filter(|c| *c != '-').enumerate() {
        let choice = choices[place % choices.len()];
        match choice % 9 {
            0 => out.push(' '),
            1 => out.push('-'),
            2 => out.push('\u{2011}'),
            3 => out.push('\u{a0}'),
            4 => out.push('\u{2014}'),
            _ => {}
        }
        match (character, choice >> 5) {
            ('0', 0 | 1) => out.push('O'),
            ('0', 2) => out.push('o'),
            ('1', 0) => out.push('I'),
            ('1', 1) => out.push('l'),
            (character, 3..) => out.push(character.to_ascii_lowercase()),
            (character, _) => out.push(character),
        }
    }
    out
}

fn mutate(code: &str, changes: &[(usize, u8)]) -> (String, usize) {
    let right: Vec<char> = code.chars().filter(|c| *c != '-').collect();
    let mut typed = right.clone();
    for (place, value) in changes {
        let place = place % typed.len();
        typed[place] = ALPHABET.as_bytes()[usize::from(*value)] as char;
    }
    let wrong = right.iter().zip(&typed).filter(|(a, b)| a != b).count();
    (typed.into_iter().collect(), wrong)
}

proptest! {
    #[test]
    fn what_is_written_can_be_read(
        id: [u8; 10], nonce: [u8; 14], slot in 0u8..16, counter: u32,
        signature in prop::collection::vec(any::<u8>(), 64), aes: [u8; 16],
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let id = DeviceId::from_bytes(id);
        prop_assert_eq!(DeviceId::parse(&carelessly(&id.to_code(), &choices)), Ok(id));
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac] {
            let challenge = DeviceChallenge::new(suite, slot, nonce, counter).unwrap();
            prop_assert_eq!(challenge.suite(), suite);
            prop_assert_eq!(challenge.slot(), slot);
            prop_assert_eq!(challenge.nonce(), nonce);
            prop_assert_eq!(u32::from(challenge.counter_low()), counter & 0xFFFF);
            let text = carelessly(&challenge.to_code(), &choices);
            prop_assert_eq!(DeviceChallenge::parse(&text), Ok(challenge));
            prop_assert_eq!(Challenge::from_bytes(suite, challenge.as_bytes()), Ok(Challenge::Line(challenge)));
        }
        let aes = AesChallenge::from_bytes(aes);
        prop_assert_eq!(AesChallenge::parse(&carelessly(&aes.to_code(), &choices)), Ok(aes));
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            let mut bytes = signature[..suite.response_length()].to_vec();
            if suite == Suite::P256EcdhMac {
                bytes[12] &= 0xF0;
            }
            let response = ResponseCode::from_bytes(suite, &bytes).unwrap();
            let read = ResponseCode::parse(suite, &carelessly(&response.expose_code(), &choices));
            prop_assert!(read.unwrap().ct_eq(&response));
        }
    }

    #[test]
    fn up_to_four_wrong_characters_are_never_taken(
        nonce: [u8; 14], counter: u16, changes in prop::collection::vec((any::<usize>(), 0u8..32), 1..=4),
    ) {
        let challenge = DeviceChallenge::new(Suite::P256EcdhMac, 1, nonce, counter.into()).unwrap();
        let (typed, wrong) = mutate(&challenge.to_code(), &changes);
        let result = Entry::new().challenge(Suite::P256EcdhMac, &typed);
        prop_assert!(wrong <= 4);
        if wrong == 0 {
            prop_assert_eq!(result, Ok(Challenge::Line(challenge)));
        } else {
            let refused = matches!(result, Err(CodeError::Check { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn nothing_typed_panics_and_errors_have_a_row(text in "\\PC{0,140}", long in "[0-9A-Za-z \n-]{0,160}") {
        for text in [&text, &long] {
            for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
                let mut entry = Entry::new();
                let errors = [
                    entry.device_id(text).err(),
                    entry.challenge(suite, text).err(),
                    entry.response(suite, text).err(),
                    inspect(text).err(),
                ];
                for error in errors.into_iter().flatten() {
                    prop_assert!((201..=208).contains(&error.code().number()));
                    prop_assert!(!error.to_string().is_empty());
                }
            }
            let _ = (spoken(text), qr_text(text));
        }
    }
}
