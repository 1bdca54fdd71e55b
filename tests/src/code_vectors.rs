//! The cases of `vectors/code_line.json`. Outcomes are stated here by how each text was made, never
//! asked of the library; codes are written by a plain encoder of their own.

use serde_json::{Value, json};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn times(a: u8, b: u8) -> u8 {
    let mut long = (0..5)
        .filter(|bit| b >> bit & 1 == 1)
        .fold(0u16, |sum, bit| sum ^ u16::from(a) << bit);
    for bit in (5..10).rev() {
        if long >> bit & 1 == 1 {
            long ^= 0b10_0101 << (bit - 5);
        }
    }
    long as u8
}

fn power(a: u8, exponent: usize) -> u8 {
    (0..exponent).fold(1, |product, _| times(product, a))
}

fn syndrome(symbols: &[u8]) -> [u8; 4] {
    [0, 1, 2, 3].map(|row| {
        symbols.iter().enumerate().fold(0, |sum, (i, symbol)| {
            sum ^ times(*symbol, times(power(2, i % 31), power(i as u8, row)))
        })
    })
}

/// Data symbols with the check symbols that give (0, 0, 0, c), found by Gaussian elimination.
fn with_check(data: &[u8], c: u8) -> Vec<u8> {
    let unit = |place: usize| {
        let mut symbols = vec![0; data.len() + 4];
        symbols[data.len() + place] = 1;
        syndrome(&symbols)
    };
    let (columns, wanted) = ([unit(0), unit(1), unit(2), unit(3)], syndrome(data));
    let mut rows: Vec<Vec<u8>> = (0..4)
        .map(|row| {
            let target = wanted[row] ^ if row == 3 { c } else { 0 };
            columns.iter().map(|column| column[row]).chain([target]).collect()
        })
        .collect();
    for pivot in 0..4 {
        let swap = (pivot..4)
            .find(|row| rows[*row][pivot] != 0)
            .expect("columns are independent");
        rows.swap(pivot, swap);
        let inverse = power(rows[pivot][pivot], 30);
        let scaled: Vec<u8> = rows[pivot].iter().map(|value| times(*value, inverse)).collect();
        for (number, row) in rows.iter_mut().enumerate() {
            let factor = row[pivot];
            let changed = row
                .iter()
                .zip(&scaled)
                .map(|(value, own)| value ^ times(factor, *own));
            *row = if number == pivot {
                scaled.clone()
            } else {
                changed.collect()
            };
        }
    }
    data.iter()
        .copied()
        .chain(rows.iter().map(|row| row[4]))
        .collect()
}

fn symbols_of(bytes: &[u8], count: usize) -> Vec<u8> {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect::<String>() + "0000";
    (0..count)
        .map(|k| u8::from_str_radix(&bits[k * 5..k * 5 + 5], 2).expect("bits"))
        .collect()
}

/// Symbols as characters in groups of four.
fn text_of(symbols: &[u8]) -> String {
    let groups = symbols.chunks(4);
    let group = |group: &[u8]| {
        group
            .iter()
            .map(|s| char::from(ALPHABET[usize::from(*s)]))
            .collect()
    };
    groups.map(group).collect::<Vec<String>>().join("-")
}

/// A line: `c`, data characters, bytes.
fn line(c: u8, count: usize, bytes: &[u8]) -> Vec<u8> {
    with_check(&symbols_of(bytes, count), c)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes without a pattern, from a small linear congruential generator.
fn bytes(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(next).collect()
}

/// A field that takes one line, with a good code for it.
struct Field {
    name: &'static str,
    suite: u8,
    bytes: Vec<u8>,
    symbols: Vec<u8>,
}

#[derive(Default)]
struct Cases(Vec<Value>);

impl Cases {
    fn add(&mut self, field: &str, suite: u8, text: &str, outcome: Value, reason: &str) {
        let id = self.0.len() + 1;
        let mut case =
            json!({ "id": id, "field": field, "text": text, "outcome": outcome, "reason": reason });
        if field != "device_id" {
            case["suite"] = json!(suite);
        }
        self.0.push(case);
    }

    fn to(&mut self, field: &Field, text: &str, outcome: Value, reason: &str) {
        self.add(field.name, field.suite, text, outcome, reason);
    }
}

fn fields() -> Vec<Field> {
    let mut challenge = bytes(2, 18);
    challenge[0] = 0x12;
    challenge[17] &= 0xF0;
    let mut challenge_1 = bytes(3, 18);
    challenge_1[0] = 0x11;
    challenge_1[17] &= 0xF0;
    let mut response = bytes(4, 13);
    response[12] &= 0xF0;
    let field = |name, suite, c, count, bytes: Vec<u8>| {
        let symbols = line(c, count, &bytes);
        Field {
            name,
            suite,
            bytes,
            symbols,
        }
    };
    vec![
        field("device_id", 0, 1, 16, bytes(1, 10)),
        field("challenge", 2, 2, 28, challenge),
        field("challenge", 1, 2, 28, challenge_1),
        field("response", 2, 3, 20, response),
    ]
}

fn one_line(cases: &mut Cases, field: &Field) {
    let good = text_of(&field.symbols);
    let ok = json!({ "bytes": hex(&field.bytes) });
    let length = field.symbols.len();
    let data = length - 4;
    cases.to(field, &good, ok.clone(), "as it is written");
    cases.to(field, &good.to_lowercase(), ok.clone(), "lower case");
    cases.to(field, &good.replace('-', ""), ok.clone(), "no hyphens");
    cases.to(
        field,
        &good.replace('-', " \u{2013} "),
        ok.clone(),
        "spaces and en dashes",
    );
    cases.to(
        field,
        &format!("\u{a0}{}\r\n", good.replace('-', "\u{a0}")),
        ok.clone(),
        "no-break spaces",
    );
    cases.to(
        field,
        &good.replace('0', "o").replace('1', "I"),
        ok.clone(),
        "O for 0, I for 1",
    );
    cases.to(
        field,
        &good.replace('0', "O").replace('1', "l"),
        ok.clone(),
        "O for 0, L for 1",
    );
    let wide = |character| char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character);
    cases.to(
        field,
        &good.chars().map(wide).collect::<String>(),
        ok.clone(),
        "fullwidth forms",
    );
    for (text, reason) in [
        (format!("{good}."), "a full stop at the end"),
        (
            format!("\u{feff}\u{2066}{good}\u{2069}\u{200e}"),
            "a byte order mark, isolates and a left-to-right mark",
        ),
        (
            format!("({})\u{3002}", good.replace('-', ", ")),
            "brackets, commas, an ideographic full stop",
        ),
        (
            good.replace('-', "\u{3164}\u{2063}/\u{a1}_\u{0}"),
            "a filler, invisible characters, punctuation",
        ),
        (good.replace('-', "\u{30fb}"), "katakana middle dots"),
        (
            good.replacen('-', "\u{58a}", 1)
                .replacen('-', "\u{5be}", 1)
                .replace('-', "\u{1806}"),
            "Armenian, Hebrew and Mongolian hyphens",
        ),
        (
            format!("\u{201c}{good}\u{201d}\u{e0001}\u{fe0f}"),
            "quotes, a tag, a variation selector",
        ),
    ] {
        cases.to(field, &text, ok.clone(), reason);
    }

    let wrong = |changes: &[(usize, u8)]| {
        let mut symbols = field.symbols.clone();
        changes.iter().for_each(|(place, by)| symbols[*place] ^= by);
        text_of(&symbols)
    };
    let group = |place: usize| place / 4 + 1;
    let check = |groups: &[usize]| json!({ "error": "CodeCheck", "groups": groups });
    let offered = |groups: &[usize]| json!({ "error": "CodeCheck", "groups": groups, "correction": good });
    for place in (0..length).step_by(3).chain([length - 1]) {
        let by = (place * 5 % 31 + 1) as u8;
        cases.to(
            field,
            &wrong(&[(place, by)]),
            offered(&[group(place)]),
            "one wrong character",
        );
    }
    let mut swaps = 0;
    for place in 0..length - 1 {
        let by = field.symbols[place] ^ field.symbols[place + 1];
        if by != 0 && (place % 4 == 3 || swaps == 0) {
            let mut groups = vec![group(place), group(place + 1)];
            groups.dedup();
            cases.to(
                field,
                &wrong(&[(place, by), (place + 1, by)]),
                offered(&groups),
                "neighbours swapped",
            );
            swaps += 1;
        }
    }
    cases.to(
        field,
        &wrong(&[(1, 3), (2, 9)]),
        check(&[1]),
        "two wrong characters in one group",
    );
    cases.to(
        field,
        &wrong(&[(4, 7), (length - 2, 30)]),
        check(&[2, length / 4]),
        "two wrong characters",
    );
    let unnamed = json!({ "error": "CodeCheck" });
    cases.to(
        field,
        &wrong(&[(0, 1), (5, 2), (10, 3)]),
        unnamed.clone(),
        "three wrong characters",
    );
    cases.to(
        field,
        &wrong(&[(0, 1), (5, 2), (10, 3), (15, 4)]),
        unnamed.clone(),
        "four wrong characters",
    );
    let groups: Vec<&[u8]> = field.symbols.chunks(4).collect();
    let mut swapped = groups.clone();
    swapped.swap(1, 3);
    cases.to(
        field,
        &text_of(&swapped.concat()),
        unnamed.clone(),
        "groups 2 and 4 swapped",
    );
    let mut moved = groups.clone();
    let first = moved.remove(0);
    moved.push(first);
    cases.to(
        field,
        &text_of(&moved.concat()),
        unnamed.clone(),
        "the first group moved to the end",
    );
    let (left, right) = field.symbols.split_at(length / 2);
    cases.to(
        field,
        &text_of(&[right, left].concat()),
        unnamed.clone(),
        "halves swapped",
    );
    let backwards: Vec<u8> = field.symbols.iter().rev().copied().collect();
    cases.to(field, &text_of(&backwards), unnamed.clone(), "read backwards");

    let wrong_length = |got: usize| json!({ "error": "CodeLength", "expected": length, "got": got });
    let mut dropped = field.symbols.clone();
    dropped.remove(6);
    cases.to(
        field,
        &text_of(&dropped),
        wrong_length(length - 1),
        "one character left out",
    );
    let mut doubled = field.symbols.clone();
    doubled.insert(6, doubled[6]);
    cases.to(
        field,
        &text_of(&doubled),
        wrong_length(length + 1),
        "one character doubled",
    );
    let mut zero = field.symbols.clone();
    zero.push(0);
    cases.to(
        field,
        &text_of(&zero),
        wrong_length(length + 1),
        "a 0 added at the end: the syndrome is right",
    );
    cases.to(field, "", wrong_length(0), "nothing");
    let mut u = good.clone();
    u.replace_range(5..6, "U");
    cases.to(
        field,
        &u,
        json!({ "error": "CodeCharacter", "position": 5 }),
        "U is in no code",
    );
    // Symbols are no punctuation; neither are letters and digits of other scripts.
    for stray in ["$", "+", "\u{ff0b}", "\u{ff35}", "\u{661}", "\u{1d7ce}", "\u{a2}"] {
        cases.to(
            field,
            &format!("{good}{stray}"),
            json!({ "error": "CodeCharacter", "position": length + 1 }),
            "a character that is in no code",
        );
    }
    let none = check(&[]);
    cases.to(
        field,
        &text_of(&vec![0; length]),
        none.clone(),
        "all zero: the syndrome is (0, 0, 0, 0)",
    );
    for c in [0, 8, 31] {
        let other = text_of(&with_check(&field.symbols[..data], c));
        cases.to(field, &other, none.clone(), "the constant of no kind");
    }
}

fn left_out_zero(cases: &mut Cases) {
    let found = (0..200u8).find_map(|n| {
        let symbols = line(1, 16, &[n; 10]);
        (symbols[19] == 0).then_some(symbols)
    });
    let symbols = found.expect("one line in 32 ends in 0");
    let outcome = json!({ "error": "CodeLength", "expected": 20, "got": 19 });
    cases.add(
        "device_id",
        0,
        &text_of(&symbols[..19]),
        outcome,
        "the last 0 left out: the syndrome is right",
    );
}

fn kinds(cases: &mut Cases, fields: &[Field], long: &[Vec<u8>]) {
    let name = |field: &Field| match field.name {
        "device_id" => "DeviceId",
        "challenge" => "DeviceChallenge",
        _ => "ResponseLine",
    };
    for own in fields {
        for other in fields.iter().filter(|other| name(other) != name(own)) {
            let outcome =
                json!({ "error": "CodeKind", "expected_kind": name(own), "found_kind": name(other) });
            cases.to(
                own,
                &text_of(&other.symbols),
                outcome,
                "a good code in the wrong field",
            );
        }
        for (number, symbols) in (1..).zip(long) {
            let found = format!("ResponseLong{number}");
            let outcome = json!({ "error": "CodeKind", "expected_kind": name(own), "found_kind": found });
            cases.to(
                own,
                &text_of(symbols),
                outcome,
                "one of four lines in another field",
            );
        }
    }
    for other in fields {
        let outcome =
            json!({ "error": "CodeKind", "expected_kind": "ResponseLong1", "found_kind": name(other) });
        cases.add(
            "response",
            1,
            &text_of(&other.symbols),
            outcome,
            "a good code in the wrong field",
        );
    }
}

fn four_lines(cases: &mut Cases, bytes: &[u8], long: &[Vec<u8>]) {
    let texts: Vec<String> = long.iter().map(|symbols| text_of(symbols)).collect();
    let ok = json!({ "bytes": hex(bytes) });
    let mut add = |text: &str, outcome: Value, reason: &str| cases.add("response", 1, text, outcome, reason);
    add(&texts.join("\n"), ok.clone(), "as it is written");
    add(&texts.join("\r\n\r\n"), ok.clone(), "empty lines between");
    add(
        &texts.join(" ").to_lowercase(),
        ok.clone(),
        "the line breaks lost, lower case",
    );
    add(
        &texts.concat().replace('-', ""),
        ok,
        "120 characters without any separator",
    );
    for (number, symbols) in (1usize..).zip(long) {
        let with = |text: String| {
            let mut lines = texts.clone();
            lines[number - 1] = text;
            lines.join("\n")
        };
        for place in [0, 7, 13, 25, 26, 29] {
            let mut wrong = symbols.clone();
            wrong[place] ^= if place == 25 { 4 } else { 21 };
            let outcome = json!({
                "error": "CodeCheck", "line": number, "groups": [place / 4 + 1],
                "correction": texts[number - 1],
            });
            add(&with(text_of(&wrong)), outcome, "one wrong character in one line");
        }
        let mut wrong = symbols.clone();
        wrong[3] ^= 17;
        wrong[22] ^= 5;
        let outcome = json!({ "error": "CodeCheck", "line": number, "groups": [1, 6] });
        add(
            &with(text_of(&wrong)),
            outcome,
            "two wrong characters in one line",
        );
        let outcome = json!({ "error": "CodeLength", "line": number, "expected": 30, "got": 29 });
        add(&with(text_of(&symbols[..29])), outcome, "one line too short");
        let mut data = symbols[..26].to_vec();
        data[25] |= 1;
        let padded = with_check(&data, number as u8 + 3);
        let outcome = json!({ "error": "CodePadding", "line": number });
        add(&with(text_of(&padded)), outcome, "a left-over bit is not zero");
        let mut u = texts[number - 1].clone();
        u.replace_range(36..37, "U");
        let outcome = json!({ "error": "CodeCharacter", "line": number, "position": 30 });
        add(&with(u), outcome, "U is in no code");
    }
    for (order, expected, found) in [
        ([1, 0, 2, 3], 1, 2),
        ([0, 2, 1, 3], 2, 3),
        ([0, 1, 3, 2], 3, 4),
        ([3, 2, 1, 0], 1, 4),
        ([0, 1, 1, 3], 3, 2),
    ] {
        let text = order.map(|place: usize| texts[place].clone()).join("\n");
        let outcome = json!({ "error": "CodeOrder", "expected_line": expected, "found_line": found });
        add(&text, outcome, "lines in the wrong order");
    }
    let outcome = json!({ "error": "CodeLength", "expected": 120, "got": 90 });
    add(&texts[..3].join("\n"), outcome, "the last line left out");
}

fn challenge_header(cases: &mut Cases, challenge: &Field) {
    for (head, error) in [
        (0x02, "CodeVersion"),
        (0x22, "CodeVersion"),
        (0xF1, "CodeVersion"),
    ]
    .into_iter()
    .chain([
        (0x10, "CodeSuite"),
        (0x13, "CodeSuite"),
        (0x14, "CodeSuite"),
        (0x1F, "CodeSuite"),
    ]) {
        let mut bytes = challenge.bytes.clone();
        bytes[0] = head;
        let text = text_of(&line(2, 28, &bytes));
        cases.to(
            challenge,
            &text,
            json!({ "error": error }),
            "unknown version, or no suite with a line",
        );
        let mut symbols = line(2, 28, &bytes);
        symbols[9] ^= 12;
        let outcome = json!({ "error": "CodeCheck", "groups": [] });
        cases.to(
            challenge,
            &text_of(&symbols),
            outcome,
            "one character from an unknown version or suite",
        );
    }
}

fn hex_codes(cases: &mut Cases, fields: &[Field]) {
    for (name, seed) in [("challenge", 31), ("response", 32)] {
        let own = bytes(seed, 16);
        let (text, ok) = (hex(&own).to_uppercase(), json!({ "bytes": hex(&own) }));
        let groups = text
            .as_bytes()
            .chunks(4)
            .map(|g| String::from_utf8_lossy(g).into_owned());
        cases.add(name, 3, &text, ok.clone(), "as it is written");
        cases.add(name, 3, &text.to_lowercase(), ok.clone(), "lower case");
        cases.add(
            name,
            3,
            &groups.collect::<Vec<_>>().join("-"),
            ok.clone(),
            "groups of four",
        );
        cases.add(
            name,
            3,
            &text.replace('0', "O").replace('1', "l"),
            ok,
            "O for 0, L for 1",
        );
        for (text, got) in [(&text[..31], 31), (&format!("{text}0"), 33)] {
            let outcome = json!({ "error": "CodeLength", "expected": 32, "got": got });
            cases.add(name, 3, text, outcome, "one digit too few or too many");
        }
        let g = format!("{}G{}", &text[..7], &text[8..]);
        cases.add(
            name,
            3,
            &g,
            json!({ "error": "CodeCharacter", "position": 8 }),
            "G is no hexadecimal digit",
        );
        let mut wrong = own.clone();
        wrong[3] ^= 0x10;
        let outcome = json!({ "bytes": hex(&wrong) });
        cases.add(
            name,
            3,
            &hex(&wrong),
            outcome,
            "a wrong digit is not noticed: there is no check",
        );
        let expected = if name == "challenge" {
            "DeviceChallenge"
        } else {
            "ResponseLine"
        };
        let outcome = json!({ "error": "CodeKind", "expected_kind": expected, "found_kind": "DeviceId" });
        cases.add(
            name,
            3,
            &text_of(&fields[0].symbols),
            outcome,
            "a good line in the wrong field",
        );
    }
}

/// The whole file.
#[must_use]
pub fn code_line() -> Value {
    let mut cases = Cases::default();
    let fields = fields();
    for field in &fields {
        one_line(&mut cases, field);
    }
    for bytes in [[0; 10], [255; 10]] {
        let outcome = json!({ "bytes": hex(&bytes) });
        cases.add(
            "device_id",
            0,
            &text_of(&line(1, 16, &bytes)),
            outcome,
            "all bits the same",
        );
    }
    left_out_zero(&mut cases);
    let signature = bytes(5, 64);
    let long: Vec<Vec<u8>> = (4..)
        .zip(signature.chunks(16))
        .map(|(c, part)| line(c, 26, part))
        .collect();
    four_lines(&mut cases, &signature, &long);
    kinds(&mut cases, &fields, &long);
    challenge_header(&mut cases, &fields[1]);
    hex_codes(&mut cases, &fields);
    json!({
        "schema": "schema/code_line.schema.json",
        "section": "docs/protocol/codes.md",
        "cases": cases.0,
    })
}
