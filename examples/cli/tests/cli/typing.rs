//! Codes with typing errors: found, named by group, never repaired unasked, never sent.

use crate::bench::{Bench, NEW_PIN, text};

/// The code with another character in one place, separators not counted.
pub fn wrong_at(code: &str, place: usize) -> String {
    let mut seen = 0;
    code.chars()
        .map(|character| {
            if !character.is_ascii_alphanumeric() {
                return character;
            }
            seen += 1;
            match character {
                _ if seen != place + 1 => character,
                '7' => 'K',
                _ => '7',
            }
        })
        .collect()
}

fn groups(error: &serde_json::Value) -> Vec<u64> {
    let groups = error["groups"].as_array().cloned().unwrap_or_default();
    groups.iter().filter_map(serde_json::Value::as_u64).collect()
}

#[test]
fn a_wrong_character_of_a_device_challenge() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    for place in [0, 5, 10, 15, 16, 21, 26, 31] {
        let error = bench.respond(&wrong_at(&challenge, place)).error(203);
        assert_eq!(groups(&error), [place as u64 / 4 + 1], "place {place}");
    }
    let log = bench.admin("audit show", "").ok();
    let refused = log["entries"].as_array().unwrap().iter();
    assert_eq!(refused.filter(|entry| entry["error"] == 203).count(), 8);
    bench.respond(&challenge).ok();
}

#[test]
fn a_wrong_character_of_a_device_id() {
    let bench = Bench::locked(2);
    let id = text(&bench.mock("challenge", "").ok()["device_id"]);
    for place in [0, 7, 10, 13, 19] {
        let words = format!("respond --device-id {} --reason T-1", wrong_at(&id, place));
        let error = bench.admin(&words, "").error(203);
        assert_eq!(groups(&error), [place as u64 / 4 + 1], "place {place}");
    }
}

#[test]
fn a_wrong_character_of_a_response_code_of_one_line() {
    let bench = Bench::locked(2);
    let response = bench.response();
    for place in 0..24 {
        let wrong = wrong_at(&response, place);
        let error = bench.unlock(&wrong, NEW_PIN, NEW_PIN).error(203);
        assert_eq!(groups(&error), [place as u64 / 4 + 1], "place {place}");
    }
    // Lower case, and no separators: the same code.
    let plain = response.to_lowercase().replace('-', "");
    bench.unlock(&plain, NEW_PIN, NEW_PIN).ok();
}

#[test]
fn a_wrong_character_of_a_response_code_of_four_lines() {
    let bench = Bench::locked(1);
    let response = bench.response();
    assert_eq!(response.lines().count(), 4);
    for place in [0, 29, 30, 44, 65, 89, 90, 100, 119] {
        let error = bench
            .unlock(&wrong_at(&response, place), NEW_PIN, NEW_PIN)
            .error(203);
        assert_eq!(error["line"], place / 30 + 1, "place {place}");
        assert_eq!(groups(&error), [place as u64 % 30 / 4 + 1], "place {place}");
    }
    let mut lines: Vec<&str> = response.lines().collect();
    lines.swap(1, 2);
    bench.unlock(&lines.join("\n"), NEW_PIN, NEW_PIN).error(205);
    // All four in one line.
    bench.unlock(&response.replace('\n', " "), NEW_PIN, NEW_PIN).ok();
}

#[test]
fn a_code_in_the_wrong_field() {
    let bench = Bench::locked(2);
    let shown = bench.mock("challenge", "").ok();
    let (id, challenge) = (text(&shown["device_id"]), text(&shown["device_challenge"]));
    let response = bench.response();
    bench.respond(&id).error(204);
    bench.respond(&response).error(204);
    bench.unlock(&id, NEW_PIN, NEW_PIN).error(204);
    bench.unlock(&challenge, NEW_PIN, NEW_PIN).error(204);
    bench.unlock(&response[1..], NEW_PIN, NEW_PIN).error(201);
    bench
        .unlock(&format!("U{}", &response[1..]), NEW_PIN, NEW_PIN)
        .error(202);
    // The device was never asked: the same code still works.
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
}

#[test]
fn code_check_and_speak() {
    let bench = Bench::locked(2);
    let shown = bench.mock("challenge", "").ok();
    let response = bench.response();
    for (code, kind) in [
        (text(&shown["device_id"]), "device_id"),
        (text(&shown["device_challenge"]), "device_challenge"),
        (response.clone(), "response_code"),
        ("0123456789abcdef0123456789abcdef".into(), "hex"),
    ] {
        let line = format!("{code}\n");
        assert_eq!(bench.run("code check", &line).ok()["kinds"][0], kind);
        let spoken = text(&bench.run("code speak", &line).ok()["spoken"]);
        assert_eq!(spoken.matches([',', '.']).count(), code.replace('-', "").len());
    }
    let error = bench
        .run("code check", &format!("{}\n", wrong_at(&response, 9)))
        .error(203);
    assert_eq!(groups(&error), [3]);
    bench.run("code check", "0000\n").error(201);

    let long = Bench::locked(1).response();
    let ran = bench.run("code check", &format!("{long}\n"));
    assert_eq!(ran.ok()["kinds"][0], "response_code");
}
